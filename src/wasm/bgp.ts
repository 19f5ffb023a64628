// The typed view of bgp.wasm: framing and decoding of what a session receives, the tables of all peers, and the
// encoders. One instance serves all sessions of a worker; nothing in it is re-entrant across two sessions' input.

import { randomBytes } from "node:crypto";
import * as n from "../../assembly/bgp/layout.js";
import { type Exports, instantiate } from "./bgp_exports.js";
import type {
  NotificationContent,
  OpenMessage,
  RibCounters,
  RibSlot,
  SessionOptions,
  SetHandle,
  TableRow,
} from "./bgp_types.js";

/** What the encoders make in one call at most. */
const SENT_BYTES_MAX = 32 << 20;

export class BgpModule {
  readonly #wasm: Exports;
  readonly #input: number;
  readonly #output: number;
  readonly #stage: number;
  readonly #status: number;
  #bytes: Uint8Array;
  #view: DataView;
  /** Where in INPUT the bytes not yet used begin and end. */
  #at = 0;
  #end = 0;
  /** Where what the last next() has used up begins and ends. */
  #from = 0;
  #to = 0;

  constructor() {
    const wasm = instantiate();
    wasm.setSeed(randomBytes(8).readBigUInt64LE());
    this.#wasm = wasm;
    this.#input = wasm.inputBuffer();
    this.#output = wasm.outputBuffer();
    this.#stage = wasm.stageBuffer();
    this.#status = wasm.statusBuffer();
    this.#bytes = new Uint8Array(wasm.memory.buffer);
    this.#view = new DataView(wasm.memory.buffer);
  }

