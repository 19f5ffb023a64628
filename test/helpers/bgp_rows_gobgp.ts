// What GoBGP 3.10 announces by its command line (`gobgp global rib add ...`) and how it shows what it has got.
// SR policies it originates by its API only, BGP-LS never; of both it counts what comes. Multicast counts as unicast.

import { type Family, familyByName } from "../../src/bgp/families.js";
import type { FamilyRow } from "./bgp_dialogue.js";
import { EXPORTED, from, mp, rib } from "./bgp_words_gobgp.js";
import { GOBGP_API } from "./family_routes.js";
import { LINK_STATE_ROUTES, type LinkStateRoute } from "./structured_routes.js";

const RD = "65000:1";
const VPN_HOP = { rd: "0:0", str: "192.0.2.1" };

const UNICAST: FamilyRow[] = [
  {
    family: "ipv4",
    what: "a prefix with communities",
    theirs: {
      ...rib("ipv4", "198.51.100.0/24", " nexthop 192.0.2.2 origin igp med 5 community 65002:7,no-export"),
      nlri: "198.51.100.0/24",
      attr: { 1: 0, 2: [[2, [65_002]]], 3: "192.0.2.2", 4: 5, 8: ["65002:7", "NO_EXPORT"] },
    },
    ours: {
      body: { attr: { ...EXPORTED, 3: "192.0.2.1", 4: 9, 8: ["65001:5"], 32: ["1:2:3"] }, nlri: ["172.20.1.0/24"] },
      withdraw: { withdraw: ["172.20.1.0/24"] },
      show: "global rib -a ipv4",
      shown: /172\.20\.1\.0\/24 +192\.0\.2\.1 +65001 .*Origin: i.*Med: 9.*65001:5.*1:2:3/,
    },
  },
  {
    family: "ipv6",
    what: "a prefix",
    theirs: {
      ...rib("ipv6", "2001:db8:1::/48", " nexthop 2001:db8::2 origin egp"),
      nlri: "2001:db8:1::/48",
      attr: { 1: 1, 2: [[2, [65_002]]], 14: { afi_safi: [2, 1], nexthop: "2001:db8::2" } },
    },
    ours: {
      ...mp([2, 1], "2001:db8::1", ["2001:db8:77::/48"]),
      show: "global rib -a ipv6",
      shown: /2001:db8:77::\/48 +2001:db8::1 +65001/,
    },
  },
];

const POLICY = { 0: "new", 12: 100, 13: 25_102, 128: [{ 9: 10, 1: [{ 1: { label: 2000, TC: 0, S: 0, TTL: 255 } }] }] };
const [LINK_STATE] = LINK_STATE_ROUTES as [LinkStateRoute];

/** A route of GOBGP_API, by its place there. */
const api = (index: number, nexthop: string): Pick<FamilyRow, "family" | "theirs"> => {
  const { family, nlri, attr } = GOBGP_API[index] as (typeof GOBGP_API)[number];
  const { afi, safi } = familyByName(family) as Family;
  const attributes = from([afi, safi], nexthop, { 1: 0, ...attr });
  return { family, theirs: { announce: `api add ${index}`, withdraw: `api del ${index}`, nlri, attr: attributes } };
};

/** What the command line does not know: announced by its API, and counted by GoBGP when it comes. */
const COUNTED: FamilyRow[] = [
  {
    ...api(0, "192.0.2.1"),
    what: "a policy of one segment list",
    ours: {
      ...mp(
        [1, 73],
        "192.0.2.1",
        { distinguisher: 0, color: 10, endpoint: "192.168.76.1" },
        { 16: ["route-target:10.75.195.199:00"], 23: POLICY },
      ),
      show: "received 1/73",
      shown: /^1$/,
    },
  },
  {
    ...api(1, "2001:db8::1"),
    what: "a policy of one segment list",
    ours: {
      ...mp([2, 73], "2001:db8::1", { distinguisher: 7, color: 10, endpoint: "2001:db8::9" }, { 23: POLICY }),
      show: "received 2/73",
      shown: /^1$/,
    },
  },
  {
    family: "bgpls",
    what: "a node, counted",
    ours: {
      ...mp([16_388, 71], "192.0.2.1", [LINK_STATE.nlri], { 29: LINK_STATE.attribute }),
      show: "received 16388/71",
      shown: /^1$/,
    },
  },
];

