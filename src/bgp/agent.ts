// The control thread's side of the BGP room: starts the worker, keeps its peers equal to the configuration and the
// store, and hands commands to it.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import { onScrape } from "../base/metrics.js";
import type { Engine } from "../store/engine.js";
import { WorkerKeeper } from "../workers/keeper.js";
import { startWorker } from "../workers/pool.js";
import type { WorkerClient } from "../workers/rpc.js";
import { peerAddress } from "./addresses.js";
import {
  type BgpConfig,
  type BgpTable,
  bodyFault,
  checkTerms,
  type PeerConfig,
  parseBgpConfig,
  parsePeer,
} from "./config.js";
import type { Statistic } from "./connection.js";
import { type EventFilter, EventHub, type EventSink } from "./event_hub.js";
import type { EventBatch } from "./events.js";
import type { SnapshotResult } from "./feeds.js";
import { publishRoom } from "./figures.js";
import type { BgpHandle, PeerView, PolicyView } from "./handle.js";
import { PolicyShelf } from "./policy_shelf.js";
import type {
  BgpMethods,
  NoteEvent,
  PeerState,
  RibEntry,
  RoomFigures,
  RoutePage,
  RouteQuery,
  Version,
} from "./protocol.js";
import type { Validation, ValidationQuery } from "./rtr/protocol.js";
import type { StateReader } from "./shared_state.js";
import type { BlockEvent } from "./state_board.js";
import { StateReaders } from "./state_readers.js";
import type { UpdateBody } from "./update_json.js";

export type { BgpHandle, PeerView } from "./handle.js";

/** Starts the room. Errors: CONFIG, PORT_IN_USE, PORT_DENIED, LISTEN_FAILED. */
export async function startBgp(options: { config: BgpTable; store: Engine; log: Logger }): Promise<BgpHandle> {
  const config = parseBgpConfig(options.config);
  const agent = new Agent(config, options.store, options.log);
  await agent.start();
  return agent;
}

class Agent implements BgpHandle {
  listening: string | null = null;
  readonly #config: ReturnType<typeof parseBgpConfig>;
  readonly #store: Engine;
  readonly #log: Logger;
  readonly #worker: WorkerKeeper<BgpMethods>;
  readonly #fixed: Map<string, PeerConfig>;
  #unwatch: () => void = () => undefined;
  #problem: string | null = null;
  /** Peers that an operator has stopped: a worker that is started again must not dial them. */
  readonly #stopped = new Set<string>();
  readonly #readers = new StateReaders();
  /** Neighbours that the worker has taken in out of the ranges of the configuration. */
  readonly #dynamic = new Map<string, PeerConfig>();
  readonly #hub: EventHub;
  readonly #policies: PolicyShelf;
  #closed = false;

