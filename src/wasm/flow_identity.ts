// What makes two flow records the same flow, whether one covers another (spec §6.4), and whether they do the same. Works on
// records as bytes, since it is asked for every flow of large tables: no object stands for a flow or a field.

import * as L from "../../assembly/openflow/layout.js";

/** OFPAT_OUTPUT and OFPAT_GROUP (spec §7.2.4), OFPIT_METER and those with actions (§7.2.5). */
const OUTPUT = 0;
const GROUP = 22;
const METER = 6;
const WRITE_ACTIONS = 3;
const APPLY_ACTIONS = 4;
const ANY = 0xffffffff;
/** OFPFC_DELETE_STRICT (spec §7.3.4.1) */
const DELETE_STRICT = 4;
const CONTROLLER = 0xfffffffd;
/** OFPFF_CHECK_OVERLAP and OFPFF_RESET_COUNTS say how a flow is to be added; the others belong to the flow. */
const ADDING_FLAGS = 0b110;
/** Table, priority. */
const IDENTITY_HEAD = 3;
const NO_PREFIX = Buffer.alloc(0);

const scratch = Buffer.alloc(L.SCRATCH_BYTES * 2);
let items: number[] = [];

function recordEnd(bytes: Buffer, at: number): number {
  return at + bytes.readUInt32LE(at + L.FLOW_SIZE);
}

function nextItem(bytes: Buffer, item: number): number {
  return item + ((bytes[item] as number) | ((bytes[item + 1] as number) << 8));
}

/** Where the items after the match begin. */
function afterMatch(bytes: Buffer, at: number): number {
  const end = recordEnd(bytes, at);
  let item = at + L.FLOW_HEAD;
  while (item < end && bytes[item + L.ITEM_KIND] === L.KIND_MATCH) item = nextItem(bytes, item);
  return item;
}

/** A match field's place in the order of identities: class, then number. */
function rank(bytes: Buffer, item: number): number {
  return bytes.readUInt32LE(item + L.ITEM_ARG) * 0x10000 + bytes.readUInt16LE(item + L.ITEM_CODE);
}

function allAre(byte: number, bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== byte) return false;
  return true;
}

function isMasked(bytes: Buffer, item: number): boolean {
  return ((bytes[item + L.ITEM_FLAGS] as number) & L.FLAG_MASKED) !== 0;
}

/** Gathers the record's match items in rising order. */
function sortedMatch(bytes: Buffer, at: number): number[] {
  const end = recordEnd(bytes, at);
  items = [];
  let last = -1;
  let sorted = true;
  for (let item = at + L.FLOW_HEAD; item < end && bytes[item + L.ITEM_KIND] === L.KIND_MATCH; ) {
    const own = rank(bytes, item);
    sorted &&= own > last;
    last = own;
    items.push(item);
    item = nextItem(bytes, item);
  }
  return sorted ? items : items.sort((a, b) => rank(bytes, a) - rank(bytes, b));
}

/**
 * `prefix`, then table, priority and match of the record at `at`: the same bytes for the same flow, in whichever order its fields stand
 * and however an exact match is written. A match field has the form of its OXM TLV. A copy of its own.
 */
export function flowIdentity(bytes: Buffer, at: number, prefix: Buffer = NO_PREFIX): Buffer {
  const start = prefix.copy(scratch);
  let out = start + IDENTITY_HEAD;
  scratch[start] = bytes[at + L.FLOW_TABLE] as number;
  scratch.writeUInt16BE(bytes.readUInt16LE(at + L.FLOW_PRIORITY), start + 1);
  for (const item of sortedMatch(bytes, at)) {
    let length = bytes.readUInt16LE(item + L.ITEM_LENGTH);
    const payload = item + L.ITEM_HEAD;
    let masked = isMasked(bytes, item);
    if (masked) {
      const half = length >>> 1;
      if (allAre(0, bytes, payload + half, payload + length)) continue;
      if (allAre(0xff, bytes, payload + half, payload + length)) {
        masked = false;
        length = half;
      }
    }
    scratch.writeUInt16BE(bytes.readUInt32LE(item + L.ITEM_ARG) & 0xffff, out);
    scratch[out + 2] = ((bytes.readUInt16LE(item + L.ITEM_CODE) << 1) | Number(masked)) & 0xff;
    scratch[out + 3] = length;
    bytes.copy(scratch, out + 4, payload, payload + length);
    out += 4 + length;
  }
  return Buffer.from(scratch.subarray(0, out));
}

