// A listener in the open: connections by the thousand, of strangers and from the address of a configured peer, that say
// nothing, too little, too slowly or nonsense. Meanwhile one good session must live, REST must answer, and when it is
// over the process must hold no more sockets and hardly more memory than before.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Appliance, startAppliance } from "../../helpers/appliance.js";
import { BGP_PORT, loopbackPair } from "../../helpers/bgp_peers.js";
import { KEEPALIVE, open, type RawPeer, rawPeer } from "../../helpers/bgp_raw.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";
import type { Soak } from "../registry.js";

const pair = loopbackPair(20);
const GOOD = pair.theirs;
/** Configured, too, but who dials from there is not well-behaved. */
const BAD = pair.theirs.replace(/2$/, "3");
const STRANGER = pair.theirs.replace(/2$/, "9");

const AT_ONCE = 200;
const SLOW_MS = 20;
const SLOW_BYTES = 15;
/** A connection may take the time that an OPEN may take (1 s), and some more on a busy machine. */
const END_MS = 20_000;
/** Generous: machines that run this run other things, too. */
const REST_MS_MOST = 5_000;
const GROWTH_BYTES_MOST = 64 << 20;

type Behaviour = (socket: Socket) => Promise<void> | void;

/** What a bad one does once it is connected. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  silent: () => undefined,
  "gone at once": (socket) => void socket.destroy(),
  "half-closed": (socket) => void socket.end(),
  garbage: (socket) => void socket.write(Buffer.from("GET / HTTP/1.1\r\nHost: sennit\r\n\r\n")),
  "half an OPEN": (socket) => void socket.write(open(65_002).subarray(0, 25)),
  "an OPEN of another AS": (socket) => void socket.write(open(65_099)),
  "an OPEN, then garbage": (socket) => void socket.write(Buffer.concat([open(65_002), Buffer.alloc(500, 7)])),
  "a length that never comes": (socket) =>
    void socket.write(Buffer.concat([Buffer.alloc(16, 255), Buffer.of(16, 0, 2)])),
  async "a byte at a time"(socket) {
    for (const byte of open(65_002).subarray(0, SLOW_BYTES)) {
      if (socket.destroyed) return;
      socket.write(Buffer.of(byte));
      await sleep(SLOW_MS);
    }
  },
};

/** One connection; resolves with true when it was made, once it has ended. */
async function attempt(from: string, behave: Behaviour): Promise<boolean> {
  const socket = connect({ host: pair.ours, port: BGP_PORT, localAddress: from });
  let connected = false;
  const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("error", () => undefined);
  socket.on("data", () => undefined);
  socket.on("connect", () => {
    connected = true;
    void behave(socket);
  });
  const timer = setTimeout(() => socket.destroy(new Error("late")), END_MS);
  await ended;
  clearTimeout(timer);
  if (socket.errored?.message === "late")
    throw new Error(`a connection from ${from} was still open after ${END_MS} ms`);
  return connected;
}

const sockets = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

const memory = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

async function startBox(t: Teardown): Promise<Appliance> {
  const file = join(tmpDir(t, "config"), "sennit.toml");
  const peer = (address: string) =>
    `[[bgp.peer]]\nremote_addr = "${address}"\nremote_as = 65002\npassive = true\nopen_time = 1\nidle_hold_time = 1\n`;
  writeFileSync(file, `[bgp]\nlocal_as = 65001\nrouter_id = "10.0.0.1"\n${peer(GOOD)}${peer(BAD)}`);
  const env = { SENNIT_LOG_LEVEL: "error" };
  return startAppliance(t, { bgp: `${pair.ours}:${BGP_PORT}`, args: ["--config", file], env });
}

/** The good session: says KEEPALIVE each second. */
async function goodSession(t: Teardown): Promise<RawPeer> {
  const good = await (await rawPeer(t, GOOD, pair.ours, BGP_PORT)).establish();
  const timer = setInterval(() => good.send(KEEPALIVE), 1_000);
  t.teardown(() => clearInterval(timer));
  return good;
}

/** Asks for the good peer's state as long as it goes on; the longest that an answer took, in ms. */
class Watch {
  slowestMs = 0;
  #going = true;
  readonly #done: Promise<void>;

  constructor(box: Appliance) {
    this.#done = this.#run(box);
  }

  async #run(box: Appliance): Promise<void> {
    while (this.#going) {
      const since = performance.now();
      const { peer } = (await box.rest("GET", `/v1/peer/${GOOD}/state`)).json();
      this.slowestMs = Math.max(this.slowestMs, performance.now() - since);
      if (peer.fsm !== "ESTABLISHED") throw new Error(`the good session is ${peer.fsm}`);
      await sleep(100);
    }
  }

  stop(): Promise<void> {
    this.#going = false;
    return this.#done;
  }
}

async function storm(attempts: number): Promise<number> {
  const kinds = Object.values(BEHAVIOURS);
  let next = 0;
  let made = 0;
  const lane = async () => {
    while (next < attempts) {
      const i = next++;
      // Three of four are strangers; both kinds behave in all ways.
      const from = i % 4 === 0 ? BAD : STRANGER;
      if (await attempt(from, kinds[(i >> 2) % kinds.length] as Behaviour)) made++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return made;
}

const soak: Soak = {
  name: "bgp_strangers",
  what: "connections of strangers and of a peer that misbehaves (default 10,000)",
  async run(t, amount = 10_000) {
    const box = await startBox(t);
    const { pid } = box.process;
    const good = await goodSession(t);
    // Once before the counting, so that what is made on first use is there.
    await storm(Math.min(amount, 400));
    await sleep(1_500);
    const before = { sockets: sockets(pid), memory: memory(pid) };
    const watch = new Watch(box);
    const made = await storm(amount);
    await watch.stop();
    if (made < amount) throw new Error(`${amount - made} of ${amount} connections were not accepted`);
    if (watch.slowestMs > REST_MS_MOST) throw new Error(`an answer took ${watch.slowestMs.toFixed(0)} ms`);
    await until(() => sockets(pid) <= before.sockets, {
      what: `${before.sockets} open files again`,
      state: () => sockets(pid),
    });
    const after = memory(pid);
    const grown = after - before.memory;
    if (grown > GROWTH_BYTES_MOST) throw new Error(`memory has grown by ${grown} bytes`);
    if (good.closed) throw new Error("the good session is gone");
    // Its address is worth as much as before to one that behaves.
    await until(async () => (await rawPeer(t, BAD, pair.ours, BGP_PORT)).establish(), { what: "a session from there" });
    const slowest = watch.slowestMs.toFixed(0);
    const [mb, then] = [before.memory, after].map((bytes) => (bytes / 1e6).toFixed(1));
    return `${made} connections, the good session lives, slowest REST answer ${slowest} ms, memory ${mb} MB, then ${then} MB`;
  },
};

export default soak;