const LABELLED: FamilyRow[] = [
  {
    family: "ipv4_lu",
    what: "a labelled prefix",
    theirs: {
      ...rib("ipv4-mpls", "10.1.0.0/24 100", " nexthop 192.0.2.2"),
      nlri: { label: [100], prefix: "10.1.0.0/24" },
      attr: from([1, 4], "192.0.2.2"),
    },
    ours: {
      ...mp([1, 4], "192.0.2.1", [{ label: [321], prefix: "34.1.41.0/24" }]),
      show: "global rib -a ipv4-mpls",
      shown: /34\.1\.41\.0\/24 +(\[321\] +)?192\.0\.2\.1/,
    },
  },
  {
    family: "ipv6_lu",
    what: "a labelled prefix",
    theirs: {
      ...rib("ipv6-mpls", "2001:db8:a::/48 100", " nexthop 2001:db8::2"),
      nlri: { label: [100], prefix: "2001:db8:a::/48" },
      attr: from([2, 4], "2001:db8::2"),
    },
    ours: {
      ...mp([2, 4], "2001:db8::1", [{ label: [321], prefix: "2001:db8:b::/48" }]),
      show: "global rib -a ipv6-mpls",
      shown: /2001:db8:b::\/48 +(\[321\] +)?2001:db8::1/,
    },
  },
  {
    family: "vpnv4",
    what: "a VPN prefix",
    theirs: {
      ...rib("vpnv4", `10.2.0.0/24 label 200 rd ${RD}`, " rt 65000:2 nexthop 192.0.2.2"),
      nlri: { label: [200], rd: RD, prefix: "10.2.0.0/24" },
      attr: from([1, 128], { rd: "0:0", str: "192.0.2.2" }, { 16: ["route-target:65000:2"] }),
    },
    ours: {
      ...mp([1, 128], VPN_HOP, [{ label: [25], rd: "100:100", prefix: "11.11.11.11/32" }], {
        16: ["route-target:100:12"],
      }),
      show: "global rib -a vpnv4",
      shown: /100:100:11\.11\.11\.11\/32 +(\[25\] +)?192\.0\.2\.1 .*100:12/,
    },
  },
  {
    family: "vpnv6",
    what: "a VPN prefix",
    theirs: {
      ...rib("vpnv6", `2001:db8:2::/48 label 201 rd ${RD}`, " rt 65000:2 nexthop 2001:db8::2"),
      nlri: { label: [201], rd: RD, prefix: "2001:db8:2::/48" },
      attr: from([2, 128], { rd: "0:0", str: "2001:db8::2" }, { 16: ["route-target:65000:2"] }),
    },
    ours: {
      ...mp([2, 128], { rd: "0:0", str: "2001:db8::1" }, [{ label: [54], rd: "100:12", prefix: "2010:0:12:4::/64" }]),
      show: "global rib -a vpnv6",
      shown: /100:12:2010:0:12:4::\/64 +(\[54\] +)?2001:db8::1/,
    },
  },
];