/** The same identity in another table. */
export function inTable(identity: Buffer, table: number): Buffer {
  const other = Buffer.from(identity);
  other[0] = table;
  return other;
}

/** The item of the record at `at` that matches the field of `field` (of any record), or -1. */
function fieldOf(bytes: Buffer, at: number, wanted: number): number {
  const end = recordEnd(bytes, at);
  for (let item = at + L.FLOW_HEAD; item < end && bytes[item + L.ITEM_KIND] === L.KIND_MATCH; ) {
    if (rank(bytes, item) === wanted) return item;
    item = nextItem(bytes, item);
  }
  return -1;
}

/** True when the field at `a` asks for at least what the field at `q` does. */
function fieldCovers(query: Buffer, q: number, bytes: Buffer, a: number): boolean {
  const length = query.readUInt16LE(q + L.ITEM_LENGTH);
  const width = isMasked(query, q) ? length >>> 1 : length;
  const own = bytes.readUInt16LE(a + L.ITEM_LENGTH);
  if ((isMasked(bytes, a) ? own >>> 1 : own) !== width) return false;
  for (let i = 0; i < width; i++) {
    const mask = isMasked(query, q) ? (query[q + L.ITEM_HEAD + width + i] as number) : 0xff;
    const ownMask = isMasked(bytes, a) ? (bytes[a + L.ITEM_HEAD + width + i] as number) : 0xff;
    if ((ownMask & mask) !== mask) return false;
    if (((query[q + L.ITEM_HEAD + i] as number) ^ (bytes[a + L.ITEM_HEAD + i] as number)) & mask) return false;
  }
  return true;
}

/** True when the match of `query` covers that of the record at `at`: the non-strict commands mean such flows (spec §6.4). */
export function matchCovers(query: Buffer, q: number, bytes: Buffer, at: number): boolean {
  const end = recordEnd(query, q);
  for (let item = q + L.FLOW_HEAD; item < end && query[item + L.ITEM_KIND] === L.KIND_MATCH; ) {
    const length = query.readUInt16LE(item + L.ITEM_LENGTH);
    const payload = item + L.ITEM_HEAD;
    const any = isMasked(query, item) && allAre(0, query, payload + (length >>> 1), payload + length);
    const own = any ? -1 : fieldOf(bytes, at, rank(query, item));
    if (!any && (own < 0 || !fieldCovers(query, item, bytes, own))) return false;
    item = nextItem(query, item);
  }
  return true;
}

/** True when the record at `at` has a cookie that the command `query` is about. */
export function cookieCovered(query: Buffer, q: number, bytes: Buffer, at: number): boolean {
  for (const half of [0, 4]) {
    const mask = query.readUInt32LE(q + L.FLOW_COOKIE_MASK + half);
    const wanted = query.readUInt32LE(q + L.FLOW_COOKIE + half);
    if ((bytes.readUInt32LE(at + L.FLOW_COOKIE + half) & mask) !== (wanted & mask)) return false;
  }
  return true;
}

/** True when the record at `at` has the outputs that a delete command `query` asks for. */
export function outputsCovered(query: Buffer, q: number, bytes: Buffer, at: number): boolean {
  const port = query.readUInt32LE(q + L.FLOW_OUT_PORT);
  const group = query.readUInt32LE(q + L.FLOW_OUT_GROUP);
  return (
    (port === ANY || hasItem(bytes, at, L.KIND_ACTION, OUTPUT, port)) && (group === ANY || usesGroup(bytes, at, group))
  );
}

