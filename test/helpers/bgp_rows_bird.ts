// What BIRD 2.0 announces, by static protocols that are enabled and disabled, and how it shows what it has got. A VPN
// route without an MPLS next hop goes out with label 3, implicit null.

import type { FamilyRow } from "./bgp_dialogue.js";

const EXPORTED = { 1: 0, 2: [[2, [65_001]]] };

const mp = (afiSafi: readonly [number, number], nexthop: unknown, nlri: readonly unknown[], more = {}) => ({
  body: { attr: { ...EXPORTED, ...more, 14: { afi_safi: afiSafi, nexthop, nlri } } },
  withdraw: { attr: { 15: { afi_safi: afiSafi, withdraw: nlri } } },
});

export interface BirdFamily {
  /** The channel of a protocol, and the kind of its table. */
  readonly channel: string;
  readonly table: string;
  /** The static route that is announced; its protocol is s_ and the family. */
  readonly route: string;
  /** How the BGP channel sets the next hop. */
  readonly hop: string;
}

const HOP4 = "next hop address 192.0.2.2; gateway recursive;";
const HOP6 = "next hop address 2001:db8::2; gateway recursive;";

export const BIRD_FAMILIES: Readonly<Record<string, BirdFamily>> = {
  ipv4: { channel: "ipv4", table: "ipv4", route: "10.6.0.0/24 blackhole", hop: HOP4 },
  ipv4_mcast: { channel: "ipv4 multicast", table: "ipv4", route: "10.7.0.0/24 blackhole", hop: HOP4 },
  ipv6_mcast: { channel: "ipv6 multicast", table: "ipv6", route: "2001:db8:7::/48 blackhole", hop: HOP6 },
  ipv4_lu: { channel: "ipv4 mpls", table: "ipv4", route: "10.1.0.0/24 blackhole", hop: HOP4 },
  ipv6_lu: { channel: "ipv6 mpls", table: "ipv6", route: "2001:db8:a::/48 blackhole", hop: HOP6 },
  vpnv4: {
    channel: "vpn4 mpls",
    table: "vpn4",
    route: "65000:1 10.2.0.0/24 blackhole { bgp_ext_community.add((rt, 65000, 2)); }",
    hop: HOP4,
  },
  vpnv6: { channel: "vpn6 mpls", table: "vpn6", route: "65000:1 2001:db8:2::/48 blackhole", hop: HOP6 },
  flowspec: {
    channel: "flow4",
    table: "flow4",
    route:
      "flow4 { dst 10.0.0.0/24; src 20.0.0.0/24; proto = 6; dport = 80 || >= 8080 && <= 8088; } { bgp_ext_community.add((generic, 0x80060000, 0x0)); }",
    hop: "",
  },
  ipv6_flowspec: { channel: "flow6", table: "flow6", route: "flow6 { dst 2001:db8::/32; next header = 6; }", hop: "" },
};

const flip = (family: string) => ({ announce: `enable s_${family}`, withdraw: `disable s_${family}` });
const show = (family: string) => `show route table t_${family} all`;

