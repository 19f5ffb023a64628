// Path identifiers that peers get with ADD-PATH (RFC 7911 §3: ours to choose, and of one prefix no two alike). What a
// source calls its paths has 32 bits itself. Small ones, which is what speakers send, are put behind the source's index;
// of large ones a table keeps a number for each, as long as some route of the source has it.

import { give, take } from "./memory";
import { hashSeed } from "./set";

/** Below it a source's path identifier is part of ours: behind the twelve bits of the source's index. */
const DIRECT_BITS: u32 = 19;
const DIRECT: u32 = 1 << DIRECT_BITS;
/** Set in identifiers that are a row's number. */
const NUMBERED: u32 = 0x80000000;

// A row: one path identifier of one source. Those whose hashes end alike are chained; free ones, too.
const ROW_BYTES: usize = 16;
const ROW_PATH: usize = 0;
const ROW_SOURCE: usize = 4;
/** Routes that have it. */
const ROW_REFS: usize = 8;
/** The next row's number and one; 0 at the end. */
const ROW_NEXT: usize = 12;
const CAPACITY_LEAST: u32 = 64;

let rows: usize = 0;
/** A row's number and one each, 0 for none: where the chain of a hash begins. */
let chains: usize = 0;
/** Of rows, and of chains: a power of two. */
let capacity: u32 = 0;
let count: u32 = 0;
/** Rows from here on have never been used; the chain of those that are free again. */
let fresh: u32 = 0;
let free: u32 = 0;

function rowAt(number: u32): usize {
  return rows + <usize>number * ROW_BYTES;
}

/** Where the chain begins that a source's path identifier is in. */
function chainOf(source: u32, path: u32): usize {
  const mixed = (hashSeed() ^ (((<u64>source) << 32) | path)) * 0x9fb21c651e98df25;
  return chains + ((<usize>((<u32>(mixed >> 40) ^ <u32>(mixed >> 16)) & (capacity - 1))) << 2);
}

/** The number and one of a source's path identifier; 0 when no route has it. */
function find(source: u32, path: u32): u32 {
  if (count == 0) return 0;
  let next = load<u32>(chainOf(source, path));
  while (next != 0) {
    const row = rowAt(next - 1);
    if (load<u32>(row, ROW_PATH) == path && load<u32>(row, ROW_SOURCE) == source) return next;
    next = load<u32>(row, ROW_NEXT);
  }
  return 0;
}

function link(number: u32): void {
  const row = rowAt(number);
  const chain = chainOf(load<u32>(row, ROW_SOURCE), load<u32>(row, ROW_PATH));
  store<u32>(row, load<u32>(chain), ROW_NEXT);
  store<u32>(chain, number + 1);
}

/** Twice as many rows, with the numbers that they had. False without memory. All rows are in use. */
function grow(): bool {
  const wider = capacity == 0 ? CAPACITY_LEAST : capacity * 2;
  const moved = take(<usize>wider * ROW_BYTES);
  const wide: usize = moved == 0 ? 0 : take((<usize>wider) << 2);
  if (wide == 0) {
    if (moved != 0) give(moved, <usize>wider * ROW_BYTES);
    return false;
  }
  memory.copy(moved, rows, <usize>capacity * ROW_BYTES);
  const used = capacity;
  giveAll();
  rows = moved;
  chains = wide;
  capacity = wider;
  memory.fill(chains, 0, (<usize>wider) << 2);
  for (let number: u32 = 0; number < used; number++) link(number);
  return true;
}

function giveAll(): void {
  if (capacity == 0) return;
  give(rows, <usize>capacity * ROW_BYTES);
  give(chains, (<usize>capacity) << 2);
  capacity = 0;
}

function add(source: u32, path: u32): bool {
  if (free == 0 && fresh == capacity && !grow()) return false;
  const number = free == 0 ? fresh++ : free - 1;
  const row = rowAt(number);
  if (free != 0) free = load<u32>(row, ROW_NEXT);
  store<u32>(row, path, ROW_PATH);
  store<u32>(row, source, ROW_SOURCE);
  store<u32>(row, 1, ROW_REFS);
  link(number);
  count++;
  return true;
}

function drop(source: u32, path: u32, number: u32): void {
  let at = chainOf(source, path);
  while (load<u32>(at) != number) at = rowAt(load<u32>(at) - 1) + ROW_NEXT;
  const row = rowAt(number - 1);
  store<u32>(at, load<u32>(row, ROW_NEXT));
  store<u32>(row, free, ROW_NEXT);
  free = number;
  count--;
  if (count > 0) return;
  giveAll();
  fresh = 0;
  free = 0;
}

/** One route more (1) or less (-1) has a source's path identifier. False without memory. */
export function countPath(source: u32, path: u32, by: i32): bool {
  if (path < DIRECT) return true;
  const number = find(source, path);
  if (number == 0) return by < 0 || add(source, path);
  const row = rowAt(number - 1);
  const refs = load<u32>(row, ROW_REFS) + by;
  store<u32>(row, refs, ROW_REFS);
  if (refs == 0) drop(source, path, number);
  return true;
}

/** What peers are told of a source's path; 0 when none of its routes has the path identifier. */
export function pathIdOf(source: u32, path: u32): u32 {
  // Of a peer without ADD-PATH, which has one path: short.
  if (path == 0) return source;
  if (path < DIRECT) return (source << DIRECT_BITS) | path;
  const number = find(source, path);
  return number == 0 ? 0 : NUMBERED | (number - 1);
}
