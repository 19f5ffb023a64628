// IP packets as the tunnel sees them: flow hash, checksums, lengths. Contract: `checkPacket` passed first; after it the
// IP header, and the TCP or UDP header when `transportOffset` is not 0, lie inside the packet.

import { loadU16, storeU16 } from "../mem/bytes";
import { BUCKETS } from "./layout";

export const PROTOCOL_ICMP: u32 = 1;
export const PROTOCOL_TCP: u32 = 6;
export const PROTOCOL_UDP: u32 = 17;
export const PROTOCOL_ICMPV6: u32 = 58;

export function isIPv6(packet: usize): bool {
  return load<u8>(packet) >>> 4 == 6;
}

/** The packet's own length when it is a whole IPv4 or IPv6 packet of at most `length` bytes, else 0. */
export function checkPacket(packet: usize, length: u32): u32 {
  if (length < 20) return 0;
  const first = <u32>load<u8>(packet);
  if (first >>> 4 == 4) {
    const headers = (first & 15) << 2;
    const total = loadU16(packet + 2);
    return headers >= 20 && headers <= total && total <= length ? total : 0;
  }
  if (first >>> 4 != 6 || length < 40) return 0;
  const total: u32 = 40 + loadU16(packet + 4);
  return total <= length ? total : 0;
}

/** Protocol of the payload. IPv6 extension headers count as a protocol of their own. */
export function protocolOf(packet: usize): u32 {
  return isIPv6(packet) ? load<u8>(packet, 6) : load<u8>(packet, 9);
}

/** Where TCP or UDP starts, or 0 when it is neither, a fragment, or cut short. */
export function transportOffset(packet: usize, length: u32): u32 {
  const protocol = protocolOf(packet);
  const need: u32 = protocol == PROTOCOL_TCP ? 20 : 8;
  if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) return 0;
  if (isIPv6(packet)) return length >= 40 + need ? 40 : 0;
  if (loadU16(packet + 6) & 0x3fff) return 0;
  const headers = (load<u8>(packet) & 15) << 2;
  return length >= headers + need ? headers : 0;
}

/** The bucket of the packet's flow: addresses, protocol and ports. Fragments of one packet stay together. */
export function flowBucket(packet: usize, length: u32): u32 {
  let hash: u64;
  if (isIPv6(packet)) {
    hash = load<u64>(packet, 8) * 0x9e3779b97f4a7c15;
    hash = (hash ^ load<u64>(packet, 16)) * 0x9e3779b97f4a7c15;
    hash = (hash ^ load<u64>(packet, 24)) * 0x9e3779b97f4a7c15;
    hash ^= load<u64>(packet, 32);
  } else hash = load<u64>(packet, 12);
  hash = (hash ^ protocolOf(packet)) * 0x9e3779b97f4a7c15;
  const transport = transportOffset(packet, length);
  if (transport) hash = (hash ^ (hash >> 29) ^ load<u32>(packet + transport)) * 0xbf58476d1ce4e5b9;
  return <u32>(hash >> 40) & (BUCKETS - 1);
}

/** One's complement sum, not folded, in the machine's byte order: swapped sums are sums of swapped words (RFC 1071 §2). */
export function sumBytes(at: usize, length: u32, sum: u64): u64 {
  let total = sum;
  let p = at;
  let left = length;
  while (left >= 32) {
    total += <u64>load<u32>(p) + <u64>load<u32>(p, 4) + <u64>load<u32>(p, 8) + <u64>load<u32>(p, 12);
    total += <u64>load<u32>(p, 16) + <u64>load<u32>(p, 20) + <u64>load<u32>(p, 24) + <u64>load<u32>(p, 28);
    p += 32;
    left -= 32;
  }
  while (left >= 4) {
    total += load<u32>(p);
    p += 4;
    left -= 4;
  }
  if (left >= 2) {
    total += load<u16>(p);
    p += 2;
    left -= 2;
  }
  if (left) total += load<u8>(p);
  return total;
}

/** Folds to 16 bits, still in the machine's byte order: stored with store<u16> it is right on the wire. */
export function fold(sum: u64): u32 {
  let folded = (sum & 0xffffffff) + (sum >> 32);
  folded = (folded & 0xffff) + (folded >> 16);
  folded = (folded & 0xffff) + (folded >> 16);
  folded = (folded & 0xffff) + (folded >> 16);
  return <u32>folded;
}

/** Sum of the pseudo header (RFC 9293 §3.1, RFC 8200 §8.1) for `length` bytes of transport. */
export function pseudoSum(packet: usize, protocol: u32, length: u32): u64 {
  const tail = <u64>bswap<u16>(<u16>protocol) + <u64>bswap<u16>(<u16>length) + <u64>bswap<u16>(<u16>(length >>> 16));
  return isIPv6(packet) ? sumBytes(packet + 8, 32, tail) : sumBytes(packet + 12, 8, tail);
}

/** Writes the IPv4 header's checksum anew. */
export function storeHeaderChecksum(packet: usize): void {
  store<u16>(packet, 0, 10);
  store<u16>(packet, <u16>~fold(sumBytes(packet, (load<u8>(packet) & 15) << 2, 0)), 10);
}

/** Completes a checksum that covers `start` to the end and whose place already holds the pseudo header's sum. */
export function completeChecksum(packet: usize, length: u32, start: u32, offset: u32): void {
  let sum = <u16>~fold(sumBytes(packet + start, length - start, 0));
  // RFC 768: a UDP checksum of zero means "none"
  if (sum == 0 && offset == 6) sum = 0xffff;
  store<u16>(packet + start + offset, sum);
}

/** Sets the length that the IP header tells, and its checksum. */
export function storeLength(packet: usize, length: u32): void {
  if (isIPv6(packet)) storeU16(packet + 4, length - 40);
  else {
    storeU16(packet + 2, length);
    storeHeaderChecksum(packet);
  }
}
