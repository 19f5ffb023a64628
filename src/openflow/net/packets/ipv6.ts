// IPv6 headers with their extensions (RFC 8200), and Neighbor Discovery (RFC 4861).

import { mac, u16 } from "./ethernet.js";

const HEAD = 40;
const ADDRESS_BYTES = 16;
/** Extension headers that are looked behind; a packet with more is left alone. */
const EXTENSIONS_MAX = 8;
const EXTENSION = { HOP_BY_HOP: 0, ROUTING: 43, FRAGMENT: 44, DESTINATION: 60 } as const;
export const ICMPV6 = 58;

export class Ipv6Reader {
  /** Where the addresses begin in the frame. */
  source = 0;
  destination = 0;
  /** The protocol behind the extension headers. */
  protocol = 0;
  hopLimit = 0;
  /** Where the payload begins and ends. */
  payload = 0;
  end = 0;

  /** False when a length does not fit, or for a fragment that is not the first. */
  read(frame: Uint8Array, at: number): boolean {
    if (at + HEAD > frame.length || (frame[at] as number) >> 4 !== 6) return false;
    this.end = Math.min(at + HEAD + u16(frame, at + 4), frame.length);
    this.hopLimit = frame[at + 7] as number;
    this.source = at + 8;
    this.destination = at + 8 + ADDRESS_BYTES;
    let next = frame[at + 6] as number;
    let place = at + HEAD;
    for (let count = 0; count <= EXTENSIONS_MAX; count++) {
      if (!isExtension(next)) {
        this.protocol = next;
        this.payload = place;
        return place <= this.end;
      }
      if (place + 8 > this.end) return false;
      if (next === EXTENSION.FRAGMENT && u16(frame, place + 2) >> 3 !== 0) return false;
      const bytes = next === EXTENSION.FRAGMENT ? 8 : ((frame[place + 1] as number) + 1) * 8;
      next = frame[place] as number;
      place += bytes;
    }
    return false;
  }
}

function isExtension(protocol: number): boolean {
  return (
    protocol === EXTENSION.HOP_BY_HOP ||
    protocol === EXTENSION.ROUTING ||
    protocol === EXTENSION.FRAGMENT ||
    protocol === EXTENSION.DESTINATION
  );
}

export const ND = {
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  SOLICITATION: 135,
  ADVERTISEMENT: 136,
} as const;
const SOURCE_LINK_LAYER = 1;
const TARGET_LINK_LAYER = 2;
/** RFC 4861 §7.1: a message that a router has passed on is none of the link's. */
const ND_HOP_LIMIT = 255;

/** Neighbor Solicitations and Advertisements. */
export class NeighborReader {
  type = 0;
  /** Where the target address begins in the frame. */
  target = 0;
  /** The link-layer address option of the kind that belongs to the type; 0 without one. */
  linkLayer = 0;

  /** False when it is neither, came over a router, or is malformed. */
  read(frame: Uint8Array, ip: Ipv6Reader): boolean {
    const at = ip.payload;
    if (ip.protocol !== ICMPV6 || ip.hopLimit !== ND_HOP_LIMIT || at + 24 > ip.end) return false;
    this.type = frame[at] as number;
    if (this.type !== ND.SOLICITATION && this.type !== ND.ADVERTISEMENT) return false;
    this.target = at + 8;
    this.linkLayer = 0;
    const wanted = this.type === ND.SOLICITATION ? SOURCE_LINK_LAYER : TARGET_LINK_LAYER;
    for (let option = at + 24; option < ip.end; ) {
      const bytes = option + 1 < ip.end ? (frame[option + 1] as number) * 8 : 0;
      if (bytes === 0 || option + bytes > ip.end) return false;
      if (frame[option] === wanted) this.linkLayer = mac(frame, option + 2);
      option += bytes;
    }
    return true;
  }
}

/** True for the address of one host that others may know: not unspecified, loopback or multicast (RFC 4291 §2.4). */
export function isHostIpv6(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0xff) return false;
  for (let i = 0; i < ADDRESS_BYTES - 1; i++) if (bytes[at + i] !== 0) return true;
  return (bytes[at + ADDRESS_BYTES - 1] as number) > 1;
}

export { ADDRESS_BYTES as IPV6_BYTES };
