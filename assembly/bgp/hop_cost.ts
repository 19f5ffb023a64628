// The IGP's say in the decision (RFC 4271 §9.1.2.1, §9.1.2.2 e): what a next hop costs, and that it cannot be reached.
// Next hops that nobody has spoken of cost nothing.

import { loadU16 } from "../mem/bytes";
import { ATTR_MP_REACH, ATTR_NEXT_HOP, FLAG_EXTENDED_LENGTH, SLACK_BYTES } from "./layout";
import { take } from "./memory";
import { SET_BYTES, SET_HOP_COST, SET_LENGTH } from "./rib_layout";

export const HOPS_MAX: u32 = 4095;
const ROW_BYTES: usize = 24;
/** Rows {address 16 bytes, cost u32, 4 free}; IPv4 as ::ffff:a.b.c.d. */
const rows: usize = take(<usize>HOPS_MAX * ROW_BYTES + SLACK_BYTES);
let count: u32 = 0;
/** Grows with each change: what sets remember of another version does not count. */
let version: u32 = 1;
const key: usize = memory.data(16);

function loadKey(p: usize, bytes: u32): bool {
  if (bytes == 4) {
    store<u64>(key, 0);
    store<u32>(key, 0xffff0000, 8);
    store<u32>(key, load<u32>(p), 12);
    return true;
  }
  if (bytes < 16) return false;
  store<u64>(key, load<u64>(p));
  store<u64>(key, load<u64>(p, 8), 8);
  return true;
}

/** The key of a set's next hop; false when it has none that is an address. */
function keyOf(set: usize): bool {
  let p = set + SET_BYTES;
  const end = p + load<u32>(set, SET_LENGTH);
  while (p + 3 <= end) {
    const long = (load<u8>(p) & FLAG_EXTENDED_LENGTH) != 0;
    const code = load<u8>(p, 1);
    const bytes = long ? loadU16(p + 2) : <u32>load<u8>(p, 2);
    p += long ? 4 : 3;
    if (code == ATTR_NEXT_HOP) return loadKey(p, 4);
    if (code == ATTR_MP_REACH) {
      const hop = <u32>load<u8>(p, 3);
      // A VPN's has a route distinguisher before it.
      const skip: u32 = hop == 12 || hop == 24 || hop == 48 ? 8 : 0;
      return loadKey(p + 4 + skip, hop - skip == 4 ? 4 : hop - skip);
    }
    p += bytes;
  }
  return false;
}

function findRow(): usize {
  for (let row = rows; row < rows + <usize>count * ROW_BYTES; row += ROW_BYTES) {
    if (load<u64>(row) == load<u64>(key) && load<u64>(row, 8) == load<u64>(key, 8)) return row;
  }
  return 0;
}

/**
 * Says what the next hop of `bytes` bytes (4 or 16) at `p` costs: u32.MAX_VALUE when it cannot be reached, 0 to forget
 * it. False when there are too many. Routes have to be decided again.
 */
export function setHopCost(p: usize, bytes: u32, cost: u32): bool {
  if (!loadKey(p, bytes)) return false;
  version++;
  if ((version & 0xfffff) == 0) version = 1;
  let row = findRow();
  if (cost == 0) {
    if (row == 0) return true;
    memory.copy(row, rows + <usize>(count - 1) * ROW_BYTES, ROW_BYTES);
    count--;
    return true;
  }
  if (row == 0) {
    if (count >= HOPS_MAX) return false;
    row = rows + <usize>count * ROW_BYTES;
    memory.copy(row, key, 16);
    count++;
  }
  store<u32>(row, cost, 16);
  return true;
}

/** What the set's next hop costs; u32.MAX_VALUE when it cannot be reached. */
export function hopCost(set: usize): u32 {
  if (count == 0) return 0;
  // SET_HOP_COST: the version, and the row's number in the low twelve bits.
  const known = load<u32>(set, SET_HOP_COST);
  if (known >>> 12 == (version & 0xfffff)) return costOfRow(known & 0xfff);
  const row = keyOf(set) ? findRow() : 0;
  const number = row == 0 ? 0 : <u32>((row - rows) / ROW_BYTES) + 1;
  store<u32>(set, (version << 12) | number, SET_HOP_COST);
  return costOfRow(number);
}

function costOfRow(number: u32): u32 {
  return number == 0 ? 0 : load<u32>(rows + <usize>(number - 1) * ROW_BYTES, 16);
}
