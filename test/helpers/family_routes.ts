// Routes of many families in the words of GoBGP and ExaBGP, and as our JSON must show them. make_family_vectors.ts has
// the daemons send them.

import { addPath, any, type PathCall, proto } from "./gobgp_api.js";

export interface FamilyRoute {
  /** What is typed or configured. */
  readonly what: string;
  readonly family: string;
  readonly nlri: unknown;
  /** The next hop's members; what the daemon chooses itself is not given. */
  readonly hop?: Record<string, unknown>;
  /** Attributes beside that must be so. */
  readonly attr?: Record<string, unknown>;
  /** It is read, but we write it otherwise. */
  readonly otherwise?: true;
}

/** Arguments of `gobgp global rib add`. */
export const GOBGP: readonly FamilyRoute[] = [
  {
    what: "-a ipv4-mpls 10.1.0.0/24 100 nexthop 192.0.2.1",
    family: "ipv4_lu",
    nlri: { label: [100], prefix: "10.1.0.0/24" },
    hop: { nexthop: "192.0.2.1" },
  },
  {
    what: "-a ipv4-mpls 10.2.0.0/17 100/200/1048575 nexthop 192.0.2.1",
    family: "ipv4_lu",
    nlri: { label: [100, 200, 1048575], prefix: "10.2.0.0/17" },
    hop: { nexthop: "192.0.2.1" },
  },
  {
    what: "-a ipv4-mpls 0.0.0.0/0 0 nexthop 192.0.2.1",
    family: "ipv4_lu",
    nlri: { label: [0], prefix: "0.0.0.0/0" },
  },
  {
    what: "-a ipv6-mpls 2001:db8:1::/48 16/17 nexthop 2001:db8::1",
    family: "ipv6_lu",
    nlri: { label: [16, 17], prefix: "2001:db8:1::/48" },
    hop: { nexthop: "2001:db8::1" },
  },
  {
    what: "-a vpnv4 11.11.11.11/32 label 25 rd 100:100 rt 100:100 nexthop 192.0.2.1",
    family: "vpnv4",
    nlri: { label: [25], rd: "100:100", prefix: "11.11.11.11/32" },
    hop: { nexthop: { rd: "0:0", str: "192.0.2.1" } },
    attr: { 16: ["route-target:100:100"] },
  },
  {
    what: "-a vpnv4 10.0.0.0/9 label 3 rd 192.0.2.7:9 nexthop 192.0.2.1",
    family: "vpnv4",
    nlri: { label: [3], rd: "192.0.2.7:9", prefix: "10.0.0.0/9" },
  },
  {
    what: "-a vpnv4 0.0.0.0/0 label 5 rd 64086.59905:7 nexthop 192.0.2.1",
    family: "vpnv4",
    nlri: { label: [5], rd: "4200000001:7", prefix: "0.0.0.0/0" },
  },
  {
    what: "-a vpnv4 10.3.0.0/16 label 5 rd 0.100:7 nexthop 192.0.2.1",
    family: "vpnv4",
    nlri: { label: [5], rd: "0.100:7", prefix: "10.3.0.0/16" },
  },
  {
    what: "-a vpnv6 2001:db8:2::/49 label 77 rd 65001:4294967295 nexthop 2001:db8::1",
    family: "vpnv6",
    nlri: { label: [77], rd: "65001:4294967295", prefix: "2001:db8:2::/49" },
    hop: { nexthop: { rd: "0:0", str: "2001:db8::1" } },
  },
  {
    what: "-a ipv4-flowspec match destination 10.0.0.0/24 source 0.0.0.0/0 protocol ==tcp destination-port ==80 >=8080&<=8088 then discard",
    family: "flowspec",
    nlri: { 1: "10.0.0.0/24", 2: "0.0.0.0/0", 3: "=6", 5: "=80|>=8080&<=8088" },
    hop: { nexthop: "" },
    attr: { 16: ["traffic-rate:0:0"] },
  },
  {
    what: "-a ipv4-flowspec match port !=65535 source-port >1024 icmp-type ==8 icmp-code <3 packet-length >=64&<=1500 ==9000 dscp ==46 then accept",
    family: "flowspec",
    nlri: { 4: "!=65535", 6: ">1024", 7: "=8", 8: "<3", 10: ">=64&<=1500|=9000", 11: "=46" },
  },
  {
    what: "-a ipv4-flowspec match destination 10.0.1.0/24 tcp-flags =SA !R&!=FP UEC fragment is-fragment !first-fragment =dont-fragment then rate-limit 9600",
    family: "flowspec",
    nlri: { 1: "10.0.1.0/24", 9: "=18|!4&!=9|224", 12: "2|!4|=1" },
  },
  {
    what: "-a ipv6-flowspec match destination 2001:db8::/48 source 2001:db8:f::/96 protocol ==udp label ==70000 >=100000&<=1048575 fragment last-fragment then discard",
    family: "ipv6_flowspec",
    nlri: {
      1: { prefix: "2001:db8::/48", offset: 0 },
      2: { prefix: "2001:db8:f::/96", offset: 0 },
      3: "=17",
      12: "8",
      13: "=70000|>=100000&<=1048575",
    },
  },
  {
    what: "-a ipv4-l3vpn-flowspec rd 65001:7 match destination 10.9.0.0/16 tcp-flags S then discard rt 65001:7",
    family: "vpnv4_flowspec",
    nlri: { rd: "65001:7", 1: "10.9.0.0/16", 9: "2" },
  },
  {
    what: "-a ipv6-l3vpn-flowspec rd 192.0.2.7:7 match source 2001:db8:9::/48 port ==53 then discard rt 65001:7",
    family: "vpnv6_flowspec",
    nlri: { rd: "192.0.2.7:7", 2: { prefix: "2001:db8:9::/48", offset: 0 }, 4: "=53" },
  },
];

