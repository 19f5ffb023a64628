// Flows in OpenFlow 1.0, each beside its reverse: FLOW_MOD (1.0 spec §5.3.3), flow statistics (§5.3.5), FLOW_REMOVED (§5.4.3).
// Records are those of 1.3: a flow's actions are the one apply_actions instruction.

import { loadU16, loadU32, loadU64, storeU16, storeU32, storeU64 } from "../mem/bytes";
import { packActions10, unpackActions10 } from "./action_v10";
import { zero } from "./arena";
import { itemCopy, itemIsRaw, itemKind, itemSize } from "./item";
import {
  ERR_LENGTH,
  ERR_TOO_LONG,
  ERR_VERSION,
  FLOW_BUFFER,
  FLOW_BYTES,
  FLOW_COMMAND,
  FLOW_COOKIE,
  FLOW_COOKIE_MASK,
  FLOW_FLAGS,
  FLOW_HARD,
  FLOW_HEAD,
  FLOW_IDLE,
  FLOW_NANOSECONDS,
  FLOW_OUT_GROUP,
  FLOW_OUT_PORT,
  FLOW_PACKETS,
  FLOW_PRIORITY,
  FLOW_SECONDS,
  FLOW_SIZE,
  FLOW_TABLE,
  ITEM_CODE,
  KIND_INSTRUCTION,
  OFP_VERSION_10,
  OFPT_FLOW_MOD,
  OFPT_FLOW_REMOVED,
  V10_STATS_REQUEST,
} from "./layout";
import { MATCH_V10, matchProtocol, packMatch10, portTo16, portTo32, unpackMatch10 } from "./match_v10";
import { afterMatch } from "./oxm";

const OFPST_FLOW: u32 = 1;
const APPLY_ACTIONS: u32 = 4;
const ALL_TABLES: u32 = 0xff;
const ANY: u32 = 0xffffffff;
/** Bytes of a FLOW_MOD, and of a statistics entry, before the actions; of a FLOW_REMOVED. */
const FLOW_MOD: usize = 72;
const ENTRY: usize = 88;
const REMOVED: usize = 88;
/** Where countFlows unpacks one match: under 30 items of 24 bytes. */
const PROBE: usize = heap.alloc(1024);

function recordEnd(record: usize): usize {
  return record + load<u32>(record + FLOW_SIZE);
}

function seal(start: usize, end: usize, type: u32, xid: u32): i32 {
  const length = end - start;
  if (length > 0xffff) return ERR_TOO_LONG;
  store<u8>(start, OFP_VERSION_10);
  store<u8>(start + 1, <u8>type);
  storeU16(start + 2, <u32>length);
  storeU32(start + 4, xid);
  return <i32>length;
}

/** Writes the actions of the record's items from `item` on; returns the address after them, or an error. */
function packItems(item: usize, end: usize, out: usize): i32 {
  if (item == end) return <i32>out;
  const apply = itemKind(item) == KIND_INSTRUCTION && load<u16>(item + ITEM_CODE) == APPLY_ACTIONS && !itemIsRaw(item);
  if (!apply) return ERR_VERSION;
  item += itemSize(item);
  const after = packActions10(item, end, out);
  if (after < 0) return after;
  while (item < end) {
    if (itemKind(item) == KIND_INSTRUCTION) return ERR_VERSION;
    item += itemSize(item);
  }
  return after;
}

/** The match at `match` and the actions from `actions` to `end` become the record's items; returns its size, or an error. */
function unpackItems(match: usize, actions: usize, end: usize, record: usize): i32 {
  let out = unpackMatch10(match, record + FLOW_HEAD);
  if (actions < end) {
    out = itemCopy(out, KIND_INSTRUCTION, 0, APPLY_ACTIONS, 0, 0, 0);
    const after = unpackActions10(actions, end, matchProtocol(match), out);
    if (after < 0) return after;
    out = after;
  }
  const size = <i32>(out - record);
  store<u32>(record + FLOW_SIZE, size);
  return size;
}

function clearHead(record: usize): void {
  zero(record, FLOW_HEAD);
  store<u32>(record + FLOW_BUFFER, ANY);
  store<u32>(record + FLOW_OUT_PORT, ANY);
  store<u32>(record + FLOW_OUT_GROUP, ANY);
}

