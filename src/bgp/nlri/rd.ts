// The route distinguisher (RFC 4364 §4.2): "asn:n" of type 0 up to 65535 and of type 2 above, "a.b.c.d:n" of type 1.

import { formatAddress } from "../../base/ip.js";
import { bad, ipv4, u16, u32, unsigned } from "../attribute_values.js";
import type { Field } from "../fields.js";

/** Eight octets. A type that is not known, or an AS that the other type would have held, does not decode. */
export const rd: Field = {
  decode: (from) => {
    const type = from.uint(2);
    if (type === 0) return `${from.uint(2)}:${from.uint(4)}`;
    if (type === 1) return `${formatAddress(from.take(4))}:${from.uint(2)}`;
    return type === 2 ? `${from.uint(4)}:${from.uint(2)}` : bad(type, "a route distinguisher of type 0 to 2");
  },
  encode: (json) => {
    const [left = "", right = "", ...more] = typeof json === "string" ? json.split(":") : [];
    if (left === "" || right === "" || more.length > 0) return bad(json, '"asn:n" or "a.b.c.d:n"');
    if (left.includes(".")) return Buffer.concat([u16(1), ipv4(left), u16(unsigned(right, 0xffff))]);
    const as = unsigned(left, 0xffffffff);
    return as <= 0xffff
      ? Buffer.concat([u16(0), u16(as), u32(unsigned(right, 0xffffffff))])
      : Buffer.concat([u16(2), u32(as), u16(unsigned(right, 0xffff))]);
  },
};
