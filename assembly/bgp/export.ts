// Exports: what a peer gets of the shared tables. A batch's records whose best route has changed are looked up again,
// go through the peer's export policy and the rules of the protocol, and are compared with what the peer has (its
// Adj-RIB-Out); what differs becomes UPDATEs. What came of an attribute set is kept in the set's head, so that the
// next route with the same attributes costs a comparison.

import { RECORDS, recordsEnd } from "./batch";
import { decideFamily, isEligible } from "./decide";
import { beginOutput, emitAnnounce, emitWithdraw, endOutput, outputHasRoom } from "./emit";
import { exportedSet, isOffered } from "./export_set";
import { pathIdOf } from "./path_id";
import { needTable, noteChange, SHARED, tableOf } from "./rib";
import {
  ACTION_WITHDRAW,
  CHANGED_ANY,
  CHANGED_BEST,
  EXPORT_ALL,
  EXPORT_STATIC,
  R_ACTION,
  R_CHANGED,
  R_FAMILY,
  R_PATH_ID,
  RECORD_BYTES,
  ROUTE_PATH_ID,
  ROUTE_SET,
  ROUTE_SOURCE,
  TABLE_CAPACITY,
  TABLE_COUNT,
  X_ADD_PATH,
  X_FAMILIES,
  X_OUT,
  X_STATIC,
} from "./rib_layout";
import { bestRoute, findRoute, firstRoute, nextRoute, putRoute, removeRoute } from "./route";
import { release } from "./set";
import { find, touch } from "./table";

const AHEAD: usize = 16 * RECORD_BYTES;
let touched: u32 = 0;

/** Where exportBatch() goes on: a record, 0 at the end. */
let nextRecord: usize = 0;
/** Routes of that record that have been seen to: the output was full in their midst. */
let seen: u32 = 0;

/** Begins to export the batch to a peer. */
export function beginExport(): void {
  nextRecord = RECORDS;
  seen = 0;
}

/** True when exportBatch() has more to do: its output was full. */
export function exportHasMore(): bool {
  return nextRecord < recordsEnd();
}

/**
 * Exports the batch's changed records to a peer, as far as OUTPUT holds it; the bytes of the messages. `mode`: with
 * EXPORT_ALL what the peer has already is sent again (RFC 2918), with EXPORT_STATIC the peer's own routes are sent.
 */
export function exportBatch(x: usize, mode: u32): u32 {
  beginOutput(x);
  const end = recordsEnd();
  const fixed = mode == EXPORT_STATIC;
  // A peer's own routes go to it whatever is exported.
  const families: u32 = fixed ? u32.MAX_VALUE : load<u32>(x, X_FAMILIES);
  const addPaths = load<u32>(x, X_ADD_PATH);
  const out = <usize>load<u32>(x, X_OUT);
  let record = nextRecord;
  let ahead = record;
  while (record < end && outputHasRoom()) {
    if (record == ahead) {
      ahead = min<usize>(record + AHEAD, end);
      touchAhead(out, record, ahead);
    }
    const family = <u32>load<u8>(record, R_FAMILY);
    const addPath = ((addPaths >> family) & 1) != 0;
    const wanted = addPath ? CHANGED_ANY : CHANGED_BEST;
    if (((families >> family) & 1) != 0 && (load<u8>(record, R_CHANGED) & wanted) != 0) {
      const whole = fixed
        ? sendStatic(x, record, family, addPath)
        : exportPrefix(x, out, record, family, addPath, mode == EXPORT_ALL);
      if (!whole) break;
    }
    seen = 0;
    record += RECORD_BYTES;
  }
  nextRecord = record;
  return endOutput();
}

function touchAhead(out: usize, record: usize, end: usize): void {
  let read: u32 = 0;
  for (; record < end; record += RECORD_BYTES) {
    if (load<u8>(record, R_CHANGED) == 0) continue;
    const table = tableOf(out, load<u8>(record, R_FAMILY));
    if (table != 0 && load<u32>(table, TABLE_CAPACITY) != 0) read ^= touch(table, record);
  }
  touched ^= read;
}

/** True when an operator has sent the peer a route of its own for the prefix: that one stands. */
function isStatic(x: usize, record: usize, family: u32): bool {
  const table = tableOf(load<u32>(x, X_STATIC), family);
  return table != 0 && load<u32>(table, TABLE_COUNT) != 0 && find(table, record) != 0;
}

/** Sends the peer's own routes of a prefix; false when the output was full before the last one. */
function sendStatic(x: usize, record: usize, family: u32, addPath: bool): bool {
  const table = tableOf(load<u32>(x, X_STATIC), family);
  const entry: usize = table == 0 ? 0 : find(table, record);
  let at: u32 = 0;
  for (let route: usize = entry == 0 ? 0 : firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
    if (at++ < seen) continue;
    if (!outputHasRoom()) return false;
    emitAnnounce(record, family, load<u32>(route, ROUTE_SET), addPath, load<u32>(route, ROUTE_PATH_ID));
    seen++;
  }
  return true;
}

