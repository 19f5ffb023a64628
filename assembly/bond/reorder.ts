// Order per flow bucket. A packet whose predecessors are missing is held until they come, until it is certain that they
// are lost (every live leg has since delivered something that was sent later), or until a deadline that is fixed when
// the hole appears: later arrivals never move it.

import { countBond } from "./counters";
import { deliver } from "./deliver";
import {
  BOND_BUCKETS,
  BOND_HELD_COUNT,
  BOND_HOLD,
  BOND_HOLED_HEAD,
  BOND_LEG_TABLE,
  BOND_LEGS,
  BOND_SPREAD,
  BUCKET_DEADLINE,
  BUCKET_HELD_COUNT,
  BUCKET_HELD_HEAD,
  BUCKET_HELD_TAIL,
  BUCKET_HOLED,
  BUCKET_NEXT_HOLED,
  BUCKET_RX_NEXT,
  BUCKET_SIZE,
  BUCKETS,
  COUNTER_DUPLICATE,
  COUNTER_HELD,
  COUNTER_HOLES_LOST,
  COUNTER_HOLES_TIMED_OUT,
  COUNTER_IN_ORDER,
  COUNTER_LATE,
  LEG_FLAGS,
  LEG_RX,
  LEG_RX_TIME,
  LEG_SIZE,
  SLOT_ARRIVED,
  SLOT_FLAGS,
  SLOT_LENGTH,
  SLOT_NEXT,
  SLOT_PACKET,
  SLOT_SEQUENCE,
  SLOT_TIME,
} from "./layout";
import { allocSlot, releaseSlot, slotsFree } from "./memory";

/** Beyond the legs' difference in delay: what a leg may have queued, and jitter. */
const SLACK_NS: i64 = 30_000_000;
/** Held packets of one worker may not take the last slots: transmission needs some. A bond holds no more than are free. */
const SLOTS_RESERVED: u32 = 2048;

/** When the next deadline of any bond is due, ns; lowered here, recomputed by the timer scan. */
export let nextDeadline: i64 = i64.MAX_VALUE;

export function resetDeadline(): void {
  nextDeadline = i64.MAX_VALUE;
}

/** Takes one packet of a bucket: delivers it, holds a copy, or counts it as a duplicate. */
export function reorder(
  bond: usize,
  bucketIndex: u32,
  sequence: u32,
  time: i64,
  flags: u32,
  packet: usize,
  length: u32,
  now: i64,
): void {
  const bucket = bond + BOND_BUCKETS + bucketIndex * BUCKET_SIZE;
  const ahead = <i32>(sequence - load<u32>(bucket, BUCKET_RX_NEXT));
  if (ahead == 0) {
    countBond(bond, COUNTER_IN_ORDER);
    store<u32>(bucket, sequence + 1, BUCKET_RX_NEXT);
    deliver(bond, packet, length, flags, 0);
    if (load<u32>(bucket, BUCKET_HELD_HEAD)) drain(bond, bucket);
    return;
  }
  if (ahead < 0) {
    countBond(bond, COUNTER_LATE);
    deliver(bond, packet, length, flags, 0);
    return;
  }
  const spare = max<u32>(SLOTS_RESERVED, load<u32>(bond, BOND_HELD_COUNT));
  const slot = slotsFree() > spare ? allocSlot() : 0;
  if (!slot) {
    giveUp(bond, bucket, COUNTER_HOLES_TIMED_OUT);
    deliver(bond, packet, length, flags, 0);
    return;
  }
  memory.copy(slot + SLOT_PACKET, packet, length);
  store<u32>(slot, length, SLOT_LENGTH);
  store<u32>(slot, flags, SLOT_FLAGS);
  store<u32>(slot, sequence, SLOT_SEQUENCE);
  store<i64>(slot, time, SLOT_TIME);
  store<i64>(slot, now, SLOT_ARRIVED);
  if (!hold(bucket, slot, sequence)) {
    countBond(bond, COUNTER_DUPLICATE);
    releaseSlot(slot);
    return;
  }
  countBond(bond, COUNTER_HELD);
  store<u32>(bond, load<u32>(bond, BOND_HELD_COUNT) + 1, BOND_HELD_COUNT);
  if (load<u32>(bucket, BUCKET_HELD_COUNT) == 1) openHole(bond, bucket);
}

/** Puts a slot into the bucket's held packets, which are sorted. False when the sequence is there already. */
function hold(bucket: usize, slot: usize, sequence: u32): bool {
  const tail = <usize>load<u32>(bucket, BUCKET_HELD_TAIL);
  store<u32>(bucket, load<u32>(bucket, BUCKET_HELD_COUNT) + 1, BUCKET_HELD_COUNT);
  if (!tail || <i32>(sequence - load<u32>(tail, SLOT_SEQUENCE)) > 0) {
    store<u32>(slot, 0, SLOT_NEXT);
    if (tail) store<u32>(tail, <u32>slot, SLOT_NEXT);
    else store<u32>(bucket, <u32>slot, BUCKET_HELD_HEAD);
    store<u32>(bucket, <u32>slot, BUCKET_HELD_TAIL);
    return true;
  }
  let link = bucket + BUCKET_HELD_HEAD;
  let at = <usize>load<u32>(link);
  while (<i32>(sequence - load<u32>(at, SLOT_SEQUENCE)) > 0) {
    link = at + SLOT_NEXT;
    at = <usize>load<u32>(link);
  }
  if (load<u32>(at, SLOT_SEQUENCE) == sequence) {
    store<u32>(bucket, load<u32>(bucket, BUCKET_HELD_COUNT) - 1, BUCKET_HELD_COUNT);
    return false;
  }
  store<u32>(slot, <u32>at, SLOT_NEXT);
  store<u32>(link, <u32>slot);
  return true;
}

