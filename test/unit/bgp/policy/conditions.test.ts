// Every condition against routes that it takes and routes that it leaves.

import t from "tap";
import { attributesOf, BASE, matches, runPolicy, view, withPolicy } from "../../../helpers/policy.js";

type Route = [attr: Record<string, unknown>, route?: Parameters<typeof matches>[2]];

const at = (prefix: string, family = 0): Route => [BASE, { prefix, family }];
const path = (...segments: [number, number[]][]): Route => [{ ...BASE, 2: segments }];
const having = (attr: Record<string, unknown>): Route => [{ ...BASE, ...attr }];
const v6hop = { 14: { afi_safi: [2, 1], hop: "20010db8000000000000000000000001" } };

const CASES: { if: unknown; yes: Route[]; no: Route[] }[] = [
  {
    if: { prefix: ["10.0.0.0/8", "192.0.2.0/24 ge 25 le 28", "172.16.0.0/12{13,24}", "2001:db8::/32+"] },
    yes: [at("10.0.0.0/8"), at("192.0.2.64/26"), at("172.16.0.0/24"), at("2001:db8:1::/48", 1), at("2001:db8::/32", 1)],
    no: [at("10.0.0.0/9"), at("192.0.2.0/24"), at("192.0.2.0/29"), at("172.16.0.0/12"), at("2001:db9::/48", 1), [BASE]],
  },
  {
    if: { prefix: { prefix: "0.0.0.0/0", ge: 8, le: 24 } },
    yes: [at("1.0.0.0/8"), at("255.255.255.0/24")],
    no: [at("0.0.0.0/0"), at("1.2.3.128/25"), at("::/8", 1)],
  },
  { if: { prefix: "::/0 le 128" }, yes: [at("::/0", 1), at("::1/128", 1)], no: [at("0.0.0.0/0")] },
  { if: { prefix: "10.0.0.0/8" }, yes: [at("10.0.0.0/8", 6)], no: [at("10.0.0.0/8", 8), at("10.0.0.0/8", 14)] },
  {
    if: { family: ["ipv6", "bgpls"] },
    yes: [at("::/0", 1), [BASE, { family: 16 }]],
    no: [[BASE], [BASE, { family: 2 }]],
  },
  {
    if: { next_hop: ["192.0.2.0/25", "198.51.100.7", "2001:db8::/64"] },
    yes: [
      [BASE],
      having({ 3: "198.51.100.7" }),
      [{ 1: 0, 2: [], ...v6hop }],
      having({ 14: { afi_safi: [1, 128], hop: `${"0".repeat(16)}c0000205` } }),
    ],
    no: [
      having({ 3: "192.0.2.200" }),
      having({ 14: { afi_safi: [2, 1], hop: `20010db9${"0".repeat(24)}` } }),
      [{ 1: 0 }],
    ],
  },
  {
    if: { as_path: [{ contains: [65002, 7] }, { origin: 9 }, { neighbor: 8, length: { ge: 2, le: 3 } }] },
    yes: [[BASE], path([1, [5, 7]]), path([2, [1, 9]]), path([2, [8, 1]]), path([3, [5]], [2, [8, 1]])],
    no: [
      path(),
      path([2, [9, 1]]),
      path([2, [8]]),
      path([2, [1, 8]]),
      path([2, [1]], [1, [9]]),
      path([2, [8, 1, 1, 1]]),
    ],
  },
  { if: { as_path: { length: 2 } }, yes: [[BASE], path([2, [1]], [1, [2, 3, 4]])], no: [path(), path([2, [1, 2, 3]])] },
  { if: { as_path: "^$" }, yes: [path(), [{ 1: 0 }]], no: [[BASE]] },
  { if: { as_path: "_65001_" }, yes: [[BASE], path([1, [65001, 2]])], no: [path([2, [650010, 165001]])] },
  {
    if: { as_path: "^65001( 65002)*$" },
    yes: [[BASE], path([2, [65001]]), path([2, [65001, 65002, 65002]])],
    no: [path([2, [65002, 65001]]), path([2, [65001, 650021]]), path([2, [65001]], [1, [65002]])],
  },
  { if: { as_path: "\\{4,5\\}$" }, yes: [path([2, [1]], [1, [4, 5]])], no: [path([2, [4, 5]])] },
  { if: { as_path: "^\\(6 7\\) 1" }, yes: [path([3, [6, 7]], [2, [1]])], no: [path([2, [6, 7, 1]])] },
  {
    if: { communities: ["65001:*", "NO_EXPORT"] },
    yes: [having({ 8: ["1:1", "65001:9"] }), having({ 8: ["NO_EXPORT"] })],
    no: [[BASE], having({ 8: ["65002:1"] })],
  },
  {
    if: { communities: { all: ["1:1", "2:*"], any: ["*:7", "9:9"] } },
    yes: [having({ 8: ["2:7", "1:1"] }), having({ 8: ["9:9", "2:2", "1:1"] })],
    no: [[BASE], having({ 8: ["1:1", "2:2"] }), having({ 8: ["1:7", "9:9", "2:2"] })],
  },
  {
    if: { large_communities: ["65001:*:3", "1:2:3"] },
    yes: [having({ 32: ["65001:9:3"] }), having({ 32: ["9:9:9", "1:2:3"] })],
    no: [[BASE], having({ 32: ["65001:3:9"] }), having({ 32: ["1:2:4"] })],
  },
  {
    if: { extended_communities: ["route-target:65001:*", "route-origin:*", "unknown:430c************", "color:5"] },
    yes: [
      having({ 16: ["route-target:65001:7"] }),
      having({ 16: ["route-origin:1.2.3.4:7"] }),
      having({ 16: ["unknown:430c000000000001"] }),
      having({ 16: ["color:5"] }),
    ],
    no: [[BASE], having({ 16: ["route-target:65002:7", "color:6"] }), having({ 16: ["unknown:430d000000000001"] })],
  },
  { if: { origin: ["egp", "incomplete"] }, yes: [having({ 1: 1 }), having({ 1: 2 })], no: [[BASE], [{}]] },
  { if: { med: { ge: 1, le: 10 } }, yes: [having({ 4: 1 }), having({ 4: 10 })], no: [[BASE], having({ 4: 11 })] },
  { if: { med: 0 }, yes: [[BASE], having({ 4: 0 })], no: [having({ 4: 1 })] },
  { if: { local_pref: { le: 100 } }, yes: [[BASE], having({ 5: 0 })], no: [having({ 5: 101 })] },
  {
    if: { validation: ["valid", "not-found"] },
    yes: [[BASE], [BASE, { validation: 1 }]],
    no: [[BASE, { validation: 2 }]],
  },
  { if: { not: { origin: "igp", med: 5 } }, yes: [[BASE], having({ 1: 1, 4: 5 })], no: [having({ 4: 5 })] },
  { if: { not: { not: { origin: "igp" } } }, yes: [[BASE]], no: [having({ 1: 1 })] },
  { if: {}, yes: [[BASE], [{}]], no: [] },
];

