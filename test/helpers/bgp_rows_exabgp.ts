// What ExaBGP 4.2 announces by its API and how it reports what it has got: JSON objects, one an UPDATE. It is asked
// for the newest that has a text in it, and says nothing when that is a withdrawal.

import type { FamilyRow } from "./bgp_dialogue.js";

const EXPORTED = { 1: 0, 2: [[2, [65_001]]] };

/** What ExaBGP announces, if the command does not say otherwise. */
const from = (afiSafi: readonly [number, number], nexthop: unknown, more: Readonly<Record<string, unknown>> = {}) => ({
  1: 0,
  2: [[2, [65_002]]],
  14: { afi_safi: afiSafi, nexthop },
  ...more,
});

/** The command, and the same with the other verb. */
const route = (words: string) => ({ announce: `announce ${words}`, withdraw: `withdraw ${words}` });

const mp = (afiSafi: readonly [number, number], nexthop: unknown, nlri: readonly unknown[], more = {}) => ({
  body: { attr: { ...EXPORTED, ...more, 14: { afi_safi: afiSafi, nexthop, nlri } } },
  withdraw: { attr: { 15: { afi_safi: afiSafi, withdraw: nlri } } },
});

const PREFIXES: FamilyRow[] = [
  {
    family: "ipv4",
    what: "a prefix with communities",
    theirs: {
      ...route(
        "route 198.51.100.0/24 next-hop 192.0.2.2 origin egp med 5 as-path [ 65002 4200000000 ] community [ 65002:7 no-export ] large-community [ 65002:1:2 ]",
      ),
      nlri: "198.51.100.0/24",
      attr: {
        1: 1,
        2: [[2, [65_002, 4_200_000_000]]],
        3: "192.0.2.2",
        4: 5,
        8: ["65002:7", "NO_EXPORT"],
        32: ["65002:1:2"],
      },
    },
    ours: {
      body: {
        attr: { ...EXPORTED, 3: "192.0.2.1", 4: 9, 7: [65_001, "192.0.2.9"], 8: ["65001:5"], 32: ["1:2:3"] },
        nlri: ["172.20.1.0/24"],
      },
      withdraw: { withdraw: ["172.20.1.0/24"] },
      show: "172.20.1.0/24",
      shown: /"med":9.*"aggregator":"65001:192\.0\.2\.9".*"community":\[\[65001,5\]\].*"192\.0\.2\.1"/,
    },
  },
  {
    family: "ipv6",
    what: "a prefix",
    theirs: {
      ...route("route 2001:db8:1::/48 next-hop 2001:db8::2 origin igp"),
      nlri: "2001:db8:1::/48",
      attr: { 1: 0, 2: [[2, [65_002]]], 14: { afi_safi: [2, 1], nexthop: "2001:db8::2" } },
    },
    ours: {
      ...mp([2, 1], "2001:db8::1", ["2001:db8:77::/48"]),
      show: "2001:db8:77::/48",
      shown: /"ipv6 unicast":\{"2001:db8::1":\[\{"nlri":"2001:db8:77::\/48"\}\]/,
    },
  },
  {
    family: "ipv4_lu",
    what: "a labelled prefix",
    theirs: {
      ...route("route 10.1.0.0/24 next-hop 192.0.2.2 label [ 100 ]"),
      nlri: { label: [100], prefix: "10.1.0.0/24" },
      attr: from([1, 4], "192.0.2.2"),
    },
    ours: {
      ...mp([1, 4], "192.0.2.1", [{ label: [321, 322], prefix: "34.1.41.0/24" }]),
      show: "34.1.41.0/24",
      shown: /"ipv4 nlri-mpls":.*"label":\[\[321[^\]]*\],\[322/,
    },
  },
  {
    family: "vpnv4",
    what: "a VPN prefix",
    theirs: {
      ...route("route 10.2.0.0/24 next-hop 192.0.2.2 rd 65000:1 label [ 200 ] extended-community [ target:65000:2 ]"),
      nlri: { label: [200], rd: "65000:1", prefix: "10.2.0.0/24" },
      attr: from([1, 128], { rd: "0:0", str: "192.0.2.2" }, { 16: ["route-target:65000:2"] }),
    },
    ours: {
      ...mp([1, 128], { rd: "0:0", str: "192.0.2.1" }, [{ label: [25], rd: "100:100", prefix: "11.11.11.11/32" }], {
        16: ["route-target:100:12"],
      }),
      show: "11.11.11.11/32",
      shown: /"target:100:12".*"ipv4 mpls-vpn":.*"rd":"100:100"/,
    },
  },
  {
    family: "ipv6_lu",
    what: "a labelled prefix",
    theirs: {
      ...route("route 2001:db8:a::/48 next-hop 2001:db8::2 label [ 100 ]"),
      nlri: { label: [100], prefix: "2001:db8:a::/48" },
      attr: from([2, 4], "2001:db8::2"),
    },
    ours: {
      ...mp([2, 4], "2001:db8::1", [{ label: [321], prefix: "2001:db8:b::/48" }]),
      show: "2001:db8:b::/48",
      shown: /"ipv6 nlri-mpls":\{"2001:db8::1":.*"label":\[\[321/,
    },
  },
  {
    family: "vpnv6",
    what: "a VPN prefix",
    theirs: {
      ...route(
        "route 2001:db8:2::/48 next-hop 2001:db8::2 rd 65000:1 label [ 201 ] extended-community [ target:65000:2 ]",
      ),
      nlri: { label: [201], rd: "65000:1", prefix: "2001:db8:2::/48" },
      attr: from([2, 128], { rd: "0:0", str: "2001:db8::2" }, { 16: ["route-target:65000:2"] }),
    },
    ours: {
      ...mp([2, 128], { rd: "0:0", str: "2001:db8::1" }, [{ label: [54], rd: "100:12", prefix: "2001:db8:d::/48" }], {
        16: ["route-target:100:12"],
      }),
      show: "2001:db8:d::/48",
      shown: /"target:100:12".*"ipv6 mpls-vpn":.*"rd":"100:12"/,
    },
  },
];

const RULES: FamilyRow[] = [
  {
    family: "flowspec",
    what: "a rule with groups",
    theirs: {
      ...route(
        "flow route { match { source 10.0.0.1/32; destination 192.168.0.1/32; port [ =80 =8080 ]; destination-port [ >8080&<8088 =3128 ]; source-port >1024; protocol [ udp tcp ]; } then { rate-limit 9600; } }",
      ),
      nlri: { 1: "192.168.0.1/32", 2: "10.0.0.1/32", 3: "=17|=6", 4: "=80|=8080", 5: ">8080&<8088|=3128", 6: ">1024" },
      attr: from([1, 133], "", { 16: ["traffic-rate:0:9600"] }),
    },
    ours: {
      ...mp([1, 133], "", [{ 1: "192.88.2.0/24", 3: "=6", 5: "=80|>=8080&<=8088" }], { 16: ["traffic-rate:0:0"] }),
      show: "192.88.2.0/24",
      shown: /rate-limit:0.*"ipv4 flow":.*"destination-port":\["=80",">=8080&<=8088"\]/,
    },
  },
  {
    family: "ipv6_flowspec",
    what: "a rule that discards",
    theirs: {
      ...route("flow route { match { source 2001:db8:1::/48; next-header tcp; } then { discard; } }"),
      nlri: { 2: { prefix: "2001:db8:1::/48", offset: 0 }, 3: "=6" },
      attr: from([2, 133], "", { 16: ["traffic-rate:0:0"] }),
    },
    ours: {
      ...mp([2, 133], "", [{ 1: { prefix: "2001:db8:c::/48", offset: 0 }, 3: "=17" }], { 16: ["traffic-rate:0:0"] }),
      show: "2001:db8:c::/48",
      shown: /rate-limit:0.*"ipv6 flow":/,
    },
  },
  {
    family: "vpnv4_flowspec",
    what: "a rule of a VPN",
    theirs: {
      ...route("flow route { rd 65000:1; match { destination 10.9.0.0/24; protocol tcp; } then { discard; } }"),
      nlri: { rd: "65000:1", 1: "10.9.0.0/24", 3: "=6" },
      attr: from([1, 134], "", { 16: ["traffic-rate:0:0"] }),
    },
    ours: {
      ...mp([1, 134], "", [{ rd: "100:101", 1: "192.88.4.0/24", 3: "=6" }], { 16: ["traffic-rate:0:0"] }),
      show: "192.88.4.0/24",
      shown: /rate-limit:0.*"ipv4 flow-vpn":.*"rd":"100:101"/,
    },
  },
  {
    family: "vpnv6_flowspec",
    what: "a rule of a VPN",
    theirs: {
      ...route("flow route { rd 65000:1; match { destination 2001:db8:9::/48; next-header tcp; } then { discard; } }"),
      nlri: { rd: "65000:1", 1: { prefix: "2001:db8:9::/48", offset: 0 }, 3: "=6" },
      attr: from([2, 134], "", { 16: ["traffic-rate:0:0"] }),
    },
    ours: {
      ...mp([2, 134], "", [{ rd: "100:101", 1: { prefix: "2001:db8:e::/48", offset: 0 }, 3: "=6" }], {
        16: ["traffic-rate:0:0"],
      }),
      show: "2001:db8:e::/48",
      shown: /rate-limit:0.*"ipv6 flow-vpn":.*"rd":"100:101"/,
    },
  },
];

/** What ExaBGP only reads: it writes multicast prefixes where unicast ones belong, and no EVPN or BGP-LS by command. */
const OTHERS: FamilyRow[] = [
  {
    family: "ipv4_mcast",
    what: "a prefix",
    ours: {
      ...mp([1, 2], "192.0.2.1", ["172.20.3.0/24"]),
      show: "172.20.3.0/24",
      shown: /"ipv4 multicast":\{"192\.0\.2\.1":\[\{"nlri":"172\.20\.3\.0\/24"/,
    },
  },
  {
    family: "evpn",
    what: "type 2, a MAC with an address",
    ours: {
      ...mp(
        [25, 70],
        "192.0.2.1",
        [
          {
            type: 2,
            value: {
              ...{ rd: "172.17.0.3:2", esi: { type: 0, value: 0 }, eth_tag_id: 108 },
              ...{ mac: "00-11-22-33-44-55", ip: "11.11.11.1", label: [1234] },
            },
          },
        ],
        { 16: ["route-target:65001:2"] },
      ),
      show: "00:11:22:33:44:55",
      shown: /"target:65001:2".*"l2vpn evpn":.*"ip":"11\.11\.11\.1"/,
    },
  },
  {
    family: "bgpls",
    what: "a node",
    ours: {
      ...mp(
        [16_388, 71],
        "192.0.2.1",
        [
          {
            type: "node",
            protocol_id: 2,
            instances_id: 0,
            descriptors: [
              {
                type: "local_node",
                value: {
                  ...{ as_num: 65_001, bgpls_id: "0.0.0.0" },
                  igp_router_id: { pseudonode: false, iso_node_id: "0000.0000.0001" },
                },
              },
            ],
          },
        ],
        { 29: [{ type: "node_name", value: "r1" }] },
      ),
      show: "bgpls-node",
      shown: /"node-name":"r1".*"bgp-ls bgp-ls":\{"192\.0\.2\.1":.*"router-id":"000000000001"/,
    },
  },
];

export const EXABGP_ROWS: readonly FamilyRow[] = [...PREFIXES, ...RULES, ...OTHERS];
