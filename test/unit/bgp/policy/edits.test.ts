// What `then` makes of a route's attributes, read back as JSON.

import t from "tap";
import { walkAttributes } from "../../../../src/bgp/attributes.js";
import { ROUTE } from "../../../../src/wasm/bgp_policy.js";
import { address, attributesOf, BASE, NEIGHBOR, runPolicy, view, withPolicy } from "../../../helpers/policy.js";

type Json = Record<string, unknown>;

const apply = (then: Json, attr: Json, route: Parameters<typeof runPolicy>[2] = {}) =>
  runPolicy({ rules: [{ then: { ...then, action: "accept" } }] }, attr, route);

const with_ = (attr: Json) => ({ ...BASE, ...attr });
const long = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

const CASES: [what: string, then: Json, before: Json, after: Json | null][] = [
  ["origin", { origin: "incomplete" }, BASE, with_({ 1: 2 })],
  ["origin that was missing", { origin: "egp" }, {}, { 1: 1 }],
  ["med set", { med: 7 }, BASE, with_({ 4: 7 })],
  ["med over another", { med: 4_294_967_295 }, with_({ 4: 3 }), with_({ 4: 4_294_967_295 })],
  ["med added to nothing", { med: { add: 5 } }, BASE, with_({ 4: 5 })],
  ["med up to its end", { med: { add: 5 } }, with_({ 4: 4_294_967_293 }), with_({ 4: 4_294_967_295 })],
  ["med down", { med: { add: -5 } }, with_({ 4: 7 }), with_({ 4: 2 })],
  ["med down to zero", { med: { add: -5 } }, with_({ 4: 3 }), with_({ 4: 0 })],
  ["med removed", { med: "remove" }, with_({ 4: 3, 5: 1 }), with_({ 5: 1 })],
  ["local_pref", { local_pref: 200 }, BASE, with_({ 5: 200 })],
  ["local_pref from its default", { local_pref: { add: 20 } }, BASE, with_({ 5: 120 })],
  ["local_pref removed", { local_pref: "remove" }, with_({ 5: 3 }), BASE],
  ["prepend", { prepend: [64000, 2] }, BASE, with_({ 2: [[2, [64000, 64000, 65001, 65002]]] })],
  ["prepend our own", { prepend: ["self", 1] }, BASE, with_({ 2: [[2, [64512, 65001, 65002]]] })],
  [
    "prepend several",
    {
      prepend: [
        ["self", 1],
        [4_200_000_000, 2],
      ],
    },
    with_({ 2: [[2, [1]]] }),
    with_({ 2: [[2, [64512, 4_200_000_000, 4_200_000_000, 1]]] }),
  ],
  ["prepend to an empty path", { prepend: [5, 1] }, with_({ 2: [] }), with_({ 2: [[2, [5]]] })],
  ["prepend without a path", { prepend: [5, 1] }, { 1: 0 }, { 1: 0, 2: [[2, [5]]] }],
  [
    "prepend to a set",
    { prepend: [5, 1] },
    with_({ 2: [[1, [7, 8]]] }),
    with_({
      2: [
        [2, [5]],
        [1, [7, 8]],
      ],
    }),
  ],
  [
    "prepend before a confederation",
    { prepend: [5, 1] },
    with_({
      2: [
        [3, [7]],
        [2, [8]],
      ],
    }),
    with_({
      2: [
        [2, [5]],
        [3, [7]],
        [2, [8]],
      ],
    }),
  ],
  [
    "prepend to all but full",
    { prepend: [5, 1] },
    with_({ 2: [[2, long(254)]] }),
    with_({ 2: [[2, [5, ...long(254)]]] }),
  ],
  [
    "prepend to a full segment",
    { prepend: [5, 2] },
    with_({ 2: [[2, long(255)]] }),
    with_({
      2: [
        [2, [5, 5]],
        [2, long(255)],
      ],
    }),
  ],
  ["communities added", { communities: { add: ["2:2", "1:1"] } }, with_({ 8: ["1:1"] }), with_({ 8: ["1:1", "2:2"] })],
  ["communities from nothing", { communities: { add: ["NO_EXPORT"] } }, BASE, with_({ 8: ["NO_EXPORT"] })],
  [
    "communities removed by pattern",
    { communities: { remove: ["65001:*", "9:9"] } },
    with_({ 8: ["65001:1", "1:1", "9:9", "65001:2", "9:8"] }),
    with_({ 8: ["1:1", "9:8"] }),
  ],
  ["the last community removed", { communities: { remove: ["*:*"] } }, with_({ 8: ["1:1"] }), BASE],
  [
    "communities removed, then added",
    { communities: { remove: ["1:*"], add: ["1:9"] } },
    with_({ 8: ["1:1", "1:9", "2:2"] }),
    with_({ 8: ["2:2", "1:9"] }),
  ],
  ["communities set", { communities: { set: ["7:7"] } }, with_({ 8: ["1:1", "2:2"] }), with_({ 8: ["7:7"] })],
  ["all communities removed", { communities: "remove" }, with_({ 8: ["1:1", "2:2"] }), BASE],
  ["removed where there are none", { communities: "remove" }, BASE, BASE],
  [
    "large communities",
    { large_communities: { remove: ["1:*:*"], add: ["4294967295:2:3"] } },
    with_({ 32: ["1:2:3", "2:2:3"] }),
    with_({ 32: ["2:2:3", "4294967295:2:3"] }),
  ],
  [
    "extended communities",
    { extended_communities: { remove: ["route-target:*"], add: ["color:9"] } },
    with_({ 16: ["route-target:1:2", "route-origin:1:2", "route-target:1.2.3.4:2", "route-target:70000:1"] }),
    with_({ 16: ["route-origin:1:2", "color:9"] }),
  ],
  ["next hop self", { next_hop: "self" }, BASE, with_({ 3: "192.0.2.254" })],
  ["next hop peer", { next_hop: "peer" }, with_({ 3: "9.9.9.9" }), with_({ 3: "192.0.2.1" })],
  ["next hop given", { next_hop: "203.0.113.9" }, BASE, with_({ 3: "203.0.113.9" })],
  [
    "next hop IPv6 for an IPv4 prefix",
    { next_hop: "2001:db8::9" },
    BASE,
    { 14: { afi_safi: [1, 1], nexthop: "2001:db8::9" }, 1: 0, 2: BASE[2] },
  ],
  [
    "everything at once",
    { med: 1, local_pref: 2, origin: "egp", communities: { set: ["3:3"] }, prepend: [4, 1] },
    BASE,
    { ...BASE, 1: 1, 2: [[2, [4, 65001, 65002]]], 4: 1, 5: 2, 8: ["3:3"] },
  ],
];

