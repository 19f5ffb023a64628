// Walks over whole tables, a batch of records at a time: to bring a peer's Adj-RIB-Out to what it must be, and to take
// away or to judge again what a source has in the shared tables. Between batches anything may happen to the tables.

import { addSetBlock, arenaTop, hasRoom, RECORDS, setRecordsEnd, useArena } from "./batch";
import { isInline, keepsNlri, kindOf } from "./family";
import {
  ACTION_ANNOUNCE,
  ACTION_STALE,
  ACTION_WITHDRAW,
  BLOCKS_MAX,
  CHANGED_ANY,
  CHANGED_BEST,
  PHASE_IDLE,
  PHASE_OUT,
  PHASE_SHARED,
  PHASE_STATIC,
  R_ACTION,
  R_BLOCK,
  R_CHANGED,
  R_KEY,
  R_KEY_BYTES,
  R_PATH_ID,
  R_WIRE,
  R_WIRE_BYTES,
  RECORD_BYTES,
  ROUTE_FLAG_GENERATION,
  ROUTE_FLAGS,
  ROUTE_PATH_ID,
  ROUTE_SET,
  ROUTE_SOURCE,
  SET_BYTES,
  SET_LENGTH,
  SET_NLRI,
  SOURCE_GENERATION,
  SOURCE_INDEX,
  TABLE_CAPACITY,
  X_OUT,
  X_PHASES,
  X_STATIC,
  X_WALKERS,
} from "./layout";
import { SHARED, tableOf } from "./rib";
import { firstRoute, nextRoute } from "./route";
import { hold } from "./set";
import { sourceCount } from "./source";
import { entryAt, nextUsed, recordOf } from "./table";
import { endWalker, setWalkerSlot, startWalker, walkerSlot } from "./walker";

function phase(x: usize, family: u32): usize {
  return x + X_PHASES + ((<usize>family) << 2);
}

function walkerOf(x: usize, family: u32): usize {
  return x + X_WALKERS + ((<usize>family) << 2);
}

/**
 * Begins to bring a peer's routes of a family up to date: routes of its own, what is in the shared table, and what the
 * peer has. `fixed`: the first phase is not left out.
 */
export function startWalk(x: usize, family: u32, fixed: bool): void {
  enter(x, family, PHASE_IDLE);
  enter(x, family, fixed ? PHASE_STATIC : PHASE_SHARED);
}

function tableOfPhase(x: usize, family: u32, at: u32): usize {
  if (at == PHASE_SHARED) return tableOf(SHARED, family);
  const rib: usize = at == PHASE_STATIC ? load<u32>(x, X_STATIC) : load<u32>(x, X_OUT);
  return tableOf(rib, family);
}

/** Goes to a phase, or to the next one that has a table. */
function enter(x: usize, family: u32, next: u32): void {
  endWalker(load<u32>(walkerOf(x, family)));
  let walker: u32 = 0;
  for (; next != PHASE_IDLE && next <= <u32>PHASE_OUT; next++) {
    const table = tableOfPhase(x, family, next);
    if (table != 0) walker = startWalker(table);
    if (walker != 0) break;
  }
  store<u32>(walkerOf(x, family), walker);
  store<u32>(phase(x, family), walker == 0 ? PHASE_IDLE : next);
}

/** Breaks a walk off. */
export function endWalk(x: usize, family: u32): void {
  enter(x, family, PHASE_IDLE);
}

/** The phase that a walk is in, PHASE_IDLE when there is none. */
export function walkPhase(x: usize, family: u32): u32 {
  return load<u32>(phase(x, family));
}

/**
 * Makes records of the next prefixes of a walk, from `slots` slots of its table at most: a batch to be exported to that
 * peer. Returns how many; 0 does not mean that the walk is over.
 */
