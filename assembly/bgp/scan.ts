// Reading tables: exact and longest match, and a walk that can stop and go on.

import { arenaTop, hasRoom, recordsEnd, useArena } from "./batch";
import { SCRATCH, STAGE, STAGE_END } from "./buffers";
import { decideFamily, isEligible, isStale } from "./decide";
import { isInline, kindOf } from "./family";
import { NLRI_IPV6 } from "./layout";
import { tableOf } from "./rib";
import {
  ACTION_WITHDRAW,
  ENTRY_KEY,
  R_FAMILY,
  R_KEY,
  R_KEY_BYTES,
  R_LENGTH,
  R_PREFIX,
  RECORD_BYTES,
  RIB_SOURCE,
  ROUTE_FLAG_REJECTED,
  ROUTE_FLAGS,
  ROUTE_LENGTH,
  ROUTE_PATH_ID,
  ROUTE_SET,
  ROUTE_SOURCE,
  ROW_BEST,
  ROW_BYTES,
  ROW_ELIGIBLE,
  ROW_FLAGS,
  ROW_KEY,
  ROW_KEY_BYTES,
  ROW_PATH_ID,
  ROW_POST,
  ROW_REJECTED,
  ROW_SET,
  ROW_SOURCE,
  ROW_STALE,
  SET_BYTES,
  SET_LENGTH,
  SET_NLRI,
  SOURCE_INDEX,
  TABLE_CAPACITY,
  TABLE_PER_LENGTH,
} from "./rib_layout";
import { decodeNlri } from "./nlri";
import { bestRoute, firstRoute, nextRoute, postSet } from "./route";
import { entryAt, find, hashKey, nextUsed, recordOf } from "./table";

/** The record that is looked for. */
const wanted: usize = memory.data(RECORD_BYTES);
let matchedBits: u32 = 0;
let next: u32 = 0;

/** The index of the RIB's source, 0 for a RIB with tables of its own. */
function sourceIndex(rib: usize): u32 {
  const source = load<u32>(rib, RIB_SOURCE);
  return source == 0 ? 0 : load<u32>(source, SOURCE_INDEX);
}

/** The RIB's route among an entry's: its source's, the best of several by add-path. 0 when there is none. */
function routeOf(rib: usize, entry: usize): usize {
  const index = sourceIndex(rib);
  for (let route = firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
    if (load<u16>(route, ROUTE_SOURCE) == index) return route;
  }
  return 0;
}

/** Routes of an entry as rows at `row`, those of `rib` or, with `all`, those of everybody; where the rows end. */
function writeRows(rib: usize, table: usize, entry: usize, row: usize, all: bool, bestOnly: bool): usize {
  const index = sourceIndex(rib);
  const best = bestRoute(entry);
  for (let route = firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
    if (row + ROW_BYTES > STAGE_END) break;
    if (!all && <u32>load<u16>(route, ROUTE_SOURCE) != index) continue;
    if (bestOnly && route != best) continue;
    writeRow(table, entry, route, row, route == best);
    row += ROW_BYTES;
  }
  return row;
}

function writeRow(table: usize, entry: usize, route: usize, row: usize, isBest: bool): void {
  const set = <usize>load<u32>(route, ROUTE_SET);
  let flags: u32 = 0;
  if (isBest) flags |= ROW_BEST;
  if (isEligible(route)) flags |= ROW_ELIGIBLE;
  if (isStale(route)) flags |= ROW_STALE;
  if ((load<u8>(route, ROUTE_FLAGS) & ROUTE_FLAG_REJECTED) != 0) flags |= ROW_REJECTED;
  store<u32>(row, <u32>set, ROW_SET);
  store<u32>(row, <u32>postSet(route), ROW_POST);
  store<u32>(row, load<u32>(route, ROUTE_PATH_ID), ROW_PATH_ID);
  store<u16>(row, load<u16>(route, ROUTE_SOURCE), ROW_SOURCE);
  store<u16>(row, <u16>flags, ROW_FLAGS);
  recordOf(table, entry, wanted);
  const kind = kindOf(load<u8>(wanted, R_FAMILY));
  if (isInline(kind)) {
    store<u32>(row, load<u8>(wanted, R_LENGTH), ROW_KEY_BYTES);
    memory.copy(row + ROW_KEY, wanted + R_PREFIX, 16);
    return;
  }
  const nlri = <u32>load<u16>(set, SET_NLRI);
  store<u32>(row, nlri != 0 ? nlri : load<u32>(wanted, R_KEY_BYTES), ROW_KEY_BYTES);
  store<u32>(row, nlri != 0 ? <u32>(set + SET_BYTES + load<u32>(set, SET_LENGTH)) : load<u32>(wanted, R_KEY), ROW_KEY);
}

/** Makes `wanted` of the prefix of `bits` bits at `p`, host bits cleared. */
function wantPrefix(family: u32, p: usize, bits: u32): void {
  store<u32>(wanted, family | (bits << 8), R_FAMILY);
  for (let i: i32 = 0; i < 16; i++) {
    const keep = min<i32>(max<i32>(<i32>bits - i * 8, 0), 8);
    store<u8>(wanted + R_PREFIX + i, <u32>load<u8>(p + i) & (0xff00 >> keep));
  }
}

