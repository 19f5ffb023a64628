// The routes of whole UPDATE messages, for the kernel: unicast prefixes and their next hops. The bytes are our own
// export's; what does not fit together is passed over all the same. No object is made for a message or a prefix.

import { ATTR, FLAG, HEADER_BYTES, MSG } from "../../wasm/bgp_numbers.js";

/** Prefixes and next hops stand in `bytes`: so many bits from `at` on, so many bytes from `hopAt` on. */
export interface RouteSink {
  announce(six: boolean, bytes: Uint8Array, at: number, bits: number, hopAt: number, hopBytes: number): void;
  withdraw(six: boolean, bytes: Uint8Array, at: number, bits: number): void;
}

const UNICAST = 1;
const AFI_IPV6 = 2;

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Walks over prefixes of `bytes` from `at` to `end`; with a hop of 0 bytes they are withdrawn. False when malformed. */
function prefixes(
  six: boolean,
  bytes: Uint8Array,
  at: number,
  end: number,
  hopAt: number,
  hopBytes: number,
  sink: RouteSink,
): boolean {
  let from = at;
  while (from < end) {
    const bits = bytes[from] as number;
    const next = from + 1 + ((bits + 7) >> 3);
    if (bits > (six ? 128 : 32) || next > end) return false;
    if (hopBytes > 0) sink.announce(six, bytes, from + 1, bits, hopAt, hopBytes);
    else sink.withdraw(six, bytes, from + 1, bits);
    from = next;
  }
  return true;
}

/** MP_REACH_NLRI (RFC 4760 §3): AFI, SAFI, next hop, a reserved octet, prefixes. */
function reach(bytes: Uint8Array, at: number, end: number, sink: RouteSink): boolean {
  if (end - at < 5) return false;
  const afi = u16(bytes, at);
  const hopBytes = bytes[at + 3] as number;
  const nlri = at + 5 + hopBytes;
  if (nlri > end) return false;
  if (afi > AFI_IPV6 || bytes[at + 2] !== UNICAST) return true;
  // Of two next hops (RFC 2545 §3) the first is the global one.
  const first = hopBytes === 32 ? 16 : hopBytes;
  if (first !== 16 && (first !== 4 || afi === AFI_IPV6)) return false;
  return prefixes(afi === AFI_IPV6, bytes, nlri, end, at + 4, first, sink);
}

/** MP_UNREACH_NLRI (RFC 4760 §4): AFI, SAFI, prefixes. */
function unreach(bytes: Uint8Array, at: number, end: number, sink: RouteSink): boolean {
  if (end - at < 3) return false;
  const afi = u16(bytes, at);
  if (afi > AFI_IPV6 || bytes[at + 2] !== UNICAST) return true;
  return prefixes(afi === AFI_IPV6, bytes, at + 3, end, 0, 0, sink);
}

/** One UPDATE's body from `at` to `end`. Withdrawals come first, as the kernel must take them first. */
function update(bytes: Uint8Array, at: number, end: number, sink: RouteSink): boolean {
  if (end - at < 4) return false;
  const withdrawnEnd = at + 2 + u16(bytes, at);
  if (withdrawnEnd + 2 > end) return false;
  const attributesEnd = withdrawnEnd + 2 + u16(bytes, withdrawnEnd);
  if (attributesEnd > end) return false;
  let fine = prefixes(false, bytes, at + 2, withdrawnEnd, 0, 0, sink);
  let hopAt = 0;
  let reachAt = 0;
  let reachEnd = 0;
  for (let a = withdrawnEnd + 2; a < attributesEnd; ) {
    const wide = ((bytes[a] as number) & FLAG.extendedLength) !== 0;
    const value = a + (wide ? 4 : 3);
    if (value > attributesEnd) return false;
    const next = value + (wide ? u16(bytes, a + 2) : (bytes[a + 2] as number));
    if (next > attributesEnd) return false;
    const code = bytes[a + 1];
    if (code === ATTR.nextHop && next - value === 4) hopAt = value;
    if (code === ATTR.mpUnreach) fine = unreach(bytes, value, next, sink) && fine;
    if (code === ATTR.mpReach) [reachAt, reachEnd] = [value, next];
    a = next;
  }
  if (reachAt > 0) fine = reach(bytes, reachAt, reachEnd, sink) && fine;
  if (attributesEnd === end) return fine;
  return hopAt > 0 && prefixes(false, bytes, attributesEnd, end, hopAt, 4, sink) && fine;
}

/** The length of the message at `at`, 0 when there is no whole one. */
export function messageLength(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < HEADER_BYTES) return 0;
  const length = u16(bytes, at + HEADER_BYTES - 3);
  return length < HEADER_BYTES || at + length > bytes.length ? 0 : length;
}

/** Hands the routes of the whole message at `at`, of so many bytes, to the sink. False when it is malformed. */
export function applyMessage(bytes: Uint8Array, at: number, length: number, sink: RouteSink): boolean {
  if (bytes[at + HEADER_BYTES - 1] !== MSG.update) return true;
  return update(bytes, at + HEADER_BYTES, at + length, sink);
}
