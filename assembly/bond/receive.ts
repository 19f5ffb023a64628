// From a UDP socket: a batch of datagrams, each perhaps several frames that the kernel joined (UDP_GRO). Contract of the
// checks: a frame's length and session are checked in `frameInput`, its authenticity before anything in it is believed.

import { loadU16, loadU24, loadU32 } from "../mem/bytes";
import { add64, countBond } from "./counters";
import { flushDelivery } from "./deliver";
import { heartbeatInput } from "./heartbeat";
import { confirmed, handshake, recvmmsg } from "./host";
import {
  BOND_LAST_RX,
  BOND_LEG_TABLE,
  BOND_LEGS,
  BOND_RX_TIME,
  CONTROL_SIZE,
  COUNTER_AUTH_DROPS,
  COUNTER_MALFORMED_DROPS,
  COUNTER_REPLAY_DROPS,
  COUNTER_UDP_RECEIVES,
  FRAME_INIT,
  FRAME_OVERHEAD,
  FRAME_RESPONSE,
  FRAME_TRANSPORT,
  INNER_BUCKET,
  INNER_CHECKSUM_PARTIAL,
  INNER_CONTROL,
  INNER_EXPRESS,
  INNER_FLAGS,
  INNER_SEQUENCE,
  INNER_SIZE,
  INNER_TIME,
  LEG_FLAGS,
  LEG_LAST_RX,
  LEG_LOCAL,
  LEG_LOCAL_LEN,
  LEG_PKTINFO,
  LEG_REMOTE,
  LEG_REMOTE_LEN,
  LEG_RX_BYTES,
  LEG_RX_PACKETS,
  LEG_RX_TIME,
  LEG_SIZE,
  NAME_SIZE,
  OUTER_COUNTER,
  OUTER_INDEX,
  OUTER_SIZE,
  OUTER_TYPE,
  PACKET_MAX,
  RECV_BATCH,
  RECV_BUFFER,
  SES_BOND,
  SES_LEG,
  SES_RX_COUNT,
  SES_RX_NEXT,
  SES_STATE,
  SESSION_LIVE,
  SESSION_PENDING,
  WORKER_SHORT_DROPS,
  WORKER_UNKNOWN_DROPS,
} from "./layout";
import {
  countWorker,
  nativeBase,
  putIovec,
  recvAt,
  recvControlsAt,
  recvIovecsAt,
  recvMessagesAt,
  recvNamesAt,
} from "./memory";
import { checkPacket } from "./packet";
import { reorder } from "./reorder";
import { expandSequence, replayFresh, replayMark } from "./replay";
import { findSession, openFrame } from "./session";

const LARGE_BATCH: u32 = 200_000;
const RECV_BATCH_LARGE: u32 = 6;

/** INNER_TIME has 16 bits of 65.536 us. */
const WRAP_NS: i64 = 1 << 32;

// sender of the datagram in hand, and the address that it wrote to
let name: usize = 0;
let nameLength: u32 = 0;
let local: usize = 0;
let localLength: u32 = 0;
let segmentSize: u32 = 0;
let socket: i32 = -1;
/** The batch in hand is in a bond's counter already: it counts once, on the bond of its first frame. */
let batchCounted: bool = false;
/** Datagrams asked for at once: few when they are large, so that no leg's backlog holds up another's. */
let batchWanted: u32 = RECV_BATCH;

/** Lays out the message headers, which name the same buffers for ever. */
export function initReceive(): void {
  for (let i: u32 = 0; i < <u32>RECV_BATCH; i++) {
    const message = recvMessagesAt + (i << 6);
    putIovec(recvIovecsAt + (i << 4), recvAt + i * RECV_BUFFER, RECV_BUFFER);
    store<u64>(message, nativeBase + recvNamesAt + i * NAME_SIZE);
    store<u64>(message, nativeBase + recvIovecsAt + (i << 4), 16);
    store<u64>(message, 1, 24);
    store<u64>(message, nativeBase + recvControlsAt + i * CONTROL_SIZE, 32);
  }
}

/** Takes one batch from a socket. Returns the datagrams, or -errno. */
export function receive(fd: i32, now: i64): i32 {
  for (let i: u32 = 0; i < batchWanted; i++) {
    const message = recvMessagesAt + (i << 6);
    store<u32>(message, NAME_SIZE, 8);
    store<u64>(message, CONTROL_SIZE, 40);
  }
  const count = recvmmsg(fd, recvMessagesAt, batchWanted);
  if (count < 0) return count;
  socket = fd;
  batchCounted = false;
  let bytes: u32 = 0;
  for (let i: u32 = 0; i < <u32>count; i++) {
    const message = recvMessagesAt + (i << 6);
    const at = recvAt + i * RECV_BUFFER;
    const length = load<u32>(message, 56);
    bytes += length;
    name = recvNamesAt + i * NAME_SIZE;
    nameLength = load<u32>(message, 8);
    readControls(recvControlsAt + i * CONTROL_SIZE, load<u32>(message, 40));
    if (segmentSize == 0) segmentSize = length;
    if (length == 0) countWorker(WORKER_SHORT_DROPS);
    for (let offset: u32 = 0; offset < length; offset += segmentSize) {
      frameInput(at + offset, min(segmentSize, length - offset), now);
    }
  }
  flushDelivery();
  batchWanted = bytes > LARGE_BATCH ? RECV_BATCH_LARGE : RECV_BATCH;
  return count;
}

