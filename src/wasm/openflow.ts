// Typed view of openflow.wasm: frames of a socket's bytes, flows to messages, messages to flow records.
// One instance serves one thread; nothing that it returns as a view survives the next call.

import { readFileSync } from "node:fs";
import * as L from "../../assembly/openflow/layout.js";

export const MESSAGE = {
  HELLO: L.OFPT_HELLO,
  ERROR: L.OFPT_ERROR,
  ECHO_REQUEST: L.OFPT_ECHO_REQUEST,
  ECHO_REPLY: L.OFPT_ECHO_REPLY,
  EXPERIMENTER: L.OFPT_EXPERIMENTER,
  FEATURES_REQUEST: L.OFPT_FEATURES_REQUEST,
  FEATURES_REPLY: L.OFPT_FEATURES_REPLY,
  GET_CONFIG_REQUEST: L.OFPT_GET_CONFIG_REQUEST,
  GET_CONFIG_REPLY: L.OFPT_GET_CONFIG_REPLY,
  SET_CONFIG: L.OFPT_SET_CONFIG,
  PACKET_IN: L.OFPT_PACKET_IN,
  FLOW_REMOVED: L.OFPT_FLOW_REMOVED,
  PORT_STATUS: L.OFPT_PORT_STATUS,
  PACKET_OUT: L.OFPT_PACKET_OUT,
  FLOW_MOD: L.OFPT_FLOW_MOD,
  GROUP_MOD: L.OFPT_GROUP_MOD,
  PORT_MOD: L.OFPT_PORT_MOD,
  TABLE_MOD: L.OFPT_TABLE_MOD,
  MULTIPART_REQUEST: L.OFPT_MULTIPART_REQUEST,
  MULTIPART_REPLY: L.OFPT_MULTIPART_REPLY,
  BARRIER_REQUEST: L.OFPT_BARRIER_REQUEST,
  BARRIER_REPLY: L.OFPT_BARRIER_REPLY,
  QUEUE_GET_CONFIG_REQUEST: L.OFPT_QUEUE_GET_CONFIG_REQUEST,
  QUEUE_GET_CONFIG_REPLY: L.OFPT_QUEUE_GET_CONFIG_REPLY,
  ROLE_REQUEST: L.OFPT_ROLE_REQUEST,
  ROLE_REPLY: L.OFPT_ROLE_REPLY,
  GET_ASYNC_REQUEST: L.OFPT_GET_ASYNC_REQUEST,
  GET_ASYNC_REPLY: L.OFPT_GET_ASYNC_REPLY,
  SET_ASYNC: L.OFPT_SET_ASYNC,
  METER_MOD: L.OFPT_METER_MOD,
} as const;

export const VERSION_1_3 = L.OFP_VERSION;
export const HEADER_BYTES = L.OFP_HEADER;
export const MESSAGE_BYTES_MAX = 0xffff;

/** How an action or instruction looks on the wire; a row of the tables in src/openflow/actions.ts names one. */
export const FORMS = {
  raw: L.FORM_RAW,
  none: L.FORM_NONE,
  u8: L.FORM_U8,
  u16: L.FORM_U16,
  u32: L.FORM_U32,
  output: L.FORM_OUTPUT,
  oxm: L.FORM_OXM,
  actions: L.FORM_ACTIONS,
  metadata: L.FORM_METADATA,
} as const;
export type Form = keyof typeof FORMS;

/** What the codec needs to know of the room's tables. */
export interface CodecTables {
  readonly fields: readonly { readonly code: number; readonly bytes: number }[];
  readonly actions: readonly { readonly code: number; readonly form: Form }[];
  readonly instructions: readonly { readonly code: number; readonly form: Form }[];
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  layoutVersion(): number;
  inputPointer(): number;
  outputPointer(): number;
  scratchPointer(): number;
  framesPointer(): number;
  setField(code: number, bytes: number): void;
  setAction(code: number, form: number): void;
  setInstruction(code: number, form: number): void;
  scan(n: number): number;
  scannedBytes(): number;
  scanProblem(): number;
  packFlowMods(n: number, xid: number): number;
  packFlowQuery(n: number, xid: number): number;
  packFlowStats(n: number): number;
  packFlowRemoved(n: number, xid: number): number;
  unpackFlowMod(at: number, n: number): number;
  unpackFlowRemoved(at: number, n: number): number;
  unpackFlowStats(at: number, n: number): number;
  countFlows(at: number, n: number, strict: boolean): number;
  packActions(n: number): number;
  unpackActions(at: number, n: number): number;
  unpackMatch(at: number, n: number): number;
}

