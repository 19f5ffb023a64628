// How fast policies run, on attributes as a full table has them. Calls go from JavaScript into Wasm one by one, which
// takes some nanoseconds of each.

import { encodeAttributes } from "../src/bgp/attributes.js";
import { bodyFault } from "../src/bgp/config.js";
import { parsePolicy } from "../src/bgp/policy/policy.js";
import { PolicyView, ROUTE } from "../src/wasm/bgp_policy.js";

const RUNS = 300_000;
const ROUNDS = 5;

const ATTRIBUTES = encodeAttributes(
  {
    1: 0,
    2: [[2, [65001, 3356, 1299, 2914, 64999]]],
    3: "192.0.2.1",
    4: 10,
    8: ["3356:3", "3356:22", "3356:100", "3356:123", "65001:7"],
  },
  true,
);

function prefixes(count: number, form: (prefix: string) => string): string[] {
  return Array.from({ length: count }, (_, i) => form(`${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`));
}

/** Networks of many lengths, each with all that is more specific. */
const NESTED = Array.from({ length: 100_000 }, (_, i) => {
  const length = 12 + (i % 13);
  const network = ((i * 2_654_435_761) >>> (32 - length)) * 2 ** (32 - length);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join(".")}/${length} le 24`;
});

const POLICIES: readonly [what: string, rule: Record<string, unknown>][] = [
  ["one prefix", { if: { prefix: "10.0.0.0/8 le 24" }, then: { action: "accept" } }],
  ["100,000 prefixes", { if: { prefix: prefixes(100_000, (one) => one) }, then: { action: "accept" } }],
  ["100,000 prefixes with le 24", { if: { prefix: NESTED }, then: { action: "accept" } }],
  ["AS in path", { if: { as_path: { contains: 64999 } }, then: { action: "accept" } }],
  ["regular expression", { if: { as_path: "_64999$" }, then: { action: "accept" } }],
  ["community", { if: { communities: ["65001:7"] }, then: { action: "accept" } }],
  ["set local_pref", { then: { local_pref: 200, action: "accept" } }],
  [
    "communities and prepend",
    { then: { communities: { remove: ["3356:*"], add: ["65001:1"] }, prepend: ["self", 2], action: "accept" } },
  ],
];

/** Of all parts of the lists, half of them outside. */
const ADDRESSES = Array.from({ length: 4_000 }, (_, i) => {
  return Uint8Array.of(1 + (i % 4), (i * 2_371) & 255, (i * 9_973) & 255, 0);
});
const ROUTE_24 = { attributes: ATTRIBUTES, family: 0, prefix: { bytes: Uint8Array.of(0, 0, 0, 0), length: 24 } };

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;

/** Nanoseconds of CPU a run, the median of some rounds. */
function nanoseconds(work: () => void): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    times.push(((user + system) * 1_000) / RUNS);
  }
  return median(times);
}

/** Prints a line a kind of policy. */
export function policies(): void {
  const view = new PolicyView();
  const neighbor = view.createNeighbor({
    localAs: 65000,
    remoteAs: 65001,
    ibgp: false,
    routerId: Uint8Array.of(10, 0, 0, 1),
    local: [Uint8Array.of(192, 0, 2, 254)],
  });
  const line = (what: string, spent: number) => {
    console.log(`  policy: ${what.padEnd(28)} ${spent.toFixed(0).padStart(5)} ns a route`);
  };
  for (const [what, rule] of POLICIES) {
    const { program } = parsePolicy({ name: "bench", default: "accept", rules: [rule] }, "", bodyFault);
    const policy = view.load(program);
    line(
      what,
      nanoseconds(() => {
        view.runMany(policy, neighbor, ROUTE_24, ADDRESSES, RUNS / ADDRESSES.length);
      }),
    );
    view.free(policy);
  }
  line(
    "export to an external peer",
    nanoseconds(() => {
      view.exportMany(neighbor, ATTRIBUTES, ROUTE.checked, 0, new Uint8Array(4), RUNS);
    }),
  );
}
