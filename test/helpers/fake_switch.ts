// A switch whose every byte the test decides: connects to a controller, records what it is told, answers on request.

import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Teardown } from "./cleanup.js";
import { until } from "./wait.js";

export interface Message {
  readonly version: number;
  readonly type: number;
  readonly xid: number;
  readonly bytes: Buffer;
}

export const TYPE = {
  HELLO: 0,
  ERROR: 1,
  ECHO_REQUEST: 2,
  ECHO_REPLY: 3,
  FEATURES_REQUEST: 5,
  FEATURES_REPLY: 6,
  PACKET_IN: 10,
  FLOW_REMOVED: 11,
  PORT_STATUS: 12,
  PACKET_OUT: 13,
  FLOW_MOD: 14,
  MULTIPART_REQUEST: 18,
  MULTIPART_REPLY: 19,
  BARRIER_REQUEST: 20,
  BARRIER_REPLY: 21,
  ROLE_REQUEST: 24,
  ROLE_REPLY: 25,
} as const;

/** A message with a right header. */
export function ofp(type: number, xid: number, body: Uint8Array = Buffer.alloc(0), version = 4): Buffer {
  const head = Buffer.from([version, type, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(8 + body.length, 2);
  head.writeUInt32BE(xid, 4);
  return Buffer.concat([head, body]);
}

/** One part of a multipart answer. */
export function multipart(xid: number, type: number, body: Uint8Array, more = false): Buffer {
  return ofp(TYPE.MULTIPART_REPLY, xid, Buffer.concat([Buffer.from([0, type, 0, Number(more), 0, 0, 0, 0]), body]));
}

export class FakeSwitch {
  readonly received: Message[] = [];
  ended = false;
  /** Answers barriers by itself while true. */
  barriers = true;
  /** Called for each message after it was recorded. */
  onMessage: (message: Message) => void = () => undefined;
  readonly #socket: Socket;
  #carry = Buffer.alloc(0);

  /** `tls`: speaks TLS, with these certificates. */
  constructor(t: Teardown, port: number, tls?: ConnectionOptions) {
    this.#socket = tls ? connectTls({ host: "127.0.0.1", port, ...tls }) : connect(port, "127.0.0.1");
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("close", () => {
      this.ended = true;
    });
    this.#socket.on("error", () => undefined);
    t.teardown(() => this.#socket.destroy());
  }

  send(...bytes: Uint8Array[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  /** Reads no more, or again. */
  read(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Ends the connection as a crash does. */
  drop(): void {
    this.#socket.resetAndDestroy();
  }

  /** Goes through the handshake as a 1.3 switch without ports; descriptions are answered with nothing in them. */
  async shakeHands(dpid = 1): Promise<void> {
    this.send(ofp(TYPE.HELLO, 1));
    const features = Buffer.alloc(24);
    features.writeBigUInt64BE(BigInt(dpid));
    features[12] = 254;
    this.send(ofp(TYPE.FEATURES_REPLY, (await this.hears(TYPE.FEATURES_REQUEST)).xid, features));
    for (const type of [0, 13]) {
      const wanted = (message: Message): boolean => message.bytes.readUInt16BE(8) === type;
      const { xid } = await this.hears(TYPE.MULTIPART_REQUEST, wanted);
      this.send(multipart(xid, type, Buffer.alloc(type === 0 ? 1056 : 0)));
    }
  }

  /** The first message of a type (that `wanted` takes), once it has come. */
  hears(type: number, wanted: (message: Message) => boolean = () => true): Promise<Message> {
    return until(() => this.received.find((message) => message.type === type && wanted(message)), {
      what: `a message of type ${type}`,
      state: () => this.received.map((message) => message.type),
    });
  }

  #read(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#carry, chunk]);
    while (bytes.length >= 8 && bytes.length >= bytes.readUInt16BE(2)) {
      const length = bytes.readUInt16BE(2);
      const message = {
        version: bytes[0] as number,
        type: bytes[1] as number,
        xid: bytes.readUInt32BE(4),
        bytes: bytes.subarray(0, length),
      };
      bytes = bytes.subarray(length);
      this.received.push(message);
      if (this.barriers && message.type === TYPE.BARRIER_REQUEST) this.send(ofp(TYPE.BARRIER_REPLY, message.xid));
      this.onMessage(message);
    }
    this.#carry = bytes;
  }
}
