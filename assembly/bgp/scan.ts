// Reading tables: exact and longest match, and a walk that can stop and go on.

import { STAGE, STAGE_END } from "./buffers";
import { FAMILY_IPV6, TABLE_CAPACITY, TABLE_CHANGES, TABLE_COUNT, TABLE_PER_LENGTH } from "./layout";
import { tableOf } from "./rib";
import { entryAt, find, nextUsed } from "./table";

const key: usize = memory.data(16);
let matchedBits: u32 = 0;

/** The attribute set of exactly the prefix at STAGE (16 bytes, the rest zero), 0 when there is none. */
export function lookup(rib: usize, family: u32, bits: u32): usize {
  const table = tableOf(rib, family);
  return table == 0 ? 0 : find(table, STAGE, bits, 0);
}

/** The set of the longest prefix that covers the address at STAGE; matchedLength() says how long it is. */
export function lookupLongest(rib: usize, family: u32): usize {
  const table = tableOf(rib, family);
  if (table == 0) return 0;
  const most: i32 = family == FAMILY_IPV6 ? 128 : 32;
  for (let bits = most; bits >= 0; bits--) {
    if (load<u32>(table + TABLE_PER_LENGTH + ((<usize>bits) << 2)) == 0) continue;
    for (let i: i32 = 0; i < 16; i++) {
      const keep = min<i32>(max<i32>(bits - i * 8, 0), 8);
      store<u8>(key + i, <u32>load<u8>(STAGE + i) & (0xff00 >> keep));
    }
    const set = find(table, key, bits, 0);
    if (set != 0) {
      matchedBits = bits;
      return set;
    }
  }
  return 0;
}

export function matchedLength(): u32 {
  return matchedBits;
}

export function tableCount(rib: usize, family: u32): u32 {
  const table = tableOf(rib, family);
  return table == 0 ? 0 : load<u32>(table, TABLE_COUNT);
}

/** Changes of the table since the session started: new, replaced and removed prefixes. */
export function tableChanges(rib: usize, family: u32): u32 {
  const table = tableOf(rib, family);
  return table == 0 ? 0 : load<u32>(table, TABLE_CHANGES);
}

/**
 * Writes rows {set u32, length u8, 3 free, prefix 16 bytes} to STAGE from slot `from` on, `limit` at most. Returns
 * how many; scanNext() is the slot to go on from, and is the table's capacity at the end. A change of the table between
 * calls may show a prefix twice or not at all.
 */
export function scan(rib: usize, family: u32, from: u32, limit: u32): u32 {
  const table = tableOf(rib, family);
  next = 0;
  if (table == 0) return 0;
  const capacity = load<u32>(table, TABLE_CAPACITY);
  let row = STAGE;
  let rows: u32 = 0;
  let slot = nextUsed(table, from);
  while (slot < capacity && rows < limit && row + 24 <= STAGE_END) {
    const entry = entryAt(table, slot);
    store<u32>(row, load<u32>(entry));
    if (family == FAMILY_IPV6) {
      store<u32>(row, load<u8>(entry, 4), 4);
      memory.copy(row + 8, entry + 8, 16);
    } else {
      store<u32>(row, load<u8>(entry, 8), 4);
      store<u32>(row, load<u32>(entry, 4), 8);
      store<u32>(row, 0, 12);
      store<u64>(row, 0, 16);
    }
    row += 24;
    rows++;
    slot = nextUsed(table, slot + 1);
  }
  next = slot;
  return rows;
}

let next: u32 = 0;

export function scanNext(): u32 {
  return next;
}

export function scanEnd(rib: usize, family: u32): u32 {
  const table = tableOf(rib, family);
  return table == 0 ? 0 : load<u32>(table, TABLE_CAPACITY);
}
