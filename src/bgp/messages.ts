// Small messages that need no encoder.

import { HEADER_BYTES, MSG } from "../wasm/bgp_numbers.js";
import type { AfiSafi } from "./capability_values.js";

function message(type: number, body: readonly number[]): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES, 0xff);
  bytes.writeUInt16BE(HEADER_BYTES + body.length, 16);
  bytes.writeUInt8(type, 18);
  return Buffer.concat([bytes, Uint8Array.from(body)]);
}

/** End-of-RIB (RFC 4724 §2): an empty UPDATE for IPv4 unicast, an empty MP_UNREACH_NLRI for any other family. */
export function endOfRib({ afi, safi }: AfiSafi): Buffer {
  if (afi === 1 && safi === 1) return message(MSG.update, [0, 0, 0, 0]);
  return message(MSG.update, [0, 0, 0, 6, 0x80, 15, 3, afi >> 8, afi & 255, safi]);
}

/** Subtypes of ROUTE-REFRESH (RFC 7313 §3.2). */
export const REFRESH = { ask: 0, begin: 1, end: 2 } as const;

export interface Refresh extends AfiSafi {
  readonly subtype: number;
}

/** A whole ROUTE-REFRESH; the framing has seen to its length. */
export function readRefresh(bytes: Buffer): Refresh {
  const [subtype, safi] = [bytes.readUInt8(HEADER_BYTES + 2), bytes.readUInt8(HEADER_BYTES + 3)];
  return { afi: bytes.readUInt16BE(HEADER_BYTES), subtype, safi };
}

/** Code and data of a whole NOTIFICATION. */
export function readNotification(bytes: Buffer): { readonly notify: number; readonly data: Uint8Array } {
  return { notify: bytes.readUInt16BE(HEADER_BYTES), data: Uint8Array.from(bytes.subarray(HEADER_BYTES + 2)) };
}

/** Capability codes in the data of NOTIFICATION 2/7 (RFC 5492 §5): whole capabilities one after another. */
export function capabilityCodes(data: Uint8Array): number[] {
  const codes: number[] = [];
  for (let at = 0; at + 2 <= data.length; at += 2 + (data[at + 1] as number)) codes.push(data[at] as number);
  return codes;
}

/** The data of NOTIFICATION 6/1 (RFC 4486 §4): AFI, SAFI and the limit. */
export function prefixLimitData(afi: number, safi: number, limit: number): Uint8Array {
  const data = Buffer.alloc(7);
  data.writeUInt16BE(afi, 0);
  data.writeUInt8(safi, 2);
  data.writeUInt32BE(limit, 3);
  return Uint8Array.from(data);
}
