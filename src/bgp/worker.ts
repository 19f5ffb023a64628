// The BGP worker's thread: the speaker behind the calls of protocol.ts.

import { AppError } from "../base/errors.js";
import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { WorkerTask } from "../workers/pool.js";
import { WorkerServer } from "../workers/rpc.js";
import type { BgpConfig } from "./config.js";
import type { BgpMethods, NoteEvent } from "./protocol.js";
import { Speaker } from "./speaker.js";

/** Resolves once `close` has been called and all sockets are gone. */
export default function run({ port, data: config }: WorkerTask<BgpConfig>): Promise<void> {
  return new Promise((resolve) => {
    const speaker = new Speaker(config, (peer, text) => server.emit("note", { peer, text } satisfies NoteEvent));
    const methods: BgpMethods = {
      start: () => start(speaker, config),
      addPeer: (config) => speaker.addPeer(config),
      removePeer: ({ address }) => speaker.removePeer(address),
      state: ({ address }) => speaker.peer(address).state(),
      statistic: ({ address }) => speaker.peer(address).statistic(),
      version: ({ address, sent }) => speaker.peer(address).version(sent),
      manualStart: ({ address }) => speaker.manualStart(address),
      manualStop: ({ address, reason }) => speaker.peer(address).stop(NOTIFY.shutdown, reason),
      refresh: ({ address, afi, safi, res }) => speaker.refresh(address, afi, safi, res),
      update: ({ address, body }) => speaker.update(address, body),
      encode: ({ address, body }) => speaker.encode(address, body),
      sendBinary: ({ address, bytes }) => speaker.sendBinary(address, Buffer.from(bytes)),
      lookup: ({ address, sent, family, items }) => speaker.lookup(address, sent, family, items),
      figures: () => speaker.figures(),
      close: async () => {
        await speaker.close();
        // After the answer has been posted.
        setImmediate(() => {
          server.close();
          resolve();
        });
      },
    };
    const server = new WorkerServer(port, methods);
  });
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
