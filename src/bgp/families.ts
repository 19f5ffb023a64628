// THE family table: the names that configuration and REST use, and which of them a RIB holds so far.

import { FAMILY } from "../wasm/bgp_numbers.js";

export interface Family {
  readonly name: string;
  readonly afi: number;
  readonly safi: number;
  /** Its table's index in Wasm, null when its prefixes are not understood yet: it is then never announced to a peer. */
  readonly rib: number | null;
}

export const FAMILIES: readonly Family[] = [
  { name: "ipv4", afi: 1, safi: 1, rib: FAMILY.ipv4 },
  { name: "ipv4_mcast", afi: 1, safi: 2, rib: null },
  { name: "ipv4_lu", afi: 1, safi: 4, rib: null },
  { name: "ipv4_srte", afi: 1, safi: 73, rib: null },
  { name: "vpnv4", afi: 1, safi: 128, rib: null },
  { name: "flowspec", afi: 1, safi: 133, rib: null },
  { name: "ipv6", afi: 2, safi: 1, rib: FAMILY.ipv6 },
  { name: "ipv6_lu", afi: 2, safi: 4, rib: null },
  { name: "vpnv6", afi: 2, safi: 128, rib: null },
  { name: "ipv6_flowspec", afi: 2, safi: 133, rib: null },
  { name: "evpn", afi: 25, safi: 70, rib: null },
  { name: "bgpls", afi: 16388, safi: 71, rib: null },
];

/** A family whose prefixes a RIB holds. */
export type RibFamily = Family & { readonly rib: number };

export const RIB_FAMILIES: readonly RibFamily[] = FAMILIES.filter((family): family is RibFamily => family.rib !== null);

export function familyByName(name: string): Family | undefined {
  return FAMILIES.find((family) => family.name === name);
}

export function familyByNumbers(afi: number, safi: number): Family | undefined {
  return FAMILIES.find((family) => family.afi === afi && family.safi === safi);
}

/** The families of a peer's configuration that can be announced to it. */
export function supported(names: readonly string[]): RibFamily[] {
  return RIB_FAMILIES.filter((family) => names.includes(family.name));
}
