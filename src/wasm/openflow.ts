// Typed view of openflow.wasm: frames of a socket's bytes, flows to messages, messages to flow records, in OpenFlow 1.3 and
// 1.0. A `version` is the header's: VERSION_1_3 or VERSION_1_0; types of messages are 1.3's numbers in both.
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

/** What 1.0 calls the messages that it numbers otherwise. */
const TYPES_1_0 = new Map<number, number>([
  [L.OFPT_PORT_MOD, L.V10_PORT_MOD],
  [L.OFPT_MULTIPART_REQUEST, L.V10_STATS_REQUEST],
  [L.OFPT_MULTIPART_REPLY, L.V10_STATS_REPLY],
  [L.OFPT_BARRIER_REQUEST, L.V10_BARRIER_REQUEST],
  [L.OFPT_BARRIER_REPLY, L.V10_BARRIER_REPLY],
  [L.OFPT_QUEUE_GET_CONFIG_REQUEST, L.V10_QUEUE_GET_CONFIG_REQUEST],
  [L.OFPT_QUEUE_GET_CONFIG_REPLY, L.V10_QUEUE_GET_CONFIG_REPLY],
]);

export const VERSION_1_3 = L.OFP_VERSION;
export const VERSION_1_0 = L.OFP_VERSION_10;

/** Where the body of a MULTIPART_REPLY (1.0: STATS_REPLY) begins. */
export function multipartHeader(version: number): number {
  return version === VERSION_1_0 ? 12 : 16;
}

/** The number of a message's type on the wire. What 1.0 does not have keeps its own, unless that means another there. */
export function wireType(type: number, version: number): number {
  if (version !== VERSION_1_0 || type <= L.OFPT_FLOW_MOD) return type;
  return TYPES_1_0.get(type) ?? (type <= L.V10_QUEUE_GET_CONFIG_REPLY ? L.TYPE_UNKNOWN : type);
}

/** MESSAGE's number for a type on the wire; L.TYPE_UNKNOWN for what 1.0 does not have. */
export function typeOfWire(type: number, version: number): number {
  if (version !== VERSION_1_0 || type <= L.OFPT_FLOW_MOD) return type;
  for (const [own, wire] of TYPES_1_0) if (wire === type) return own;
  return L.TYPE_UNKNOWN;
}

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

/** How a match field's value looks in OpenFlow 1.0; a row of src/openflow/match_fields.ts names one. */
export const FORMS_1_0 = {
  copy: L.V10_FORM_COPY,
  number: L.V10_FORM_NUMBER,
  port: L.V10_FORM_PORT,
  vlan: L.V10_FORM_VLAN,
  pcp: L.V10_FORM_PCP,
  dscp: L.V10_FORM_DSCP,
  prefix: L.V10_FORM_PREFIX,
} as const;

/** Where OpenFlow 1.0 has a match field. */
export interface Place10 {
  /** Offset and bytes in ofp_match. */
  readonly at: number;
  readonly bytes: number;
  /** Its bit in `wildcards`; of a prefix, the lowest of six. */
  readonly wildcard: number;
  readonly form: keyof typeof FORMS_1_0;
  /** Type of the action that sets it; null = none does. */
  readonly set: number | null;
  /** The dl_type and nw_proto without which it means nothing; 0 = any. */
  readonly ethType: number;
  readonly ipProto: number;
}

/** What the codec needs to know of the room's tables; `v10`: null when 1.0 has no such thing. */
export interface CodecTables {
  readonly fields: readonly { readonly code: number; readonly bytes: number; readonly v10: Place10 | null }[];
  readonly actions: readonly { readonly code: number; readonly form: Form; readonly v10?: number }[];
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
  setFieldV10(code: number, at: number, bytes: number, wild: number, form: number, oxm: number, set: number): void;
  setNeedsV10(code: number, ethType: number, ipProto: number): void;
  setActionV10(code: number, type: number): void;
  scan(n: number): number;
  scannedBytes(): number;
  scanProblem(): number;
  packFlowMods(n: number, xid: number, version: number): number;
  packFlowQuery(n: number, xid: number, version: number): number;
  packFlowStats(n: number, version: number): number;
  packFlowRemoved(n: number, xid: number, version: number): number;
  unpackFlowMod(at: number, n: number): number;
  unpackFlowRemoved(at: number, n: number): number;
  unpackFlowStats(at: number, n: number, version: number): number;
  countFlows(at: number, n: number, strict: boolean, version: number): number;
  packActions(n: number, version: number): number;
  unpackActions(at: number, n: number, version: number): number;
  unpackMatch(at: number, n: number): number;
}

