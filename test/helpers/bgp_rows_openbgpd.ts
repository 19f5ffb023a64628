// What OpenBGPD 7.7 announces by `bgpctl network add ...` and how it shows what it has got. It has no flowspec yet, and
// announces VPN routes from MPLS interfaces only, which Linux has not: those it only takes.

import type { FamilyRow } from "./bgp_dialogue.js";

const EXPORTED = { 1: 0, 2: [[2, [65_001]]] };

/** Whatever label a withdrawal has: it is counted, and the route stays. */
const LINGERS = "7.7 counts withdrawals of VPN routes, but keeps the routes";

const network = (prefix: string, more = "") => ({
  announce: `network add ${prefix}${more}`,
  withdraw: `network delete ${prefix}`,
});

/** An MP_REACH_NLRI and the MP_UNREACH_NLRI that ends it. */
const mp = (afiSafi: readonly [number, number], nexthop: unknown, nlri: readonly unknown[], more = {}) => ({
  body: { attr: { ...EXPORTED, ...more, 14: { afi_safi: afiSafi, nexthop, nlri } } },
  withdraw: { attr: { 15: { afi_safi: afiSafi, withdraw: nlri } } },
});

export const OPENBGPD_ROWS: readonly FamilyRow[] = [
  {
    family: "ipv4",
    what: "a prefix with communities",
    theirs: {
      ...network("198.51.100.0/24", " community 65002:7 metric 5 large-community 65002:1:2"),
      nlri: "198.51.100.0/24",
      attr: { 1: 0, 2: [[2, [65_002]]], 4: 5, 8: ["65002:7"], 32: ["65002:1:2"] },
    },
    ours: {
      body: {
        attr: { ...EXPORTED, 3: "192.0.2.1", 4: 9, 8: ["65001:5", "NO_EXPORT"], 32: ["1:2:3"] },
        nlri: ["172.20.1.0/24"],
      },
      withdraw: { withdraw: ["172.20.1.0/24"] },
      show: "show rib detail 172.20.1.0/24",
      shown: /^ +65001\n[\s\S]*Nexthop 192\.0\.2\.1[\s\S]*metric 9[\s\S]*65001:5 NO_EXPORT[\s\S]*1:2:3/m,
    },
  },
  {
    family: "ipv6",
    what: "a prefix",
    theirs: {
      ...network("2001:db8:1::/48"),
      nlri: "2001:db8:1::/48",
      // To an external peer it names itself: over IPv4 on the loopback interface that is ::1.
      attr: { 1: 0, 2: [[2, [65_002]]], 14: { afi_safi: [2, 1], nexthop: "::1" } },
    },
    ours: {
      ...mp([2, 1], "2001:db8::1", ["2001:db8:77::/48"]),
      show: "show rib 2001:db8:77::/48",
      shown: /2001:db8:77::\/48 +2001:db8::1 .*65001/,
    },
  },
  {
    family: "vpnv4",
    what: "a VPN prefix",
    ours: {
      ...mp([1, 128], { rd: "0:0", str: "192.0.2.1" }, [{ label: [25], rd: "100:100", prefix: "11.11.11.11/32" }], {
        16: ["route-target:100:12"],
      }),
      show: "show rib VPNv4 in",
      lingers: LINGERS,
      shown: /rd 100:100 11\.11\.11\.11\/32 +192\.0\.2\.1/,
    },
  },
  {
    family: "vpnv6",
    what: "a VPN prefix",
    ours: {
      ...mp([2, 128], { rd: "0:0", str: "2001:db8::1" }, [{ label: [54], rd: "100:12", prefix: "2010:0:12:4::/64" }], {
        16: ["route-target:100:12"],
      }),
      show: "show rib VPNv6 in",
      lingers: LINGERS,
      shown: /rd 100:12 2010:0:12:4::\/64 +2001:db8::1/,
    },
  },
];

/** The families by the words of OpenBGPD's `announce`. */
export const OPENBGPD_FAMILIES: Readonly<Record<string, string>> = {
  ipv4: "IPv4 unicast",
  ipv6: "IPv6 unicast",
  vpnv4: "IPv4 vpn",
  vpnv6: "IPv6 vpn",
};
