// One monitoring station (RFC 7854 §3): dialled, told of all sessions, dialled again. What it does not read is not kept:
// a station that stops reading loses its connection.

import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import { reasonOf } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import type { DownReason, ObservedPeer } from "../observer.js";
import { sessionFamilies } from "../open_families.js";
import type { RibSource } from "../rib_source.js";
import { endOfRib, routeUpdates } from "../route_update.js";
import type { StationConfig } from "./config.js";
import * as bmp from "./messages.js";

const BACKOFF_MOST = 16;
/** How long a station may take to read what waits while it is told of a table. */
const STALL_MS = 60_000;
const CONNECT_MS = 10_000;
/** How long the last words may take. */
const END_MS = 1_000;

export interface StationHost {
  /** What a station is told that we are (sysDescr): product and version. */
  readonly description: string;
  readonly rib: RibSource;
  /** Figures of a peer; null when there are none. */
  statistics(address: string): bmp.PeerStatistics | null;
  note(text: string): void;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface StationCounters {
  readonly station: string;
  connected: boolean;
  /** BMP messages are not counted one by one: bytes are. */
  bytes: number;
  connections: number;
  /** Connections that we ended because the station did not read. */
  dropped: number;
  failures: number;
}

/** What is kept for a peer whose session is up. */
interface UpPeer {
  readonly peer: ObservedPeer;
  /** Of what its session sends, and of what is rebuilt from the RIB. */
  readonly head: Buffer;
  readonly dumpHead: Buffer;
  readonly since: number;
}

export class Station {
  readonly counters: StationCounters;
  readonly #config: StationConfig;
  readonly #host: StationHost;
  readonly #peers: ReadonlyMap<string, UpPeer>;
  #socket: Socket | null = null;
  #retryTimer: NodeJS.Timeout | undefined;
  #reportTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;
  /** Told once until it works again. */
  #failureTold = false;

  constructor(config: StationConfig, host: StationHost, peers: ReadonlyMap<string, UpPeer>) {
    this.#config = config;
    this.#host = host;
    this.#peers = peers;
    const name = config.host.includes(":") ? `[${config.host}]:${config.port}` : `${config.host}:${config.port}`;
    this.counters = { station: name, connected: false, bytes: 0, connections: 0, dropped: 0, failures: 0 };
    this.#dial();
  }

  get connected(): boolean {
    return this.counters.connected;
  }

  up({ peer, head, since }: UpPeer): void {
    this.#send(bmp.peerUp(head, since, peer));
  }

  down({ head }: UpPeer, reason: DownReason): void {
    this.#send(bmp.peerDown(head, this.#host.now(), reason));
  }

  /** Sends what has been encoded already: it is the same for all stations. */
  tell(bytes: Buffer): void {
    this.#send(bytes);
  }

  /** Says that we end, and closes. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    if (!socket) return;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    if (this.connected) socket.end(bmp.termination(bmp.TERMINATION.administrative));
    else socket.destroy();
    const timer = setTimeout(() => socket.destroy(), END_MS);
    await closed;
    clearTimeout(timer);
  }

  #dial(): void {
    const { host, port } = this.#config;
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(new Error("no answer")), CONNECT_MS);
    let failure = "the station has closed the connection";
    socket.on("connect", () => {
      clearTimeout(timer);
      this.#begin(socket);
    });
    // A station has nothing to say (RFC 7854 §3.2): it is read so that its end is seen.
    socket.resume();
    socket.on("error", (error) => {
      failure = reasonOf(error);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      this.#gone(failure);
    });
  }

  #gone(reason: string): void {
    const { counters } = this;
    clearInterval(this.#reportTimer);
    this.#socket = null;
    if (counters.connected) this.#host.note(`BMP station ${counters.station}: the connection has ended: ${reason}`);
    else counters.failures++;
    if (!counters.connected && !this.#failureTold) {
      this.#failureTold = true;
      this.#host.note(`BMP station ${counters.station} cannot be reached: ${reason}`);
    }
    counters.connected = false;
    if (this.#closed) return;
    const seconds = this.#config.retry * Math.min(2 ** this.#failures++, BACKOFF_MOST);
    this.#retryTimer = setTimeout(() => this.#dial(), seconds * 1_000).unref();
  }

  #begin(socket: Socket): void {
    const { counters } = this;
    counters.connected = true;
    counters.connections++;
    this.#failures = 0;
    this.#failureTold = false;
    this.#host.note(`BMP station ${counters.station} is connected`);
    this.#send(bmp.initiation(this.#config.name || hostname(), this.#host.description));
    for (const up of this.#peers.values()) this.up(up);
    void this.#dump(socket, [...this.#peers.values()]).catch((error: unknown) => {
      // Without its tables a station would take what it has for all there is.
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    if (this.#config.statistics > 0) {
      this.#reportTimer = setInterval(() => this.#report(), this.#config.statistics * 1_000).unref();
    }
  }

  /** Adj-RIB-In of each peer that is up, with an End-of-RIB a family (RFC 7854 §5). UPDATEs of now may come between. */
  async #dump(socket: Socket, peers: readonly UpPeer[]): Promise<void> {
    for (const up of peers) {
      const { peer, dumpHead } = up;
      const still = () => this.#socket === socket && this.#peers.get(peer.address) === up;
      const addPath = (family: number) => peer.addPathIn.includes(family);
      for await (const batch of this.#host.rib.routes(peer.address)) {
        if (!still()) break;
        this.#monitor(dumpHead, routeUpdates(batch, addPath));
        if (socket.writableNeedDrain) await this.#drained(socket);
      }
      if (this.#socket !== socket) return;
      if (!still()) continue;
      this.#monitor(dumpHead, Buffer.concat(sessionFamilies(peer).map(([afi, safi]) => endOfRib(afi, safi))));
    }
  }

  #monitor(head: Buffer, messages: Buffer): void {
    if (messages.length > 0) this.#send(bmp.routeMonitoring(head, this.#host.now(), messages));
  }

  /** Resolves when the station has read, or is gone. */
  #drained(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#drop(socket, `it has read nothing for ${STALL_MS / 1_000} s`), STALL_MS);
      const done = () => {
        clearTimeout(timer);
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }

  #report(): void {
    for (const { peer, head } of this.#peers.values()) {
      const figures = this.#host.statistics(peer.address);
      if (figures) this.#send(bmp.statistics(head, this.#host.now(), figures));
    }
  }

  #send(bytes: Buffer): void {
    const socket = this.#socket;
    if (!socket || !this.connected || socket.destroyed) return;
    this.counters.bytes += bytes.length;
    socket.write(bytes);
    if (socket.writableLength > LIMITS.bgpBmpQueueBytes) {
      this.#drop(
        socket,
        `it does not read: ${socket.writableLength} bytes wait, at most ${LIMITS.bgpBmpQueueBytes} may`,
      );
    }
  }

  #drop(socket: Socket, reason: string): void {
    this.counters.dropped++;
    socket.destroy(new Error(reason));
  }
}