/** Writes `record` as a FLOW_MOD; returns its length, or an error. */
export function packFlowMod10(record: usize, xid: u32, out: usize): i32 {
  const port = portTo16(load<u32>(record + FLOW_OUT_PORT));
  if (port < 0) return port;
  if (load<u32>(record + FLOW_OUT_GROUP) != ANY || load<u64>(record + FLOW_COOKIE_MASK) != 0) return ERR_VERSION;
  const end = recordEnd(record);
  const items = record + FLOW_HEAD;
  const matched = packMatch10(items, end, out + 8);
  if (matched < 0) return matched;
  storeU64(out + 48, load<u64>(record + FLOW_COOKIE));
  storeU16(out + 56, load<u8>(record + FLOW_COMMAND));
  storeU16(out + 58, load<u16>(record + FLOW_IDLE));
  storeU16(out + 60, load<u16>(record + FLOW_HARD));
  storeU16(out + 62, load<u16>(record + FLOW_PRIORITY));
  storeU32(out + 64, load<u32>(record + FLOW_BUFFER));
  storeU16(out + 68, port);
  storeU16(out + 70, load<u16>(record + FLOW_FLAGS));
  const after = packItems(afterMatch(items, end), end, out + FLOW_MOD);
  return after < 0 ? after : seal(out, after, OFPT_FLOW_MOD, xid);
}

/** Reads the FLOW_MOD of `n` bytes at `p` into `record`; returns the record's size, or an error. */
export function unpackFlowMod10(p: usize, n: usize, record: usize): i32 {
  if (n < FLOW_MOD) return ERR_LENGTH;
  clearHead(record);
  store<u64>(record + FLOW_COOKIE, loadU64(p + 48));
  store<u8>(record + FLOW_COMMAND, <u8>loadU16(p + 56));
  store<u16>(record + FLOW_IDLE, <u16>loadU16(p + 58));
  store<u16>(record + FLOW_HARD, <u16>loadU16(p + 60));
  store<u16>(record + FLOW_PRIORITY, <u16>loadU16(p + 62));
  store<u32>(record + FLOW_BUFFER, loadU32(p + 64));
  store<u32>(record + FLOW_OUT_PORT, portTo32(loadU16(p + 68)));
  store<u16>(record + FLOW_FLAGS, <u16>loadU16(p + 70));
  return unpackItems(p + 8, p + FLOW_MOD, p + n, record);
}

/**
 * Writes the statistics request for the flows that `record`'s table, match and out_port cover; returns its length. A record
 * that changes flows (its command is not ADD) names no table in 1.0: all are asked for.
 */
export function packFlowQuery10(record: usize, xid: u32, out: usize): i32 {
  const port = portTo16(load<u32>(record + FLOW_OUT_PORT));
  if (port < 0) return port;
  storeU16(out + 8, OFPST_FLOW);
  storeU16(out + 10, 0);
  const matched = packMatch10(record + FLOW_HEAD, recordEnd(record), out + 12);
  if (matched < 0) return matched;
  store<u8>(out + 52, load<u8>(record + FLOW_COMMAND) != 0 ? <u8>ALL_TABLES : load<u8>(record + FLOW_TABLE));
  store<u8>(out + 53, 0);
  storeU16(out + 54, port);
  return seal(out, out + 56, V10_STATS_REQUEST, xid);
}

/** Writes `record` as an entry of a flow statistics reply; returns its length, or an error. */
export function packFlowStats10(record: usize, out: usize): i32 {
  const end = recordEnd(record);
  const items = record + FLOW_HEAD;
  const matched = packMatch10(items, end, out + 4);
  if (matched < 0) return matched;
  storeU16(out + 2, (<u32>load<u8>(record + FLOW_TABLE)) << 8);
  storeU32(out + 44, load<u32>(record + FLOW_SECONDS));
  storeU32(out + 48, load<u32>(record + FLOW_NANOSECONDS));
  storeU16(out + 52, load<u16>(record + FLOW_PRIORITY));
  storeU16(out + 54, load<u16>(record + FLOW_IDLE));
  storeU16(out + 56, load<u16>(record + FLOW_HARD));
  zero(out + 58, 6);
  storeU64(out + 64, load<u64>(record + FLOW_COOKIE));
  storeU64(out + 72, load<u64>(record + FLOW_PACKETS));
  storeU64(out + 80, load<u64>(record + FLOW_BYTES));
  const after = packItems(afterMatch(items, end), end, out + ENTRY);
  if (after < 0) return after;
  const length = after - <i32>out;
  if (length > 0xffff) return ERR_TOO_LONG;
  storeU16(out, length);
  return length;
}

/** Length of the statistics entry at `p`, or ERR_LENGTH. */
function entryLength(p: usize, end: usize): i32 {
  if (p + ENTRY > end) return ERR_LENGTH;
  const length: usize = loadU16(p);
  return length < ENTRY || p + length > end ? ERR_LENGTH : <i32>length;
}

