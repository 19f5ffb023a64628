// DHCPv4 (RFC 2131): who was given which address. Options other than the message type and the lease time are not read.

import { mac, u32 } from "./ethernet.js";

const HEAD = 236;
const COOKIE = 0x63825363;
const HARDWARE_ETHERNET = 1;
const OPTION = { PAD: 0, LEASE_TIME: 51, MESSAGE_TYPE: 53, END: 255 } as const;

export const DHCP_PORTS = { SERVER: 67, CLIENT: 68 } as const;
export const BOOTP = { REQUEST: 1, REPLY: 2 } as const;
export const DHCP = { DISCOVER: 1, OFFER: 2, REQUEST: 3, DECLINE: 4, ACK: 5, NAK: 6, RELEASE: 7, INFORM: 8 } as const;

export interface Dhcp {
  readonly operation: number;
  /** DHCP.*; 0 without one (BOOTP). */
  readonly type: number;
  readonly transaction: number;
  /** The client's hardware address. */
  readonly client: number;
  /** The address that the client has, and the one that it is given; 0: none. */
  readonly clientIp: number;
  readonly yourIp: number;
  /** Seconds; 0 when it is not told. */
  readonly leaseSeconds: number;
}

/** The message from `at` to `end`; null when it is malformed or not about Ethernet. */
export function readDhcp(frame: Uint8Array, at: number, end: number): Dhcp | null {
  if (at + HEAD + 4 > end || u32(frame, at + HEAD) !== COOKIE) return null;
  if (frame[at + 1] !== HARDWARE_ETHERNET || frame[at + 2] !== 6) return null;
  let type = 0;
  let leaseSeconds = 0;
  for (let option = at + HEAD + 4; option < end && frame[option] !== OPTION.END; ) {
    if (frame[option] === OPTION.PAD) {
      option++;
      continue;
    }
    const length = option + 1 < end ? (frame[option + 1] as number) : end;
    const value = option + 2;
    if (value + length > end) return null;
    if (frame[option] === OPTION.MESSAGE_TYPE && length === 1) type = frame[value] as number;
    if (frame[option] === OPTION.LEASE_TIME && length === 4) leaseSeconds = u32(frame, value);
    option = value + length;
  }
  return {
    operation: frame[at] as number,
    type,
    transaction: u32(frame, at + 4),
    client: mac(frame, at + 28),
    clientIp: u32(frame, at + 12),
    yourIp: u32(frame, at + 16),
    leaseSeconds,
  };
}
