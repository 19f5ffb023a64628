// The BGP worker's thread: the speaker behind the calls of protocol.ts.

import { AppError } from "../base/errors.js";
import { VERSION } from "../base/version.js";
import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { WorkerTask } from "../workers/pool.js";
import { WorkerServer } from "../workers/rpc.js";
import type { PeerStatistics } from "./bmp/messages.js";
import type { BgpConfig, PeerConfig } from "./config.js";
import { type EventBatch, EventStream } from "./events.js";
import { supported } from "./families.js";
import { Feeds } from "./feeds.js";
import type { BgpMethods, NoteEvent, PeerState } from "./protocol.js";
import { lookup, routes } from "./reading.js";
import { RibDump } from "./rib_dump.js";
import { encodeBody, sendBinary, sendBody, sendRefresh } from "./sending.js";
import { monotonicSeconds } from "./shared_state.js";
import { Speaker } from "./speaker.js";
import { type BlockEvent, StateBoard, type StateEntry, type StateSource } from "./state_board.js";

/** Resolves once `close` has been called and all sockets are gone. */
export default function run({ port, data: config }: WorkerTask<BgpConfig>): Promise<void> {
  return new Promise((resolve) => {
    const room = new Room(
      config,
      (event, data) => server.emit(event, data),
      () => {
        server.close();
        resolve();
      },
    );
    const server = new WorkerServer(port, settled(room.methods, room.board));
  });
}

/** The speaker with all that watches it. */
class Room {
  readonly board: StateBoard;
  readonly methods: BgpMethods;
  readonly #config: BgpConfig;
  readonly #speaker: Speaker;
  readonly #events: EventStream;
  readonly #feeds: Feeds;
  readonly #entries = new Map<string, StateEntry>();

