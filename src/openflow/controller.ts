// The OpenFlow listener and its switches, inside the worker: who is connected, and what operators ask of them.

import type { Server, Socket } from "node:net";
import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import { OpenFlowCodec } from "../wasm/openflow.js";
import { RecordReader } from "../wasm/openflow_records.js";
import { CODEC_TABLES } from "./actions.js";
import type { OpenFlowConfig } from "./config.js";
import { addCounters, newCounters, type SessionCounters } from "./counters.js";
import { type EventStream, removalName } from "./events.js";
import { bind, plainServer, type TlsListener, tlsListener, unbind } from "./listener.js";
import {
  type Description,
  dpidText,
  type Features,
  MULTIPART,
  PORT_REASON,
  type Port,
  portIsDown,
} from "./messages.js";
import { Topology } from "./net/topology.js";
import { installOwnFlows } from "./packet_flows.js";
import { PacketPaths } from "./packet_path.js";
import { PacketTap } from "./packet_tap.js";
import type { ChangeResult } from "./requests.js";
import { Session, type SessionListener, type SessionTimes } from "./session.js";
import type { TlsConfig } from "./tls_config.js";

export interface Datapath {
  readonly features: Features;
  readonly description: Description;
  readonly address: string;
  readonly port: number;
  /** This controller's address as the switch reached it. */
  readonly controllerAddress: string;
  /** Epoch ms. */
  readonly readyAt: number;
  readonly lastMessageAt: number;
}

/** What metrics tell of a port. */
export interface PortState extends Pick<Port, "number" | "name" | "state" | "currentSpeed" | "maxSpeed"> {
  readonly up: boolean;
}

export interface DatapathCounters extends SessionCounters {
  readonly dpid: string;
  readonly name: string;
  readonly up: boolean;
  readonly connections: number;
  readonly disconnections: number;
  /** Whether the switch has statistics of ports. */
  readonly countsPorts: boolean;
  readonly ports: readonly PortState[];
}

export interface ControllerTotals extends SessionCounters {
  /** How long they have been counted. */
  readonly durationMs: number;
}

/** What the controller tells the control thread. */
export interface ControllerListener {
  up(dpid: string, address: string, version: number): void;
  down(dpid: string, address: string, reason: string): void;
  /** Something does not work as it should with a switch that is served. */
  warned(dpid: string, reason: string): void;
  /** A connection that never became a switch. */
  refused(address: string, reason: string): void;
}

/** What became of a change: the switch's errors, and flows that were not there, by their place in it. */
export interface FlowResult extends ChangeResult {
  readonly missing: readonly number[];
}

/** Totals of a datapath over all of its connections. */
interface Life {
  name: string;
  connections: number;
  disconnections: number;
  before: SessionCounters;
}

const TICK_MS = 250;
/** Bit of a switch's capabilities (spec §7.3.1), the same in 1.0. */
const OFPC_PORT_STATS = 1 << 2;
/** By OFPPR_*: PORT_STATUS reasons (spec §7.4.3). */
const PORT_EVENTS = ["add", "delete", "modify"] as const;
/** FLOW_MOD commands that name one exact flow (spec §7.3.4.1). */
const STRICT = new Set([2, 4]);
/** How many existence questions one change has with the switch at a time. */
const QUESTIONS = 256;

export class Controller implements SessionListener {
  readonly tap = new PacketTap();
  readonly topology: Topology;
  readonly #config: OpenFlowConfig;
  readonly #codec = new OpenFlowCodec(CODEC_TABLES);
  readonly #paths: PacketPaths;
  readonly #listener: ControllerListener;
  readonly #events: EventStream | null;
  readonly #plain: Server;
  #tls: TlsListener | null = null;
  readonly #sessions = new Set<Session>();
  readonly #datapaths = new Map<string, Session>();
  readonly #lives = new Map<string, Life>();
  readonly #times: SessionTimes;
  /** What all connections that have ended have counted. */
  readonly #ended = newCounters();
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** `events`: what happens to switches, for those who want to know. */
  constructor(config: OpenFlowConfig, listener: ControllerListener, events: EventStream | null = null) {
    this.#events = events;
    this.#config = config;
    this.#listener = listener;
    this.#paths = new PacketPaths(config.packets, this.#codec, this.tap);
    this.topology = new Topology(config, this.tap);
    const channel = {
      handshakeMs: config.handshakeSeconds * 1000,
      echoMs: config.echoSeconds * 1000,
      deadMs: config.deadSeconds * 1000,
    };
    this.#times = { channel, requestMs: config.requestSeconds * 1000 };
    this.#plain = plainServer(this.#reception);
  }

