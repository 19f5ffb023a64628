// Addresses and prefixes: text to bytes and back.

import ipaddr from "ipaddr.js";

export interface Prefix {
  /** 4 or 16 bytes, host bits cleared. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

const DOT = 46;
const ZERO = 48;

/** The four bytes of a dotted quad without leading zeros, or null. By hand: bulks of flows have an address or two each. */
function parseQuad(text: string): Uint8Array | null {
  if (text.length < 7 || text.length > 15) return null;
  const bytes = new Uint8Array(4);
  let at = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || at === 3) return null;
      bytes[at++] = value;
      digits = 0;
      value = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return null;
    value = value * 10 + digit;
    digits++;
    if (value > 255) return null;
  }
  if (digits === 0 || at !== 3) return null;
  bytes[3] = value;
  return bytes;
}

/** The 4 or 16 bytes of an address in text form, or null when it is none. Only dotted-quad IPv4, as inet_pton. */
export function parseAddress(text: string): Uint8Array | null {
  const quad = parseQuad(text);
  if (quad) return quad;
  if (text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text)) {
    return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
  }
  return null;
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The canonical text (RFC 5952) of 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  // RFC 5952 §5: an IPv4-mapped address is written with dots.
  if (MAPPED.every((byte, i) => byte === bytes[i])) return `::ffff:${bytes.subarray(12).join(".")}`;
  return (ipaddr.fromByteArray([...bytes]) as ipaddr.IPv6).toRFC5952String();
}

/** The prefix in CIDR text, host bits cleared, or null when it is none. `strict`: null when host bits are set, too. */
export function parsePrefix(text: string, strict = false): Prefix | null {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const given = match ? parseAddress(match[1] as string) : null;
  const length = Number(match?.[2]);
  if (!given || length > given.length * 8) return null;
  const bytes = Uint8Array.from(given);
  for (let bit = length; bit < bytes.length * 8; bit++) {
    const at = bit >> 3;
    bytes[at] = (bytes[at] as number) & ~(0x80 >> (bit & 7));
  }
  if (strict && bytes.some((byte, i) => byte !== given[i])) return null;
  return { bytes, length };
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.bytes)}/${prefix.length}`;
}

/** A listening address `HOST:PORT`, `[IPV6]:PORT` or `:PORT`, or null when it is none. */
export function parseHostPort(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (!match) return null;
  const port = Number(match[3]);
  if (port > 65_535) return null;
  return { host: match[1] ?? (match[2] === "" ? "0.0.0.0" : (match[2] as string)), port };
}
