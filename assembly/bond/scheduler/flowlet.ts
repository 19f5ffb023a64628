// Flowlets: a flow keeps its leg as long as its packets follow closely; after a pause that is longer than the legs'
// delays differ it may move without being re-ordered, and then takes the leg of the earliest estimated arrival.

import { BUCKET_LEG, BUCKET_LEG_AT, LEG_SLOT } from "../layout";
import { backlog, isEligible, legAt, QUEUE_NS, wantedFlags } from "./eligible";
import { pickIdmpq } from "./idmpq";

/** A pause after which a flow may move. */
const PAUSE_MS: u32 = 50;

/** `bucket` 0: a packet that has lost its leg, of a flow that is not known. */
export function pickFlowlet(bond: usize, bucket: usize, bytes: u32, now: i64): usize {
  if (!bucket) return pickIdmpq(bond, bytes, now, true);
  const nowMillis = <u32>(now / 1_000_000);
  const slot = load<u32>(bucket, BUCKET_LEG);
  if (slot && nowMillis - load<u32>(bucket, BUCKET_LEG_AT) < PAUSE_MS) {
    const leg = legAt(bond, slot - 1);
    if (isEligible(leg, wantedFlags(bond))) {
      if (backlog(leg, now) > QUEUE_NS) return 0;
      store<u32>(bucket, nowMillis, BUCKET_LEG_AT);
      return leg;
    }
  }
  const leg = pickIdmpq(bond, bytes, now, false);
  if (!leg) return 0;
  store<u32>(bucket, load<u32>(leg, LEG_SLOT) + 1, BUCKET_LEG);
  store<u32>(bucket, nowMillis, BUCKET_LEG_AT);
  return leg;
}