  readonly #reception = {
    accept: (socket: Socket): void => {
      if (this.#sessions.size >= LIMITS.openflowSwitches) this.#makeRoom();
      if (this.#sessions.size >= LIMITS.openflowSwitches) {
        const address = socket.remoteAddress ?? "";
        socket.on("error", () => undefined).destroy();
        this.#listener.refused(address, `over ${LIMITS.openflowSwitches} switches`);
        return;
      }
      this.#sessions.add(new Session(socket, this.#codec, this.#times, this));
    },
    refuse: (address: string, reason: string): void => this.#listener.refused(address, reason),
  };

  /** Strangers who connect and say nothing must not keep switches out: the one that has waited longest has to go. */
  #makeRoom(): void {
    const oldest = [...this.#sessions].find(({ readyAt }) => readyAt === 0);
    oldest?.close("others wait, and it has not finished its handshake");
  }

  /** Binds the plain listener; returns the port. Errors: PORT_IN_USE, PORT_DENIED, LISTEN_FAILED. */
  listen(): Promise<number> {
    const { host, port } = this.#config.listen ?? { host: "0.0.0.0", port: 0 };
    this.#tick();
    return bind(this.#plain, host, port, "--openflow");
  }

  /** Binds the listener for TLS; returns the port. Errors: as `listen`. */
  listenTls(tls: TlsConfig): Promise<number> {
    this.#tls = tlsListener(tls, this.#times.channel.handshakeMs, this.#reception);
    this.#tick();
    return bind(this.#tls.server, tls.listen.host, tls.listen.port, "openflow.tls.listen");
  }

  /** One timer for all switches: an idle one costs a comparison. */
  #tick(): void {
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      for (const session of this.#sessions) session.tick(now);
      this.topology.tick(now);
    }, TICK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const session of [...this.#sessions]) session.close("the controller is shutting down");
    const gone = [unbind(this.#plain), unbind(this.#tls?.server)];
    this.#tls?.hangUp();
    await Promise.all(gone);
  }

  ready(session: Session): void {
    const { dpid } = session.features;
    // A switch that lost its connection silently comes back before we notice: the newest connection is the true one.
    this.#datapaths.get(dpid)?.close("a newer connection of the same datapath took over");
    this.#datapaths.set(dpid, session);
    const life = this.#life(dpid);
    life.connections++;
    const { datapath } = session.description;
    // Open vSwitch says "None" for a bridge that was given no description.
    life.name = datapath === "" || datapath === "None" ? dpidText(dpid) : datapath;
    session.path = this.#paths.open(session);
    installOwnFlows(session, this.#config.packets).catch((error: Error) => {
      if (this.#datapaths.get(dpid) === session)
        this.#listener.warned(dpid, `the controller's own flows: ${error.message}`);
    });
    this.topology.ready(session);
    this.#listener.up(dpid, `${session.address}:${session.port}`, session.version);
  }

  closed(session: Session, reason: string): void {
    this.#sessions.delete(session);
    addCounters(this.#ended, session.counters);
    session.path?.close();
    session.path = null;
    const { dpid } = session.features;
    const address = `${session.address}:${session.port}`;
    if (session.readyAt === 0) {
      this.#listener.refused(address, reason);
      return;
    }
    if (this.#datapaths.get(dpid) === session) this.#datapaths.delete(dpid);
    this.topology.closed(session);
    const life = this.#life(dpid);
    life.disconnections++;
    addCounters(life.before, session.counters);
    this.#listener.down(dpid, address, reason);
  }

  portChanged(session: Session, reason: number, port: Port): void {
    this.topology.portChanged(session, port, reason === PORT_REASON.DELETE);
    const event = PORT_EVENTS[reason];
    if (session.readyAt === 0 || !event) return;
    this.#events?.put("port", session.features.dpid, () => ({ event, port, features: session.features }));
  }

  flowRemoved(session: Session, frame: number): void {
    this.topology.flowRemoved(session, this.#codec.frame(frame));
    this.#events?.put("flow_removed", session.features.dpid, () => {
      const record = this.#codec.unpackFlowRemovedFrame(frame);
      const reader = new RecordReader(record);
      reader.next();
      return { event: removalName(reader.command), record, version: session.version };
    });
  }

  refused(session: Session, name: string, text: string): void {
    this.#events?.put("error", session.features.dpid, () => ({ event: name, message: text }));
  }

  /** The switch of `dpid`. Errors: DATAPATH_NOT_FOUND. */
  session(dpid: string): Session {
    const session = this.#datapaths.get(dpid);
    if (!session) throw new AppError("DATAPATH_NOT_FOUND", { dpid: dpidText(dpid) });
    return session;
  }

  datapaths(): Datapath[] {
    return [...this.#datapaths.keys()].sort().map((dpid) => this.datapath(dpid));
  }

  datapath(dpid: string): Datapath {
    const session = this.session(dpid);
    return {
      features: session.features,
      description: session.description,
      address: session.address,
      port: session.port,
      controllerAddress: session.localAddress,
      readyAt: session.readyAt,
      lastMessageAt: session.lastMessageAt,
    };
  }

  ports(dpid: string): Port[] {
    return [...this.session(dpid).ports.values()].sort((a, b) => a.number - b.number);
  }

  /**
   * Sends flow changes and waits for the switch's barrier. `existing`: only flows that are there are changed; the
   * others are reported as missing.
   */
  async changeFlows(dpid: string, records: Uint8Array, count: number, existing: boolean): Promise<FlowResult> {
    const session = this.session(dpid);
    if (!existing) return { ...(await session.changeFlows(records, count)), missing: [] };
    const pieces = split(records);
    const found: number[] = [];
    const missing: number[] = [];
    for (let from = 0; from < pieces.length; from += QUESTIONS) {
      const some = pieces.slice(from, from + QUESTIONS);
      const there = await Promise.all(some.map((record) => this.#exists(session, record)));
      for (const [i, isThere] of there.entries()) (isThere ? found : missing).push(from + i);
    }
    const chosen = Buffer.concat(found.map((index) => pieces[index] as Uint8Array));
    const { failures } = await session.changeFlows(chosen, found.length);
    return { failures: failures.map(({ index, text }) => ({ index: found[index] as number, text })), missing };
  }

  async #exists(session: Session, record: Uint8Array): Promise<boolean> {
    const reader = new RecordReader(record);
    reader.next();
    const strict = STRICT.has(reader.command);
    let count = 0;
    await session.query(
      MULTIPART.FLOW,
      (xid) => this.#codec.packFlowQuery(record, xid, session.version),
      (frame) => {
        count += this.#codec.countFlowsFrame(frame, record, strict);
      },
    );
    return count > 0;
  }

  /**
   * Hands over the flows that the record's table, match and cookie cover, as records in the pieces in which they come.
   * Resolves when the switch has sent them whole.
   */
  async flows(dpid: string, query: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
    let bytes = 0;
    const session = this.session(dpid);
    await session.query(
      MULTIPART.FLOW,
      (xid) => this.#codec.packFlowQuery(query, xid, session.version),
      (frame) => {
        const piece = this.#codec.unpackFlowStatsFrame(frame, query);
        bytes += piece.length;
        if (bytes > LIMITS.openflowListingBytes) {
          throw new AppError("OVERLOADED", { what: "the listing", limit: LIMITS.openflowListingBytes });
        }
        if (piece.length > 0) take(piece);
      },
    );
  }

  counters(): DatapathCounters[] {
    return [...this.#lives].map(([dpid, life]) => {
      const session = this.#datapaths.get(dpid);
      const ports = [...(session?.ports.values() ?? [])].map((port) => {
        const { number, name, state, currentSpeed, maxSpeed } = port;
        return { number, name, state, currentSpeed, maxSpeed, up: !portIsDown(port) };
      });
      const totals = addCounters(newCounters(), life.before);
      if (session) addCounters(totals, session.counters);
      const { name, connections, disconnections } = life;
      const countsPorts = ((session?.features.capabilities ?? 0) & OFPC_PORT_STATS) !== 0;
      return { ...totals, dpid, name, connections, disconnections, up: session !== undefined, countsPorts, ports };
    });
  }

  /** All connections together, those included that never became a served switch. */
  totals(): ControllerTotals {
    const totals = addCounters(newCounters(), this.#ended);
    for (const session of this.#sessions) addCounters(totals, session.counters);
    return { ...totals, durationMs: Math.round(performance.now() - this.#startedAt) };
  }

  get codec(): OpenFlowCodec {
    return this.#codec;
  }

  #life(dpid: string): Life {
    const known = this.#lives.get(dpid);
    if (known) return known;
    // Whoever connects under ever new ids must not grow the metrics without bound: the oldest that is gone makes room.
    if (this.#lives.size >= LIMITS.openflowSwitches) {
      const gone = [...this.#lives.keys()].find((id) => !this.#datapaths.has(id));
      if (gone !== undefined) this.#lives.delete(gone);
    }
    const life = { name: "", connections: 0, disconnections: 0, before: newCounters() };
    this.#lives.set(dpid, life);
    return life;
  }
}

/** The records one by one. */
function split(records: Uint8Array): Uint8Array[] {
  const reader = new RecordReader(records);
  const pieces: Uint8Array[] = [];
  while (reader.next()) pieces.push(records.subarray(reader.offset, reader.end));
  return pieces;
}
