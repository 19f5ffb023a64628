// From the front queue to the legs, and from each leg, at its pace, to its socket: frames are sealed when their turn
// comes, so a leg's sequence is the order on its line, and runs of equal length go out as one UDP_SEGMENT message.

import { storeU16, storeU32 } from "../mem/bytes";
import { add64, countBond } from "./counters";
import { sendmmsg } from "./host";
import {
  BOND_LEG_TABLE,
  BOND_LEGS,
  BOND_Q_COUNT,
  BUCKET_Q_HEAD,
  BUCKET_TX_SEQUENCE,
  CONTROL_SIZE,
  COUNTER_LEG_DIED_DROPS,
  COUNTER_NO_LEG_DROPS,
  COUNTER_UDP_SENDS,
  FRAME_OVERHEAD,
  GSO_BYTES,
  GSO_SEGMENTS,
  INNER_BUCKET,
  INNER_EXPRESS,
  INNER_FLAGS,
  INNER_SEQUENCE,
  INNER_SIZE,
  INNER_TIME,
  LEG_BACKLOGGED,
  LEG_BOND,
  LEG_FD,
  LEG_FLAGS,
  LEG_FREE_AT,
  LEG_LOCAL,
  LEG_LOCAL_LEN,
  LEG_MTU_DROPS,
  LEG_NO_GSO,
  LEG_PKTINFO,
  LEG_Q_BYTES,
  LEG_Q_COUNT,
  LEG_Q_HEAD,
  LEG_Q_TAIL,
  LEG_RATE,
  LEG_REMOTE,
  LEG_REMOTE_LEN,
  LEG_SESSION,
  LEG_SIZE,
  LEG_TX_BYTES,
  LEG_TX_DROPS,
  LEG_TX_ERRNO,
  LEG_TX_PACKETS,
  LEG_X_HEAD,
  LEG_X_TAIL,
  OUTER_SIZE,
  SEND_BATCH,
  SLOT_BUCKET,
  SLOT_FLAGS,
  SLOT_FRAME,
  SLOT_LENGTH,
  SLOT_NEXT,
  SLOT_SEQUENCE,
  SLOT_TIME,
} from "./layout";
import { nativeBase, putIovec, releaseSlot, sendControlsAt, sendIovecsAt, sendMessagesAt } from "./memory";
import { dequeue, isSparse, nextBucket } from "./queue";
import { wantedFlags } from "./scheduler/eligible";
import { pick } from "./scheduler/index";
import { sealFrame } from "./session";

/** How far behind its pace a leg that was idle may start: a short burst that its line's queue takes. */
const CREDIT_NS: i64 = 2_000_000;
/** How late a leg with packets waiting may be served and still make up for it: its line was idle meanwhile. */
const LATE_CREDIT_NS: i64 = 12_000_000;
/** A packet of a flow that has nothing else waiting goes ahead of a leg's queue when it is no longer than this. */
const EXPRESS_BYTES: u32 = 600;
const BATCH: u32 = 512;
const EIO: i32 = 5;
const EINVAL: i32 = 22;
const EMSGSIZE: i32 = 90;

/** Slots of the frames that are sealed and not yet sent, and the first frame of each message: u32 each. */
const batchAt: usize = memory.data(512 * 4, 8);
const firstsAt: usize = memory.data(65 * 4, 8);

/** Bytes that a packet takes on the leg's line: with frame, UDP and IP header. */
export function wireBytes(leg: usize, length: u32): u32 {
  return length + FRAME_OVERHEAD + 8 + (load<u32>(leg, LEG_REMOTE_LEN) == 28 ? 40 : 20);
}

/** Gives waiting packets to legs as far as the scheduler wants, then sends what the legs' pace allows. */
export function serveBond(bond: usize, now: i64): void {
  if (load<u32>(bond, BOND_Q_COUNT) && !wantedFlags(bond)) dropAll(bond);
  while (load<u32>(bond, BOND_Q_COUNT)) {
    const bucket = nextBucket(bond);
    const head = <usize>load<u32>(bucket, BUCKET_Q_HEAD);
    const length = load<u32>(head, SLOT_LENGTH);
    const express = length <= EXPRESS_BYTES && isSparse(bucket) && !load<u32>(head, SLOT_NEXT);
    const leg = pick(bond, bucket, length + FRAME_OVERHEAD + 28, now, express);
    if (!leg) break;
    const slot = dequeue(bond, bucket);
    const sequence = load<u32>(bucket, BUCKET_TX_SEQUENCE);
    store<u32>(bucket, sequence + 1, BUCKET_TX_SEQUENCE);
    store<u32>(slot, sequence, SLOT_SEQUENCE);
    store<i64>(slot, now >> 16, SLOT_TIME);
    if (express) store<u32>(slot, load<u32>(slot, SLOT_FLAGS) | INNER_EXPRESS, SLOT_FLAGS);
    appendToLeg(leg, slot);
  }
  const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) {
    if (load<u32>(leg, LEG_Q_COUNT)) transmitLeg(leg, now);
  }
}

