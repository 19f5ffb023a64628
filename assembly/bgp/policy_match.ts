// The tables that a policy's conditions look into: prefixes, AS numbers, community patterns. Built by
// src/wasm/bgp_policy_program.ts; layout.ts says how.

import { loadU32, loadU64 } from "../mem/bytes";
import {
  PATTERN_BYTES,
  PATTERNS_BYTES,
  PATTERNS_EXACT,
  PATTERNS_WILD,
  PREFIX_HASH_A,
  PREFIX_HASH_B,
  PREFIX_LENGTHS,
  PREFIX_MASK_WORDS_4,
  PREFIX_MASK_WORDS_6,
  PREFIX_SHIFT,
} from "./policy_layout";

const LENGTHS_4: usize = PREFIX_LENGTHS + 33 * PREFIX_MASK_WORDS_4 * 4;
const LENGTHS_6: usize = PREFIX_LENGTHS + 129 * PREFIX_MASK_WORDS_6 * 4;

function hash4(prefix: u32, bits: u32): u32 {
  let h = (prefix ^ bits) * <u32>PREFIX_HASH_A;
  h = (h ^ (h >>> 15)) * <u32>PREFIX_HASH_B;
  return h ^ (h >>> 13);
}

/** True when an entry of the table covers the IPv4 prefix at `p` and allows its length. */
export function prefix4Matches(table: usize, p: usize, bits: u32): bool {
  if (bits > 32) return false;
  const address = loadU32(p);
  let lengths = load<u64>(table + PREFIX_LENGTHS + ((<usize>bits) << 3));
  const shift = load<u32>(table, PREFIX_SHIFT);
  const slots = table + LENGTHS_4;
  const mask = <u32>(((<u64>1) << (32 - shift)) - 1);
  while (lengths != 0) {
    // The longest first: it is the likeliest.
    const length = 63 - <u32>clz<u64>(lengths);
    lengths &= ~((<u64>1) << length);
    const prefix = length == 0 ? 0 : address & (0xffffffff << (32 - length));
    let slot = (hash4(prefix, length) >>> shift) & mask;
    while (true) {
      const entry = load<u64>(slots + ((<usize>slot) << 3));
      if (entry == 0) break;
      const rest = <u32>(entry >> 32);
      if (<u32>entry == prefix && (rest & 0xff) == length) {
        if (((rest >>> 8) & 0xff) <= bits && ((rest >>> 16) & 0xff) >= bits) return true;
      }
      slot = (slot + 1) & mask;
    }
  }
  return false;
}

const key: usize = memory.data(16);

function hash6(bits: u32): u32 {
  let h = bits;
  for (let i: usize = 0; i < 16; i += 4) {
    h = (h ^ load<u32>(key + i)) * <u32>PREFIX_HASH_A;
    h ^= h >>> 15;
  }
  h *= <u32>PREFIX_HASH_B;
  return h ^ (h >>> 13);
}

/** KEY: the first `bits` bits of the address at `p`, the rest zero. */
function cutKey(p: usize, bits: u32): void {
  const high: u64 = bits == 0 ? 0 : bits >= 64 ? u64.MAX_VALUE : u64.MAX_VALUE << (64 - bits);
  const low: u64 = bits <= 64 ? 0 : u64.MAX_VALUE << (128 - bits);
  store<u64>(key, load<u64>(p) & bswap<u64>(high));
  store<u64>(key, load<u64>(p, 8) & bswap<u64>(low), 8);
}

function entry6Matches(table: usize, p: usize, bits: u32, length: u32): bool {
  const shift = load<u32>(table, PREFIX_SHIFT);
  const mask = <u32>(((<u64>1) << (32 - shift)) - 1);
  cutKey(p, length);
  let slot = (hash6(length) >>> shift) & mask;
  while (true) {
    const entry = table + LENGTHS_6 + <usize>slot * 20;
    const rest = load<u32>(entry, 16);
    if (rest == 0) return false;
    if ((rest & 0xff) == length && ((rest >>> 8) & 0xff) <= bits && ((rest >>> 16) & 0xff) >= bits) {
      if (load<u64>(entry) == load<u64>(key) && load<u64>(entry, 8) == load<u64>(key, 8)) return true;
    }
    slot = (slot + 1) & mask;
  }
}

