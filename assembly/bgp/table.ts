// One table of a RIB: prefix (and path id) → attribute set. Open addressing, linear probing, gaps closed on removal;
// doubled at three quarters. An entry is 16 bytes for IPv4 and 24 for IPv6, so a full IPv4 table of 1 M prefixes
// takes 32 MiB. Entries: {set u32, prefix u32, length u8, path id u32} and {set u32, length u8, prefix 16 bytes}.

import {
  TABLE_BYTES,
  TABLE_CAPACITY,
  TABLE_CHANGES,
  TABLE_COUNT,
  TABLE_PER_LENGTH,
  TABLE_SLOTS,
  TABLE_STRIDE,
} from "./layout";
import { give, take } from "./memory";
import { hashSeed } from "./set";

const CAPACITY_MIN: u32 = 64;

export const PUT_SAME: i32 = 0;
export const PUT_NEW: i32 = 1;
export const PUT_REPLACED: i32 = 2;

/** The set that put() has replaced or remove() has taken out. */
let displaced: usize = 0;

export function displacedSet(): usize {
  return displaced;
}

/** An empty table, 0 without memory. It takes its slots with the first prefix. */
export function createTable(stride: u32): usize {
  const table = take(TABLE_BYTES);
  if (table == 0) return 0;
  memory.fill(table, 0, TABLE_BYTES);
  store<u32>(table, stride, TABLE_STRIDE);
  return table;
}

/** Frees the table and its slots. References to sets are the caller's business. */
export function freeTable(table: usize): void {
  freeSlots(table);
  give(table, TABLE_BYTES);
}

function freeSlots(table: usize): void {
  const capacity = load<u32>(table, TABLE_CAPACITY);
  if (capacity != 0) give(load<u32>(table, TABLE_SLOTS), capacity * load<u32>(table, TABLE_STRIDE));
}

/** Forgets all prefixes and gives the slots back; the count of changes stays. */
export function emptyTable(table: usize): void {
  freeSlots(table);
  store<u32>(table, 0, TABLE_CAPACITY);
  store<u32>(table, 0, TABLE_COUNT);
  memory.fill(table + TABLE_PER_LENGTH, 0, 129 * 4);
}

function hash4(prefix: u32, bits: u32, path: u32): u32 {
  const h = ((<u64>prefix | ((<u64>(bits | (path << 6))) << 32)) ^ hashSeed()) * 0x9fb21c651e98df25;
  return <u32>(((h ^ (h >> 29)) * 0xd6e8feb86659fd93) >> 32);
}

function hash6(high: u64, low: u64, bits: u32): u32 {
  let h = (high ^ hashSeed()) * 0x9fb21c651e98df25;
  h = (h ^ (h >> 32) ^ low ^ bits) * 0xd6e8feb86659fd93;
  return <u32>((h ^ (h >> 29)) >> 32);
}

function hashEntry(entry: usize, stride: u32): u32 {
  return stride == 16
    ? hash4(load<u32>(entry, 4), load<u8>(entry, 8), load<u32>(entry, 12))
    : hash6(load<u64>(entry, 8), load<u64>(entry, 16), load<u8>(entry, 4));
}

/** The entry that holds the key, or the free one where it belongs. The table has slots. */
function probe(table: usize, stride: u32, prefix: usize, bits: u32, path: u32): usize {
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  const mask = load<u32>(table, TABLE_CAPACITY) - 1;
  if (stride == 16) {
    const key = load<u32>(prefix);
    let slot = hash4(key, bits, path) & mask;
    while (true) {
      const entry = slots + ((<usize>slot) << 4);
      if (load<u32>(entry) == 0) return entry;
      if (load<u32>(entry, 4) == key && load<u8>(entry, 8) == bits && load<u32>(entry, 12) == path) return entry;
      slot = (slot + 1) & mask;
    }
  }
  const high = load<u64>(prefix);
  const low = load<u64>(prefix, 8);
  let slot = hash6(high, low, bits) & mask;
  while (true) {
    const entry = slots + <usize>slot * 24;
    if (load<u32>(entry) == 0) return entry;
    if (load<u64>(entry, 8) == high && load<u64>(entry, 16) == low && load<u8>(entry, 4) == bits) return entry;
    slot = (slot + 1) & mask;
  }
}

/** Loads the first word of the entry where a key's search begins: what put() and remove() will wait for. */
export function touch(table: usize, prefix: usize, bits: u32, path: u32): u32 {
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  const mask = load<u32>(table, TABLE_CAPACITY) - 1;
  if (load<u32>(table, TABLE_STRIDE) == 16)
    return load<u32>(slots + ((<usize>(hash4(load<u32>(prefix), bits, path) & mask)) << 4));
  return load<u32>(slots + <usize>(hash6(load<u64>(prefix), load<u64>(prefix, 8), bits) & mask) * 24);
}