  constructor(config: BgpConfig, emit: (event: string, data: unknown) => void, ended: () => void) {
    const note = (peer: string, text: string) => emit("note", { peer, text } satisfies NoteEvent);
    this.#config = config;
    this.#speaker = new Speaker(config, note, {
      added: (address) => this.#show(address, this.#speaker.peer(address).config),
      removed: (address) => this.#hide(address),
    });
    this.board = new StateBoard((event) => emit("state", event satisfies BlockEvent));
    this.#events = new EventStream((batch) => emit("events", batch satisfies EventBatch));
    this.#feeds = new Feeds(config.feeds, {
      description: `sennit ${VERSION}`,
      rib: new RibDump(this.#speaker),
      routerId: this.#speaker.routerId,
      statistics: (address) => this.#statistics(address),
      note: (text) => note("", text),
      now: Date.now,
    });
    for (const observer of [this.#events, ...this.#feeds.observers]) this.#speaker.observers.add(observer);
    this.methods = { ...this.#peerMethods(), ...this.#routeMethods(), close: () => this.#close(ended) };
  }

  /** Puts a peer's figures where control can read them. */
  #show(address: string, dynamic?: PeerConfig): void {
    const entry = this.board.open(address, sourceOf(this.#speaker, address), dynamic);
    this.#entries.set(address, entry);
    this.#speaker.peer(address).touched = () => entry.touch();
  }

  #hide(address: string): void {
    this.#entries.get(address)?.close();
    this.#entries.delete(address);
  }

  /** What a monitoring station is told of a peer. */
  #statistics(address: string): PeerStatistics | null {
    const peer = this.#speaker.peers.get(address);
    if (!peer) return null;
    const { tables } = this.#speaker.module;
    const { ribIn } = peer.routes;
    return {
      adjRibIn: supported(peer.config.afi_safi).map(({ afi, safi, rib }) => ({
        afi,
        safi,
        routes: tables.count(ribIn, rib),
      })),
      treatedAsWithdraw: tables.counters(ribIn).treatedAsWithdraw,
    };
  }

  #peerMethods() {
    const speaker = this.#speaker;
    return {
      start: () => start(speaker, this.#config),
      deferSelection: (peers) => speaker.deferral.begin(peers, this.#config.select_defer_time),
      addPeer: (config: PeerConfig) => {
        const fresh = speaker.addPeer(config);
        this.#show(config.remote_addr);
        return fresh;
      },
      removePeer: ({ address }) => {
        speaker.removePeer(address);
        this.#hide(address);
      },
      state: ({ address }) => speaker.peer(address).state(),
      statistic: ({ address }) => speaker.peer(address).statistic(),
      version: ({ address, sent }) => speaker.peer(address).version(sent),
      manualStart: ({ address }) => speaker.manualStart(address),
      manualStop: ({ address, reason }) => speaker.peer(address).stop(NOTIFY.shutdown, reason),
      manualReset: ({ address, reason }) => speaker.manualReset(address, reason),
      subscribe: (interest) => this.#events.subscribe(interest),
      eventsTaken: (count) => this.#events.taken(count),
      figures: () => ({
        ...speaker.figures(),
        rpki: speaker.rpki.figures(),
        fib: speaker.kernel?.figures() ?? null,
        feeds: this.#feeds.figures(),
      }),
    } satisfies Partial<BgpMethods>;
  }

  #routeMethods() {
    const speaker = this.#speaker;
    const { module } = speaker;
    const up = (address: string) => speaker.establishedPeer(address);
    return {
      refresh: ({ address, afi, safi, res }) => sendRefresh(module, up(address), afi, safi, res),
      update: ({ address, body }) => sendBody(module, up(address), body),
      encode: ({ address, body }) => encodeBody(up(address), body),
      sendBinary: ({ address, bytes, force }) => sendBinary(module, up(address), Buffer.from(bytes), force),
      lookup: ({ address, sent, family, items }) => lookup(module, up(address), sent, family, items),
      routes: (query) => routes(speaker, query),
      setPolicy: ({ name, policy }) => speaker.setPolicy(name, policy),
      policies: () => speaker.policyFigures(),
      validate: (query) => speaker.rpki.validate(query),
      snapshot: () => this.#feeds.snapshot(),
    } satisfies Partial<BgpMethods>;
  }

  async #close(ended: () => void): Promise<void> {
    await this.#speaker.close();
    await this.#feeds.close();
    this.board.close();
    this.#events.close();
    // After the answer has been posted.
    setImmediate(ended);
  }
}

/** The methods, each of whose answers finds the shared figures up to date. */
function settled(methods: BgpMethods, board: StateBoard): BgpMethods {
  const wrap = (method: (params: never) => unknown) => (params: { address?: string } | undefined) => {
    const value = method(params as never);
    board.flush();
    if (params?.address !== undefined) board.refresh(params.address);
    return value;
  };
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, wrap(method)]),
  ) as unknown as BgpMethods;
}

/** A peer's figures as the board wants them. */
function sourceOf(speaker: Speaker, address: string): StateSource {
  const peer = speaker.peer(address);
  let state: PeerState = peer.state();
  return {
    numbers() {
      state = peer.state();
      const { fsm, local_as: localAs, remote_as: remoteAs, uptime } = state;
      return {
        fsm,
        stopped: peer.session.state.stopped,
        localAs,
        remoteAs,
        upSince: uptime === 0 ? 0 : monotonicSeconds() - uptime,
        statistic: peer.statistic(),
        versionIn: peer.changes(false),
        versionOut: peer.changes(true),
      };
    },
    texts: () => ({
      localAddress: state.local_addr,
      capability: state.capability,
      lastNotification: state.last_notification,
      lastMalformed: state.last_malformed,
    }),
  };
}

async function start(speaker: Speaker, config: BgpConfig): ReturnType<BgpMethods["start"]> {
  speaker.start();
  let listening: string | null = null;
  let problem: string | null = null;
  try {
    listening = await speaker.listen();
  } catch (error) {
    const denied = error instanceof AppError && error.code === "PORT_DENIED";
    if (!denied || !config.listenOptional) throw error;
    problem = error.message;
  }
  return { listening, problem };
}
