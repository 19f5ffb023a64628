// IPv6 ADDRESS SPECIFIC EXTENDED COMMUNITIES (attribute 25, RFC 5701): "name:address:number", one row a type. What is in no
// row reads and writes as "unknown:<40 hex digits>".

import { formatAddress } from "../base/ip.js";
import { bad, type Codec, list, u16, unsigned } from "./attribute_values.js";
import { address6, comesBack, encodeOne } from "./fields.js";

/** Type and subtype (IANA "Transitive IPv6-Address-Specific Extended Community Types"). */
const NAMES: readonly (readonly [number, string])[] = [
  [0x0002, "route-target"],
  [0x0003, "route-origin"],
  [0x000b, "vrf-route-import"],
  [0x000c, "redirect-nexthop"],
  [0x000d, "redirect-vrf"],
];
const nameOf = new Map(NAMES);
const typeOf = new Map(NAMES.map(([type, name]) => [name, type]));
const BYTES = 20;

function encode(item: unknown): Buffer {
  const [, name = "", value = ""] = /^\s*([^:]+):\s*(.*?)\s*$/.exec(typeof item === "string" ? item : "") ?? [];
  if (name.toLowerCase() === "unknown" && /^[0-9a-f]{40}$/i.test(value)) return Buffer.from(value, "hex");
  const type = typeOf.get(name.toLowerCase());
  const at = value.lastIndexOf(":");
  if (type === undefined || at < 0) {
    return bad(
      item,
      `"name:address:number" with a name of ${[...typeOf.keys()].join(", ")}, or unknown:<40 hex digits>`,
    );
  }
  const address = encodeOne(address6, value.slice(0, at));
  return Buffer.concat([u16(type), address, u16(unsigned(value.slice(at + 1), 0xffff))]);
}

function decode(bytes: Buffer): string {
  const name = nameOf.get(bytes.readUInt16BE(0)) ?? "";
  const text = () => `${name}:${formatAddress(bytes.subarray(2, 18))}:${bytes.readUInt16BE(18)}`;
  return comesBack(bytes, text, encode) ?? `unknown:${bytes.toString("hex")}`;
}

export const ipv6ExtCommunities: Codec = {
  decode: (value) =>
    Array.from({ length: Math.floor(value.length / BYTES) }, (_, i) =>
      decode(value.subarray(i * BYTES, (i + 1) * BYTES)),
    ),
  encode: (json) => Buffer.concat(list(json, 1).map(encode)),
};
