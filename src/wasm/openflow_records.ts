// Typed view of flow records: the compact form in which flows travel between JSON, threads and openflow.wasm.
// A writer appends records to a growing buffer; a reader walks them. Neither allocates per field. Numbers go through
// DataView, which V8 compiles to plain loads and stores; Buffer's own methods check each value first.

import * as L from "../../assembly/openflow/layout.js";

/** Everything of a flow that is not a match field, an instruction or an action. */
export interface FlowHead {
  table: number;
  command: number;
  priority: number;
  /** Seconds, 0 = never. */
  idleTimeout: number;
  hardTimeout: number;
  /** OFPFF_* bits. */
  flags: number;
  cookie: bigint;
  cookieMask: bigint;
  bufferId: number;
  outPort: number;
  outGroup: number;
}

export const NO_BUFFER = 0xffffffff;
export const ANY = 0xffffffff;
export const OXM_CLASS_BASIC = L.OXM_CLASS_BASIC;

export type ItemKind = "match" | "instruction" | "action";
const KINDS: readonly (ItemKind | undefined)[] = [];
(KINDS as (ItemKind | undefined)[])[L.KIND_MATCH] = "match";
(KINDS as (ItemKind | undefined)[])[L.KIND_INSTRUCTION] = "instruction";
(KINDS as (ItemKind | undefined)[])[L.KIND_ACTION] = "action";

const EMPTY = new Uint8Array(0);

/** Writes records, or bare items (a bucket's actions), one after another. */
export class RecordWriter {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;
  #start = 0;
  #count = 0;

  constructor(room = 1024) {
    // Every byte that is taken has been written, paddings too.
    this.#bytes = Buffer.allocUnsafe(room);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, room);
  }

  /** Records begun so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** Begins a record; end it with `end()`. */
  begin(head: FlowHead): void {
    this.#need(L.FLOW_HEAD);
    const b = this.#bytes;
    const v = this.#view;
    const at = this.#at;
    b.fill(0, at, at + L.FLOW_HEAD);
    b[at + L.FLOW_TABLE] = head.table;
    b[at + L.FLOW_COMMAND] = head.command;
    v.setUint16(at + L.FLOW_PRIORITY, head.priority, true);
    v.setUint16(at + L.FLOW_IDLE, head.idleTimeout, true);
    v.setUint16(at + L.FLOW_HARD, head.hardTimeout, true);
    v.setUint16(at + L.FLOW_FLAGS, head.flags, true);
    if (head.cookie !== 0n) v.setBigUint64(at + L.FLOW_COOKIE, head.cookie, true);
    if (head.cookieMask !== 0n) v.setBigUint64(at + L.FLOW_COOKIE_MASK, head.cookieMask, true);
    v.setUint32(at + L.FLOW_BUFFER, head.bufferId, true);
    v.setUint32(at + L.FLOW_OUT_PORT, head.outPort, true);
    v.setUint32(at + L.FLOW_OUT_GROUP, head.outGroup, true);
    this.#start = at;
    this.#at += L.FLOW_HEAD;
    this.#count++;
  }

  /** A match field: value and mask in network order, of equal length. */
  match(field: number, value: Uint8Array, mask: Uint8Array | null, oxmClass: number = L.OXM_CLASS_BASIC): void {
    const at = this.#item(L.KIND_MATCH, mask ? L.FLAG_MASKED : 0, field, value.length + (mask?.length ?? 0), oxmClass);
    this.#bytes.set(value, at);
    if (mask) this.#bytes.set(mask, at + value.length);
  }

  /** An instruction; the actions that follow are its own. */
  instruction(type: number, arg = 0, payload: Uint8Array = EMPTY, raw = false): void {
    const at = this.#item(L.KIND_INSTRUCTION, raw ? L.FLAG_RAW : 0, type, payload.length, arg);
    this.#bytes.set(payload, at);
  }

  action(type: number, arg = 0, payload: Uint8Array = EMPTY, raw = false): void {
    const at = this.#item(L.KIND_ACTION, raw ? L.FLAG_RAW : 0, type, payload.length, arg);
    this.#bytes.set(payload, at);
  }

  /** An `output` action. */
  output(type: number, port: number, maxLength: number): void {
    const at = this.#item(L.KIND_ACTION, 0, type, 4, port);
    this.#view.setUint32(at, maxLength, true);
  }

  /** A `set_field` action: the field's OXM TLV. */
  setField(type: number, field: number, value: Uint8Array): void {
    const at = this.#item(L.KIND_ACTION, 0, type, 4 + value.length, 0);
    this.#view.setUint16(at, L.OXM_CLASS_BASIC);
    this.#bytes[at + 2] = field << 1;
    this.#bytes[at + 3] = value.length;
    this.#bytes.set(value, at + 4);
  }

  /** Closes the record; returns its size in bytes. */
  end(): number {
    const size = this.#at - this.#start;
    this.#view.setUint32(this.#start + L.FLOW_SIZE, size, true);
    return size;
  }

  /** Gives up the record that was begun and not ended. */
  abandon(): void {
    this.#at = this.#start;
    this.#count--;
  }

  /** Appends records that another writer made. */
  append(records: Uint8Array, count: number): void {
    this.#need(records.length);
    this.#bytes.set(records, this.#at);
    this.#at += records.length;
    this.#count += count;
  }