const FLOWSPEC: FamilyRow[] = [
  {
    family: "flowspec",
    what: "a rule with a rate",
    theirs: {
      ...rib(
        "ipv4-flowspec",
        "match destination 10.0.0.0/24 source 20.0.0.0/24 protocol tcp destination-port ==80 >=8080&<=8088",
        " then rate-limit 1000",
      ),
      nlri: { 1: "10.0.0.0/24", 2: "20.0.0.0/24", 3: "=6", 5: "=80|>=8080&<=8088" },
      attr: from([1, 133], "", { 16: ["traffic-rate:0:1000"] }),
    },
    ours: {
      ...mp([1, 133], "", [{ 1: "192.88.2.3/24", 2: "192.89.1.3/24", 5: "=80|>=8080&<=8088" }], {
        16: ["traffic-rate:0:0"],
      }),
      show: "global rib -a ipv4-flowspec",
      shown:
        /destination: 192\.88\.2\.0\/24\]\[source: 192\.89\.1\.0\/24\]\[destination-port: ==80 >=8080&<=8088\].*discard/,
    },
  },
  {
    family: "flowspec",
    what: "TCP flags and fragments",
    theirs: {
      ...rib(
        "ipv4-flowspec",
        "match destination 10.0.1.0/24 tcp-flags =SA fragment =is-fragment packet-length >=1000&<=2000",
        " then redirect 65000:12",
      ),
      nlri: { 1: "10.0.1.0/24", 9: "=18", 10: ">=1000&<=2000", 12: "=2" },
      attr: from([1, 133], "", { 16: ["redirect-vrf:65000:12"] }),
    },
    ours: {
      ...mp([1, 133], "", [{ 1: "192.88.3.0/24", 9: "=syn+ack|!rst", 12: "is-fragment" }], {
        16: ["traffic-rate:0:0"],
      }),
      show: "global rib -a ipv4-flowspec",
      shown: /destination: 192\.88\.3\.0\/24\]\[tcp-flags: =SA !R\]\[fragment: is-fragment\].*discard/,
    },
  },
  {
    family: "ipv6_flowspec",
    what: "a rule that discards",
    theirs: {
      ...rib("ipv6-flowspec", "match destination 2001:db8::/32 protocol tcp", " then discard"),
      nlri: { 1: { prefix: "2001:db8::/32", offset: 0 }, 3: "=6" },
      attr: from([2, 133], "", { 16: ["traffic-rate:0:0"] }),
    },
    ours: {
      ...mp([2, 133], "", [{ 1: { prefix: "2001:db8:c::/48", offset: 0 }, 3: "=17" }], { 16: ["traffic-rate:0:0"] }),
      show: "global rib -a ipv6-flowspec",
      shown: /destination: 2001:db8:c::\/48\/0\]\[protocol: ==udp\].*discard/,
    },
  },
  {
    family: "vpnv4_flowspec",
    what: "a rule of a VPN",
    theirs: {
      ...rib("ipv4-l3vpn-flowspec", "rd 100:100 match destination 10.0.0.0/24 protocol tcp", " then discard rt 1:1"),
      nlri: { rd: "100:100", 1: "10.0.0.0/24", 3: "=6" },
      attr: from([1, 134], "", { 16: ["traffic-rate:0:0", "route-target:1:1"] }),
    },
    ours: {
      ...mp([1, 134], "", [{ rd: "100:101", 1: "192.88.4.0/24", 3: "=6" }], {
        16: ["traffic-rate:0:0", "route-target:1:1"],
      }),
      show: "global rib -a ipv4-l3vpn-flowspec",
      shown: /rd: 100:101\]\[destination: 192\.88\.4\.0\/24\]\[protocol: ==tcp\].*discard/,
    },
  },
  {
    family: "vpnv6_flowspec",
    what: "a rule of a VPN",
    theirs: {
      ...rib("ipv6-l3vpn-flowspec", "rd 100:100 match destination 2001:db8::/32 protocol tcp", " then discard rt 1:1"),
      nlri: { rd: "100:100", 1: { prefix: "2001:db8::/32", offset: 0 }, 3: "=6" },
      attr: from([2, 134], "", { 16: ["traffic-rate:0:0", "route-target:1:1"] }),
    },
    ours: {
      ...mp([2, 134], "", [{ rd: "100:101", 1: { prefix: "2001:db8:d::/48", offset: 0 }, 3: "=6" }], {
        16: ["traffic-rate:0:0", "route-target:1:1"],
      }),
      show: "global rib -a ipv6-l3vpn-flowspec",
      shown: /rd: 100:101\]\[destination: 2001:db8:d::\/48\/0\]\[protocol: ==tcp\].*discard/,
    },
  },
];

const MAC = "AA-BB-CC-DD-EE-FF";
const HOP = " nexthop 192.0.2.2";
const NO_ESI = { type: 0, value: 0 };
const BY_EVPN = from([25, 70], "192.0.2.2", { 16: ["route-target:65000:2"] });
const TARGET = ` rd ${RD} rt 65000:2`;

