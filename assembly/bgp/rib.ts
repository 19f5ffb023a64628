// A RIB: one direction of one peer (Adj-RIB-In or Adj-RIB-Out). It holds what the decoder must know of the session,
// its counters, and a table per family, made with its first prefix.

import { strideOf } from "./family";
import { FAMILIES, RIB_BYTES, RIB_FLAGS, RIB_TABLES, TABLE_CAPACITY, TABLE_CHANGES } from "./layout";
import { give, take } from "./memory";
import { release } from "./set";
import { createTable, emptyTable, entryAt, freeTable, nextUsed } from "./table";

/** A new RIB without tables; 0 without memory. */
export function createRib(): usize {
  const rib = take(RIB_BYTES);
  if (rib != 0) memory.fill(rib, 0, RIB_BYTES);
  return rib;
}

/** Tells the decoder what the session has negotiated, and starts its counters at zero. Prefixes stay. */
export function startSession(rib: usize, flags: u32): void {
  const low = load<u64>(rib, RIB_TABLES);
  const high = load<u64>(rib, RIB_TABLES + 8);
  memory.fill(rib, 0, RIB_BYTES);
  store<u64>(rib, low, RIB_TABLES);
  store<u64>(rib, high, RIB_TABLES + 8);
  store<u32>(rib, flags, RIB_FLAGS);
  for (let family: u32 = 0; family < <u32>FAMILIES; family++) {
    const table = tableOf(rib, family);
    if (table != 0) store<u32>(table, 0, TABLE_CHANGES);
  }
}

/** The family's table, 0 while it has never had a prefix. */
export function tableOf(rib: usize, family: u32): usize {
  return load<u32>(rib + RIB_TABLES + ((<usize>family) << 2));
}

/** The family's table, made when it is not there; 0 without memory. */
export function needTable(rib: usize, family: u32): usize {
  const slot = rib + RIB_TABLES + ((<usize>family) << 2);
  if (load<u32>(slot) == 0) store<u32>(slot, <u32>createTable(strideOf(family)));
  return load<u32>(slot);
}

/** Forgets all prefixes. */
export function clearRib(rib: usize): void {
  for (let family: u32 = 0; family < <u32>FAMILIES; family++) {
    const table = tableOf(rib, family);
    if (table == 0) continue;
    const capacity = load<u32>(table, TABLE_CAPACITY);
    for (let slot = nextUsed(table, 0); slot < capacity; slot = nextUsed(table, slot + 1)) {
      release(load<u32>(entryAt(table, slot)));
    }
    emptyTable(table);
  }
}

/** Frees the RIB with all its tables. */
export function freeRib(rib: usize): void {
  clearRib(rib);
  for (let family: u32 = 0; family < <u32>FAMILIES; family++) {
    const table = tableOf(rib, family);
    if (table != 0) freeTable(table);
  }
  give(rib, RIB_BYTES);
}
