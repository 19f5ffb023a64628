// Policies: which routes a peer's import or export lets through, and what it changes. From JSON or TOML to a program
// that bgp.wasm runs.

import type { Field } from "../../base/config.js";
import { LIMITS } from "../../base/limits.js";
import type { BgpPolicyRecord } from "../../store/tables.js";
import { encodeProgram } from "../../wasm/bgp_policy_program.js";
import type { Condition, PolicyRule, PolicySource } from "../../wasm/bgp_policy_types.js";
import { readConditions } from "./conditions.js";
import { readThen } from "./edits.js";
import { type PolicyFault, Source } from "./source.js";

/** `[[bgp.policy]]` as it stands in the file; parsePolicies() checks what is in it. */
export const policyTables: Field<readonly unknown[]> = {
  allowed: "an array of tables",
  fallback: [],
  read: (value) => (Array.isArray(value) ? value : undefined),
};

/** A checked policy. It may be sent to other threads. */
export interface Policy {
  readonly name: string;
  /** For PolicyView.load() (src/wasm/bgp_policy.ts). */
  readonly program: Uint8Array;
  readonly rules: number;
  /** It looks at a route's prefix, and not only at attributes: routes with the same attributes may fare differently. */
  readonly perRoute: boolean;
  /** As it was given. */
  readonly source: BgpPolicyRecord;
}

/** What `import` and `export` of a peer say without a policy. */
export const BUILT_IN: readonly string[] = ["all", "none"];

const looksAtRoute = (condition: Condition): boolean =>
  condition.kind === "prefix" ||
  condition.kind === "validation" ||
  (condition.kind === "not" && condition.conditions.some(looksAtRoute));

function readRule(source: Source): PolicyRule {
  const given = source.object(["name", "if", "then"]);
  given.get("name")?.text();
  const then = given.get("then") ?? source.fail('a rule with "then"');
  const condition = given.get("if");
  return { conditions: condition ? readConditions(condition) : [], ...readThen(then) };
}

function readSource(given: ReadonlyMap<string, Source>): PolicySource {
  const rules = given.get("rules")?.list(0, LIMITS.bgpPolicyRules).map(readRule) ?? [];
  // What no rule speaks of is rejected, so that a forgotten rule lets nothing out; an empty policy changes nothing.
  const fallback = given.get("default")?.choice({ accept: "accept", reject: "reject" } as const);
  return { fallback: fallback ?? (rules.length > 0 ? "reject" : "accept"), rules };
}

/** A policy from its JSON. `fault` throws with the path, the value and what is allowed. */
export function parsePolicy(value: unknown, path: string, fault: PolicyFault): Policy {
  const source = new Source(value, path, fault);
  const given = source.object(["name", "default", "rules"]);
  const named = given.get("name") ?? source.fail('a policy with a "name"');
  const name = named.text();
  if (!/^[\w.-]{1,64}$/.test(name)) named.fail("1 to 64 letters, digits, _, . and -");
  if (BUILT_IN.includes(name)) named.fail(`a name other than ${BUILT_IN.join(" and ")}`);
  const policy = readSource(given);
  const perRoute = policy.rules.some(({ conditions }) => conditions.some(looksAtRoute));
  return {
    name,
    program: encodeProgram(policy),
    rules: policy.rules.length,
    perRoute,
    source: value as BgpPolicyRecord,
  };
}

/** All policies of a configuration, by name. Faults: too many, and two of one name. */
export function parsePolicies(values: readonly unknown[], path: string, fault: PolicyFault): Map<string, Policy> {
  if (values.length > LIMITS.bgpPolicies) fault(path, values.length, `at most ${LIMITS.bgpPolicies} policies`);
  const policies = new Map<string, Policy>();
  values.forEach((value, i) => {
    const policy = parsePolicy(value, `${path}[${i}]`, fault);
    if (policies.has(policy.name)) fault(`${path}[${i}].name`, policy.name, "a name that no other policy has");
    policies.set(policy.name, policy);
  });
  return policies;
}
