// The attributes that a peer of each kind gets, and the routes that it must not get.

import t from "tap";
import { attributesJson, walkAttributes } from "../../../src/bgp/attributes.js";
import { ROUTE } from "../../../src/wasm/bgp_policy.js";
import type { NeighborOptions } from "../../../src/wasm/bgp_policy_types.js";
import { address, attributesOf, BASE, view, withNeighbor } from "../../helpers/policy.js";

type Json = Record<string, unknown>;

function sent(
  neighbor: Partial<NeighborOptions>,
  attributes: Uint8Array,
  { route = 0, family = 0, originator = [9, 9, 9, 9], cost = 0 } = {},
): Buffer | null {
  return withNeighbor(neighbor, (handle) => {
    const outcome = view.exportTransform(handle, attributes, route, family, Uint8Array.from(originator), cost);
    return outcome.accepted ? Buffer.from(outcome.attributes) : null;
  });
}

/** What is sent, as JSON; null when it is not advertised. */
function out(neighbor: Partial<NeighborOptions>, attr: Json, options: Parameters<typeof sent>[2] = {}): Json | null {
  const bytes = sent(neighbor, attributesOf(attr), options);
  return bytes && attributesJson(bytes);
}

const FULL = { ...BASE, 4: 7, 5: 200, 8: ["1:1"], 9: "1.1.1.1", 10: ["2.2.2.2"] };
const IBGP = { ibgp: true };
const v6 = (hop: string, afi_safi = [2, 1]) => ({ 14: { afi_safi, hop }, 1: 0, 2: [[2, [65001]]] });
const GLOBAL = "20010db80000000000000000000000aa";
const LINK_LOCAL = `fe80${"0".repeat(24)}00aa`;

t.test("external peers (RFC 4271 §5.1)", async (t) => {
  const ours = { ...BASE, 2: [[2, [64512, 65001, 65002]]], 3: "192.0.2.254" };
  t.same(out({}, FULL), { ...ours, 8: ["1:1"] }, "MED, LOCAL_PREF and reflection stay within the AS");
  t.same(out({}, FULL, { route: ROUTE.keepMed }), { ...ours, 4: 7, 8: ["1:1"] });
  t.same(out({}, { 1: 0, 4: 5 }, { route: ROUTE.own }), { 1: 0, 2: [[2, [64512]]], 3: "192.0.2.254", 4: 5 });
  t.same(out({}, { ...BASE, 3: "0.0.0.0" }, { route: ROUTE.own }), ours);
  t.same(out({ nextHopUnchanged: true }, BASE)?.[3], "192.0.2.1");
  t.same(out({}, BASE, { route: ROUTE.keepNextHop })?.[3], "192.0.2.1", "set by policy");
  t.same(
    out(
      {},
      {
        ...BASE,
        2: [
          [3, [7]],
          [2, [8]],
        ],
      },
    )?.[2],
    [
      [2, [64512]],
      [3, [7]],
      [2, [8]],
    ],
  );
  t.equal(out({ local: [] }, BASE), null, "no next hop to give");
});

t.test("IPv6 next hops (RFC 2545 §3)", async (t) => {
  const hop = (neighbor: Partial<NeighborOptions>, attr: Json, family = 1, route = 0) =>
    out(neighbor, attr, { family, route })?.[14];
  t.same(hop({}, v6(GLOBAL)), { afi_safi: [2, 1], nexthop: "2001:db8::fe" });
  t.same(hop({ linkLocal: address("fe80::1") }, v6(GLOBAL)), {
    afi_safi: [2, 1],
    nexthop: "2001:db8::fe",
    linklocal_nexthop: "fe80::1",
  });
  t.same(hop(IBGP, v6(GLOBAL + LINK_LOCAL)), { afi_safi: [2, 1], nexthop: "2001:db8::aa" }, "none of another link");
  t.same(hop({ routeServerClient: true }, v6(GLOBAL + LINK_LOCAL)), {
    afi_safi: [2, 1],
    nexthop: "2001:db8::aa",
    linklocal_nexthop: "fe80::aa",
  });
  t.equal(out({ local: [address("192.0.2.254")] }, v6(GLOBAL), { family: 1 }), null);
  t.equal(sent({}, attributesOf(v6(GLOBAL)), { family: 1 })?.[1], 14, "at the head");
  t.same(hop({}, v6(GLOBAL, [2, 4]), 5), { afi_safi: [2, 4], nexthop: "2001:db8::aa" }, "labels name their router");
});

