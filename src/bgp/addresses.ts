// Addresses that name peers: IPv4, IPv6, and IPv6 link-local ones with the interface that they are on.

import { formatAddress, parseAddress } from "../base/ip.js";

const ZONE = /^[A-Za-z0-9_.@:-]{1,15}$/;

/** True for an address in fe80::/10, without its interface. */
export function isLinkLocal(address: string): boolean {
  const bytes = parseAddress(address);
  return bytes?.length === 16 && bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80;
}

/**
 * The canonical text of a peer's address, or null. An IPv6 link-local address means nothing without its interface:
 * `fe80::1%eth0`; no other address has one.
 */
export function peerAddress(text: string): string | null {
  const percent = text.indexOf("%");
  const address = percent < 0 ? text : text.slice(0, percent);
  const bytes = parseAddress(address);
  if (!bytes || isLinkLocal(address) !== percent >= 0) return null;
  if (percent < 0) return formatAddress(bytes);
  const zone = text.slice(percent + 1);
  return ZONE.test(zone) ? `${formatAddress(bytes)}%${zone}` : null;
}

/** The address without its interface. */
export function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}

/** The interface of an address with its percent sign, "" without one. */
export function zoneOf(address: string): string {
  return address.slice(withoutZone(address).length);
}

/** The peer that a connection comes from, in the form of peerAddress(); an IPv4 address that a dual-stack socket mapped is one again. */
export function remotePeerAddress(remote: string | undefined): string | null {
  const text = (remote ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
  return peerAddress(text);
}
