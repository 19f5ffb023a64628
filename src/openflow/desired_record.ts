// What is kept of a flow, a group or a meter, as bytes: keys and values of the store's table `openflow_desired`.
// A key is the datapath id (8 bytes), the kind (1) and what identifies one of that kind: a flow's table, priority and match,
// a group's or meter's number (4). A value begins with the number of its form; what follows is a flow's record
// (wasm/openflow_records.ts), or a group's or meter's fields, little-endian as in records.

import { createHash } from "node:crypto";
import { LIMITS } from "../base/limits.js";
import { asAdded, flowIdentity, sameActions } from "../wasm/flow_identity.js";
import type { Bucket, Group } from "./groups.js";
import type { Band, Meter } from "./meters.js";

/** In the order in which a switch must be given them: flows name groups and meters. */
export const KIND = { meters: 1, groups: 2, flows: 3 } as const;
export type KindName = keyof typeof KIND;
export const KIND_NAMES: readonly KindName[] = ["meters", "groups", "flows"];

/** The form of all values. Another form of records, or of what is here, needs another number and a migration. */
const FORM = 1;
/** Bytes before a flow's record. */
export const VALUE_HEAD = 1;
/** Bytes of a key before what identifies one of a kind. */
export const KEY_HEAD = 9;
/** A match whose key would be too long is kept under its hash, after this mark: no OXM class begins with it. */
const HASHED = 0x01;
const FLOW_HEAD = 3;
const NO_PREFIX = Buffer.alloc(0);
const BUCKET_HEAD = 14;
const BAND_BYTES = 14;
/** A bit of METER_FLAGS: burst sizes mean something. */
const BURST = 4;
const SELECT = 1;
const FAST_FAILOVER = 3;

/** The beginning of all keys of a kind of a switch. `dpid` is 16 hex digits. */
export function keyPrefix(dpid: string, kind: KindName): Buffer {
  const key = Buffer.allocUnsafe(KEY_HEAD);
  key.write(dpid, "hex");
  key[8] = KIND[kind];
  return key;
}

/** `prefix`, then what identifies the flow record at `at` within its switch, short enough for a key. */
export function flowKey(bytes: Buffer, at: number, prefix: Buffer = NO_PREFIX): Buffer {
  const key = flowIdentity(bytes, at, prefix);
  // One byte is left for the place after a key.
  if (KEY_HEAD + key.length - prefix.length < LIMITS.storeKeyBytes) return key;
  const head = prefix.length + FLOW_HEAD;
  const hash = createHash("sha256").update(key.subarray(head)).digest();
  return Buffer.concat([key.subarray(0, head), Buffer.from([HASHED]), hash]);
}

/** What identifies a group or a meter. */
export function numberKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(id);
  return key;
}

/** The value of the flow record at `at`, as it is to be added. */
export function encodeFlow(bytes: Buffer, at: number): Buffer {
  const value = asAdded(bytes, at, VALUE_HEAD);
  value[0] = FORM;
  return value;
}

/** The value of a flow record that is to be added already. */
export function valueOfFlow(record: Buffer): Buffer {
  const value = Buffer.allocUnsafe(VALUE_HEAD + record.length);
  value[0] = FORM;
  value.set(record, VALUE_HEAD);
  return value;
}

/** The flow record of a value: a view. */
export function decodeFlow(value: Uint8Array): Buffer {
  return body(value);
}

function body(value: Uint8Array): Buffer {
  if (value[0] !== FORM) throw new Error(`desired state of form ${value[0]}, where ${FORM} was expected`);
  return Buffer.from(value.buffer, value.byteOffset + VALUE_HEAD, value.byteLength - VALUE_HEAD);
}

export function encodeGroup(group: Group): Buffer {
  const head = Buffer.from([FORM, group.type]);
  const buckets = group.buckets.map((bucket) => {
    const bytes = Buffer.alloc(BUCKET_HEAD);
    bytes.writeUInt16LE(bucket.weight, 0);
    bytes.writeUInt32LE(bucket.watchPort, 2);
    bytes.writeUInt32LE(bucket.watchGroup, 6);
    bytes.writeUInt32LE(bucket.actions.length, 10);
    return Buffer.concat([bytes, bucket.actions]);
  });
  return Buffer.concat([head, ...buckets]);
}

export function decodeGroup(id: number, value: Uint8Array): Group {
  const bytes = body(value);
  const buckets: Bucket[] = [];
  for (let at = 1; at < bytes.length; ) {
    const end = at + BUCKET_HEAD + bytes.readUInt32LE(at + 10);
    buckets.push({
      weight: bytes.readUInt16LE(at),
      watchPort: bytes.readUInt32LE(at + 2),
      watchGroup: bytes.readUInt32LE(at + 6),
      actions: Uint8Array.from(bytes.subarray(at + BUCKET_HEAD, end)),
    });
    at = end;
  }
  return { id, type: bytes[0] as number, buckets };
}

export function encodeMeter(meter: Meter): Buffer {
  const bytes = Buffer.alloc(3 + meter.bands.length * BAND_BYTES);
  bytes[0] = FORM;
  bytes.writeUInt16LE(meter.flags, 1);
  for (const [i, band] of meter.bands.entries()) {
    const at = 3 + i * BAND_BYTES;
    bytes.writeUInt16LE(band.type, at);
    bytes.writeUInt32LE(band.rate, at + 2);
    bytes.writeUInt32LE(band.burst, at + 6);
    bytes.writeUInt32LE(band.argument, at + 10);
  }
  return bytes;
}

export function decodeMeter(id: number, value: Uint8Array): Meter {
  const bytes = body(value);
  const bands: Band[] = [];
  for (let at = 2; at < bytes.length; at += BAND_BYTES) {
    bands.push({
      type: bytes.readUInt16LE(at),
      rate: bytes.readUInt32LE(at + 2),
      burst: bytes.readUInt32LE(at + 6),
      argument: bytes.readUInt32LE(at + 10),
    });
  }
  return { id, flags: bytes.readUInt16LE(0), bands };
}

/** True when both groups forward alike. Weights are of select groups, watches of fast failover ones: switches forget others. */
export function sameGroup(a: Group, b: Group): boolean {
  if (a.type !== b.type || a.buckets.length !== b.buckets.length) return false;
  return a.buckets.every((bucket, i) => {
    const other = b.buckets[i] as Bucket;
    if (a.type === SELECT && bucket.weight !== other.weight) return false;
    const watches = bucket.watchPort === other.watchPort && bucket.watchGroup === other.watchGroup;
    return (a.type !== FAST_FAILOVER || watches) && sameActions(bucket.actions, other.actions);
  });
}

/** True when both meters limit alike. Without the flag `burst`, burst sizes say nothing. */
export function sameMeter(a: Meter, b: Meter): boolean {
  if (a.flags !== b.flags || a.bands.length !== b.bands.length) return false;
  return a.bands.every((band, i) => {
    const other = b.bands[i] as Band;
    const rates = band.type === other.type && band.rate === other.rate && band.argument === other.argument;
    return rates && ((a.flags & BURST) === 0 || band.burst === other.burst);
  });
}
