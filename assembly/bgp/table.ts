// One table: prefix → routes of one family. Open addressing, linear probing, gaps closed on removal; doubled at three
// quarters. An entry begins with a route of its own (route.ts) and ends with the prefix, or with the address of a key:
//   {set u32, prefix length u8, flags u8, source u16, path id u32, prefix 4 or 16 bytes | key u32}
// so a full IPv4 table of 1 M prefixes takes 32 MiB, at 16 bytes an entry.
// A key to look for is given as a record: what R_LENGTH and R_PREFIX, or R_KEY, R_KEY_BYTES and R_HASH say.

import { isInline, kindOf, strideOf } from "./family";
import { NLRI_IPV4, NLRI_IPV6 } from "./layout";
import { give, take } from "./memory";
import {
  ENTRY_KEY,
  KEY_BYTES,
  KEY_HASH,
  KEY_HEAD_BYTES,
  R_FAMILY,
  R_HASH,
  R_KEY,
  R_KEY_BYTES,
  R_LENGTH,
  R_PREFIX,
  ROUTE_LENGTH,
  ROUTE_SET,
  TABLE_BYTES,
  TABLE_CAPACITY,
  TABLE_COUNT,
  TABLE_FAMILY,
  TABLE_PER_LENGTH,
  TABLE_SLOTS,
  TABLE_STRIDE,
} from "./rib_layout";
import { hashOf, hashSeed, same } from "./set";
import { tableGrew, tableMoved } from "./walker";

const CAPACITY_MIN: u32 = 64;

/** An empty table, 0 without memory. It takes its slots with the first prefix. */
export function createTable(family: u32): usize {
  const table = take(TABLE_BYTES);
  if (table == 0) return 0;
  memory.fill(table, 0, TABLE_BYTES);
  store<u32>(table, strideOf(family), TABLE_STRIDE);
  store<u32>(table, family, TABLE_FAMILY);
  return table;
}

/** Frees the table and its slots. Routes and keys are the caller's business. */
export function freeTable(table: usize): void {
  freeSlots(table);
  give(table, TABLE_BYTES);
}

function freeSlots(table: usize): void {
  const capacity = load<u32>(table, TABLE_CAPACITY);
  if (capacity != 0) give(load<u32>(table, TABLE_SLOTS), capacity * load<u32>(table, TABLE_STRIDE));
  store<u32>(table, 0, TABLE_CAPACITY);
}

function hash4(prefix: u32, bits: u32): u32 {
  const h = ((<u64>prefix | ((<u64>bits) << 32)) ^ hashSeed()) * 0x9fb21c651e98df25;
  return <u32>(((h ^ (h >> 29)) * 0xd6e8feb86659fd93) >> 32);
}

function hash6(high: u64, low: u64, bits: u32): u32 {
  let h = (high ^ hashSeed()) * 0x9fb21c651e98df25;
  h = (h ^ (h >> 32) ^ low ^ bits) * 0xd6e8feb86659fd93;
  return <u32>((h ^ (h >> 29)) >> 32);
}

/** Works out what a search needs that decoding leaves open: the hash of a key outside the record. */
export function hashKey(record: usize): void {
  store<u32>(record, hashOf(load<u32>(record, R_KEY), load<u32>(record, R_KEY_BYTES)), R_HASH);
}

function hashRecord(kind: u32, record: usize): u32 {
  if (kind == NLRI_IPV4) return hash4(load<u32>(record, R_PREFIX), load<u8>(record, R_LENGTH));
  if (kind == NLRI_IPV6) {
    return hash6(load<u64>(record, R_PREFIX), load<u64>(record, R_PREFIX + 8), load<u8>(record, R_LENGTH));
  }
  return load<u32>(record, R_HASH);
}

function hashEntry(kind: u32, entry: usize): u32 {
  if (kind == NLRI_IPV4) return hash4(load<u32>(entry, ENTRY_KEY), load<u8>(entry, ROUTE_LENGTH));
  if (kind == NLRI_IPV6) {
    return hash6(load<u64>(entry, ENTRY_KEY), load<u64>(entry, ENTRY_KEY + 8), load<u8>(entry, ROUTE_LENGTH));
  }
  return load<u32>(load<u32>(entry, ENTRY_KEY), KEY_HASH);
}

function holdsKey(entry: usize, record: usize): bool {
  const key = <usize>load<u32>(entry, ENTRY_KEY);
  if (load<u32>(key, KEY_HASH) != load<u32>(record, R_HASH)) return false;
  const bytes = load<u32>(record, R_KEY_BYTES);
  return load<u32>(key, KEY_BYTES) == bytes && same(key + KEY_HEAD_BYTES, load<u32>(record, R_KEY), bytes);
}

