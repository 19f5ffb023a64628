// Route distinguishers (RFC 4364 §4.2): "65001:100" is type 0, "192.0.2.1:100" type 1, "4200000000:100" type 2. An AS
// number that two octets hold is type 2 when it is written as in RFC 5396, "0.65001:100". Other types are
// "unknown:<16 hex digits>".

import { formatAddress } from "../../base/ip.js";
import { bad, ipv4, u16, u32, unsigned } from "../attribute_values.js";

export const RD_BYTES = 8;

const ALLOWED = 'a route distinguisher "n:n" or "a.b.c.d:n"';

/** The text of eight bytes. RangeError when they are fewer. */
export function rdText(rd: Buffer): string {
  const type = rd.readUInt16BE(0);
  const low = rd.readUInt16BE(6);
  if (type === 0) return `${rd.readUInt16BE(2)}:${rd.readUInt32BE(4)}`;
  if (type === 1) return `${formatAddress(rd.subarray(2, 6))}:${low}`;
  if (type !== 2) return `unknown:${rd.toString("hex", 0, RD_BYTES)}`;
  const as = rd.readUInt32BE(2);
  return `${as > 0xffff ? as : `0.${as}`}:${low}`;
}

/** The eight bytes of a text. Throws ValueError. */
export function readRd(json: unknown): Buffer {
  const match = /^(\d+|\d+\.\d+|\d+\.\d+\.\d+\.\d+|unknown):([0-9a-f]+)$/i.exec(typeof json === "string" ? json : "");
  const [left, right] = [match?.[1], match?.[2]];
  if (left === undefined || right === undefined) return bad(json, ALLOWED);
  if (left === "unknown") return right.length === 16 ? Buffer.from(right, "hex") : bad(json, ALLOWED);
  const parts = left.split(".");
  if (parts.length === 4) return Buffer.concat([u16(1), ipv4(left), u16(unsigned(right, 0xffff))]);
  if (parts.length === 2) {
    return Buffer.concat([u16(2), ...parts.map((part) => u16(unsigned(part, 0xffff))), u16(unsigned(right, 0xffff))]);
  }
  const as = unsigned(left, 0xffffffff);
  if (as > 0xffff) return Buffer.concat([u16(2), u32(as), u16(unsigned(right, 0xffff))]);
  return Buffer.concat([u16(0), u16(as), u32(unsigned(right, 0xffffffff))]);
}
