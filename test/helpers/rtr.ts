// A cache's side of the RPKI-to-Router protocol, by hand: PDUs as RFC 8210 §5 draws them, and a cache of few words.

import { createServer, type Socket } from "node:net";
import { parsePrefix } from "../../src/base/ip.js";
import type { Teardown } from "./cleanup.js";

/** `prefix-max as`, as `192.0.2.0/24-25 64496`; without a maximum it is the prefix's length. */
export function vrp(text: string, announce = true, version = 1): Buffer {
  const match = /^(\S+?)(?:-(\d+))? (\d+)$/.exec(text);
  const prefix = parsePrefix(match?.[1] ?? "");
  if (!prefix) throw new Error(`not a VRP: ${text}`);
  const pdu = Buffer.alloc(prefix.bytes.length === 4 ? 20 : 32);
  pdu.set([version, prefix.bytes.length === 4 ? 4 : 6, 0, 0, 0, 0, 0, pdu.length]);
  pdu.set([announce ? 1 : 0, prefix.length, Number(match?.[2] ?? prefix.length), 0], 8);
  pdu.set(prefix.bytes, 12);
  pdu.writeUInt32BE(Number(match?.[3]), pdu.length - 4);
  return pdu;
}

export const vrps = (...texts: string[]): Buffer => Buffer.concat(texts.map((text) => vrp(text)));

function head(version: number, type: number, session: number, bytes: number): Buffer {
  const pdu = Buffer.alloc(bytes);
  pdu.set([version, type, session >> 8, session & 255, 0, 0, 0, bytes]);
  return pdu;
}

export const cacheResponse = (session: number, version = 1): Buffer => head(version, 3, session, 8);
export const cacheReset = (version = 1): Buffer => head(version, 8, 0, 8);

export function serialNotify(session: number, serial: number, version = 1): Buffer {
  const pdu = head(version, 0, session, 12);
  pdu.writeUInt32BE(serial, 8);
  return pdu;
}

export function endOfData(session: number, serial: number, version = 1, times = [3600, 600, 7200]): Buffer {
  const pdu = head(version, 7, session, version === 0 ? 12 : 24);
  pdu.writeUInt32BE(serial, 8);
  if (version > 0) for (const [i, seconds] of times.entries()) pdu.writeUInt32BE(seconds, 12 + i * 4);
  return pdu;
}

export function errorReport(code: number, text = "", version = 1): Buffer {
  const pdu = head(version, 10, code, 16 + text.length);
  pdu.writeUInt32BE(text.length, 12);
  pdu.write(text, 16, "latin1");
  return pdu;
}

/** One query or report that a router has sent. */
export interface Asked {
  readonly version: number;
  readonly type: number;
  /** Session identifier or error code. */
  readonly session: number;
  readonly bytes: Buffer;
}

export interface FakeCache {
  readonly port: number;
  /** All that routers have sent, in order. */
  readonly asked: Asked[];
  /** Sends to all that are connected. */
  say(bytes: Buffer): void;
  /** Ends all connections. */
  hangUp(): void;
}

/** A cache that answers each query with what `answer` gives (null: hangs up). */
export function fakeCache(t: Teardown, answer: (asked: Asked, n: number) => Buffer | null): Promise<FakeCache> {
  const sockets = new Set<Socket>();
  const asked: Asked[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    let rest = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 8 && rest.length >= rest.readUInt32BE(4)) {
        const bytes = rest.subarray(0, rest.readUInt32BE(4));
        rest = rest.subarray(bytes.length);
        const one = { version: bytes[0] ?? 0, type: bytes[1] ?? 0, session: bytes.readUInt16BE(2), bytes };
        asked.push(one);
        if (one.type === 10) continue;
        const said = answer(one, asked.length - 1);
        if (said) socket.write(said);
        else socket.destroy();
      }
    });
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address ? address.port : 0,
        asked,
        say: (bytes) => {
          for (const socket of sockets) socket.write(bytes);
        },
        hangUp: () => {
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}