/**
 * The peer has routes of its own now instead of what came of the shared tables. They take the place of those with their
 * path ids; others have to be withdrawn. False when the output was full before the last one.
 */
function forget(x: usize, out: usize, record: usize, family: u32, addPath: bool): bool {
  const own = tableOf(load<u32>(x, X_STATIC), family);
  while (true) {
    const table = tableOf(out, family);
    const entry: usize = table == 0 ? 0 : find(table, record);
    if (entry == 0) return true;
    if (!outputHasRoom()) return false;
    const path = load<u32>(firstRoute(entry), ROUTE_PATH_ID);
    if (addPath && findRoute(find(own, record), 0, path) == 0) take(out, record, family, addPath, path);
    else removeRoute(table, record, 0, path);
  }
}

/** The peer has been told that the batch's withdrawn routes are gone, whoever had announced them. */
export function forgetWithdrawn(x: usize): void {
  const out = <usize>load<u32>(x, X_OUT);
  for (let record = RECORDS; record < recordsEnd(); record += RECORD_BYTES) {
    if (load<u8>(record, R_ACTION) != ACTION_WITHDRAW) continue;
    const table = tableOf(out, load<u8>(record, R_FAMILY));
    if (table != 0) removeRoute(table, record, 0, load<u32>(record, R_PATH_ID));
  }
}

function exportPrefix(x: usize, out: usize, record: usize, family: u32, addPath: bool, forced: bool): bool {
  if (isStatic(x, record, family)) return forget(x, out, record, family, addPath);
  decideFamily(family);
  const table = tableOf(SHARED, family);
  const entry: usize = table == 0 ? 0 : find(table, record);
  if (addPath) return exportPaths(x, out, record, family, entry, forced);
  const route: usize = entry == 0 ? 0 : bestRoute(entry);
  const set: usize = route == 0 ? 0 : exportedSet(x, family, route, record);
  put(out, record, family, set, false, 0, forced);
  return true;
}

/** Brings Adj-RIB-Out to what it must have, and emits the difference. Takes over a reference to the set. */
function put(out: usize, record: usize, family: u32, set: usize, addPath: bool, path: u32, forced: bool): void {
  if (set == 0) {
    take(out, record, family, addPath, path);
    return;
  }
  const table = needTable(out, family);
  const done = table == 0 ? -1 : putRoute(table, record, 0, path, set, 0, 0);
  if (done > 0) noteChange(out, family);
  if (done > 0 || (done == 0 && forced)) emitAnnounce(record, family, set, addPath, path);
  release(set);
}

/** Takes a route out of Adj-RIB-Out, and withdraws it. */
function take(out: usize, record: usize, family: u32, addPath: bool, path: u32): void {
  const table = tableOf(out, family);
  const entry: usize = table == 0 ? 0 : find(table, record);
  const route: usize = entry == 0 ? 0 : findRoute(entry, 0, path);
  if (route == 0) return;
  // Before it goes: its set may hold the NLRI, and its entry the key.
  emitWithdraw(record, family, load<u32>(route, ROUTE_SET), addPath, path);
  removeRoute(table, record, 0, path);
  noteChange(out, family);
}

/** The path id that a peer gets for a route. */
function idOf(route: usize): u32 {
  return pathIdOf(load<u16>(route, ROUTE_SOURCE), load<u32>(route, ROUTE_PATH_ID));
}

/** All eligible routes of a prefix, each with a path id of its own; false when the output was full before the last. */
function exportPaths(x: usize, out: usize, record: usize, family: u32, entry: usize, forced: bool): bool {
  let at: u32 = 0;
  for (let route: usize = entry == 0 ? 0 : firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
    if (at++ < seen) continue;
    if (!outputHasRoom()) return false;
    seen++;
    if (!isEligible(route)) continue;
    put(out, record, family, exportedSet(x, family, route, record), true, idOf(route), forced);
  }
  // What the peer has and no route stands for any more. A removal moves nodes: begin again after each.
  while (true) {
    const table = tableOf(out, family);
    const has: usize = table == 0 ? 0 : find(table, record);
    let gone: usize = has == 0 ? 0 : firstRoute(has);
    while (gone != 0 && isWanted(x, entry, load<u32>(gone, ROUTE_PATH_ID))) gone = nextRoute(has, gone);
    if (gone == 0) return true;
    if (!outputHasRoom()) return false;
    take(out, record, family, true, load<u32>(gone, ROUTE_PATH_ID));
  }
}

function isWanted(x: usize, entry: usize, path: u32): bool {
  for (let route: usize = entry == 0 ? 0 : firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
    if (idOf(route) == path) return isEligible(route) && isOffered(x, route);
  }
  return false;
}
