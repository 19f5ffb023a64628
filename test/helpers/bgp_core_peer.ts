// One peer of the worlds in bgp_core_world.ts: what comes from it and what it has been sent, in bgp.wasm; and what a
// model asks of it.

import { attributesJson, encodeAttributes } from "../../src/bgp/attributes.js";
import { bodyFault } from "../../src/bgp/config.js";
import type { Connection } from "../../src/bgp/connection.js";
import { Exporter } from "../../src/bgp/exporter.js";
import type { Negotiated } from "../../src/bgp/negotiate.js";
import type { LoadedPolicy } from "../../src/bgp/policies.js";
import { parsePolicy } from "../../src/bgp/policy/policy.js";
import { Routing } from "../../src/bgp/routing.js";
import { BgpModule } from "../../src/wasm/bgp.js";
import { FAMILY, MSG } from "../../src/wasm/bgp_numbers.js";
import { IMPORT, type NeighborHandle, type PolicyHandle, PolicyView, ROUTE } from "../../src/wasm/bgp_policy.js";
import type { NeighborOptions } from "../../src/wasm/bgp_policy_types.js";
import type { RibSlot, SourceSlot } from "../../src/wasm/bgp_types.js";
import { CORE_FAMILIES, type ModelRoute, type ModelSource, type Net } from "./bgp_core_model.js";
import type { PeerRow } from "./bgp_core_rows.js";

/** What the peers share. */
export const module = new BgpModule();
export const routing = new Routing(module);
/** Decodes what the peers get. */
export const receiver = new BgpModule();
/** Asked for what policies and the rules of the protocol make of a route. */
const rules = new PolicyView();

interface Policy {
  readonly loaded: LoadedPolicy;
  readonly asked: PolicyHandle;
}

function loadPolicy(json: unknown): Policy | null {
  if (json === null) return null;
  const policy = parsePolicy({ name: "p", ...(json as object) }, "policy", bodyFault);
  return {
    loaded: { handle: module.policies.load(policy.program), perRoute: policy.perRoute },
    asked: rules.load(policy.program),
  };
}

const quad = (value: number) => Uint8Array.of(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);

/** Attributes of a set in a form that does not depend on how they were written. */
export function canonical(set: Uint8Array): string {
  const bytes = Buffer.from(set);
  const reach = bytes[1] === 14 ? bytes.subarray(0, 3 + (bytes[2] as number)) : Buffer.alloc(0);
  return `${reach.toString("hex")} ${JSON.stringify(attributesJson(bytes.subarray(reach.length)))}`;
}

/** RFC 9494 §4.2. */
function withStale(set: Buffer): Buffer {
  const reach = set[1] === 14 ? set.subarray(0, 3 + (set[2] as number)) : Buffer.alloc(0);
  const json = attributesJson(set.subarray(reach.length)) as Record<string, unknown>;
  const communities = (json["8"] as unknown[] | undefined) ?? [];
  return Buffer.concat([reach, encodeAttributes({ ...json, 8: [...communities, "65535:6"] }, true)]);
}

export class CorePeer {
  readonly row: PeerRow;
  readonly ribIn: RibSlot;
  readonly exporter = new Exporter(routing);
  readonly neighbor: NeighborHandle;
  readonly asked: NeighborHandle;
  readonly #imported: Policy | null;
  readonly #exported: Policy | null;
  readonly connection = {
    full: false,
    send: (type: number, bytes: Uint8Array, count = 1) => this.#get(type, bytes, count),
  };
  got: RibSlot;
  slot: SourceSlot;
  source: ModelSource;
  /** Routes of its own by net and path id. */
  readonly fixed = new Map<string, Map<number, { wire: Buffer; set: Buffer }>>();

  constructor(row: PeerRow, index: number) {
    this.row = row;
    const options: NeighborOptions = {
      localAs: 65000,
      remoteAs: row.as,
      ibgp: row.ibgp,
      routerId: quad(0x0a000001),
      local: [Uint8Array.of(192, 0, 2, 254), Uint8Array.from({ length: 16 }, (_, i) => 0x20 + i)],
      reflectorClient: row.client,
      longLivedGr: row.ibgp,
      aigp: row.aigp,
    };
    this.neighbor = module.policies.createNeighbor(options);
    this.asked = rules.createNeighbor(options);
    this.#imported = loadPolicy(row.imported);
    this.#exported = row.exported === "all" || row.exported === null ? null : loadPolicy(row.exported);
    this.ribIn = module.tables.createRib();
    const session = { fourOctetAs: true, ibgp: row.ibgp, families: CORE_FAMILIES, addPath: row.addPathIn };
    module.tables.startSession(this.ribIn, session);
    module.tables.setImport(
      this.ribIn,
      this.neighbor,
      this.#imported?.loaded.handle ?? null,
      this.#imported?.loaded.perRoute ?? false,
    );
    [this.slot, this.source] = this.#attach(index);
    this.got = this.#newReceiver();
    this.start();
  }

