// bond.wasm: the tunnel's packet path. One instance per worker; `turn` waits for descriptors and serves them, and
// returns to JavaScript only for commands and for the slow tick.

import { flushDelivery } from "./deliver";
import { sendHeartbeat } from "./heartbeat";
import { now as clock, ppoll } from "./host";
import {
  BOND_BUCKETS,
  BOND_HOLED_HEAD,
  BOND_LEG_TABLE,
  BOND_LEGS,
  BOND_Q_COUNT,
  BOND_SIZE,
  BOND_TUN_FD,
  BOND_USED,
  BONDS_MAX,
  BUCKET_SIZE,
  BUCKET_TX_SEQUENCE,
  BUCKETS,
  LAYOUT_VERSION,
  LEG_FLAGS,
  LEG_FREE_AT,
  LEG_HB_EVERY,
  LEG_HB_NEXT,
  LEG_Q_COUNT,
  LEG_RATE,
  LEG_SESSION,
  LEG_SIZE,
  LEG_TX,
  LEG_USED,
  POLL_TUN,
  POLL_UDP,
  POLL_WAKE,
  SES_SIZE,
  SES_STATE,
  SESSION_FREE,
  SESSIONS_MAX,
  TURN_TICK,
  TURN_WOKEN,
} from "./layout";
import {
  bondsAt,
  countersAt,
  initMemory,
  nativeBase,
  pollAt,
  pollKindsAt,
  recvAt,
  scratchAt,
  sessionsAt,
  tunReadAt,
} from "./memory";
import { dropQueues } from "./queue";
import { initReceive, receive } from "./receive";
import { nextDeadline, releaseHoles, resetDeadline, resetOrder } from "./reorder";
import { rescueLeg, sendNow, serveBond } from "./transmit";
import { readTun } from "./tun_input";

export { flushDelivery } from "./deliver";
export { sendHeartbeat } from "./heartbeat";
export { allocSlot, releaseSlot, slotsFree } from "./memory";
export { completeChecksum, flowBucket } from "./packet";
export { frameInput } from "./receive";
export { releaseHoles, reorder } from "./reorder";
export { expandSequence, replayFresh, replayMark } from "./replay";
export { pick } from "./scheduler/index";
export { serveBond } from "./transmit";
export { tunInput } from "./tun_input";

/** Packets taken from one device before the legs are served. */
const TUN_BUDGET: u32 = 192;
const TICK_NS: i64 = 50_000_000;
/** Timers are looked at no oftener than this. */
const SCAN_NS: i64 = 500_000;
/** A leg that waits for its pace is served this much late, several packets at once; its credit makes up for it. */
const PACE_NS: i64 = 400_000;
const TIMESPEC_AT: usize = 2048;

let nextTick: i64 = 0;
let nextScan: i64 = 0;
let bondsUsed: u32 = 0;

export function layoutVersion(): u32 {
  return LAYOUT_VERSION;
}

/** Lays out this worker's memory, whose native address is `base`. 0, or -1 when it is too small. */
export function init(base: f64): i32 {
  const result = initMemory(base);
  if (result == 0) initReceive();
  return result;
}

export function bondsAddress(): usize {
  return bondsAt;
}

export function sessionsAddress(): usize {
  return sessionsAt;
}

export function countersAddress(): usize {
  return countersAt;
}

export function pollAddress(): usize {
  return pollAt;
}

export function pollKindsAddress(): usize {
  return pollKindsAt;
}

/** A place for handshake frames that JavaScript sends: 2 KiB. */
export function scratchAddress(): usize {
  return scratchAt + 2560;
}

/** A leg record for datagrams that belong to no leg yet: `sendDatagram` sends the frame at `scratchAddress` by it. */
export function scratchLegAddress(): usize {
  return scratchAt + 3200;
}

export function sendDatagram(length: u32): void {
  store<f64>(scratchAt + 3200, 1, LEG_RATE);
  sendNow(scratchAt + 3200, scratchAt + 2560, length);
}

/** A place where tests put frames and packets: the receive and the TUN buffer. */
export function receiveAddress(): usize {
  return recvAt;
}

export function tunBufferAddress(): usize {
  return tunReadAt;
}

/** How many bond places, from the first, may be in use. */
export function setBondsUsed(count: u32): void {
  bondsUsed = min<u32>(count, BONDS_MAX);
}

/** Clears a bond's record before it is used anew, and gives its packets and sessions back. */
export function clearBond(index: u32): void {
  const bond = bondsAt + index * BOND_SIZE;
  if (load<u32>(bond, BOND_USED)) {
    dropQueues(bond);
    for (let i: u32 = 0; i < load<u32>(bond, BOND_LEGS); i++) clearLeg(index, i);
    resetOrder(bond);
  }
  memory.fill(bond, 0, BOND_SIZE);
}

/** Takes a leg's packets off it and clears its record. */
export function clearLeg(index: u32, slot: u32): void {
  const leg = bondsAt + index * BOND_SIZE + BOND_LEG_TABLE + slot * LEG_SIZE;
  if (load<u32>(leg, LEG_USED)) stopLeg(leg);
  memory.fill(leg, 0, LEG_SIZE);
}

/** Ends sending of data on a leg; what waits on it goes to the others. */
export function stopLeg(leg: usize): void {
  store<u32>(leg, load<u32>(leg, LEG_FLAGS) & ~LEG_TX, LEG_FLAGS);
  rescueLeg(leg, <i64>clock());
}

