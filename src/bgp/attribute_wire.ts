// Attributes one after another as they go over the wire (RFC 4271 §4.3).

import { FLAG } from "../wasm/bgp_numbers.js";

/** One attribute on the wire. */
export function encodeAttribute(flags: number, code: number, value: Uint8Array): Buffer {
  const long = value.length > 255;
  const head = long
    ? Buffer.of(flags | FLAG.extendedLength, code, value.length >> 8, value.length & 255)
    : Buffer.of(flags, code, value.length);
  return Buffer.concat([head, value]);
}

/** The attributes of a list, one after another; of one that is cut off what is there, without its head nothing. */
export function* walkAttributes(bytes: Buffer): Generator<{ flags: number; code: number; value: Buffer }> {
  for (let at = 0; at + 3 <= bytes.length; ) {
    const flags = bytes[at] as number;
    const code = bytes[at + 1] as number;
    const long = (flags & FLAG.extendedLength) !== 0;
    if (long && at + 4 > bytes.length) return;
    const length = long ? bytes.readUInt16BE(at + 2) : (bytes[at + 2] as number);
    at += long ? 4 : 3;
    yield { flags, code, value: bytes.subarray(at, at + length) };
    at += length;
  }
}
