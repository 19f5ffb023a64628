// Earliest estimated arrival: time until the leg is free, plus the packet's own time on it, plus the leg's one-way delay
// as the other end measures it. Below saturation everything takes the fastest leg; when that leg's queue has grown by
// the difference in delay the next one opens by itself; under saturation shares follow the rates and packets arrive
// nearly in order, since the time of arrival is what is made equal.

import {
  BOND_HOLD,
  BOND_LAST_LEG,
  BOND_LEG_TABLE,
  BOND_LEGS,
  LEG_PEER_OWD,
  LEG_PEER_OWD_KNOWN,
  LEG_RATE,
  LEG_SIZE,
} from "../layout";
import { backlog, isEligible, QUEUE_NS, wantedFlags } from "./eligible";

/** The leg of the last packet keeps the next one unless another is earlier by more: runs of one leg are sent as one. */
const STAY_NS: f64 = 100_000;

let fastest: f64 = 0;
let slowest: f64 = 0;
/** Delays hold the clocks' offset and may lie on both sides of the i32's turn: they count from that of one leg. */
let origin: i32 = 0;

function knownDelay(leg: usize): f64 {
  return <f64>(load<i32>(leg, LEG_PEER_OWD) - origin) * 1000;
}

function delayOf(leg: usize): f64 {
  return load<u32>(leg, LEG_PEER_OWD_KNOWN) ? knownDelay(leg) : fastest;
}

/** Finds the range of delays of the legs that may carry; a leg later than the far end may hold packets does not count. */
function findRange(bond: usize, end: usize, wanted: u32): void {
  fastest = Infinity;
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) {
    if (!isEligible(leg, wanted) || !load<u32>(leg, LEG_PEER_OWD_KNOWN)) continue;
    if (fastest == Infinity) origin = load<i32>(leg, LEG_PEER_OWD);
    fastest = min(fastest, knownDelay(leg));
  }
  if (fastest == Infinity) fastest = 0;
  slowest = fastest;
  const ceiling = fastest + <f64>load<i64>(bond, BOND_HOLD);
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) {
    if (!isEligible(leg, wanted)) continue;
    const delay = delayOf(leg);
    if (delay <= ceiling) slowest = max(slowest, delay);
  }
}

export function pickIdmpq(bond: usize, bytes: u32, now: i64, express: bool): usize {
  const wanted = wantedFlags(bond);
  if (!wanted) return 0;
  const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
  findRange(bond, end, wanted);
  const last = <usize>load<u32>(bond, BOND_LAST_LEG);
  let best: usize = 0;
  let bestAt: f64 = Infinity;
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) {
    if (!isEligible(leg, wanted)) continue;
    const delay = delayOf(leg);
    if (delay > slowest) continue;
    const waiting = backlog(leg, now);
    if (!express && waiting > slowest - delay + QUEUE_NS) continue;
    let at = delay + <f64>bytes / load<f64>(leg, LEG_RATE);
    if (!express) at += waiting;
    if (leg == last) at -= STAY_NS;
    if (at < bestAt) {
      best = leg;
      bestAt = at;
    }
  }
  if (best && !express) store<u32>(bond, <u32>best, BOND_LAST_LEG);
  return best;
}
