// A RIB: one direction of one peer. It holds what the decoder must know of the session, and its counters. Routes are in
// tables of its own (what is sent), or, for a RIB with a source, in the shared tables, where those of all peers meet.

import { isInline, kindOf } from "./family";
import { FAMILIES } from "./layout";
import { give, take } from "./memory";
import {
  ENTRY_KEY,
  RIB_ADD_PATH,
  RIB_BYTES,
  RIB_CHANGES,
  RIB_END_OF_RIB,
  RIB_FAMILIES,
  RIB_FLAGS,
  RIB_SOURCE,
  RIB_TABLES,
  RIB_UPDATES,
  TABLE_CAPACITY,
  TABLE_COUNT,
  TABLE_FAMILY,
  TABLE_ROUTES,
} from "./rib_layout";
import { dropRoutes } from "./route";
import { sourceAccepted, sourceCount } from "./source";
import { createTable, entryAt, freeKey, freeTable, nextUsed, trim } from "./table";

/** A new RIB without tables; 0 without memory. */
export function createRib(): usize {
  const rib = take(RIB_BYTES);
  if (rib != 0) memory.fill(rib, 0, RIB_BYTES);
  return rib;
}

/** The tables that all peers' routes are in. */
export const SHARED: usize = createRib();

/**
 * Tells the decoder what the session has negotiated (masks with a bit a family), and starts its counters at zero.
 * Routes stay.
 */
export function startSession(rib: usize, flags: u32, families: u32, addPath: u32): void {
  store<u32>(rib, flags, RIB_FLAGS);
  store<u32>(rib, families, RIB_FAMILIES);
  store<u32>(rib, addPath, RIB_ADD_PATH);
  store<u32>(rib, 0, RIB_END_OF_RIB);
  memory.fill(rib + RIB_UPDATES, 0, RIB_TABLES - RIB_UPDATES);
  memory.fill(rib + RIB_CHANGES, 0, FAMILIES * 4);
}

/** The RIB that has the tables: this one, or the shared one. */
export function home(rib: usize): usize {
  return load<u32>(rib, RIB_SOURCE) == 0 ? rib : SHARED;
}

/** The family's table, 0 while it has never had a prefix. */
export function tableOf(rib: usize, family: u32): usize {
  return load<u32>(home(rib) + RIB_TABLES + ((<usize>family) << 2));
}

/** The family's table, made when it is not there; 0 without memory. */
export function needTable(rib: usize, family: u32): usize {
  const slot = home(rib) + RIB_TABLES + ((<usize>family) << 2);
  if (load<u32>(slot) == 0) store<u32>(slot, <u32>createTable(family));
  return load<u32>(slot);
}

/** Notes a change of the family's routes. */
export function noteChange(rib: usize, family: u32): void {
  const at = rib + RIB_CHANGES + ((<usize>family) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Changes of the family since the session started: new, replaced and removed routes. */
export function tableChanges(rib: usize, family: u32): u32 {
  return load<u32>(rib + RIB_CHANGES + ((<usize>family) << 2));
}

/** Routes of the family: of the RIB's source, or all in its table. */
export function tableCount(rib: usize, family: u32): u32 {
  const source = load<u32>(rib, RIB_SOURCE);
  if (source != 0) return sourceCount(source, family);
  const table = tableOf(rib, family);
  return table == 0 ? 0 : load<u32>(table, TABLE_ROUTES);
}

/** Routes of the family that the RIB's source has and that are accepted; 0 without a source. */
export function tableAccepted(rib: usize, family: u32): u32 {
  const source = load<u32>(rib, RIB_SOURCE);
  return source == 0 ? 0 : sourceAccepted(source, family);
}

/** Prefixes of the family in the shared tables, whoever they are from. */
export function sharedCount(family: u32): u32 {
  const table = tableOf(SHARED, family);
  return table == 0 ? 0 : load<u32>(table, TABLE_COUNT);
}

/** Forgets routes of a table from `slot` on, looking at `most` slots; returns where to go on, the capacity at the end. */
function dropSome(table: usize, slot: u32, most: u32): u32 {
  const capacity = load<u32>(table, TABLE_CAPACITY);
  const inline = isInline(kindOf(load<u32>(table, TABLE_FAMILY)));
  const end = <u32>min<u64>(<u64>slot + most, capacity);
  while (slot < end) {
    slot = nextUsed(table, slot, end - slot);
    if (slot >= end) break;
    const entry = entryAt(table, slot++);
    dropRoutes(entry);
    if (!inline) freeKey(load<u32>(entry, ENTRY_KEY));
  }
  return slot;
}

/** Gives tables that have become almost empty fewer slots. Not while a batch is under way. */
export function trimRib(rib: usize): void {
  for (let family: u32 = 0; family < <u32>FAMILIES; family++) {
    const table = tableOf(rib, family);
    if (table != 0) trim(table);
  }
}

/** Forgets all routes of a RIB's own tables at once. */
export function clearRib(rib: usize): void {
  for (let family: u32 = 0; family < <u32>FAMILIES; family++) {
    discard(rib, family);
    while (dropDiscarded(u32.MAX_VALUE)) continue;
  }
}

// Tables that are given up are freed bit by bit: a large one at once would hold up everything else.
const DISCARDED_MAX: u32 = 16384;
const discarded: usize = take(DISCARDED_MAX * 4);
let discardedCount: u32 = 0;
let discardedSlot: u32 = 0;

/** Gives a RIB's own table of a family up: it is empty at once, and its memory comes back with dropDiscarded(). */
export function discard(rib: usize, family: u32): void {
  const slot = rib + RIB_TABLES + ((<usize>family) << 2);
  const table = <usize>load<u32>(slot);
  if (table == 0) return;
  store<u32>(slot, 0);
  if (discardedCount == DISCARDED_MAX) while (dropDiscarded(u32.MAX_VALUE)) continue;
  store<u32>(discarded + ((<usize>discardedCount) << 2), <u32>table);
  discardedCount++;
}

/** Frees what discard() has given up, `most` slots of it; true when there is more. */
export function dropDiscarded(most: u32): bool {
  if (discardedCount == 0) return false;
  const table = <usize>load<u32>(discarded + ((<usize>(discardedCount - 1)) << 2));
  discardedSlot = dropSome(table, discardedSlot, most);
  if (discardedSlot >= load<u32>(table, TABLE_CAPACITY)) {
    freeTable(table);
    discardedCount--;
    discardedSlot = 0;
  }
  return discardedCount != 0;
}

/** Frees the RIB with its own tables. A source must be gone before. */
export function freeRib(rib: usize): void {
  clearRib(rib);
  give(rib, RIB_BYTES);
}

export function sharedRib(): usize {
  return SHARED;
}
