// What FRR 8.4 announces and how it shows what it has got, beyond unicast. Commands are those of vtysh, with `;`
// between lines. EVPN and flowspec it only takes: for the first it wants zebra and kernel devices. Labelled
// unicast shares its table with unicast, which one neighbour cannot have both.

import type { FamilyRow } from "./bgp_dialogue.js";

const EXPORTED = { 1: 0, 2: [[2, [65_001]]] };

const network = (family: string, words: string) => {
  const lines = ["conf t", "router bgp 65002", `address-family ${family}`];
  return {
    announce: [...lines, `network ${words}`].join(";"),
    withdraw: [...lines, `no network ${words}`].join(";"),
  };
};

const mp = (afiSafi: readonly [number, number], nexthop: unknown, nlri: readonly unknown[], more = {}) => ({
  body: { attr: { ...EXPORTED, ...more, 14: { afi_safi: afiSafi, nexthop, nlri } } },
  withdraw: { attr: { 15: { afi_safi: afiSafi, withdraw: nlri } } },
});

/** The families by the words of FRR's `address-family`. */
export const FRR_FAMILIES: Readonly<Record<string, string>> = {
  ipv4: "ipv4 unicast",
  ipv4_mcast: "ipv4 multicast",
  ipv6_mcast: "ipv6 multicast",
  vpnv4: "ipv4 vpn",
  vpnv6: "ipv6 vpn",
  flowspec: "ipv4 flowspec",
  ipv6_flowspec: "ipv6 flowspec",
  evpn: "l2vpn evpn",
};

export const FRR_ROWS: readonly FamilyRow[] = [
  {
    family: "ipv4",
    what: "a prefix",
    theirs: { ...network("ipv4 unicast", "10.6.0.0/24"), nlri: "10.6.0.0/24", attr: { 1: 0, 2: [[2, [65_002]]] } },
    ours: {
      body: { attr: { ...EXPORTED, 3: "192.0.2.1" }, nlri: ["172.20.6.0/24"] },
      withdraw: { withdraw: ["172.20.6.0/24"] },
      show: "show bgp ipv4 unicast",
      shown: /\*> 172\.20\.6\.0\/24 +192\.0\.2\.1 /,
    },
  },
  {
    family: "ipv4_mcast",
    what: "a prefix",
    theirs: {
      ...network("ipv4 multicast", "10.3.0.0/24"),
      nlri: "10.3.0.0/24",
      attr: { 2: [[2, [65_002]]], 14: { afi_safi: [1, 2] } },
    },
    ours: {
      ...mp([1, 2], "192.0.2.1", ["172.20.3.0/24"]),
      show: "show bgp ipv4 multicast",
      shown: /172\.20\.3\.0\/24 +192\.0\.2\.1 /,
    },
  },
  {
    family: "ipv6_mcast",
    what: "a prefix",
    theirs: {
      ...network("ipv6 multicast", "2001:db8:3::/48"),
      nlri: "2001:db8:3::/48",
      attr: { 2: [[2, [65_002]]], 14: { afi_safi: [2, 2] } },
    },
    ours: {
      ...mp([2, 2], "2001:db8::1", ["2001:db8:9::/48"]),
      show: "show bgp ipv6 multicast",
      shown: /2001:db8:9::\/48 +2001:db8::1 /,
    },
  },
  {
    family: "vpnv4",
    what: "a VPN prefix",
    theirs: {
      ...network("ipv4 vpn", "10.2.0.0/24 rd 65000:1 label 200"),
      nlri: { label: [200], rd: "65000:1", prefix: "10.2.0.0/24" },
      attr: { 1: 0, 2: [[2, [65_002]]], 4: 0, 14: { afi_safi: [1, 128], nexthop: { rd: "0:0" } } },
    },
    ours: {
      ...mp([1, 128], { rd: "0:0", str: "192.0.2.1" }, [{ label: [25], rd: "100:100", prefix: "11.11.11.11/32" }], {
        16: ["route-target:100:12"],
      }),
      show: "show bgp ipv4 vpn",
      shown: /Route Distinguisher: 100:100\n[*> ]+11\.11\.11\.11\/32 +192\.0\.2\.1 [\s\S]*EC\{100:12\} label=25/,
    },
  },
  {
    family: "vpnv6",
    what: "a VPN prefix",
    theirs: {
      ...network("ipv6 vpn", "2001:db8:2::/48 rd 65000:1 label 201"),
      nlri: { label: [201], rd: "65000:1", prefix: "2001:db8:2::/48" },
      attr: { 2: [[2, [65_002]]], 14: { afi_safi: [2, 128], nexthop: { rd: "0:0" } } },
    },
    ours: {
      ...mp([2, 128], { rd: "0:0", str: "2001:db8::1" }, [{ label: [54], rd: "100:12", prefix: "2010:0:12:4::/64" }], {
        16: ["route-target:100:12"],
      }),
      show: "show bgp ipv6 vpn",
      shown: /Route Distinguisher: 100:12\n[*> ]+2010:0:12:4::\/64/,
    },
  },
  {
    family: "flowspec",
    what: "a rule that discards",
    ours: {
      ...mp([1, 133], "", [{ 1: "192.88.2.0/24", 3: "=6", 5: "=80|>=8080&<=8088" }], { 16: ["traffic-rate:0:0"] }),
      show: "show bgp ipv4 flowspec detail",
      shown: /Destination Address 192\.88\.2\.0\/24[\s\S]*IP Protocol = 6[\s\S]*Destination Port = 80[\s\S]*FS:rate 0/,
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
              rd: "172.17.0.3:2",
              esi: { type: 0, value: 0 },
              eth_tag_id: 0,
              mac: "00-11-22-33-44-55",
              ip: "11.11.11.1",
              label: [1234],
            },
          },
        ],
        { 16: ["route-target:65001:2", "encapsulation:8"] },
      ),
      show: "show bgp l2vpn evpn",
      shown: /\[2\]:\[0\]:\[48\]:\[00:11:22:33:44:55\]:\[32\]:\[11\.11\.11\.1\]/,
    },
  },
];