/** The hole in front of the held packets appeared when the first of them came: that fixes its deadline. */
function openHole(bond: usize, bucket: usize): void {
  const appeared = load<i64>(<usize>load<u32>(bucket, BUCKET_HELD_HEAD), SLOT_ARRIVED);
  const deadline = appeared + min<i64>(load<i64>(bond, BOND_HOLD), load<i64>(bond, BOND_SPREAD) + SLACK_NS);
  store<i64>(bucket, deadline, BUCKET_DEADLINE);
  nextDeadline = min<i64>(nextDeadline, deadline);
  if (load<u32>(bucket, BUCKET_HOLED)) return;
  store<u32>(bucket, 1, BUCKET_HOLED);
  store<u32>(bucket, load<u32>(bond, BOND_HOLED_HEAD), BUCKET_NEXT_HOLED);
  store<u32>(bond, <u32>bucket, BOND_HOLED_HEAD);
}

/** Delivers held packets as long as they follow; what remains is behind a new hole with a deadline of its own. */
function drain(bond: usize, bucket: usize): void {
  let slot = <usize>load<u32>(bucket, BUCKET_HELD_HEAD);
  let next = load<u32>(bucket, BUCKET_RX_NEXT);
  while (slot && load<u32>(slot, SLOT_SEQUENCE) == next) {
    const following = <usize>load<u32>(slot, SLOT_NEXT);
    store<u32>(bond, load<u32>(bond, BOND_HELD_COUNT) - 1, BOND_HELD_COUNT);
    store<u32>(bucket, load<u32>(bucket, BUCKET_HELD_COUNT) - 1, BUCKET_HELD_COUNT);
    deliver(bond, slot + SLOT_PACKET, load<u32>(slot, SLOT_LENGTH), load<u32>(slot, SLOT_FLAGS), slot);
    next++;
    slot = following;
  }
  store<u32>(bucket, next, BUCKET_RX_NEXT);
  store<u32>(bucket, <u32>slot, BUCKET_HELD_HEAD);
  if (slot) openHole(bond, bucket);
  else store<u32>(bucket, 0, BUCKET_HELD_TAIL);
}

/** Counts the hole in front of the held packets as lost and delivers what follows it. */
function giveUp(bond: usize, bucket: usize, reason: u32): void {
  const slot = <usize>load<u32>(bucket, BUCKET_HELD_HEAD);
  if (!slot) return;
  countBond(bond, reason, load<u32>(slot, SLOT_SEQUENCE) - load<u32>(bucket, BUCKET_RX_NEXT));
  store<u32>(bucket, load<u32>(slot, SLOT_SEQUENCE), BUCKET_RX_NEXT);
  drain(bond, bucket);
}

/** The time of what the slowest live leg has delivered: all that was sent before it has come or is lost. */
function provenTime(bond: usize): i64 {
  let proven: i64 = i64.MAX_VALUE;
  const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) {
    if (load<u32>(leg, LEG_FLAGS) & LEG_RX) proven = min<i64>(proven, load<i64>(leg, LEG_RX_TIME));
  }
  return proven == i64.MAX_VALUE ? i64.MIN_VALUE : proven;
}

/** Looks at all holes of a bond: releases the proven losses and those over their deadline. */
export function releaseHoles(bond: usize, now: i64): void {
  let link = bond + BOND_HOLED_HEAD;
  let bucket = <usize>load<u32>(link);
  if (!bucket) return;
  const proven = provenTime(bond);
  while (bucket) {
    let slot = <usize>load<u32>(bucket, BUCKET_HELD_HEAD);
    while (slot) {
      // the missing ones were sent before the held one, whose time is the latest that they can have
      if (load<i64>(slot, SLOT_TIME) < proven) giveUp(bond, bucket, COUNTER_HOLES_LOST);
      else if (load<i64>(bucket, BUCKET_DEADLINE) <= now) giveUp(bond, bucket, COUNTER_HOLES_TIMED_OUT);
      else break;
      slot = <usize>load<u32>(bucket, BUCKET_HELD_HEAD);
    }
    const next = load<u32>(bucket, BUCKET_NEXT_HOLED);
    if (slot) {
      nextDeadline = min<i64>(nextDeadline, load<i64>(bucket, BUCKET_DEADLINE));
      link = bucket + BUCKET_NEXT_HOLED;
    } else {
      store<u32>(bucket, 0, BUCKET_HOLED);
      store<u32>(link, next);
    }
    bucket = <usize>next;
  }
}

/** Forgets order and held packets: the other end starts anew. */
export function resetOrder(bond: usize): void {
  for (let i: u32 = 0; i < <u32>BUCKETS; i++) {
    const bucket = bond + BOND_BUCKETS + i * BUCKET_SIZE;
    let slot = <usize>load<u32>(bucket, BUCKET_HELD_HEAD);
    while (slot) {
      const next = <usize>load<u32>(slot, SLOT_NEXT);
      releaseSlot(slot);
      slot = next;
    }
    store<u32>(bucket, 0, BUCKET_HELD_HEAD);
    store<u32>(bucket, 0, BUCKET_HELD_TAIL);
    store<u32>(bucket, 0, BUCKET_HELD_COUNT);
    store<u32>(bucket, 0, BUCKET_HOLED);
    store<u32>(bucket, 0, BUCKET_RX_NEXT);
  }
  store<u32>(bond, 0, BOND_HOLED_HEAD);
  store<u32>(bond, 0, BOND_HELD_COUNT);
}