t.test("conditions take and leave what they should", async (t) => {
  for (const { if: condition, yes, no } of CASES) {
    for (const [attr, route] of yes)
      t.equal(matches(condition, attr, route), true, JSON.stringify([condition, attr, route]));
    for (const [attr, route] of no)
      t.equal(matches(condition, attr, route), false, JSON.stringify([condition, attr, route]));
  }
});

t.test("the first rule that decides wins; the default decides the rest", async (t) => {
  const rule = (med: number, then: unknown) => ({ if: { med }, then });
  const rules = [rule(1, { action: "reject" }), rule(2, { action: "accept" }), rule(3, { local_pref: 5 })];
  const attr = (med: number) => ({ ...BASE, 4: med });
  t.equal(runPolicy({ rules }, attr(1)), null);
  t.same(runPolicy({ rules }, attr(2)), attr(2));
  t.equal(runPolicy({ rules }, attr(3)), null, "a rule without action does not decide");
  t.same(runPolicy({ rules, default: "accept" }, attr(3)), { ...attr(3), 5: 5 });
  t.equal(runPolicy({ rules }, attr(4)), null, "reject when there are rules");
  t.same(runPolicy({}, attr(4)), attr(4), "accept when there are none");
  t.equal(runPolicy({ default: "reject" }, attr(4)), null);
});

t.test("a rule sees what the rules before it have changed", async (t) => {
  const rules = [
    { then: { communities: { add: ["1:1"] }, med: 7 } },
    { if: { communities: ["1:1"], med: 7 }, then: { prepend: ["self", 1] } },
    { if: { as_path: { neighbor: 64512 } }, then: { med: { add: 1 }, action: "accept" } },
  ];
  t.same(runPolicy({ rules }, BASE), { ...BASE, 2: [[2, [64512, 65001, 65002]]], 4: 8, 8: ["1:1"] });
});

t.test("rules count their matches, and memory is given back", async (t) => {
  const before = view.heldBytes();
  const rules = [{ if: { med: 1 }, then: { action: "reject" } }, { then: { action: "accept" } }];
  withPolicy({ rules }, (handle) => {
    for (const med of [1, 2, 3]) view.run(handle, null, { family: 0, attributes: attributesOf({ ...BASE, 4: med }) });
    t.same(view.figures(handle), { hits: [1, 2], failed: 0 });
  });
  t.equal(view.heldBytes(), before);
  t.throws(() => view.load(Uint8Array.from(new Array<number>(64).fill(1))), RangeError, "not a program");
  t.equal(view.heldBytes(), before);
});