function unpackEntry(p: usize, length: usize, record: usize): i32 {
  clearHead(record);
  store<u8>(record + FLOW_TABLE, load<u8>(p + 2));
  store<u32>(record + FLOW_SECONDS, loadU32(p + 44));
  store<u32>(record + FLOW_NANOSECONDS, loadU32(p + 48));
  store<u16>(record + FLOW_PRIORITY, <u16>loadU16(p + 52));
  store<u16>(record + FLOW_IDLE, <u16>loadU16(p + 54));
  store<u16>(record + FLOW_HARD, <u16>loadU16(p + 56));
  store<u64>(record + FLOW_COOKIE, loadU64(p + 64));
  store<u64>(record + FLOW_PACKETS, loadU64(p + 72));
  store<u64>(record + FLOW_BYTES, loadU64(p + 80));
  return unpackItems(p + 4, p + ENTRY, p + length, record);
}

/**
 * Reads the entries between `p` and `end` whose cookie is `cookie` where `mask` has ones (1.0 cannot ask the switch for
 * that) into records at `out`; returns the bytes written, or an error.
 */
export function unpackFlowStats10(p: usize, end: usize, out: usize, cookie: u64, mask: u64): i32 {
  const start = out;
  while (p < end) {
    const length = entryLength(p, end);
    if (length < 0) return length;
    if (((loadU64(p + 64) ^ cookie) & mask) == 0) {
      const size = unpackEntry(p, length, out);
      if (size < 0) return size;
      out += size;
    }
    p += length;
  }
  return <i32>(out - start);
}

/** How many of the entries between `p` and `end` are the flow of `record`, as countFlows of 1.3. Or an error. */
export function countFlows10(p: usize, end: usize, record: usize, strict: bool): i32 {
  const items = record + FLOW_HEAD;
  const bytes = afterMatch(items, recordEnd(record)) - items;
  let found = 0;
  while (p < end) {
    const length = entryLength(p, end);
    if (length < 0) return length;
    if (!strict) found++;
    else if (loadU16(p + 52) == load<u16>(record + FLOW_PRIORITY)) {
      // Both sides have their items by field number.
      const size = unpackMatch10(p + 4, PROBE) - PROBE;
      if (size == bytes && memory.compare(PROBE, items, bytes) == 0) found++;
    }
    p += length;
  }
  return found;
}

/** Writes `record` as a FLOW_REMOVED; returns its length, or an error. */
export function packFlowRemoved10(record: usize, xid: u32, out: usize): i32 {
  const matched = packMatch10(record + FLOW_HEAD, recordEnd(record), out + 8);
  if (matched < 0) return matched;
  storeU64(out + 48, load<u64>(record + FLOW_COOKIE));
  storeU16(out + 56, load<u16>(record + FLOW_PRIORITY));
  storeU16(out + 58, (<u32>load<u8>(record + FLOW_COMMAND)) << 8);
  storeU32(out + 60, load<u32>(record + FLOW_SECONDS));
  storeU32(out + 64, load<u32>(record + FLOW_NANOSECONDS));
  storeU16(out + 68, load<u16>(record + FLOW_IDLE));
  storeU16(out + 70, 0);
  storeU64(out + 72, load<u64>(record + FLOW_PACKETS));
  storeU64(out + 80, load<u64>(record + FLOW_BYTES));
  return seal(out, out + REMOVED, OFPT_FLOW_REMOVED, xid);
}

/** Reads the FLOW_REMOVED of `n` bytes at `p` into `record`; returns the record's size, or an error. */
export function unpackFlowRemoved10(p: usize, n: usize, record: usize): i32 {
  if (n != REMOVED) return ERR_LENGTH;
  clearHead(record);
  store<u64>(record + FLOW_COOKIE, loadU64(p + 48));
  store<u16>(record + FLOW_PRIORITY, <u16>loadU16(p + 56));
  store<u8>(record + FLOW_COMMAND, load<u8>(p + 58));
  store<u32>(record + FLOW_SECONDS, loadU32(p + 60));
  store<u32>(record + FLOW_NANOSECONDS, loadU32(p + 64));
  store<u16>(record + FLOW_IDLE, <u16>loadU16(p + 68));
  store<u64>(record + FLOW_PACKETS, loadU64(p + 72));
  store<u64>(record + FLOW_BYTES, loadU64(p + 80));
  return unpackItems(p + 8, p + n, p + n, record);
}
