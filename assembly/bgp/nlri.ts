// NLRI on the wire to records: cut into single ones, each with what a table needs to find it. Host bits of IPv4 and
// IPv6 prefixes are cleared: RFC 4271 calls them irrelevant, and two spellings of one prefix must meet in one entry.

import { loadU16, loadU32 } from "../mem/bytes";
import { arenaTop, useArena } from "./batch";
import { afiOf, kindOf, safiOf } from "./family";
import {
  AFI_IPV4,
  FAMILY_IPV4_SR_POLICY,
  FAMILY_ROUTE_TARGET,
  NLRI_BITS,
  NLRI_EVPN,
  NLRI_FLOWSPEC,
  NLRI_IPV4,
  NLRI_IPV6,
  NLRI_LABELLED,
  NLRI_LINK_STATE,
  SAFI_VPN,
} from "./layout";
import {
  ACTION_WITHDRAW,
  R_BLOCK,
  R_FAMILY,
  R_KEY,
  R_KEY_BYTES,
  R_PATH_ID,
  R_PREFIX,
  R_WIRE,
  R_WIRE_BYTES,
  RECORD_BYTES,
} from "./rib_layout";

/** Masks the low `bits` (0-64) leading bits of eight bytes that were loaded as they stand in memory. */
function mask64(bits: u32): u64 {
  return bits == 0 ? 0 : bswap<u64>(u64.MAX_VALUE << (64 - bits));
}

/**
 * Appends one record an NLRI at `out`, for the bytes from `p` to `end`. Returns where the records now end, or 0 when an
 * NLRI is cut short or its length is not possible. The caller has made room: a record a byte suffices.
 */
export function decodeNlri(
  p: usize,
  end: usize,
  out: usize,
  family: u32,
  block: usize,
  action: u32,
  addPath: bool,
): usize {
  const kind = kindOf(family);
  const head: u32 = (action << 16) | family;
  if (kind == NLRI_IPV4) return decodeIpv4(p, end, out, head, <u32>block, addPath);
  if (kind == NLRI_IPV6) return decodeIpv6(p, end, out, head, <u32>block, addPath);
  return decodeOther(p, end, out, head, <u32>block, addPath, kind);
}

function decodeIpv4(p: usize, end: usize, out: usize, head: u32, block: u32, addPath: bool): usize {
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
    store<u32>(out, block, R_BLOCK);
    // family, length, action in one store
    store<u32>(out, head | (bits << 8), R_FAMILY);
    store<u32>(out, path, R_PATH_ID);
    store<u32>(out, load<u32>(p, 1) & bswap<u32>(<u32>(<u64>0xffffffff00000000 >> bits)), R_PREFIX);
    out += RECORD_BYTES;
    p = next;
  }
  return out;
}

function decodeIpv6(p: usize, end: usize, out: usize, head: u32, block: u32, addPath: bool): usize {
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
    store<u32>(out, block, R_BLOCK);
    store<u32>(out, head | (bits << 8), R_FAMILY);
    store<u32>(out, path, R_PATH_ID);
    store<u64>(out, load<u64>(p, 1) & mask64(min<u32>(bits, 64)), R_PREFIX);
    store<u64>(out, bits > 64 ? load<u64>(p, 9) & mask64(bits - 64) : 0, R_PREFIX + 8);
    out += RECORD_BYTES;
    p = next;
  }
  return out;
}

/** The bytes of the NLRI at `p`, its length octets included; 0 when it is cut short. */
function wireBytes(p: usize, end: usize, kind: u32): usize {
  let bytes: usize;
  if (kind == NLRI_FLOWSPEC) {
    // RFC 8955 §4.1: from 240 octets on, 0xfnnn.
    if (load<u8>(p) >= 0xf0) bytes = p + 2 > end ? 0xffff : 2 + <usize>(loadU16(p) & 0xfff);
    else bytes = 1 + <usize>load<u8>(p);
  } else if (kind == NLRI_EVPN) bytes = p + 2 > end ? 0xffff : 2 + <usize>load<u8>(p, 1);
  else if (kind == NLRI_LINK_STATE) bytes = p + 4 > end ? 0xffff : 4 + <usize>loadU16(p + 2);
  else bytes = 1 + ((<usize>load<u8>(p) + 7) >> 3);
  return p + bytes > end ? 0 : bytes;
}

function decodeOther(p: usize, end: usize, out: usize, head: u32, block: u32, addPath: bool, kind: u32): usize {
  while (p < end) {
    let path: u32 = 0;
    if (addPath) {
      if (p + 5 > end) return 0;
      path = loadU32(p);
      p += 4;
    }
    const bytes = wireBytes(p, end, kind);
    if (bytes == 0) return 0;
    store<u32>(out, block, R_BLOCK);
    store<u32>(out, head, R_FAMILY);
    store<u32>(out, path, R_PATH_ID);
    store<u32>(out, <u32>p, R_WIRE);
    store<u32>(out, <u32>bytes, R_WIRE_BYTES);
    if (!keyOf(out, p, <u32>bytes, kind, head)) return 0;
    out += RECORD_BYTES;
    p += bytes;
  }
  return out;
}

