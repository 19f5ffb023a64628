// DHCPv6 (RFC 8415), as far as it tells which address a client was given: the client's DUID and the addresses of its IA_NAs.

import { mac, u16, u32 } from "./ethernet.js";
import { IPV6_BYTES } from "./ipv6.js";

const HEAD = 4;
const OPTION = { CLIENT_ID: 1, IA_NA: 3, IA_ADDRESS: 5 } as const;
const DUID = { LINK_LAYER_TIME: 1, LINK_LAYER: 3 } as const;
const HARDWARE_ETHERNET = 1;
const IA_NA_HEAD = 12;
/** Addresses of one message that are looked at. */
const ADDRESSES_MAX = 16;

export const DHCPV6_PORTS = { CLIENT: 546, SERVER: 547 } as const;
export const DHCPV6 = { SOLICIT: 1, ADVERTISE: 2, REQUEST: 3, REPLY: 7, RELEASE: 8 } as const;

export interface Dhcpv6 {
  readonly type: number;
  /** The client's hardware address by its DUID; 0 when the DUID holds none. */
  readonly client: number;
  /** Where its addresses begin in the frame; those that are no longer valid are left out. */
  readonly addresses: readonly number[];
}

/** Calls `each` with the code and range of every option; false when they do not fit. */
function walk(
  frame: Uint8Array,
  at: number,
  end: number,
  each: (code: number, from: number, to: number) => void,
): boolean {
  let option = at;
  while (option < end) {
    if (option + 4 > end) return false;
    const from = option + 4;
    const to = from + u16(frame, option + 2);
    if (to > end) return false;
    each(u16(frame, option), from, to);
    option = to;
  }
  return true;
}

/** The hardware address in a DUID (RFC 8415 §11); 0 when it holds none. */
function duidAddress(frame: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return 0;
  const kind = u16(frame, from);
  const address = kind === DUID.LINK_LAYER_TIME ? from + 8 : kind === DUID.LINK_LAYER ? from + 4 : to;
  return u16(frame, from + 2) === HARDWARE_ETHERNET && address + 6 === to ? mac(frame, address) : 0;
}

/** The message between client and server from `at` to `end`; null when it is malformed. */
export function readDhcpv6(frame: Uint8Array, at: number, end: number): Dhcpv6 | null {
  if (at + HEAD > end) return null;
  const addresses: number[] = [];
  let client = 0;
  let fits = true;
  const inner = (code: number, from: number, to: number): void => {
    if (code !== OPTION.IA_ADDRESS || to - from < IPV6_BYTES + 8 || addresses.length === ADDRESSES_MAX) return;
    if (u32(frame, from + IPV6_BYTES + 4) > 0) addresses.push(from);
  };
  const whole = walk(frame, at + HEAD, end, (code, from, to) => {
    if (code === OPTION.CLIENT_ID) client = duidAddress(frame, from, to);
    if (code !== OPTION.IA_NA) return;
    fits &&= to - from >= IA_NA_HEAD && walk(frame, from + IA_NA_HEAD, to, inner);
  });
  return whole && fits ? { type: frame[at] as number, client, addresses } : null;
}
