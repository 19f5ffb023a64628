// Queues of a switch's ports: what they have sent (spec §7.3.5.8; 1.0 spec §5.3.5) and what rates they have (§7.3.6; 1.0 §5.3.4).

import { CodecError, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import { ANY } from "../wasm/openflow_records.js";
import { portTo16, portTo32 } from "./messages.js";
import { u64 } from "./stats.js";

export interface QueueStats {
  readonly port: number;
  readonly queue: number;
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  /** How long there has been the queue; null: 1.0 does not say. */
  readonly seconds: number | null;
  readonly nanoseconds: number | null;
}

export interface Queue {
  readonly queue: number;
  /** Tenths of a percent of the port's speed; null = not told. */
  readonly minRate: number | null;
  readonly maxRate: number | null;
}

/** OFPP_ALL: 1.0 asks for all ports by it, 1.3 by OFPP_ANY. */
const ALL_PORTS = 0xfffffffc;
/** OFPQ_ALL of both versions. */
const ALL_QUEUES = 0xffffffff;
const STATS = 40;
const STATS_1_0 = 32;
const MIN_RATE = 1;
const MAX_RATE = 2;
/** A rate above this says that the switch limits nothing. */
const RATE_MAX = 1_000;

function buffer(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** The body of a QUEUE statistics request for one port and queue, or for all (null). */
export function queueStatsRequest(port: number | null, queue: number | null, version: number): Buffer {
  const body = Buffer.alloc(8);
  if (version === VERSION_1_0) body.writeUInt16BE(portTo16(port ?? ALL_PORTS), 0);
  else body.writeUInt32BE(port ?? ANY, 0);
  body.writeUInt32BE(queue ?? ALL_QUEUES, 4);
  return body;
}

/** The entries of a QUEUE statistics reply. Throws CodecError. */
export function unpackQueueStats(body: Uint8Array, version: number = VERSION_1_3): QueueStats[] {
  const bytes = buffer(body);
  const old = version === VERSION_1_0;
  const size = old ? STATS_1_0 : STATS;
  if (bytes.length % size !== 0) throw new CodecError(-1);
  return Array.from({ length: bytes.length / size }, (_, i) => {
    const at = i * size;
    return {
      port: old ? portTo32(bytes.readUInt16BE(at)) : bytes.readUInt32BE(at),
      queue: bytes.readUInt32BE(at + 4),
      bytes: u64(bytes, at + 8),
      packets: u64(bytes, at + 16),
      errors: u64(bytes, at + 24),
      seconds: old ? null : bytes.readUInt32BE(at + 32),
      nanoseconds: old ? null : bytes.readUInt32BE(at + 36),
    };
  });
}

/** The body of a QUEUE_GET_CONFIG_REQUEST for one port. */
export function queueConfigRequest(port: number, version: number): Buffer {
  const body = Buffer.alloc(version === VERSION_1_0 ? 4 : 8);
  if (version === VERSION_1_0) body.writeUInt16BE(portTo16(port), 0);
  else body.writeUInt32BE(port, 0);
  return body;
}

/** The queues of a whole QUEUE_GET_CONFIG_REPLY, of the version that it says. Throws CodecError. */
export function readQueueConfig(frame: Uint8Array): { port: number; queues: Queue[] } {
  const bytes = buffer(frame);
  const old = bytes[0] === VERSION_1_0;
  if (bytes.length < 16) throw new CodecError(-1);
  const port = old ? portTo32(bytes.readUInt16BE(8)) : bytes.readUInt32BE(8);
  const head = old ? 8 : 16;
  const queues: Queue[] = [];
  for (let at = 16; at < bytes.length; ) {
    const length = at + head <= bytes.length ? bytes.readUInt16BE(at + (old ? 4 : 8)) : 0;
    if (length < head || at + length > bytes.length) throw new CodecError(-1);
    const rates = unpackRates(bytes, at + head, at + length);
    queues.push({ queue: bytes.readUInt32BE(at), minRate: rates[MIN_RATE] ?? null, maxRate: rates[MAX_RATE] ?? null });
    at += length;
  }
  return { port, queues };
}

/** The rates among a queue's properties, by property type. */
function unpackRates(bytes: Buffer, at: number, end: number): Readonly<Record<number, number>> {
  const rates: Record<number, number> = {};
  while (at < end) {
    const length = at + 8 <= end ? bytes.readUInt16BE(at + 2) : 0;
    if (length < 8 || at + length > end) throw new CodecError(-1);
    const type = bytes.readUInt16BE(at);
    if ((type === MIN_RATE || type === MAX_RATE) && length >= 10) {
      const rate = bytes.readUInt16BE(at + 8);
      if (rate <= RATE_MAX) rates[type] = rate;
    }
    at += length;
  }
  return rates;
}