function hasItem(bytes: Buffer, at: number, kind: number, code: number, arg: number): boolean {
  const end = recordEnd(bytes, at);
  for (let item = afterMatch(bytes, at); item < end; item = nextItem(bytes, item)) {
    if (bytes[item + L.ITEM_KIND] === kind && bytes.readUInt16LE(item + L.ITEM_CODE) === code) {
      if (bytes.readUInt32LE(item + L.ITEM_ARG) === arg) return true;
    }
  }
  return false;
}

export function usesGroup(bytes: Buffer, at: number, group: number): boolean {
  return hasItem(bytes, at, L.KIND_ACTION, GROUP, group);
}

export function usesMeter(bytes: Buffer, at: number, meter: number): boolean {
  return hasItem(bytes, at, L.KIND_INSTRUCTION, METER, meter);
}

/** Adds the groups, or meters, that the items between `from` and `to` name to `groups` and `meters`. */
export function collectUses(bytes: Buffer, from: number, to: number, groups: Set<number>, meters: Set<number>): void {
  for (let item = from; item < to; item = nextItem(bytes, item)) {
    const kind = bytes[item + L.ITEM_KIND];
    const code = bytes.readUInt16LE(item + L.ITEM_CODE);
    if (kind === L.KIND_ACTION && code === GROUP) groups.add(bytes.readUInt32LE(item + L.ITEM_ARG));
    else if (kind === L.KIND_INSTRUCTION && code === METER) meters.add(bytes.readUInt32LE(item + L.ITEM_ARG));
  }
}

/** The same for all items of the record at `at`. */
export function collectFlowUses(bytes: Buffer, at: number, groups: Set<number>, meters: Set<number>): void {
  collectUses(bytes, afterMatch(bytes, at), recordEnd(bytes, at), groups, meters);
}

/** The record at `at` as a FLOW_MOD that adds it: no buffer, no overlap check, counters kept. A copy after `room` bytes. */
export function asAdded(bytes: Buffer, at: number, room = 0): Buffer {
  const size = recordBytes(bytes, at);
  const record = Buffer.allocUnsafe(room + size);
  bytes.copy(record, room, at, at + size);
  record[room + L.FLOW_COMMAND] = 0;
  record.writeUInt16LE(record.readUInt16LE(room + L.FLOW_FLAGS) & ~ADDING_FLAGS, room + L.FLOW_FLAGS);
  record.fill(0, room + L.FLOW_COOKIE_MASK, room + L.FLOW_BUFFER);
  record.fill(0xff, room + L.FLOW_BUFFER, room + L.FLOW_OUT_GROUP + 4);
  return record;
}

/** The record at `at` as a FLOW_MOD that deletes this one flow. A copy of its own. */
export function asDeleted(bytes: Buffer, at: number): Buffer {
  const record = asAdded(bytes, at).subarray(0, afterMatch(bytes, at) - at);
  record[L.FLOW_COMMAND] = DELETE_STRICT;
  record.fill(0, L.FLOW_COOKIE, L.FLOW_COOKIE_MASK);
  record.writeUInt32LE(record.length, L.FLOW_SIZE);
  return record;
}

/** The record `kept` with the instructions of the record at `at`: what OFPFC_MODIFY makes of a flow. */
export function withInstructions(kept: Buffer, bytes: Buffer, at: number): Buffer {
  const record = Buffer.concat([
    kept.subarray(0, afterMatch(kept, 0)),
    bytes.subarray(afterMatch(bytes, at), recordEnd(bytes, at)),
  ]);
  record.writeUInt32LE(record.length, L.FLOW_SIZE);
  return record;
}

