// THE family table: the names that configuration and REST use, the place of each in Wasm, and its JSON forms.

import { FAMILY } from "../wasm/bgp_numbers.js";
import { addressHop, type NextHopCodec, type NlriCodec, rawNlri } from "./nlri/codec.js";
import { flowspec } from "./nlri/flowspec.js";
import { labelledUnicast, vpn } from "./nlri/labelled.js";
import { prefixNlri } from "./nlri/prefix.js";
import { rtc } from "./nlri/rtc.js";
import { srPolicy } from "./nlri/sr_policy.js";
import { flowHop, vpnHop } from "./nlri/vpn_hop.js";

export interface Family {
  readonly name: string;
  readonly afi: number;
  readonly safi: number;
  /** Its table's index in Wasm, null when its prefixes are not understood yet: it is then never announced to a peer. */
  readonly rib: number | null;
  readonly nlri: NlriCodec;
  readonly hop: NextHopCodec;
}

const prefix4 = prefixNlri(4);
const prefix6 = prefixNlri(16);

export const FAMILIES: readonly Family[] = [
  { name: "ipv4", afi: 1, safi: 1, rib: FAMILY.ipv4, nlri: prefix4, hop: addressHop },
  { name: "ipv6", afi: 2, safi: 1, rib: FAMILY.ipv6, nlri: prefix6, hop: addressHop },
  { name: "ipv4_mcast", afi: 1, safi: 2, rib: null, nlri: prefix4, hop: addressHop },
  { name: "ipv6_mcast", afi: 2, safi: 2, rib: null, nlri: prefix6, hop: addressHop },
  { name: "ipv4_lu", afi: 1, safi: 4, rib: null, nlri: labelledUnicast(4), hop: addressHop },
  { name: "ipv6_lu", afi: 2, safi: 4, rib: null, nlri: labelledUnicast(16), hop: addressHop },
  { name: "vpnv4", afi: 1, safi: 128, rib: null, nlri: vpn(4), hop: vpnHop },
  { name: "vpnv6", afi: 2, safi: 128, rib: null, nlri: vpn(16), hop: vpnHop },
  { name: "flowspec", afi: 1, safi: 133, rib: null, nlri: flowspec(4, false), hop: flowHop },
  { name: "ipv6_flowspec", afi: 2, safi: 133, rib: null, nlri: flowspec(16, false), hop: flowHop },
  { name: "vpnv4_flowspec", afi: 1, safi: 134, rib: null, nlri: flowspec(4, true), hop: flowHop },
  { name: "vpnv6_flowspec", afi: 2, safi: 134, rib: null, nlri: flowspec(16, true), hop: flowHop },
  { name: "ipv4_srte", afi: 1, safi: 73, rib: null, nlri: srPolicy(4), hop: addressHop },
  { name: "ipv6_srte", afi: 2, safi: 73, rib: null, nlri: srPolicy(16), hop: addressHop },
  { name: "evpn", afi: 25, safi: 70, rib: null, nlri: rawNlri, hop: addressHop },
  { name: "rtc", afi: 1, safi: 132, rib: null, nlri: rtc, hop: addressHop },
  { name: "bgpls", afi: 16388, safi: 71, rib: null, nlri: rawNlri, hop: addressHop },
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
