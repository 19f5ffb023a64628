// Prefixes on the wire (RFC 4271 §4.3, RFC 4760 §5, RFC 7911 §3) to records. Host bits are cleared: RFC 4271 calls
// them irrelevant, and two spellings of one prefix must meet in one table entry.

import { loadU32 } from "../mem/bytes";
import { FAMILY_IPV6, R_ACTION, R_FAMILY, R_LENGTH, R_PATH_ID, R_PREFIX, R_SET, RECORD_BYTES } from "./layout";

/** Masks the low `bits` (0-64) leading bits of eight bytes that were loaded as they stand in memory. */
function mask64(bits: u32): u64 {
  return bits == 0 ? 0 : bswap<u64>(u64.MAX_VALUE << (64 - bits));
}

/**
 * Appends one record a prefix at `out`, for the bytes from `p` to `end`. Returns where the records now end, or 0 when
 * a length is too large or a prefix is cut short. The caller has made room: a record a byte suffices.
 */
export function decodeNlri(p: usize, end: usize, out: usize, family: u32, set: u32, action: u32, addPath: bool): usize {
  return family == FAMILY_IPV6
    ? decodeIpv6(p, end, out, set, action, addPath)
    : decodeIpv4(p, end, out, set, action, addPath);
}

function decodeIpv4(p: usize, end: usize, out: usize, set: u32, action: u32, addPath: bool): usize {
  const kind: u32 = action << 16;
  while (p < end) {
    let path: u32 = 0;
    if (addPath) {
      if (p + 5 > end) return 0;
      path = loadU32(p);
      p += 4;
    }
    const bits = <u32>load<u8>(p);
    const next = p + 1 + ((bits + 7) >> 3);
    if (bits > 32 || next > end) return 0;
    store<u32>(out, set, R_SET);
    // family, length, action in one store
    store<u32>(out, kind | (bits << 8), R_FAMILY);
    store<u32>(out, path, R_PATH_ID);
    store<u32>(out, load<u32>(p, 1) & bswap<u32>(<u32>(<u64>0xffffffff00000000 >> bits)), R_PREFIX);
    out += RECORD_BYTES;
    p = next;
  }
  return out;
}

function decodeIpv6(p: usize, end: usize, out: usize, set: u32, action: u32, addPath: bool): usize {
  const kind: u32 = (action << 16) | FAMILY_IPV6;
  while (p < end) {
    let path: u32 = 0;
    if (addPath) {
      if (p + 5 > end) return 0;
      path = loadU32(p);
      p += 4;
    }
    const bits = <u32>load<u8>(p);
    const next = p + 1 + ((bits + 7) >> 3);
    if (bits > 128 || next > end) return 0;
    store<u32>(out, set, R_SET);
    store<u32>(out, kind | (bits << 8), R_FAMILY);
    store<u32>(out, path, R_PATH_ID);
    store<u64>(out, load<u64>(p, 1) & mask64(min<u32>(bits, 64)), R_PREFIX);
    store<u64>(out, bits > 64 ? load<u64>(p, 9) & mask64(bits - 64) : 0, R_PREFIX + 8);
    out += RECORD_BYTES;
    p = next;
  }
  return out;
}

/** Writes the prefix of `bits` bits whose bytes are at `prefix`; returns the byte after it. */
export function writePrefix(p: usize, bits: u32, prefix: usize): usize {
  const bytes = (bits + 7) >> 3;
  store<u8>(p, bits);
  memory.copy(p + 1, prefix, bytes);
  return p + 1 + bytes;
}
