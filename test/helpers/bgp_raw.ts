// A peer made of bytes: says exactly what a test wants and keeps what comes back.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { BgpModule } from "../../src/wasm/bgp.js";
import type { Teardown } from "./cleanup.js";
import { until } from "./wait.js";

const module = new BgpModule();

/** A message: marker, length, type, body. */
export function message(type: number, body: Uint8Array | readonly number[] = []): Buffer {
  const head = Buffer.alloc(19, 0xff);
  head.writeUInt16BE(19 + body.length, 16);
  head[18] = type;
  return Buffer.concat([head, Uint8Array.from(body)]);
}

/** An OPEN; capabilities are multiprotocol IPv4 and IPv6, route refresh and four-octet AS unless told. */
export function open(
  as: number,
  options: { hold?: number; id?: number; capabilities?: readonly number[] } = {},
): Buffer {
  const fourOctet = [65, 4, as >>> 24, (as >> 16) & 255, (as >> 8) & 255, as & 255];
  const {
    hold = 90,
    id = 0x0a000063,
    capabilities = [1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 2, 0, ...fourOctet],
  } = options;
  return module.encodeOpen(as, hold, id, Uint8Array.from(capabilities));
}

export const KEEPALIVE = message(4);

/** An UPDATE from its three parts. */
export function update(parts: {
  withdrawn?: readonly number[];
  attributes?: readonly number[];
  nlri?: readonly number[];
}) {
  const { withdrawn = [], attributes = [], nlri = [] } = parts;
  const length = (bytes: readonly number[]) => [bytes.length >> 8, bytes.length & 255];
  return message(2, [...length(withdrawn), ...withdrawn, ...length(attributes), ...attributes, ...nlri]);
}

/** ORIGIN IGP, AS_PATH 65002, NEXT_HOP 192.0.2.1. */
export const MANDATORY = [0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea, 0x40, 3, 4, 192, 0, 2, 1];

export class RawPeer {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.closed = true;
    });
    socket.on("end", () => {
      this.closed = true;
    });
  }

  send(...messages: Uint8Array[]): void {
    this.#socket.write(Buffer.concat(messages));
  }

  /** The connection is gone both ways. */
  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  /** Half-closes. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** All whole messages so far: [type, body]. */
  messages(): [number, Buffer][] {
    const found: [number, Buffer][] = [];
    for (let at = 0; at + 19 <= this.#bytes.length; ) {
      const length = this.#bytes.readUInt16BE(at + 16);
      if (at + length > this.#bytes.length) break;
      found.push([this.#bytes[at + 18] as number, this.#bytes.subarray(at + 19, at + length)]);
      at += length;
    }
    return found;
  }

  /** The body of the first message of a type, when it has come. */
  async gets(type: number, timeoutMs = 10_000): Promise<Buffer> {
    return until(() => this.messages().find(([found]) => found === type)?.[1], {
      what: `message type ${type}`,
      timeoutMs,
      state: () => [this.messages().map(([found, body]) => [found, body.toString("hex")]), this.closed],
    });
  }

  /** The NOTIFICATION as "code/subcode data", and the end of the connection. */
  async notified(timeoutMs = 10_000): Promise<string> {
    const body = await this.gets(3, timeoutMs);
    await until(() => this.closed, { what: "the connection to be closed" });
    return `${body[0]}/${body[1]} ${body.subarray(2).toString("hex")}`.trim();
  }

  /** OPEN and KEEPALIVE, until theirs has come too. */
  async establish(as = 65002, options: Parameters<typeof open>[1] = {}): Promise<this> {
    this.send(open(as, options));
    await this.gets(1);
    this.send(KEEPALIVE);
    await this.gets(4);
    return this;
  }
}

/** Connects from an address; ends with the test. */
export async function rawPeer(t: Teardown, from: string, to: string, port: number): Promise<RawPeer> {
  const socket = connect({ host: to, port, localAddress: from, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  return new RawPeer(socket);
}
