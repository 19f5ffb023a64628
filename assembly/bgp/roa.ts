// Validated ROA payloads (VRPs) and the state of a route's origin (RFC 6811).
// A hash table of prefixes, each with a list of {AS, maximum length}; a VRP has one bit per cache and generation, so
// that it is counted once for all caches, goes when the last one withdraws it, and a cache's new data can be put in
// place of its old data at once. A lookup tries only the prefix lengths that occur.

import {
  AFI_IPV4,
  AFI_IPV6,
  ERR_MEMORY,
  ORIGIN_NONE,
  ROA_CACHES,
  ROA_INVALID,
  ROA_NOT_FOUND,
  ROA_ROW_AS,
  ROA_ROW_BITS,
  ROA_ROW_BYTES,
  ROA_ROW_CACHES,
  ROA_ROW_MAX_BITS,
  ROA_ROWS_MAX,
  ROA_VALID,
} from "./layout";
import { give, take } from "./memory";

// A prefix: first VRP, bits | afi << 8, and its bits as one or two numbers. A VRP: next, AS, generations, maximum.
const NET_VRPS = 0;
const NET_KIND = 4;
const NET_HIGH = 8;
const NET_LOW = 16;
const VRP_NEXT = 0;
const VRP_AS = 4;
const VRP_MASK = 8;
const VRP_MAX_BITS = 12;
const VRP_BYTES: usize = 16;

let seed: u64 = 0x9e3779b97f4a7c15;
let index: usize = 0;
let capacity: u32 = 0;
let nets: u32 = 0;
/** Per family and length: prefixes in the table. */
const lengths: usize = memory.data(2 * 129 * 4);
/** Per generation and family: VRPs. */
const counts: usize = memory.data(ROA_CACHES * 2 * 2 * 4);
/** Per family: distinct VRPs that count, and those that came or went with the last change of what counts. */
const totals: usize = memory.data(2 * 4);
const changes: usize = memory.data(2 * 4);
/** A bit per cache: which of its two generations counts. */
let parity: u32 = 0;
/** The generations that count now. */
let active: u32 = 0;

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

function setKey(afi: u32, p: usize, bits: u32): void {
  high = afi == AFI_IPV4 ? (<u64>bswap(load<u32>(p))) << 32 : bswap(load<u64>(p));
  low = afi == AFI_IPV4 ? 0 : bswap(load<u64>(p, 8));
  cut(bits);
}

