// The speaker: all peers of a worker, the socket that they connect to, and what operators ask of them.

import { createServer, type Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { AppError, listenError, reasonOf } from "../base/errors.js";
import { formatPrefix, parseAddress } from "../base/ip.js";
import { LIMITS } from "../base/limits.js";
import { adviseLargePages } from "../system/libc.js";
import { setListenerMd5, setListenerMd5Prefix } from "../system/tcp_md5.js";
import { setListenerReach } from "../system/tcp_socket.js";
import { BgpModule } from "../wasm/bgp.js";
import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { RibSlot } from "../wasm/bgp_types.js";
import { remotePeerAddress } from "./addresses.js";
import type { BgpConfig, PeerConfig } from "./config.js";
import { Deferral } from "./deferral.js";
import { DynamicNeighbours } from "./dynamic.js";
import { KernelRoutes } from "./kernel_routes.js";
import { Observers } from "./observers.js";
import { Peer, type PeerHost } from "./peer.js";
import { Policies } from "./policies.js";
import type { Policy } from "./policy/policy.js";
import type { PolicyFigures, SpeakerFigures } from "./protocol.js";
import { Routing } from "./routing.js";
import { RpkiClient } from "./rtr/client.js";
import { dialTcp, notifyText } from "./session.js";

/** How long a connection that is refused may take to read why. */
const REFUSAL_MS = 1_000;
const STRANGER_NOTE_MS = 60_000;

/** Log lines: the peer's address ("" for none) and what has happened. */
export type Note = (peer: string, text: string) => void;

/** Peers that come and go without being configured one by one. */
export interface SpeakerEvents {
  added(address: string): void;
  removed(address: string): void;
}

export class Speaker {
  readonly module = new BgpModule();
  /** Our BGP identifier as a number. */
  readonly routerId: number;
  readonly observers = new Observers();
  readonly routing: Routing;
  readonly deferral = new Deferral((families) => this.#tell(families));
  readonly #config: BgpConfig;
  readonly #host: PeerHost;
  readonly #peers = new Map<string, Peer>();
  readonly #dynamic: DynamicNeighbours;
  readonly #events: SpeakerEvents;
  readonly #rpki: RpkiClient;
  readonly #kernel: KernelRoutes | null;
  #server: Server | null = null;
  #listening: string | null = null;
  #strangersRefused = 0;
  #nextStrangerNote = 0;

  constructor(
    config: BgpConfig,
    note: Note,
    events: SpeakerEvents = { added: () => undefined, removed: () => undefined },
  ) {
    this.#config = config;
    this.#events = events;
    const routerId = Buffer.from(parseAddress(config.router_id) as Uint8Array).readUInt32BE(0);
    this.routerId = routerId;
    // Tables are met at random places: with small pages each look-up would miss the translation cache, too. Wasm memory
    // does not move when it grows, up to the 4 GiB that are set aside for it.
    adviseLargePages(this.module.buffer, 2 ** 32);
    this.routing = new Routing(this.module);
    this.#dynamic = new DynamicNeighbours(config.dynamic);
    this.#rpki = new RpkiClient(this.module.roaTable(), config.rpki, {
      changed: () => this.#validateAgain(),
      note: (cache, text) => note("", `RPKI cache ${cache} ${text}`),
    });
    this.#kernel = config.fib.enabled ? new KernelRoutes(this.routing, config.fib, (text) => note("", text)) : null;
    this.#host = {
      module: this.module,
      routerId,
      clusterId: routerId,
      dial: dialTcp,
      log: note,
      routing: this.routing,
      policies: new Policies(this.module.policies, config.policies),
      observers: this.observers,
      deferral: this.deferral,
      restart: () => ({ restarting: this.deferral.restarting, forwarding: [] }),
    };
  }

  /** Opens the way to the kernel and to RPKI caches. Errors: BGP_FIB_DENIED, and what the kernel answers. */
  start(): void {
    this.#kernel?.start();
    this.#rpki.start();
  }

  /** Routes of these families have been waited for. */
  #tell(families: readonly number[]): void {
    for (const peer of this.#peers.values()) peer.routes.exporter.release(families);
  }

  /** VRPs have changed: routes of peers whose policy looks at them are judged anew, and told anew. */
  #validateAgain(): void {
    for (const peer of this.#peers.values()) peer.routes.validationChanged();
  }

  get rpki(): RpkiClient {
    return this.#rpki;
  }

  get kernel(): KernelRoutes | null {
    return this.#kernel;
  }

  /** All peers by address. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** What comes from all peers. */
  ribsIn(): RibSlot[] {
    return [...this.#peers.values()].map((peer) => peer.routes.ribIn);
  }

  /** The peer whose routes have a source's index; null when it has gone. */
  peerOfSource(index: number): Peer | null {
    const address = this.routing.owners.get(index);
    return address === undefined ? null : (this.#peers.get(address) ?? null);
  }

  /** Listens. Rejects with the catalogue's error for the address. */
  listen(): Promise<string | null> {
    const where = this.#config.listen;
    if (!where) return Promise.resolve(null);
    const host = where.host.includes(":") ? `[${where.host}]` : where.host;
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    server.maxConnections = LIMITS.bgpConnectionsWaiting + LIMITS.bgpPeers;
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) =>
        reject(listenError(error.code, "BGP", `${host}:${where.port}`, "--bgp")),
      );
      server.listen(where.port, where.host, () => {
        server.removeAllListeners("error");
        server.on("error", (error) => this.#host.log("", `the listening socket failed: ${error.message}`));
        this.#server = server;
        this.#prepareRanges();
        const bound = server.address();
        const port = typeof bound === "object" && bound ? bound.port : where.port;
        this.#listening = `${host}:${port}`;
        resolve(this.#listening);
      });
    });
  }

  /** What dynamic neighbours ask of the listening socket. */
  #prepareRanges(): void {
    const server = this.#server;
    if (!server) return;
    if (this.#dynamic.ttlSecurity) setListenerReach(server, this.#listensOnIpv6);
    for (const { prefix, key } of this.#dynamic.signed) {
      try {
        setListenerMd5Prefix(server, this.#listensOnIpv6, prefix, key);
      } catch (error) {
        this.#host.log(formatPrefix(prefix), `its MD5 key cannot be set on the listening socket: ${reasonOf(error)}`);
      }
    }
  }

  #accept(socket: Socket): void {
    socket.on("error", () => undefined);
    const address = remotePeerAddress(socket.remoteAddress) ?? "";
    const peer = this.#peers.get(address) ?? this.#admit(address);
    const refused = peer ? peer.accept(socket) : NOTIFY.rejected;
    if (refused === null) return;
    if (peer) this.#host.log(peer.config.remote_addr, `its connection is refused with ${notifyText(refused)}`);
    else this.#noteStranger(socket.remoteAddress ?? "");
    socket.end(this.module.encodeNotification({ notify: refused, data: new Uint8Array() }));
    socket.resume();
    // Not the socket's own time-out: who goes on sending would hold a place among the connections that may wait.
    const timer = setTimeout(() => socket.destroy(), REFUSAL_MS);
    socket.once("close", () => clearTimeout(timer));
  }

  /** A peer for an address of a dynamic range; undefined for a stranger, or when the range is full. */
  #admit(address: string): Peer | undefined {
    const admission = this.#peers.size < LIMITS.bgpPeers ? this.#dynamic.admit(address) : null;
    if (admission?.kind !== "peer") return undefined;
    const { config, accepts } = admission;
    const peer = new Peer(this.#host, config, { accepts, ended: () => this.#forgetDynamic(address, peer) });
    this.#peers.set(address, peer);
    this.#events.added(address);
    peer.start();
    return peer;
  }

  #forgetDynamic(address: string, peer: Peer): void {
    if (this.#peers.get(address) !== peer) return;
    peer.dispose(NOTIFY.deconfigured);
    this.#peers.delete(address);
    this.#dynamic.release(address);
    this.#events.removed(address);
  }

  /** Counts each stranger, but tells the log of one a minute at most: it must not be theirs to fill. */
  #noteStranger(address: string): void {
    this.#strangersRefused++;
    const now = performance.now();
    if (now < this.#nextStrangerNote) return;
    this.#nextStrangerNote = now + STRANGER_NOTE_MS;
    this.#host.log("", `a connection from ${address} is refused: no peer has this address`);
  }

  /**
   * Adds a peer and starts it, in place of the one with its address if there is one. False when that one's session goes
   * on: only such options differ as need no new one.
   */
  addPeer(config: PeerConfig): boolean {
    const old = this.#peers.get(config.remote_addr);
    if (old?.reconfigure(config)) return false;
    if (old) this.removePeer(config.remote_addr, NOTIFY.configChange);
    const peer = new Peer(this.#host, config);
    this.#peers.set(config.remote_addr, peer);
    if (config.md5 !== "") this.#signed(config.remote_addr, config.md5);
    if (config.ttl_security > 0 && this.#server) setListenerReach(this.#server, this.#listensOnIpv6);
    peer.start();
    return true;
  }

  /** Puts a policy in place of the one with its name, or takes it away (null). */
  setPolicy(name: string, policy: Policy | null): void {
    const free = this.#host.policies.set(name, policy);
    for (const peer of this.#peers.values()) peer.policyChanged(name);
    free();
  }

  policyFigures(): PolicyFigures[] {
    return this.#host.policies.figures();
  }

  get #listensOnIpv6(): boolean {
    return this.#config.listen?.host.includes(":") ?? false;
  }

  /** Sets or removes ("") the key that a peer's incoming connections must be signed with. */
  #signed(address: string, key: string): void {
    if (!this.#server) return;
    try {
      setListenerMd5(this.#server, this.#listensOnIpv6, address, key);
    } catch (error) {
      this.#host.log(address, `its MD5 key cannot be set on the listening socket: ${reasonOf(error)}`);
    }
  }

  removePeer(address: string, notify: number = NOTIFY.deconfigured): void {
    const peer = this.#peers.get(address);
    if (peer && peer.config.md5 !== "") this.#signed(address, "");
    peer?.dispose(notify);
    this.#peers.delete(address);
    this.#dynamic.release(address);
  }

  /** Errors: BGP_PEER_UNKNOWN. */
  peer(address: string): Peer {
    const peer = this.#peers.get(address);
    if (!peer) throw new AppError("BGP_PEER_UNKNOWN", { address });
    return peer;
  }

  /** Errors: BGP_PEER_STATE when the peer's session is not established. */
  establishedPeer(address: string): Peer {
    const peer = this.peer(address);
    if (!peer.established) throw new AppError("BGP_PEER_STATE");
    return peer;
  }

  manualStart(address: string): void {
    const peer = this.peer(address);
    const { name } = peer.session.state;
    if (name === "ESTABLISHED") throw new AppError("BGP_ALREADY_ESTABLISHED");
    if (name !== "IDLE") throw new AppError("BGP_IDLE_HOLD");
    peer.start();
  }

  /** Errors: BGP_PEER_STATE when the peer was stopped: it does not come up by itself. */
  manualReset(address: string, reason: string): void {
    if (!this.peer(address).reset(reason)) throw new AppError("BGP_PEER_STATE");
  }

  figures(): SpeakerFigures {
    return {
      peers: [...this.#peers.values()].map((peer) => peer.figures()),
      listening: this.#listening,
      strangersRefused: this.#strangersRefused,
      memory: this.module.memory(),
    };
  }

  /** Ends all sessions and stops listening. */
  async close(): Promise<void> {
    this.deferral.close();
    this.#rpki.close();
    this.#kernel?.close();
    for (const address of [...this.#peers.keys()]) this.removePeer(address, NOTIFY.shutdown);
    await this.observers.close();
    const server = this.#server;
    this.#server = null;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
