// THE table of a rule's conditions: one row a key of `if`. All that are given must hold; of a list one item is enough.

import { LIMITS } from "../../base/limits.js";
import type { CommunityAttribute, Condition, PathTest, Pattern } from "../../wasm/bgp_policy_types.js";
import { FAMILIES } from "../families.js";
import { compileExpression } from "./automaton.js";
import { readAll, readGroups } from "./communities.js";
import { ExpressionError } from "./expression.js";
import { readNetworks, readPrefixes } from "./prefixes.js";
import { readRange, type Source } from "./source.js";

const U32 = 4_294_967_295;
const ORIGINS = { igp: 0, egp: 1, incomplete: 2 } as const;
const VALIDATION = { "not-found": 0, valid: 1, invalid: 2 } as const;
/** A family's bit is its place in the table. */
const FAMILY_BITS = Object.fromEntries(FAMILIES.map(({ name }, i) => [name, i]));

function readAsNumbers(source: Source): number[] {
  return source.items().map((item) => item.integer(1, U32));
}

function readPathTest(source: Source): PathTest {
  if (typeof source.value === "string") {
    try {
      return { automaton: compileExpression(source.value) };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return source.fail(`a regular expression over AS numbers, as "^65001(_65002)*$" (here: ${error.message})`);
    }
  }
  const given = source.object(["contains", "origin", "neighbor", "length", "matches"]);
  if (given.size === 0) source.fail("a test of the path, not an empty object");
  const length = given.get("length");
  const range = length && readRange(length, U32);
  const matches = given.get("matches");
  const numbers = (key: string) => {
    const numbersSource = given.get(key);
    return numbersSource && readAsNumbers(numbersSource);
  };
  if (matches) matches.text();
  return {
    contains: numbers("contains"),
    origin: numbers("origin"),
    neighbor: numbers("neighbor"),
    least: range?.least,
    most: range?.most,
    automaton: matches && readPathTest(matches).automaton,
  };
}

/** A list, one of which must be there, or {any, all}. */
function readCommunityConditions(source: Source, attribute: CommunityAttribute): Condition[] {
  const any = (patterns: Pattern[]): Condition => ({ kind: "any", attribute, patterns });
  if (!source.isObject) return [any(readGroups(source, attribute).flat())];
  const given = source.object(["any", "all"]);
  if (given.size === 0) source.fail("any, all, or both");
  const conditions: Condition[] = [];
  const some = given.get("any");
  if (some) conditions.push(any(readGroups(some, attribute).flat()));
  const all = given.get("all");
  const groups = all ? readAll(all, attribute) : [];
  const single = groups.filter((group) => group.length === 1).flat();
  if (single.length > 0) conditions.push({ kind: "all", attribute, patterns: single });
  // Of a group any pattern will do.
  conditions.push(...groups.filter((group) => group.length > 1).map(any));
  return conditions;
}

type Row = (source: Source, depth: number) => Condition[];

const choices =
  (kind: "family" | "origin" | "validation", table: Readonly<Record<string, number>>): Row =>
  (source) => [{ kind, values: source.items().map((item) => item.choice(table)) }];

const ROWS: Readonly<Record<string, Row>> = {
  prefix: (source) => [{ kind: "prefix", ranges: readPrefixes(source) }],
  family: choices("family", FAMILY_BITS),
  next_hop: (source) => [{ kind: "next_hop", ranges: readNetworks(source) }],
  as_path: (source) => [{ kind: "path", tests: source.items().map(readPathTest) }],
  communities: (source) => readCommunityConditions(source, "communities"),
  large_communities: (source) => readCommunityConditions(source, "large_communities"),
  extended_communities: (source) => readCommunityConditions(source, "extended_communities"),
  origin: choices("origin", ORIGINS),
  med: (source) => [{ kind: "med", ...readRange(source, U32) }],
  local_pref: (source) => [{ kind: "local_pref", ...readRange(source, U32) }],
  validation: choices("validation", VALIDATION),
  not: (source, depth) => [{ kind: "not", conditions: readConditions(source, depth + 1) }],
};

/** The conditions of an `if`. */
export function readConditions(source: Source, depth = 0): Condition[] {
  if (depth > LIMITS.bgpPolicyDepth) source.fail(`at most ${LIMITS.bgpPolicyDepth} conditions inside one another`);
  const conditions: Condition[] = [];
  for (const [key, value] of source.object(Object.keys(ROWS))) conditions.push(...(ROWS[key] as Row)(value, depth));
  if (conditions.length === 0 && depth > 0) source.fail("at least one condition");
  return conditions;
}

export { ORIGINS };
