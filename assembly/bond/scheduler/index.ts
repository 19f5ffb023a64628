// The schedulers behind one interface: pick(bond, bucket, bytes on the wire, now, express) -> leg, or 0 when the
// packet had better wait. A new one is a file here, a line below, an id in layout.ts and a row in src/bond/dataplane/schedulers.ts.

import { BOND_SCHEDULER, SCHEDULER_FLOWLET, SCHEDULER_WEIGHTED_ROUND_ROBIN } from "../layout";
import { pickFlowlet } from "./flowlet";
import { pickIdmpq } from "./idmpq";
import { pickWeighted } from "./weighted_round_robin";

export function pick(bond: usize, bucket: usize, bytes: u32, now: i64, express: bool): usize {
  const scheduler = load<u32>(bond, BOND_SCHEDULER);
  if (scheduler == SCHEDULER_WEIGHTED_ROUND_ROBIN) return pickWeighted(bond, bytes, now);
  if (scheduler == SCHEDULER_FLOWLET) return pickFlowlet(bond, bucket, bytes, now);
  return pickIdmpq(bond, bytes, now, express);
}
