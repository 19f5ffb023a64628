// The attribute bytes that a route's set keeps. Most UPDATEs are kept as they came. Rewritten are those with MP
// attributes (their prefixes stay out), with discarded attributes, and those of a session with two-octet AS numbers:
// sets always hold four-octet ones (RFC 6793 §4.2.3), so that a RIB has one form.

import { loadU16, storeU16, storeU32 } from "../mem/bytes";
import { addBlock, arenaTop, useArena } from "./batch";
import {
  AS_CONFED_SEQUENCE,
  AS_SEQUENCE,
  AS_SET,
  AS_TRANS,
  ATTR_AGGREGATOR,
  ATTR_AS_PATH,
  ATTR_AS4_AGGREGATOR,
  ATTR_AS4_PATH,
  ATTR_MP_REACH,
  ATTR_NEXT_HOP,
  FLAG_EXTENDED_LENGTH,
  FLAG_OPTIONAL,
} from "./layout";
import { take } from "./memory";
import { RIB_FLAG_FOUR_OCTET_AS, RIB_FLAGS } from "./rib_layout";

// Attributes of the current UPDATE that are kept: {address, bytes} each, at least 3 bytes of message apiece.
const kept: usize = take((65535 / 3) * 8);
let keptEnd: usize = kept;

export function keepNothing(): void {
  keptEnd = kept;
}

export function keep(start: usize, bytes: u32): void {
  store<u32>(keptEnd, <u32>start);
  store<u32>(keptEnd, bytes, 4);
  keptEnd += 8;
}

/**
 * A block of the kept attributes. With `reach`, the value of an MP_REACH_NLRI, they begin with that attribute cut
 * off after its next hop (AFI, SAFI, length, next hop, as RFC 6396 §4.3.4 shortens it), and NEXT_HOP is left out.
 */
export function keptBlock(rib: usize, reach: usize, family: u32): usize {
  const begin = arenaTop();
  let out = begin;
  if (reach != 0) {
    const bytes = 4 + <u32>load<u8>(reach, 3);
    store<u8>(out, FLAG_OPTIONAL);
    store<u8>(out, ATTR_MP_REACH, 1);
    store<u8>(out, bytes, 2);
    memory.copy(out + 3, reach, bytes);
    out += 3 + bytes;
  }
  const fourOctet = (load<u32>(rib, RIB_FLAGS) & RIB_FLAG_FOUR_OCTET_AS) != 0;
  for (let row = kept; row < keptEnd; row += 8) {
    const start = <usize>load<u32>(row);
    const bytes = load<u32>(row, 4);
    const code = load<u8>(start, 1);
    if (reach != 0 && code == ATTR_NEXT_HOP) continue;
    if (!fourOctet && (code == ATTR_AS4_PATH || code == ATTR_AS4_AGGREGATOR)) continue;
    if (!fourOctet && code == ATTR_AS_PATH) out = widenPath(start, out);
    else if (!fourOctet && code == ATTR_AGGREGATOR) out = widenAggregator(start, out);
    else {
      memory.copy(out, start, bytes);
      out += bytes;
    }
  }
  useArena(out);
  return addBlock(begin, <u32>(out - begin), family);
}

/** The kept attribute with this code, 0 when there is none. */
function findKept(code: u32): usize {
  for (let row = kept; row < keptEnd; row += 8) {
    if (load<u8>(load<u32>(row), 1) == code) return load<u32>(row);
  }
  return 0;
}

function valueOf(start: usize): usize {
  return start + ((load<u8>(start) & FLAG_EXTENDED_LENGTH) != 0 ? 4 : 3);
}

function bytesOf(start: usize): u32 {
  return (load<u8>(start) & FLAG_EXTENDED_LENGTH) != 0 ? loadU16(start + 2) : <u32>load<u8>(start, 2);
}

/** AGGREGATOR with its two-octet AS widened, or replaced by AS4_AGGREGATOR's when it is AS_TRANS. */
function widenAggregator(start: usize, out: usize): usize {
  const value = valueOf(start);
  const wide = findKept(ATTR_AS4_AGGREGATOR);
  store<u8>(out, load<u8>(start) & ~FLAG_EXTENDED_LENGTH);
  store<u8>(out, ATTR_AGGREGATOR, 1);
  store<u8>(out, 8, 2);
  if (loadU16(value) == AS_TRANS && wide != 0) memory.copy(out + 3, valueOf(wide), 8);
  else {
    storeU32(out + 3, loadU16(value));
    store<u32>(out + 7, load<u32>(value, 2));
  }
  return out + 11;
}

/** The path length that RFC 6793 §4.2.3 counts: a SET is one, confederation segments none. */
function pathHops(p: usize, bytes: u32, asBytes: u32): u32 {
  const end = p + bytes;
  let hops: u32 = 0;
  while (p < end) {
    const type = load<u8>(p);
    const count = <u32>load<u8>(p, 1);
    if (type == AS_SEQUENCE) hops += count;
    else if (type == AS_SET) hops++;
    p += 2 + count * asBytes;
  }
  return hops;
}

/** AS_PATH with its numbers widened; its tail replaced by AS4_PATH where that applies. */
function widenPath(start: usize, out: usize): usize {
  const value = valueOf(start);
  const bytes = bytesOf(start);
  let wide = findKept(ATTR_AS4_PATH);
  const aggregator = findKept(ATTR_AGGREGATOR);
  // RFC 6793 §4.2.3: an AGGREGATOR that an old speaker has rewritten makes both AS4 attributes stale.
  if (aggregator != 0 && loadU16(valueOf(aggregator)) != AS_TRANS && findKept(ATTR_AS4_AGGREGATOR) != 0) wide = 0;
  const hops = pathHops(value, bytes, 2);
  const wideHops: u32 = wide == 0 ? 0 : pathHops(valueOf(wide), bytesOf(wide), 4);
  const useWide = wide != 0 && wideHops <= hops;
  let end = widenSegments(value, value + bytes, out + 4, useWide ? hops - wideHops : u32.MAX_VALUE);
  if (useWide) {
    memory.copy(end, valueOf(wide), bytesOf(wide));
    end += bytesOf(wide);
  }
  store<u8>(out, <u32>load<u8>(start) | FLAG_EXTENDED_LENGTH);
  store<u8>(out, ATTR_AS_PATH, 1);
  storeU16(out + 2, <u32>(end - out - 4));
  return end;
}

/** Copies segments with widened numbers until `hops` hops are copied; returns the end. */
function widenSegments(p: usize, end: usize, out: usize, hops: u32): usize {
  while (p < end) {
    const type = <u32>load<u8>(p);
    const count = <u32>load<u8>(p, 1);
    let taken = count;
    if (type < <u32>AS_CONFED_SEQUENCE) {
      if (hops == 0) break;
      if (type == AS_SEQUENCE) taken = min<u32>(count, hops);
      hops -= type == AS_SEQUENCE ? taken : 1;
    }
    store<u8>(out, type);
    store<u8>(out, taken, 1);
    for (let i: u32 = 0; i < taken; i++) storeU32(out + 2 + ((<usize>i) << 2), loadU16(p + 2 + ((<usize>i) << 1)));
    out += 2 + ((<usize>taken) << 2);
    p += 2 + ((<usize>count) << 1);
  }
  return out;
}
