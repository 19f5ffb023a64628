// Routes as readers get them: of every family by what names them, and with what their values hang on.

import t from "tap";
import { FAMILIES, type Family, familyByName } from "../../../src/bgp/families.js";
import type { Peer } from "../../../src/bgp/peer.js";
import type { RouteQuery } from "../../../src/bgp/protocol.js";
import { lookup, type ReadingHost, routes } from "../../../src/bgp/reading.js";
import { encodeUpdateBody } from "../../../src/bgp/update_json.js";
import { BgpModule } from "../../../src/wasm/bgp.js";

const BASE = { 1: 0, 2: [[2, [65_002]]] };
const RD = "65000:1";
const VPN_HOP = { rd: "0:0", str: "192.0.2.2" };
const esi = { type: 0, value: 0 };
const mac = { rd: RD, esi, eth_tag_id: 0, mac: "AA-BB-CC-DD-EE-01", ip: "10.0.0.2" };
const local = { type: "local_node", value: { as_num: 65_001, bgp_router_id: "1.1.1.1" } };
const link = (protocol: number) => ({ type: "link", protocol_id: protocol, instances_id: 0, descriptors: [local] });
const adjacency = (flags: Record<string, number>) => [{ type: "adj_sid", value: { flags, weight: 5, value: 25_000 } }];
const ISIS = adjacency({ F: 0, B: 0, V: 1, L: 1, S: 0, P: 0 });
const OSPF = adjacency({ B: 0, V: 1, L: 1, G: 0, P: 0 });

/** A speaker's module with one peer whose Adj-RIB-In holds what the bodies announce. */
function peerWith(bodies: readonly Record<string, unknown>[]): { host: ReadingHost; peer: Peer } {
  const module = new BgpModule();
  const { tables } = module;
  const [ribIn, fixed, out] = [tables.createRib(), tables.createRib(), tables.createRib()];
  const families = FAMILIES.map(({ rib }) => rib);
  tables.startSession(ribIn, { fourOctetAs: true, ibgp: false, families });
  for (const attr of bodies) {
    const fault = module.check(ribIn, encodeUpdateBody({ attr }, { ibgp: false, fourOctetAs: true }), true);
    if (fault) throw new Error(JSON.stringify(fault));
  }
  const peer = { routes: { ribIn, exporter: { fixed, out } }, config: { remote_addr: "10.0.0.2" } } as unknown as Peer;
  return { host: { module, peer: () => peer, peerOfSource: () => peer, ribsIn: () => [ribIn] }, peer };
}

function announce(name: string, nexthop: unknown, nlri: unknown, more = {}): Record<string, unknown> {
  const { afi, safi } = familyByName(name) as Family;
  return { ...BASE, ...more, 14: { afi_safi: [afi, safi], nexthop, nlri: [nlri] } };
}

const query = (family: string, more: Partial<RouteQuery> = {}): RouteQuery => ({
  ...{ view: "in", address: "10.0.0.2", family, cursor: "", limit: 10 },
  ...more,
});

t.test("labels over VXLAN are whole VNIs; flags of adjacencies are those of the protocol", async (t) => {
  const { host, peer } = peerWith([
    announce("evpn", "192.0.2.2", { type: 2, value: { ...mac, vni: [70_000] } }, { 16: ["encapsulation:8"] }),
    announce("bgpls", "192.0.2.2", link(2), { 29: ISIS }),
    announce("bgpls", "192.0.2.2", link(3), { 29: OSPF }),
  ]);
  const [shown] = routes(host, query("evpn")).routes;
  t.same(shown?.nlri, { type: 2, value: { ...mac, label: [70_000], vni: [70_000] } });
  const links = routes(host, query("bgpls")).routes;
  const flagsOf = (protocol: number) =>
    links.find(({ nlri }) => (nlri as { protocol_id: number }).protocol_id === protocol)?.attr["29"];
  t.same(flagsOf(2), ISIS);
  t.same(flagsOf(3), OSPF);
  const [found] = lookup(host.module, peer, false, "bgpls", [link(2)]);
  t.same(found?.attr["29"], ISIS);
});

