// Several peers around the tables of bgp.wasm, and the same in a model: operations are done to both, and what the peers
// have been sent is held against what the model says they must have.

import { setImmediate as turn } from "node:timers/promises";
import { MSG } from "../../src/wasm/bgp_numbers.js";
import { CORE_FAMILIES, Model, NETS, type Net, oneUpdate, setBytes } from "./bgp_core_model.js";
import { CorePeer, canonical, module, receiver, routing } from "./bgp_core_peer.js";
import { PEERS, VARIANTS } from "./bgp_core_rows.js";

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
    return [...difference("table", has, must), ...this.#countFaults()];
  }

  /** What the tables count of each peer's routes, all and accepted ones, against the model's. */
  #countFaults(): string[] {
    const { tables } = module;
    const must = new Map(this.#peers.map(({ source }) => [source, CORE_FAMILIES.map(() => [0, 0])]));
    for (const { source, net, post } of this.#model.all()) {
      const counts = must.get(source)?.[CORE_FAMILIES.indexOf(net.family)] as [number, number];
      counts[0]++;
      if (post) counts[1]++;
    }
    return this.#peers.flatMap(({ ribIn, source }, index) => {
      const has = CORE_FAMILIES.map((family) => [tables.count(ribIn, family), tables.accepted(ribIn, family)]);
      const [seen, wanted] = [JSON.stringify(has), JSON.stringify(must.get(source))];
      return seen === wanted ? [] : [`peer ${index} counts ${seen}, not ${wanted}`];
    });
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
        const set = peer.exported(route, this.#model.cost(route));
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
