// Statistics of ports, groups and meters (spec §7.3.5.6, §7.3.5.7, §7.3.5.11), read byte by byte, since they are few.
// Counters are JavaScript numbers: exact to 2^53; a counter that the switch does not keep is 2^64 - 1.

import { CodecError, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import { ANY } from "../wasm/openflow_records.js";
import { portTo16, portTo32 } from "./messages.js";

/** Packets and bytes of a bucket or a band. */
export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
}

export interface PortStats {
  readonly port: number;
  /** In the order of PORT_COUNTERS. */
  readonly counters: readonly number[];
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Counters of a port in the order in which they are on the wire. */
export const PORT_COUNTERS = [
  ..."rx_packets tx_packets rx_bytes tx_bytes rx_dropped tx_dropped rx_errors tx_errors".split(" "),
  ..."rx_frame_err rx_over_err rx_crc_err collisions".split(" "),
];

export interface GroupStats extends Traffic {
  readonly id: number;
  readonly references: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly buckets: readonly Traffic[];
}

export interface MeterStats extends Traffic {
  readonly id: number;
  readonly flows: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly bands: readonly Traffic[];
}

const PORT_ENTRY = 112;
const PORT_ENTRY_1_0 = 104;
/** What HP's controller says for a duration that the switch does not tell. */
const UNKNOWN = 0xffffffff;
const ENTRY_HEAD = 40;

/** A counter in network order; exact to 2^53. */
export function u64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x100000000 + bytes.readUInt32BE(at + 4);
}

function traffic(bytes: Buffer, at: number): Traffic {
  return { packets: u64(bytes, at), bytes: u64(bytes, at + 8) };
}

function buffer(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** The body of a PORT_STATS request for one port, or for all (null). */
export function portStatsRequest(port: number | null, version: number): Buffer {
  const body = Buffer.alloc(8);
  if (version === VERSION_1_0) body.writeUInt16BE(portTo16(port ?? ANY));
  else body.writeUInt32BE(port ?? ANY);
  return body;
}

/** The entries of a PORT_STATS reply. Throws CodecError. */
export function unpackPortStats(body: Uint8Array, version: number = VERSION_1_3): PortStats[] {
  const bytes = buffer(body);
  const old = version === VERSION_1_0;
  const size = old ? PORT_ENTRY_1_0 : PORT_ENTRY;
  if (bytes.length % size !== 0) throw new CodecError(-1);
  return Array.from({ length: bytes.length / size }, (_, i) => {
    const at = i * size;
    return {
      port: old ? portTo32(bytes.readUInt16BE(at)) : bytes.readUInt32BE(at),
      counters: PORT_COUNTERS.map((_name, n) => u64(bytes, at + 8 + 8 * n)),
      seconds: old ? UNKNOWN : bytes.readUInt32BE(at + 104),
      nanoseconds: old ? UNKNOWN : bytes.readUInt32BE(at + 108),
    };
  });
}

/** Cuts a reply into entries whose length stands at `lengthAt`; the rest of each are 16 bytes of traffic apiece. */
function entries<T>(body: Uint8Array, lengthAt: number, read: (bytes: Buffer, at: number, parts: Traffic[]) => T): T[] {
  const bytes = buffer(body);
  const found: T[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + ENTRY_HEAD <= bytes.length ? bytes.readUInt16BE(at + lengthAt) : 0;
    if (length < ENTRY_HEAD || (length - ENTRY_HEAD) % 16 !== 0 || at + length > bytes.length) throw new CodecError(-1);
    const start = at + ENTRY_HEAD;
    const parts = Array.from({ length: (length - ENTRY_HEAD) / 16 }, (_, i) => traffic(bytes, start + 16 * i));
    found.push(read(bytes, at, parts));
    at += length;
  }
  return found;
}

/** The entries of a GROUP reply. Throws CodecError. */
export function unpackGroupStats(body: Uint8Array): GroupStats[] {
  return entries(body, 0, (bytes, at, buckets) => ({
    id: bytes.readUInt32BE(at + 4),
    references: bytes.readUInt32BE(at + 8),
    ...traffic(bytes, at + 16),
    seconds: bytes.readUInt32BE(at + 32),
    nanoseconds: bytes.readUInt32BE(at + 36),
    buckets,
  }));
}

/** The entries of a METER reply. Throws CodecError. */
export function unpackMeterStats(body: Uint8Array): MeterStats[] {
  return entries(body, 4, (bytes, at, bands) => ({
    id: bytes.readUInt32BE(at),
    flows: bytes.readUInt32BE(at + 12),
    ...traffic(bytes, at + 16),
    seconds: bytes.readUInt32BE(at + 32),
    nanoseconds: bytes.readUInt32BE(at + 36),
    bands,
  }));
}
