// Heartbeats: what each end tells the other about a leg, several times a second, in a frame like any other. From them
// come round-trip time, one-way delay, loss, and the leg's liveness.

import { loadU32, storeU16, storeU32 } from "../mem/bytes";
import { countBond } from "./counters";
import {
  BOND_LEG_TABLE,
  BOND_LEGS,
  BOND_SPREAD,
  COUNTER_MALFORMED_DROPS,
  HEARTBEAT_CARRIES,
  HEARTBEAT_DELAY,
  HEARTBEAT_ECHO,
  HEARTBEAT_FLAGS,
  HEARTBEAT_HIGHEST,
  HEARTBEAT_OWD,
  HEARTBEAT_RECEIVED,
  HEARTBEAT_SIZE,
  HEARTBEAT_TIME,
  INNER_CONTROL,
  INNER_EXPRESS,
  INNER_FLAGS,
  INNER_SEQUENCE,
  INNER_SIZE,
  INNER_TIME,
  LEG_BOND,
  LEG_FLAGS,
  LEG_HB_PEER_AT,
  LEG_HB_PEER_TIME,
  LEG_HEARD,
  LEG_LOSS_HIGHEST,
  LEG_LOSS_PPM,
  LEG_LOSS_RECEIVED,
  LEG_PEER_OWD,
  LEG_PEER_OWD_KNOWN,
  LEG_PEER_SILENT,
  LEG_Q_COUNT,
  LEG_RTT,
  LEG_RX,
  LEG_RX_OWD,
  LEG_RX_OWD_KNOWN,
  LEG_SESSION,
  LEG_SIZE,
  LEG_TX,
  OUTER_SIZE,
  SES_RX_COUNT,
  SES_RX_NEXT,
} from "./layout";
import { scratchAt } from "./memory";
import { sealFrame } from "./session";
import { sendNow } from "./transmit";

/** Frames between two looks at the loss. */
const LOSS_SPAN: u32 = 50;

/** Beyond this a heartbeat tells no delay: clocks of 32 bits in us turn after 71 minutes. */
const TELLABLE_US: i64 = 60_000_000;
const SILENT_LONG: u32 = 0xfffffffe;

/** Sends a heartbeat on a leg that has keys. */
export function sendHeartbeat(leg: usize, now: i64): void {
  const session = <usize>load<u32>(leg, LEG_SESSION);
  const frame = scratchAt + 64;
  const inner = frame + OUTER_SIZE;
  const body = inner + INNER_SIZE;
  // with nothing in the leg's queue the heartbeat proves that all data sent before it has left
  const express = load<u32>(leg, LEG_Q_COUNT) ? INNER_EXPRESS : 0;
  store<u8>(inner, <u8>(INNER_CONTROL | express), INNER_FLAGS);
  store<u8>(inner, 0, 1);
  storeU16(inner + INNER_TIME, <u32>(now >> 16) & 0xffff);
  storeU32(inner + INNER_SEQUENCE, 0);
  memory.fill(body, 0, HEARTBEAT_SIZE);
  const heard = load<i64>(leg, LEG_HB_PEER_AT);
  storeU32(body + HEARTBEAT_TIME, <u32>(now / 1000));
  storeU32(body + HEARTBEAT_ECHO, load<u32>(leg, LEG_HB_PEER_TIME));
  const silent = (now - heard) / 1000;
  const told = silent < TELLABLE_US ? <u32>silent : SILENT_LONG;
  storeU32(body + HEARTBEAT_DELAY, heard ? told : 0xffffffff);
  storeU32(body + HEARTBEAT_OWD, load<u32>(leg, LEG_RX_OWD));
  storeU32(body + HEARTBEAT_RECEIVED, <u32>load<u64>(session, SES_RX_COUNT));
  storeU32(body + HEARTBEAT_HIGHEST, <u32>load<u64>(session, SES_RX_NEXT));
  store<u8>(body, load<u32>(leg, LEG_FLAGS) & LEG_TX ? HEARTBEAT_CARRIES : 0, HEARTBEAT_FLAGS);
  sendNow(leg, frame, sealFrame(leg, frame, INNER_SIZE + HEARTBEAT_SIZE));
}

