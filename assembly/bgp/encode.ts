// Messages that are sent, written one after another to OUTPUT: UPDATEs cut at 4096 bytes, and the small ones.

import { storeU16 } from "../mem/bytes";
import { OUTPUT } from "./buffers";
import { afiOf } from "./family";
import { writeHeader } from "./header";
import {
  ATTR_MP_REACH,
  ATTR_MP_UNREACH,
  ERR_NETWORK_FIELD,
  ERR_TOO_LONG,
  FAMILY_IPV4,
  FAMILY_IPV6,
  FLAG_EXTENDED_LENGTH,
  FLAG_OPTIONAL,
  HEADER_BYTES,
  MESSAGE_BYTES_MAX,
  MSG_KEEPALIVE,
  MSG_NOTIFICATION,
  MSG_UPDATE,
  OUTPUT_BYTES,
  ROUTE_REFRESH_BYTES,
  SAFI_UNICAST,
} from "./layout";

export function encodeKeepalive(): i32 {
  writeHeader(OUTPUT, HEADER_BYTES, MSG_KEEPALIVE);
  return HEADER_BYTES;
}

/** `data` is cut to what a message holds. */
export function encodeNotification(notify: u32, data: usize, bytes: u32): i32 {
  const fits = min<u32>(bytes, MESSAGE_BYTES_MAX - HEADER_BYTES - 2);
  memory.copy(OUTPUT + HEADER_BYTES + 2, data, fits);
  writeHeader(OUTPUT, HEADER_BYTES + 2 + fits, MSG_NOTIFICATION);
  storeU16(OUTPUT + HEADER_BYTES, notify);
  return HEADER_BYTES + 2 + fits;
}

/** ROUTE-REFRESH (RFC 2918, RFC 7313); `type` 5 or 128. */
export function encodeRefresh(type: u32, afi: u32, subtype: u32, safi: u32): i32 {
  writeHeader(OUTPUT, ROUTE_REFRESH_BYTES, type);
  storeU16(OUTPUT + HEADER_BYTES, afi);
  store<u8>(OUTPUT + HEADER_BYTES, subtype, 2);
  store<u8>(OUTPUT + HEADER_BYTES, safi, 3);
  return ROUTE_REFRESH_BYTES;
}

/** The end of as many whole prefixes from `p` as fit into `room` bytes; 0 when a prefix is malformed. */
function prefixesThatFit(p: usize, end: usize, room: u32, bitsMax: u32): usize {
  const limit = p + room;
  while (p < end) {
    const bits = <u32>load<u8>(p);
    const next = p + 1 + ((bits + 7) >> 3);
    if (bits > bitsMax || next > end) return 0;
    if (next > limit) break;
    p = next;
  }
  return p;
}

/**
 * Writes the UPDATEs that announce the `nlriBytes` bytes of prefixes at `nlri` with the attributes at `attributes`.
 * IPv4 prefixes stand in the UPDATE's own field, with `hopBytes` 0; all others in an MP_REACH_NLRI that comes first
 * (RFC 7606 §5.1) with the next hop at `hop`. Returns the bytes of all messages, or ERR_TOO_LONG, ERR_NETWORK_FIELD.
 */
export function encodeAnnounce(
  family: u32,
  attributes: usize,
  bytes: u32,
  hop: usize,
  hopBytes: u32,
  nlri: usize,
  nlriBytes: u32,
): i32 {
  const mp = hopBytes != 0;
  const fixed: u32 = HEADER_BYTES + 4 + bytes + (mp ? 4 + 5 + hopBytes : 0);
  if (fixed >= <u32>MESSAGE_BYTES_MAX) return ERR_TOO_LONG;
  const end = nlri + nlriBytes;
  let out = OUTPUT;
  while (nlri < end) {
    const next = prefixesThatFit(nlri, end, MESSAGE_BYTES_MAX - fixed, family == FAMILY_IPV6 ? 128 : 32);
    if (next == 0) return ERR_NETWORK_FIELD;
    const taken = <u32>(next - nlri);
    if (taken == 0 || <u32>(out - OUTPUT) + fixed + taken > <u32>OUTPUT_BYTES) return ERR_TOO_LONG;
    writeHeader(out, fixed + taken, MSG_UPDATE);
    storeU16(out + HEADER_BYTES, 0);
    storeU16(out + HEADER_BYTES + 2, mp ? fixed + taken - HEADER_BYTES - 4 : bytes);
    let p = out + HEADER_BYTES + 4;
    if (mp) {
      p = writeMpHead(p, ATTR_MP_REACH, family, 5 + hopBytes + taken);
      store<u8>(p, hopBytes);
      memory.copy(p + 1, hop, hopBytes);
      store<u8>(p + 1 + hopBytes, 0);
      memory.copy(p + 2 + hopBytes, nlri, taken);
      p += 2 + hopBytes + taken;
    }
    memory.copy(p, attributes, bytes);
    if (!mp) memory.copy(p + bytes, nlri, taken);
    out += fixed + taken;
    nlri = next;
  }
  return <i32>(out - OUTPUT);
}

/** Flags, code, length of `bytes`, AFI and SAFI; returns where the value goes on. */
function writeMpHead(p: usize, code: u32, family: u32, bytes: u32): usize {
  store<u8>(p, FLAG_OPTIONAL | FLAG_EXTENDED_LENGTH);
  store<u8>(p, code, 1);
  storeU16(p + 2, bytes);
  storeU16(p + 4, afiOf(family));
  store<u8>(p, SAFI_UNICAST, 6);
  return p + 7;
}

/** Writes the UPDATEs that withdraw prefixes: IPv4 in the UPDATE's own field, others in MP_UNREACH_NLRI. */
export function encodeWithdraw(family: u32, nlri: usize, nlriBytes: u32): i32 {
  const mp = family != FAMILY_IPV4;
  const fixed: u32 = HEADER_BYTES + 4 + (mp ? 7 : 0);
  const end = nlri + nlriBytes;
  let out = OUTPUT;
  while (nlri < end) {
    const next = prefixesThatFit(nlri, end, MESSAGE_BYTES_MAX - fixed, family == FAMILY_IPV6 ? 128 : 32);
    if (next == 0) return ERR_NETWORK_FIELD;
    const taken = <u32>(next - nlri);
    if (<u32>(out - OUTPUT) + fixed + taken > <u32>OUTPUT_BYTES) return ERR_TOO_LONG;
    writeHeader(out, fixed + taken, MSG_UPDATE);
    let p = out + HEADER_BYTES;
    if (mp) {
      storeU16(p, 0);
      storeU16(p + 2, 7 + taken);
      p = writeMpHead(p + 4, ATTR_MP_UNREACH, family, 3 + taken);
      memory.copy(p, nlri, taken);
    } else {
      storeU16(p, taken);
      memory.copy(p + 2, nlri, taken);
      storeU16(p + 2 + taken, 0);
    }
    out += fixed + taken;
    nlri = next;
  }
  return <i32>(out - OUTPUT);
}
