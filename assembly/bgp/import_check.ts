// What every received route is asked before the decision process sees it, and the attributes that are added to it or
// left out.

import { loadU32 } from "../mem/bytes";
import { aigpIsSound } from "./aigp";
import { firstAs, occurrences, pathBytes, pathValue } from "./as_path";
import {
  attributeAt,
  closeList,
  codesPresent,
  copyAttribute,
  indexAttributes,
  openList,
  valueAt,
  valueBytes,
  writeWord,
} from "./attribute_index";
import {
  ATTR_AIGP,
  ATTR_CLUSTER_LIST,
  ATTR_COMMUNITY,
  ATTR_MP_REACH,
  ATTR_ORIGINATOR_ID,
  ATTR_OTC,
  FLAG_OPTIONAL,
  FLAG_TRANSITIVE,
} from "./layout";
import { findHop, hopIsOurs } from "./next_hop";
import {
  ATTRIBUTES_MAX,
  IMPORT_ADD_OTC,
  IMPORT_DROP_AIGP,
  IMPORT_FIRST_AS,
  IMPORT_LEAK,
  IMPORT_LLGR_STALE,
  IMPORT_MALFORMED,
  IMPORT_NO_LLGR,
  IMPORT_OWN_AS,
  IMPORT_OWN_CLUSTER,
  IMPORT_OWN_NEXT_HOP,
  IMPORT_OWN_ORIGINATOR,
  NEIGHBOR_AIGP,
  NEIGHBOR_ALLOW_OWN_AS,
  NEIGHBOR_AS,
  NEIGHBOR_CLUSTER_ID,
  NEIGHBOR_ENFORCE_FIRST_AS,
  NEIGHBOR_FLAGS,
  NEIGHBOR_IBGP,
  NEIGHBOR_LOCAL_AS,
  NEIGHBOR_ROLE,
  NEIGHBOR_ROUTER_ID,
  ROLE_CUSTOMER,
  ROLE_PEER,
  ROLE_PROVIDER,
  ROLE_ROUTE_SERVER,
  ROLE_ROUTE_SERVER_CLIENT,
} from "./policy_layout";
import { otcApplies } from "./transform";

const LLGR_STALE: u32 = 0xffff0006;
const NO_LLGR: u32 = 0xffff0007;

function wordsHave(code: u32, word: u32): bool {
  const start = attributeAt(code);
  if (start == 0) return false;
  const end = valueAt(start) + valueBytes(start);
  for (let p = valueAt(start); p + 4 <= end; p += 4) if (load<u32>(p) == word) return true;
  return false;
}

/** RFC 9234 §5, ingress rules. */
function otcFinding(neighbor: usize, flags: u32, family: u32): u32 {
  const role = load<u32>(neighbor, NEIGHBOR_ROLE);
  if (!otcApplies(flags, role, family)) return 0;
  const start = attributeAt(ATTR_OTC);
  // From a customer or a client of our route server it must not have the attribute.
  if (role == ROLE_PROVIDER || role == ROLE_ROUTE_SERVER) return start != 0 ? IMPORT_LEAK : 0;
  if (start == 0) return IMPORT_ADD_OTC;
  // RFC 9234 §5: a length other than 4 is malformed.
  if (valueBytes(start) != 4) return IMPORT_LEAK;
  return role == ROLE_PEER && loadU32(valueAt(start)) != load<u32>(neighbor, NEIGHBOR_AS) ? IMPORT_LEAK : 0;
}