/** The entry that holds the record's prefix, or the free one where it belongs. The table has slots. */
export function probe(table: usize, record: usize): usize {
  const kind = kindOf(load<u32>(table, TABLE_FAMILY));
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  const mask = load<u32>(table, TABLE_CAPACITY) - 1;
  let slot = hashRecord(kind, record) & mask;
  if (kind == NLRI_IPV4) {
    const key = load<u32>(record, R_PREFIX);
    const bits = load<u8>(record, R_LENGTH);
    while (true) {
      const entry = slots + ((<usize>slot) << 4);
      if (load<u32>(entry) == 0) return entry;
      if (load<u32>(entry, ENTRY_KEY) == key && load<u8>(entry, ROUTE_LENGTH) == bits) return entry;
      slot = (slot + 1) & mask;
    }
  }
  if (kind == NLRI_IPV6) {
    const high = load<u64>(record, R_PREFIX);
    const low = load<u64>(record, R_PREFIX + 8);
    const bits = load<u8>(record, R_LENGTH);
    while (true) {
      const entry = slots + <usize>slot * 28;
      if (load<u32>(entry) == 0) return entry;
      const meets = load<u64>(entry, ENTRY_KEY) == high && load<u64>(entry, ENTRY_KEY + 8) == low;
      if (meets && load<u8>(entry, ROUTE_LENGTH) == bits) return entry;
      slot = (slot + 1) & mask;
    }
  }
  while (true) {
    const entry = slots + ((<usize>slot) << 4);
    if (load<u32>(entry) == 0 || holdsKey(entry, record)) return entry;
    slot = (slot + 1) & mask;
  }
}

/** Loads the first word of the entry where a record's search begins: what probe() will wait for. */
export function touch(table: usize, record: usize): u32 {
  const slot = hashRecord(kindOf(load<u32>(table, TABLE_FAMILY)), record) & (load<u32>(table, TABLE_CAPACITY) - 1);
  return load<u32>(<usize>load<u32>(table, TABLE_SLOTS) + <usize>slot * load<u32>(table, TABLE_STRIDE));
}

/** The entry of the record's prefix, 0 when the table has none. */
export function find(table: usize, record: usize): usize {
  if (load<u32>(table, TABLE_COUNT) == 0) return 0;
  const entry = probe(table, record);
  return load<u32>(entry, ROUTE_SET) == 0 ? 0 : entry;
}

function grow(table: usize): bool {
  const capacity = load<u32>(table, TABLE_CAPACITY);
  return resize(table, capacity == 0 ? CAPACITY_MIN : capacity * 2);
}

/** Gives a table that has become almost empty fewer slots: walks and readers look at all of them. Entries move. */
export function trim(table: usize): void {
  const count = load<u32>(table, TABLE_COUNT);
  if (load<u32>(table, TABLE_CAPACITY) <= max<u32>(count * 16, 4096)) return;
  if (count == 0) {
    freeSlots(table);
    tableGrew(table);
    return;
  }
  let fewer = CAPACITY_MIN;
  while (fewer < count * 4) fewer *= 2;
  resize(table, fewer);
}

function resize(table: usize, wider: u32): bool {
  const stride = load<u32>(table, TABLE_STRIDE);
  const capacity = load<u32>(table, TABLE_CAPACITY);
  const kind = kindOf(load<u32>(table, TABLE_FAMILY));
  if (<u64>wider * stride > 0x7fffffff) return false;
  const fresh = take(wider * stride);
  if (fresh == 0) return false;
  memory.fill(fresh, 0, wider * stride);
  const mask = wider - 1;
  let entry = <usize>load<u32>(table, TABLE_SLOTS);
  for (let i: u32 = 0; i < capacity; i++, entry += stride) {
    if (load<u32>(entry) == 0) continue;
    let slot = hashEntry(kind, entry) & mask;
    while (load<u32>(fresh + <usize>slot * stride) != 0) slot = (slot + 1) & mask;
    memory.copy(fresh + <usize>slot * stride, entry, stride);
  }
  freeSlots(table);
  store<u32>(table, <u32>fresh, TABLE_SLOTS);
  store<u32>(table, wider, TABLE_CAPACITY);
  tableGrew(table);
  return true;
}

function countLength(table: usize, bits: u32, by: i32): void {
  const at = table + TABLE_PER_LENGTH + ((<usize>bits) << 2);
  store<u32>(at, load<u32>(at) + by);
  store<u32>(table, load<u32>(table, TABLE_COUNT) + by, TABLE_COUNT);
}