/** Notes what identifies the NLRI (RFC 8277 §2, RFC 7432 §7); false when its length is not one of the family. */
function keyOf(record: usize, p: usize, bytes: u32, kind: u32, head: u32): bool {
  const family = head & 0xff;
  if (kind == NLRI_LABELLED) return labelledKey(record, p, family, head >> 16 == ACTION_WITHDRAW);
  if (kind == NLRI_EVPN) {
    evpnKey(record, p, bytes);
    return true;
  }
  if (kind == NLRI_BITS && !bitsOk(family, load<u8>(p))) return false;
  store<u32>(record, <u32>p, R_KEY);
  store<u32>(record, bytes, R_KEY_BYTES);
  return true;
}

/** SR policies have one length (RFC 9830 §2.1), route targets a range and none (RFC 4684 §4). */
function bitsOk(family: u32, bits: u32): bool {
  if (family == FAMILY_ROUTE_TARGET) return bits == 0 || (bits >= 32 && bits <= 96);
  return bits == (family == FAMILY_IPV4_SR_POLICY ? 96 : 192);
}

/** Most and least bits behind the labels: a prefix, or a route distinguisher and one. */
function bitsMost(family: u32): i32 {
  const prefix = afiOf(family) == AFI_IPV4 ? 32 : 128;
  return safiOf(family) == SAFI_VPN ? 64 + prefix : prefix;
}

/**
 * The key is the length without labels, then the bits behind them, the rest of the last octet cleared. Labels end with
 * the bottom of the stack; a withdrawal may have 0x800000 instead (RFC 8277 §2.4), and 0 ends it in both.
 */
function labelledKey(record: usize, p: usize, family: u32, withdrawn: bool): bool {
  let bits = <i32>load<u8>(p);
  let at = p + 1;
  while (true) {
    if (bits < 24) return false;
    const word = ((<u32>load<u8>(at)) << 16) | loadU16(at + 1);
    at += 3;
    bits -= 24;
    if ((word & 1) != 0 || word == 0 || (withdrawn && word == 0x800000)) break;
  }
  if (bits > bitsMost(family) || (bits < 64 && safiOf(family) == SAFI_VPN)) return false;
  const key = arenaTop();
  const octets = <usize>((bits + 7) >> 3);
  store<u8>(key, bits);
  memory.copy(key + 1, at, octets);
  if ((bits & 7) != 0) {
    const last = key + octets;
    store<u8>(last, <u32>load<u8>(last) & (0xff00 >> (bits & 7)));
  }
  store<u32>(record, <u32>key, R_KEY);
  store<u32>(record, <u32>octets + 1, R_KEY_BYTES);
  useArena(key + 1 + octets);
  return true;
}

/**
 * Type, and of its fields those that RFC 7432 §7 and RFC 9136 §3.1 take for comparisons: no ESI, label or gateway. What
 * does not have the form of its type is a key as it is.
 */
function evpnKey(record: usize, p: usize, bytes: u32): void {
  const type = load<u8>(p);
  const length = <u32>load<u8>(p, 1);
  const address: usize = type == 2 && length >= 33 ? (<usize>load<u8>(p, 31) + 7) >> 3 : length == 34 ? 4 : 16;
  const key = arenaTop();
  store<u8>(key, type);
  let end = key + 1;
  if (type == 1 && length == 25) {
    // RD, ESI and Ethernet tag; the label is not part of it.
    memory.copy(end, p + 2, 22);
    end += 22;
  } else if (type == 2 && length >= 33 && address + 33 <= <usize>length) {
    // RD; tag, MAC and address with their lengths.
    memory.copy(end, p + 2, 8);
    memory.copy(end + 8, p + 20, 12 + address);
    end += 20 + address;
  } else if (type == 5 && (length == 34 || length == 58)) {
    // RD; tag, prefix length and prefix.
    memory.copy(end, p + 2, 8);
    memory.copy(end + 8, p + 20, 5 + address);
    end += 13 + address;
  } else {
    memory.copy(end, p + 1, bytes - 1);
    end += bytes - 1;
  }
  store<u32>(record, <u32>key, R_KEY);
  store<u32>(record, <u32>(end - key), R_KEY_BYTES);
  useArena(end);
}

/** Writes the prefix of `bits` bits whose bytes are at `prefix`; returns the byte after it. */
export function writePrefix(p: usize, bits: u32, prefix: usize): usize {
  const bytes = (bits + 7) >> 3;
  store<u8>(p, bits);
  memory.copy(p + 1, prefix, bytes);
  return p + 1 + bytes;
}
