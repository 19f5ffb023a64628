// The typed view of bgp.wasm: framing and decoding of what a session receives, the tables of all peers, and the
// encoders. One instance serves all sessions of a worker; nothing in it is re-entrant across two sessions' input.

import * as n from "../../assembly/bgp/layout.js";
import { BgpExports } from "./bgp_export.js";
import { BgpMemory } from "./bgp_memory.js";
import { type PolicyExports, PolicyView } from "./bgp_policy.js";
import { type RoaExports, RoaTable } from "./bgp_roa.js";
import { BgpTables } from "./bgp_tables.js";
import type { MalformedUpdate, NotificationContent, OpenMessage, RibSlot } from "./bgp_types.js";

/** By number. */
const VERDICTS: Readonly<Record<number, MalformedUpdate["verdict"]>> = {
  [n.VERDICT_DISCARD]: "attribute-discard",
  [n.VERDICT_WITHDRAW]: "treat-as-withdraw",
  [n.VERDICT_RESET]: "session-reset",
};

const CUT: NotificationContent = { notify: n.NOTIFY_BAD_LENGTH, data: new Uint8Array() };

export class BgpModule {
  readonly tables: BgpTables;
  readonly exports: BgpExports;
  readonly policies: PolicyView;
  readonly #roas: RoaTable;
  readonly #memory = new BgpMemory();
  /** Where in INPUT the bytes not yet used begin and end, and where those begin that the last next() has used. */
  #at = 0;
  #end = 0;
  #from = 0;