/** GoBGP writes the number as it is into the label field's 24 bits, with VXLAN and without: it is the VNI that comes. */
const EVPN: FamilyRow[] = [
  {
    family: "evpn",
    what: "type 1, auto-discovery",
    theirs: {
      ...rib("evpn", `a-d esi single-homed etag 1 label 1000${TARGET}`, HOP),
      nlri: { type: 1, value: { rd: RD, esi: NO_ESI, eth_tag_id: 1, label: [62], vni: [1000] } },
      attr: BY_EVPN,
    },
  },
  {
    family: "evpn",
    what: "type 2, a MAC with an address",
    theirs: {
      ...rib("evpn", `macadv aa:bb:cc:dd:ee:ff 10.0.0.1 etag 1 label 1000${TARGET}`, HOP),
      nlri: {
        type: 2,
        value: { rd: RD, esi: NO_ESI, eth_tag_id: 1, mac: MAC, ip: "10.0.0.1", label: [62], vni: [1000] },
      },
      attr: BY_EVPN,
    },
    ours: {
      ...mp(
        [25, 70],
        "192.0.2.1",
        [
          {
            type: 2,
            value: {
              rd: "172.17.0.3:2",
              esi: { type: 0, value: 0 },
              eth_tag_id: 108,
              mac: "00-11-22-33-44-55",
              ip: "11.11.11.1",
              label: [1234],
            },
          },
        ],
        { 16: ["route-target:65001:2"] },
      ),
      show: "global rib -a evpn",
      shown:
        /type:macadv\]\[rd:172\.17\.0\.3:2\]\[etag:108\]\[mac:00:11:22:33:44:55\]\[ip:11\.11\.11\.1\].*192\.0\.2\.1/,
    },
  },
  {
    family: "evpn",
    what: "type 2 over VXLAN: the label is the whole VNI",
    theirs: {
      ...rib("evpn", `macadv aa:bb:cc:dd:ee:01 10.0.0.2 etag 0 label 70000${TARGET} encap vxlan`, HOP),
      nlri: {
        type: 2,
        value: {
          ...{ rd: RD, esi: NO_ESI, eth_tag_id: 0, mac: "AA-BB-CC-DD-EE-01", ip: "10.0.0.2" },
          ...{ label: [70_000], vni: [70_000] },
        },
      },
      attr: from([25, 70], "192.0.2.2", { 16: ["route-target:65000:2", "encapsulation:8"] }),
    },
  },
  {
    family: "evpn",
    what: "type 3, inclusive multicast",
    theirs: {
      ...rib("evpn", `multicast 10.0.0.3 etag 1${TARGET}`, HOP),
      nlri: { type: 3, value: { rd: RD, eth_tag_id: 1, ip: "10.0.0.3" } },
      attr: BY_EVPN,
    },
    ours: {
      ...mp(
        [25, 70],
        "192.0.2.1",
        [{ type: 3, value: { rd: "172.16.0.1:5904", eth_tag_id: 100, ip: "192.168.0.1" } }],
        {
          16: ["route-target:65001:2"],
          22: { leaf_info_required: 0, tunnel_type: 6, mpls_label: [625], tunnel_id: "4.4.4.4" },
        },
      ),
      show: "global rib -a evpn",
      shown: /type:multicast\]\[rd:172\.16\.0\.1:5904\]\[etag:100\]\[ip:192\.168\.0\.1\]/,
    },
  },
  {
    family: "evpn",
    what: "type 4, Ethernet segment",
    theirs: {
      ...rib("evpn", `esi 10.0.0.4 esi LACP aa:bb:cc:dd:ee:ff 100${TARGET}`, HOP),
      nlri: {
        type: 4,
        value: { rd: RD, esi: { type: 1, value: { ce_mac_addr: MAC, ce_port_key: 100 } }, ip: "10.0.0.4" },
      },
      attr: from([25, 70], "192.0.2.2", { 16: ["route-target:65000:2", `es-import:${MAC}`] }),
    },
  },
  {
    family: "evpn",
    what: "type 5, a prefix",
    theirs: {
      ...rib("evpn", `prefix 10.9.0.0/24 gw 10.0.0.9 etag 1 label 1000${TARGET}`, HOP),
      nlri: {
        type: 5,
        value: {
          ...{ rd: RD, esi: NO_ESI, eth_tag_id: 1, prefix: "10.9.0.0/24", gateway: "10.0.0.9" },
          ...{ label: [62], vni: [1000] },
        },
      },
      attr: BY_EVPN,
    },
  },
];

export const GOBGP_ROWS: readonly FamilyRow[] = [...UNICAST, ...COUNTED, ...LABELLED, ...FLOWSPEC, ...EVPN];

/**
 * A route target of a VRF becomes a membership (RFC 4684). It stands apart: on a session with this family GoBGP holds all
 * others back until the peer has announced memberships of its own.
 */
export const GOBGP_RTC = {
  announce: "vrf add one rd 65002:100 rt both 65002:100",
  withdraw: "vrf del one",
  nlri: { origin_as: 65_002, route_target: "route-target:65002:100" },
} as const;