  #attach(index: number): [SourceSlot, ModelSource] {
    const { ibgp, client } = this.row;
    const routerId = 0x0a000100 + ((index * 7) % 5);
    const slot = module.tables.attach(this.ribIn, { ibgp, client, routerId, address: quad(0x0a000200 + index) });
    if (!slot) throw new Error("there is no source left");
    return [slot, { ibgp, client, routerId, address: 0x0a000200 + index, generation: new Map(), longLived: new Set() }];
  }

  #newReceiver(): RibSlot {
    const rib = receiver.tables.createRib();
    const { fourOctetAs, addPathOut } = this.row;
    receiver.tables.startSession(rib, { fourOctetAs, ibgp: true, families: CORE_FAMILIES, addPath: addPathOut });
    return rib;
  }

  #get(type: number, bytes: Uint8Array, count: number): void {
    if (type !== MSG.update) throw new Error("no UPDATE");
    let messages = 0;
    for (let at = 0; at < bytes.length; messages++) at += Buffer.from(bytes).readUInt16BE(at + 16);
    if (messages !== count) throw new Error(`${count} messages were promised, ${messages} came`);
    const fault = receiver.check(this.got, bytes, true);
    if (fault) throw new Error(`the peer answers NOTIFICATION ${fault.notify.toString(16)}`);
  }

  start(): void {
    const { row } = this;
    const negotiated = {
      families: CORE_FAMILIES.map((rib) => ({ rib })),
      fourOctetAs: row.fourOctetAs,
      extendedMessages: false,
      addPathOut: row.addPathOut,
    } as unknown as Negotiated;
    const policy = row.exported === "all" ? row.exported : (this.#exported?.loaded ?? null);
    const terms = { ibgp: row.ibgp, client: row.client, source: this.slot, neighbor: this.neighbor, policy };
    const what = { terms, held: [] };
    this.exporter.start(this.connection as unknown as Connection, negotiated, what, () => undefined);
  }

  /** The session ends and comes back; with `keep` the peer's routes stay as they are. */
  restart(index: number, keep: boolean): void {
    this.exporter.stop();
    receiver.tables.freeRib(this.got);
    this.got = this.#newReceiver();
    this.connection.full = false;
    if (!keep) {
      const slot = module.tables.detach(this.ribIn);
      if (slot) routing.bury(slot);
      [this.slot, this.source] = this.#attach(index);
    }
    this.start();
  }

  imported(net: Net, received: Buffer, longLived: boolean): Buffer | null {
    const found = rules.importCheck(this.asked, received, net.family);
    if ((found & IMPORT.ineligible) !== 0) return null;
    const taken = rules.importTransform(this.asked, received, found);
    if (!taken.accepted) return null;
    const set = Buffer.from(taken.attributes);
    const done = this.#imported ? rules.run(this.#imported.asked, this.asked, routeOf(net, set)) : null;
    if (done && !done.accepted) return null;
    const post = done ? Buffer.from(done.attributes) : set;
    if (!longLived) return post;
    if ((found & IMPORT.noLlgr) !== 0) return null;
    return (found & IMPORT.llgrStale) !== 0 ? post : withStale(post);
  }

  /** What the peer must get of a route whose next hop has a cost. */
  exported(route: ModelRoute, cost: number): Buffer | null {
    if (route.source === this.source || this.row.exported === null) return null;
    const { family } = route.net;
    const { ibgp, client, routerId } = route.source;
    let bits = (ibgp ? ROUTE.fromIbgp : 0) | (ibgp && client ? ROUTE.fromClient : 0);
    let set = route.post as Buffer;
    if (this.#exported) {
      if (rules.exportRefused(this.asked, set, bits, family) !== 0) return null;
      const done = rules.run(this.#exported.asked, this.asked, routeOf(route.net, set));
      if (!done.accepted) return null;
      if (done.attributes !== set) bits |= rules.keeps;
      set = Buffer.from(done.attributes);
      bits |= ROUTE.checked;
    }
    const out = rules.exportTransform(this.asked, set, bits, family, quad(routerId), cost);
    return out.accepted ? Buffer.from(out.attributes) : null;
  }

  dispose(): void {
    const slot = module.tables.detach(this.ribIn);
    if (slot) routing.bury(slot);
    this.exporter.dispose();
    receiver.tables.freeRib(this.got);
    for (const policy of [this.#imported, this.#exported]) {
      if (!policy) continue;
      module.policies.free(policy.loaded.handle);
      rules.free(policy.asked);
    }
    module.policies.freeNeighbor(this.neighbor);
    rules.freeNeighbor(this.asked);
    module.tables.freeRib(this.ribIn);
  }
}

function routeOf(net: Net, attributes: Buffer) {
  const wire = net.wire(0);
  const inline = net.family <= FAMILY.ipv6Multicast;
  const prefix = { bytes: Buffer.alloc(net.family === FAMILY.ipv6 ? 16 : 4), length: wire[0] as number };
  wire.copy(prefix.bytes, 0, 1);
  return { attributes, family: net.family, ...(inline ? { prefix } : {}) };
}
