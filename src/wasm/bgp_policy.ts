// The typed view of the policy part of bgp.wasm: programs, neighbours, and single runs. The BGP core runs programs
// inside Wasm; what is run from here is for tests, benches and questions.

import * as n from "../../assembly/bgp/policy_layout.js";
import { instantiate } from "./bgp_exports.js";
import type { NeighborOptions, PolicyRoute } from "./bgp_policy_types.js";

export interface PolicyExports {
  readonly memory: WebAssembly.Memory;
  policyRoom(bytes: number): number;
  loadPolicy(program: number, bytes: number): number;
  freePolicy(policy: number): void;
  createNeighbor(): number;
  freeNeighbor(neighbor: number): void;
  policyContext(neighbor: number): void;
  policyKeeps(): number;
  policyRun(
    policy: number,
    attributes: number,
    bytes: number,
    prefix: number,
    bits: number,
    family: number,
    validation: number,
    out: number,
  ): number;
  exportRefused(neighbor: number, attributes: number, bytes: number, route: number, family: number): number;
  exportTransform(
    neighbor: number,
    attributes: number,
    bytes: number,
    route: number,
    family: number,
    originator: number,
    cost: number,
    out: number,
  ): number;
  importCheck(neighbor: number, attributes: number, bytes: number, family: number): number;
  importTransform(neighbor: number, attributes: number, bytes: number, found: number, out: number): number;
  heldBytes(): number;
}

/** A loaded program's place in the module's memory. */
export type PolicyHandle = number & { readonly policy: unique symbol };
/** A neighbour's place in the module's memory. */
export type NeighborHandle = number & { readonly neighbor: unique symbol };

/** A route's attributes after policy or transformation. */
export type Outcome = { readonly accepted: false } | { readonly accepted: true; readonly attributes: Uint8Array };

const ROLES = {
  provider: n.ROLE_PROVIDER,
  rs: n.ROLE_ROUTE_SERVER,
  "rs-client": n.ROLE_ROUTE_SERVER_CLIENT,
  customer: n.ROLE_CUSTOMER,
  peer: n.ROLE_PEER,
} as const;

/** Where a route that is exported comes from, and what policy has set. */
export const ROUTE = {
  own: n.ROUTE_OWN,
  fromIbgp: n.ROUTE_FROM_IBGP,
  fromClient: n.ROUTE_FROM_CLIENT,
  keepMed: n.ROUTE_KEEP_MED,
  keepNextHop: n.ROUTE_KEEP_NEXT_HOP,
  checked: n.ROUTE_CHECKED,
} as const;

/** Why exportRefused() says no. */
export const REFUSED = {
  community: n.REFUSED_COMMUNITY,
  ibgp: n.REFUSED_IBGP,
  otc: n.REFUSED_OTC,
  stale: n.REFUSED_STALE,
  malformed: n.REFUSED_MALFORMED,
} as const;

/** What importCheck() finds. */
export const IMPORT = {
  ownAs: n.IMPORT_OWN_AS,
  ownOriginator: n.IMPORT_OWN_ORIGINATOR,
  ownCluster: n.IMPORT_OWN_CLUSTER,
  leak: n.IMPORT_LEAK,
  firstAs: n.IMPORT_FIRST_AS,
  ownNextHop: n.IMPORT_OWN_NEXT_HOP,
  malformed: n.IMPORT_MALFORMED,
  ineligible: n.IMPORT_INELIGIBLE,
  noLlgr: n.IMPORT_NO_LLGR,
  llgrStale: n.IMPORT_LLGR_STALE,
  addOtc: n.IMPORT_ADD_OTC,
  dropAigp: n.IMPORT_DROP_AIGP,
} as const;

const FLAGS: readonly (readonly [keyof NeighborOptions, number])[] = [
  ["ibgp", n.NEIGHBOR_IBGP],
  ["reflectorClient", n.NEIGHBOR_REFLECTOR_CLIENT],
  ["routeServerClient", n.NEIGHBOR_ROUTE_SERVER_CLIENT],
  ["nextHopUnchanged", n.NEIGHBOR_NEXT_HOP_UNCHANGED],
  ["nextHopSelf", n.NEIGHBOR_NEXT_HOP_SELF],
  ["nextHopSelfAll", n.NEIGHBOR_NEXT_HOP_SELF_ALL],
  ["aigp", n.NEIGHBOR_AIGP],
  ["enforceFirstAs", n.NEIGHBOR_ENFORCE_FIRST_AS],
  ["longLivedGr", n.NEIGHBOR_LONG_LIVED_GR],
  ["extendedNextHop", n.NEIGHBOR_EXTENDED_NEXT_HOP],
];

