// The origin AS of a route (RFC 6811 §2, "Route Origin ASN").

import { loadU16, loadU32 } from "../mem/bytes";
import {
  AS_CONFED_SEQUENCE,
  AS_CONFED_SET,
  AS_SEQUENCE,
  ATTR_AS_PATH,
  FLAG_EXTENDED_LENGTH,
  ORIGIN_NONE,
} from "./layout";

/** The origin of a path value of four-octet AS numbers. */
function ofPath(p: usize, end: usize, localAs: u32): u32 {
  let origin = localAs;
  while (p + 2 <= end) {
    const type = load<u8>(p);
    const segment = p + 2;
    const count = <usize>load<u8>(p, 1);
    p = segment + (count << 2);
    if (count == 0 || p > end) return ORIGIN_NONE;
    if (type == AS_SEQUENCE) origin = loadU32(p - 4);
    else origin = type == AS_CONFED_SEQUENCE || type == AS_CONFED_SET ? localAs : ORIGIN_NONE;
  }
  return p == end ? origin : ORIGIN_NONE;
}

/**
 * The origin AS of an attribute set with four-octet AS numbers: the last AS of a path that ends with an AS_SEQUENCE,
 * the own AS of a path that is empty, missing, or ends inside the confederation, else ORIGIN_NONE.
 */
export function originOf(attributes: usize, bytes: u32, localAs: u32): u32 {
  const end = attributes + bytes;
  let p = attributes;
  while (p + 3 <= end) {
    const wide = (load<u8>(p) & FLAG_EXTENDED_LENGTH) != 0;
    const code = load<u8>(p, 1);
    if (wide && p + 4 > end) return ORIGIN_NONE;
    const length = wide ? loadU16(p + 2) : <u32>load<u8>(p, 2);
    const value = p + (wide ? 4 : 3);
    p = value + length;
    if (p > end) return ORIGIN_NONE;
    if (code == ATTR_AS_PATH) return ofPath(value, p, localAs);
  }
  return localAs;
}