/** The other end has started anew: both directions count from 0 again. */
export function resetBond(bond: usize): void {
  resetOrder(bond);
  for (let i: u32 = 0; i < <u32>BUCKETS; i++) store<u32>(bond + BOND_BUCKETS + i * BUCKET_SIZE, 0, BUCKET_TX_SEQUENCE);
}

/** A free session place, cleared, or -1. */
export function allocSession(): i32 {
  for (let i: u32 = 0; i < <u32>SESSIONS_MAX; i++) {
    const session = sessionsAt + i * SES_SIZE;
    if (load<u32>(session, SES_STATE) != SESSION_FREE) continue;
    memory.fill(session, 0, SES_SIZE);
    return i;
  }
  return -1;
}

/** Forgets a session and its keys. */
export function freeSession(index: u32): void {
  memory.fill(sessionsAt + index * SES_SIZE, 0, SES_SIZE);
}

/** Serves `count` polled descriptors until JavaScript is needed. Returns TURN_WOKEN or TURN_TICK. */
export function turn(count: u32): u32 {
  while (true) {
    const waited = wait(count);
    const now = <i64>clock();
    let woken: u32 = 0;
    if (waited > 0) {
      for (let i: u32 = 0; i < count; i++) {
        if (load<u16>(pollAt + (i << 3), 6) == 0) continue;
        if (servePolled(i, now) == TURN_WOKEN) woken = TURN_WOKEN;
      }
    }
    const end = bondsAt + bondsUsed * BOND_SIZE;
    for (let bond = bondsAt; bond < end; bond += BOND_SIZE) {
      if (!load<u32>(bond, BOND_USED)) continue;
      if (load<u32>(bond, BOND_HOLED_HEAD)) {
        releaseHoles(bond, now);
        flushDelivery();
      }
      if (load<u32>(bond, BOND_Q_COUNT) || legsWaiting(bond)) serveBond(bond, now);
    }
    if (now >= nextScan) scan(now);
    if (woken) return woken;
    if (now >= nextTick) {
      nextTick = now + TICK_NS;
      return TURN_TICK;
    }
  }
}

function servePolled(i: u32, now: i64): u32 {
  const fd = load<i32>(pollAt + (i << 3));
  const kind = load<u32>(pollKindsAt + (i << 3));
  if (kind == POLL_WAKE) return TURN_WOKEN;
  if (kind == POLL_UDP) receive(fd, now);
  else if (kind == POLL_TUN) {
    const bond = <usize>load<u32>(pollKindsAt + (i << 3), 4);
    if (readTun(bond, TUN_BUDGET) < 0) {
      // the device is gone: not polled any more, and JavaScript sees it at the next tick
      store<i32>(bond, -1, BOND_TUN_FD);
      store<i32>(pollAt + (i << 3), -1);
    }
    serveBond(bond, now);
  }
  return 0;
}

function legsWaiting(bond: usize): bool {
  const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) if (load<u32>(leg, LEG_Q_COUNT)) return true;
  return false;
}

/** Waits for a descriptor, or until a leg may send, a hole is due or a timer runs out. */
function wait(count: u32): i32 {
  let until = min<i64>(nextTick, nextScan);
  until = min<i64>(until, nextDeadline);
  const end = bondsAt + bondsUsed * BOND_SIZE;
  for (let bond = bondsAt; bond < end; bond += BOND_SIZE) {
    if (!load<u32>(bond, BOND_USED)) continue;
    const legsEnd = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
    const waiting = load<u32>(bond, BOND_Q_COUNT) != 0;
    for (let leg = bond + BOND_LEG_TABLE; leg < legsEnd; leg += LEG_SIZE) {
      if (!load<u32>(leg, LEG_SESSION)) continue;
      if (waiting || load<u32>(leg, LEG_Q_COUNT)) until = min<i64>(until, load<i64>(leg, LEG_FREE_AT) + PACE_NS);
    }
  }
  const left = max<i64>(until - <i64>clock(), 0);
  store<i64>(scratchAt, left / 1_000_000_000, TIMESPEC_AT);
  store<i64>(scratchAt, left % 1_000_000_000, TIMESPEC_AT + 8);
  return ppoll(pollAt, count, scratchAt + TIMESPEC_AT);
}

/** Heartbeats and deadlines that are due; finds out when the next ones are. */
function scan(now: i64): void {
  let next = now + TICK_NS;
  resetDeadline();
  const end = bondsAt + bondsUsed * BOND_SIZE;
  for (let bond = bondsAt; bond < end; bond += BOND_SIZE) {
    if (!load<u32>(bond, BOND_USED)) continue;
    const legsEnd = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
    for (let leg = bond + BOND_LEG_TABLE; leg < legsEnd; leg += LEG_SIZE) {
      const every = <i64>load<u32>(leg, LEG_HB_EVERY) * 1000;
      if (!every || !load<u32>(leg, LEG_SESSION)) continue;
      if (load<i64>(leg, LEG_HB_NEXT) <= now) {
        sendHeartbeat(leg, now);
        store<i64>(leg, now + every, LEG_HB_NEXT);
      }
      next = min<i64>(next, load<i64>(leg, LEG_HB_NEXT));
    }
    releaseHoles(bond, now);
    flushDelivery();
  }
  nextScan = max<i64>(next, now + SCAN_NS);
}

/** Native address of offset 0, as given to `init`. */
export function baseAddress(): f64 {
  return <f64>nativeBase;
}