const INPUT_BYTES = 1 << 16;
/** What one runMany() takes. */
export const PREFIXES_MAX = 4_096;

export class PolicyView {
  readonly #wasm: PolicyExports;
  /** Room for a route's attributes, its prefix and the result. */
  readonly #input: number;
  readonly #prefixes: number;
  readonly #output: number;

  /** Over a running instance, or over one of its own. */
  constructor(wasm: PolicyExports = instantiate() as unknown as PolicyExports) {
    this.#wasm = wasm;
    this.#input = wasm.policyRoom(INPUT_BYTES);
    this.#output = wasm.policyRoom(INPUT_BYTES);
    this.#prefixes = wasm.policyRoom(PREFIXES_MAX * 16);
  }

  #memory(): Uint8Array {
    return new Uint8Array(this.#wasm.memory.buffer);
  }

  /** Loads a program of encodeProgram(). RangeError without memory or when it is not of this build. */
  load(program: Uint8Array): PolicyHandle {
    const room = this.#wasm.policyRoom(program.length);
    if (room === 0) throw new RangeError("no memory left for a policy");
    this.#memory().set(program, room);
    const handle = this.#wasm.loadPolicy(room, program.length) >>> 0;
    if (handle !== room) throw new RangeError("the policy is not of this build");
    return handle as PolicyHandle;
  }

  free(policy: PolicyHandle): void {
    this.#wasm.freePolicy(policy);
  }

