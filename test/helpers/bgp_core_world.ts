// Several peers around the tables of bgp.wasm, and the same in a model: operations are done to both, and what the peers
// have been sent is held against what the model says they must have.

import { setImmediate as turn } from "node:timers/promises";
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
import {
  CORE_FAMILIES,
  Model,
  type ModelRoute,
  type ModelSource,
  NETS,
  type Net,
  oneUpdate,
  setBytes,
} from "./bgp_core_model.js";
import { PEERS, type PeerRow, VARIANTS } from "./bgp_core_rows.js";

const module = new BgpModule();
const routing = new Routing(module);
/** Decodes what the peers get. */
const receiver = new BgpModule();
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
function canonical(set: Uint8Array): string {
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

class CorePeer {
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
    this.exporter.start(this.connection as unknown as Connection, negotiated, terms, () => undefined);
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

  imported(net: Net, set: Buffer, longLived: boolean): Buffer | null {
    const found = rules.importCheck(this.asked, set, net.family);
    if ((found & IMPORT.ineligible) !== 0) return null;
    const done = this.#imported ? rules.run(this.#imported.asked, this.asked, routeOf(net, set)) : null;
    if (done && !done.accepted) return null;
    const post = done ? Buffer.from(done.attributes) : set;
    if (!longLived) return post;
    if ((found & IMPORT.noLlgr) !== 0) return null;
    return (found & IMPORT.llgrStale) !== 0 ? post : withStale(post);
  }

  /** What the peer must get of a route. */
  exported(route: ModelRoute): Buffer | null {
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
    const out = rules.exportTransform(this.asked, set, bits, family, quad(routerId));
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

/** More than any table has. */
const ROWS_MAX = 12_000;

/** One operation: its kind, and what it is done to. */
export type Operation = readonly [kind: number, peer: number, net: number, variant: number, path: number];

export class World {
  readonly #peers = PEERS.map((row, i) => new CorePeer(row, i));
  readonly #model = new Model();
  readonly #nets: readonly Net[];
  /** Nets that an operation is done to, one behind the other. */
  readonly #span: number;

  constructor(nets: readonly Net[] = NETS, span = 1) {
    this.#nets = nets;
    this.#span = span;
  }

  /** `work` with nets beginning with the one that `b` says. */
  #each(b: number, work: (net: Net) => void): void {
    const first = this.#span === 1 && b < 128 ? b % 6 : b * this.#span;
    for (let i = 0; i < this.#span; i++) work(this.#nets[(first + i) % this.#nets.length] as Net);
  }

  /** Does an operation. After it the tables may have work left. */
  async step([kind, a, b, c, d]: Operation): Promise<void> {
    const peer = this.#peers[a % this.#peers.length] as CorePeer;
    const index = a % this.#peers.length;
    const net = this.#nets[b % this.#nets.length] as Net;
    const operations: readonly (() => unknown)[] = [
      () => this.#each(b, (net) => this.#announce(peer, net, c, d)),
      () => this.#each(b, (net) => this.#announce(peer, net, c, d)),
      () => this.#each(b, (net) => this.#announce(peer, net, c, d)),
      () => this.#each(b, (net) => this.#withdraw(peer, net, d)),
      () => this.#each(b, (net) => this.#fixed(peer, net, c, d)),
      () => this.#each(b, (net) => this.#fixed(peer, net, null, d)),
      () => {
        peer.connection.full = !peer.connection.full;
        if (!peer.connection.full) peer.exporter.drained();
      },
      () => peer.exporter.refresh(net.family, () => undefined),
      () => this.#stale(peer, net.family),
      () => this.#sweep(peer, net.family),
      () => this.#longLived(peer, net.family, c % 2 === 0),
      () => this.#cost((b % 3) + 1, c % 4),
      () => {
        if (d % 2 === 0) this.#model.drop(({ source }) => source === peer.source);
        peer.restart(index, d % 2 !== 0);
      },
      () => turn(),
    ];
    await operations[kind % operations.length]?.();
  }

  /** A peer without add-path for the family uses none. */
  #path(paths: readonly number[], net: Net, d: number): number | null {
    return paths.includes(net.family) ? d % 4 : null;
  }

  #take(peer: CorePeer, bytes: Buffer): void {
    module.begin(null, bytes);
    if (module.next(peer.ribIn, true) !== 0) throw new Error("the UPDATE is well-formed");
    routing.apply(peer.ribIn);
  }

  #announce(peer: CorePeer, net: Net, c: number, d: number): void {
    const variant = VARIANTS[c % VARIANTS.length] as (typeof VARIANTS)[number];
    const set = setBytes(net.family, variant, peer.row.ibgp);
    const path = this.#path(peer.row.addPathIn, net, d);
    const wire = net.wire(c % 3);
    this.#take(peer, oneUpdate(net.family, set, wire, path));
    const generation = peer.source.generation.get(net.family) ?? 0;
    const post = peer.imported(net, set, false);
    this.#model.put({ source: peer.source, net, path: path ?? 0, wire, set, generation, post });
  }

  #withdraw(peer: CorePeer, net: Net, d: number): void {
    const path = this.#path(peer.row.addPathIn, net, d);
    this.#take(peer, oneUpdate(net.family, null, net.wire(0), path));
    this.#model.remove(peer.source, net, path ?? 0);
  }

  /** As an operator's messages are sent: first to the peer, then into its table. */
  #fixed(peer: CorePeer, net: Net, c: number | null, d: number): void {
    if (!peer.row.fourOctetAs) return;
    const path = this.#path(peer.row.addPathOut, net, d);
    const set =
      c === null ? null : setBytes(net.family, VARIANTS[c % VARIANTS.length] as (typeof VARIANTS)[number], true);
    const wire = net.wire((c ?? 0) % 3);
    const bytes = oneUpdate(net.family, set, wire, path);
    peer.connection.send(MSG.update, bytes);
    module.check(peer.exporter.fixed, bytes, true, () => peer.exporter.ownBatch());
    const own = peer.fixed.get(net.key) ?? new Map();
    if (set) own.set(path ?? 0, { wire, set });
    else own.delete(path ?? 0);
    peer.fixed.set(net.key, own);
  }

  #stale({ slot, source }: CorePeer, family: number): void {
    if (source.longLived.has(family)) return;
    module.tables.markStale(slot, family);
    source.generation.set(family, (source.generation.get(family) ?? 0) + 1);
  }

  #sweep(peer: CorePeer, family: number): void {
    routing.sweep(peer.slot, family, peer.ribIn);
    this.#model.drop((old) => old.source === peer.source && old.net.family === family && Model.isStale(old));
  }

  #longLived(peer: CorePeer, family: number, on: boolean): void {
    module.tables.setLongLived(peer.slot, family, on);
    if (on) peer.source.longLived.add(family);
    else peer.source.longLived.delete(family);
    routing.again(peer.slot, peer.ribIn);
    for (const route of this.#model.all()) {
      if (route.source !== peer.source) continue;
      const long = peer.source.longLived.has(route.net.family) && Model.isStale(route);
      route.post = peer.imported(route.net, route.set, long);
    }
  }

  #cost(hop: number, choice: number): void {
    const cost = [0, 10, 20, Number.POSITIVE_INFINITY][choice] as number;
    this.#model.costs.set(hop, cost);
    const six = Buffer.concat([Buffer.of(0x20, 1, 0xd, 0xb8), Buffer.alloc(11), Buffer.of(hop)]);
    for (const address of [Buffer.of(192, 0, 2, hop), six]) module.tables.setHopCost(address, cost);
    for (const { slot, ribIn } of this.#peers) routing.again(slot, ribIn);
  }

  /** Lets all work end. */
  async settle(): Promise<void> {
    for (const { connection, exporter } of this.#peers) {
      connection.full = false;
      exporter.drained();
    }
    for (let i = 0; i < 12; i++) await turn();
  }

  /** What differs between tables, peers and model; empty when nothing does. */
  faults(): string[] {
    return [...this.#tableFaults(), ...this.#peers.flatMap((peer, i) => this.#peerFaults(peer, i))];
  }

  #tableFaults(): string[] {
    const has: string[] = [];
    for (const family of CORE_FAMILIES) {
      for (const row of module.tables.scan(module.tables.shared, family, 0, ROWS_MAX, { all: true }).rows) {
        const post = row.rejected || !row.eligible ? "-" : canonical(module.tables.attributes(row.post));
        const index = this.#peers.findIndex(({ slot }) => module.tables.sourceIndex(slot) === row.source);
        has.push([family, row.wire.toString("hex"), index, row.pathId, row.best, row.stale, post].join(" "));
      }
    }
    const must = this.#model.all().map((route) => {
      const post = this.#model.eligible(route) ? canonical(route.post as Buffer) : "-";
      const index = this.#peers.findIndex(({ source }) => source === route.source);
      const best = this.#model.best(route.net.key) === route;
      const { family } = route.net;
      return [family, route.wire.toString("hex"), index, route.path, best, Model.isStale(route), post].join(" ");
    });
    return difference("table", has, must);
  }

  #peerFaults(peer: CorePeer, index: number): string[] {
    const has: string[] = [];
    for (const family of CORE_FAMILIES) {
      for (const { wire, set } of receiver.tables.scan(peer.got, family, 0, ROWS_MAX).rows) {
        has.push(`${family} ${wire.toString("hex")} ${canonical(receiver.tables.attributes(set))}`);
      }
    }
    const must: string[] = [];
    for (const net of this.#nets) {
      const own = [...(peer.fixed.get(net.key)?.values() ?? [])];
      for (const { wire, set } of own) must.push(`${net.family} ${wire.toString("hex")} ${canonical(set)}`);
      if (own.length > 0) continue;
      const best = this.#model.best(net.key);
      const all = peer.row.addPathOut.includes(net.family)
        ? this.#model.of(net.key).filter((route) => this.#model.eligible(route))
        : best
          ? [best]
          : [];
      for (const route of all) {
        const set = peer.exported(route);
        if (set) must.push(`${net.family} ${route.wire.toString("hex")} ${canonical(set)}`);
      }
    }
    return difference(`peer ${index}`, has, must);
  }

  /** Frees everything. */
  async dispose(): Promise<void> {
    for (const hop of [1, 2, 3]) this.#cost(hop, 0);
    for (const peer of this.#peers) peer.dispose();
    await this.settle();
  }

  static memory(): { heldBytes: number; sets: number } {
    const { heldBytes, sets } = module.memory();
    return { heldBytes, sets: sets + receiver.memory().sets };
  }
}

function difference(what: string, has: readonly string[], must: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of must) left.set(line, (left.get(line) ?? 0) + 1);
  for (const line of has) left.set(line, (left.get(line) ?? 0) - 1);
  return [...left].flatMap(([line, by]) => (by === 0 ? [] : [`${what} ${by < 0 ? "has" : "lacks"} ${line}`]));
}
