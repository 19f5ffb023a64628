// Walks over whole tables, a batch of records at a time: to bring a peer's Adj-RIB-Out to what it must be, and to take
// away or to judge again what a source has in the shared tables. Between batches anything may happen to the tables.

import { addSetBlock, arenaTop, hasRoomFor, RECORDS, recordCount, recordsEnd, setRecordsEnd, useArena } from "./batch";
import { isInline, keepsNlri, kindOf } from "./family";
import { SHARED, tableOf } from "./rib";
import {
  ACTION_AGAIN,
  ACTION_WITHDRAW,
  CHANGED_ANY,
  CHANGED_BEST,
  ENTRY_KEY,
  KEY_BYTES,
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
  ROUTE_FLAGS,
  ROUTE_GENERATION,
  ROUTE_PATH_ID,
  ROUTE_SET,
  ROUTE_SOURCE,
  SET_BYTES,
  SET_LENGTH,
  SET_NLRI,
  SOURCE_INDEX,
  TABLE_CAPACITY,
  X_FAMILIES,
  X_OUT,
  X_PHASES,
  X_STATIC,
  X_WALKERS,
} from "./rib_layout";
import { firstRoute, nextRoute } from "./route";
import { hold } from "./set";
import { generationOf, sourceCount } from "./source";
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
  const exported = ((load<u32>(x, X_FAMILIES) >> family) & 1) != 0;
  for (; next != PHASE_IDLE && next <= <u32>PHASE_OUT; next++) {
    if (next != PHASE_STATIC && !exported) continue;
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
  if (table == 0) {
    enter(x, family, at + 1);
    return 0;
  }
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

/** collectSome(): not only stale routes. */
export const COLLECT_ALL: u32 = 0xff;

/** True when a route's generation is older than `since`, seen from `fresh`. */
function isOlder(generation: u32, since: u32, fresh: u32): bool {
  return ((fresh - generation) & ROUTE_GENERATION) > ((fresh - since) & ROUTE_GENERATION);
}

/** Adds the records of a source's routes of an entry, as far as there is room; the number that were left out. */
function collectEntry(table: usize, entry: usize, source: usize, family: u32, since: u32, again: bool): u32 {
  const index = load<u32>(source, SOURCE_INDEX);
  const fresh = generationOf(source, family);
  let record = recordsEnd();
  const first = record;
  let left: u32 = 0;
  for (let route = firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
    if (load<u16>(route, ROUTE_SOURCE) != index) continue;
    const generation = <u32>load<u8>(route, ROUTE_FLAGS) & ROUTE_GENERATION;
    if (since != COLLECT_ALL && !isOlder(generation, since, fresh)) continue;
    if (!hasRoomFor(1, 0)) {
      left++;
      continue;
    }
    recordOf(table, entry, record);
    if (!isInline(kindOf(family))) {
      if (record == first) keepKey(record);
      else store<u32>(record, load<u32>(first, R_KEY), R_KEY);
    }
    store<u32>(record, load<u32>(route, ROUTE_PATH_ID), R_PATH_ID);
    store<u8>(record, again ? ACTION_AGAIN | generation : ACTION_WITHDRAW, R_ACTION);
    store<u32>(record, again ? <u32>blockOf(record, route, family) : 0, R_BLOCK);
    record += RECORD_BYTES;
    setRecordsEnd(record);
  }
  return left;
}

/** True when the batch has room for all routes of an entry. */
function entryFits(table: usize, entry: usize, kind: u32): bool {
  let routes: u32 = 0;
  for (let route = firstRoute(entry); route != 0; route = nextRoute(entry, route)) routes++;
  const bytes: u32 = isInline(kind) ? 0 : load<u32>(load<u32>(entry, ENTRY_KEY), KEY_BYTES);
  return hasRoomFor(routes, bytes);
}

/**
 * Makes records of a source's routes, from `slots` slots of the shared table at most, beginning where `walker` stands:
 * of all (COLLECT_ALL), or of those older than the generation `since`; withdrawals of them, or with `again` announcements
 * of what they are, so that they are judged anew. Returns how many.
 */
export function collectSome(source: usize, family: u32, walker: u32, slots: u32, since: u32, again: bool): u32 {
  const table = tableOf(SHARED, family);
  const kind = kindOf(family);
  const capacity = load<u32>(table, TABLE_CAPACITY);
  let slot = walkerSlot(walker);
  const end = <u32>min<u64>(<u64>slot + slots, capacity);
  const some = sourceCount(source, family) > 0;
  while (some && slot < end) {
    slot = nextUsed(table, slot, end - slot);
    if (slot >= end) break;
    const entry = entryAt(table, slot);
    if (recordCount() > 0 && !entryFits(table, entry, kind)) break;
    // A prefix with more routes than a batch has room for is met again until they are gone.
    if (collectEntry(table, entry, source, family, since, again) > 0 && !again) break;
    slot++;
  }
  setWalkerSlot(walker, some ? slot : capacity);
  return recordCount();
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
