// Control messages that are rare: each is built or read here byte by byte. Frames come from the codec's scan(), which has
// checked every fixed length; variable parts are checked where they are read.

import { HEADER_BYTES, MESSAGE, VERSION_1_3 } from "../wasm/openflow.js";

export const MULTIPART = {
  DESC: 0,
  FLOW: 1,
  AGGREGATE: 2,
  TABLE: 3,
  PORT_STATS: 4,
  GROUP_STATS: 6,
  GROUP_DESC: 7,
  GROUP_FEATURES: 8,
  METER_STATS: 9,
  METER_CONFIG: 10,
  METER_FEATURES: 11,
  PORT_DESC: 13,
} as const;

/** Where the body of a MULTIPART_REPLY begins. */
export const MULTIPART_HEADER = 16;
/** OFPMPF_REPLY_MORE (spec §7.3.5). */
const REPLY_MORE = 1;
/** OFPHET_VERSIONBITMAP (spec §7.5.1). */
const VERSION_BITMAP = 1;

function view(frame: Uint8Array): Buffer {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}

/** A message with its header written. */
export function message(type: number, xid: number, body: Uint8Array = Buffer.alloc(0), version = VERSION_1_3): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  bytes[0] = version;
  bytes[1] = type;
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt32BE(xid >>> 0, 4);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** HELLO with a version bitmap of 1.3 alone. */
export function hello(xid: number): Buffer {
  const element = Buffer.alloc(8);
  element.writeUInt16BE(VERSION_BITMAP, 0);
  element.writeUInt16BE(8, 2);
  element.writeUInt32BE(1 << VERSION_1_3, 4);
  return message(MESSAGE.HELLO, xid, element);
}

/** The versions in a HELLO's bitmap, or null when it has none; elements that are malformed or unknown are skipped. */
export function helloVersions(frame: Uint8Array): number[] | null {
  const bytes = view(frame);
  for (let at = HEADER_BYTES; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    if (length < 4 || at + length > bytes.length) return null;
    if (bytes.readUInt16BE(at) === VERSION_BITMAP && length >= 8) {
      const bits = bytes.readUInt32BE(at + 4);
      return Array.from({ length: 32 }, (_, version) => version).filter((version) => (bits >>> version) & 1);
    }
    at += (length + 7) & ~7;
  }
  return null;
}

/** ERROR with up to 64 bytes of what caused it (HELLO_FAILED: a text). */
export function error(version: number, xid: number, type: number, code: number, data: Uint8Array): Buffer {
  const body = Buffer.alloc(4 + Math.min(data.length, 64));
  body.writeUInt16BE(type, 0);
  body.writeUInt16BE(code, 2);
  body.set(data.subarray(0, 64), 4);
  return message(MESSAGE.ERROR, xid, body, version);
}

export function errorTypeAndCode(frame: Uint8Array): { type: number; code: number } {
  const bytes = view(frame);
  return { type: bytes.readUInt16BE(8), code: bytes.readUInt16BE(10) };
}

/** The answer to an ECHO_REQUEST: the same bytes back. */
export function echoReply(frame: Uint8Array): Buffer {
  const bytes = Buffer.from(frame);
  bytes[1] = MESSAGE.ECHO_REPLY;
  return bytes;
}

/** SET_CONFIG: fragments as they are, packets without buffering whole to the controller (OFPCML_NO_BUFFER). */
export function setConfig(xid: number): Buffer {
  return message(MESSAGE.SET_CONFIG, xid, Buffer.from([0, 0, 0xff, 0xff]));
}

export function multipartRequest(type: number, xid: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(type, 0);
  return message(MESSAGE.MULTIPART_REQUEST, xid, Buffer.concat([head, body]));
}

export function multipartType(frame: Uint8Array): number {
  return ((frame[8] as number) << 8) | (frame[9] as number);
}

export function multipartHasMore(frame: Uint8Array): boolean {
  return ((frame[11] as number) & REPLY_MORE) !== 0;
}

/** Eight hex bytes with colons, as HP writes a datapath id. */
export function dpidText(dpid: string): string {
  return (dpid.match(/../g) ?? []).join(":");
}

export interface Features {
  /** 16 hex digits. */
  readonly dpid: string;
  readonly buffers: number;
  readonly tables: number;
  readonly auxiliaryId: number;
  /** OFPC_* bits. */
  readonly capabilities: number;
}

export function readFeatures(frame: Uint8Array): Features {
  const bytes = view(frame);
  return {
    dpid: bytes.toString("hex", 8, 16),
    buffers: bytes.readUInt32BE(16),
    tables: bytes[20] as number,
    auxiliaryId: bytes[21] as number,
    capabilities: bytes.readUInt32BE(24),
  };
}

export interface Port {
  readonly number: number;
  readonly mac: string;
  readonly name: string;
  /** OFPPC_*, OFPPS_* and OFPPF_* bits. */
  readonly config: number;
  readonly state: number;
  readonly current: number;
  readonly advertised: number;
  readonly supported: number;
  readonly peer: number;
  /** kbit/s. */
  readonly currentSpeed: number;
  readonly maxSpeed: number;
}

export const PORT_BYTES = 64;

/** Text of a fixed field that ends at the first NUL. */
function text(bytes: Buffer, at: number, n: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("utf8", at, end < 0 || end > at + n ? at + n : end);
}

/** The port structure (spec §7.2.1) at `at`. */
export function readPort(frame: Uint8Array, at: number): Port {
  const bytes = view(frame);
  return {
    number: bytes.readUInt32BE(at),
    mac: dpidText(bytes.toString("hex", at + 8, at + 14)),
    name: text(bytes, at + 16, 16),
    config: bytes.readUInt32BE(at + 32),
    state: bytes.readUInt32BE(at + 36),
    current: bytes.readUInt32BE(at + 40),
    advertised: bytes.readUInt32BE(at + 44),
    supported: bytes.readUInt32BE(at + 48),
    peer: bytes.readUInt32BE(at + 52),
    currentSpeed: bytes.readUInt32BE(at + 56),
    maxSpeed: bytes.readUInt32BE(at + 60),
  };
}

/** OFPPC_PORT_DOWN and OFPPS_LINK_DOWN (spec §7.2.1) are both bit 0. */
export function portIsDown({ config, state }: Port): boolean {
  return ((config | state) & 1) !== 0;
}

/** PORT_STATUS (spec §7.4.3): reasons. */
export const PORT_REASON = { ADD: 0, DELETE: 1, MODIFY: 2 } as const;

export function readPortStatus(frame: Uint8Array): { reason: number; port: Port } {
  return { reason: frame[8] as number, port: readPort(frame, 16) };
}

export interface Description {
  readonly manufacturer: string;
  readonly hardware: string;
  readonly software: string;
  readonly serial: string;
  readonly datapath: string;
}

export const NO_DESCRIPTION: Description = { manufacturer: "", hardware: "", software: "", serial: "", datapath: "" };

/** The body of a DESC reply; empty texts when it is too short. */
export function readDescription(body: Uint8Array): Description {
  const bytes = view(body);
  if (bytes.length < 1056) return NO_DESCRIPTION;
  return {
    manufacturer: text(bytes, 0, 256),
    hardware: text(bytes, 256, 256),
    software: text(bytes, 512, 256),
    serial: text(bytes, 768, 32),
    datapath: text(bytes, 800, 256),
  };
}
