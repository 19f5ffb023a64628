// Control messages that are rare: each is built or read here byte by byte. Frames come from the codec's scan(), which has
// checked every fixed length; variable parts are checked where they are read.

import { HEADER_BYTES, MESSAGE, multipartHeader, VERSION_1_0, VERSION_1_3, wireType } from "../wasm/openflow.js";

/** Types of multipart messages: 1.3's, which those of 1.0 are a part of. */
export const MULTIPART = {
  DESC: 0,
  FLOW: 1,
  AGGREGATE: 2,
  TABLE: 3,
  PORT_STATS: 4,
  QUEUE: 5,
  GROUP_STATS: 6,
  GROUP_DESC: 7,
  GROUP_FEATURES: 8,
  METER_STATS: 9,
  METER_CONFIG: 10,
  METER_FEATURES: 11,
  TABLE_FEATURES: 12,
  PORT_DESC: 13,
} as const;

/** OFPMPF_REPLY_MORE (spec §7.3.5). */
const REPLY_MORE = 1;
/** OFPHET_VERSIONBITMAP (spec §7.5.1). */
const VERSION_BITMAP = 1;

function view(frame: Uint8Array): Buffer {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}

/** A message with its header written; `type` is one of MESSAGE, whatever number the version has for it. */
export function message(type: number, xid: number, body: Uint8Array = Buffer.alloc(0), version = VERSION_1_3): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  bytes[0] = version;
  bytes[1] = wireType(type, version);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt32BE(xid >>> 0, 4);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** HELLO with a version bitmap of 1.0 and 1.3. */
export function hello(xid: number): Buffer {
  const element = Buffer.alloc(8);
  element.writeUInt16BE(VERSION_BITMAP, 0);
  element.writeUInt16BE(8, 2);
  element.writeUInt32BE((1 << VERSION_1_0) | (1 << VERSION_1_3), 4);
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
export function setConfig(xid: number, version: number = VERSION_1_3): Buffer {
  return message(MESSAGE.SET_CONFIG, xid, Buffer.from([0, 0, 0xff, 0xff]), version);
}

/** MULTIPART_REQUEST; 1.0: STATS_REQUEST. */
export function multipartRequest(
  type: number,
  xid: number,
  body: Uint8Array = Buffer.alloc(0),
  version: number = VERSION_1_3,
): Buffer {
  const head = Buffer.alloc(multipartHeader(version) - HEADER_BYTES);
  head.writeUInt16BE(type, 0);
  return message(MESSAGE.MULTIPART_REQUEST, xid, Buffer.concat([head, body]), version);
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
  /** The version that was agreed on. */
  readonly version: number;
  /** 16 hex digits. */
  readonly dpid: string;
  readonly buffers: number;
  readonly tables: number;
  readonly auxiliaryId: number;
  /** OFPC_* bits of that version. */
  readonly capabilities: number;
}

/** FEATURES_REPLY of the version that it says; 1.0 has no auxiliary connections. */
export function readFeatures(frame: Uint8Array): Features {
  const bytes = view(frame);
  const version = bytes[0] as number;
  return {
    version,
    dpid: bytes.toString("hex", 8, 16),
    buffers: bytes.readUInt32BE(16),
    tables: bytes[20] as number,
    auxiliaryId: version === VERSION_1_0 ? 0 : (bytes[21] as number),
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
export const PORT_BYTES_1_0 = 48;
/** Where the ports of a 1.0 FEATURES_REPLY begin. */
const FEATURES_PORTS = 32;
/** Bits below this mean the same in OFPPF_* of both versions; 1.3 has put four rates before the others. */
const SAME_FEATURES = 0x7f;

/** A port's number in 32 bits: reserved ones have their upper half set. */
export function portTo32(port: number): number {
  return port < 0xff00 ? port : (port | 0xffff0000) >>> 0;
}

/** A port's number in the 16 bits of OpenFlow 1.0. */
export function portTo16(port: number): number {
  return port & 0xffff;
}

function features10(bits: number): number {
  return (bits & SAME_FEATURES) | ((bits & ~SAME_FEATURES) << 4);
}

/** The ports of a 1.0 FEATURES_REPLY (1.0 spec §5.3.1); 1.3 asks for them apart. */
export function readFeaturesPorts(frame: Uint8Array): Port[] {
  const ports: Port[] = [];
  for (let at = FEATURES_PORTS; at + PORT_BYTES_1_0 <= frame.length; at += PORT_BYTES_1_0)
    ports.push(readPort10(frame, at));
  return ports;
}

/** The port structure of 1.0 (1.0 spec §5.2.1) at `at`; it says no speeds. */
export function readPort10(frame: Uint8Array, at: number): Port {
  const bytes = view(frame);
  return {
    number: portTo32(bytes.readUInt16BE(at)),
    mac: dpidText(bytes.toString("hex", at + 2, at + 8)),
    name: fixedText(bytes, at + 8, 16),
    config: bytes.readUInt32BE(at + 24),
    state: bytes.readUInt32BE(at + 28),
    current: features10(bytes.readUInt32BE(at + 32)),
    advertised: features10(bytes.readUInt32BE(at + 36)),
    supported: features10(bytes.readUInt32BE(at + 40)),
    peer: features10(bytes.readUInt32BE(at + 44)),
    currentSpeed: 0,
    maxSpeed: 0,
  };
}

/** Text of a fixed field of `n` bytes at `at` that ends at the first NUL. */
export function fixedText(bytes: Buffer, at: number, n: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("utf8", at, end < 0 || end > at + n ? at + n : end);
}

/** The port structure (spec §7.2.1) at `at`. */
export function readPort(frame: Uint8Array, at: number): Port {
  const bytes = view(frame);
  return {
    number: bytes.readUInt32BE(at),
    mac: dpidText(bytes.toString("hex", at + 8, at + 14)),
    name: fixedText(bytes, at + 16, 16),
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
  const read = frame[0] === VERSION_1_0 ? readPort10 : readPort;
  return { reason: frame[8] as number, port: read(frame, 16) };
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
    manufacturer: fixedText(bytes, 0, 256),
    hardware: fixedText(bytes, 256, 256),
    software: fixedText(bytes, 512, 256),
    serial: fixedText(bytes, 768, 32),
    datapath: fixedText(bytes, 800, 256),
  };
}
