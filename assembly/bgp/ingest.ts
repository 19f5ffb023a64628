// From received bytes to tables, a batch at a time: decode UPDATEs into records until something else comes, the bytes
// end or the record buffer is full; then apply the records.

import { RECORDS, STATUS } from "./buffers";
import { frame } from "./header";
import {
  ERR_MEMORY,
  HEADER_BYTES,
  MESSAGE_BYTES_EXTENDED,
  MESSAGE_BYTES_MAX,
  MSG_UPDATE,
  R_ACTION,
  R_FAMILY,
  R_LENGTH,
  R_PATH_ID,
  R_PREFIX,
  R_SET,
  RECORD_BYTES,
  RECORDS_MAX,
  RIB_FLAG_EXTENDED_MESSAGES,
  RIB_FLAGS,
  STATUS_CONSUMED,
  STATUS_MESSAGE,
  STATUS_MESSAGE_BYTES,
  STATUS_MESSAGES,
  STATUS_RECORDS,
  STATUS_TYPE,
  STOP_MESSAGE,
  STOP_NEED_MORE,
  STOP_RECORDS_FULL,
  STOP_RESET,
  TABLE_CAPACITY,
} from "./layout";
import { releaseBatch } from "./rewrite";
import { needTable, tableOf } from "./rib";
import { hold, release } from "./set";
import { displacedSet, PUT_NEW, PUT_REPLACED, PUT_SAME, put, remove, touch } from "./table";
import { decodeUpdate, recordCount, startRecords } from "./update";

/**
 * Decodes the messages in the `bytes` bytes at `p` into a new batch of records. Returns why it stopped; the status
 * holds how many bytes were used up, how many UPDATEs and records they gave, and for STOP_MESSAGE the message, which
 * is not used up. With `updates` false it stops at UPDATEs too: a session that is not established takes none.
 */
export function decodeBatch(rib: usize, p: usize, bytes: u32, updates: bool): i32 {
  startRecords();
  const start = p;
  const end = p + bytes;
  let messages: u32 = 0;
  const extended = (load<u32>(rib, RIB_FLAGS) & RIB_FLAG_EXTENDED_MESSAGES) != 0;
  const most: u32 = extended ? MESSAGE_BYTES_EXTENDED : MESSAGE_BYTES_MAX;
  let stop: i32 = STOP_NEED_MORE;
  while (p < end) {
    const length = frame(p, <u32>(end - p), most);
    if (length <= 0) {
      if (length < 0) stop = STOP_RESET;
      break;
    }
    const type = load<u8>(p, 18);
    if (type != MSG_UPDATE || !updates) {
      store<u32>(STATUS, type, STATUS_TYPE);
      store<u32>(STATUS, <u32>p, STATUS_MESSAGE);
      store<u32>(STATUS, length, STATUS_MESSAGE_BYTES);
      stop = STOP_MESSAGE;
      break;
    }
    // A message has fewer prefixes than bytes.
    if (recordCount() + length > <u32>RECORDS_MAX) {
      stop = STOP_RECORDS_FULL;
      break;
    }
    messages++;
    if (decodeUpdate(rib, p + HEADER_BYTES, length - HEADER_BYTES) < 0) {
      stop = STOP_RESET;
      break;
    }
    p += length;
  }
  store<u32>(STATUS, <u32>(p - start), STATUS_CONSUMED);
  store<u32>(STATUS, recordCount(), STATUS_RECORDS);
  store<u32>(STATUS, messages, STATUS_MESSAGES);
  return stop;
}

/** Records whose entries are fetched from memory together: their cache misses overlap instead of following one another. */
const AHEAD: usize = 16 * RECORD_BYTES;
/** What touching has read: kept, so that no compiler may leave the loads out. */
let touched: u32 = 0;

function touchRecords(rib: usize, record: usize, end: usize): void {
  let read: u32 = 0;
  for (; record < end; record += RECORD_BYTES) {
    const table = tableOf(rib, load<u8>(record, R_FAMILY));
    if (table == 0 || load<u32>(table, TABLE_CAPACITY) == 0) continue;
    read ^= touch(table, record + R_PREFIX, load<u8>(record, R_LENGTH), load<u32>(record, R_PATH_ID));
  }
  touched = read;
}

/** Brings the batch's records into the tables and ends the batch. Returns 0, or ERR_MEMORY. */
export function applyBatch(rib: usize): i32 {
  const end = RECORDS + <usize>recordCount() * RECORD_BYTES;
  let result = 0;
  for (let from = RECORDS; from < end && result == 0; from += AHEAD) {
    const to = min<usize>(from + AHEAD, end);
    touchRecords(rib, from, to);
    for (let record = from; record < to; record += RECORD_BYTES) {
      if (applyRecord(rib, record) < 0) {
        result = ERR_MEMORY;
        break;
      }
    }
  }
  dropBatch();
  return result;
}

/** Ends the batch without applying it. */
export function dropBatch(): void {
  startRecords();
  releaseBatch();
}

function applyRecord(rib: usize, record: usize): i32 {
  const family = <u32>load<u8>(record, R_FAMILY);
  const bits = <u32>load<u8>(record, R_LENGTH);
  const path = load<u32>(record, R_PATH_ID);
  if (load<u8>(record, R_ACTION) == 0) {
    const table = tableOf(rib, family);
    if (table != 0 && remove(table, record + R_PREFIX, bits, path)) release(displacedSet());
    return 0;
  }
  const table = needTable(rib, family);
  if (table == 0) return -1;
  const set = <usize>load<u32>(record, R_SET);
  const done = put(table, record + R_PREFIX, bits, path, set);
  if (done < 0) return -1;
  if (done == PUT_SAME) return 0;
  hold(set);
  if (done == PUT_REPLACED) release(displacedSet());
  return done == PUT_NEW ? 1 : 0;
}

/** decodeBatch and applyBatch, over and over until something other than a full record buffer stops it. */
export function ingest(rib: usize, p: usize, bytes: u32): i32 {
  let consumed: u32 = 0;
  let records: u32 = 0;
  let messages: u32 = 0;
  let stop: i32 = STOP_RECORDS_FULL;
  while (stop == STOP_RECORDS_FULL) {
    stop = decodeBatch(rib, p + consumed, bytes - consumed, true);
    consumed += load<u32>(STATUS, STATUS_CONSUMED);
    records += load<u32>(STATUS, STATUS_RECORDS);
    messages += load<u32>(STATUS, STATUS_MESSAGES);
    if (applyBatch(rib) < 0) {
      stop = ERR_MEMORY;
    }
  }
  store<u32>(STATUS, consumed, STATUS_CONSUMED);
  store<u32>(STATUS, records, STATUS_RECORDS);
  store<u32>(STATUS, messages, STATUS_MESSAGES);
  return stop;
}
