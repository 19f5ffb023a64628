// The BGP worker's thread: the speaker behind the calls of protocol.ts.

import { AppError } from "../base/errors.js";
import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { WorkerTask } from "../workers/pool.js";
import { WorkerServer } from "../workers/rpc.js";
import type { BgpConfig } from "./config.js";
import { type EventBatch, EventStream } from "./events.js";
import type { BgpMethods, NoteEvent, PeerState } from "./protocol.js";
import { monotonicSeconds } from "./shared_state.js";
import { Speaker } from "./speaker.js";
import { type BlockEvent, StateBoard, type StateEntry, type StateSource } from "./state_board.js";

/** Resolves once `close` has been called and all sockets are gone. */
export default function run({ port, data: config }: WorkerTask<BgpConfig>): Promise<void> {
  return new Promise((resolve) => {
    const speaker = new Speaker(config, (peer, text) => server.emit("note", { peer, text } satisfies NoteEvent));
    const board = new StateBoard((event) => server.emit("state", event satisfies BlockEvent));
    const events = new EventStream((batch) => server.emit("events", batch satisfies EventBatch));
    const entries = new Map<string, StateEntry>();
    const methods: BgpMethods = {
      start: () => start(speaker, config),
      addPeer: (config) => {
        speaker.addPeer(config);
        entries.set(config.remote_addr, board.open(config.remote_addr, sourceOf(speaker, config.remote_addr)));
      },
      removePeer: ({ address }) => {
        speaker.removePeer(address);
        entries.get(address)?.close();
        entries.delete(address);
      },
      state: ({ address }) => speaker.peer(address).state(),
      statistic: ({ address }) => speaker.peer(address).statistic(),
      version: ({ address, sent }) => speaker.peer(address).version(sent),
      manualStart: ({ address }) => speaker.manualStart(address),
      manualStop: ({ address, reason }) => speaker.peer(address).stop(NOTIFY.shutdown, reason),
      refresh: ({ address, afi, safi, res }) => speaker.refresh(address, afi, safi, res),
      update: ({ address, body }) => speaker.update(address, body),
      encode: ({ address, body }) => speaker.encode(address, body),
      sendBinary: ({ address, bytes }) => speaker.sendBinary(address, Buffer.from(bytes)),
      routes: () => {
        throw new AppError("UNAVAILABLE", { what: "the listing of routes", reason: "this speaker keeps no tables" });
      },
      subscribe: (interest) => events.subscribe(interest),
      eventsTaken: (count) => events.taken(count),
      lookup: ({ address, sent, family, items }) => speaker.lookup(address, sent, family, items),
      figures: () => speaker.figures(),
      close: async () => {
        await speaker.close();
        board.close();
        events.close();
        // After the answer has been posted.
        setImmediate(() => {
          server.close();
          resolve();
        });
      },
    };
    const server = new WorkerServer(port, settled(methods, board));
  });
}

/** The methods, each of whose answers finds the shared figures up to date. */
function settled(methods: BgpMethods, board: StateBoard): BgpMethods {
  const wrap = (method: (params: never) => unknown) => (params: never) => {
    const value = method(params);
    board.refresh();
    return value;
  };
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, wrap(method)])) as BgpMethods;
}

/** A peer's figures as the board wants them. */
function sourceOf(speaker: Speaker, address: string): StateSource {
  const peer = speaker.peer(address);
  let state: PeerState = peer.state();
  return {
    numbers() {
      state = peer.state();
      const { fsm, local_as: localAs, remote_as: remoteAs, uptime } = state;
      const versions = (sent: boolean) => {
        const { ipv4, ipv6 } = peer.version(sent);
        return [ipv4, ipv6];
      };
      return {
        fsm,
        stopped: peer.session.state.stopped,
        localAs,
        remoteAs,
        upSince: uptime === 0 ? 0 : monotonicSeconds() - uptime,
        statistic: peer.statistic(),
        versionIn: versions(false),
        versionOut: versions(true),
      };
    },
    texts: () => ({ localAddress: state.local_addr, capability: state.capability }),
  };
}

async function start(speaker: Speaker, config: BgpConfig): ReturnType<BgpMethods["start"]> {
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