/** Clears what is beyond `bits`. */
function cut(bits: u32): void {
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

function lengthAt(afi: u32, bits: u32): usize {
  return lengths + (<usize>((afi - 1) * 129 + bits) << 2);
}

function countAt(bit: u32, afi: u32): usize {
  return counts + (<usize>(ctz(bit) * 2 + afi - 1) << 2);
}

function bump(p: usize, by: i32): void {
  store<u32>(p, load<u32>(p) + by);
}

/** The prefix that setKey() has set, 0 when it is not in the table. */
function find(kind: u32): usize {
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

function insert(kind: u32): usize {
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
function removeAt(slot: u32): void {
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

function findVrp(net: usize, maxBits: u32, asn: u32): usize {
  let vrp = <usize>load<u32>(net, NET_VRPS);
  while (vrp != 0 && (load<u32>(vrp, VRP_AS) != asn || load<u32>(vrp, VRP_MAX_BITS) != maxBits)) {
    vrp = load<u32>(vrp, VRP_NEXT);
  }
  return vrp;
}

/**
 * Adds a VRP to the generation `bit`, which must not be one that counts: roaCommit() makes it so. Bits of the prefix
 * beyond its length do not matter. 1, or 0 when it is there already, or ERR_MEMORY.
 */
export function roaAdd(bit: u32, afi: u32, prefix: usize, bits: u32, maxBits: u32, asn: u32): i32 {
  const kind = (afi << 8) | bits;
  setKey(afi, prefix, bits);
  let net = find(kind);
  if (net == 0) net = insert(kind);
  if (net == 0) return ERR_MEMORY;
  let vrp = findVrp(net, maxBits, asn);
  if (vrp == 0) {
    vrp = take(VRP_BYTES);
    // The prefix without VRPs does no harm, and goes with the next sweep.
    if (vrp == 0) return ERR_MEMORY;
    store<u32>(vrp, load<u32>(net, NET_VRPS), VRP_NEXT);
    store<u32>(vrp, asn, VRP_AS);
    store<u32>(vrp, 0, VRP_MASK);
    store<u32>(vrp, maxBits, VRP_MAX_BITS);
    store<u32>(net, <u32>vrp, NET_VRPS);
  }
  const mask = load<u32>(vrp, VRP_MASK);
  if ((mask & bit) != 0) return 0;
  store<u32>(vrp, mask | bit, VRP_MASK);
  bump(countAt(bit, afi), 1);
  return 1;
}

/** Takes a VRP out of the generation `bit`, which must not be one that counts. 1, or 0 when it is not in it. */
export function roaRemove(bit: u32, afi: u32, prefix: usize, bits: u32, maxBits: u32, asn: u32): i32 {
  setKey(afi, prefix, bits);
  const net = find((afi << 8) | bits);
  const vrp: usize = net == 0 ? <usize>0 : findVrp(net, maxBits, asn);
  if (vrp == 0 || (load<u32>(vrp, VRP_MASK) & bit) == 0) return 0;
  // One that no generation has is freed by the next sweep.
  store<u32>(vrp, load<u32>(vrp, VRP_MASK) & ~bit, VRP_MASK);
  bump(countAt(bit, afi), -1);
  return 1;
}

/** Brings one prefix's VRPs to the generations that remain; true when it has none left. */
function sweepNet(net: usize, clear: u32, from: u32, to: u32, next: u32): bool {
  const family = <usize>((load<u32>(net, NET_KIND) >> 8) - 1) << 2;
  let link = net + NET_VRPS;
  while (true) {
    const vrp = <usize>load<u32>(link);
    if (vrp == 0) break;
    const old = load<u32>(vrp, VRP_MASK);
    let mask = old & ~clear;
    if ((mask & from) != 0) mask |= to;
    const now = (mask & next) != 0;
    if (now) bump(totals + family, 1);
    if (now != ((old & active) != 0)) bump(changes + family, 1);
    store<u32>(vrp, mask, VRP_MASK);
    if (mask == 0) {
      store<u32>(link, load<u32>(vrp, VRP_NEXT));
      give(vrp, VRP_BYTES);
    } else link = vrp + VRP_NEXT;
  }
  return load<u32>(net, NET_VRPS) == 0;
}

/** One walk over the table: clears generations, copies one (`from` to `to`), makes `next` those that count. */
function sweep(clear: u32, from: u32, to: u32, next: u32): void {
  memory.fill(totals, 0, 8);
  memory.fill(changes, 0, 8);
  const mask = capacity - 1;
  // From an empty slot on, so that no run of entries crosses the start: each is met exactly once.
  let start: u32 = 0;
  while (start < capacity && load<u64>(index + ((<usize>start) << 3)) != 0) start++;
  for (let i: u32 = 1; i <= capacity; i++) {
    const slot = (start + i) & mask;
    while (true) {
      const entry = load<u64>(index + ((<usize>slot) << 3));
      if (entry == 0 || !sweepNet(<usize>(entry >> 32), clear, from, to, next)) break;
      removeAt(slot);
    }
  }
  for (let bits = clear; bits != 0; bits &= bits - 1) store<u64>(countAt(bits & -bits, AFI_IPV4), 0);
  if (to != 0) store<u64>(countAt(to, AFI_IPV4), load<u64>(countAt(from, AFI_IPV4)));
  active = next;
}

/** The bit of a cache's generation that counts, or of the other one. */
export function generation(cache: u32, coming: bool): u32 {
  return (<u32>1) << (cache * 2 + (((parity >> cache) & 1) ^ (coming ? 1 : 0)));
}

/** The generations that count of a set of caches, a bit each. */
function generations(caches: u32): u32 {
  let bits: u32 = 0;
  for (let cache: u32 = 0; cache < <u32>ROA_CACHES; cache++) {
    if ((caches >> cache) & 1) bits |= generation(cache, false);
  }
  return bits;
}

/** Starts new data of a cache: empty, or (`copy`) a copy of what it has. */
export function roaBegin(cache: u32, copy: bool): void {
  const coming = generation(cache, true);
  if (!copy && load<u64>(countAt(coming, AFI_IPV4)) == 0) return;
  sweep(coming, copy ? generation(cache, false) : 0, copy ? coming : 0, active);
}

/** Puts the new data of a cache in place of its old data; from now on those `caches` count, a bit each. */
export function roaCommit(cache: u32, caches: u32): void {
  const old = generation(cache, false);
  parity ^= (<u32>1) << cache;
  sweep(old, 0, 0, generations(caches));
}

/** Forgets the new data of a cache, and with `all` also what it has; from now on those `caches` count. */
export function roaDrop(cache: u32, all: bool, caches: u32): void {
  sweep(generation(cache, true) | (all ? generation(cache, false) : 0), 0, 0, generations(caches));
}

/** VRPs that a cache has, or that have come in (`coming`). */
export function roaCount(cache: u32, coming: bool, afi: u32): u32 {
  return load<u32>(countAt(generation(cache, coming), afi));
}

/** Distinct VRPs that count. */
export function roaTotal(afi: u32): u32 {
  return load<u32>(totals + (<usize>(afi - 1) << 2));
}

/** VRPs that came or went with the last roaCommit() or roaDrop(). */
export function roaChanged(afi: u32): u32 {
  return load<u32>(changes + (<usize>(afi - 1) << 2));
}

/** RFC 6811 §2: ROA_VALID, ROA_INVALID or ROA_NOT_FOUND of a route with this origin AS (ORIGIN_NONE: it has none). */
export function roaState(afi: u32, prefix: usize, bits: u32, origin: u32): u32 {
  setKey(afi, prefix, bits);
  let covered = false;
  for (let length = <i32>bits; length >= 0; length--) {
    if (load<u32>(lengthAt(afi, length)) == 0) continue;
    cut(length);
    const net = find((afi << 8) | length);
    let vrp: usize = net == 0 ? <usize>0 : <usize>load<u32>(net, NET_VRPS);
    for (; vrp != 0; vrp = load<u32>(vrp, VRP_NEXT)) {
      if ((load<u32>(vrp, VRP_MASK) & active) == 0) continue;
      covered = true;
      const matches = load<u32>(vrp, VRP_AS) == origin && bits <= load<u32>(vrp, VRP_MAX_BITS);
      // RFC 7607, RFC 6483 §4: AS 0 says that nobody may announce it.
      if (matches && origin != 0 && origin != ORIGIN_NONE) return ROA_VALID;
    }
  }
  return covered ? ROA_INVALID : ROA_NOT_FOUND;
}

/** The caches of a VRP's generations, a bit each. */
function cachesOf(mask: u32): u32 {
  let caches: u32 = 0;
  for (let cache: u32 = 0; cache < <u32>ROA_CACHES; cache++) {
    if ((mask & active & generation(cache, false)) != 0) caches |= (<u32>1) << cache;
  }
  return caches;
}

/** Writes the VRPs that cover a prefix to `out`, longest first, ROA_ROWS_MAX at most; returns how many. */
export function roaCovering(afi: u32, prefix: usize, bits: u32, out: usize): u32 {
  setKey(afi, prefix, bits);
  let rows: u32 = 0;
  for (let length = <i32>bits; length >= 0; length--) {
    if (load<u32>(lengthAt(afi, length)) == 0) continue;
    cut(length);
    const net = find((afi << 8) | length);
    let vrp: usize = net == 0 ? <usize>0 : <usize>load<u32>(net, NET_VRPS);
    for (; vrp != 0 && rows < <u32>ROA_ROWS_MAX; vrp = load<u32>(vrp, VRP_NEXT)) {
      const caches = cachesOf(load<u32>(vrp, VRP_MASK));
      if (caches == 0) continue;
      store<u32>(out, load<u32>(vrp, VRP_AS), ROA_ROW_AS);
      store<u32>(out, caches, ROA_ROW_CACHES);
      store<u8>(out, length, ROA_ROW_BITS);
      store<u8>(out, load<u32>(vrp, VRP_MAX_BITS), ROA_ROW_MAX_BITS);
      out += ROA_ROW_BYTES;
      rows++;
    }
  }
  return rows;
}
