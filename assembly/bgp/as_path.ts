// AS_PATH values with four-octet numbers, as attribute sets hold them.
// Contract: the segments fill the value (the decoder has checked it); a count that runs over the end is cut there.

import { loadU32, storeU32 } from "../mem/bytes";
import { attributeAt, beginValue, endValue, valueAt, valueBytes } from "./attribute_index";
import { AS_SEQUENCE, AS_SET, ATTR_AS_PATH, FLAG_EXTENDED_LENGTH, FLAG_TRANSITIVE } from "./layout";

/** One past a segment's last AS number. */
export function segmentEnd(p: usize, end: usize): usize {
  return min<usize>(p + 2 + ((<usize>load<u8>(p, 1)) << 2), end);
}

/** Length as the decision process counts it (RFC 4271 §9.1.2.2, RFC 5065 §5.3): a SET is one, confederations none. */
export function pathLength(p: usize, bytes: u32): u32 {
  const end = p + bytes;
  let hops: u32 = 0;
  while (p + 2 <= end) {
    const type = load<u8>(p);
    if (type == AS_SEQUENCE) hops += load<u8>(p, 1);
    else if (type == AS_SET) hops++;
    p = segmentEnd(p, end);
  }
  return hops;
}

/** The AS that handed the route over: the first one of a path that begins with a sequence, else 0. */
export function firstAs(p: usize, bytes: u32): u32 {
  const end = p + bytes;
  while (p + 6 <= end) {
    const type = load<u8>(p);
    if (type == AS_SEQUENCE) return loadU32(p + 2);
    if (type == AS_SET) return 0;
    p = segmentEnd(p, end);
  }
  return 0;
}

/** The AS that originates the route: the last one of a path that ends with a sequence, else 0 (RFC 6811 §2: NONE). */
export function originAs(p: usize, bytes: u32): u32 {
  const end = p + bytes;
  let found: u32 = 0;
  while (p + 6 <= end) {
    const type = load<u8>(p);
    const next = segmentEnd(p, end);
    if (type == AS_SEQUENCE) found = loadU32(next - 4);
    else if (type == AS_SET) found = 0;
    p = next;
  }
  return found;
}

/** How often an AS stands in the path, in segments of any type. */
export function occurrences(p: usize, bytes: u32, as: u32): u32 {
  const end = p + bytes;
  const wire = bswap<u32>(as);
  let count: u32 = 0;
  while (p + 2 <= end) {
    const next = segmentEnd(p, end);
    for (p += 2; p + 4 <= next; p += 4) if (load<u32>(p) == wire) count++;
    p = next;
  }
  return count;
}

/**
 * Writes AS_PATH from the value at `p` with an AS put `times` (at most 255) in front, in place when p is `out`'s own
 * value: the value may move up. RFC 4271 §5.1.2: into a leading sequence that has room, else in a sequence of its own;
 * confederation segments stay behind it. Returns the bytes of the value at `out`.
 */
export function prependTo(out: usize, p: usize, bytes: u32, as: u32, times: u32): u32 {
  if (times == 0) {
    memory.copy(out, p, bytes);
    return bytes;
  }
  const joins = bytes >= 2 && load<u8>(p) == AS_SEQUENCE && <u32>load<u8>(p, 1) + times <= 255;
  const count = joins ? <u32>load<u8>(p, 1) + times : times;
  const skipped: u32 = joins ? 2 : 0;
  memory.copy(out + 2 + ((<usize>times) << 2), p + skipped, bytes - skipped);
  store<u8>(out, AS_SEQUENCE);
  store<u8>(out, count, 1);
  for (let i: u32 = 0; i < times; i++) storeU32(out + 2 + ((<usize>i) << 2), as);
  return bytes - skipped + 2 + times * 4;
}

/** Writes AS_PATH with the local AS in front, or an empty one when `times` is 0 and there is none. */
export function writePath(start: usize, as: u32, times: u32): void {
  const bytes: u32 = start == 0 ? 0 : valueBytes(start);
  const value = beginValue(bytes + 2 + times * 4);
  if (value == 0) return;
  const written = prependTo(value, start == 0 ? value : valueAt(start), bytes, as, times);
  endValue(start == 0 ? FLAG_TRANSITIVE : <u32>load<u8>(start) & ~FLAG_EXTENDED_LENGTH, ATTR_AS_PATH, written);
}

/** The value of the indexed list's AS_PATH; its length is pathBytes(). */
export function pathValue(): usize {
  const start = attributeAt(ATTR_AS_PATH);
  return start == 0 ? 0 : valueAt(start);
}

export function pathBytes(): u32 {
  const start = attributeAt(ATTR_AS_PATH);
  return start == 0 ? 0 : valueBytes(start);
}