  /** Views on the memory, made anew when it has grown. */
  #refresh(): void {
    if (this.#bytes.buffer === this.#wasm.memory.buffer) return;
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer);
    this.#view = new DataView(this.#wasm.memory.buffer);
  }

  #statusWord(offset: number): number {
    return this.#view.getUint32(this.#status + offset, true);
  }

  /** A copy of memory: nothing that leaves this class points into it. */
  #copy(from: number, bytes: number): Buffer {
    this.#refresh();
    return Buffer.from(this.#bytes.subarray(from, from + bytes));
  }

  // --- receiving -------------------------------------------------------------------------------------------------

  /** Takes a session's unparsed rest and the next chunk. Both together must fit into INPUT_BYTES. */
  begin(rest: Uint8Array | null, chunk: Uint8Array): void {
    this.#refresh();
    let end = this.#input;
    if (rest) {
      this.#bytes.set(rest, end);
      end += rest.length;
    }
    this.#bytes.set(chunk, end);
    this.#at = this.#input;
    this.#end = end + chunk.length;
  }

  /**
   * Works on what begin() has taken, to the next thing that the session must act on: STOP.needMore, STOP.message
   * (see messageType, takeMessage) or STOP.reset (see notification); below 0 when memory has run out. With `updates`
   * UPDATEs go to the RIB, else they stop it like any message.
   */
  next(rib: RibSlot, updates: boolean): number {
    const left = this.#end - this.#at;
    this.#from = this.#at;
    const stop = updates ? this.#wasm.ingest(rib, this.#at, left) : this.#wasm.decodeBatch(rib, this.#at, left, 0);
    this.#refresh();
    this.#at += this.#statusWord(n.STATUS_CONSUMED);
    this.#to = this.#at;
    return stop;
  }

  /** The UPDATEs that the last next() has used up: whole messages, valid until the next call. */
  consumed(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /** After STOP.message: its type. */
  get messageType(): number {
    return this.#statusWord(n.STATUS_TYPE);
  }

  /** UPDATEs that the last next() has used up. */
  get updates(): number {
    return this.#statusWord(n.STATUS_MESSAGES);
  }

  /** After STOP.message: a copy of the whole message; it is used up. */
  takeMessage(): Buffer {
    const bytes = this.#statusWord(n.STATUS_MESSAGE_BYTES);
    this.#at += bytes;
    return this.#copy(this.#statusWord(n.STATUS_MESSAGE), bytes);
  }

  /** After STOP.reset or a failed decodeOpen(): the NOTIFICATION that is due. */
  notification(): NotificationContent {
    this.#refresh();
    const bytes = this.#statusWord(n.STATUS_DATA_BYTES);
    return { notify: this.#statusWord(n.STATUS_NOTIFY), data: this.#copy(this.#statusWord(n.STATUS_DATA), bytes) };
  }

  /** A copy of what is not used up, null when nothing is left. */
  rest(): Buffer | null {
    return this.#at === this.#end ? null : this.#copy(this.#at, this.#end - this.#at);
  }

  /** Decodes a whole OPEN message, or null: see notification(). */
  decodeOpen(message: Uint8Array): OpenMessage | null {
    this.#refresh();
    this.#bytes.set(message, this.#stage);
    if (this.#wasm.decodeOpen(this.#stage, message.length) < 0) return null;
    const at = this.#wasm.openBuffer();
    const capabilities = [];
    for (let i = 0; i < this.#view.getUint32(at + n.OPEN_COUNT, true); i++) {
      const row = at + n.OPEN_ROWS + i * n.OPEN_ROW_BYTES;
      const value = this.#copy(this.#view.getUint32(row + 4, true), this.#view.getUint16(row + 2, true));
      capabilities.push({ code: this.#view.getUint16(row, true), value });
    }
    return {
      version: this.#view.getUint16(at + n.OPEN_VERSION, true),
      as: this.#view.getUint32(at + n.OPEN_AS, true),
      holdTime: this.#view.getUint16(at + n.OPEN_HOLD_TIME, true),
      identifier: this.#view.getUint32(at + n.OPEN_IDENTIFIER, false),
      capabilities,
    };
  }

  /**
   * Decodes whole messages that are to be sent, and brings them into a RIB (Adj-RIB-Out) when `apply` is set. Null
   * when all are well-formed, else what their receiver would answer; RIB and session are then as before.
   * `messages` may have OUTPUT_BYTES.
   */
  check(rib: RibSlot, messages: Uint8Array, apply: boolean): NotificationContent | null {
    this.#refresh();
    this.#bytes.set(messages, this.#stage);
    let at = 0;
    while (at < messages.length) {
      const stop = this.#wasm.decodeBatch(rib, this.#stage + at, messages.length - at, 1);
      this.#refresh();
      at += this.#statusWord(n.STATUS_CONSUMED);
      const cut = stop === n.STOP_NEED_MORE && at < messages.length;
      if (stop === n.STOP_RESET || cut) {
        this.#wasm.dropBatch();
        return cut ? { notify: n.NOTIFY_BAD_LENGTH, data: new Uint8Array() } : this.notification();
      }
      if (!apply) this.#wasm.dropBatch();
      else if (this.#wasm.applyBatch(rib) < 0) return { notify: n.NOTIFY_CEASE_RESOURCES, data: new Uint8Array() };
      if (stop === n.STOP_MESSAGE) at += this.#statusWord(n.STATUS_MESSAGE_BYTES);
    }
    return null;
  }

  // --- sending ---------------------------------------------------------------------------------------------------

  #sent(bytes: number): Buffer {
    if (bytes === n.ERR_TOO_LONG) throw new RangeError("the attributes leave no room for a prefix in one message");
    if (bytes < 0) throw new RangeError("a prefix is malformed");
    return this.#copy(this.#output, bytes);
  }

  /** Puts pieces into the stage one after another; returns their addresses. Throws RangeError when they do not fit. */
  #put(...pieces: Uint8Array[]): number[] {
    this.#refresh();
    let at = this.#stage;
    return pieces.map((piece) => {
      const start = at;
      at += piece.length;
      if (at - this.#stage > n.STAGE_BYTES) throw new RangeError("too much for one call");
      this.#bytes.set(piece, start);
      return start;
    });
  }

  /** Encodes prefixes in parts whose messages OUTPUT holds; `room` bytes of prefixes fit into one message. */
  #inParts(nlri: Uint8Array, room: number, encode: (part: Uint8Array) => number): Buffer {
    // A message holds whole prefixes: it may stay short of its room by the longest one less a byte.
    const most = Math.max(room - 16, 1) * (n.OUTPUT_BYTES / n.MESSAGE_BYTES_MAX - 1);
    const parts: Buffer[] = [];
    let bytes = 0;
    for (let from = 0, at = 0; from < nlri.length; from = at) {
      while (at < nlri.length) {
        const next = at + 1 + (((nlri[at] as number) + 7) >> 3);
        if (next - from > most && at > from) break;
        at = next;
      }
      const messages = this.#sent(encode(nlri.subarray(from, at)));
      bytes += messages.length;
      if (bytes > SENT_BYTES_MAX) throw new RangeError("these are too many messages for one call");
      parts.push(messages);
    }
    return Buffer.concat(parts);
  }

  /** `capabilities`: {code, length, value} one after another. */
  encodeOpen(as: number, holdTime: number, identifier: number, capabilities: Uint8Array): Buffer {
    const [at] = this.#put(capabilities);
    return this.#sent(this.#wasm.encodeOpen(as, holdTime, identifier, at as number, capabilities.length));
  }

  encodeKeepalive(): Buffer {
    return this.#sent(this.#wasm.encodeKeepalive());
  }

  encodeNotification(content: NotificationContent): Buffer {
    const [at] = this.#put(content.data);
    return this.#sent(this.#wasm.encodeNotification(content.notify, at as number, content.data.length));
  }

  /** ROUTE-REFRESH; `type` 5 or 128, `subtype` as in RFC 7313. */
  encodeRefresh(type: number, afi: number, subtype: number, safi: number): Buffer {
    return this.#sent(this.#wasm.encodeRefresh(type, afi, subtype, safi));
  }

  /**
   * The UPDATEs that announce `nlri` (length octet and bytes, one prefix after another), cut at 4096 bytes. With a
   * `hop` the prefixes go into MP_REACH_NLRI, without into the UPDATE's own field (IPv4 only). RangeError when the
   * attributes are too long, a prefix is malformed, or the messages are more than SENT_BYTES_MAX together.
   */
  encodeAnnounce(family: number, attributes: Uint8Array, hop: Uint8Array | null, nlri: Uint8Array): Buffer {
    const via = hop ?? new Uint8Array();
    const room = n.MESSAGE_BYTES_MAX - n.HEADER_BYTES - 4 - attributes.length - (hop ? 9 + hop.length : 0);
    return this.#inParts(nlri, room, (part) => {
      const [a, h, p] = this.#put(attributes, via, part) as [number, number, number];
      return this.#wasm.encodeAnnounce(family, a, attributes.length, h, via.length, p, part.length);
    });
  }

  /** The UPDATEs that withdraw `nlri`. */
  encodeWithdraw(family: number, nlri: Uint8Array): Buffer {
    return this.#inParts(nlri, n.MESSAGE_BYTES_MAX - n.HEADER_BYTES - 11, (part) => {
      const [at] = this.#put(part);
      return this.#wasm.encodeWithdraw(family, at as number, part.length);
    });
  }

  // --- RIBs ------------------------------------------------------------------------------------------------------

  /** A new, empty RIB: one direction of one peer. */
  createRib(): RibSlot {
    const rib = this.#wasm.createRib();
    if (rib === 0) throw new RangeError("no memory left for a RIB");
    return rib as RibSlot;
  }

  freeRib(rib: RibSlot): void {
    this.#wasm.freeRib(rib);
  }

  /** Tells the decoder what a session has negotiated and zeroes the RIB's counters; its prefixes stay. */
  startSession(rib: RibSlot, options: SessionOptions): void {
    let flags = 0;
    if (options.fourOctetAs) flags |= n.RIB_FLAG_FOUR_OCTET_AS;
    if (options.ibgp) flags |= n.RIB_FLAG_IBGP;
    if (options.extendedMessages) flags |= n.RIB_FLAG_EXTENDED_MESSAGES;
    for (const family of options.families) flags |= n.RIB_FLAG_FAMILY << family;
    this.#wasm.startSession(rib, flags);
  }

  /** Forgets all prefixes of a RIB. */
  clearRib(rib: RibSlot): void {
    this.#wasm.clearRib(rib);
  }

  counters(rib: RibSlot): RibCounters {
    this.#refresh();
    const counter = (offset: number) => Number(this.#view.getBigUint64(rib + offset, true));
    return {
      updates: counter(n.RIB_UPDATES),
      withdrawUpdates: counter(n.RIB_WITHDRAW_UPDATES),
      announced: counter(n.RIB_ANNOUNCED),
      withdrawn: counter(n.RIB_WITHDRAWN),
      treatedAsWithdraw: counter(n.RIB_TREATED_AS_WITHDRAW),
      attributesDiscarded: counter(n.RIB_ATTRIBUTES_DISCARDED),
      familiesIgnored: counter(n.RIB_FAMILIES_IGNORED),
    };
  }

  /** Prefixes of a family in a RIB. */
  prefixCount(rib: RibSlot, family: number): number {
    return this.#wasm.tableCount(rib, family);
  }

  /** How often a prefix was new, changed or removed since startSession(). */
  changes(rib: RibSlot, family: number): number {
    return this.#wasm.tableChanges(rib, family);
  }

  #stageKey(address: Uint8Array): void {
    this.#refresh();
    this.#bytes.fill(0, this.#stage, this.#stage + 16);
    this.#bytes.set(address, this.#stage);
  }

  /** The attributes' bytes of exactly this prefix, or null. */
  lookup(rib: RibSlot, family: number, prefix: Uint8Array, length: number): Buffer | null {
    this.#stageKey(prefix);
    const set = this.#wasm.lookup(rib, family, length);
    return set === 0 ? null : this.attributes(set as SetHandle);
  }

  /** The longest prefix that covers an address, or null. */
  lookupLongest(rib: RibSlot, family: number, address: Uint8Array): { length: number; attributes: Buffer } | null {
    this.#stageKey(address);
    const set = this.#wasm.lookupLongest(rib, family);
    return set === 0 ? null : { length: this.#wasm.matchedLength(), attributes: this.attributes(set as SetHandle) };
  }

  /** The bytes of an attribute set. */
  attributes(set: SetHandle): Buffer {
    this.#refresh();
    return this.#copy(set + n.SET_BYTES, this.#view.getUint32(set + n.SET_LENGTH, true));
  }

  /** Some rows of a RIB from a cursor on (0 first), and the cursor to go on with, -1 at the end. No order. */
  scan(rib: RibSlot, family: number, cursor: number, limit: number): { rows: TableRow[]; next: number } {
    const count = this.#wasm.scan(rib, family, cursor, limit);
    const next = this.#wasm.scanNext();
    this.#refresh();
    const width = family === n.FAMILY_IPV6 ? 16 : 4;
    const rows: TableRow[] = [];
    for (let i = 0; i < count; i++) {
      const at = this.#stage + i * 24;
      const set = this.#view.getUint32(at, true) as SetHandle;
      rows.push({ set, length: this.#bytes[at + 4] as number, prefix: this.#copy(at + 8, width) });
    }
    return { rows, next: next >= this.#wasm.scanEnd(rib, family) ? -1 : next };
  }

  // --- figures ---------------------------------------------------------------------------------------------------

  /** Decodes without applying, for benches; returns the records made. */
  decodeOnly(rib: RibSlot): number {
    let records = 0;
    for (;;) {
      const stop = this.#wasm.decodeBatch(rib, this.#at, this.#end - this.#at, 1);
      this.#at += this.#statusWord(n.STATUS_CONSUMED);
      records += this.#statusWord(n.STATUS_RECORDS);
      this.#wasm.dropBatch();
      this.#refresh();
      if (stop !== n.STOP_RECORDS_FULL) return records;
    }
  }

  /** The packed row of an attribute code in the number table: flags in its low byte; 0 when unknown. */
  attributeRow(code: number): { known: boolean; flags: number } {
    const row = this.#wasm.attributeRow(code);
    return { known: (row & n.ROW_KNOWN) !== 0, flags: row & 0xff };
  }

  /** Bytes that RIBs and attribute sets hold, distinct attribute sets, and the size of the whole memory. */
  memory(): { heldBytes: number; sets: number; totalBytes: number } {
    return {
      heldBytes: this.#wasm.heldBytes(),
      sets: this.#wasm.setCount(),
      totalBytes: this.#wasm.memory.buffer.byteLength,
    };
  }
}