function dropAll(bond: usize): void {
  for (let bucket = nextBucket(bond); bucket; bucket = nextBucket(bond)) {
    releaseSlot(dequeue(bond, bucket));
    countBond(bond, COUNTER_NO_LEG_DROPS);
  }
}

function appendToLeg(leg: usize, slot: usize): void {
  const express = (load<u32>(slot, SLOT_FLAGS) & INNER_EXPRESS) != 0;
  const head: usize = express ? leg + LEG_X_HEAD : leg + LEG_Q_HEAD;
  const tail: usize = express ? leg + LEG_X_TAIL : leg + LEG_Q_TAIL;
  store<u32>(slot, 0, SLOT_NEXT);
  const last = <usize>load<u32>(tail);
  if (last) store<u32>(last, <u32>slot, SLOT_NEXT);
  else store<u32>(head, <u32>slot);
  store<u32>(tail, <u32>slot);
  store<u32>(leg, load<u32>(leg, LEG_Q_COUNT) + 1, LEG_Q_COUNT);
  store<u32>(leg, load<u32>(leg, LEG_Q_BYTES) + wireBytes(leg, load<u32>(slot, SLOT_LENGTH)), LEG_Q_BYTES);
}

function shiftFromLeg(leg: usize): usize {
  const express = load<u32>(leg, LEG_X_HEAD) != 0;
  const head: usize = express ? leg + LEG_X_HEAD : leg + LEG_Q_HEAD;
  const slot = <usize>load<u32>(head);
  const next = load<u32>(slot, SLOT_NEXT);
  store<u32>(head, next);
  if (!next) store<u32>(express ? leg + LEG_X_TAIL : leg + LEG_Q_TAIL, 0);
  store<u32>(leg, load<u32>(leg, LEG_Q_COUNT) - 1, LEG_Q_COUNT);
  store<u32>(leg, load<u32>(leg, LEG_Q_BYTES) - wireBytes(leg, load<u32>(slot, SLOT_LENGTH)), LEG_Q_BYTES);
  return slot;
}

/** Moves what waits on a leg that may no longer send to the other legs; what none takes is dropped. */
export function rescueLeg(leg: usize, now: i64): void {
  const bond = <usize>load<u32>(leg, LEG_BOND);
  while (load<u32>(leg, LEG_Q_COUNT)) {
    const slot = shiftFromLeg(leg);
    const other = pick(bond, 0, load<u32>(slot, SLOT_LENGTH) + FRAME_OVERHEAD + 28, now, true);
    if (other && other != leg) {
      store<u32>(slot, load<u32>(slot, SLOT_FLAGS) | INNER_EXPRESS, SLOT_FLAGS);
      appendToLeg(other, slot);
    } else {
      releaseSlot(slot);
      countBond(bond, COUNTER_LEG_DIED_DROPS);
    }
  }
}

/** Seals and sends the leg's packets up to its pace. */
export function transmitLeg(leg: usize, now: i64): void {
  if (!load<u32>(leg, LEG_SESSION)) return rescueLeg(leg, now);
  const rate = load<f64>(leg, LEG_RATE);
  const credit = load<u32>(leg, LEG_BACKLOGGED) ? LATE_CREDIT_NS : CREDIT_NS;
  let freeAt = <f64>max<i64>(load<i64>(leg, LEG_FREE_AT), now - credit);
  let count: u32 = 0;
  while (load<u32>(leg, LEG_Q_COUNT) && freeAt <= <f64>now) {
    const slot = shiftFromLeg(leg);
    const length = load<u32>(slot, SLOT_LENGTH);
    freeAt += <f64>wireBytes(leg, length) / rate;
    const frame = slot + SLOT_FRAME;
    const inner = frame + OUTER_SIZE;
    store<u8>(inner, <u8>load<u32>(slot, SLOT_FLAGS), INNER_FLAGS);
    store<u8>(inner, <u8>load<u32>(slot, SLOT_BUCKET), INNER_BUCKET);
    storeU16(inner + INNER_TIME, <u32>load<i64>(slot, SLOT_TIME) & 0xffff);
    storeU32(inner + INNER_SEQUENCE, load<u32>(slot, SLOT_SEQUENCE));
    putIovec(sendIovecsAt + (count << 4), frame, sealFrame(leg, frame, INNER_SIZE + length));
    store<u32>(batchAt + (count << 2), <u32>slot);
    count++;
    if (count == BATCH) {
      flush(leg, count);
      count = 0;
    }
  }
  store<i64>(leg, <i64>freeAt, LEG_FREE_AT);
  const waiting = load<u32>(leg, LEG_Q_COUNT) | load<u32>(<usize>load<u32>(leg, LEG_BOND), BOND_Q_COUNT);
  store<u32>(leg, waiting ? 1 : 0, LEG_BACKLOGGED);
  if (count) flush(leg, count);
}

function flush(leg: usize, count: u32): void {
  let first: u32 = 0;
  while (first < count) first = sendFrom(leg, first, count);
  for (let i: u32 = 0; i < count; i++) releaseSlot(load<u32>(batchAt + (i << 2)));
}

function frameLength(i: u32): u32 {
  return load<u32>(sendIovecsAt + (i << 4), 8);
}