/** The same for IPv6. */
export function prefix6Matches(table: usize, p: usize, bits: u32): bool {
  if (bits > 128) return false;
  const row = table + PREFIX_LENGTHS + <usize>bits * PREFIX_MASK_WORDS_6 * 4;
  for (let word: i32 = PREFIX_MASK_WORDS_6 - 1; word >= 0; word--) {
    let lengths = load<u32>(row + ((<usize>word) << 2));
    while (lengths != 0) {
      const length = 31 - clz<u32>(lengths);
      lengths &= ~((<u32>1) << length);
      if (entry6Matches(table, p, bits, ((<u32>word) << 5) + length)) return true;
    }
  }
  return false;
}

/** True when a set of AS numbers (count, ascending) has this one. */
export function hasAs(set: usize, as: u32): bool {
  let low: u32 = 0;
  let high = load<u32>(set);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = load<u32>(set + 4 + ((<usize>middle) << 2));
    if (found == as) return true;
    if (found < as) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** Whether an entry of a community attribute, `width` (4, 8, 12) bytes at `p`, is one of the patterns. */
export function patternMatches(patterns: usize, p: usize, width: u32): bool {
  const high: u64 = width == 4 ? loadU32(p) : loadU64(p);
  const low: u32 = width == 12 ? loadU32(p + 8) : 0;
  let from: u32 = 0;
  let to = load<u32>(patterns, PATTERNS_EXACT);
  const wild = patterns + PATTERNS_BYTES + <usize>to * PATTERN_BYTES;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const entry = patterns + PATTERNS_BYTES + <usize>middle * PATTERN_BYTES;
    const entryHigh = load<u64>(entry);
    const entryLow = load<u32>(entry, 8);
    if (entryHigh == high && entryLow == low) return true;
    if (entryHigh < high || (entryHigh == high && entryLow < low)) from = middle + 1;
    else to = middle;
  }
  const end = wild + <usize>load<u32>(patterns, PATTERNS_WILD) * (PATTERN_BYTES * 2);
  for (let entry = wild; entry < end; entry += PATTERN_BYTES * 2) {
    if (wildMatches(entry, high, low)) return true;
  }
  return false;
}

function wildMatches(entry: usize, high: u64, low: u32): bool {
  return (high & load<u64>(entry)) == load<u64>(entry, 12) && (low & load<u32>(entry, 8)) == load<u32>(entry, 20);
}

/** Whether any entry of an attribute's value is one of the patterns. */
export function anyMatches(patterns: usize, p: usize, bytes: u32, width: u32): bool {
  const end = p + bytes;
  for (; p + width <= end; p += width) if (patternMatches(patterns, p, width)) return true;
  return false;
}

/** Whether each pattern is met by some entry of the value. */
export function allMatch(patterns: usize, p: usize, bytes: u32, width: u32): bool {
  const exact = load<u32>(patterns, PATTERNS_EXACT);
  const wild = load<u32>(patterns, PATTERNS_WILD);
  let entry = patterns + PATTERNS_BYTES;
  for (let i: u32 = 0; i < exact + wild; i++) {
    let met = false;
    for (let q = p; q + width <= p + bytes && !met; q += width) {
      const high: u64 = width == 4 ? loadU32(q) : loadU64(q);
      const low: u32 = width == 12 ? loadU32(q + 8) : 0;
      met = i < exact ? load<u64>(entry) == high && load<u32>(entry, 8) == low : wildMatches(entry, high, low);
    }
    if (!met) return false;
    entry += i < exact ? PATTERN_BYTES : PATTERN_BYTES * 2;
  }
  return true;
}