  constructor(config: ReturnType<typeof parseBgpConfig>, store: Engine, log: Logger) {
    this.#config = config;
    this.#store = store;
    this.#log = log;
    this.#fixed = new Map(config.peers.map((peer) => [peer.remote_addr, peer]));
    this.#worker = new WorkerKeeper({
      name: "BGP",
      log,
      spawn: () => {
        const worker = startWorker<BgpMethods, BgpConfig>("BGP", new URL("./worker.js", import.meta.url), config, log);
        worker.client.on<NoteEvent>("note", ({ peer, text }) => log.info(peer === "" ? {} : { peer }, text));
        this.#readers.clear();
        this.#dynamic.clear();
        worker.client.on<BlockEvent>("state", (event) => this.#block(event));
        worker.client.on<EventBatch>("events", (batch) => {
          this.#hub.take(batch);
          this.#tell("eventsTaken", batch.events.length);
        });
        return worker;
      },
      restore: (client) => this.#begin(client),
    });
    this.#policies = new PolicyShelf(config, store, () => this.peers());
    this.#hub = new EventHub((interest) => this.#tell("subscribe", interest));
  }

  /** A call whose failure means nothing: a worker that is started again is told anew. */
  #tell<N extends "subscribe" | "eventsTaken">(method: N, params: Parameters<BgpMethods[N]>[0]): void {
    this.#worker.client.call(method, params).catch(() => undefined);
  }

  #block({ address, block, texts, dynamic }: BlockEvent): void {
    this.#readers.take(address, block, texts);
    if (dynamic) this.#dynamic.set(address, dynamic);
    else if (block !== undefined) this.#dynamic.delete(address);
  }

  /** Listens and brings all peers to a worker that has none. */
  async #begin(client: WorkerClient<BgpMethods>): Promise<void> {
    const { listening, problem } = await client.call("start", undefined);
    this.listening = listening;
    this.#problem = problem;
    const { listen } = this.#config;
    // Port 0 was any: it stays the one that peers know.
    if (listen && listening) {
      this.#config.listen = { ...listen, port: Number(listening.slice(listening.lastIndexOf(":") + 1)) };
    }
    // Posted together: a change that is committed meanwhile follows behind.
    const policies = this.#policies.stored().map((params) => client.call("setPolicy", params));
    const configured = this.#configured().map(({ source: _, ...peer }) => peer);
    const awaited = configured.filter(({ remote_addr }) => !this.#stopped.has(remote_addr));
    const defers = this.#config.select_defer_time > 0 ? [client.call("deferSelection", awaited)] : [];
    const peers = configured.map((peer) => client.call("addPeer", peer));
    const stops = [...this.#stopped].map((address) => client.call("manualStop", { address, reason: "" }));
    const interest = this.#hub.interest();
    await Promise.all([
      ...defers,
      ...policies,
      ...peers,
      ...stops,
      ...(interest ? [client.call("subscribe", interest)] : []),
    ]);
  }

  async start(): Promise<void> {
    try {
      await this.#begin(this.#worker.client);
      if (this.#problem) this.#log.warn(`${this.#problem}; peers are dialled, but none can connect`);
    } catch (error) {
      await this.close();
      throw error;
    }
    const watches = [
      this.#store.watch("bgp_peers", ({ key, value }) => this.#changed(String(key), value)),
      this.#store.watch("bgp_policies", ({ key }) => this.#policyChanged(String(key))),
    ];
    this.#unwatch = () => watches.forEach((end) => void end());
    onScrape(async () => {
      if (!this.#closed && this.#worker.failed === null) publishRoom(await this.figures());
    });
  }

  /** A record was committed: the worker follows. Calls reach it in the order of the commits. */
  #changed(address: string, value: PeerConfig | undefined): void {
    if (this.#fixed.has(address)) return;
    this.#readers.changes(address);
    const done = (
      value ? this.#worker.client.call("addPeer", value) : this.#worker.client.call("removePeer", { address })
    ).finally(() => this.#readers.changed(address));
    // A session that was stopped stays so where its options change without a new one.
    const applied = done.then((fresh) => fresh !== false && this.#stopped.delete(address));
    this.#followed(applied, { peer: address });
  }

  #policyChanged(name: string): void {
    this.#followed(this.#worker.client.call("setPolicy", this.#policies.change(name)), { policy: name });
  }

  #followed(done: Promise<unknown>, what: object): void {
    done.catch((error) => {
      // A worker that is started again gets all there is then.
      if (this.#worker.failed === null) this.#log.error({ err: error, ...what }, "the change was not applied");
    });
  }

  peers(): PeerView[] {
    const configured = this.#configured();
    if (this.#dynamic.size === 0) return configured;
    const known = new Set(configured.map((peer) => peer.remote_addr));
    const others = [...this.#dynamic.values()].filter((peer) => !known.has(peer.remote_addr));
    return [...configured, ...others.map((peer) => this.#dynamicView(peer))];
  }

  /** A dynamic neighbour with the AS that it has told. */
  #dynamicView(peer: PeerConfig): PeerView {
    const { remote_as } = this.#reader(peer.remote_addr)?.state(peer.remote_addr) ?? peer;
    return { ...peer, remote_as, source: "dynamic" };
  }

  /** The peers of the file and of the store. */
  #configured(): PeerView[] {
    const stored = this.#store.list("bgp_peers").filter(({ key }) => !this.#fixed.has(String(key)));
    return [
      ...[...this.#fixed.values()].map((peer) => ({ ...peer, source: "file" as const })),
      ...stored.map(({ value }) => ({ ...value, source: "store" as const })),
    ];
  }

  #find(address: string): PeerView | undefined {
    const fixed = this.#fixed.get(address);
    if (fixed) return { ...fixed, source: "file" };
    const stored = this.#store.get("bgp_peers", address);
    if (stored) return { ...stored, source: "store" };
    const dynamic = this.#dynamic.get(address);
    return dynamic && this.#dynamicView(dynamic);
  }

  peer(text: string): PeerView {
    const address = peerAddress(text);
    const found = address && this.#find(address);
    if (!found) throw new AppError("BGP_PEER_UNKNOWN", { address: text });
    return found;
  }

  async addPeer(body: unknown): Promise<PeerView> {
    const peer = parsePeer(body, { path: "", localAs: this.#config.local_as, fault: bodyFault });
    checkTerms(peer, this.#policies, { path: "", fault: bodyFault });
    await this.#put(peer, true);
    return { ...peer, source: "store" };
  }

  async setPeer(text: string, body: unknown, merge: boolean): Promise<{ peer: PeerView; created: boolean }> {
    const address = peerAddress(text);
    if (!address) throw new AppError("BGP_PEER_UNKNOWN", { address: text });
    const found = this.#find(address);
    // A configured peer takes the place of a dynamic one.
    const old = found?.source === "dynamic" ? undefined : found;
    const fixed = found?.source === "file" || (merge && found?.source === "dynamic");
    if (fixed) throw new AppError("BGP_PEER_FIXED", { address });
    if (!old && merge) throw new AppError("BGP_PEER_UNKNOWN", { address });
    const given = typeof body === "object" && body !== null && !Array.isArray(body) ? body : {};
    const { source: _, ...base } = old ?? { source: "store" };
    const peer = parsePeer(Array.isArray(body) ? body : { remote_addr: address, ...given }, {
      path: "",
      localAs: this.#config.local_as,
      fault: bodyFault,
      ...(merge ? { base: base as PeerConfig } : {}),
    });
    if (peer.remote_addr !== address) bodyFault("remote_addr", peer.remote_addr, `${address}, as in the path`);
    checkTerms(peer, this.#policies, { path: "", fault: bodyFault });
    await this.#put(peer, false);
    return { peer: { ...peer, source: "store" }, created: old === undefined };
  }

  async #put(peer: PeerConfig, fresh: boolean): Promise<void> {
    const address = peer.remote_addr;
    if (this.#fixed.has(address)) throw new AppError(fresh ? "BGP_PEER_EXISTS" : "BGP_PEER_FIXED", { address });
    await this.#store.write((tx) => {
      const known = tx.get("bgp_peers", address) !== undefined;
      if (known && fresh) throw new AppError("BGP_PEER_EXISTS", { address });
      if (!known && tx.count("bgp_peers") + this.#fixed.size >= LIMITS.bgpPeers) {
        throw new AppError("OVERLOADED", { what: "the list of BGP peers", limit: LIMITS.bgpPeers });
      }
      tx.put("bgp_peers", address, peer);
    });
  }

  async removePeer(text: string): Promise<void> {
    const { remote_addr: address, source } = this.peer(text);
    if (source !== "store") throw new AppError("BGP_PEER_FIXED", { address });
    await this.#store.write((tx) => tx.remove("bgp_peers", address));
  }

  #of(text: string): { address: string } {
    return { address: this.peer(text).remote_addr };
  }

  /** The peer's shared figures. A worker that has failed has none that hold. */
  #reader(address: string): StateReader | undefined {
    return this.#worker.failed === null ? this.#readers.of(address) : undefined;
  }

  state(text: string): PeerState | Promise<PeerState> {
    // Readers are of known peers: their addresses need no look into the store.
    const shared = this.#reader(text)?.state(text);
    if (shared) return shared;
    const { address } = this.#of(text);
    return this.#reader(address)?.state(address) ?? this.#worker.client.call("state", { address });
  }

  statistic(text: string): Statistic | Promise<Statistic> {
    const shared = this.#reader(text)?.statistic();
    if (shared) return shared;
    const { address } = this.#of(text);
    return this.#reader(address)?.statistic() ?? this.#worker.client.call("statistic", { address });
  }

  version(text: string, sent: boolean): Version | Promise<Version> {
    const { address } = this.#of(text);
    return this.#reader(address)?.version(sent) ?? this.#worker.client.call("version", { address, sent });
  }

  async manualStart(address: string): Promise<void> {
    const peer = this.#of(address);
    await this.#worker.client.call("manualStart", peer);
    this.#stopped.delete(peer.address);
  }

  async manualStop(address: string, reason = ""): Promise<void> {
    const peer = this.#of(address);
    const passing = this.#dynamic.has(peer.address);
    await this.#worker.client.call("manualStop", { ...peer, reason });
    // A dynamic neighbour goes with its session, and may come back.
    if (!passing) this.#stopped.add(peer.address);
  }

  async manualReset(address: string, reason: string): Promise<void> {
    await this.#worker.client.call("manualReset", { ...this.#of(address), reason });
  }

  async refresh(address: string, body: { afi?: unknown; safi?: unknown; res?: unknown }): Promise<void> {
    const { afi, safi, res } = body;
    await this.#worker.client.call("refresh", { ...this.#of(address), afi, safi, res });
  }

  async update(address: string, body: UpdateBody): Promise<void> {
    await this.#worker.client.call("update", { ...this.#of(address), body });
  }

  async encode(address: string, body: UpdateBody): Promise<Uint8Array> {
    return this.#worker.client.call("encode", { ...this.#of(address), body });
  }

  async sendBinary(address: string, bytes: Uint8Array, force: boolean): Promise<void> {
    await this.#worker.client.call("sendBinary", { ...this.#of(address), bytes, force });
  }

  async lookup(
    address: string,
    query: { sent: boolean; family: string; items: readonly unknown[] },
  ): Promise<(RibEntry | null)[]> {
    return this.#worker.client.call("lookup", { ...this.#of(address), ...query });
  }

  async routes(query: RouteQuery): Promise<RoutePage> {
    const { address: text, ...rest } = query;
    const address = text === undefined ? {} : this.#of(text);
    return this.#worker.client.call("routes", { ...rest, ...address });
  }

  listen(filter: EventFilter, sink: EventSink): () => void {
    return this.#hub.listen(filter, sink);
  }

  async policies(): Promise<PolicyView[]> {
    return this.#policies.views(await this.#worker.client.call("policies", undefined));
  }

  async policy(name: string): Promise<PolicyView> {
    const found = this.#policies.has(name) && (await this.policies()).find((policy) => policy.name === name);
    if (!found) throw new AppError("BGP_POLICY_UNKNOWN", { name });
    return found;
  }

  async setPolicy(name: string, body: unknown): Promise<{ policy: PolicyView; created: boolean }> {
    const created = await this.#policies.put(name, body);
    return { policy: await this.policy(name), created };
  }

  removePolicy(name: string): Promise<void> {
    return this.#policies.remove(name);
  }

  validate(query: ValidationQuery): Promise<Validation> {
    return this.#worker.client.call("validate", query);
  }

  snapshot(): Promise<SnapshotResult> {
    return this.#worker.client.call("snapshot", undefined);
  }

  async figures(): Promise<RoomFigures> {
    return this.#worker.client.call("figures", undefined);
  }

  health(): { readonly status: "up" | "off" | "failed"; readonly detail: string } {
    const { failed } = this.#worker;
    if (failed !== null) return { status: "failed", detail: `the BGP worker has ended: ${failed}` };
    const peers = `${this.peers().length} peers`;
    if (this.listening) return { status: "up", detail: `listening on ${this.listening}, ${peers}` };
    return { status: this.#problem ? "off" : "up", detail: `${this.#problem ?? "not listening"}, ${peers}` };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    await this.#worker.close();
  }
}
