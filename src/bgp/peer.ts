// One configured peer: its RIBs, its session, and for the time of a collision (RFC 4271 §6.8) a second one.

import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { formatAddress } from "../base/ip.js";
import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { OpenMessage } from "../wasm/bgp_types.js";
import { localJson, remoteJson } from "./capabilities.js";
import type { PeerConfig } from "./config.js";
import { noMessages, type Statistic } from "./connection.js";
import { FAMILIES, supported } from "./families.js";
import { liveChanges } from "./live_options.js";
import { PeerMemory } from "./memory.js";
import type { Negotiated } from "./negotiate.js";
import type { ObservedPeer } from "./observer.js";
import type { Observers } from "./observers.js";
import { PeerRoutes, quad, type RoutesHost } from "./peer_routes.js";
import type { PeerFigures, PeerState, Version } from "./protocol.js";
import { Session, type SessionEvents, type SessionHost } from "./session.js";
import { versionOf } from "./shared_state.js";

export interface PeerHost extends SessionHost, RoutesHost {
  log(peer: string, text: string): void;
  readonly observers: Observers;
}

export class Peer {
  readonly config: PeerConfig;
  readonly routes: PeerRoutes;
  /** Called when figures have changed; cheap, and often. */
  touched: () => void = () => undefined;
  readonly #host: PeerHost;
  readonly #memory: PeerMemory;
  readonly #events: SessionEvents;
  #session: Session;
  /** A second connection that waits for the collision to be decided. */
  #rival: Session | null = null;
  readonly #dynamic: { accepts(as: number): boolean; ended(): void } | null;
  #observed: ObservedPeer | null = null;
  #upSince = 0;
  /** When the latest session came up, in seconds since 1970; 0 when none has. */
  upSinceEpoch = 0;
  /** When it came up or went down, ms of performance.now(); 0 never. */
  #changedAt = 0;
  #flops = 0;
  #remote: Record<string, unknown> = {};
  /** Families whose limit is near. */
  readonly #warned = new Set<number>();

