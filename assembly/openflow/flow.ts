// Flows on the wire, each beside its reverse: FLOW_MOD (spec §7.3.4.1), flow statistics (§7.3.5.2), FLOW_REMOVED (§7.4.2).

import { loadU16, loadU32, loadU64, storeU16, storeU32, storeU64 } from "../mem/bytes";
import { zero } from "./arena";
import { packInstructions, unpackInstructions } from "./instruction";
import {
  ERR_LENGTH,
  ERR_TOO_LONG,
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
  OFP_VERSION,
  OFPT_FLOW_MOD,
  OFPT_FLOW_REMOVED,
  OFPT_MULTIPART_REQUEST,
} from "./layout";
import { afterMatch, matchBytes, matchEquals, packMatch, unpackMatch } from "./oxm";

const OFPMP_FLOW: u32 = 1;
/** Bytes before the match: the same in all four forms. */
const FIXED: usize = 48;

function recordEnd(record: usize): usize {
  return record + load<u32>(record + FLOW_SIZE);
}

/** Writes a message's header once its length is known; returns the length, or ERR_TOO_LONG. */
function seal(start: usize, end: usize, type: u32, xid: u32): i32 {
  const length = end - start;
  if (length > 0xffff) return ERR_TOO_LONG;
  store<u8>(start, OFP_VERSION);
  store<u8>(start + 1, <u8>type);
  storeU16(start + 2, <u32>length);
  storeU32(start + 4, xid);
  return <i32>length;
}

/** Match and instructions at `p` become the items of `record`; returns the record's size, or an error. */
function unpackItems(p: usize, end: usize, record: usize, instructions: bool): i32 {
  let out = unpackMatch(p, end, record + FLOW_HEAD);
  if (out < 0) return out;
  if (instructions) {
    out = unpackInstructions(p + matchBytes(p), end, out);
    if (out < 0) return out;
  } else if (p + matchBytes(p) != end) return ERR_LENGTH;
  const size = out - <i32>record;
  store<u32>(record + FLOW_SIZE, size);
  return size;
}

/** Writes `record` as a FLOW_MOD; returns its length, or an error. */
export function packFlowMod(record: usize, xid: u32, out: usize): i32 {
  storeU64(out + 8, load<u64>(record + FLOW_COOKIE));
  storeU64(out + 16, load<u64>(record + FLOW_COOKIE_MASK));
  store<u8>(out + 24, load<u8>(record + FLOW_TABLE));
  store<u8>(out + 25, load<u8>(record + FLOW_COMMAND));
  storeU16(out + 26, load<u16>(record + FLOW_IDLE));
  storeU16(out + 28, load<u16>(record + FLOW_HARD));
  storeU16(out + 30, load<u16>(record + FLOW_PRIORITY));
  storeU32(out + 32, load<u32>(record + FLOW_BUFFER));
  storeU32(out + 36, load<u32>(record + FLOW_OUT_PORT));
  storeU32(out + 40, load<u32>(record + FLOW_OUT_GROUP));
  storeU16(out + 44, load<u16>(record + FLOW_FLAGS));
  storeU16(out + 46, 0);
  const end = recordEnd(record);
  const items = record + FLOW_HEAD;
  const after = packInstructions(afterMatch(items, end), end, packMatch(items, end, out + FIXED));
  return after < 0 ? after : seal(out, after, OFPT_FLOW_MOD, xid);
}

