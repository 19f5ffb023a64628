// Validated ROA payloads (VRPs) and the state of a route's origin (RFC 6811).
// A VRP has one bit per cache and generation, so
// that it is counted once for all caches, goes when the last one withdraws it, and a cache's new data can be put in
// place of its old data at once. A lookup tries only the prefix lengths that occur.
//
// A cache's new data is either all data, which fills its other generation, or a list of changes (roa_delta.ts). Of
// changes the other generation's bit says that the VRP comes or goes when they are whole.

import {
  AFI_IPV4,
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
import { beginDelta, deltaCount, deltaNet, deltaVrp, dropDelta, hasDelta, noteDelta } from "./roa_delta";
import {
  bump,
  capacity,
  cut,
  find,
  findVrp,
  insert,
  lengthAt,
  NET_KIND,
  NET_VRPS,
  netAt,
  removeAt,
  removeNet,
  setKey,
  VRP_AS,
  VRP_BYTES,
  VRP_MASK,
  VRP_MAX_BITS,
  VRP_NAMED,
  VRP_NEXT,
} from "./roa_table";

/** Per generation and family: VRPs. */
const counts: usize = memory.data(ROA_CACHES * 2 * 2 * 4);
/** Per family: distinct VRPs that count, and those that came or went with the last change of what counts. */
const totals: usize = memory.data(2 * 4);
const changes: usize = memory.data(2 * 4);
/** A bit per cache: which of its two generations counts. */
let parity: u32 = 0;
/** The generations that count now. */
let active: u32 = 0;

function countAt(bit: u32, afi: u32): usize {
  return counts + ((<usize>(ctz(bit) * 2 + afi - 1)) << 2);
}

/** True when the coming data of a cache has a VRP with these generations. */
function isComing(cache: u32, mask: u32): bool {
  const there = (mask & generation(cache, true)) != 0;
  return hasDelta(cache) ? there != ((mask & generation(cache, false)) != 0) : there;
}

/** Puts a VRP into the coming data of a cache, or takes it out. False when there is no memory to remember it. */
function turn(cache: u32, net: usize, vrp: usize, by: i32): bool {
  if (hasDelta(cache)) {
    if (!noteDelta(cache, net, vrp)) return false;
    store<u32>(vrp, load<u32>(vrp, VRP_MAX_BITS) + VRP_NAMED, VRP_MAX_BITS);
  }
  const bit = generation(cache, true);
  store<u32>(vrp, load<u32>(vrp, VRP_MASK) ^ bit, VRP_MASK);
  bump(countAt(bit, load<u32>(net, NET_KIND) >> 8), by);
  return true;
}

/**
 * Adds a VRP to the coming data of a cache; roaCommit() makes it count. Bits of the prefix beyond its length do not
 * matter. 1, or 0 when it is there already, or ERR_MEMORY.
 */
export function roaAdd(cache: u32, afi: u32, prefix: usize, bits: u32, maxBits: u32, asn: u32): i32 {
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
  if (isComing(cache, load<u32>(vrp, VRP_MASK))) return 0;
  return turn(cache, net, vrp, 1) ? 1 : ERR_MEMORY;
}

/** Takes a VRP out of the coming data of a cache. 1, or 0 when it is not in it, or ERR_MEMORY. */
export function roaRemove(cache: u32, afi: u32, prefix: usize, bits: u32, maxBits: u32, asn: u32): i32 {
  setKey(afi, prefix, bits);
  const net = find((afi << 8) | bits);
  const vrp: usize = net == 0 ? <usize>0 : findVrp(net, maxBits, asn);
  if (vrp == 0 || !isComing(cache, load<u32>(vrp, VRP_MASK))) return 0;
  return turn(cache, net, vrp, -1) ? 1 : ERR_MEMORY;
}

/** One change is done with: it is made (`apply`) or forgotten, and what nobody has any more is freed. */
function settle(cache: u32, net: usize, vrp: usize, apply: bool): void {
  const coming = generation(cache, true);
  const old = load<u32>(vrp, VRP_MASK);
  let mask = old & ~coming;
  if (apply && mask != old) mask ^= generation(cache, false);
  store<u32>(vrp, mask, VRP_MASK);
  const named = load<u32>(vrp, VRP_MAX_BITS) - VRP_NAMED;
  store<u32>(vrp, named, VRP_MAX_BITS);
  const family = (<usize>((load<u32>(net, NET_KIND) >> 8) - 1)) << 2;
  const now = (mask & active) != 0;
  if (now != ((old & active) != 0)) {
    bump(changes + family, 1);
    bump(totals + family, now ? 1 : -1);
  }
  if (mask != 0 || named >= VRP_NAMED) return;
  let link = net + NET_VRPS;
  while (<usize>load<u32>(link) != vrp) link = load<u32>(link) + VRP_NEXT;
  store<u32>(link, load<u32>(vrp, VRP_NEXT));
  give(vrp, VRP_BYTES);
  if (load<u32>(net, NET_VRPS) == 0) removeNet(net);
}

/** The changes of a cache are whole, or are forgotten. */
function endDelta(cache: u32, apply: bool): void {
  const count = deltaCount(cache);
  for (let i: u32 = 0; i < count; i++) settle(cache, deltaNet(cache, i), deltaVrp(cache, i), apply);
  dropDelta(cache);
  const from = countAt(generation(cache, true), AFI_IPV4);
  if (apply) store<u64>(countAt(generation(cache, false), AFI_IPV4), load<u64>(from));
  store<u64>(from, 0);
}

/** Brings one prefix's VRPs to the generations that remain; true when it has none left. */
function sweepNet(net: usize, clear: u32, next: u32): bool {
  const family = (<usize>((load<u32>(net, NET_KIND) >> 8) - 1)) << 2;
  let link = net + NET_VRPS;
  while (true) {
    const vrp = <usize>load<u32>(link);
    if (vrp == 0) break;
    const old = load<u32>(vrp, VRP_MASK);
    const mask = old & ~clear;
    const now = (mask & next) != 0;
    if (now) bump(totals + family, 1);
    if (now != ((old & active) != 0)) bump(changes + family, 1);
    store<u32>(vrp, mask, VRP_MASK);
    if (mask == 0 && load<u32>(vrp, VRP_MAX_BITS) < VRP_NAMED) {
      store<u32>(link, load<u32>(vrp, VRP_NEXT));
      give(vrp, VRP_BYTES);
    } else link = vrp + VRP_NEXT;
  }
  return load<u32>(net, NET_VRPS) == 0;
}

/** One walk over the table: clears generations and makes `next` those that count. */
function sweep(clear: u32, next: u32): void {
  memory.fill(totals, 0, 8);
  const mask = capacity - 1;
  // From an empty slot on, so that no run of entries crosses the start: each is met exactly once.
  let start: u32 = 0;
  while (start < capacity && netAt(start) != 0) start++;
  for (let i: u32 = 1; i <= capacity; i++) {
    const slot = (start + i) & mask;
    while (netAt(slot) != 0 && sweepNet(netAt(slot), clear, next)) removeAt(slot);
  }
  for (let bits = clear; bits != 0; bits &= bits - 1) store<u64>(countAt(bits & -bits, AFI_IPV4), 0);
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

/** Starts new data of a cache: all data, or (`delta`) what is to change of what it has. */
export function roaBegin(cache: u32, delta: bool): void {
  const coming = generation(cache, true);
  if (hasDelta(cache)) endDelta(cache, false);
  if (load<u64>(countAt(coming, AFI_IPV4)) != 0) sweep(coming, active);
  if (!delta) return;
  beginDelta(cache);
  store<u64>(countAt(coming, AFI_IPV4), load<u64>(countAt(generation(cache, false), AFI_IPV4)));
}

/** Puts the new data of a cache in place of its old data; from now on those `caches` count, a bit each. */
export function roaCommit(cache: u32, caches: u32): void {
  store<u64>(changes, 0);
  if (hasDelta(cache)) {
    endDelta(cache, true);
    if (generations(caches) != active) sweep(0, generations(caches));
    return;
  }
  const old = generation(cache, false);
  parity ^= (<u32>1) << cache;
  sweep(old, generations(caches));
}

/** Forgets the new data of a cache, and with `all` also what it has; from now on those `caches` count. */
export function roaDrop(cache: u32, all: bool, caches: u32): void {
  store<u64>(changes, 0);
  if (hasDelta(cache)) endDelta(cache, false);
  const clear = generation(cache, true) | (all ? generation(cache, false) : 0);
  let held: u64 = load<u64>(countAt(generation(cache, true), AFI_IPV4));
  if (all) held |= load<u64>(countAt(generation(cache, false), AFI_IPV4));
  if (held != 0 || generations(caches) != active) sweep(clear, generations(caches));
}

/** VRPs that a cache has, or that have come in (`coming`). */
export function roaCount(cache: u32, coming: bool, afi: u32): u32 {
  return load<u32>(countAt(generation(cache, coming), afi));
}

/** Distinct VRPs that count. */
export function roaTotal(afi: u32): u32 {
  return load<u32>(totals + ((<usize>(afi - 1)) << 2));
}

/** VRPs that came or went with the last roaCommit() or roaDrop(). */
export function roaChanged(afi: u32): u32 {
  return load<u32>(changes + ((<usize>(afi - 1)) << 2));
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
      const matches = load<u32>(vrp, VRP_AS) == origin && bits <= <u32>load<u8>(vrp, VRP_MAX_BITS);
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
      store<u8>(out, load<u8>(vrp, VRP_MAX_BITS), ROA_ROW_MAX_BITS);
      out += ROA_ROW_BYTES;
      rows++;
    }
  }
  return rows;
}