const ORIGIN = any("OriginAttribute", { 1: 0 });
const hop = (address: string) => any("NextHopAttribute", { 1: address });
const reach = (afi: number, safi: number, address: string, nlri: Buffer) =>
  any("MpReachNLRIAttribute", { 1: proto({ 1: afi, 2: safi }), 2: address, 3: nlri });

/** An SR policy: preference 100, binding SID 25102, priority 23, a list of weight 10 with two labels. */
const POLICY = any("TunnelEncapAttribute", {
  1: proto({
    1: 15,
    2: [
      any("TunnelEncapSubTLVSRPreference", { 2: 100 }),
      any("TunnelEncapSubTLVSRBindingSID", { 1: any("SRBindingSID", { 3: Buffer.from("0000620e", "hex") }) }),
      any("TunnelEncapSubTLVSRENLP", { 2: 1 }),
      any("TunnelEncapSubTLVSRPriority", { 1: 23 }),
      any("TunnelEncapSubTLVSRCandidatePathName", { 1: "policy_test" }),
      any("TunnelEncapSubTLVSRSegmentList", {
        1: proto({ 2: 10 }),
        2: [any("SegmentTypeA", { 1: proto({}), 2: 2000 << 12 }), any("SegmentTypeA", { 1: proto({}), 2: 3000 << 12 })],
      }),
    ],
  }),
});

const POLICY_JSON = {
  0: "new",
  12: 100,
  13: 25102,
  14: 1,
  15: 23,
  129: "policy_test",
  128: [
    {
      9: 10,
      1: [{ 1: { label: 2000, TC: 0, S: 0, TTL: 0 } }, { 1: { label: 3000, TC: 0, S: 0, TTL: 0 } }],
    },
  ],
};

/** Routes that go through GoBGP's gRPC interface. */
export const GOBGP_API: readonly (FamilyRoute & { add(host: string, call?: PathCall): Promise<void> })[] = [
  {
    what: "AddPath SRPolicyNLRI 96 0 10 192.168.76.1, TunnelEncapAttribute",
    family: "ipv4_srte",
    nlri: { distinguisher: 0, color: 10, endpoint: "192.168.76.1" },
    attr: { 23: POLICY_JSON },
    add: (host, call = addPath) => {
      const nlri = any("SRPolicyNLRI", { 1: 96, 2: 0, 3: 10, 4: Buffer.of(192, 168, 76, 1) });
      return call(host, 1, 73, nlri, [ORIGIN, hop("192.0.2.1"), POLICY]);
    },
  },
  {
    what: "AddPath SRPolicyNLRI 192 7 4294967295 2001:db8::9, TunnelEncapAttribute",
    family: "ipv6_srte",
    nlri: { distinguisher: 7, color: 4294967295, endpoint: "2001:db8::9" },
    attr: { 23: POLICY_JSON },
    add: (host, call = addPath) => {
      const endpoint = Buffer.from("20010db8000000000000000000000009", "hex");
      const nlri = any("SRPolicyNLRI", { 1: 192, 2: 7, 3: 4294967295, 4: endpoint });
      return call(host, 2, 73, nlri, [ORIGIN, reach(2, 73, "2001:db8::1", nlri), POLICY]);
    },
  },
  {
    what: "AddPath RouteTargetMembershipNLRI 65002 65001:100",
    family: "rtc",
    nlri: { origin_as: 65002, route_target: "route-target:65001:100" },
    add: (host, call = addPath) => {
      const target = any("TwoOctetAsSpecificExtended", { 1: 1, 2: 2, 3: 65001, 4: 100 });
      const nlri = any("RouteTargetMembershipNLRI", { 1: 65002, 2: target });
      return call(host, 1, 132, nlri, [ORIGIN, hop("192.0.2.1")]);
    },
  },
];