function grow(table: usize, stride: u32): bool {
  const capacity = load<u32>(table, TABLE_CAPACITY);
  const wider = capacity == 0 ? CAPACITY_MIN : capacity * 2;
  if (<u64>wider * stride > 0x7fffffff) return false;
  const fresh = take(wider * stride);
  if (fresh == 0) return false;
  memory.fill(fresh, 0, wider * stride);
  const mask = wider - 1;
  let entry = <usize>load<u32>(table, TABLE_SLOTS);
  for (let i: u32 = 0; i < capacity; i++, entry += stride) {
    if (load<u32>(entry) == 0) continue;
    let slot = hashEntry(entry, stride) & mask;
    while (load<u32>(fresh + <usize>slot * stride) != 0) slot = (slot + 1) & mask;
    memory.copy(fresh + <usize>slot * stride, entry, stride);
  }
  freeSlots(table);
  store<u32>(table, <u32>fresh, TABLE_SLOTS);
  store<u32>(table, wider, TABLE_CAPACITY);
  return true;
}

function countLength(table: usize, bits: u32, by: i32): void {
  const at = table + TABLE_PER_LENGTH + ((<usize>bits) << 2);
  store<u32>(at, load<u32>(at) + by);
  store<u32>(table, load<u32>(table, TABLE_COUNT) + by, TABLE_COUNT);
}

/** Sets the prefix's attribute set: PUT_NEW, PUT_REPLACED (see displacedSet), PUT_SAME, or -1 without memory. */
export function put(table: usize, prefix: usize, bits: u32, path: u32, set: usize): i32 {
  const stride = load<u32>(table, TABLE_STRIDE);
  if (load<u32>(table, TABLE_COUNT) * 4 >= load<u32>(table, TABLE_CAPACITY) * 3 && !grow(table, stride)) return -1;
  const entry = probe(table, stride, prefix, bits, path);
  const old = <usize>load<u32>(entry);
  if (old == set) return PUT_SAME;
  store<u32>(entry, <u32>set);
  store<u32>(table, load<u32>(table, TABLE_CHANGES) + 1, TABLE_CHANGES);
  if (old != 0) {
    displaced = old;
    return PUT_REPLACED;
  }
  if (stride == 16) {
    store<u32>(entry, load<u32>(prefix), 4);
    store<u32>(entry, bits, 8);
    store<u32>(entry, path, 12);
  } else {
    store<u32>(entry, bits, 4);
    store<u64>(entry, load<u64>(prefix), 8);
    store<u64>(entry, load<u64>(prefix, 8), 16);
  }
  countLength(table, bits, 1);
  return PUT_NEW;
}

/** The prefix's attribute set, 0 when the table has none. */
export function find(table: usize, prefix: usize, bits: u32, path: u32): usize {
  if (load<u32>(table, TABLE_COUNT) == 0) return 0;
  return load<u32>(probe(table, load<u32>(table, TABLE_STRIDE), prefix, bits, path));
}

/** Removes the prefix; true when it was there (see displacedSet). */
export function remove(table: usize, prefix: usize, bits: u32, path: u32): bool {
  if (load<u32>(table, TABLE_COUNT) == 0) return false;
  const stride = load<u32>(table, TABLE_STRIDE);
  let gap = probe(table, stride, prefix, bits, path);
  displaced = load<u32>(gap);
  if (displaced == 0) return false;
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  const mask = load<u32>(table, TABLE_CAPACITY) - 1;
  let hole = <u32>((gap - slots) / stride);
  let next = hole;
  while (true) {
    next = (next + 1) & mask;
    const entry = slots + <usize>next * stride;
    if (load<u32>(entry) == 0) break;
    const home = hashEntry(entry, stride) & mask;
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    memory.copy(gap, entry, stride);
    gap = entry;
    hole = next;
  }
  memory.fill(gap, 0, stride);
  countLength(table, bits, -1);
  store<u32>(table, load<u32>(table, TABLE_CHANGES) + 1, TABLE_CHANGES);
  return true;
}

/** The next used entry at or after `slot`, as its slot number; the capacity when there is none. */
export function nextUsed(table: usize, slot: u32): u32 {
  const capacity = load<u32>(table, TABLE_CAPACITY);
  const stride = load<u32>(table, TABLE_STRIDE);
  let entry = <usize>load<u32>(table, TABLE_SLOTS) + <usize>slot * stride;
  while (slot < capacity && load<u32>(entry) == 0) {
    slot++;
    entry += stride;
  }
  return min<u32>(slot, capacity);
}

export function entryAt(table: usize, slot: u32): usize {
  return <usize>load<u32>(table, TABLE_SLOTS) + <usize>slot * load<u32>(table, TABLE_STRIDE);
}
