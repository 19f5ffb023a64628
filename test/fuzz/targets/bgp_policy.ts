// A policy of chance on attributes that the decoder has taken: it never traps, and what it writes the decoder takes,
// too. Whatever the bytes are, policies and transformations end without a trap.

import { walkAttributes } from "../../../src/bgp/attributes.js";
import { bodyFault } from "../../../src/bgp/config.js";
import { parsePolicy } from "../../../src/bgp/policy/policy.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY } from "../../../src/wasm/bgp_numbers.js";
import { type NeighborHandle, type Outcome, type PolicyHandle, PolicyView } from "../../../src/wasm/bgp_policy.js";
import { MANDATORY, update } from "../../helpers/bgp_raw.js";
import { NEIGHBOR } from "../../helpers/policy.js";
import { Random } from "../mutate.js";
import type { FuzzTarget } from "../registry.js";

const module = new BgpModule();
const view = new PolicyView();

const CONDITIONS: readonly Record<string, unknown>[] = [
  { prefix: ["0.0.0.0/0 le 32", "::/0 le 128"] },
  { prefix: ["10.0.0.0/8{9,24}"] },
  { next_hop: ["192.0.2.0/24"] },
  { as_path: ["_65002_", { length: { ge: 3 } }] },
  { as_path: "^(6500[0-9] ?)*(\\{[0-9,]+\\})?$" },
  { as_path: [{ contains: 65002 }, { origin: [1, 2] }, { neighbor: 65002 }] },
  { communities: ["65001:*", "NO_EXPORT"] },
  { communities: { all: ["*:1", "1:1"] } },
  { large_communities: ["*:*:1"] },
  { extended_communities: ["route-target:*", "unknown:00**************"] },
  { med: { ge: 5 }, local_pref: { le: 100 } },
  { origin: "igp", family: "ipv4", validation: ["valid", "not-found"] },
];

const CHANGES: readonly Record<string, unknown>[] = [
  { prepend: ["self", 3] },
  {
    prepend: [
      [65000, 200],
      ["self", 5],
    ],
  },
  { communities: { remove: ["*:1", "1:*"], add: ["65001:1", "BLACKHOLE"] } },
  { communities: "remove" },
  { large_communities: { set: ["1:2:3", "4:5:6"] } },
  { extended_communities: { add: ["color:5"], remove: ["route-target:*"] } },
  { med: { add: -7 }, local_pref: { add: 4_000_000_000 } },
  { med: "remove", origin: "egp" },
  { next_hop: "self" },
  { next_hop: "2001:db8::5" },
];

/** The policy of a number, always the same. */
function policyOf(seed: number): unknown {
  const random = new Random(seed + 1);
  const pick = <T>(from: readonly T[]) => from[random.below(from.length)] as T;
  const rules = Array.from({ length: 1 + random.below(5) }, () => {
    const condition = { ...pick(CONDITIONS), ...pick(CONDITIONS) };
    const change = random.below(8) === 0 ? { action: "reject" } : { ...pick(CHANGES), ...pick(CHANGES) };
    return {
      if: random.below(3) === 0 ? { not: condition } : random.below(3) === 0 ? {} : condition,
      then: random.below(3) === 0 ? { action: "accept", ...change } : change,
    };
  });
  return { name: "fuzz", default: "accept", rules };
}

const policies = new Map<number, PolicyHandle>();

function load(seed: number): PolicyHandle {
  const known = policies.get(seed);
  if (known !== undefined) return known;
  const handle = view.load(parsePolicy(policyOf(seed), "", bodyFault).program);
  policies.set(seed, handle);
  return handle;
}

const neighbors: readonly NeighborHandle[] = [
  {},
  { ibgp: true, reflectorClient: true },
  { role: "peer" as const, routeServerClient: true },
  { role: "provider" as const, enforceFirstAs: true, extendedNextHop: true, local: [new Uint8Array(16).fill(1)] },
].map((options) => view.createNeighbor({ ...NEIGHBOR, ...options }));

/** The attribute sets that the decoder makes of attributes with one prefix; none when it refuses them. */
function decoded(attributes: Uint8Array): Buffer[] {
  const rib = module.tables.createRib();
  module.tables.startSession(rib, { fourOctetAs: true, ibgp: true, families: [FAMILY.ipv4] });
  const refused = module.check(rib, update({ attributes: [...attributes], nlri: [8, 10] }), true);
  const sets = module.tables.scan(rib, FAMILY.ipv4, 0, 10).rows.map(({ set }) => module.tables.attributes(set));
  module.tables.freeRib(rib);
  return refused ? [] : sets;
}

function wellFormed(bytes: Buffer): void {
  let used = 0;
  let last = -1;
  for (const { flags, code, value } of walkAttributes(bytes)) {
    used += ((flags & 0x10) === 0 ? 3 : 4) + value.length;
    // MP_REACH_NLRI stands first.
    if (code <= last) throw new Error(`attribute ${code} after ${last}`);
    last = code === 14 && last < 0 ? -1 : code;
  }
  if (used !== bytes.length) throw new Error("the attributes do not fill the output");
}

function takenAgain(outcome: Outcome, before: Buffer): void {
  if (!outcome.accepted || outcome.attributes === before) return;
  const after = Buffer.from(outcome.attributes);
  wellFormed(after);
  // A set with a cut MP_REACH_NLRI is no UPDATE; one that has grown beyond a message is none either.
  if (after[1] === 14 || after.length > 4_000) return;
  if (decoded(after).length !== 1) throw new Error(`the decoder refuses ${after.toString("hex")}`);
}

const target: FuzzTarget = {
  name: "bgp_policy",
  seeds: [
    MANDATORY,
    [...MANDATORY, 0x80, 4, 4, 0, 0, 0, 9, 0x40, 5, 4, 0, 0, 0, 100, 0xc0, 8, 8, 0xfd, 0xe9, 0, 1, 0xff, 0xff, 0xff, 1],
    [...MANDATORY, 0x80, 9, 4, 1, 1, 1, 1, 0x80, 10, 8, 1, 1, 1, 1, 2, 2, 2, 2, 0xc0, 35, 4, 0, 0, 0, 1],
    [...MANDATORY, 0xc0, 16, 8, 0, 2, 0xfd, 0xe9, 0, 0, 0, 1, 0xc0, 32, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1],
    [0x40, 1, 1, 0, 0x40, 2, 10, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x40, 3, 4, 10, 0, 0, 1, 0xc0, 99, 2, 1, 2],
  ].flatMap((seed, i) => [0, 50, 100].map((policy) => Uint8Array.from([policy + i, i, ...seed]))),
  run(bytes) {
    const policy = load(bytes[0] ?? 0);
    const mode = bytes[1] ?? 0;
    const neighbor = neighbors[mode & 3] as NeighborHandle;
    const raw = Buffer.from(bytes.subarray(2, 60_000));
    const prefix = { bytes: Uint8Array.of(10, 0, 0, 0), length: 8 + (mode >> 4) };
    view.run(policy, neighbor, { attributes: raw, family: mode >> 3, prefix });
    view.exportTransform(neighbor, raw, mode >> 2, mode & 1);
    view.importCheck(neighbor, raw, 0);
    view.importTransform(neighbor, raw);
    if (raw.length > 4_000) return;
    for (const set of decoded(raw)) {
      takenAgain(view.run(policy, neighbor, { attributes: set, family: 0, prefix }), set);
      takenAgain(view.exportTransform(neighbor, set, (mode >> 2) & 31, 0), set);
      takenAgain(view.importTransform(neighbor, set), set);
    }
  },
};

export default target;