export function walkSome(x: usize, family: u32, slots: u32): u32 {
  const at = load<u32>(phase(x, family));
  if (at == PHASE_IDLE) return 0;
  const table = tableOfPhase(x, family, at);
  const walker = load<u32>(walkerOf(x, family));
  const capacity = load<u32>(table, TABLE_CAPACITY);
  let slot = walkerSlot(walker);
  const end = <u32>min<u64>(<u64>slot + slots, capacity);
  let record = RECORDS;
  while (slot < end) {
    slot = nextUsed(table, slot, end - slot);
    if (slot >= end) break;
    recordOf(table, entryAt(table, slot++), record);
    store<u8>(record, CHANGED_ANY | CHANGED_BEST, R_CHANGED);
    record += RECORD_BYTES;
  }
  setRecordsEnd(record);
  setWalkerSlot(walker, slot);
  if (slot >= capacity) enter(x, family, at + 1);
  return <u32>((record - RECORDS) / RECORD_BYTES);
}

/** Copies a record's key: the entry that holds it may go before the batch ends. */
function keepKey(record: usize): void {
  const bytes = load<u32>(record, R_KEY_BYTES);
  const key = arenaTop();
  memory.copy(key, load<u32>(record, R_KEY), bytes);
  store<u32>(record, <u32>key, R_KEY);
  useArena(key + bytes);
}

// Which routes of a source collectSome() takes.
export const COLLECT_ALL: u32 = 0;
export const COLLECT_STALE: u32 = 1;

/**
 * Makes records of a source's routes, from `slots` slots of the shared table at most, beginning where `walker` stands:
 * withdrawals of them, or with `again` announcements of what they are, so that they are judged anew. Returns how many.
 */
export function collectSome(source: usize, family: u32, walker: u32, slots: u32, which: u32, again: bool): u32 {
  const table = tableOf(SHARED, family);
  const kind = kindOf(family);
  const capacity = load<u32>(table, TABLE_CAPACITY);
  const index = load<u32>(source, SOURCE_INDEX);
  const fresh = (load<u32>(source, SOURCE_GENERATION) >> family) & 1;
  let slot = walkerSlot(walker);
  const end = <u32>min<u64>(<u64>slot + min<u32>(slots, BLOCKS_MAX / 2), capacity);
  let record = RECORDS;
  const left = sourceCount(source, family);
  while (slot < end && left > 0 && hasRoom(1)) {
    slot = nextUsed(table, slot, end - slot);
    if (slot >= end) break;
    const entry = entryAt(table, slot++);
    for (let route = firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
      if (load<u16>(route, ROUTE_SOURCE) != index) continue;
      const isFresh = <u32>((load<u8>(route, ROUTE_FLAGS) & ROUTE_FLAG_GENERATION) != 0) == fresh;
      if ((which == COLLECT_STALE && isFresh) || !hasRoom(1)) continue;
      recordOf(table, entry, record);
      if (!isInline(kind)) keepKey(record);
      store<u32>(record, load<u32>(route, ROUTE_PATH_ID), R_PATH_ID);
      const announced: u32 = isFresh ? ACTION_ANNOUNCE : ACTION_STALE;
      store<u8>(record, again ? announced : ACTION_WITHDRAW, R_ACTION);
      store<u32>(record, again ? <u32>blockOf(record, route, family) : 0, R_BLOCK);
      record += RECORD_BYTES;
      setRecordsEnd(record);
    }
  }
  setWalkerSlot(walker, left == 0 ? capacity : slot);
  return <u32>((record - RECORDS) / RECORD_BYTES);
}

/** A block with a route's set; its NLRI, where it keeps one, is the record's. */
function blockOf(record: usize, route: usize, family: u32): usize {
  const set = <usize>load<u32>(route, ROUTE_SET);
  if (keepsNlri(kindOf(family))) {
    store<u32>(record, <u32>(set + SET_BYTES + load<u32>(set, SET_LENGTH)), R_WIRE);
    store<u32>(record, load<u16>(set, SET_NLRI), R_WIRE_BYTES);
  }
  hold(set);
  return addSetBlock(set, family);
}

/** A walker over a family's shared table for collectSome(); 0 when the table is empty or there are too many. */
export function startFamilyWalker(family: u32): u32 {
  const table = tableOf(SHARED, family);
  return table == 0 ? 0 : startWalker(table);
}

/** True when a walker of startFamilyWalker() has seen all of its table. */
export function walkerAtEnd(walker: u32, family: u32): bool {
  return walkerSlot(walker) >= load<u32>(tableOf(SHARED, family), TABLE_CAPACITY);
}