t.test(
  "a lookup in families of other NLRI: labels and what else is no part of the key need not be given",
  async (t) => {
    const rule = { 1: "10.0.0.0/24", 3: "=6" };
    const { host, peer } = peerWith([
      announce("ipv4_lu", "192.0.2.2", { label: [100, 200], prefix: "10.1.0.0/24" }),
      announce("vpnv6", { ...VPN_HOP, str: "2001:db8::2" }, { label: [7], rd: RD, prefix: "2001:db8::/48" }),
      announce("evpn", "192.0.2.2", { type: 2, value: { ...mac, vni: [1000] } }),
      announce("flowspec", "", rule, { 16: ["traffic-rate:0:0"] }),
      announce("rtc", "192.0.2.2", { origin_as: 65_002, route_target: "route-target:65001:100" }),
    ]);
    const find = (family: string, item: unknown) => lookup(host.module, peer, false, family, [item])[0];
    const labelled = { label: [100, 200], prefix: "10.1.0.0/24" };
    t.same(find("ipv4_lu", "10.1.0.0/24")?.nlri, labelled);
    t.same(find("ipv4_lu", labelled)?.nlri, labelled);
    t.equal(find("ipv4_lu", "10.1.0.0/25"), null);
    const vpn = { label: [7], rd: RD, prefix: "2001:db8::/48" };
    t.same(find("vpnv6", `${RD}:2001:db8::/48`)?.nlri, vpn);
    t.same(find("vpnv6", { rd: RD, prefix: "2001:db8::/48" })?.nlri, vpn);
    t.equal(find("vpnv6", "65000:2:2001:db8::/48"), null);
    t.match(find("evpn", { type: 2, value: mac }), { nlri: { type: 2, value: { vni: [1000] } }, attr: BASE });
    t.equal(find("evpn", { type: 2, value: { ...mac, eth_tag_id: 1 } }), null);
    t.same(find("flowspec", rule), {
      nlri: rule,
      attr: { ...BASE, 14: { afi_safi: [1, 133], nexthop: "" }, 16: ["traffic-rate:0:0"] },
    });
    t.ok(find("rtc", { origin_as: 65_002, route_target: "route-target:65001:100" }));
    t.same(lookup(host.module, peer, true, "ipv4_lu", ["10.1.0.0/24"]), [null], "another RIB");
    for (const [family, item] of [
      ["flowspec", "10.0.0.0/24"],
      ["vpnv4", "10.0.0.0/24"],
      ["evpn", { type: 99 }],
      ["ipv4_lu", {}],
      ["nonsense", "10.0.0.0/24"],
    ] as const) {
      t.throws(() => find(family, item), { code: "BGP_LOOKUP" }, `${family} ${JSON.stringify(item)}`);
    }
    t.throws(() => find("ipv4", { prefix: "10.0.0.0/8" }), { code: "BGP_POST_DATA" });
  },
);

t.test("a listing by an address shows its longest match", async (t) => {
  const { host } = peerWith([
    announce("ipv6", "2001:db8::2", "2001:db8::/32"),
    announce("ipv6", "2001:db8::2", "2001:db8:1::/48"),
  ]);
  const shown = (prefix: string) => routes(host, query("ipv6", { prefix })).routes.map(({ nlri }) => nlri);
  t.same(shown("2001:db8:1::7"), ["2001:db8:1::/48"]);
  t.same(shown("2001:db8:2::7"), ["2001:db8::/32"]);
  t.same(shown("2001:db9::"), []);
  t.same(shown("2001:db8::/32"), ["2001:db8::/32"]);
  t.throws(() => shown("10.0.0.1"), { code: "BGP_LOOKUP" });
});