/** The record of the one NLRI of `bytes` bytes at STAGE; 0 when there is not exactly one. It is read as if withdrawn. */
function recordOfNlri(family: u32, bytes: u32): usize {
  if (bytes == 0 || !hasRoom(bytes)) return 0;
  const record = recordsEnd();
  const arena = arenaTop();
  const end = decodeNlri(STAGE, STAGE + bytes, record, family, 0, ACTION_WITHDRAW, false);
  // The key stays where it is until the next batch.
  useArena(arena);
  if (end != record + RECORD_BYTES) return 0;
  hashKey(record);
  return record;
}

/**
 * Writes the rows of exactly what is at STAGE: of IPv4 and IPv6 families a prefix, 16 bytes (the rest zero) with `bits`,
 * of others an NLRI of `bits` bytes as a withdrawal has it. Returns how many.
 */
export function lookup(rib: usize, family: u32, bits: u32, all: bool): u32 {
  const table = tableOf(rib, family);
  if (table == 0) return 0;
  decideFamily(family);
  let record = wanted;
  if (isInline(kindOf(family))) wantPrefix(family, STAGE, bits);
  else record = recordOfNlri(family, bits);
  if (record == 0) return 0;
  const entry = find(table, record);
  return entry == 0 ? 0 : <u32>((writeRows(rib, table, entry, STAGE, all, false) - STAGE) / ROW_BYTES);
}

/** Writes the rows of the longest prefix that covers the address at STAGE; matchedLength() says how long it is. */
export function lookupLongest(rib: usize, family: u32, all: bool): u32 {
  const table = tableOf(rib, family);
  const kind = kindOf(family);
  if (table == 0 || !isInline(kind)) return 0;
  decideFamily(family);
  memory.copy(SCRATCH, STAGE, 16);
  for (let bits: i32 = kind == NLRI_IPV6 ? 128 : 32; bits >= 0; bits--) {
    if (load<u32>(table + TABLE_PER_LENGTH + ((<usize>bits) << 2)) == 0) continue;
    wantPrefix(family, SCRATCH, bits);
    const entry = find(table, wanted);
    if (entry == 0 || (!all && routeOf(rib, entry) == 0)) continue;
    matchedBits = bits;
    return <u32>((writeRows(rib, table, entry, STAGE, all, false) - STAGE) / ROW_BYTES);
  }
  return 0;
}

export function matchedLength(): u32 {
  return matchedBits;
}

/** True when the entry's prefix lies inside the one of `bits` bits at `p`. */
function isInside(entry: usize, p: usize, bits: u32): bool {
  if (<u32>load<u8>(entry, ROUTE_LENGTH) < bits) return false;
  const key = entry + ENTRY_KEY;
  const bytes = <usize>(bits >> 3);
  for (let i: usize = 0; i < bytes; i++) if (load<u8>(key + i) != load<u8>(p + i)) return false;
  const rest = bits & 7;
  return rest == 0 || ((load<u8>(key + bytes) ^ load<u8>(p + bytes)) & (0xff00 >> rest) & 0xff) == 0;
}

/**
 * Writes rows to STAGE from slot `from` on: of `rib`'s routes, or of everybody's (`all`), the best of each prefix only
 * with `bestOnly`, and with `within` below 255 only of prefixes inside the one of that many bits at STAGE. It ends after
 * `limit` rows, or `slots` slots. Returns how many; scanNext() is the slot to go on from, the table's capacity at the
 * end. A change of the table between calls may show a prefix twice or not at all.
 */
export function scan(
  rib: usize,
  family: u32,
  from: u32,
  limit: u32,
  slots: u32,
  all: bool,
  bestOnly: bool,
  within: u32,
): u32 {
  const table = tableOf(rib, family);
  next = 0;
  if (table == 0) return 0;
  decideFamily(family);
  const kind = kindOf(family);
  memory.copy(SCRATCH, STAGE, 16);
  const capacity = load<u32>(table, TABLE_CAPACITY);
  const end = <u32>min<u64>(<u64>from + slots, capacity);
  const most = STAGE + <usize>min<u32>(limit, <u32>((STAGE_END - STAGE) / ROW_BYTES) / 2) * ROW_BYTES;
  let row = STAGE;
  let slot = from;
  while (slot < end && row < most) {
    slot = nextUsed(table, slot, end - slot);
    if (slot >= end) break;
    const entry = entryAt(table, slot++);
    if (within < 255 && !isInside(entry, SCRATCH, within)) continue;
    row = writeRows(rib, table, entry, row, all, bestOnly);
  }
  next = slot;
  return <u32>((row - STAGE) / ROW_BYTES);
}

export function scanNext(): u32 {
  return next;
}

export function scanEnd(rib: usize, family: u32): u32 {
  const table = tableOf(rib, family);
  return table == 0 ? 0 : load<u32>(table, TABLE_CAPACITY);
}
