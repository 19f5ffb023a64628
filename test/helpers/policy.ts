// Policies in tests: from JSON to a run on attributes in JSON.

import { parseAddress, parsePrefix } from "../../src/base/ip.js";
import { attributesJson, encodeAttribute, encodeAttributes } from "../../src/bgp/attributes.js";
import { bodyFault } from "../../src/bgp/config.js";
import { parsePolicy } from "../../src/bgp/policy/policy.js";
import { type NeighborHandle, type Outcome, PolicyView } from "../../src/wasm/bgp_policy.js";
import type { NeighborOptions, PolicyRoute } from "../../src/wasm/bgp_policy_types.js";

export const view = new PolicyView();

type Json = Record<string, unknown>;

export const address = (text: string) => parseAddress(text) as Uint8Array;

/** Attribute bytes of a set; "14" is {afi_safi, nexthop: hex of the next hop}, and stands first. */
export function attributesOf(json: Json): Buffer {
  const reach = json["14"] as { afi_safi: [number, number]; hop: string } | undefined;
  const rest = encodeAttributes(json, true);
  if (!reach) return rest;
  const hop = Buffer.from(reach.hop, "hex");
  const [afi, safi] = reach.afi_safi;
  return Buffer.concat([encodeAttribute(0x80, 14, Buffer.of(afi >> 8, afi & 255, safi, hop.length, ...hop)), rest]);
}

export const BASE: Json = { 1: 0, 2: [[2, [65001, 65002]]], 3: "192.0.2.1" };

export const NEIGHBOR: NeighborOptions = {
  localAs: 64512,
  remoteAs: 65001,
  ibgp: false,
  routerId: address("10.0.0.1"),
  local: [address("192.0.2.254"), address("2001:db8::fe")],
  peer: [address("192.0.2.1"), address("2001:db8::1")],
};

export function withPolicy<T>(policy: unknown, use: (handle: ReturnType<typeof view.load>) => T): T {
  const named = { name: "test", ...(policy as Json) };
  const handle = view.load(parsePolicy(named, "policy", bodyFault).program);
  try {
    return use(handle);
  } finally {
    view.free(handle);
  }
}

export function withNeighbor<T>(options: Partial<NeighborOptions>, use: (neighbor: NeighborHandle) => T): T {
  const neighbor = view.createNeighbor({ ...NEIGHBOR, ...options });
  try {
    return use(neighbor);
  } finally {
    view.freeNeighbor(neighbor);
  }
}

interface RunOptions {
  readonly prefix?: string;
  readonly family?: number;
  readonly validation?: number;
  readonly neighbor?: Partial<NeighborOptions>;
}

function outcomeOf(policy: unknown, attr: Json, options: RunOptions): Outcome {
  const prefix = options.prefix === undefined ? null : parsePrefix(options.prefix);
  const route: PolicyRoute = {
    attributes: attributesOf(attr),
    family: options.family ?? 0,
    validation: options.validation ?? 0,
    ...(prefix ? { prefix } : {}),
  };
  return withNeighbor(options.neighbor ?? {}, (neighbor) =>
    withPolicy(policy, (handle) => view.run(handle, neighbor, route)),
  );
}

/** What a policy makes of a route: its attributes in JSON, or null when it is rejected. */
export function runPolicy(policy: unknown, attr: Json, options: RunOptions = {}): Json | null {
  const outcome = outcomeOf(policy, attr, options);
  return outcome.accepted ? attributesJson(Buffer.from(outcome.attributes)) : null;
}

/** Whether a condition holds for a route. */
export function matches(condition: unknown, attr: Json, options: RunOptions = {}): boolean {
  return outcomeOf({ rules: [{ if: condition, then: { action: "accept" } }] }, attr, options).accepted;
}