const REASONS: Readonly<Record<number, string>> = {
  [L.ERR_LENGTH]: "a length does not fit",
  [L.ERR_MATCH_TYPE]: "a match is not of type OXM",
  [L.ERR_OXM_LENGTH]: "a match field has a wrong length",
  [L.ERR_TOO_LONG]: "the message would be over 65,535 bytes",
  [L.ERR_ITEM]: "the record is malformed",
};

/** Bytes that do not follow the protocol, or a flow that does not fit a message. */
export class CodecError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(REASONS[code] ?? `codec error ${code}`);
    this.name = "CodecError";
    this.code = code;
  }
}

let compiled: WebAssembly.Module | undefined;

function instantiate(): Exports {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../../build/openflow.wasm", import.meta.url)));
  const imports = {
    env: {
      abort: () => {
        throw new Error("openflow.wasm aborted");
      },
    },
  };
  const exports = new WebAssembly.Instance(compiled, imports).exports as unknown as Exports;
  if (exports.layoutVersion() !== L.LAYOUT_VERSION) {
    throw new Error("build/openflow.wasm is older than the program: run npm run build");
  }
  return exports;
}

export class OpenFlowCodec {
  readonly #wasm: Exports;
  /** The memory. As Uint8Array, since `slice` copies there and does not on a Buffer; as Buffer, for `copy`. */
  readonly #bytes: Uint8Array;
  readonly #buffer: Buffer;
  readonly #frames: DataView;
  readonly #input: number;
  readonly #output: number;
  readonly #scratch: number;

  constructor(tables: CodecTables) {
    const wasm = instantiate();
    this.#wasm = wasm;
    for (const { code, bytes } of tables.fields) wasm.setField(code, bytes);
    for (const { code, form } of tables.actions) if (code < 64) wasm.setAction(code, FORMS[form]);
    for (const { code, form } of tables.instructions) if (code < 64) wasm.setInstruction(code, FORMS[form]);
    // The memory never grows after start, so these views stay valid.
    this.#bytes = new Uint8Array(wasm.memory.buffer);
    this.#buffer = Buffer.from(wasm.memory.buffer);
    this.#frames = new DataView(wasm.memory.buffer, wasm.framesPointer(), L.FRAMES_MAX * L.FRAME_SIZE);
    this.#input = wasm.inputPointer();
    this.#output = wasm.outputPointer();
    this.#scratch = wasm.scratchPointer();
  }

  /** The module's exports, for the other views of the same memory. */
  get exports(): unknown {
    return this.#wasm;
  }

  /** The most bytes (a carry and a chunk) that one scan takes. */
  get scanBytes(): number {
    return L.INPUT_BYTES;
  }

  /** Cuts what a socket gave, after the `carry` of the scan before, into frames; returns how many there are. */
  scan(carry: Uint8Array | null, chunk: Uint8Array): number {
    const carried = carry?.length ?? 0;
    if (carry) this.#bytes.set(carry, this.#input);
    this.#bytes.set(chunk, this.#input + carried);
    return this.#wasm.scan(carried + chunk.length);
  }
  /** Bytes that the last scan cut into frames. */
  get scanned(): number {
    return this.#wasm.scannedBytes();
  }
  /** Null, or why the last scan stopped at a malformed message. */
  get scanProblem(): string | null {
    const problem = this.#wasm.scanProblem();
    return problem === 0 ? null : (REASONS[problem] ?? "malformed");
  }
  frameType(i: number): number {
    return this.#frames.getUint8(i * L.FRAME_SIZE + L.FRAME_TYPE);
  }
  frameVersion(i: number): number {
    return this.#frames.getUint8(i * L.FRAME_SIZE + L.FRAME_VERSION);
  }
  frameLength(i: number): number {
    return this.#frames.getUint16(i * L.FRAME_SIZE + L.FRAME_LENGTH, true);
  }
  frameXid(i: number): number {
    return this.#frames.getUint32(i * L.FRAME_SIZE + L.FRAME_XID, true);
  }
  /** Where frame `i` begins in what was scanned. */
  frameOffset(i: number): number {
    return this.#frames.getUint32(i * L.FRAME_SIZE + L.FRAME_OFFSET, true);
  }
  /** Frame `i`, header included: a view that is good until the next scan. */
  frame(i: number): Uint8Array {
    const at = this.#input + this.frameOffset(i);
    return this.#bytes.subarray(at, at + this.frameLength(i));
  }

  /** Copies at most `room` bytes of frame `i` to `target`; returns how many. Allocates nothing. */
  copyFrame(i: number, target: Buffer, at: number, room: number): number {
    const start = this.#input + this.frameOffset(i);
    return this.#buffer.copy(target, at, start, start + Math.min(room, this.frameLength(i)));
  }

