// The arenas of one worker: fixed places, fixed sizes, made once. Nothing is allocated afterwards.
// Pages that are never touched cost nothing, so the bounds are generous.

import {
  BOND_SIZE,
  BONDS_MAX,
  CONTROL_SIZE,
  NAME_SIZE,
  POLL_MAX,
  RECV_BATCH,
  RECV_BUFFER,
  SEND_BATCH,
  SEND_IOVECS,
  SES_SIZE,
  SESSIONS_MAX,
  SLOT_NEXT,
  SLOT_SIZE,
  SLOTS_MAX,
  WORKER_COUNTERS,
  WORKER_SLOTS_FREE,
} from "./layout";

/** Native address of offset 0 of this memory: what iovec and msghdr fields are made of. */
export let nativeBase: u64 = 0;

export let bondsAt: usize = 0;
export let sessionsAt: usize = 0;
export let countersAt: usize = 0;
export let pollAt: usize = 0;
export let pollKindsAt: usize = 0;
export let recvAt: usize = 0;
export let recvMessagesAt: usize = 0;
export let recvNamesAt: usize = 0;
export let recvControlsAt: usize = 0;
export let recvIovecsAt: usize = 0;
export let sendMessagesAt: usize = 0;
export let sendIovecsAt: usize = 0;
export let sendControlsAt: usize = 0;
export let tunReadAt: usize = 0;
export let tunIovecsAt: usize = 0;
export let scratchAt: usize = 0;
let slotsAt: usize = 0;
let freeSlot: usize = 0;
let freeSlots: u32 = 0;

let cursor: usize = 0;

function take(bytes: usize): usize {
  const at = cursor;
  cursor = (cursor + bytes + 63) & ~63;
  return at;
}

/** Lays the arenas out and chains the free slots. Returns 0, or -1 when the memory is too small. */
export function initMemory(base: f64): i32 {
  nativeBase = <u64>base;
  cursor = (__heap_base + 65535) & ~65535;
  countersAt = take(WORKER_COUNTERS * 8);
  scratchAt = take(4096);
  pollAt = take(POLL_MAX * 8);
  pollKindsAt = take(POLL_MAX * 8);
  recvMessagesAt = take(RECV_BATCH * 64);
  recvNamesAt = take(RECV_BATCH * NAME_SIZE);
  recvControlsAt = take(RECV_BATCH * CONTROL_SIZE);
  recvIovecsAt = take(RECV_BATCH * 16);
  sendMessagesAt = take(SEND_BATCH * 64);
  sendIovecsAt = take(SEND_IOVECS * 16);
  sendControlsAt = take(SEND_BATCH * CONTROL_SIZE);
  tunReadAt = take(RECV_BUFFER + 4096);
  tunIovecsAt = take(SEND_IOVECS * 16);
  recvAt = take(RECV_BATCH * RECV_BUFFER);
  sessionsAt = take(SESSIONS_MAX * SES_SIZE);
  bondsAt = take(BONDS_MAX * BOND_SIZE);
  slotsAt = take(SLOTS_MAX * SLOT_SIZE);
  if (cursor > (<usize>memory.size()) << 16) return -1;
  freeSlots = SLOTS_MAX;
  slotsMade = 0;
  freeSlot = 0;
  return 0;
}

let slotsMade: u32 = 0;

/** A packet slot, or 0 when none is free. Slots are first used in order, so that an idle worker touches few pages. */
export function allocSlot(): usize {
  if (freeSlots == 0) return 0;
  freeSlots--;
  store<u64>(countersAt + WORKER_SLOTS_FREE * 8, freeSlots);
  if (freeSlot == 0) {
    slotsMade++;
    return slotsAt + (<usize>slotsMade - 1) * SLOT_SIZE;
  }
  const slot = freeSlot;
  freeSlot = load<u32>(slot, SLOT_NEXT);
  return slot;
}

export function releaseSlot(slot: usize): void {
  store<u32>(slot, <u32>freeSlot, SLOT_NEXT);
  freeSlot = slot;
  freeSlots++;
}

export function slotsFree(): u32 {
  return freeSlots;
}

/** Counts a frame that belongs to no bond. */
export function countWorker(counter: u32): void {
  const at = countersAt + (counter << 3);
  store<u64>(at, load<u64>(at) + 1);
}

/** Fills one iovec with a piece of this memory. */
export function putIovec(iovec: usize, at: usize, length: u32): void {
  store<u64>(iovec, nativeBase + at);
  store<u64>(iovec, length, 8);
}
