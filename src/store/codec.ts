// Keys and values as bytes. Keys sort as bytes in their own order: integers first, by value, then strings by UTF-8, then
// keys that are bytes. A value is a CRC-32 of its msgpack form, then that form; the sum is looked at when the store is opened.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Key } from "./engine.js";

const INTEGER = 1;
const STRING = 2;
const BYTES = 3;
const SUM_BYTES = 4;
/** msgpack's mark of bytes with a length of 32 bits, and what stands before them. */
const BINARY_32 = 0xc6;
const BINARY_HEAD = 5;
/** Moves safe integers, negative ones too, into unsigned order. */
const OFFSET = 2n ** 63n;

/** The bytes of a key. Throws KEY_TOO_LONG; a key that is no string and no safe integer is a defect. */
export function encodeKey(table: string, key: Key): Buffer {
  if (typeof key === "number") {
    if (!Number.isSafeInteger(key)) throw new TypeError(`key ${key} of ${table} is not an integer`);
    const bytes = Buffer.allocUnsafe(9);
    bytes[0] = INTEGER;
    bytes.writeBigUInt64BE(BigInt(key) + OFFSET, 1);
    return bytes;
  }
  if (typeof key !== "string" && !(key instanceof Uint8Array)) {
    throw new TypeError(`a key of ${table} is neither integer, string nor bytes`);
  }
  const length = keyBytes(key);
  if (length > LIMITS.storeKeyBytes) {
    throw new AppError("KEY_TOO_LONG", { table, bytes: length, limit: LIMITS.storeKeyBytes });
  }
  const bytes = Buffer.allocUnsafe(1 + length);
  bytes[0] = typeof key === "string" ? STRING : BYTES;
  if (typeof key === "string") bytes.write(key, 1);
  else bytes.set(key, 1);
  return bytes;
}

/** How long a key of text or bytes is, without its mark. */
export function keyBytes(key: string | Uint8Array): number {
  return typeof key === "string" ? Buffer.byteLength(key) : key.length;
}

/** The key that `encodeKey` made these bytes of. Throws on any other bytes. */
export function decodeKey(bytes: Buffer): Key {
  if (bytes[0] === STRING) return bytes.toString("utf8", 1);
  if (bytes[0] === BYTES) return Buffer.from(bytes.subarray(1));
  if (bytes[0] === INTEGER && bytes.length === 9) return Number(bytes.readBigUInt64BE(1) - OFFSET);
  throw new Error("not a key of this store");
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb8_8320 : sum >>> 1;
  return sum >>> 0;
});

/** CRC-32 as in zlib. */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) {
    sum = (CRC_TABLE[(sum ^ (bytes[i] as number)) & 0xff] as number) ^ (sum >>> 8);
  }
  return (sum ^ 0xffff_ffff) >>> 0;
}

/** The msgpack encoder that lmdb brings along. */
export interface Msgpack {
  encode(value: unknown): Buffer;
  decode(bytes: Buffer): unknown;
}

/** The bytes of a record. Throws RECORD_TOO_LARGE. */
export function encodeValue(table: string, value: unknown, msgpack: Msgpack): Buffer {
  const bytes = value instanceof Uint8Array ? binaryValue(value) : packedValue(msgpack.encode(value));
  const length = bytes.length - SUM_BYTES;
  if (length > LIMITS.recordBytes) {
    throw new AppError("RECORD_TOO_LARGE", { table, bytes: length, limit: LIMITS.recordBytes });
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(SUM_BYTES)), 0);
  return bytes;
}

/** Room for the sum, then what the encoder wrote. */
function packedValue(packed: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(SUM_BYTES + packed.length);
  packed.copy(bytes, SUM_BYTES);
  return bytes;
}

/** The same for bytes, in msgpack's form for them (bin 32): many times faster than the encoder, in one copy. */
function binaryValue(value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(SUM_BYTES + BINARY_HEAD + value.length);
  bytes[SUM_BYTES] = BINARY_32;
  bytes.writeUInt32BE(value.length, SUM_BYTES + 1);
  bytes.set(value, SUM_BYTES + BINARY_HEAD);
  return bytes;
}

export function decodeValue(bytes: Buffer, msgpack: Msgpack): unknown {
  return msgpack.decode(bytes.subarray(SUM_BYTES));
}

/** True when the sum in front of a value is that of the value. */
export function sumHolds(bytes: Buffer): boolean {
  return bytes.length > SUM_BYTES && bytes.readUInt32LE(0) === crc32(bytes.subarray(SUM_BYTES));
}

/** One change of a batch on its way to the writer thread; no value: the record goes. */
export interface Op {
  readonly table: number;
  readonly key: Buffer;
  readonly value: Buffer | null;
}

const OP_HEADER_BYTES = 10;
const REMOVED = 0xffff_ffff;

/** Packs a batch into one buffer of its own, which can be transferred to another thread. */
export function packOps(ops: readonly Op[]): ArrayBuffer {
  let size = 0;
  for (const { key, value } of ops) size += OP_HEADER_BYTES + key.length + (value?.length ?? 0);
  const buffer = new ArrayBuffer(size);
  const bytes = Buffer.from(buffer);
  let at = 0;
  for (const { table, key, value } of ops) {
    bytes.writeUInt16LE(table, at);
    bytes.writeUInt32LE(key.length, at + 2);
    bytes.writeUInt32LE(value ? value.length : REMOVED, at + 6);
    at += OP_HEADER_BYTES;
    at += key.copy(bytes, at);
    if (value) at += value.copy(bytes, at);
  }
  return buffer;
}

/** The changes of a packed batch; keys and values are views into it. */
export function* unpackOps(buffer: ArrayBuffer): Generator<Op> {
  const bytes = Buffer.from(buffer);
  for (let at = 0; at < bytes.length; ) {
    const table = bytes.readUInt16LE(at);
    const keyEnd = at + OP_HEADER_BYTES + bytes.readUInt32LE(at + 2);
    const valueBytes = bytes.readUInt32LE(at + 6);
    const key = bytes.subarray(at + OP_HEADER_BYTES, keyEnd);
    const value = valueBytes === REMOVED ? null : bytes.subarray(keyEnd, keyEnd + valueBytes);
    yield { table, key, value };
    at = keyEnd + (value ? valueBytes : 0);
  }
}