  /** What was written, as a copy of its own; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#at);
    this.#at = 0;
    this.#count = 0;
    return bytes;
  }

  /** Reserves an item; may move the buffer, so that its callers look at `#bytes` only afterwards. */
  #item(kind: number, flags: number, code: number, length: number, arg: number): number {
    const size = (L.ITEM_HEAD + length + 3) & ~3;
    this.#need(size);
    const b = this.#bytes;
    const v = this.#view;
    const at = this.#at;
    v.setUint16(at + L.ITEM_SIZE, size, true);
    b[at + L.ITEM_KIND] = kind;
    b[at + L.ITEM_FLAGS] = flags;
    v.setUint16(at + L.ITEM_CODE, code, true);
    v.setUint16(at + L.ITEM_LENGTH, length, true);
    v.setUint32(at + L.ITEM_ARG, arg >>> 0, true);
    b.fill(0, at + L.ITEM_HEAD + length, at + size);
    this.#at += size;
    return at + L.ITEM_HEAD;
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    bigger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bigger;
    this.#view = new DataView(bigger.buffer, bigger.byteOffset, bigger.length);
  }
}

/** Walks records: `next()` moves to a record, then `nextItem()` to each of its items. Bytes must come from a writer or Wasm. */
export class RecordReader {
  readonly bytes: Buffer;
  readonly #view: DataView;
  #record = 0;
  #following = 0;
  #item = 0;
  #itemEnd = 0;

  constructor(records: Uint8Array) {
    this.bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
    this.#view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    this.#record = this.#following;
    if (this.#record >= this.bytes.length) return false;
    this.#following = this.#record + this.#view.getUint32(this.#record + L.FLOW_SIZE, true);
    this.#item = this.#record + L.FLOW_HEAD;
    this.#itemEnd = this.#item;
    return true;
  }

  /** Reads bare items (no record around them) with `nextItem()`. */
  bare(): this {
    this.#itemEnd = 0;
    this.#following = this.bytes.length;
    return this;
  }

  /** Where the record begins and ends in `bytes`. */
  get offset(): number {
    return this.#record;
  }
  get end(): number {
    return this.#following;
  }
  get table(): number {
    return this.bytes[this.#record + L.FLOW_TABLE] as number;
  }
  /** The FLOW_MOD's command; in a FLOW_REMOVED, the reason. */
  get command(): number {
    return this.bytes[this.#record + L.FLOW_COMMAND] as number;
  }
  get priority(): number {
    return this.#view.getUint16(this.#record + L.FLOW_PRIORITY, true);
  }
  get idleTimeout(): number {
    return this.#view.getUint16(this.#record + L.FLOW_IDLE, true);
  }
  get hardTimeout(): number {
    return this.#view.getUint16(this.#record + L.FLOW_HARD, true);
  }
  get flags(): number {
    return this.#view.getUint16(this.#record + L.FLOW_FLAGS, true);
  }
  get seconds(): number {
    return this.#view.getUint32(this.#record + L.FLOW_SECONDS, true);
  }
  get nanoseconds(): number {
    return this.#view.getUint32(this.#record + L.FLOW_NANOSECONDS, true);
  }
  /** Decimal digits, exact beyond 2^53. */
  get packets(): string {
    return this.#counter(L.FLOW_PACKETS);
  }
  get byteCount(): string {
    return this.#counter(L.FLOW_BYTES);
  }
  /** Lower-case hex digits without leading zeros. */
  get cookie(): string {
    const high = this.#view.getUint32(this.#record + L.FLOW_COOKIE + 4, true);
    const low = this.#view.getUint32(this.#record + L.FLOW_COOKIE, true);
    return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, "0");
  }

  /** Moves to the next item of the record; false at its end. */
  nextItem(): boolean {
    this.#item = this.#itemEnd;
    if (this.#item >= this.#following) return false;
    this.#itemEnd = this.#item + this.#view.getUint16(this.#item + L.ITEM_SIZE, true);
    return true;
  }

  get kind(): ItemKind {
    return KINDS[this.bytes[this.#item + L.ITEM_KIND] as number] ?? "action";
  }
  /** OXM field number, instruction type or action type. */
  get code(): number {
    return this.#view.getUint16(this.#item + L.ITEM_CODE, true);
  }
  get masked(): boolean {
    return ((this.bytes[this.#item + L.ITEM_FLAGS] as number) & L.FLAG_MASKED) !== 0;
  }
  get raw(): boolean {
    return ((this.bytes[this.#item + L.ITEM_FLAGS] as number) & L.FLAG_RAW) !== 0;
  }
  /** OXM class of a match field; the one value of an instruction or action that has one. */
  get arg(): number {
    return this.#view.getUint32(this.#item + L.ITEM_ARG, true);
  }
  /** Where the payload begins in `bytes`, and how long it is. */
  get payload(): number {
    return this.#item + L.ITEM_HEAD;
  }
  get payloadLength(): number {
    return this.#view.getUint16(this.#item + L.ITEM_LENGTH, true);
  }
  /** An output action's max_len. */
  get maxLength(): number {
    return this.#view.getUint32(this.#item + L.ITEM_HEAD, true);
  }

  /** The port of a set_queue that is an enqueue of OpenFlow 1.0. */
  get queuePort(): number {
    return this.#view.getUint32(this.#item + L.ITEM_HEAD, true);
  }

  #counter(offset: number): string {
    const at = this.#record + offset;
    const high = this.#view.getUint32(at + 4, true);
    return high < 0x200000
      ? String(high * 0x100000000 + this.#view.getUint32(at, true))
      : String(this.#view.getBigUint64(at, true));
  }
}
