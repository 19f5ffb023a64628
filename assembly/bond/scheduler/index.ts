// The schedulers behind one interface: pick(bond, bytes on the wire, now, express) -> leg, or 0 when the packet had
// better wait. A new one is a file here, a line below, an id in layout.ts and a row in src/bond/dataplane/schedulers.ts.

import { BOND_SCHEDULER, SCHEDULER_WEIGHTED_ROUND_ROBIN } from "../layout";
import { pickIdmpq } from "./idmpq";
import { pickWeighted } from "./weighted_round_robin";

export function pick(bond: usize, bytes: u32, now: i64, express: bool): usize {
  if (load<u32>(bond, BOND_SCHEDULER) == SCHEDULER_WEIGHTED_ROUND_ROBIN) return pickWeighted(bond, bytes, now);
  return pickIdmpq(bond, bytes, now, express);
}
