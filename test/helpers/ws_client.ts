// A WebSocket client made of bytes (RFC 6455): sends exactly what a test wants, keeps what comes back.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Teardown } from "./cleanup.js";
import { until } from "./wait.js";

/** A masked client frame; `first`: FIN, reserved bits and opcode. */
export function clientFrame(first: number, payload: Uint8Array, masked = true): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.of(first, length) : Buffer.of(first, 126, length >> 8, length & 255);
  if (!masked) return Buffer.concat([head, payload]);
  head[1] = (head[1] as number) | 0x80;
  const mask = Buffer.of(0x12, 0x34, 0x56, 0x78);
  const body = Buffer.from(payload.map((byte, i) => byte ^ (mask[i & 3] as number)));
  return Buffer.concat([head, mask, body]);
}

export class WsClient {
  readonly socket: Socket;
  /** The answer's head. */
  head = "";
  readonly texts: string[] = [];
  readonly pongs: string[] = [];
  /** The code of their close frame, 0 before it came. */
  closeCode = 0;
  ended = false;
  #bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.ended = true;
    });
  }

  get status(): number {
    return Number(this.head.slice(9, 12));
  }

  send(text: string): void {
    this.socket.write(clientFrame(0x81, Buffer.from(text)));
  }

  /** The next text, as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: events have many shapes
  async next(): Promise<any> {
    await until(() => this.texts.length > 0, {
      what: "an event",
      state: () => [this.head, this.closeCode, this.ended],
    });
    return JSON.parse(this.texts.shift() as string);
  }

  /** The code with which the server closes. */
  async closed(): Promise<number> {
    await until(() => this.ended, { what: "the connection to end", state: () => this.closeCode });
    return this.closeCode;
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.head === "") {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.head = this.#bytes.toString("latin1", 0, end + 4);
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    while (this.status === 101 && this.#frame());
  }

  #frame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const short = (bytes[1] as number) & 127;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < head) return false;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (bytes.length < head + length) return false;
    const payload = bytes.subarray(head, head + length);
    const opcode = (bytes[0] as number) & 15;
    if (opcode === 1) this.texts.push(payload.toString());
    if (opcode === 8) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    if (opcode === 9) this.socket.write(clientFrame(0x8a, payload));
    if (opcode === 10) this.pongs.push(payload.toString());
    this.#bytes = bytes.subarray(head + length);
    return true;
  }
}

/** Asks for a WebSocket and resolves with the answer's head in `head`. Ends with the test. */
export async function openSocket(
  t: Teardown,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<WsClient> {
  const socket = connect(port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  const client = new WsClient(socket);
  const all = {
    host: "x",
    upgrade: "websocket",
    connection: "keep-alive, Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  await until(() => client.head !== "" || client.ended, { what: `an answer to ${path}` });
  return client;
}
