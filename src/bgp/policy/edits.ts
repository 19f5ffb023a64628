// THE table of what a rule can change: one row a key of `then`, beside `action`.

import { parseAddress } from "../../base/ip.js";
import { LIMITS } from "../../base/limits.js";
import type { CommunityAttribute, Edit, PolicyAction } from "../../wasm/bgp_policy_types.js";
import { readCommunities, readPatterns } from "./communities.js";
import { ORIGINS } from "./conditions.js";
import type { Source } from "./source.js";

const U32 = 4_294_967_295;
const ACTIONS: Readonly<Record<string, PolicyAction>> = { accept: "accept", reject: "reject", continue: "continue" };

/** A number, {add: n} where n may be negative, or "remove". */
function readNumber(source: Source, attribute: "med" | "local_pref"): Edit {
  if (source.value === "remove") return { attribute, op: "remove" };
  if (!source.isObject) {
    if (typeof source.value !== "number") source.fail('a whole number, {"add": n} or "remove"');
    return { attribute, op: "set", value: source.integer(0, U32) };
  }
  const amount = source.object(["add"]).get("add")?.integer(-U32, U32) ?? source.fail('{"add": n}');
  return { attribute, op: amount < 0 ? "subtract" : "add", value: Math.abs(amount) };
}

function readHop(source: Source): Edit {
  if (source.value === "self" || source.value === "peer") return { attribute: "next_hop", hop: source.value };
  const address = typeof source.value === "string" ? parseAddress(source.value) : null;
  return { attribute: "next_hop", hop: address ?? source.fail('"self", "peer" or an address') };
}

/** [as, count], ["self", count], or a list of these: the first of the list comes first in the path. */
function readPrepend(source: Source): Edit {
  const items = source.list(1);
  const pairs = Array.isArray(items[0]?.value) ? items : [source];
  const prepend = pairs.map((pair) => {
    const [as, times] = pair.list(2, 2) as [Source, Source];
    const number =
      as.value === "self" ? 0 : typeof as.value === "number" ? as.integer(1, U32) : as.fail('an AS or "self"');
    return { as: number, times: times.integer(1, LIMITS.bgpPolicyPrepends) };
  });
  const total = prepend.reduce((sum, { times }) => sum + times, 0);
  if (total > LIMITS.bgpPolicyPrepends) source.fail(`at most ${LIMITS.bgpPolicyPrepends} AS numbers together`);
  return { attribute: "as_path", prepend };
}

/** {set}, or {remove, add}; "remove" alone for all of them. */
function readCommunityEdit(source: Source, attribute: CommunityAttribute): Edit {
  if (source.value === "remove") return { attribute, remove: "all", add: new Uint8Array() };
  const given = source.object(["add", "remove", "set"]);
  const set = given.get("set");
  if (given.size === 0 || (set && given.size > 1)) source.fail('add and remove, or set alone, or "remove" for all');
  if (set) return { attribute, remove: "all", add: readCommunities(set, attribute) };
  const add = given.get("add");
  const remove = given.get("remove");
  return {
    attribute,
    add: add ? readCommunities(add, attribute) : new Uint8Array(),
    remove: remove ? readPatterns(remove, attribute) : [],
  };
}

const ROWS: Readonly<Record<string, (source: Source) => Edit>> = {
  local_pref: (source) => readNumber(source, "local_pref"),
  med: (source) => readNumber(source, "med"),
  origin: (source) => ({ attribute: "origin", op: "set", value: source.choice(ORIGINS) }),
  next_hop: readHop,
  prepend: readPrepend,
  communities: (source) => readCommunityEdit(source, "communities"),
  large_communities: (source) => readCommunityEdit(source, "large_communities"),
  extended_communities: (source) => readCommunityEdit(source, "extended_communities"),
};

/** A `then`. Without `action` the rules that follow decide. */
export function readThen(source: Source): { action: PolicyAction; edits: Edit[] } {
  const given = source.object(["action", ...Object.keys(ROWS)]);
  if (given.size === 0) source.fail("an action, a change, or both");
  const action = given.get("action")?.choice(ACTIONS) ?? "continue";
  const edits = [...given].flatMap(([key, value]) => (key === "action" ? [] : [ROWS[key]?.(value) as Edit]));
  if (action === "reject" && edits.length > 0) source.fail("no changes beside the action reject");
  return { action, edits };
}