/** Takes an authentic heartbeat. */
export function heartbeatInput(leg: usize, session: usize, body: usize, length: u32, now: i64): void {
  if (length < <u32>HEARTBEAT_SIZE) return countBond(<usize>load<u32>(leg, LEG_BOND), COUNTER_MALFORMED_DROPS);
  const nowMicros = <u32>(now / 1000);
  const time = loadU32(body + HEARTBEAT_TIME);
  store<u32>(leg, time, LEG_HB_PEER_TIME);
  store<i64>(leg, now, LEG_HB_PEER_AT);
  store<u32>(leg, load<u32>(leg, LEG_HEARD) + 1, LEG_HEARD);
  const flags = load<u32>(leg, LEG_FLAGS) & ~LEG_RX;
  store<u32>(leg, flags | (load<u8>(body, HEARTBEAT_FLAGS) & HEARTBEAT_CARRIES ? LEG_RX : 0), LEG_FLAGS);
  measureOwd(leg, <i32>(nowMicros - time));
  const delay = loadU32(body + HEARTBEAT_DELAY);
  store<u32>(leg, delay, LEG_PEER_SILENT);
  if (delay < SILENT_LONG) {
    const rtt = nowMicros - loadU32(body + HEARTBEAT_ECHO) - delay;
    const known = load<u32>(leg, LEG_RTT);
    if (rtt < 60_000_000) store<u32>(leg, known ? (known * 7 + max<u32>(rtt, 1)) >>> 3 : max<u32>(rtt, 1), LEG_RTT);
    store<i32>(leg, <i32>loadU32(body + HEARTBEAT_OWD), LEG_PEER_OWD);
    store<u32>(leg, 1, LEG_PEER_OWD_KNOWN);
  }
  measureLoss(leg, <u32>load<u64>(session, SES_RX_COUNT), <u32>load<u64>(session, SES_RX_NEXT));
}

/** One-way delay with the clocks' offset in it: down at once, up slowly, so that queueing counts little. */
function measureOwd(leg: usize, sample: i32): void {
  const known = load<u32>(leg, LEG_RX_OWD_KNOWN);
  const before = load<i32>(leg, LEG_RX_OWD);
  const more = sample - before;
  store<i32>(leg, !known || more < 0 ? sample : before + more / 16, LEG_RX_OWD);
  store<u32>(leg, 1, LEG_RX_OWD_KNOWN);
  const bond = <usize>load<u32>(leg, LEG_BOND);
  // delays hold the clocks' offset and may lie on both sides of the i32's turn: only differences mean something
  let lowest: i32 = i32.MAX_VALUE;
  let highest: i32 = i32.MIN_VALUE;
  const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
  for (let other = bond + BOND_LEG_TABLE; other < end; other += LEG_SIZE) {
    if (!(load<u32>(other, LEG_FLAGS) & LEG_RX) || !load<u32>(other, LEG_RX_OWD_KNOWN)) continue;
    const off = load<i32>(other, LEG_RX_OWD) - load<i32>(leg, LEG_RX_OWD);
    lowest = min<i32>(lowest, off);
    highest = max<i32>(highest, off);
  }
  store<i64>(bond, highest > lowest ? (<i64>highest - lowest) * 1000 : 0, BOND_SPREAD);
}

/** Share of this leg's frames that did not come, over spans of at least LOSS_SPAN frames. */
function measureLoss(leg: usize, received: u32, highest: u32): void {
  const spanHighest = highest - load<u32>(leg, LEG_LOSS_HIGHEST);
  const spanReceived = received - load<u32>(leg, LEG_LOSS_RECEIVED);
  if (spanHighest < LOSS_SPAN) return;
  const lost = spanHighest > spanReceived ? spanHighest - spanReceived : 0;
  const ppm = <u32>((<u64>lost * 1_000_000) / spanHighest);
  store<u32>(leg, (load<u32>(leg, LEG_LOSS_PPM) * 3 + ppm) >>> 2, LEG_LOSS_PPM);
  store<u32>(leg, highest, LEG_LOSS_HIGHEST);
  store<u32>(leg, received, LEG_LOSS_RECEIVED);
}