t.test("IPv4 over IPv6 next hops (RFC 8950)", async (t) => {
  const attr = v6(GLOBAL, [1, 1]);
  const withoutIpv4 = { local: [address("2001:db8::fe")] };
  t.same(out({}, attr), { 1: 0, 2: [[2, [64512, 65001]]], 3: "192.0.2.254" }, "back to NEXT_HOP");
  t.equal(out(withoutIpv4, BASE), null, "the peer does not take them");
  t.same(out({ ...withoutIpv4, extendedNextHop: true }, BASE), {
    14: { afi_safi: [1, 1], nexthop: "2001:db8::fe" },
    1: 0,
    2: [[2, [64512, 65001, 65002]]],
  });
  t.equal(out(IBGP, attr), null);
  t.same(out({ ...IBGP, extendedNextHop: true }, attr)?.[14], { afi_safi: [1, 1], nexthop: "2001:db8::aa" });
});

t.test("internal peers", async (t) => {
  t.same(out(IBGP, BASE), { ...BASE, 5: 100 });
  t.same(out(IBGP, { ...BASE, 4: 7, 5: 50 }), { ...BASE, 4: 7, 5: 50 });
  t.same(out({ ...IBGP, nextHopSelf: true }, BASE)?.[3], "192.0.2.254");
  t.same(out(IBGP, { 1: 0, 3: "0.0.0.0" }, { route: ROUTE.own }), { 1: 0, 2: [], 3: "192.0.2.254", 5: 100 });
  const same = attributesOf({ ...BASE, 5: 50 });
  t.equal(sent(IBGP, same)?.equals(same), true);
});

t.test("route reflection (RFC 4456)", async (t) => {
  const route = ROUTE.fromIbgp;
  const client = { ...IBGP, reflectorClient: true };
  const reflected = { ...BASE, 5: 100, 9: "9.9.9.9", 10: ["10.0.0.1"] };
  t.equal(out(IBGP, BASE, { route }), null, "not from one internal peer to another");
  t.same(out(client, BASE, { route }), reflected);
  t.same(out(IBGP, BASE, { route: route | ROUTE.fromClient }), reflected);
  t.same(out(client, { ...BASE, 9: "1.1.1.1", 10: ["2.2.2.2"] }, { route }), {
    ...reflected,
    9: "1.1.1.1",
    10: ["10.0.0.1", "2.2.2.2"],
  });
  t.same(out({ ...client, clusterId: address("7.7.7.7") }, BASE, { route })?.[10], ["7.7.7.7"]);
  t.same(out({ ...client, nextHopSelf: true }, BASE, { route })?.[3], "192.0.2.1");
  t.same(out({ ...client, nextHopSelfAll: true }, BASE, { route })?.[3], "192.0.2.254");
  t.same(out({}, BASE, { route })?.[2], [[2, [64512, 65001, 65002]]], "to external peers as ever");
});

t.test("clients of a route server (RFC 7947)", async (t) => {
  const { 5: _pref, 9: _id, 10: _clusters, ...transparent } = FULL;
  t.same(out({ routeServerClient: true }, FULL), transparent);
});

t.test("extended communities that are not transitive end at the border (RFC 4360 §6)", async (t) => {
  const both = { ...BASE, 16: ["dmzlink-bw:65001:5", "route-target:1:1"] };
  t.same(out({}, both)?.[16], ["route-target:1:1"]);
  t.same(out({}, { ...BASE, 16: ["dmzlink-bw:65001:5"] })?.[16], undefined);
  t.same(out(IBGP, both)?.[16], both[16]);
  t.same(out({ routeServerClient: true }, both)?.[16], both[16]);
  t.same(out({}, both, { route: ROUTE.own })?.[16], both[16]);
});

t.test("communities that keep a route back (RFC 1997, RFC 3765, RFC 9494)", async (t) => {
  const having = (...communities: string[]) => ({ ...BASE, 8: communities });
  for (const name of ["NO_EXPORT", "NO_EXPORT_SUBCONFED"]) {
    t.equal(out({}, having("1:1", name)), null, name);
    t.ok(out(IBGP, having(name)), name);
  }
  t.equal(out({}, having("NO_ADVERTISE")), null);
  t.equal(out(IBGP, having("NO_ADVERTISE")), null);
  t.ok(out({}, having("NOPEER")));
  t.equal(out({ role: "peer" }, having("NOPEER")), null);
  t.equal(out({}, having("65535:6")), null, "stale, and the peer knows no long-lived graceful restart");
  t.ok(out({ longLivedGr: true }, having("65535:6")));
  t.ok(out({}, having("NO_EXPORT"), { route: ROUTE.own }), "what we say of our own is for the peer");
  t.ok(out({}, having("NO_EXPORT"), { route: ROUTE.checked }), "what export policy has added");
  const asked = (attr: Json) => withNeighbor({}, (peer) => view.exportRefused(peer, attributesOf(attr), 0, 0));
  t.same([asked(having("NO_EXPORT")), asked(having("65535:6")), asked(BASE)], [1, 8, 0]);
});

