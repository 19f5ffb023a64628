// Faults name the path, the value and what is allowed.

import t from "tap";
import { AppError } from "../../../../src/base/errors.js";
import { LIMITS } from "../../../../src/base/limits.js";
import { configFault } from "../../../../src/bgp/config.js";
import { parsePolicies, parsePolicy } from "../../../../src/bgp/policy/policy.js";

/** The text of the fault of a policy, "" when it has none. */
function faultOf(policy: unknown): string {
  try {
    parsePolicy(policy, "bgp.policy[0]", configFault);
    return "";
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.message;
  }
}

const rule = (parts: unknown) => ({ name: "x", rules: [parts] });
const when = (condition: unknown) => rule({ if: condition, then: { action: "accept" } });
const does = (then: unknown) => rule({ then });
const IF = "bgp.policy[0].rules[0].if";
const THEN = "bgp.policy[0].rules[0].then";

const CASES: [policy: unknown, path: string, allowed: RegExp][] = [
  [5, "bgp.policy[0]", /an object/],
  [{}, "bgp.policy[0]", /"name"/],
  [{ name: "a b" }, "bgp.policy[0].name", /letters/],
  [{ name: "x", rule: [] }, "bgp.policy[0].rule", /only the keys name, default, rules/],
  [{ name: "x", default: "maybe" }, "bgp.policy[0].default", /accept, reject/],
  [{ name: "x", rules: {} }, "bgp.policy[0].rules", /a list/],
  [rule({ if: {} }), "bgp.policy[0].rules[0]", /"then"/],
  [rule({ if: [], then: { action: "accept" } }), IF, /an object/],
  [when({ prefx: 1 }), `${IF}.prefx`, /only the keys prefix, family/],
  [when({ prefix: [] }), `${IF}.prefix`, /at least 1/],
  [when({ prefix: ["10.0.0.0/8", "10.0.0.1/8"] }), `${IF}.prefix[1]`, /without host bits/],
  [when({ prefix: "10.0.0.0/8{7,9}" }), `${IF}.prefix`, /lengths from 8 to 32/],
  [when({ prefix: "10.0.0.0/8 ge 25 le 24" }), `${IF}.prefix`, /lengths/],
  [when({ prefix: "::/0 le 129" }), `${IF}.prefix`, /lengths from 0 to 128/],
  [when({ prefix: [{ prefix: "10.0.0.0/8", gt: 9 }] }), `${IF}.prefix[0].gt`, /only the keys/],
  [when({ prefix: [{ ge: 9 }] }), `${IF}.prefix[0]`, /a prefix/],
  [when({ prefix: "10.0.0.0/8 le 0x20" }), `${IF}.prefix`, /a prefix/],
  [when({ family: "ipv5" }), `${IF}.family`, /ipv4, ipv6/],
  [when({ next_hop: "10.0.0.0/33" }), `${IF}.next_hop`, /an address/],
  [when({ as_path: "(65001" }), `${IF}.as_path`, /"\)" is missing/],
  [when({ as_path: "65001)" }), `${IF}.as_path`, /without/],
  [when({ as_path: "a" }), `${IF}.as_path`, /in no AS path/],
  [when({ as_path: "*" }), `${IF}.as_path`, /nothing to repeat/],
  [when({ as_path: "[9-1]" }), `${IF}.as_path`, /bad range/],
  [when({ as_path: "[1" }), `${IF}.as_path`, /missing/],
  [when({ as_path: "1{3,2}" }), `${IF}.as_path`, /bad repetition/],
  [when({ as_path: "((1{255}){255}){255}" }), `${IF}.as_path`, /states/],
  [when({ as_path: "_1_.*(1|2).{12}$" }), `${IF}.as_path`, /states/],
  [when({ as_path: "1".repeat(300) }), `${IF}.as_path`, /256 characters/],
  [when({ as_path: {} }), `${IF}.as_path`, /a test/],
  [when({ as_path: { contains: 0 } }), `${IF}.as_path.contains`, /1 to 4294967295/],
  [when({ as_path: { length: { ge: 3, le: 2 } } }), `${IF}.as_path.length`, /ge not above le/],
  [when({ communities: ["65536:*"] }), `${IF}.communities[0]`, /65535/],
  [when({ communities: { any: ["x"] } }), `${IF}.communities.any[0]`, /well-known/],
  [when({ communities: {} }), `${IF}.communities`, /any, all/],
  [when({ communities: Array.from({ length: 300 }, (_, i) => `${i}:*`) }), `${IF}.communities`, /wildcards/],
  [
    when({ communities: { all: Array.from({ length: 300 }, (_, i) => `1:${i}`) } }),
    `${IF}.communities.all`,
    /at most 256/,
  ],
  [does({ communities: { add: Array.from({ length: 300 }, (_, i) => `1:${i}`) } }), `${THEN}.communities.add`, /256/],
  [when({ large_communities: "1:*" }), `${IF}.large_communities`, /n:n:n/],
  [when({ extended_communities: "color:*" }), `${IF}.extended_communities`, /route-target/],
  [when({ extended_communities: "unknown:00*" }), `${IF}.extended_communities`, /16 hex/],
  [when({ origin: 0 }), `${IF}.origin`, /igp, egp, incomplete/],
  [when({ med: "5" }), `${IF}.med`, /a whole number/],
  [when({ med: {} }), `${IF}.med`, /a number, or/],
  [when({ validation: "ok" }), `${IF}.validation`, /not-found, valid, invalid/],
  [when({ not: {} }), `${IF}.not`, /at least one/],
  [does({}), THEN, /an action/],
  [does({ action: "drop" }), `${THEN}.action`, /accept, reject, continue/],
  [does({ action: "reject", med: 1 }), THEN, /no changes/],
  [does({ weight: 1 }), `${THEN}.weight`, /only the keys action/],
  [does({ med: "x" }), `${THEN}.med`, /remove/],
  [does({ med: { add: 1.5 } }), `${THEN}.med.add`, /a whole number/],
  [does({ local_pref: -1 }), `${THEN}.local_pref`, /0 to 4294967295/],
  [does({ next_hop: "me" }), `${THEN}.next_hop`, /"self"/],
  [does({ prepend: [65001] }), `${THEN}.prepend`, /at least 2/],
  [does({ prepend: ["me", 1] }), `${THEN}.prepend[0]`, /"self"/],
  [
    does({
      prepend: [
        [1, 200],
        [2, 100],
      ],
    }),
    `${THEN}.prepend`,
    /255 AS numbers/,
  ],
  [does({ communities: { add: ["1:*"] } }), `${THEN}.communities.add[0]`, /n:n/],
  [does({ communities: { set: ["1:1"], add: ["1:2"] } }), `${THEN}.communities`, /set alone/],
];

