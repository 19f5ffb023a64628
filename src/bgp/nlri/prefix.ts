// Prefixes on the wire (RFC 4271 §4.3): the NLRI that are a prefix and nothing else, and the parts that others share.

import { formatAddress, type Prefix, parsePrefix } from "../../base/ip.js";
import { bad } from "../attribute_values.js";
import { type NlriCodec, orHex } from "./codec.js";

/** Bytes of an address: of IPv4, or of IPv6. */
export type Width = 4 | 16;

/**
 * The text of a prefix of `bits` bits, whose octets are the first of `bytes`. Host bits are cleared. RangeError when it
 * is longer than an address or the octets are not there.
 */
export function prefixText(bits: number, bytes: Uint8Array, width: Width): string {
  const octets = (bits + 7) >> 3;
  if (bits < 0 || octets > width || octets > bytes.length) throw new RangeError("a prefix is malformed");
  const address = Buffer.alloc(width);
  address.set(bytes.subarray(0, octets));
  if ((bits & 7) !== 0) address[octets - 1] = (address[octets - 1] as number) & (0xff00 >> (bits & 7));
  return `${formatAddress(address)}/${bits}`;
}

/** The prefix that a text stands for, host bits cleared. Throws ValueError. */
export function readPrefix(json: unknown, width: Width): Prefix {
  const prefix = typeof json === "string" ? parsePrefix(json) : null;
  if (prefix?.bytes.length === width) return prefix;
  return bad(json, width === 4 ? "IPv4 prefixes a.b.c.d/n" : "IPv6 prefixes x::/n");
}

/** The octets of a prefix that go over the wire. */
export function prefixOctets(prefix: Prefix): Uint8Array {
  return prefix.bytes.subarray(0, (prefix.length + 7) >> 3);
}

/** `width`: 4 or 16, of the family's addresses. Host bits are cleared. JSON: the text, or {"prefix": text}. */
export function prefixNlri(width: Width): NlriCodec {
  return orHex({
    decode: (wire) => prefixText(wire.readUInt8(0), wire.subarray(1), width),
    encode: (json) => {
      const text = typeof json === "object" && json !== null && "prefix" in json ? json.prefix : json;
      const prefix = readPrefix(text, width);
      return Buffer.concat([Uint8Array.of(prefix.length), prefixOctets(prefix)]);
    },
  });
}