/** Reads the FLOW_MOD of `n` bytes at `p` into `record`; returns the record's size, or an error. */
export function unpackFlowMod(p: usize, n: usize, record: usize): i32 {
  if (n < FIXED + 8) return ERR_LENGTH;
  zero(record, FLOW_HEAD);
  store<u64>(record + FLOW_COOKIE, loadU64(p + 8));
  store<u64>(record + FLOW_COOKIE_MASK, loadU64(p + 16));
  store<u8>(record + FLOW_TABLE, load<u8>(p + 24));
  store<u8>(record + FLOW_COMMAND, load<u8>(p + 25));
  store<u16>(record + FLOW_IDLE, <u16>loadU16(p + 26));
  store<u16>(record + FLOW_HARD, <u16>loadU16(p + 28));
  store<u16>(record + FLOW_PRIORITY, <u16>loadU16(p + 30));
  store<u32>(record + FLOW_BUFFER, loadU32(p + 32));
  store<u32>(record + FLOW_OUT_PORT, loadU32(p + 36));
  store<u32>(record + FLOW_OUT_GROUP, loadU32(p + 40));
  store<u16>(record + FLOW_FLAGS, <u16>loadU16(p + 44));
  return unpackItems(p + FIXED, p + n, record, true);
}

/** Writes the multipart request for the flows that `record`'s table and match cover; returns its length. */
export function packFlowQuery(record: usize, xid: u32, out: usize): i32 {
  storeU16(out + 8, OFPMP_FLOW);
  zero(out + 10, 6);
  store<u32>(out + 16, load<u8>(record + FLOW_TABLE));
  storeU32(out + 20, load<u32>(record + FLOW_OUT_PORT));
  storeU32(out + 24, load<u32>(record + FLOW_OUT_GROUP));
  zero(out + 28, 4);
  storeU64(out + 32, load<u64>(record + FLOW_COOKIE));
  storeU64(out + 40, load<u64>(record + FLOW_COOKIE_MASK));
  return seal(out, packMatch(record + FLOW_HEAD, recordEnd(record), out + FIXED), OFPT_MULTIPART_REQUEST, xid);
}

/** Writes `record` as an entry of a flow statistics reply; returns its length, or an error. */
export function packFlowStats(record: usize, out: usize): i32 {
  store<u8>(out + 2, load<u8>(record + FLOW_TABLE));
  store<u8>(out + 3, 0);
  storeU32(out + 4, load<u32>(record + FLOW_SECONDS));
  storeU32(out + 8, load<u32>(record + FLOW_NANOSECONDS));
  storeU16(out + 12, load<u16>(record + FLOW_PRIORITY));
  storeU16(out + 14, load<u16>(record + FLOW_IDLE));
  storeU16(out + 16, load<u16>(record + FLOW_HARD));
  storeU16(out + 18, load<u16>(record + FLOW_FLAGS));
  zero(out + 20, 4);
  storeU64(out + 24, load<u64>(record + FLOW_COOKIE));
  storeU64(out + 32, load<u64>(record + FLOW_PACKETS));
  storeU64(out + 40, load<u64>(record + FLOW_BYTES));
  const end = recordEnd(record);
  const items = record + FLOW_HEAD;
  const after = packInstructions(afterMatch(items, end), end, packMatch(items, end, out + FIXED));
  if (after < 0) return after;
  const length = after - <i32>out;
  if (length > 0xffff) return ERR_TOO_LONG;
  storeU16(out, length);
  return length;
}

/** Length of the statistics entry at `p`, or ERR_LENGTH. */
function entryLength(p: usize, end: usize): i32 {
  if (p + FIXED + 8 > end) return ERR_LENGTH;
  const length: usize = loadU16(p);
  return length < FIXED + 8 || p + length > end ? ERR_LENGTH : <i32>length;
}

function unpackEntry(p: usize, length: usize, record: usize): i32 {
  zero(record, FLOW_HEAD);
  store<u8>(record + FLOW_TABLE, load<u8>(p + 2));
  store<u32>(record + FLOW_SECONDS, loadU32(p + 4));
  store<u32>(record + FLOW_NANOSECONDS, loadU32(p + 8));
  store<u16>(record + FLOW_PRIORITY, <u16>loadU16(p + 12));
  store<u16>(record + FLOW_IDLE, <u16>loadU16(p + 14));
  store<u16>(record + FLOW_HARD, <u16>loadU16(p + 16));
  store<u16>(record + FLOW_FLAGS, <u16>loadU16(p + 18));
  store<u64>(record + FLOW_COOKIE, loadU64(p + 24));
  store<u64>(record + FLOW_PACKETS, loadU64(p + 32));
  store<u64>(record + FLOW_BYTES, loadU64(p + 40));
  return unpackItems(p + FIXED, p + length, record, true);
}