/** Makes room for one more prefix; false without memory. Entries may move. */
export function reserve(table: usize): bool {
  return load<u32>(table, TABLE_COUNT) * 4 < load<u32>(table, TABLE_CAPACITY) * 3 || grow(table);
}

/** Gives a free entry that probe() has found its prefix; false without memory. The route in it is the caller's. */
export function fill(table: usize, entry: usize, record: usize): bool {
  const kind = kindOf(load<u32>(table, TABLE_FAMILY));
  let bits: u32 = 0;
  if (kind == NLRI_IPV4) store<u32>(entry, load<u32>(record, R_PREFIX), ENTRY_KEY);
  else if (kind == NLRI_IPV6) {
    store<u64>(entry, load<u64>(record, R_PREFIX), ENTRY_KEY);
    store<u64>(entry, load<u64>(record, R_PREFIX + 8), ENTRY_KEY + 8);
  } else {
    const bytes = load<u32>(record, R_KEY_BYTES);
    const key = take(KEY_HEAD_BYTES + bytes + 8);
    if (key == 0) return false;
    store<u32>(key, load<u32>(record, R_HASH), KEY_HASH);
    store<u32>(key, bytes, KEY_BYTES);
    memory.copy(key + KEY_HEAD_BYTES, load<u32>(record, R_KEY), bytes);
    store<u32>(entry, <u32>key, ENTRY_KEY);
  }
  if (isInline(kind)) bits = load<u8>(record, R_LENGTH);
  store<u8>(entry, bits, ROUTE_LENGTH);
  countLength(table, bits, 1);
  return true;
}

/** Takes an entry without a route out of the table and closes the gap. Entries may move. */
export function clear(table: usize, entry: usize): void {
  const kind = kindOf(load<u32>(table, TABLE_FAMILY));
  const stride = load<u32>(table, TABLE_STRIDE);
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  const mask = load<u32>(table, TABLE_CAPACITY) - 1;
  countLength(table, load<u8>(entry, ROUTE_LENGTH), -1);
  if (!isInline(kind)) freeKey(load<u32>(entry, ENTRY_KEY));
  let gap = entry;
  let hole = <u32>((gap - slots) / stride);
  let next = hole;
  while (true) {
    next = (next + 1) & mask;
    const other = slots + <usize>next * stride;
    if (load<u32>(other) == 0) break;
    const home = hashEntry(kind, other) & mask;
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    memory.copy(gap, other, stride);
    tableMoved(table, next, hole);
    gap = other;
    hole = next;
  }
  memory.fill(gap, 0, stride);
}

export function freeKey(key: usize): void {
  give(key, KEY_HEAD_BYTES + load<u32>(key, KEY_BYTES) + 8);
}

/** The next used entry at or after `slot`, as its slot number, looking at `most` slots at the most. */
export function nextUsed(table: usize, slot: u32, most: u32): u32 {
  const capacity = load<u32>(table, TABLE_CAPACITY);
  const stride = load<u32>(table, TABLE_STRIDE);
  const end = <u32>min<u64>(<u64>slot + most, capacity);
  let entry = <usize>load<u32>(table, TABLE_SLOTS) + <usize>slot * stride;
  while (slot < end && load<u32>(entry) == 0) {
    slot++;
    entry += stride;
  }
  return min<u32>(slot, capacity);
}

export function entryAt(table: usize, slot: u32): usize {
  return <usize>load<u32>(table, TABLE_SLOTS) + <usize>slot * load<u32>(table, TABLE_STRIDE);
}

/** Makes a record of an entry's prefix, for a search in another table. Valid until the entry goes. */
export function recordOf(table: usize, entry: usize, record: usize): void {
  const family = load<u32>(table, TABLE_FAMILY);
  const kind = kindOf(family);
  store<u32>(record, family | ((<u32>load<u8>(entry, ROUTE_LENGTH)) << 8), R_FAMILY);
  if (kind == NLRI_IPV4) store<u32>(record, load<u32>(entry, ENTRY_KEY), R_PREFIX);
  else if (kind == NLRI_IPV6) {
    store<u64>(record, load<u64>(entry, ENTRY_KEY), R_PREFIX);
    store<u64>(record, load<u64>(entry, ENTRY_KEY + 8), R_PREFIX + 8);
  } else {
    const key = <usize>load<u32>(entry, ENTRY_KEY);
    store<u32>(record, <u32>(key + KEY_HEAD_BYTES), R_KEY);
    store<u32>(record, load<u32>(key, KEY_BYTES), R_KEY_BYTES);
    store<u32>(record, load<u32>(key, KEY_HASH), R_HASH);
  }
}