  /** `accepts`: of a dynamic neighbour, the AS numbers that it may have. `ended`: it is one, and its session has gone. */
  constructor(
    host: PeerHost,
    config: PeerConfig,
    dynamic: { accepts(as: number): boolean; ended(): void } | null = null,
  ) {
    this.#host = host;
    this.config = config;
    this.#memory = new PeerMemory(dynamic?.accepts ?? null);
    this.#dynamic = dynamic;
    const note = (text: string) => host.log(config.remote_addr, text);
    this.routes = new PeerRoutes(host, config, { endOfRib: () => undefined, note });
    this.#events = {
      opened: (session, open) => this.#opened(session, open),
      up: (session) => this.#up(session),
      down: (session) => this.#down(session),
      batch: () => this.#batch(),
      refresh: (session, afi, safi) => this.#refreshAsked(session, afi, safi),
      refreshBegan: (_, family) => this.routes.refreshBegan(family),
      refreshEnded: (_, family) => this.routes.refreshEnded(family),
      drained: () => this.routes.exporter.drained(),
      lost: (session) => this.#lost(session),
      touched: () => this.touched(),
      unreachable: (error) => host.observers.unreachable(config.remote_addr, error),
      note,
    };
    this.#session = this.#newSession();
  }

  get ibgp(): boolean {
    return this.#remoteAs === this.config.local_as;
  }

  /** Of a dynamic neighbour the one that its OPEN has told. */
  get #remoteAs(): number {
    return this.#session.config.remote_as;
  }

  /** The session that counts. */
  get session(): Session {
    return this.#session;
  }

  get established(): boolean {
    return this.#session.state.name === "ESTABLISHED";
  }

  #newSession(): Session {
    return new Session(this.#host, this.config, this.routes.ribIn, this.#events, this.#memory);
  }

  /**
   * Takes other options while the session goes on. False, and nothing is done, when it needs a new one: options differ
   * that both ends agree on, or that connections are made with.
   */
  reconfigure(config: PeerConfig): boolean {
    const changed = this.#dynamic ? null : liveChanges(this.config, config);
    if (!changed) return false;
    // The session and the routes have the same object.
    Object.assign(this.config, config);
    this.#warned.clear();
    this.#judge(changed);
    this.#limit();
    return true;
  }

  /** A policy has been replaced: what it judges is judged anew. */
  policyChanged(name: string): void {
    const { import: imported, export: exported } = this.config;
    this.#judge({ import: imported === name, export: exported === name });
  }

  #judge(which: { readonly import: boolean; readonly export: boolean }): void {
    if (which.import || which.export) this.routes.reconfigured(this.#session, which);
  }

  start(): void {
    this.#memory.forget();
    this.#session.input({ kind: "start" });
  }

  /** Ends the session until start(). */
  stop(notify: number = NOTIFY.shutdown, text = ""): void {
    this.#rival?.dispose(notify, text);
    this.#rival = null;
    this.#session.stop(notify, text);
    this.routes.forget();
    this.#passes();
  }

  /** Ends the session, which comes up again by itself. False when it was stopped. */
  reset(text: string): boolean {
    if (this.#session.state.stopped) return false;
    this.#rival?.dispose(NOTIFY.reset, text);
    this.#rival = null;
    this.#memory.forget();
    this.#session.reset(text);
    return true;
  }

  /** A dynamic neighbour does not outlive its connection. */
  #passes(): void {
    if (this.#dynamic) setImmediate(() => this.#dynamic?.ended());
  }

  /** Ends the peer for good. */
  dispose(notify: number): void {
    this.#rival?.dispose(notify);
    this.#session.dispose(notify);
    this.routes.dispose();
  }

  /** Takes a connection from the peer; the reason when it is refused, as NOTIFICATION code. */
  accept(socket: Socket): number | null {
    const { name, stopped } = this.#session.state;
    if (stopped || this.#session.damped) return NOTIFY.rejected;
    if (name === "ESTABLISHED" || this.#rival) return NOTIFY.collision;
    if (this.#session.connected) {
      this.#rival = this.#newSession();
      this.#rival.accept(socket);
    } else this.#session.accept(socket);
    return null;
  }

  /** RFC 4271 §6.8, RFC 6286 §2.3: decides once both connections have shown who the peer is. */
  #opened(session: Session, open: OpenMessage): boolean {
    this.#remote = remoteJson(open);
    const other = session === this.#session ? this.#rival : this.#session;
    if (!other || (other.state.name !== "OPENCONFIRM" && other.state.name !== "ESTABLISHED")) return true;
    const { local_as, remote_as } = session.config;
    const mine = this.#host.routerId;
    const keepOurs = mine === open.identifier ? local_as > remote_as : mine > open.identifier;
    const sessionStays = other.state.name !== "ESTABLISHED" && session.connection?.outgoing === keepOurs;
    this.#host.log(this.config.remote_addr, "has two connections; one is closed");
    const loser = sessionStays ? other : session;
    if (loser === this.#session) this.#session = session === loser ? other : session;
    this.#rival = null;
    loser.input({ kind: "collision" });
    loser.dispose(NOTIFY.collision);
    return sessionStays;
  }

  /** While there are two connections, the one that is lost does not come back: the other one goes on. */
  #lost(session: Session): void {
    if (!this.#rival) {
      this.#passes();
      return;
    }
    if (session === this.#session) this.#session = this.#rival;
    else if (session !== this.#rival) return;
    this.#rival = null;
    session.dispose(NOTIFY.collision);
  }

  #up(session: Session): void {
    if (session === this.#rival) {
      // The other one has never sent its OPEN: RFC 4271 §6.8 lets an established connection win.
      const silent = this.#session;
      this.#session = session;
      this.#rival = null;
      silent.dispose(NOTIFY.collision);
    }
    const { negotiated, open } = session;
    if (!negotiated || !open) return;
    this.#upSince = performance.now();
    this.#changedAt = this.#upSince;
    this.upSinceEpoch = Math.floor(Date.now() / 1000);
    this.#host.log(this.config.remote_addr, "is established");
    this.#observe(session, negotiated);
    this.routes.up(session, open);
  }

  /** Tells the observers of the session, and lets them see its messages. */
  #observe(session: Session, negotiated: Negotiated): void {
    const { connection, openSent, openReceived, open, config } = session;
    const { observers } = this.#host;
    if (!connection || !openSent || !openReceived || !open) return;
    const peer: ObservedPeer = {
      address: config.remote_addr,
      remoteAs: config.remote_as,
      localAs: config.local_as,
      localAddress: connection.localAddress,
      localPort: connection.localPort,
      remotePort: connection.remotePort,
      remoteId: open.identifier,
      ibgp: this.ibgp,
      fourOctetAs: negotiated.fourOctetAs,
      addPathIn: negotiated.addPathIn,
      addPathOut: negotiated.addPathOut,
      openSent,
      openReceived,
    };
    this.#observed = peer;
    connection.tap = observers.tap(peer);
    observers.up(peer);
  }

  #down(session: Session): void {
    this.#flops++;
    this.#changedAt = performance.now();
    if (this.#observed) this.#host.observers.down(this.#observed, session.ended);
    this.#observed = null;
    this.routes.down(session);
    this.#host.log(this.config.remote_addr, "is down");
    this.#passes();
  }

  /** UPDATEs have been decoded: into the tables, and on to the others. */
  #batch(): boolean {
    const applied = this.#host.routing.apply(this.routes.ribIn);
    this.routes.noticeEnds();
    this.#limit();
    return applied;
  }

  /** RFC 4486: too many prefixes end the session, if the peer has a limit. */
  #limit(): void {
    const { max_prefix: limit } = this.config;
    if (limit === 0) return;
    for (const family of this.#session.negotiated?.families ?? []) {
      const count = this.#host.module.tables.count(this.routes.ribIn, family.rib);
      if (count > limit) {
        this.#session.tooManyPrefixes(family);
        return;
      }
      this.#warnOfLimit(family.rib, count, limit);
    }
  }

  #warnOfLimit(family: number, count: number, limit: number): void {
    const over = count * 100 > limit * this.config.max_prefix_warn;
    if (over && !this.#warned.has(family)) {
      this.#host.log(this.config.remote_addr, `${count} of at most ${limit} prefixes of ${FAMILIES[family]?.name}`);
    }
    if (over) this.#warned.add(family);
    else this.#warned.delete(family);
  }

  #refreshAsked(session: Session, afi: number, safi: number): void {
    const family = session.negotiated?.families.find((row) => row.afi === afi && row.safi === safi);
    if (family) this.routes.refresh(session, family.rib);
  }

  state(): PeerState {
    const { config } = this.#session;
    const bound = this.established ? this.#session.connection?.localAddress : undefined;
    return {
      capability: { local: localJson(config), remote: this.#remote },
      fsm: this.#session.state.name,
      local_addr: bound || config.local_addr || "0.0.0.0",
      local_as: config.local_as,
      remote_addr: config.remote_addr,
      remote_as: this.#remoteAs,
      uptime: this.uptimeSeconds,
      last_notification: this.#memory.last,
      last_malformed: this.#memory.lastMalformed,
    };
  }

  get uptimeSeconds(): number {
    return this.established ? (performance.now() - this.#upSince) / 1000 : 0;
  }

  /** The peer's end of the session, as far as there is one. */
  #ends(): Pick<PeerFigures, "remoteId" | "localPort" | "remotePort" | "holdSeconds" | "keepaliveSeconds"> {
    const { connection, negotiated, open } = this.#session;
    const holdSeconds = this.established ? (negotiated?.holdTime ?? 0) : 0;
    const own = this.config.keep_alive_time;
    const third = Math.floor(holdSeconds / 3);
    return {
      remoteId: open ? formatAddress(quad(open.identifier)) : "0.0.0.0",
      localPort: this.established ? (connection?.localPort ?? 0) : 0,
      remotePort: this.established ? (connection?.remotePort ?? 0) : 0,
      holdSeconds,
      keepaliveSeconds: own === 0 ? third : Math.min(own, third),
    };
  }

  statistic(): Statistic {
    return this.#session.connection?.statistic ?? { receive: noMessages(), send: noMessages() };
  }

  /** Route changes on this connection, by family index. */
  changes(sent: boolean): number[] {
    const { tables } = this.#host.module;
    const { exporter, ribIn } = this.routes;
    return FAMILIES.map(({ rib }) =>
      sent ? tables.changes(exporter.fixed, rib) + tables.changes(exporter.out, rib) : tables.changes(ribIn, rib),
    );
  }

  version(sent: boolean): Version {
    return versionOf(this.changes(sent));
  }

  figures(): PeerFigures {
    const { tables } = this.#host.module;
    const { exporter, ribIn } = this.routes;
    const received = tables.counters(ribIn);
    const sent = tables.counters(exporter.fixed);
    return {
      address: this.config.remote_addr,
      fsm: this.#session.state.name,
      stopped: this.#session.state.stopped,
      remoteAs: this.#remoteAs,
      localAs: this.config.local_as,
      uptimeSeconds: this.uptimeSeconds,
      flops: this.#flops,
      ...this.#ends(),
      changedSeconds: this.#changedAt === 0 ? null : (performance.now() - this.#changedAt) / 1000,
      queuedBytes: this.#session.connection?.queuedBytes ?? 0,
      statistic: this.statistic(),
      received: {
        withdrawUpdates: received.withdrawUpdates,
        withdrawn: received.withdrawn,
        discarded: received.treatedAsWithdraw + received.familiesIgnored + received.pathsRefused,
        malformed: this.#memory.malformedCount,
      },
      sent: { withdrawUpdates: sent.withdrawUpdates, withdrawn: sent.withdrawn },
      routes: supported(this.config.afi_safi).map((family) => ({
        family: family.name,
        received: tables.count(ribIn, family.rib),
        accepted: tables.accepted(ribIn, family.rib),
        advertised: tables.count(exporter.fixed, family.rib) + tables.count(exporter.out, family.rib),
      })),
    };
  }
}