  constructor() {
    this.tables = new BgpTables(this.#memory);
    this.exports = new BgpExports(this.#memory);
    this.policies = new PolicyView(this.#memory.wasm as unknown as PolicyExports);
    this.#roas = new RoaTable(this.#memory.wasm as unknown as RoaExports);
  }

  /** All memory of the instance: for the system's advice on its pages. */
  get buffer(): ArrayBuffer {
    return this.#memory.wasm.memory.buffer;
  }

  /** A part of the memory that nothing is in and whose pages the system may take; null when there is none. */
  takeIdle(): { readonly at: number; readonly bytes: number } | null {
    const at = this.#memory.wasm.takeIdle() >>> 0;
    return at === 0 ? null : { at, bytes: this.#memory.wasm.idleBytes() >>> 0 };
  }

  /** Validated ROA payloads. */
  roaTable(): RoaTable {
    return this.#roas;
  }

  // --- receiving -------------------------------------------------------------------------------------------------

  /** Takes a session's unparsed rest and the next chunk. Both together must fit into INPUT_BYTES. */
  begin(rest: Uint8Array | null, chunk: Uint8Array): void {
    const { bytes, input } = this.#memory;
    let end = input;
    if (rest) {
      bytes.set(rest, end);
      end += rest.length;
    }
    bytes.set(chunk, end);
    this.#at = input;
    this.#end = end + chunk.length;
  }

  /**
   * Decodes what begin() has taken, to the next thing that the session must act on: STOP.needMore, STOP.message (see
   * messageType, takeMessage), STOP.reset (see notification), or STOP.recordsFull: call it again. With `updates` UPDATEs
   * go into the batch, which the caller applies (applyBatch) and ends (endBatch); without they stop it like any message.
   */
  next(rib: RibSlot, updates: boolean): number {
    const stop = this.#memory.wasm.decodeBatch(rib, this.#at, this.#end - this.#at, updates ? 1 : 0);
    this.#from = this.#at;
    this.#at += this.#memory.status(n.STATUS_CONSUMED);
    return stop;
  }

  /** NLRI in the batch. */
  get records(): number {
    return this.#memory.wasm.recordCount();
  }

  /**
   * What the last next() has met: how many UPDATEs had an attribute discarded, were treated as withdrawals or reset the
   * session (RFC 7606), and a copy of the last one's first bytes. Null when there was none.
   */
  malformed(): MalformedUpdate | null {
    const memory = this.#memory;
    const count = memory.status(n.STATUS_FAULTS);
    if (count === 0) return null;
    const length = memory.status(n.STATUS_FAULT_BYTES);
    return {
      count,
      length,
      verdict: VERDICTS[memory.status(n.STATUS_FAULT_VERDICT)] as MalformedUpdate["verdict"],
      attribute: memory.status(n.STATUS_FAULT_CODE),
      message: memory.copy(memory.status(n.STATUS_FAULT), Math.min(length, n.MESSAGE_BYTES_MAX)),
    };
  }

  /** The whole UPDATEs that the last next() has used up. Valid until the next call. */
  consumed(): Uint8Array {
    return this.#memory.bytes.subarray(this.#from, this.#from + this.#memory.status(n.STATUS_CONSUMED));
  }

  /** Brings the batch into a RIB. False when memory has run out. */
  applyBatch(rib: RibSlot): boolean {
    return this.#memory.wasm.applyBatch(rib) >= 0;
  }

  /** Ends the batch, applied or not. */
  endBatch(): void {
    this.#memory.wasm.endBatch();
  }

  /** next(), applyBatch() and endBatch() over and over, until something other than a full batch stops it. */
  ingest(rib: RibSlot): number {
    for (;;) {
      const stop = this.next(rib, true);
      const applied = this.applyBatch(rib);
      this.endBatch();
      if (!applied || stop !== n.STOP_RECORDS_FULL) return applied ? stop : n.ERR_MEMORY;
    }
  }

  /** After STOP.message: its type. */
  get messageType(): number {
    return this.#memory.status(n.STATUS_TYPE);
  }

  /** UPDATEs that the last next() has used up. */
  get updates(): number {
    return this.#memory.status(n.STATUS_MESSAGES);
  }

  /** After STOP.message: a copy of the whole message; it is used up. */
  takeMessage(): Buffer {
    const bytes = this.#memory.status(n.STATUS_MESSAGE_BYTES);
    this.#at += bytes;
    return this.#memory.copy(this.#memory.status(n.STATUS_MESSAGE), bytes);
  }

  /** After STOP.reset or a failed decodeOpen(): the NOTIFICATION that is due. */
  notification(): NotificationContent {
    const bytes = this.#memory.status(n.STATUS_DATA_BYTES);
    return {
      notify: this.#memory.status(n.STATUS_NOTIFY),
      data: this.#memory.copy(this.#memory.status(n.STATUS_DATA), bytes),
    };
  }

  /** A copy of what is not used up, null when nothing is left. */
  rest(): Buffer | null {
    return this.#at === this.#end ? null : this.#memory.copy(this.#at, this.#end - this.#at);
  }

  /** Decodes a whole OPEN message, or null: see notification(). */
  decodeOpen(message: Uint8Array): OpenMessage | null {
    const [at] = this.#memory.put(message) as [number];
    if (this.#memory.wasm.decodeOpen(at, message.length) < 0) return null;
    const open = this.#memory.wasm.openBuffer();
    const { view } = this.#memory;
    const capabilities = [];
    for (let i = 0; i < view.getUint32(open + n.OPEN_COUNT, true); i++) {
      const row = open + n.OPEN_ROWS + i * n.OPEN_ROW_BYTES;
      const value = this.#memory.copy(view.getUint32(row + 4, true), view.getUint16(row + 2, true));
      capabilities.push({ code: view.getUint16(row, true), value });
    }
    return {
      version: view.getUint16(open + n.OPEN_VERSION, true),
      as: view.getUint32(open + n.OPEN_AS, true),
      holdTime: view.getUint16(open + n.OPEN_HOLD_TIME, true),
      identifier: view.getUint32(open + n.OPEN_IDENTIFIER, false),
      capabilities,
    };
  }

  /**
   * Decodes whole messages that are to be sent, and brings them into a RIB when `apply` is set. Null when all are
   * well-formed, else what their receiver would answer; RIB and session are then as before. `messages` may have
   * STAGE_BYTES. `after` is called with each batch before it ends.
   */
  check(rib: RibSlot, messages: Uint8Array, apply: boolean, after?: () => void): NotificationContent | null {
    const [stage] = this.#memory.put(messages) as [number];
    const { wasm } = this.#memory;
    let at = 0;
    while (at < messages.length) {
      const stop = wasm.decodeBatch(rib, stage + at, messages.length - at, 1);
      at += this.#memory.status(n.STATUS_CONSUMED);
      const cut = stop === n.STOP_NEED_MORE && at < messages.length;
      const fault = stop === n.STOP_RESET ? this.notification() : cut ? CUT : null;
      const full = fault === null && apply && wasm.applyBatch(rib) < 0;
      if (fault === null && apply) after?.();
      wasm.endBatch();
      if (fault) return fault;
      if (full) return { notify: n.NOTIFY_CEASE_RESOURCES, data: new Uint8Array() };
      if (stop === n.STOP_MESSAGE) at += this.#memory.status(n.STATUS_MESSAGE_BYTES);
    }
    return null;
  }

  // --- sending ---------------------------------------------------------------------------------------------------

  #sent(bytes: number): Buffer {
    if (bytes < 0) throw new RangeError("the capabilities leave no room in one message");
    return this.#memory.copy(this.#memory.output, bytes);
  }

  /** `capabilities`: {code, length, value} one after another. */
  encodeOpen(as: number, holdTime: number, identifier: number, capabilities: Uint8Array): Buffer {
    const [at] = this.#memory.put(capabilities);
    return this.#sent(this.#memory.wasm.encodeOpen(as, holdTime, identifier, at as number, capabilities.length));
  }

  encodeKeepalive(): Buffer {
    return this.#sent(this.#memory.wasm.encodeKeepalive());
  }

  encodeNotification(content: NotificationContent): Buffer {
    const [at] = this.#memory.put(content.data);
    return this.#sent(this.#memory.wasm.encodeNotification(content.notify, at as number, content.data.length));
  }

  /** ROUTE-REFRESH; `type` 5 or 128, `subtype` as in RFC 7313. */
  encodeRefresh(type: number, afi: number, subtype: number, safi: number): Buffer {
    return this.#sent(this.#memory.wasm.encodeRefresh(type, afi, subtype, safi));
  }

  // --- figures ---------------------------------------------------------------------------------------------------

  /** Decodes without applying, for benches; returns the records made. */
  decodeOnly(rib: RibSlot): number {
    let records = 0;
    for (;;) {
      const stop = this.next(rib, true);
      records += this.records;
      this.endBatch();
      if (stop !== n.STOP_RECORDS_FULL) return records;
    }
  }

  /** The packed row of an attribute code in the number table: flags in its low byte; 0 when unknown. */
  attributeRow(code: number): { known: boolean; flags: number } {
    const row = this.#memory.wasm.attributeRow(code);
    return { known: (row & n.ROW_KNOWN) !== 0, flags: row & 0xff };
  }

  /** Bytes that RIBs and attribute sets hold, distinct attribute sets, and the size of the whole memory. */
  memory(): { heldBytes: number; sets: number; totalBytes: number } {
    return this.#memory.figures();
  }
}
