// One configured peer: its RIBs, its session, and for the time of a collision (RFC 4271 §6.8) a second one.

import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { OpenMessage, RibSlot } from "../wasm/bgp_types.js";
import { localJson, remoteJson } from "./capabilities.js";
import type { PeerConfig } from "./config.js";
import { noMessages, type Statistic } from "./connection.js";
import { RIB_FAMILIES } from "./families.js";
import { PeerMemory } from "./memory.js";
import { REFRESH } from "./messages.js";
import type { PeerFigures, PeerState, Version } from "./protocol.js";
import { replay } from "./replay.js";
import { Session, type SessionEvents, type SessionHost } from "./session.js";

export interface PeerHost extends SessionHost {
  log(peer: string, text: string): void;
}

export class Peer {
  readonly config: PeerConfig;
  readonly ribIn: RibSlot;
  readonly ribOut: RibSlot;
  readonly #host: PeerHost;
  readonly #memory = new PeerMemory();
  readonly #events: SessionEvents;
  #session: Session;
  /** A second connection that waits for the collision to be decided. */
  #rival: Session | null = null;
  #upSince = 0;
  #flops = 0;
  #remote: Record<string, unknown> = {};

  constructor(host: PeerHost, config: PeerConfig) {
    this.#host = host;
    this.config = config;
    this.ribIn = host.module.createRib();
    this.ribOut = host.module.createRib();
    this.#events = {
      opened: (session, open) => this.#opened(session, open),
      up: (session) => this.#up(session),
      down: () => this.#down(),
      refresh: (session, afi, safi) => this.#refreshAsked(session, afi, safi),
      lost: (session) => this.#lost(session),
      note: (text) => host.log(config.remote_addr, text),
    };
    this.#session = this.#newSession();
  }

  get ibgp(): boolean {
    return this.config.remote_as === this.config.local_as;
  }

  /** The session that counts. */
  get session(): Session {
    return this.#session;
  }

  get established(): boolean {
    return this.#session.state.name === "ESTABLISHED";
  }

  #newSession(): Session {
    return new Session(this.#host, this.config, this.ribIn, this.#events, this.#memory);
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
  }

  /** Ends the peer for good. */
  dispose(notify: number): void {
    this.#rival?.dispose(notify);
    this.#session.dispose(notify);
    this.#host.module.freeRib(this.ribIn);
    this.#host.module.freeRib(this.ribOut);
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
    const { local_as, remote_as } = this.config;
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
    if (!this.#rival) return;
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
    const { negotiated } = session;
    if (!negotiated) return;
    const families = negotiated.families.map((family) => family.rib);
    const { fourOctetAs, extendedMessages } = negotiated;
    const options = { fourOctetAs, extendedMessages, families };
    this.#host.module.startSession(this.ribIn, { ...options, ibgp: this.ibgp });
    // What we send ourselves is kept as it is, LOCAL_PREF included: hence as if internal.
    this.#host.module.startSession(this.ribOut, { ...options, ibgp: true });
    this.#upSince = performance.now();
    this.#host.log(this.config.remote_addr, "is established");
    for (const family of negotiated.families) {
      this.#replay(session, family.rib);
      if (negotiated.gracefulRestart) session.sendEndOfRib(family);
    }
  }

  #down(): void {
    this.#flops++;
    this.#host.module.clearRib(this.ribIn);
    this.#host.log(this.config.remote_addr, "is down");
  }

  #refreshAsked(session: Session, afi: number, safi: number): void {
    const family = session.negotiated?.families.find((row) => row.afi === afi && row.safi === safi);
    if (!family) return;
    session.sendRefresh(family, REFRESH.begin);
    this.#replay(session, family.rib);
    session.sendRefresh(family, REFRESH.end);
  }

  #replay(session: Session, family: number): void {
    const { connection, negotiated } = session;
    if (!connection || !negotiated) return;
    const unsent = replay(this.#host.module, this.ribOut, family, negotiated.fourOctetAs, connection);
    if (unsent > 0)
      this.#host.log(this.config.remote_addr, `${unsent} prefixes have attributes too long for this session`);
  }

  state(): PeerState {
    const { config } = this;
    const bound = this.established ? this.#session.connection?.localAddress : undefined;
    return {
      capability: { local: localJson(config), remote: this.#remote },
      fsm: this.#session.state.name,
      local_addr: bound || config.local_addr || "0.0.0.0",
      local_as: config.local_as,
      remote_addr: config.remote_addr,
      remote_as: config.remote_as,
      uptime: this.uptimeSeconds,
      last_notification: this.#memory.last,
    };
  }

  get uptimeSeconds(): number {
    return this.established ? (performance.now() - this.#upSince) / 1000 : 0;
  }

  statistic(): Statistic {
    return this.#session.connection?.statistic ?? { receive: noMessages(), send: noMessages() };
  }

  version(sent: boolean): Version {
    const changes = (name: string) => {
      const family = RIB_FAMILIES.find((row) => row.name === name);
      return family ? this.#host.module.changes(sent ? this.ribOut : this.ribIn, family.rib) : 0;
    };
    return { ipv4: changes("ipv4"), ipv6: changes("ipv6"), flowspec: 0, mpls_vpn: 0, sr_policy: 0 };
  }

  figures(): PeerFigures {
    const { module } = this.#host;
    const received = module.counters(this.ribIn);
    const sent = module.counters(this.ribOut);
    return {
      address: this.config.remote_addr,
      fsm: this.#session.state.name,
      stopped: this.#session.state.stopped,
      remoteAs: this.config.remote_as,
      localAs: this.config.local_as,
      uptimeSeconds: this.uptimeSeconds,
      flops: this.#flops,
      queuedBytes: this.#session.connection?.queuedBytes ?? 0,
      statistic: this.statistic(),
      received: {
        withdrawUpdates: received.withdrawUpdates,
        withdrawn: received.withdrawn,
        discarded: received.treatedAsWithdraw + received.familiesIgnored,
      },
      sent: { withdrawUpdates: sent.withdrawUpdates, withdrawn: sent.withdrawn },
      routes: RIB_FAMILIES.filter((family) => this.config.afi_safi.includes(family.name)).map((family) => ({
        family: family.name,
        received: module.prefixCount(this.ribIn, family.rib),
        advertised: module.prefixCount(this.ribOut, family.rib),
      })),
    };
  }
}
