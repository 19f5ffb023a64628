// THE family table of the Wasm half: what each family's index stands for on the wire and in memory.

import {
  AFI_IPV4,
  AFI_IPV6,
  AFI_L2VPN,
  AFI_LINK_STATE,
  FAMILIES,
  FAMILY_EVPN,
  FAMILY_IPV4,
  FAMILY_IPV4_FLOWSPEC,
  FAMILY_IPV4_LABELLED,
  FAMILY_IPV4_MULTICAST,
  FAMILY_IPV4_SR_POLICY,
  FAMILY_IPV6,
  FAMILY_IPV6_FLOWSPEC,
  FAMILY_IPV6_LABELLED,
  FAMILY_IPV6_MULTICAST,
  FAMILY_IPV6_SR_POLICY,
  FAMILY_LINK_STATE,
  FAMILY_ROUTE_TARGET,
  FAMILY_VPNV4,
  FAMILY_VPNV4_FLOWSPEC,
  FAMILY_VPNV6,
  FAMILY_VPNV6_FLOWSPEC,
  NLRI_BITS,
  NLRI_EVPN,
  NLRI_FLOWSPEC,
  NLRI_IPV4,
  NLRI_IPV6,
  NLRI_LABELLED,
  NLRI_LINK_STATE,
  SAFI_EVPN,
  SAFI_FLOWSPEC,
  SAFI_FLOWSPEC_VPN,
  SAFI_LABELLED,
  SAFI_LINK_STATE,
  SAFI_MULTICAST,
  SAFI_ROUTE_TARGET,
  SAFI_SR_POLICY,
  SAFI_UNICAST,
  SAFI_VPN,
} from "./layout";
import { ENTRY_BYTES_IPV6, ENTRY_BYTES_SHORT } from "./rib_layout";

// Rows {afi u16, safi u8, NLRI kind u8, lengths of next hops that are allowed: a bit a length}.
const rows: usize = memory.data(FAMILIES * 16);

const HOP_NONE: u64 = 1;
const HOP_4: u64 = 1 << 4;
const HOP_6: u64 = (1 << 16) | ((<u64>1) << 32);
/** Behind an all-zero route distinguisher (RFC 4364 §4.3.2, RFC 4659 §3.2.1). */
const HOP_VPN_4: u64 = 1 << 12;
const HOP_VPN_6: u64 = (1 << 24) | ((<u64>1) << 48);
const HOP_ANY: u64 = HOP_4 | HOP_6;

function row(family: u32, afi: u32, safi: u32, kind: u32, hops: u64): void {
  const at = rows + ((<usize>family) << 4);
  store<u16>(at, <u16>afi);
  store<u8>(at, <u8>safi, 2);
  store<u8>(at, <u8>kind, 3);
  store<u64>(at, hops, 8);
}

row(FAMILY_IPV4, AFI_IPV4, SAFI_UNICAST, NLRI_IPV4, HOP_ANY);
row(FAMILY_IPV6, AFI_IPV6, SAFI_UNICAST, NLRI_IPV6, HOP_6);
row(FAMILY_IPV4_MULTICAST, AFI_IPV4, SAFI_MULTICAST, NLRI_IPV4, HOP_ANY);
row(FAMILY_IPV6_MULTICAST, AFI_IPV6, SAFI_MULTICAST, NLRI_IPV6, HOP_6);
row(FAMILY_IPV4_LABELLED, AFI_IPV4, SAFI_LABELLED, NLRI_LABELLED, HOP_ANY);
row(FAMILY_IPV6_LABELLED, AFI_IPV6, SAFI_LABELLED, NLRI_LABELLED, HOP_ANY);
row(FAMILY_VPNV4, AFI_IPV4, SAFI_VPN, NLRI_LABELLED, HOP_VPN_4 | HOP_VPN_6);
row(FAMILY_VPNV6, AFI_IPV6, SAFI_VPN, NLRI_LABELLED, HOP_VPN_4 | HOP_VPN_6);
row(FAMILY_IPV4_FLOWSPEC, AFI_IPV4, SAFI_FLOWSPEC, NLRI_FLOWSPEC, HOP_NONE | HOP_ANY);
row(FAMILY_IPV6_FLOWSPEC, AFI_IPV6, SAFI_FLOWSPEC, NLRI_FLOWSPEC, HOP_NONE | HOP_ANY);
row(FAMILY_VPNV4_FLOWSPEC, AFI_IPV4, SAFI_FLOWSPEC_VPN, NLRI_FLOWSPEC, HOP_NONE | HOP_ANY | HOP_VPN_4 | HOP_VPN_6);
row(FAMILY_VPNV6_FLOWSPEC, AFI_IPV6, SAFI_FLOWSPEC_VPN, NLRI_FLOWSPEC, HOP_NONE | HOP_ANY | HOP_VPN_4 | HOP_VPN_6);
row(FAMILY_IPV4_SR_POLICY, AFI_IPV4, SAFI_SR_POLICY, NLRI_BITS, HOP_ANY);
row(FAMILY_IPV6_SR_POLICY, AFI_IPV6, SAFI_SR_POLICY, NLRI_BITS, HOP_ANY);
row(FAMILY_EVPN, AFI_L2VPN, SAFI_EVPN, NLRI_EVPN, HOP_ANY);
row(FAMILY_ROUTE_TARGET, AFI_IPV4, SAFI_ROUTE_TARGET, NLRI_BITS, HOP_ANY);
row(FAMILY_LINK_STATE, AFI_LINK_STATE, SAFI_LINK_STATE, NLRI_LINK_STATE, HOP_ANY);

/** The family's index, or -1 when its NLRI are not understood here. */
export function familyOf(afi: u32, safi: u32): i32 {
  for (let family: u32 = 0; family < <u32>FAMILIES; family++) {
    const at = rows + ((<usize>family) << 4);
    if (load<u16>(at) == afi && load<u8>(at, 2) == safi) return family;
  }
  return -1;
}

export function afiOf(family: u32): u32 {
  return load<u16>(rows + ((<usize>family) << 4));
}

export function safiOf(family: u32): u32 {
  return load<u8>(rows + ((<usize>family) << 4), 2);
}

/** How the family's NLRI are cut: NLRI_*. */
export function kindOf(family: u32): u32 {
  return load<u8>(rows + ((<usize>family) << 4), 3);
}

/** True when an entry holds the prefix itself, and no address of a key. */
export function isInline(kind: u32): bool {
  return kind <= <u32>NLRI_IPV6;
}

/** True when a route's NLRI holds more than its key (labels, ESI): the route keeps it. */
export function keepsNlri(kind: u32): bool {
  return kind == NLRI_LABELLED || kind == NLRI_EVPN;
}

/** Bytes of one entry of a table. */
export function strideOf(family: u32): u32 {
  return kindOf(family) == NLRI_IPV6 ? ENTRY_BYTES_IPV6 : ENTRY_BYTES_SHORT;
}

/** True for a next hop length that MP_REACH_NLRI of the family may have (RFC 4760 §3, RFC 2545 §3, RFC 8950 §3). */
export function nextHopLengthOk(family: u32, bytes: u32): bool {
  return bytes < 64 && ((load<u64>(rows + ((<usize>family) << 4), 8) >> bytes) & 1) != 0;
}