/** Sends frames `first` to `count` in one call. Returns the frame to go on with. */
function sendFrom(leg: usize, first: u32, count: u32): u32 {
  const segmented = !(load<u32>(leg, LEG_FLAGS) & LEG_NO_GSO);
  let messages: u32 = 0;
  let i = first;
  while (i < count && messages < <u32>SEND_BATCH) {
    const start = i;
    const size = frameLength(i++);
    let bytes = size;
    // all segments but the last are of one size: what UDP_SEGMENT asks for
    while (segmented && i < count && i - start < <u32>GSO_SEGMENTS) {
      const next = frameLength(i);
      if (next > size || bytes + next > <u32>GSO_BYTES || frameLength(i - 1) != size) break;
      bytes += next;
      i++;
    }
    store<u32>(firstsAt + (messages << 2), start);
    putMessage(leg, messages++, start, i - start, size);
  }
  store<u32>(firstsAt + (messages << 2), i);
  const bond = <usize>load<u32>(leg, LEG_BOND);
  countBond(bond, COUNTER_UDP_SENDS);
  const sent = sendmmsg(load<i32>(leg, LEG_FD), sendMessagesAt, messages);
  const done: u32 = sent > 0 ? load<u32>(firstsAt + (sent << 2)) : first;
  for (let k = first; k < done; k++) add64(leg + LEG_TX_BYTES, frameLength(k));
  add64(leg + LEG_TX_PACKETS, done - first);
  return sent > 0 ? done : sendFailed(leg, -sent, first, load<u32>(firstsAt, 4));
}

/** The first message was refused: again without segmentation if that is why, else its frames are lost. */
function sendFailed(leg: usize, errno: i32, first: u32, next: u32): u32 {
  if (next - first > 1 && (errno == EIO || errno == EINVAL || errno == EMSGSIZE)) {
    store<u32>(leg, load<u32>(leg, LEG_FLAGS) | LEG_NO_GSO, LEG_FLAGS);
    return first;
  }
  store<u32>(leg, <u32>errno, LEG_TX_ERRNO);
  if (errno == EMSGSIZE) add64(leg + LEG_MTU_DROPS, next - first);
  add64(leg + LEG_TX_DROPS, next - first);
  return next;
}

/** Fills one mmsghdr: destination, pieces, and as control messages the segment size and the source address. */
function putMessage(leg: usize, index: u32, firstIovec: u32, iovecs: u32, size: u32): void {
  const message = sendMessagesAt + (index << 6);
  const control = sendControlsAt + index * CONTROL_SIZE;
  let used: usize = 0;
  if (iovecs > 1) {
    store<u64>(control, 18);
    store<u32>(control, 17, 8); // SOL_UDP
    store<u32>(control, 103, 12); // UDP_SEGMENT
    store<u16>(control, <u16>size, 16);
    used = 24;
  }
  if (load<u32>(leg, LEG_FLAGS) & LEG_PKTINFO) used += putSource(leg, control + used);
  store<u64>(message, nativeBase + leg + LEG_REMOTE);
  store<u64>(message, load<u32>(leg, LEG_REMOTE_LEN), 8);
  store<u64>(message, nativeBase + sendIovecsAt + (firstIovec << 4), 16);
  store<u64>(message, iovecs, 24);
  store<u64>(message, used ? nativeBase + control : 0, 32);
  store<u64>(message, used, 40);
  store<u64>(message, 0, 48);
}

/** IP_PKTINFO or IPV6_PKTINFO: leave from the address that the other end wrote to. Returns the space taken. */
function putSource(leg: usize, control: usize): usize {
  const length = load<u32>(leg, LEG_LOCAL_LEN);
  memory.fill(control, 0, 40);
  if (length == 4) {
    store<u64>(control, 28);
    store<u32>(control, 0, 8);
    store<u32>(control, 8, 12);
    store<u32>(control, load<u32>(leg, LEG_LOCAL), 20);
    return 32;
  }
  if (length != 16) return 0;
  store<u64>(control, 36);
  store<u32>(control, 41, 8);
  store<u32>(control, 50, 12);
  memory.copy(control + 16, leg + LEG_LOCAL, 16);
  return 40;
}

/** Sends one frame outside the queues (heartbeats); it counts against the leg's pace all the same. */
export function sendNow(leg: usize, frame: usize, length: u32): void {
  putIovec(sendIovecsAt, frame, length);
  store<i64>(leg, load<i64>(leg, LEG_FREE_AT) + <i64>(<f64>(length + 28) / load<f64>(leg, LEG_RATE)), LEG_FREE_AT);
  putMessage(leg, 0, 0, 1, length);
  const sent = sendmmsg(load<i32>(leg, LEG_FD), sendMessagesAt, 1);
  if (sent == 1) {
    add64(leg + LEG_TX_BYTES, length);
    add64(leg + LEG_TX_PACKETS, 1);
    store<u32>(leg, 0, LEG_TX_ERRNO);
  } else {
    add64(leg + LEG_TX_DROPS, 1);
    store<u32>(leg, <u32>-sent, LEG_TX_ERRNO);
  }
}
