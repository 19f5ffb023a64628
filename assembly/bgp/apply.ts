// A batch into tables: attributes are interned once a block, judged by the import rules and the import policy of the
// peer, and each record becomes a route or takes one away. What that changes is noted in the record, for the exports.

import { BLOCKS, blocksEnd, RECORDS, recordsEnd } from "./batch";
import { SCRATCH } from "./buffers";
import { decideFamily } from "./decide";
import { isInline, keepsNlri, kindOf } from "./family";
import { importFindings, importPost, isRefused, REJECTED } from "./import";
import { ERR_MEMORY } from "./layout";
import { countPath } from "./path_id";
import { needTable, noteChange, tableOf } from "./rib";
import {
  ACTION_AGAIN,
  ACTION_GENERATION,
  ACTION_KIND,
  ACTION_WITHDRAW,
  B_ATTRIBUTES,
  B_BYTES,
  B_FAMILY,
  B_HASH,
  B_POST,
  B_REFUSED,
  B_SET,
  BLOCK_BYTES,
  CHANGED_ANY,
  CHANGED_BEST,
  R_ACTION,
  R_BLOCK,
  R_CHANGED,
  R_FAMILY,
  R_PATH_ID,
  R_WIRE,
  R_WIRE_BYTES,
  RECORD_BYTES,
  RIB_PATHS_REFUSED,
  RIB_POLICY,
  RIB_SOURCE,
  ROUTE_FLAG_REFUSED,
  ROUTE_FLAG_REJECTED,
  SET_BYTES,
  SET_LENGTH,
  SOURCE_INDEX,
  SOURCE_LONG_LIVED,
  TABLE_CAPACITY,
} from "./rib_layout";
import { acceptedChanged, putRoute, removeRoute, routesChanged, wasRefused } from "./route";
import { hashOf, internHashed, release, touchIndex } from "./set";
import { countSource, generationOf } from "./source";
import { hashKey, touch } from "./table";

/** Records whose entries are fetched from memory together: their cache misses overlap instead of following one another. */
const AHEAD: usize = 16 * RECORD_BYTES;
const BLOCKS_AHEAD: usize = 8 * BLOCK_BYTES;
/** What touching has read: kept, so that no compiler may leave the loads out. */
let touched: u32 = 0;

/** Interns the attributes of all blocks that are not yet; ERR_MEMORY when that fails. */
function internBlocks(rib: usize): i32 {
  const end = blocksEnd();
  const checked = load<u32>(rib, RIB_SOURCE) != 0;
  for (let from = BLOCKS; from < end; from += BLOCKS_AHEAD) {
    const to = min<usize>(from + BLOCKS_AHEAD, end);
    let index: u64 = 0;
    for (let block = from; block < to; block += BLOCK_BYTES) {
      if (load<u32>(block, B_SET) != 0) continue;
      const hash = hashOf(load<u32>(block, B_ATTRIBUTES), load<u32>(block, B_BYTES));
      store<u32>(block, hash, B_HASH);
      index = touchIndex(hash);
      // The set itself, when the first slot is right: its head and the bytes to compare.
      if (<u32>index == hash) touched ^= load<u32>(<usize>(index >> 32));
    }
    for (let block = from; block < to; block += BLOCK_BYTES) {
      let set = <usize>load<u32>(block, B_SET);
      if (set == 0) {
        set = internHashed(load<u32>(block, B_ATTRIBUTES), load<u32>(block, B_BYTES), 0, load<u32>(block, B_HASH));
        if (set == 0) return ERR_MEMORY;
        store<u32>(block, <u32>set, B_SET);
      }
      if (checked) store<u32>(block, importFindings(rib, set, load<u32>(block, B_FAMILY)), B_REFUSED);
    }
  }
  return 0;
}

function touchRecords(rib: usize, record: usize, end: usize): void {
  let read: u32 = 0;
  for (; record < end; record += RECORD_BYTES) {
    const family = <u32>load<u8>(record, R_FAMILY);
    if (!isInline(kindOf(family))) hashKey(record);
    const table = tableOf(rib, family);
    if (table == 0 || load<u32>(table, TABLE_CAPACITY) == 0) continue;
    read ^= touch(table, record);
  }
  touched ^= read;
}