const REASONS: Readonly<Record<number, string>> = {
  [L.ERR_LENGTH]: "a length does not fit",
  [L.ERR_MATCH_TYPE]: "a match is not of type OXM",
  [L.ERR_OXM_LENGTH]: "a match field has a wrong length",
  [L.ERR_TOO_LONG]: "the message would be over 65,535 bytes",
  [L.ERR_ITEM]: "the record is malformed",
  [L.ERR_VERSION]: "OpenFlow 1.0 has no such match, action or instruction",
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

function fill(wasm: Exports, tables: CodecTables): void {
  for (const { code, bytes, v10 } of tables.fields) {
    wasm.setField(code, bytes);
    if (!v10) continue;
    const { at, bytes: wire, wildcard, form, set, ethType, ipProto } = v10;
    wasm.setFieldV10(code, at, wire, wildcard, FORMS_1_0[form], bytes, set ?? L.V10_NONE);
    wasm.setNeedsV10(code, ethType, ipProto);
  }
  for (const { code, form, v10 } of tables.actions) {
    if (code >= 64) continue;
    wasm.setAction(code, FORMS[form]);
    if (v10 !== undefined) wasm.setActionV10(code, v10);
  }
  for (const { code, form } of tables.instructions) if (code < 64) wasm.setInstruction(code, FORMS[form]);
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
    fill(wasm, tables);
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
  packFlowMods(records: Uint8Array, xid: number, version: number = VERSION_1_3): Uint8Array {
    if (records.length <= L.INPUT_BYTES) return this.#packPiece(records, xid, version).slice();
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
        pieces.push(this.#packPiece(records.subarray(from, at), next, version).slice());
        next = (next + count) >>> 0;
        count = 0;
        from = at;
      }
    }
    return Buffer.concat(pieces);
  }

  /** The multipart request for the flows that a record's table, match, cookie (1.3 alone) and out_port cover. */
  packFlowQuery(record: Uint8Array, xid: number, version: number = VERSION_1_3): Uint8Array {
    return this.#result(this.#wasm.packFlowQuery(this.#setScratch(record), xid, version)).slice();
  }
  /** A record as an entry of a flow statistics reply: what a switch writes. */
  packFlowStats(record: Uint8Array, version: number = VERSION_1_3): Uint8Array {
    return this.#result(this.#wasm.packFlowStats(this.#setScratch(record), version)).slice();
  }
  /** A record as a FLOW_REMOVED: what a switch writes. */
  packFlowRemoved(record: Uint8Array, xid: number, version: number = VERSION_1_3): Uint8Array {
    return this.#result(this.#wasm.packFlowRemoved(this.#setScratch(record), xid, version)).slice();
  }

  /** The record of a whole FLOW_MOD message, of the version that it says. Throws CodecError. */
  unpackFlowMod(message: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackFlowMod(0, this.#setInput(message))).slice();
  }
  /** The record of a whole FLOW_REMOVED message, of the version that it says. Throws CodecError. */
  unpackFlowRemoved(message: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackFlowRemoved(0, this.#setInput(message))).slice();
  }
  /** The record of scanned frame `i`, a FLOW_REMOVED. Throws CodecError. */
  unpackFlowRemovedFrame(i: number): Uint8Array {
    return this.#result(this.#wasm.unpackFlowRemoved(this.frameOffset(i), this.frameLength(i))).slice();
  }
  /** The records of flow statistics entries. Throws CodecError. */
  unpackFlowStats(entries: Uint8Array, version: number = VERSION_1_3): Uint8Array {
    this.#clearScratch();
    return this.#result(this.#wasm.unpackFlowStats(0, this.#setInput(entries), version)).slice();
  }
  /**
   * The records of the entries in scanned frame `i` that `query` (a record) asked for. A 1.0 switch does not look at
   * cookies, so that is done here. Throws CodecError.
   */
  unpackFlowStatsFrame(i: number, query: Uint8Array): Uint8Array {
    const version = this.frameVersion(i);
    const skip = multipartHeader(version);
    this.#setScratch(query);
    const at = this.frameOffset(i) + skip;
    return this.#result(this.#wasm.unpackFlowStats(at, this.frameLength(i) - skip, version)).slice();
  }
  /** How many entries of scanned frame `i` are the flow of `record` (`strict`: same match and priority). Throws CodecError. */
  countFlowsFrame(i: number, record: Uint8Array, strict: boolean): number {
    const version = this.frameVersion(i);
    const skip = multipartHeader(version);
    this.#setScratch(record);
    const found = this.#wasm.countFlows(this.frameOffset(i) + skip, this.frameLength(i) - skip, strict, version);
    if (found < 0) throw new CodecError(found);
    return found;
  }

  /** Action items as they go on the wire. Throws CodecError. */
  packActions(items: Uint8Array, version: number = VERSION_1_3): Uint8Array {
    return this.#result(this.#wasm.packActions(this.#setInput(items), version)).slice();
  }
  /** Actions on the wire as items. Throws CodecError. */
  unpackActions(actions: Uint8Array, version: number = VERSION_1_3): Uint8Array {
    return this.#result(this.#wasm.unpackActions(0, this.#setInput(actions), version)).slice();
  }
  /** A match on the wire (type, length, OXMs, padding) as items. Throws CodecError. */
  unpackMatch(match: Uint8Array): Uint8Array {
    return this.#result(this.#wasm.unpackMatch(0, this.#setInput(match))).slice();
  }

  #packPiece(records: Uint8Array, xid: number, version: number): Uint8Array {
    return this.#result(this.#wasm.packFlowMods(this.#setInput(records), xid, version));
  }
  #clearScratch(): void {
    this.#bytes.fill(0, this.#scratch, this.#scratch + L.FLOW_HEAD);
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
