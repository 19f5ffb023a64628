// The peers and the attributes of the worlds in bgp_core_world.ts.

import { FAMILY } from "../../src/wasm/bgp_numbers.js";
import type { Variant } from "./bgp_core_model.js";

export interface PeerRow {
  readonly as: number;
  readonly ibgp: boolean;
  readonly client: boolean;
  readonly aigp: boolean;
  readonly fourOctetAs: boolean;
  readonly addPathIn: readonly number[];
  readonly addPathOut: readonly number[];
  readonly imported: unknown;
  /** A policy, "all", or null for nothing but routes of its own. */
  readonly exported: object | "all" | null;
}

const EXTERNAL: PeerRow = {
  as: 65001,
  ibgp: false,
  client: false,
  aigp: false,
  fourOctetAs: true,
  addPathIn: [],
  addPathOut: [],
  imported: null,
  exported: "all",
};
const INTERNAL: PeerRow = { ...EXTERNAL, as: 65000, ibgp: true, aigp: true };

/** A policy that looks at attributes only, and one that looks at prefixes. */
const BY_ATTRIBUTES = {
  default: "accept",
  rules: [
    { if: { med: 3 }, then: { action: "reject" } },
    { if: { med: 5 }, then: { local_pref: 150, communities: { add: ["65000:5"] } } },
  ],
};
const BY_PREFIX = {
  default: "accept",
  rules: [
    { if: { prefix: "10.0.1.0/24" }, then: { local_pref: 50, med: 7 } },
    { if: { prefix: ["10.0.2.0/24", "2001:db8:2::/48"] }, then: { action: "reject" } },
  ],
};

export const PEERS: readonly PeerRow[] = [
  EXTERNAL,
  { ...EXTERNAL, as: 65002, aigp: true, fourOctetAs: false, imported: BY_ATTRIBUTES, exported: BY_ATTRIBUTES },
  {
    ...INTERNAL,
    client: true,
    addPathIn: [FAMILY.ipv4, FAMILY.vpnv4],
    addPathOut: [FAMILY.ipv4, FAMILY.ipv4Labelled],
    imported: BY_PREFIX,
  },
  { ...INTERNAL, exported: BY_PREFIX },
  { ...EXTERNAL, as: 65003, exported: null },
];

const BASE: Variant = {
  origin: 0,
  path: [65001, 65010],
  med: 0,
  localPref: null,
  originator: null,
  clusters: [],
  hop: 1,
  communities: [],
  aigp: null,
};

export const VARIANTS: readonly Variant[] = [
  BASE,
  { ...BASE, med: 5 },
  { ...BASE, med: 3 },
  { ...BASE, med: 9, hop: 2 },
  { ...BASE, path: [65001, 65010, 70000] },
  { ...BASE, path: [65002, 65010] },
  { ...BASE, path: [65002, 70000], med: 5, hop: 3 },
  { ...BASE, origin: 2 },
  { ...BASE, originator: "10.9.0.1", clusters: ["10.9.0.2", "10.9.0.3"] },
  { ...BASE, originator: "10.9.0.1", clusters: ["10.9.0.2"], hop: 3 },
  { ...BASE, localPref: 200, hop: 2 },
  { ...BASE, communities: ["65535:65281"] },
  { ...BASE, communities: ["65535:6"] },
  { ...BASE, communities: ["65535:7"], med: 1 },
  { ...BASE, path: [65000, 65010] },
  { ...BASE, hop: 254 },
  { ...BASE, aigp: 20, path: [65001, 65010, 70000] },
  { ...BASE, aigp: 15, hop: 2 },
  { ...BASE, aigp: 0xffffffff, hop: 3, med: 5 },
];
