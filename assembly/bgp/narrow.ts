// Attributes for a peer with two-octet AS numbers (RFC 6793 §4.2.2).

import { loadU16, loadU32, storeU16 } from "../mem/bytes";
import {
  AS_CONFED_SEQUENCE,
  AS_TRANS,
  ATTR_AGGREGATOR,
  ATTR_AS_PATH,
  ATTR_AS4_AGGREGATOR,
  ATTR_AS4_PATH,
  FLAG_EXTENDED_LENGTH,
  FLAG_OPTIONAL,
  FLAG_TRANSITIVE,
} from "./layout";
import { take } from "./memory";

/** Where narrow() writes. */
export const NARROWED: usize = take(3 << 16);

function writeAttributeHead(p: usize, flags: u32, code: u32, bytes: u32): usize {
  const long = bytes > 255;
  store<u8>(p, long ? flags | FLAG_EXTENDED_LENGTH : flags & ~FLAG_EXTENDED_LENGTH);
  store<u8>(p, code, 1);
  if (long) storeU16(p + 2, bytes);
  else store<u8>(p, bytes, 2);
  return p + (long ? 4 : 3);
}

/**
 * Writes the attributes to NARROWED: AS_PATH and AGGREGATOR with AS_TRANS in place of what does not fit, and behind all
 * others AS4_PATH and AS4_AGGREGATOR where that was so. Returns their length.
 */
export function narrow(p: usize, bytes: u32): u32 {
  const end = p + bytes;
  let to = NARROWED;
  let path: usize = 0;
  let pathBytes: u32 = 0;
  let aggregator: usize = 0;
  while (p + 3 <= end) {
    const flags = <u32>load<u8>(p);
    const code = <u32>load<u8>(p, 1);
    const long = (flags & FLAG_EXTENDED_LENGTH) != 0;
    const length = long ? loadU16(p + 2) : <u32>load<u8>(p, 2);
    const value = p + (long ? 4 : 3);
    if (code == ATTR_AS_PATH) {
      if (isWide(value, value + length)) {
        path = value;
        pathBytes = length;
      }
      to = narrowPath(to, flags, value, length);
    } else if (code == ATTR_AGGREGATOR && length == 8) {
      const as = loadU32(value);
      if (as > 0xffff) aggregator = value;
      to = writeAttributeHead(to, flags, code, 6);
      storeU16(to, as > 0xffff ? AS_TRANS : as);
      store<u32>(to + 2, load<u32>(value, 4));
      to += 6;
    } else {
      memory.copy(to, p, value + length - p);
      to += value + length - p;
    }
    p = value + length;
  }
  const transitive: u32 = FLAG_OPTIONAL | FLAG_TRANSITIVE;
  if (path != 0) to = widePath(to, path, pathBytes);
  if (aggregator != 0) {
    to = writeAttributeHead(to, transitive, ATTR_AS4_AGGREGATOR, 8);
    store<u64>(to, load<u64>(aggregator));
    to += 8;
  }
  return <u32>(to - NARROWED);
}

function isWide(p: usize, end: usize): bool {
  while (p < end) {
    const count = <usize>load<u8>(p, 1);
    p += 2;
    for (const next = p + (count << 2); p < next; p += 4) if (loadU32(p) > 0xffff) return true;
  }
  return false;
}

function narrowPath(to: usize, flags: u32, p: usize, bytes: u32): usize {
  let segments: u32 = 0;
  for (let at = p; at < p + bytes; at += 2 + ((<usize>load<u8>(at, 1)) << 2)) segments++;
  to = writeAttributeHead(to, flags, ATTR_AS_PATH, (bytes - segments * 2) / 2 + segments * 2);
  for (const end = p + bytes; p < end; ) {
    const count = <usize>load<u8>(p, 1);
    store<u16>(to, load<u16>(p));
    p += 2;
    to += 2;
    for (let i: usize = 0; i < count; i++, p += 4, to += 2) {
      const as = loadU32(p);
      storeU16(to, as > 0xffff ? AS_TRANS : as);
    }
  }
  return to;
}

/** AS4_PATH: no confederation segments (RFC 6793 §3). */
function widePath(to: usize, p: usize, bytes: u32): usize {
  const end = p + bytes;
  let kept: u32 = 0;
  for (let at = p; at < end; ) {
    const segment: usize = 2 + ((<usize>load<u8>(at, 1)) << 2);
    if (load<u8>(at) < <u32>AS_CONFED_SEQUENCE) kept += <u32>segment;
    at += segment;
  }
  to = writeAttributeHead(to, FLAG_OPTIONAL | FLAG_TRANSITIVE, ATTR_AS4_PATH, kept);
  while (p < end) {
    const segment: usize = 2 + ((<usize>load<u8>(p, 1)) << 2);
    if (load<u8>(p) < <u32>AS_CONFED_SEQUENCE) {
      memory.copy(to, p, segment);
      to += segment;
    }
    p += segment;
  }
  return to;
}
