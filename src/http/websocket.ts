// The server's side of RFC 6455 for the node:http adapter: handshake, frames, pings, the closing handshake.
// No extensions and no sub-protocols. Nothing that a client sends makes this throw.

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { LIMITS } from "../base/limits.js";
import type { SocketClient, SocketHandler } from "./table.js";

/** RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FIN = 0x80;
const MASKED = 0x80;
const CONTROL = 0x08;
/** A client that says nothing for two of these, not even an answer to a ping, is gone. */
const PING_MS = 30_000;
/** How long the closing handshake may take. */
const CLOSE_MS = 1_000;

/** True for a request that asks for a WebSocket as RFC 6455 §4.2.1 wants it. */
export function isHandshake(req: IncomingMessage): boolean {
  const { upgrade, connection } = req.headers;
  const key = req.headers["sec-websocket-key"] ?? "";
  return (
    req.method === "GET" &&
    upgrade?.toLowerCase() === "websocket" &&
    /(^|,)\s*upgrade\s*(,|$)/i.test(connection ?? "") &&
    /^[A-Za-z0-9+/]{22}==$/.test(key) &&
    req.headers["sec-websocket-version"] === "13"
  );
}

/** A frame of the server: whole and unmasked. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = FIN | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** What answers a close frame: its own code where that is one that may be sent (RFC 6455 §7.4). */
function closingCode(payload: Buffer): number {
  if (payload.length === 0) return 1000;
  const code = payload.length >= 2 ? payload.readUInt16BE(0) : 0;
  const known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return known ? code : 1002;
}

/** Completes the handshake and serves the connection until it ends; while it lives it is in `all`. */
export function serveSocket(
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
  handler: SocketHandler,
  all: Set<ServerSocket>,
): void {
  const key = createHash("sha1").update(`${req.headers["sec-websocket-key"]}${GUID}`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write(`${[...lines, `Sec-WebSocket-Accept: ${key}`].join("\r\n")}\r\n\r\n`);
  const connection = new ServerSocket(socket, handler, () => all.delete(connection));
  all.add(connection);
  connection.start(head);
}

export class ServerSocket implements SocketClient {
  readonly #socket: Socket;
  readonly #handler: SocketHandler;
  readonly #onGone: () => void;
  readonly #pings: NodeJS.Timeout;
  #rest: Buffer = Buffer.alloc(0);
  /** The message whose frames are coming, and the kind that its first one told. */
  #parts: Buffer[] = [];
  #kind = 0;
  #heard = true;
  #closing = false;
  #gone = false;

  constructor(socket: Socket, handler: SocketHandler, onGone: () => void) {
    this.#socket = socket;
    this.#handler = handler;
    this.#onGone = onGone;
    this.#pings = setInterval(() => this.#ping(), PING_MS);
    this.#pings.unref();
  }

  start(head: Buffer): void {
    const socket = this.#socket;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => socket.end());
    socket.on("close", () => this.#end());
    this.#guard(() => this.#handler.open(this));
    if (head.length > 0) this.#take(head);
  }

  send(text: string): boolean {
    if (this.#closing || this.#gone || this.#socket.writableLength > LIMITS.eventQueueBytes) return false;
    this.#socket.write(frame(OPCODE.text, Buffer.from(text)));
    return true;
  }

  close(code: number, reason: string): void {
    if (this.#closing || this.#gone) return;
    this.#closing = true;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#socket.end(frame(OPCODE.close, payload));
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  #end(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearInterval(this.#pings);
    this.#onGone();
    this.#guard(() => this.#handler.close());
  }

  /** A handler that throws costs its own connection. */
  #guard(work: () => void): void {
    try {
      work();
    } catch {
      this.close(1011, "internal error");
    }
  }

  #ping(): void {
    if (!this.#heard) this.#socket.destroy();
    this.#heard = false;
    if (!this.#closing) this.#socket.write(frame(OPCODE.ping, Buffer.alloc(0)));
  }

  #take(chunk: Buffer): void {
    this.#heard = true;
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (!this.#closing && !this.#gone) {
      const used = this.#frame(bytes);
      if (used === 0) break;
      bytes = bytes.subarray(used);
    }
    this.#rest = this.#closing ? Buffer.alloc(0) : bytes;
  }

  /** Takes one frame; its length, 0 when it is not whole yet. */
  #frame(bytes: Buffer): number {
    if (bytes.length < 2) return 0;
    const first = bytes[0] as number;
    const second = bytes[1] as number;
    const opcode = first & 15;
    const control = (opcode & CONTROL) !== 0;
    let length = second & 127;
    const head = length === 126 ? 4 : length === 127 ? 10 : 2;
    // RFC 6455 §5.1, §5.2, §5.5: masked, no extension's bits, control frames whole and short.
    const wrong = (second & MASKED) === 0 || (first & 0x70) !== 0 || (control && (length > 125 || (first & FIN) === 0));
    if (wrong) return this.#refuse(1002, "not a frame of RFC 6455");
    if (bytes.length < head) return 0;
    if (head === 4) length = bytes.readUInt16BE(2);
    if (head === 10) length = Number(bytes.readBigUInt64BE(2));
    const held = this.#parts.reduce((sum, part) => sum + part.length, 0);
    if (length + (control ? 0 : held) > LIMITS.socketMessageBytes) return this.#refuse(1009, "the message is too long");
    const end = head + 4 + length;
    if (bytes.length < end) return 0;
    const payload = Buffer.from(bytes.subarray(head + 4, end));
    for (let i = 0; i < length; i++) payload[i] = (payload[i] as number) ^ (bytes[head + (i & 3)] as number);
    if (control) this.#control(opcode, payload);
    else this.#data(opcode, payload, (first & FIN) !== 0);
    return end;
  }

  #refuse(code: number, reason: string): number {
    this.close(code, reason);
    return 0;
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.#socket.write(frame(OPCODE.pong, payload));
    else if (opcode === OPCODE.close) this.close(closingCode(payload), "");
    else if (opcode !== OPCODE.pong) this.close(1002, "an unknown kind of frame");
  }

  #data(opcode: number, payload: Buffer, last: boolean): void {
    const first = opcode !== OPCODE.continuation;
    if (opcode > OPCODE.binary || first !== (this.#kind === 0)) {
      this.close(1002, "frames out of order");
      return;
    }
    if (first) this.#kind = opcode;
    this.#parts.push(payload);
    if (!last) return;
    const message = Buffer.concat(this.#parts);
    const text = this.#kind === OPCODE.text;
    this.#parts = [];
    this.#kind = 0;
    if (text && !isUtf8(message)) this.close(1007, "the text is not UTF-8");
    else this.#guard(() => this.#handler.message?.(this, message));
  }
}