/** What speaks against a received route: IMPORT_* bits; 0 nothing. */
export function importCheck(neighbor: usize, attrs: usize, bytes: u32, family: u32): u32 {
  if (!indexAttributes(attrs, bytes)) return IMPORT_MALFORMED;
  const flags = load<u32>(neighbor, NEIGHBOR_FLAGS);
  const external = (flags & NEIGHBOR_IBGP) == 0;
  let found: u32 = otcFinding(neighbor, flags, family);
  const path = pathValue();
  // RFC 4271 §9.1.2: a route whose path has our AS is a loop.
  const own = occurrences(path, pathBytes(), load<u32>(neighbor, NEIGHBOR_LOCAL_AS));
  if (own > load<u32>(neighbor, NEIGHBOR_ALLOW_OWN_AS)) found |= IMPORT_OWN_AS;
  // RFC 4271 §6.3: the leftmost AS of an external path is the peer's.
  const enforced = external && (flags & NEIGHBOR_ENFORCE_FIRST_AS) != 0;
  if (enforced && firstAs(path, pathBytes()) != load<u32>(neighbor, NEIGHBOR_AS)) found |= IMPORT_FIRST_AS;
  // RFC 4456 §8: what we have sent ourselves, or our cluster has.
  if (wordsHave(ATTR_ORIGINATOR_ID, load<u32>(neighbor, NEIGHBOR_ROUTER_ID))) found |= IMPORT_OWN_ORIGINATOR;
  if (wordsHave(ATTR_CLUSTER_LIST, load<u32>(neighbor, NEIGHBOR_CLUSTER_ID))) found |= IMPORT_OWN_CLUSTER;
  // RFC 4271 §5.1.3: a next hop that is our own address.
  if (findHop() != 0 && hopIsOurs(neighbor)) found |= IMPORT_OWN_NEXT_HOP;
  // RFC 7311 §3.3: as one that is not known, and not transitive; §3.2: a malformed one is discarded.
  const aigp = attributeAt(ATTR_AIGP);
  if (aigp != 0) {
    const sound = aigpIsSound(valueAt(aigp), valueAt(aigp) + valueBytes(aigp));
    if ((flags & NEIGHBOR_AIGP) == 0 || !sound) found |= IMPORT_DROP_AIGP;
  }
  // RFC 9494 §4.3, §4.4.
  if (wordsHave(ATTR_COMMUNITY, bswap<u32>(NO_LLGR))) found |= IMPORT_NO_LLGR;
  if (wordsHave(ATTR_COMMUNITY, bswap<u32>(LLGR_STALE))) found |= IMPORT_LLGR_STALE;
  return found;
}

/**
 * What importCheck() has `found`: adds ONLY_TO_CUSTOMER with the neighbour's AS (IMPORT_ADD_OTC; RFC 9234 §5, ingress rule
 * 3), leaves AIGP out (IMPORT_DROP_AIGP). Returns the bytes at `out`, where there must be room for 64 KiB; -1 when they
 * would be too many; 0 when all is as it must be.
 */
export function importTransform(neighbor: usize, attrs: usize, bytes: u32, found: u32, out: usize): i32 {
  if (!indexAttributes(attrs, bytes)) return -1;
  const adds = (found & IMPORT_ADD_OTC) != 0 && attributeAt(ATTR_OTC) == 0;
  const drops = (found & IMPORT_DROP_AIGP) != 0 && attributeAt(ATTR_AIGP) != 0;
  if (!adds && !drops) return 0;
  openList(out, ATTRIBUTES_MAX);
  const reach = attributeAt(ATTR_MP_REACH);
  if (reach != 0) copyAttribute(reach);
  for (let word: u32 = 0; word < 4; word++) {
    let codes = codesPresent(word);
    if (word == 0) {
      codes &= ~((<u64>1) << ATTR_MP_REACH);
      if (adds) codes |= (<u64>1) << ATTR_OTC;
      if (drops) codes &= ~((<u64>1) << ATTR_AIGP);
    }
    while (codes != 0) {
      const code = word * 64 + <u32>ctz<u64>(codes);
      codes &= codes - 1;
      if (code != ATTR_OTC || !adds) copyAttribute(attributeAt(code));
      else writeWord(FLAG_OPTIONAL | FLAG_TRANSITIVE, code, bswap<u32>(load<u32>(neighbor, NEIGHBOR_AS)));
    }
  }
  return closeList();
}