/** Brings the batch's records into the RIB's tables. Returns 0, or ERR_MEMORY. The batch goes on until endBatch(). */
export function applyBatch(rib: usize): i32 {
  if (internBlocks(rib) < 0) return ERR_MEMORY;
  const end = recordsEnd();
  for (let from = RECORDS; from < end; from += AHEAD) {
    const to = min<usize>(from + AHEAD, end);
    touchRecords(rib, from, to);
    for (let record = from; record < to; record += RECORD_BYTES) {
      if (applyRecord(rib, record) < 0) return ERR_MEMORY;
    }
  }
  return 0;
}

/** The set of a route that keeps its whole NLRI; a reference of the caller's, 0 without memory. */
function internWithNlri(record: usize, set: usize): usize {
  const bytes = load<u32>(set, SET_LENGTH);
  const nlri = load<u32>(record, R_WIRE_BYTES);
  const scratch = SCRATCH;
  memory.copy(scratch, set + SET_BYTES, bytes);
  memory.copy(scratch + bytes, load<u32>(record, R_WIRE), nlri);
  return internHashed(scratch, bytes + nlri, nlri, hashOf(scratch, bytes + nlri));
}

function applyRecord(rib: usize, record: usize): i32 {
  const family = <u32>load<u8>(record, R_FAMILY);
  decideFamily(family);
  const source = <usize>load<u32>(rib, RIB_SOURCE);
  const index = source == 0 ? 0 : load<u32>(source, SOURCE_INDEX);
  const path = load<u32>(record, R_PATH_ID);
  let changed: i32 = 0;
  const action = <u32>load<u8>(record, R_ACTION) & ACTION_KIND;
  if (action == ACTION_WITHDRAW) {
    const table = tableOf(rib, family);
    if (table != 0) changed = removeRoute(table, record, index, path);
  } else changed = announce(rib, record, family, source, index, path);
  if (changed < 0) return changed;
  // Judged anew, or withdrawn by an operator: whoever has the prefix is looked at, whatever has changed here.
  const looked = action == ACTION_AGAIN || (source == 0 && action == ACTION_WITHDRAW);
  store<u8>(record, looked ? CHANGED_ANY | CHANGED_BEST : changed, R_CHANGED);
  if (changed != 0) {
    noteChange(rib, family);
    if (source != 0 && (routesChanged() | acceptedChanged()) != 0) {
      countSource(source, family, routesChanged(), acceptedChanged());
      if (routesChanged() != 0 && !countPath(index, path, routesChanged())) return ERR_MEMORY;
    }
  }
  return 0;
}

function announce(rib: usize, record: usize, family: u32, source: usize, index: u32, path: u32): i32 {
  const table = needTable(rib, family);
  if (table == 0) return ERR_MEMORY;
  const block = <usize>load<u32>(record, R_BLOCK);
  let set = <usize>load<u32>(block, B_SET);
  const own = keepsNlri(kindOf(family));
  if (own) {
    set = internWithNlri(record, set);
    if (set == 0) return ERR_MEMORY;
  }
  let flags: u32 = 0;
  let post: usize = 0;
  if (source != 0) {
    const fresh = generationOf(source, family);
    const action = <u32>load<u8>(record, R_ACTION);
    flags = (action & ACTION_KIND) == ACTION_AGAIN ? action & ACTION_GENERATION : fresh;
    const stale = flags != fresh;
    const longLived = stale && ((load<u32>(source, SOURCE_LONG_LIVED) >> family) & 1) != 0;
    const findings = load<u32>(block, B_REFUSED);
    if (isRefused(findings)) flags |= ROUTE_FLAG_REFUSED;
    if (load<u32>(rib, RIB_POLICY) != 0 || findings != 0 || longLived) {
      post = importPost(rib, block, set, record, family, longLived);
      if (post == REJECTED) {
        flags |= ROUTE_FLAG_REJECTED;
        post = 0;
      }
    }
  }
  const changed = putRoute(table, record, index, path, set, post, flags);
  if (wasRefused()) store<u64>(rib, load<u64>(rib, RIB_PATHS_REFUSED) + 1, RIB_PATHS_REFUSED);
  if (own) release(set);
  if (post != 0) release(post);
  return changed;
}
