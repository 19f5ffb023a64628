// IPv4 headers (RFC 791). Addresses are numbers of 32 bits.

import { u16, u32 } from "./ethernet.js";

const HEAD = 20;

export class Ipv4Reader {
  source = 0;
  destination = 0;
  protocol = 0;
  ttl = 0;
  /** False for every fragment but the first: its payload does not begin with the next header. */
  first = true;
  /** Where the payload begins and ends. */
  payload = 0;
  end = 0;

  /** False when a length does not fit or the header's checksum is wrong. */
  read(frame: Uint8Array, at: number): boolean {
    if (at + HEAD > frame.length || (frame[at] as number) >> 4 !== 4) return false;
    const head = ((frame[at] as number) & 15) * 4;
    const total = u16(frame, at + 2);
    if (head < HEAD || total < head || at + head > frame.length) return false;
    if (checksum(frame, at, head) !== 0) return false;
    this.ttl = frame[at + 8] as number;
    this.protocol = frame[at + 9] as number;
    this.source = u32(frame, at + 12);
    this.destination = u32(frame, at + 16);
    this.first = (u16(frame, at + 6) & 0x1fff) === 0;
    this.payload = at + head;
    // A switch may send the first bytes of a packet only (max_len).
    this.end = Math.min(at + total, frame.length);
    return true;
  }
}

/** The Internet checksum (RFC 1071) of `n` bytes, an even number; 0 over a header that has its right checksum in it. */
export function checksum(bytes: Uint8Array, at: number, n: number): number {
  let sum = 0;
  for (let i = at; i < at + n; i += 2) sum += u16(bytes, i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** True for the address of one host: no network 0, loopback, multicast or broadcast (RFC 6890). */
export function isHostIpv4(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}