  /** FLOW_MODs of the records, with transaction ids from `xid` on. Throws CodecError. */
  packFlowMods(records: Uint8Array, xid: number): Uint8Array {
    if (records.length <= L.INPUT_BYTES) return this.#packPiece(records, xid).slice();
    const pieces: Uint8Array[] = [];
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    let from = 0;
    let next = xid;
    for (let at = 0, count = 0; at < records.length; ) {
      const size = view.getUint32(at + L.FLOW_SIZE, true);
      if (size < L.FLOW_HEAD || size > L.INPUT_BYTES) throw new CodecError(L.ERR_ITEM);
      at += size;
      count++;
      const following = at < records.length ? view.getUint32(at + L.FLOW_SIZE, true) : L.INPUT_BYTES;
      if (at + following - from > L.INPUT_BYTES) {
        pieces.push(this.#packPiece(records.subarray(from, at), next).slice());
        next = (next + count) >>> 0;
        count = 0;
        from = at;
      }
    }
    return Buffer.concat(pieces);
  }

  /** The multipart request for the flows that a record's table, match, cookie and out_port cover. */
  packFlowQuery(record: Uint8Array, xid: number): Uint8Array {
    return this.#result(this.#wasm.packFlowQuery(this.#setScratch(record), xid)).slice();
  }
  /** A record as an entry of a flow statistics reply: what a switch writes. */
  packFlowStats(record: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.packFlowStats(this.#setScratch(record))).slice();
  }
  /** A record as a FLOW_REMOVED: what a switch writes. */
  packFlowRemoved(record: Uint8Array, xid: number): Uint8Array {
    return this.#result(this.#wasm.packFlowRemoved(this.#setScratch(record), xid)).slice();
  }

  /** The record of a whole FLOW_MOD message. Throws CodecError. */
  unpackFlowMod(message: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackFlowMod(0, this.#setInput(message))).slice();
  }
  /** The record of a whole FLOW_REMOVED message. Throws CodecError. */
  unpackFlowRemoved(message: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackFlowRemoved(0, this.#setInput(message))).slice();
  }
  /** The record of scanned frame `i`, a FLOW_REMOVED. Throws CodecError. */
  unpackFlowRemovedFrame(i: number): Uint8Array {
    return this.#result(this.#wasm.unpackFlowRemoved(this.frameOffset(i), this.frameLength(i))).slice();
  }
  /** The records of flow statistics entries. Throws CodecError. */
  unpackFlowStats(entries: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackFlowStats(0, this.#setInput(entries))).slice();
  }
  /** The records of the entries in scanned frame `i`, which begin `skip` bytes into it. Throws CodecError. */
  unpackFlowStatsFrame(i: number, skip: number): Uint8Array {
    return this.#result(this.#wasm.unpackFlowStats(this.frameOffset(i) + skip, this.frameLength(i) - skip)).slice();
  }
  /** How many entries of scanned frame `i` are the flow of `record` (`strict`: same match and priority). Throws CodecError. */
  countFlowsFrame(i: number, skip: number, record: Uint8Array, strict: boolean): number {
    this.#setScratch(record);
    const found = this.#wasm.countFlows(this.frameOffset(i) + skip, this.frameLength(i) - skip, strict);
    if (found < 0) throw new CodecError(found);
    return found;
  }

  /** Action items as they go on the wire. Throws CodecError. */
  packActions(items: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.packActions(this.#setInput(items))).slice();
  }
  /** Actions on the wire as items. Throws CodecError. */
  unpackActions(actions: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackActions(0, this.#setInput(actions))).slice();
  }
  /** A match on the wire (type, length, OXMs, padding) as items. Throws CodecError. */
  unpackMatch(match: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackMatch(0, this.#setInput(match))).slice();
  }

  #packPiece(records: Uint8Array, xid: number): Uint8Array {
    return this.#result(this.#wasm.packFlowMods(this.#setInput(records), xid));
  }
  #setInput(bytes: Uint8Array): number {
    if (bytes.length > L.INPUT_BYTES) throw new CodecError(L.ERR_TOO_LONG);
    this.#bytes.set(bytes, this.#input);
    return bytes.length;
  }
  #setScratch(bytes: Uint8Array): number {
    if (bytes.length > L.SCRATCH_BYTES) throw new CodecError(L.ERR_TOO_LONG);
    this.#bytes.set(bytes, this.#scratch);
    return bytes.length;
  }
  #result(length: number): Uint8Array {
    if (length < 0) throw new CodecError(length);
    return this.#bytes.subarray(this.#output, this.#output + length);
  }
}