  /** How often each rule has matched, in their order, and routes that failed because they could not be written. */
  figures(policy: PolicyHandle): { hits: number[]; failed: number } {
    const view = new DataView(this.#wasm.memory.buffer);
    const hits: number[] = [];
    let rule = view.getUint32(policy + n.PROGRAM_FIRST, true);
    while (rule !== 0) {
      hits.push(view.getUint32(policy + rule + n.RULE_HITS, true));
      rule = view.getUint32(policy + rule + n.RULE_NEXT, true);
    }
    return { hits, failed: view.getUint32(policy + n.PROGRAM_FAILED, true) };
  }

  /** A neighbour for runs and transformations. RangeError without memory. */
  createNeighbor(options: NeighborOptions): NeighborHandle {
    const at = this.#wasm.createNeighbor();
    if (at === 0) throw new RangeError("no memory left for a neighbour");
    this.setNeighbor(at as NeighborHandle, options);
    return at as NeighborHandle;
  }

  /** Writes what has become of a session over a neighbour. */
  setNeighbor(neighbor: NeighborHandle, options: NeighborOptions): void {
    const memory = this.#memory();
    const view = new DataView(memory.buffer);
    memory.fill(0, neighbor, neighbor + n.NEIGHBOR_BYTES);
    const flags = FLAGS.reduce((all, [key, flag]) => (options[key] === true ? all | flag : all), 0);
    view.setUint32(neighbor + n.NEIGHBOR_FLAGS, flags, true);
    view.setUint32(neighbor + n.NEIGHBOR_LOCAL_AS, options.localAs, true);
    view.setUint32(neighbor + n.NEIGHBOR_AS, options.remoteAs, true);
    view.setUint32(neighbor + n.NEIGHBOR_ROLE, options.role === undefined ? 0 : ROLES[options.role], true);
    view.setUint32(neighbor + n.NEIGHBOR_ALLOW_OWN_AS, options.allowOwnAs ?? 0, true);
    memory.set(options.routerId, neighbor + n.NEIGHBOR_ROUTER_ID);
    memory.set(options.clusterId ?? options.routerId, neighbor + n.NEIGHBOR_CLUSTER_ID);
    for (const address of options.local ?? []) {
      memory.set(address, neighbor + (address.length === 4 ? n.NEIGHBOR_LOCAL_4 : n.NEIGHBOR_LOCAL_6));
    }
    for (const address of options.peer ?? []) {
      memory.set(address, neighbor + (address.length === 4 ? n.NEIGHBOR_PEER_4 : n.NEIGHBOR_PEER_6));
    }
    if (options.linkLocal) memory.set(options.linkLocal, neighbor + n.NEIGHBOR_LINK_LOCAL);
  }

  freeNeighbor(neighbor: NeighborHandle): void {
    this.#wasm.freeNeighbor(neighbor);
  }

  #outcome(bytes: number, before: Uint8Array): Outcome {
    if (bytes < 0) return { accepted: false };
    if (bytes === 0) return { accepted: true, attributes: before };
    return { accepted: true, attributes: this.#memory().slice(this.#output, this.#output + bytes) };
  }

  /** Runs a policy on one route; `neighbor` says what `self` and `peer` mean. RangeError: over 64 KiB of attributes. */
  run(policy: PolicyHandle, neighbor: NeighborHandle | null, route: PolicyRoute): Outcome {
    const addresses = route.prefix ? [route.prefix.bytes] : [];
    return this.#outcome(this.runMany(policy, neighbor, route, addresses, 1), route.attributes);
  }

  /**
   * Runs a policy `rounds` times on prefixes with the same attributes and length; returns what the last run did (-1,
   * 0 or the bytes). For benches. RangeError: more than PREFIXES_MAX addresses.
   */
  runMany(
    policy: PolicyHandle,
    neighbor: NeighborHandle | null,
    route: PolicyRoute,
    addresses: readonly Uint8Array[],
    rounds: number,
  ): number {
    const { attributes, family, prefix, validation = 0 } = route;
    if (addresses.length > PREFIXES_MAX) throw new RangeError("these are too many prefixes");
    this.#put(attributes);
    const memory = this.#memory();
    addresses.forEach((bytes, i) => {
      memory.fill(0, this.#prefixes + i * 16, this.#prefixes + i * 16 + 16).set(bytes, this.#prefixes + i * 16);
    });
    const first = addresses.length === 0 ? 0 : this.#prefixes;
    const last = first + Math.max(addresses.length - 1, 0) * 16;
    const bits = prefix?.length ?? 0;
    this.#wasm.policyContext(neighbor ?? 0);
    const { policyRun } = this.#wasm;
    let result = 0;
    for (let round = 0; round < rounds; round++) {
      for (let at = first; at <= last; at += 16) {
        result = policyRun(policy, this.#input, attributes.length, at, bits, family, validation, this.#output);
      }
    }
    return result;
  }

  #put(attributes: Uint8Array): void {
    if (attributes.length > INPUT_BYTES) throw new RangeError("these are too many attributes");
    this.#memory().set(attributes, this.#input);
  }

  /** REFUSED bits; `route`: ROUTE bits. */
  exportRefused(neighbor: NeighborHandle, attributes: Uint8Array, route: number, family: number): number {
    this.#put(attributes);
    return this.#wasm.exportRefused(neighbor, this.#input, attributes.length, route, family);
  }

  /**
   * What the neighbour gets of a route. `originator`: identifier of the internal peer that it came from, 4 bytes; `cost`:
   * that of its next hop.
   */
  exportTransform(
    neighbor: NeighborHandle,
    attributes: Uint8Array,
    route: number,
    family: number,
    originator: Uint8Array = Uint8Array.of(0, 0, 0, 0),
    cost = 0,
  ): Outcome {
    return this.#outcome(this.exportMany(neighbor, attributes, route, family, originator, 1, cost), attributes);
  }

  /** ROUTE bits for exportTransform(): what the last run has set that would else be replaced. */
  get keeps(): number {
    return this.#wasm.policyKeeps();
  }

  /** The same `times` times over; returns what the last one did (-1, 0 or the bytes). For benches. */
  exportMany(
    neighbor: NeighborHandle,
    attributes: Uint8Array,
    route: number,
    family: number,
    originator: Uint8Array,
    times: number,
    cost = 0,
  ): number {
    this.#put(attributes);
    const id = new DataView(originator.buffer, originator.byteOffset, 4).getUint32(0, true);
    const { exportTransform } = this.#wasm;
    let result = 0;
    for (let i = 0; i < times; i++) {
      result = exportTransform(neighbor, this.#input, attributes.length, route, family, id, cost, this.#output);
    }
    return result;
  }

  /** IMPORT bits. */
  importCheck(neighbor: NeighborHandle, attributes: Uint8Array, family: number): number {
    this.#put(attributes);
    return this.#wasm.importCheck(neighbor, this.#input, attributes.length, family);
  }

  /** The attributes with what importCheck() has found (IMPORT bits) to be added or left out. */
  importTransform(neighbor: NeighborHandle, attributes: Uint8Array, found: number = IMPORT.addOtc): Outcome {
    this.#put(attributes);
    const bytes = this.#wasm.importTransform(neighbor, this.#input, attributes.length, found, this.#output);
    return this.#outcome(bytes, attributes);
  }

  /** Bytes of the module's memory that are held. */
  heldBytes(): number {
    return this.#wasm.heldBytes();
  }
}
