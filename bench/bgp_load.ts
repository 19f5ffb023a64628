// The other end of a speaker under test, in a process of its own: opens sessions, writes streams, counts what comes.
// Told by its parent through IPC (bgp_loader.ts); times are of the monotonic clock, which all processes share.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { PrefixCounter } from "./bgp_count.js";

export interface OpenJob {
  readonly host: string;
  readonly port: number;
  readonly local: string;
  readonly as: number;
}

export type Job =
  | { readonly op: "open"; readonly session: string; readonly job: OpenJob }
  | { readonly op: "feed"; readonly session: string; readonly file: string }
  /** Answered when so many prefixes have been announced to a session, or withdrawn, since it was opened. */
  | { readonly op: "await"; readonly session: string; readonly announced: number; readonly withdrawn: number }
  | { readonly op: "counts"; readonly session: string }
  | { readonly op: "close"; readonly session: string };

export interface Counts {
  readonly announced: number;
  readonly withdrawn: number;
  readonly updates: number;
  /** Monotonic nanoseconds: of the first byte for "feed", of the last prefix for "await". */
  readonly at: string;
}

interface Session {
  readonly socket: Socket;
  readonly counter: PrefixCounter;
  /** Called after each chunk. */
  watch: () => void;
  ended: boolean;
}

const OPEN_TIMEOUT_MS = 30_000;
/** 3600, as two octets. */
const HOLD_SECONDS = [0x0e, 0x10];
const READ_BYTES = 256 << 10;
const KEEPALIVE = message(4, []);

const sessions = new Map<string, Session>();
const files = new Map<string, Buffer>();

function message(type: number, body: readonly number[]): Buffer {
  const head = Buffer.alloc(19, 0xff);
  head.writeUInt16BE(19 + body.length, 16);
  head[18] = type;
  return Buffer.concat([head, Uint8Array.from(body)]);
}

/**
 * The identifier is the address. IPv4 unicast, four-octet AS numbers. A hold time that no run outlasts, so that no
 * KEEPALIVE is due; not 0, with which GoBGP gives its writes no time at all.
 */
function openMessage({ as, local }: OpenJob): Buffer {
  const octets = [as >>> 24, (as >> 16) & 255, (as >> 8) & 255, as & 255];
  const capabilities = [1, 4, 0, 1, 0, 1, 65, 4, ...octets];
  const short = as > 65_535 ? [0x5b, 0xa0] : octets.slice(2);
  const id = local.split(".").map(Number);
  return message(1, [
    4,
    ...short,
    ...HOLD_SECONDS,
    ...id,
    capabilities.length + 2,
    2,
    capabilities.length,
    ...capabilities,
  ]);
}

async function establish(name: string, job: OpenJob): Promise<void> {
  const counter = new PrefixCounter();
  let session: Session | null = null;
  let types: number[] = [];
  const socket = connect({
    host: job.host,
    port: job.port,
    localAddress: job.local,
    onread: {
      buffer: Buffer.alloc(READ_BYTES),
      callback(bytes, buffer) {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
        if (types.length < 2) {
          // OPEN and KEEPALIVE, alone or in one chunk; nothing of them counts.
          for (let at = 0; at + 19 <= chunk.length; at += chunk.readUInt16BE(at + 16)) types.push(chunk[at + 18] ?? 0);
        }
        counter.push(chunk);
        session?.watch();
        return true;
      },
    },
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    types = [3, 3];
    if (session) {
      session.ended = true;
      session.watch();
    }
  });
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  socket.setNoDelay(true);
  socket.write(openMessage(job));
  const deadline = Date.now() + 3_000;
  let confirmed = false;
  while (!types.includes(4)) {
    if (types.includes(3) || Date.now() > deadline) {
      socket.destroy();
      throw new Error(`the session was not opened: ${counter.notified || "no answer"}`);
    }
    if (types.includes(1) && !confirmed) {
      confirmed = true;
      socket.write(KEEPALIVE);
    }
    await sleep(2);
  }
  if (!confirmed) socket.write(KEEPALIVE);
  session = { socket, counter, watch: () => undefined, ended: false };
  sessions.set(name, session);
}

/** A daemon's control socket may answer before its listener does, and some refuse at first. */
async function open(name: string, job: OpenJob): Promise<void> {
  const deadline = Date.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      return await establish(name, job);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

const counts = ({ counter }: Session, at = process.hrtime.bigint()): Counts => ({
  announced: counter.announced,
  withdrawn: counter.withdrawn,
  updates: counter.updates,
  at: String(at),
});

function reached(session: Session, announced: number, withdrawn: number): Promise<Counts> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { counter } = session;
      if (counter.announced >= announced && counter.withdrawn >= withdrawn) {
        session.watch = () => undefined;
        resolve(counts(session));
      } else if (session.ended) reject(new Error(`the session has ended: ${counter.notified || "connection lost"}`));
    };
    session.watch = look;
    look();
  });
}

async function work(job: Job): Promise<Counts | null> {
  if (job.op === "open") {
    await open(job.session, job.job);
    return null;
  }
  const session = sessions.get(job.session);
  if (!session) throw new Error(`no session ${job.session}`);
  if (job.op === "feed") {
    const bytes = files.get(job.file) ?? readFileSync(job.file);
    files.set(job.file, bytes);
    const at = process.hrtime.bigint();
    session.socket.write(bytes);
    return counts(session, at);
  }
  if (job.op === "await") return reached(session, job.announced, job.withdrawn);
  if (job.op === "close") {
    sessions.delete(job.session);
    const at = process.hrtime.bigint();
    session.socket.destroy();
    return counts(session, at);
  }
  return counts(session);
}

process.on("message", ({ id, job }: { id: number; job: Job }) => {
  work(job).then(
    (value) => process.send?.({ id, value }),
    (error: Error) => process.send?.({ id, error: error.message }),
  );
});
process.on("disconnect", () => process.exit());