t.test("faults", async (t) => {
  for (const [policy, path, allowed] of CASES) {
    const text = faultOf(policy);
    t.ok(text.startsWith(`${path}: `), `${path}: ${text.slice(0, 200)}`);
    t.match(text, allowed, path);
  }
});

t.test("bounds", async (t) => {
  const rules = (count: number) => ({ name: "x", rules: new Array(count).fill({ then: { action: "accept" } }) });
  t.equal(faultOf(rules(LIMITS.bgpPolicyRules)), "");
  t.match(faultOf(rules(LIMITS.bgpPolicyRules + 1)), /at most 1000/);
  t.ok(faultOf(rules(LIMITS.bgpPolicyRules + 1)).length < 400, "a long value is cut");
  const nested = (depth: number): unknown => (depth === 0 ? { med: 1 } : { not: nested(depth - 1) });
  t.equal(faultOf(when(nested(LIMITS.bgpPolicyDepth))), "");
  t.match(faultOf(when(nested(LIMITS.bgpPolicyDepth + 1))), /inside one another/);
  const prefixes = new Array(LIMITS.bgpPolicyEntries / 2 + 1).fill("10.0.0.0/8");
  const twice = { name: "x", rules: [1, 2].map(() => ({ if: { prefix: prefixes }, then: { med: 1 } })) };
  t.match(faultOf(twice), /at most 200000 prefixes/);
});

t.test("policies of a configuration", async (t) => {
  const two = [{ name: "a" }, { name: "b", rules: [{ then: { action: "accept" } }] }];
  t.same(
    [...parsePolicies(two, "bgp.policy", configFault)].map(([name, { rules }]) => [name, rules]),
    [
      ["a", 0],
      ["b", 1],
    ],
  );
  t.throws(() => parsePolicies([{ name: "a" }, { name: "a" }], "bgp.policy", configFault), {
    message: /^bgp\.policy\[1\]\.name: a is not valid; allowed: a name that no other policy has/,
  });
  const many = Array.from({ length: LIMITS.bgpPolicies + 1 }, (_, i) => ({ name: `p${i}` }));
  t.throws(() => parsePolicies(many, "bgp.policy", configFault), { message: /at most 256/ });
});