t.test("changes come back as they should", async (t) => {
  for (const [what, then, before, after] of CASES) t.same(apply(then, before), after, what);
});

t.test("next hops of other families", async (t) => {
  const v6 = (hop: string) => ({ 14: { afi_safi: [2, 1], hop }, 1: 0, 2: [] });
  const before = v6("20010db80000000000000000000000aa");
  const hop = (then: Json, attr: Json, family: number, neighbor = {}) =>
    (apply(then, attr, { family, neighbor })?.[14] ?? null) as Json | null;
  t.same(hop({ next_hop: "self" }, before, 1), { afi_safi: [2, 1], nexthop: "2001:db8::fe" });
  t.same(hop({ next_hop: "peer" }, before, 1), { afi_safi: [2, 1], nexthop: "2001:db8::1" });
  const linkLocal = { linkLocal: address("fe80::1") };
  t.same(hop({ next_hop: "self" }, before, 1, linkLocal), {
    afi_safi: [2, 1],
    nexthop: "2001:db8::fe",
    linklocal_nexthop: "fe80::1",
  });
  t.equal(hop({ next_hop: "self" }, before, 1, { local: [address("192.0.2.254")] }), null, "no address to give");
  t.equal(hop({ next_hop: "192.0.2.9" }, before, 1), null, "no IPv4 next hop for IPv6");
  const vpn = { 14: { afi_safi: [1, 128], hop: `${"0".repeat(16)}c0000205` }, 1: 0, 2: [] };
  const outcome = withPolicy({ rules: [{ then: { next_hop: "203.0.113.9", action: "accept" } }] }, (handle) =>
    view.run(handle, null, { family: 6, attributes: attributesOf(vpn) }),
  );
  const [first] = [...walkAttributes(Buffer.from(outcome.accepted ? outcome.attributes : []))];
  t.equal(first?.value.toString("hex"), `0001800c${"0".repeat(16)}cb007109`, "the distinguisher stays");
});

t.test("what is set stays on the way to a peer", async (t) => {
  const keeps = (then: Json, condition: Json = {}) =>
    withPolicy({ default: "accept", rules: [{ if: condition, then }] }, (handle) => {
      view.run(handle, null, { family: 0, attributes: attributesOf(BASE) });
      return view.keeps;
    });
  t.equal(keeps({ med: 5 }), ROUTE.keepMed);
  t.equal(keeps({ med: "remove" }), 0);
  t.equal(keeps({ next_hop: "192.0.2.7", med: { add: 1 } }), ROUTE.keepMed | ROUTE.keepNextHop);
  t.equal(keeps({ med: 5 }, { origin: "egp" }), 0, "a rule that does not match");
});

t.test("attributes are in the order of their codes, with the flags of the table", async (t) => {
  const attributes = Buffer.concat([
    Buffer.from("e0080400010001", "hex"), // partial
    attributesOf({ 3: "192.0.2.1" }),
    Buffer.from("c0630100", "hex"),
    attributesOf({ 1: 0, 2: [[2, [1]]] }),
  ]);
  const rules = [
    { then: { communities: { add: ["2:2"] }, med: 1, large_communities: { add: ["1:1:1"] }, action: "accept" } },
  ];
  const outcome = withPolicy({ rules }, (handle) => view.run(handle, null, { family: 0, attributes }));
  const walked = [...walkAttributes(Buffer.from(outcome.accepted ? outcome.attributes : []))];
  t.same(
    walked.map(({ code, flags }) => [code, flags]),
    [
      [1, 0x40],
      [2, 0x40],
      [3, 0x40],
      [4, 0x80],
      [8, 0xe0],
      [32, 0xc0],
      [99, 0xc0],
    ],
  );
});

t.test("long values get a long length, and too long ones are rejected and counted", async (t) => {
  const many = Array.from({ length: 100 }, (_, i) => `1:${i}`);
  t.same(apply({ communities: { add: many } }, BASE), with_({ 8: many }));
  const full = { ...BASE, 8: Array.from({ length: 16_200 }, (_, i) => `2:${i}`) };
  const rules = [{ then: { communities: { add: Array.from({ length: 250 }, (_, i) => `3:${i}`) }, action: "accept" } }];
  withPolicy({ rules }, (handle) => {
    const outcome = view.run(handle, null, { family: 0, attributes: attributesOf(full) });
    t.same([outcome.accepted, view.figures(handle).failed], [false, 1]);
  });
  t.equal(NEIGHBOR.localAs, 64512);
});
