// The families that a RIB can hold, and what each means on the wire and in memory.

import { AFI_IPV4, AFI_IPV6, FAMILY_IPV4, FAMILY_IPV6, SAFI_UNICAST } from "./layout";

/** The family's index, or -1 when its prefixes are not understood here. */
export function familyOf(afi: u32, safi: u32): i32 {
  if (safi != SAFI_UNICAST) return -1;
  if (afi == AFI_IPV4) return FAMILY_IPV4;
  if (afi == AFI_IPV6) return FAMILY_IPV6;
  return -1;
}

export function afiOf(family: u32): u32 {
  return family == FAMILY_IPV6 ? AFI_IPV6 : AFI_IPV4;
}

/** Bytes of one entry of a table: IPv4 {set, prefix, length, path id}, IPv6 {set, length, prefix}. */
export function strideOf(family: u32): u32 {
  return family == FAMILY_IPV6 ? 24 : 16;
}

/** True for a next hop length that MP_REACH_NLRI of the family may have (RFC 4760 §3, RFC 2545 §3, RFC 8950 §3). */
export function nextHopLengthOk(family: u32, bytes: u32): bool {
  return bytes == 16 || bytes == 32 || (family == FAMILY_IPV4 && bytes == 4);
}