/** A rule of more than 240 octets. GoBGP 3.10 writes the length of such a rule wrong. */
const PORTS = Array.from({ length: 100 }, (_, i) => `=${1000 + i * 7}`);

/** Routes of an ExaBGP configuration; "@" stands for the community by which the message is found. */
export const EXABGP: readonly FamilyRoute[] = [
  {
    what: "route 10.1.0.0/24 next-hop 192.0.2.1 label [ 100 200 ] @;",
    family: "ipv4_lu",
    nlri: { label: [100, 200], prefix: "10.1.0.0/24" },
    hop: { nexthop: "192.0.2.1" },
  },
  {
    what: "route 2001:db8:1::/48 next-hop 2001:db8::1 label [ 17 ] @;",
    family: "ipv6_lu",
    nlri: { label: [17], prefix: "2001:db8:1::/48" },
  },
  {
    what: "route 10.2.0.0/23 rd 65000:1 next-hop 192.0.2.1 label 1000 @;",
    family: "vpnv4",
    nlri: { label: [1000], rd: "65000:1", prefix: "10.2.0.0/23" },
    hop: { nexthop: { rd: "0:0", str: "192.0.2.1" } },
  },
  {
    what: "route 2001:db8:3::/64 rd 192.0.2.7:1 next-hop 2001:db8::1 label 1001 @;",
    family: "vpnv6",
    nlri: { label: [1001], rd: "192.0.2.7:1", prefix: "2001:db8:3::/64" },
  },
  {
    what: "flow { match { source 10.0.0.9/32; destination 192.168.0.1/32; port [ =80 =8080 ]; destination-port [ >8080&<8088 =3128 ]; source-port >1024; protocol [ udp tcp ]; } then { discard; @; } }",
    family: "flowspec",
    nlri: {
      1: "192.168.0.1/32",
      2: "10.0.0.9/32",
      3: "=17|=6",
      4: "=80|=8080",
      5: ">8080&<8088|=3128",
      6: ">1024",
    },
    hop: { nexthop: "" },
  },
  {
    what: "flow { match { destination 10.0.3.0/24; tcp-flags [ =syn+ack !rst ]; fragment [ !is-fragment =first-fragment last-fragment ]; } then { discard; @; } }",
    family: "flowspec",
    nlri: { 1: "10.0.3.0/24", 9: "=18|!4", 12: "!2|=4|8" },
  },
  {
    what: "flow { match { packet-length [ >200&<300 >400&<500 ]; icmp-type [ unreachable echo-request ]; icmp-code [ !=3 ]; dscp [ =10 ]; } then { discard; @; } }",
    family: "flowspec",
    nlri: { 7: "=3|=8", 8: "!=3", 10: ">200&<300|>400&<500", 11: "=10" },
  },
  {
    what: "flow { match { source ::1/128/120; destination 2a02:b80:15::7aca:39ff:feae:a87a/128/0; next-header udp; traffic-class 101; flow-label 2013; } then { discard; @; } }",
    family: "ipv6_flowspec",
    nlri: {
      1: { prefix: "2a02:b80:15:0:7aca:39ff:feae:a87a/128", offset: 0 },
      2: { prefix: "::1/128", offset: 120 },
      3: "=17",
      11: "=101",
      13: "=2013",
    },
    // Offsets as drafts had them, and a flow label of two octets.
    otherwise: true,
  },
  {
    what: `flow { match { destination 10.7.0.0/16; port [ ${PORTS.join(" ")} ]; } then { discard; @; } }`,
    family: "flowspec",
    nlri: { 1: "10.7.0.0/16", 4: PORTS.join("|") },
  },
  {
    what: "flow { rd 65535:65536; match { source 10.0.0.1/32; tcp-flags [ syn ]; } then { discard; @; } }",
    family: "vpnv4_flowspec",
    nlri: { rd: "65535:65536", 2: "10.0.0.1/32", 9: "2" },
  },
];
