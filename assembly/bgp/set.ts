// Attribute sets, interned: routes with the same attributes share one copy, counted by references.
// The index is a hash table of {hash, address} pairs with linear probing; the hash is seeded, so that a peer cannot
// choose colliding sets.

import { give, take } from "./memory";
import {
  SET_BYTES,
  SET_CLASS,
  SET_EXPORTED,
  SET_HASH,
  SET_HOP_COST,
  SET_LENGTH,
  SET_NLRI,
  SET_RANKED,
  SET_REFS,
} from "./rib_layout";

let seed: u64 = 0x9e3779b97f4a7c15;
let index: usize = 0;
let capacity: u32 = 0;
let count: u32 = 0;

export function setSeed(value: u64): void {
  if (count == 0) seed = value | 1;
}

/** The seed of all hashes of the module. */
export function hashSeed(): u64 {
  return seed;
}

/** The seeded hash of bytes. Reads up to seven bytes past them. */
export function hashOf(p: usize, bytes: u32): u32 {
  let h: u64 = seed ^ bytes;
  const end = p + bytes;
  while (p + 8 <= end) {
    h = (h ^ load<u64>(p)) * 0x9fb21c651e98df25;
    h ^= h >> 32;
    p += 8;
  }
  const rest = <u32>(end - p);
  if (rest > 0) {
    h = (h ^ (load<u64>(p) & (u64.MAX_VALUE >> (64 - rest * 8)))) * 0x9fb21c651e98df25;
    h ^= h >> 32;
  }
  h *= 0xd6e8feb86659fd93;
  return <u32>(h >> 32);
}

/** True when the bytes are equal. Reads up to seven bytes past them. */
export function same(a: usize, b: usize, bytes: u32): bool {
  const end = a + bytes;
  while (a + 8 <= end) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
  }
  const rest = <u32>(end - a);
  return rest == 0 || (load<u64>(a) ^ load<u64>(b)) << (64 - rest * 8) == 0;
}

/** A set's block: 8 bytes more than it needs, so that its last word may be loaded whole. */
function blockOf(length: u32): usize {
  return SET_BYTES + length + 8;
}

function grow(): bool {
  const wider = capacity == 0 ? 4096 : capacity * 2;
  const fresh = take(wider * 8);
  if (fresh == 0) return false;
  memory.fill(fresh, 0, wider * 8);
  for (let i: u32 = 0; i < capacity; i++) {
    const entry = load<u64>(index + ((<usize>i) << 3));
    if (entry == 0) continue;
    let slot = <u32>entry & (wider - 1);
    while (load<u64>(fresh + ((<usize>slot) << 3)) != 0) slot = (slot + 1) & (wider - 1);
    store<u64>(fresh + ((<usize>slot) << 3), entry);
  }
  if (capacity != 0) give(index, capacity * 8);
  index = fresh;
  capacity = wider;
  return true;
}

/** The index slot's entry where a search for the hash begins: what intern() will wait for. */
export function touchIndex(hash: u32): u64 {
  return capacity == 0 ? 0 : load<u64>(index + ((<usize>(hash & (capacity - 1))) << 3));
}

/** The set with these attribute bytes, with one reference more than before; 0 when there is no memory. */
export function intern(p: usize, bytes: u32): usize {
  return internHashed(p, bytes, 0, hashOf(p, bytes));
}

/** The same; the last `nlri` of the bytes are a whole NLRI and not attributes. `hash` is hashOf() of all of them. */
export function internHashed(p: usize, bytes: u32, nlri: u32, hash: u32): usize {
  if (count * 4 >= capacity * 3 && !grow()) return 0;
  let slot = hash & (capacity - 1);
  while (true) {
    const at = index + ((<usize>slot) << 3);
    const entry = load<u64>(at);
    if (entry == 0) {
      const set = take(blockOf(bytes));
      if (set == 0) return 0;
      store<u32>(set, hash, SET_HASH);
      store<u32>(set, 1, SET_REFS);
      store<u32>(set, bytes - nlri, SET_LENGTH);
      store<u16>(set, <u16>nlri, SET_NLRI);
      store<u8>(set, 0, SET_RANKED);
      store<u64>(set, 0, SET_CLASS);
      store<u32>(set, 0, SET_HOP_COST);
      memory.copy(set + SET_BYTES, p, bytes);
      store<u64>(at, ((<u64>set) << 32) | hash);
      count++;
      return set;
    }
    if (<u32>entry == hash) {
      const set = <usize>(entry >> 32);
      const known = load<u16>(set, SET_NLRI) == nlri && load<u32>(set, SET_LENGTH) == bytes - nlri;
      if (known && same(set + SET_BYTES, p, bytes)) {
        store<u32>(set, load<u32>(set, SET_REFS) + 1, SET_REFS);
        return set;
      }
    }
    slot = (slot + 1) & (capacity - 1);
  }
}

export function hold(set: usize): void {
  store<u32>(set, load<u32>(set, SET_REFS) + 1, SET_REFS);
}

/** Drops one reference; the last one frees the set. */
export function release(set: usize): void {
  const refs = load<u32>(set, SET_REFS) - 1;
  store<u32>(set, refs, SET_REFS);
  if (refs == 0) remove(set);
}

/** Takes the set out of the index and closes the gap, so that probing never meets a tombstone. */
function remove(set: usize): void {
  const mask = capacity - 1;
  let slot = load<u32>(set, SET_HASH) & mask;
  while (<usize>(load<u64>(index + ((<usize>slot) << 3)) >> 32) != set) slot = (slot + 1) & mask;
  let next = slot;
  while (true) {
    next = (next + 1) & mask;
    const entry = load<u64>(index + ((<usize>next) << 3));
    if (entry == 0) break;
    // An entry may move back unless its home lies between the gap and where it stands.
    const home = <u32>entry & mask;
    if (((next - home) & mask) < ((next - slot) & mask)) continue;
    store<u64>(index + ((<usize>slot) << 3), entry);
    slot = next;
  }
  store<u64>(index + ((<usize>slot) << 3), 0);
  const exported = <usize>load<u32>(set, SET_EXPORTED);
  give(set, blockOf(load<u32>(set, SET_LENGTH) + load<u16>(set, SET_NLRI)));
  count--;
  if (exported > 1 && exported != set) release(exported);
}

/** How long a chain of sets made of one another may be. */
const CHAIN_MAX: u32 = 8;

/** False when what was made of `from`, and so on, leads to `set`: all of them would keep one another alive. */
function endsSoon(from: usize, set: usize): bool {
  for (let i: u32 = 0; i < CHAIN_MAX; i++) {
    const next = <usize>load<u32>(from, SET_EXPORTED);
    if (next <= 1 || next == from) return true;
    if (next == set) return false;
    from = next;
  }
  return false;
}

/** Remembers what an export class has made of the set: a set, or 1 when it must not be sent. Drops what was there. */
export function remember(set: usize, exportClass: u32, exported: usize): void {
  if (exported > 1 && exported != set && !endsSoon(exported, set)) return;
  const before = <usize>load<u32>(set, SET_EXPORTED);
  if (exported > 1 && exported != set) hold(exported);
  store<u32>(set, exportClass, SET_CLASS);
  store<u32>(set, <u32>exported, SET_EXPORTED);
  if (before > 1 && before != set) release(before);
}

export function setCount(): u32 {
  return count;
}