export const BIRD_ROWS: readonly FamilyRow[] = [
  {
    family: "ipv4",
    what: "a prefix",
    theirs: { ...flip("ipv4"), nlri: "10.6.0.0/24", attr: { 1: 0, 2: [[2, [65_002]]], 3: "192.0.2.2" } },
    ours: {
      body: { attr: { ...EXPORTED, 3: "192.0.2.1" }, nlri: ["172.20.6.0/24"] },
      withdraw: { withdraw: ["172.20.6.0/24"] },
      show: show("ipv4"),
      shown: /172\.20\.6\.0\/24 [\s\S]*BGP\.next_hop: 192\.0\.2\.1/,
    },
  },
  {
    family: "ipv4_mcast",
    what: "a prefix",
    theirs: { ...flip("ipv4_mcast"), nlri: "10.7.0.0/24", attr: { 14: { afi_safi: [1, 2], nexthop: "192.0.2.2" } } },
    ours: {
      ...mp([1, 2], "192.0.2.1", ["172.20.3.0/24"]),
      show: show("ipv4_mcast"),
      shown: /172\.20\.3\.0\/24 /,
    },
  },
  {
    family: "ipv6_mcast",
    what: "a prefix",
    theirs: {
      ...flip("ipv6_mcast"),
      nlri: "2001:db8:7::/48",
      attr: { 14: { afi_safi: [2, 2], nexthop: "2001:db8::2" } },
    },
    ours: {
      ...mp([2, 2], "2001:db8::1", ["2001:db8:9::/48"]),
      show: show("ipv6_mcast"),
      shown: /2001:db8:9::\/48 /,
    },
  },
  {
    family: "ipv4_lu",
    what: "a labelled prefix",
    theirs: {
      ...flip("ipv4_lu"),
      nlri: { label: [3], prefix: "10.1.0.0/24" },
      attr: { 14: { afi_safi: [1, 4], nexthop: "192.0.2.2" } },
    },
    ours: {
      ...mp([1, 4], "192.0.2.1", [{ label: [321, 322], prefix: "34.1.41.0/24" }]),
      show: show("ipv4_lu"),
      shown: /34\.1\.41\.0\/24 [\s\S]*BGP\.mpls_label_stack: 321\/322/,
    },
  },
  {
    family: "ipv6_lu",
    what: "a labelled prefix",
    theirs: {
      ...flip("ipv6_lu"),
      nlri: { label: [3], prefix: "2001:db8:a::/48" },
      attr: { 14: { afi_safi: [2, 4], nexthop: "2001:db8::2" } },
    },
    ours: {
      ...mp([2, 4], "2001:db8::1", [{ label: [321], prefix: "2001:db8:b::/48" }]),
      show: show("ipv6_lu"),
      shown: /2001:db8:b::\/48 [\s\S]*BGP\.mpls_label_stack: 321/,
    },
  },
  {
    family: "vpnv4",
    what: "a VPN prefix",
    theirs: {
      ...flip("vpnv4"),
      nlri: { label: [3], rd: "65000:1", prefix: "10.2.0.0/24" },
      attr: { 14: { afi_safi: [1, 128], nexthop: { rd: "0:0", str: "192.0.2.2" } }, 16: ["route-target:65000:2"] },
    },
    ours: {
      ...mp([1, 128], { rd: "0:0", str: "192.0.2.1" }, [{ label: [25], rd: "100:100", prefix: "11.11.11.11/32" }], {
        16: ["route-target:100:12"],
      }),
      show: show("vpnv4"),
      shown: /100:100 11\.11\.11\.11\/32 [\s\S]*\(rt, 100, 12\)[\s\S]*BGP\.mpls_label_stack: 25/,
    },
  },
  {
    family: "vpnv6",
    what: "a VPN prefix",
    theirs: {
      ...flip("vpnv6"),
      nlri: { label: [3], rd: "65000:1", prefix: "2001:db8:2::/48" },
      attr: { 14: { afi_safi: [2, 128], nexthop: { rd: "0:0", str: "2001:db8::2" } } },
    },
    ours: {
      ...mp([2, 128], { rd: "0:0", str: "2001:db8::1" }, [{ label: [54], rd: "100:12", prefix: "2010:0:12:4::/64" }]),
      show: show("vpnv6"),
      shown: /100:12 2010:0:12:4::\/64 [\s\S]*BGP\.mpls_label_stack: 54/,
    },
  },
  {
    family: "flowspec",
    what: "a rule with a rate",
    theirs: {
      ...flip("flowspec"),
      nlri: { 1: "10.0.0.0/24", 2: "20.0.0.0/24", 3: "=6", 5: "=80|>=8080&<=8088" },
      attr: { 16: ["traffic-rate:0:0"] },
    },
    ours: {
      ...mp([1, 133], "", [{ 1: "192.88.2.0/24", 3: "=6", 5: "=80|>=8080&<=8088" }], { 16: ["traffic-rate:0:0"] }),
      show: show("flowspec"),
      shown: /flow4 \{ dst 192\.88\.2\.0\/24; proto 6; dport 80,8080\.\.8088; \}[\s\S]*\(generic, 0x80060000, 0x0\)/,
    },
  },
  {
    family: "ipv6_flowspec",
    what: "a rule",
    theirs: {
      ...flip("ipv6_flowspec"),
      nlri: { 1: { prefix: "2001:db8::/32", offset: 0 }, 3: "=6" },
      attr: { 2: [[2, [65_002]]] },
    },
    ours: {
      ...mp([2, 133], "", [{ 1: { prefix: "2001:db8:c::/48", offset: 0 }, 3: "=17" }], { 16: ["traffic-rate:0:0"] }),
      show: show("ipv6_flowspec"),
      shown: /flow6 \{ dst 2001:db8:c::\/48; next header 17; \}/,
    },
  },
];
