// Origin validation of a route (RFC 6811), for policies and readers.

import { afiOf, isInline, kindOf } from "./family";
import { ROA_NOT_FOUND } from "./layout";
import { originOf } from "./origin";
import { NEIGHBOR_LOCAL_AS } from "./policy_layout";
import { R_LENGTH, R_PREFIX } from "./rib_layout";
import { roaState, roaTotal } from "./roa";

/** The state of a record's prefix with these attributes: ROA_*. */
export function validationOf(neighbor: usize, attributes: usize, bytes: u32, record: usize, family: u32): u32 {
  const afi = afiOf(family);
  if (!isInline(kindOf(family)) || roaTotal(afi) == 0) return ROA_NOT_FOUND;
  const origin = originOf(attributes, bytes, load<u32>(neighbor, NEIGHBOR_LOCAL_AS));
  return roaState(afi, record + R_PREFIX, load<u8>(record, R_LENGTH), origin);
}
