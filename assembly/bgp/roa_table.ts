// The prefixes that have VRPs: a hash table with linear probing of {hash, address} pairs, each prefix with a list of
// {AS, maximum length}. How many prefixes of each length there are is known, so that a lookup tries only those.

import { AFI_IPV4, AFI_IPV6 } from "./layout";
import { give, take } from "./memory";

// A prefix: first VRP, bits | afi << 8, and its bits as one or two numbers. A VRP: next, AS, generations, maximum.
export const NET_VRPS = 0;
export const NET_KIND = 4;
const NET_HIGH = 8;
const NET_LOW = 16;
export const VRP_NEXT = 0;
export const VRP_AS = 4;
export const VRP_MASK = 8;
/** The maximum length in the low byte; above it how many lists of changes name the VRP, which keeps it. */
export const VRP_MAX_BITS = 12;
export const VRP_BYTES: usize = 16;
export const VRP_NAMED: u32 = 256;

let seed: u64 = 0x9e3779b97f4a7c15;
let index: usize = 0;
export let capacity: u32 = 0;
let nets: u32 = 0;
/** Per family and length: prefixes in the table. */
const lengths: usize = memory.data(2 * 129 * 4);
// The prefix that is worked on.
let high: u64 = 0;
let low: u64 = 0;

/** Seeds the table's hash; only while it is empty. */
export function roaSeed(value: u64): void {
  if (index == 0) seed = value | 1;
}

function blockOf(afi: u32): usize {
  return afi == AFI_IPV4 ? 16 : 24;
}

/** Sets the prefix that find() and insert() work on. */
export function setKey(afi: u32, p: usize, bits: u32): void {
  high = afi == AFI_IPV4 ? (<u64>bswap(load<u32>(p))) << 32 : bswap(load<u64>(p));
  low = afi == AFI_IPV4 ? 0 : bswap(load<u64>(p, 8));
  cut(bits);
}

/** Clears what is beyond `bits`. */
export function cut(bits: u32): void {
  if (bits < 64) {
    high = bits == 0 ? 0 : high & (u64.MAX_VALUE << (64 - bits));
    low = 0;
  } else if (bits < 128) low = bits == 64 ? 0 : low & (u64.MAX_VALUE << (128 - bits));
}

function hashOf(kind: u32, high: u64, low: u64): u32 {
  let h = (seed ^ kind ^ high) * 0x9fb21c651e98df25;
  h = (h ^ (h >> 32) ^ low) * 0x9fb21c651e98df25;
  h ^= h >> 32;
  return <u32>((h * 0xd6e8feb86659fd93) >> 32);
}

/** Where the prefixes of a length are counted. */
export function lengthAt(afi: u32, bits: u32): usize {
  return lengths + ((<usize>((afi - 1) * 129 + bits)) << 2);
}

/** Adds to a number in memory. */
export function bump(p: usize, by: i32): void {
  store<u32>(p, load<u32>(p) + by);
}

/** Takes a prefix without VRPs out of the table. */
export function removeNet(net: usize): void {
  const kind = load<u32>(net, NET_KIND);
  const low = kind >> 8 == AFI_IPV4 ? 0 : load<u64>(net, NET_LOW);
  let slot = hashOf(kind, load<u64>(net, NET_HIGH), low) & (capacity - 1);
  while (<usize>(load<u64>(index + ((<usize>slot) << 3)) >> 32) != net) slot = (slot + 1) & (capacity - 1);
  removeAt(slot);
}

/** The prefix that setKey() has set, 0 when it is not in the table. */
export function find(kind: u32): usize {
  if (capacity == 0) return 0;
  const hash = hashOf(kind, high, low);
  let slot = hash & (capacity - 1);
  while (true) {
    const entry = load<u64>(index + ((<usize>slot) << 3));
    if (entry == 0) return 0;
    if (<u32>entry == hash) {
      const net = <usize>(entry >> 32);
      if (load<u32>(net, NET_KIND) == kind && load<u64>(net, NET_HIGH) == high) {
        if (kind >> 8 == AFI_IPV4 || load<u64>(net, NET_LOW) == low) return net;
      }
    }
    slot = (slot + 1) & (capacity - 1);
  }
}

/** The prefix of a slot, 0 when the slot is empty. */
export function netAt(slot: u32): usize {
  return <usize>(load<u64>(index + ((<usize>slot) << 3)) >> 32);
}

function put(table: usize, mask: u32, entry: u64): void {
  let slot = <u32>entry & mask;
  while (load<u64>(table + ((<usize>slot) << 3)) != 0) slot = (slot + 1) & mask;
  store<u64>(table + ((<usize>slot) << 3), entry);
}

function grow(): bool {
  const wider = capacity == 0 ? 1024 : capacity * 2;
  const fresh = take((<usize>wider) << 3);
  if (fresh == 0) return false;
  memory.fill(fresh, 0, (<usize>wider) << 3);
  for (let i: u32 = 0; i < capacity; i++) {
    const entry = load<u64>(index + ((<usize>i) << 3));
    if (entry != 0) put(fresh, wider - 1, entry);
  }
  if (capacity != 0) give(index, (<usize>capacity) << 3);
  index = fresh;
  capacity = wider;
  return true;
}

/** Adds the prefix that setKey() has set; 0 when there is no memory. */
export function insert(kind: u32): usize {
  if (nets * 4 >= capacity * 3 && !grow()) return 0;
  const afi = kind >> 8;
  const net = take(blockOf(afi));
  if (net == 0) return 0;
  store<u32>(net, 0, NET_VRPS);
  store<u32>(net, kind, NET_KIND);
  store<u64>(net, high, NET_HIGH);
  if (afi == AFI_IPV6) store<u64>(net, low, NET_LOW);
  put(index, capacity - 1, ((<u64>net) << 32) | hashOf(kind, high, low));
  nets++;
  bump(lengthAt(afi, kind & 255), 1);
  return net;
}

/** Takes the prefix of a slot out of the table and closes the gap, so that probing never meets a tombstone. */
export function removeAt(slot: u32): void {
  const mask = capacity - 1;
  const net = <usize>(load<u64>(index + ((<usize>slot) << 3)) >> 32);
  const kind = load<u32>(net, NET_KIND);
  let next = slot;
  while (true) {
    next = (next + 1) & mask;
    const entry = load<u64>(index + ((<usize>next) << 3));
    if (entry == 0) break;
    // An entry may move back unless its home lies between the gap and where it stands.
    if (((next - <u32>entry) & mask) < ((next - slot) & mask)) continue;
    store<u64>(index + ((<usize>slot) << 3), entry);
    slot = next;
  }
  store<u64>(index + ((<usize>slot) << 3), 0);
  nets--;
  bump(lengthAt(kind >> 8, kind & 255), -1);
  give(net, blockOf(kind >> 8));
}

/** A VRP of a prefix, 0 when it has none like that. */
export function findVrp(net: usize, maxBits: u32, asn: u32): usize {
  let vrp = <usize>load<u32>(net, NET_VRPS);
  while (vrp != 0 && (load<u32>(vrp, VRP_AS) != asn || load<u8>(vrp, VRP_MAX_BITS) != maxBits)) {
    vrp = load<u32>(vrp, VRP_NEXT);
  }
  return vrp;
}
