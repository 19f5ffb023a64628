// THE family table: the names that configuration and REST use, the place of each in Wasm, and its JSON forms.

import { FAMILY } from "../wasm/bgp_numbers.js";
import { bgplsNlri } from "./nlri/bgpls.js";
import { addressHop, type NextHopCodec, type NlriCodec } from "./nlri/codec.js";
import { evpnNlri } from "./nlri/evpn.js";
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
  /** Its index, in Wasm and in this table. */
  readonly rib: number;
  readonly nlri: NlriCodec;
  readonly hop: NextHopCodec;
}

const prefix4 = prefixNlri(4);
const prefix6 = prefixNlri(16);

export const FAMILIES: readonly Family[] = [
  { name: "ipv4", afi: 1, safi: 1, rib: FAMILY.ipv4, nlri: prefix4, hop: addressHop },
  { name: "ipv6", afi: 2, safi: 1, rib: FAMILY.ipv6, nlri: prefix6, hop: addressHop },
  { name: "ipv4_mcast", afi: 1, safi: 2, rib: FAMILY.ipv4Multicast, nlri: prefix4, hop: addressHop },
  { name: "ipv6_mcast", afi: 2, safi: 2, rib: FAMILY.ipv6Multicast, nlri: prefix6, hop: addressHop },
  { name: "ipv4_lu", afi: 1, safi: 4, rib: FAMILY.ipv4Labelled, nlri: labelledUnicast(4), hop: addressHop },
  { name: "ipv6_lu", afi: 2, safi: 4, rib: FAMILY.ipv6Labelled, nlri: labelledUnicast(16), hop: addressHop },
  { name: "vpnv4", afi: 1, safi: 128, rib: FAMILY.vpnv4, nlri: vpn(4), hop: vpnHop },
  { name: "vpnv6", afi: 2, safi: 128, rib: FAMILY.vpnv6, nlri: vpn(16), hop: vpnHop },
  { name: "flowspec", afi: 1, safi: 133, rib: FAMILY.ipv4Flowspec, nlri: flowspec(4, false), hop: flowHop },
  { name: "ipv6_flowspec", afi: 2, safi: 133, rib: FAMILY.ipv6Flowspec, nlri: flowspec(16, false), hop: flowHop },
  { name: "vpnv4_flowspec", afi: 1, safi: 134, rib: FAMILY.vpnv4Flowspec, nlri: flowspec(4, true), hop: flowHop },
  { name: "vpnv6_flowspec", afi: 2, safi: 134, rib: FAMILY.vpnv6Flowspec, nlri: flowspec(16, true), hop: flowHop },
  { name: "ipv4_srte", afi: 1, safi: 73, rib: FAMILY.ipv4SrPolicy, nlri: srPolicy(4), hop: addressHop },
  { name: "ipv6_srte", afi: 2, safi: 73, rib: FAMILY.ipv6SrPolicy, nlri: srPolicy(16), hop: addressHop },
  { name: "evpn", afi: 25, safi: 70, rib: FAMILY.evpn, nlri: evpnNlri, hop: addressHop },
  { name: "rtc", afi: 1, safi: 132, rib: FAMILY.routeTarget, nlri: rtc, hop: addressHop },
  { name: "bgpls", afi: 16388, safi: 71, rib: FAMILY.linkState, nlri: bgplsNlri, hop: addressHop },
];

export function familyByName(name: string): Family | undefined {
  return FAMILIES.find((family) => family.name === name);
}

export function familyByNumbers(afi: number, safi: number): Family | undefined {
  return FAMILIES.find((family) => family.afi === afi && family.safi === safi);
}

/** The families of a peer's configuration. */
export function supported(names: readonly string[]): Family[] {
  return FAMILIES.filter((family) => names.includes(family.name));
}