/** Reads the entries between `p` and `end` into records at `out`; returns the bytes written, or an error. */
export function unpackFlowStats(p: usize, end: usize, out: usize): i32 {
  const start = out;
  while (p < end) {
    const length = entryLength(p, end);
    if (length < 0) return length;
    const size = unpackEntry(p, length, out);
    if (size < 0) return size;
    out += size;
    p += length;
  }
  return <i32>(out - start);
}

/**
 * How many of the entries between `p` and `end` are the flow of `record`: same match and priority when `strict`,
 * any entry otherwise (the switch has filtered them already). Or an error.
 */
export function countFlows(p: usize, end: usize, record: usize, strict: bool): i32 {
  const items = record + FLOW_HEAD;
  const stop = recordEnd(record);
  let found = 0;
  while (p < end) {
    const length = entryLength(p, end);
    if (length < 0) return length;
    const match = p + FIXED;
    if (loadU16(match + 2) < 4 || match + matchBytes(match) > p + length) return ERR_LENGTH;
    if (!strict) found++;
    else if (loadU16(p + 12) == load<u16>(record + FLOW_PRIORITY) && matchEquals(match, items, stop)) found++;
    p += length;
  }
  return found;
}

/** Writes `record` as a FLOW_REMOVED; returns its length, or an error. */
export function packFlowRemoved(record: usize, xid: u32, out: usize): i32 {
  storeU64(out + 8, load<u64>(record + FLOW_COOKIE));
  storeU16(out + 16, load<u16>(record + FLOW_PRIORITY));
  store<u8>(out + 18, load<u8>(record + FLOW_COMMAND));
  store<u8>(out + 19, load<u8>(record + FLOW_TABLE));
  storeU32(out + 20, load<u32>(record + FLOW_SECONDS));
  storeU32(out + 24, load<u32>(record + FLOW_NANOSECONDS));
  storeU16(out + 28, load<u16>(record + FLOW_IDLE));
  storeU16(out + 30, load<u16>(record + FLOW_HARD));
  storeU64(out + 32, load<u64>(record + FLOW_PACKETS));
  storeU64(out + 40, load<u64>(record + FLOW_BYTES));
  return seal(out, packMatch(record + FLOW_HEAD, recordEnd(record), out + FIXED), OFPT_FLOW_REMOVED, xid);
}

/** Reads the FLOW_REMOVED of `n` bytes at `p` into `record`; returns the record's size, or an error. */
export function unpackFlowRemoved(p: usize, n: usize, record: usize): i32 {
  if (n < FIXED + 8) return ERR_LENGTH;
  zero(record, FLOW_HEAD);
  store<u64>(record + FLOW_COOKIE, loadU64(p + 8));
  store<u16>(record + FLOW_PRIORITY, <u16>loadU16(p + 16));
  store<u8>(record + FLOW_COMMAND, load<u8>(p + 18));
  store<u8>(record + FLOW_TABLE, load<u8>(p + 19));
  store<u32>(record + FLOW_SECONDS, loadU32(p + 20));
  store<u32>(record + FLOW_NANOSECONDS, loadU32(p + 24));
  store<u16>(record + FLOW_IDLE, <u16>loadU16(p + 28));
  store<u16>(record + FLOW_HARD, <u16>loadU16(p + 30));
  store<u64>(record + FLOW_PACKETS, loadU64(p + 32));
  store<u64>(record + FLOW_BYTES, loadU64(p + 40));
  return unpackItems(p + FIXED, p + n, record, false);
}