function readControls(controls: usize, length: u32): void {
  segmentSize = 0;
  localLength = 0;
  let offset: u32 = 0;
  while (offset + 16 <= length) {
    const control = controls + offset;
    const size = load<u32>(control);
    const level = load<u32>(control, 8);
    const type = load<u32>(control, 12);
    if (level == 17 && type == 104) segmentSize = load<u32>(control, 16);
    if (level == 0 && type == 8) {
      local = control + 20;
      localLength = 4;
    }
    if (level == 41 && type == 50) {
      local = control + 16;
      localLength = 16;
    }
    if (size < 16) return;
    offset += (size + 7) & ~7;
  }
}

/** One frame as it came from the network. */
export function frameInput(frame: usize, length: u32, now: i64): void {
  if (length < <u32>OUTER_SIZE) return countWorker(WORKER_SHORT_DROPS);
  const type = <u32>load<u8>(frame, OUTER_TYPE);
  if (type == FRAME_INIT || type == FRAME_RESPONSE) {
    handshake(socket, frame, length, name, nameLength, local, localLength);
    return;
  }
  const session = type == FRAME_TRANSPORT ? findSession(loadU24(frame + OUTER_INDEX)) : 0;
  if (!session) return countWorker(WORKER_UNKNOWN_DROPS);
  const bond = <usize>load<u32>(session, SES_BOND);
  if (length < <u32>FRAME_OVERHEAD) return countBond(bond, COUNTER_MALFORMED_DROPS);
  const sequence = expandSequence(session, loadU32(frame + OUTER_COUNTER));
  if (!replayFresh(session, sequence)) return countBond(bond, COUNTER_REPLAY_DROPS);
  if (openFrame(session, frame, length, sequence) != 0) return countBond(bond, COUNTER_AUTH_DROPS);
  const newest = sequence >= load<u64>(session, SES_RX_NEXT);
  replayMark(session, sequence);
  add64(session + SES_RX_COUNT, 1);
  if (load<u32>(session, SES_STATE) == SESSION_PENDING) {
    store<u32>(session, SESSION_LIVE, SES_STATE);
    confirmed(session);
  }
  if (!batchCounted) countBond(bond, COUNTER_UDP_RECEIVES);
  batchCounted = true;
  const leg = <usize>load<u32>(session, SES_LEG);
  store<i64>(leg, now, LEG_LAST_RX);
  add64(leg + LEG_RX_BYTES, length);
  add64(leg + LEG_RX_PACKETS, 1);
  if (newest && load<u32>(leg, LEG_FLAGS) & LEG_PKTINFO) roam(leg);
  authentic(bond, leg, session, frame + OUTER_SIZE, length - FRAME_OVERHEAD, now);
}

/** The other end is where its newest authentic frame came from: behind a NAT that may change at any time. */
function roam(leg: usize): void {
  if (nameLength == 0) return;
  if (load<u32>(leg, LEG_REMOTE_LEN) != nameLength || memory.compare(leg + LEG_REMOTE, name, 8) != 0) {
    memory.copy(leg + LEG_REMOTE, name, nameLength);
    store<u32>(leg, nameLength, LEG_REMOTE_LEN);
  } else if (nameLength == 28) memory.copy(leg + LEG_REMOTE, name, nameLength);
  if (localLength) {
    memory.copy(leg + LEG_LOCAL, local, localLength);
    store<u32>(leg, localLength, LEG_LOCAL_LEN);
  }
}

/** INNER_TIME in full: nearest to the newest time seen, or a new start when that is too long ago to tell. */
function unwrapTime(bond: usize, low: u32, now: i64): i64 {
  const silent = now - load<i64>(bond, BOND_LAST_RX);
  store<i64>(bond, now, BOND_LAST_RX);
  let newest = load<i64>(bond, BOND_RX_TIME);
  if (newest == 0 || silent > WRAP_NS / 4) {
    newest = <i64>low + 0x10000;
    const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
    // what a leg delivered before the silence proves nothing on the new scale
    for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) store<i64>(leg, 0, LEG_RX_TIME);
  }
  const time = newest + <i64>(<i16>(low - <u32>newest));
  store<i64>(bond, max<i64>(newest, time), BOND_RX_TIME);
  return time;
}

function authentic(bond: usize, leg: usize, session: usize, inner: usize, length: u32, now: i64): void {
  const flags = <u32>load<u8>(inner, INNER_FLAGS);
  const time = unwrapTime(bond, loadU16(inner + INNER_TIME), now);
  if (!(flags & INNER_EXPRESS)) store<i64>(leg, max<i64>(load<i64>(leg, LEG_RX_TIME), time), LEG_RX_TIME);
  if (flags & INNER_CONTROL) return heartbeatInput(leg, session, inner + INNER_SIZE, length, now);
  const packet = inner + INNER_SIZE;
  // slots hold no more: an end that has the keys may still send anything
  if (length > <u32>PACKET_MAX || checkPacket(packet, length) != length) {
    return countBond(bond, COUNTER_MALFORMED_DROPS);
  }
  const bucket = <u32>load<u8>(inner, INNER_BUCKET);
  reorder(bond, bucket, loadU32(inner + INNER_SEQUENCE), time, flags & INNER_CHECKSUM_PARTIAL, packet, length, now);
}