/**
 * True when both have the same cookie, timeouts and flags: what only adding the flow anew can change. `withFlags` false:
 * flags are not looked at, since one of the two comes from a listing without them (OpenFlow 1.0).
 */
export function sameHead(a: Buffer, p: number, b: Buffer, q: number, withFlags = true): boolean {
  const word = (offset: number): boolean => a.readUInt32LE(p + offset) === b.readUInt32LE(q + offset);
  const flags = withFlags ? a.readUInt16LE(p + L.FLOW_FLAGS) ^ b.readUInt16LE(q + L.FLOW_FLAGS) : 0;
  return word(L.FLOW_COOKIE) && word(L.FLOW_COOKIE + 4) && word(L.FLOW_IDLE) && (flags & ~ADDING_FLAGS) === 0;
}

/** True when the flow at `at` ends by itself. */
export function isTransient(bytes: Buffer, at: number): boolean {
  return bytes.readUInt32LE(at + L.FLOW_IDLE) !== 0;
}

/** The upper 16 bits of the cookie. */
export function cookieOwner(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at + L.FLOW_COOKIE + 6);
}

/** True when both records have the same instructions, in whichever order. */
export function sameInstructions(a: Buffer, p: number, b: Buffer, q: number): boolean {
  const [from, to] = [afterMatch(a, p), recordEnd(a, p)];
  const [other, end] = [afterMatch(b, q), recordEnd(b, q)];
  if (to - from === end - other && a.compare(b, other, end, from, to) === 0) return true;
  return instructionsText(a, from, to) === instructionsText(b, other, end);
}

/** True when both are the same actions in the same order. */
export function sameActions(a: Uint8Array, b: Uint8Array): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return actionsText(left, 0, left.length) === actionsText(right, 0, right.length);
}

function actionsText(bytes: Buffer, from: number, to: number): string {
  let text = "";
  for (let item = from; item < to; item = nextItem(bytes, item)) text += itemText(bytes, item);
  return text;
}

/** An item without what switches forget: max_len means something only where a packet goes to the controller. */
function itemText(bytes: Buffer, item: number): string {
  const code = bytes.readUInt16LE(item + L.ITEM_CODE);
  const output = bytes[item + L.ITEM_KIND] === L.KIND_ACTION && code === OUTPUT;
  const forgotten = output && bytes.readUInt32LE(item + L.ITEM_ARG) !== CONTROLLER;
  return bytes.toString("latin1", item, forgotten ? item + L.ITEM_HEAD : nextItem(bytes, item));
}

/** Instructions in the order of their types; lists of actions that are empty say nothing and are left out. */
function instructionsText(bytes: Buffer, from: number, to: number): string {
  const texts: { code: number; text: string }[] = [];
  for (let item = from; item < to; ) {
    const code = bytes.readUInt16LE(item + L.ITEM_CODE);
    let text = itemText(bytes, item);
    const head = text.length;
    for (item = nextItem(bytes, item); item < to && bytes[item + L.ITEM_KIND] === L.KIND_ACTION; ) {
      text += itemText(bytes, item);
      item = nextItem(bytes, item);
    }
    if (text.length > head || (code !== APPLY_ACTIONS && code !== WRITE_ACTIONS)) texts.push({ code, text });
  }
  return texts
    .sort((a, b) => a.code - b.code)
    .map(({ text }) => text)
    .join("|");
}

/** Bytes of the record at `at`. */
export function recordBytes(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + L.FLOW_SIZE);
}
export function recordCommand(bytes: Buffer, at: number): number {
  return bytes[at + L.FLOW_COMMAND] as number;
}
export function recordTable(bytes: Buffer, at: number): number {
  return bytes[at + L.FLOW_TABLE] as number;
}
export function recordPriority(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at + L.FLOW_PRIORITY);
}
/** Makes the record at `at` another command. */
export function setCommand(bytes: Buffer, at: number, command: number): void {
  bytes[at + L.FLOW_COMMAND] = command;
}