t.test("roles (RFC 9234 §5)", async (t) => {
  const otc = 65_001;
  const marked = { ...BASE, 35: otc };
  for (const role of ["provider", "peer", "rs"] as const) t.equal(out({ role }, BASE)?.[35], 64_512, role);
  for (const role of ["customer", "rs-client"] as const) t.equal(out({ role }, BASE)?.[35], undefined, role);
  for (const role of ["customer", "peer", "rs-client"] as const) t.equal(out({ role }, marked), null, role);
  for (const role of ["provider", "rs"] as const) t.equal(out({ role }, marked)?.[35], otc, role);
  t.equal(out({}, marked)?.[35], otc, "without a role it is passed on");
  t.equal(out({ role: "provider" }, v6("c0000201", [1, 2]), { family: 2 })?.[35], undefined, "unicast only");
  const flags = [...walkAttributes(sent({ role: "provider" }, attributesOf(BASE)) as Buffer)].at(-1)?.flags;
  t.equal(flags, 0xc0);
});

t.test("attributes that nobody here knows (RFC 4271 §5), and AIGP (RFC 7311)", async (t) => {
  const unknown = Buffer.concat([attributesOf(BASE), Buffer.from("c0f00101" + "80f10101" + "d0f2000101", "hex")]);
  const flagsIn = (bytes: Buffer | null) =>
    [...walkAttributes(bytes as Buffer)].filter(({ code }) => code >= 0xf0).map(({ code, flags }) => [code, flags]);
  const passed = [
    [0xf0, 0xe0],
    [0xf2, 0xf0],
  ];
  t.same(flagsIn(sent({}, unknown)), passed);
  t.same(flagsIn(sent(IBGP, unknown)), passed);
  t.equal(flagsIn(sent({}, unknown, { route: ROUTE.own })).length, 3, "ours are as we made them");
  const aigp = Buffer.concat([attributesOf(BASE), Buffer.from("801a0b01000b0000000000000005", "hex")]);
  const has = (bytes: Buffer | null) => [...walkAttributes(bytes as Buffer)].some(({ code }) => code === 26);
  t.same([has(sent({}, aigp)), has(sent({ aigp: true }, aigp))], [false, true]);
  t.same([has(sent(IBGP, aigp)), has(sent({ ...IBGP, aigp: true }, aigp))], [false, true]);
});

t.test("AIGP grows by the cost of the next hop where ours takes its place (RFC 7311 §3.4)", async (t) => {
  const MOST = "ffffffffffffffff";
  const told = (neighbor: Partial<NeighborOptions>, metric: string, cost: number, hop = BASE[3]) => {
    const value = Buffer.from(`02000401${"01000b"}${metric}`, "hex");
    const bytes = Buffer.concat([attributesOf({ ...BASE, 3: hop }), Buffer.of(0x80, 26, value.length), value]);
    const out = sent({ aigp: true, ...neighbor }, bytes, { cost });
    const found = [...walkAttributes(out as Buffer)].find(({ code }) => code === 26);
    return found?.value.toString("hex").replace(/^0200040101000b/, "");
  };
  const five = "0000000000000005";
  t.equal(told({}, five, 10), "000000000000000f");
  t.equal(told({ ...IBGP, nextHopSelf: true }, five, 10), "000000000000000f");
  t.equal(told(IBGP, five, 10), five, "the next hop stays");
  t.equal(told({ nextHopUnchanged: true }, five, 10), five);
  t.equal(told({ nextHopUnchanged: true }, five, 10, "192.0.2.254"), "000000000000000f", "ours by policy");
  t.equal(told({}, "fffffffffffffff8", 10), MOST, "no further than the greatest");
  t.equal(told({}, MOST, 0xfffffffe), MOST);
});

t.test("bytes that are no attributes are not sent", async (t) => {
  t.equal(sent({}, Buffer.from("4001", "hex")), null);
  t.equal(sent({}, Buffer.from("400105", "hex")), null);
});
