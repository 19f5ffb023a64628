// Feeds a stream to a whole speaker over TCP and takes the time from the first byte to the last prefix in its RIB.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { startBgp } from "../src/bgp/agent.js";
import { openStore } from "../src/store/open.js";
import { BgpModule } from "../src/wasm/bgp.js";
import { BGP_PORT, startBird } from "../test/helpers/bgp_peers.js";
import { findProgram } from "../test/helpers/need.js";
import { quietLog } from "../test/helpers/quiet.js";
import { tmpDir } from "../test/helpers/tmp.js";
import { until } from "../test/helpers/wait.js";
import type { Stream } from "./bgp_stream.js";

const NET = `127.${64 + (process.pid % 128)}.${(process.pid >> 7) % 256}`;
const FEEDER = `${NET}.1`;
const TARGET = `${NET}.2`;

/** What a bench has opened, closed in reverse. */
class Cleanup {
  readonly #handlers: (() => unknown)[] = [];

  teardown(handler: () => unknown): void {
    this.#handlers.push(handler);
  }

  async run(): Promise<void> {
    for (const handler of this.#handlers.reverse()) await handler();
  }
}

/** A session with the target up to ESTABLISHED: the least that a speaker must say. */
async function openSession(): Promise<Socket> {
  const module = new BgpModule();
  // A daemon's control socket may answer before its listener does.
  const socket = await until(
    async () => {
      const attempt = connect({ host: TARGET, port: BGP_PORT, localAddress: FEEDER });
      await once(attempt, "connect");
      return attempt;
    },
    { what: "the target to listen" },
  );
  socket.setNoDelay(true);
  // Multiprotocol IPv4 unicast, four-octet AS 65001.
  const capabilities = Buffer.from([1, 4, 0, 1, 0, 1, 65, 4, 0, 0, 0xfd, 0xe9]);
  socket.write(module.encodeOpen(65_001, 0, 0x0a000001, capabilities));
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => {
      if (seen === 0) socket.write(module.encodeKeepalive());
      seen += chunk.length;
      // Their OPEN has 29 bytes at least, their KEEPALIVE 19.
      if (chunk.subarray(-19)[18] === 4) resolve();
    });
    socket.once("close", () => reject(new Error("the target has closed the session")));
  });
  return socket;
}

async function feed(stream: Stream, count: () => Promise<number>): Promise<number> {
  const socket = await openSession();
  const start = performance.now();
  socket.write(stream.bytes);
  await until(async () => (await count()) >= stream.prefixes, {
    what: "the last prefix",
    timeoutMs: 120_000,
    everyMs: 10,
  });
  const seconds = (performance.now() - start) / 1000;
  socket.destroy();
  return seconds;
}

/** Our process: store, worker, session, RIB. */
export async function intoSennit(stream: Stream): Promise<{ seconds: number }> {
  const t = new Cleanup();
  try {
    const { log } = quietLog();
    const store = await openStore(tmpDir(t, "bench"), log);
    t.teardown(() => store.close());
    const peer = { remote_addr: FEEDER, remote_as: 65_001, passive: true, hold_time: 0 };
    const config = { listen: { host: TARGET, port: BGP_PORT }, local_as: 65_002, router_id: "10.0.0.2", peer: [peer] };
    const bgp = await startBgp({ config, store, log });
    t.teardown(() => bgp.close());
    const seconds = await feed(stream, async () => (await bgp.figures()).peers[0]?.routes[0]?.received ?? 0);
    return { seconds };
  } finally {
    await t.run();
  }
}

/** BIRD's control socket: a question that costs it little, unlike counting a table or starting birdc each time. */
async function control(t: Cleanup, path: string): Promise<(command: string) => Promise<string>> {
  const socket = connect(path).setEncoding("utf8");
  t.teardown(() => socket.destroy());
  await once(socket, "data");
  return async (command) => {
    let answer = "";
    socket.write(`${command}\n`);
    while (!/^(0000|8\d\d\d|9\d\d\d) .*$/m.test(answer)) answer += String((await once(socket, "data"))[0]);
    return answer;
  };
}

/** BIRD with one table and no kernel; null when it is not installed. */
export async function intoBird(stream: Stream): Promise<{ seconds: number } | null> {
  if (!findProgram("bird")) return null;
  const t = new Cleanup();
  try {
    const bird = await startBird(
      t,
      `router id 10.0.0.2;
protocol device {}
protocol bgp feeder {
  local ${TARGET} port ${BGP_PORT} as 65002;
  neighbor ${FEEDER} as 65001;
  multihop;
  passive on;
  hold time 0;
  ipv4 { import all; export none; gateway recursive; };
}
`,
    );
    const ask = await control(t, bird.socket);
    const seconds = await feed(stream, async () => {
      const match = /(\d+) imported/.exec(await ask("show protocols all feeder"));
      return Number(match?.[1] ?? 0);
    });
    return { seconds };
  } finally {
    await t.run();
  }
}
