// One request and its answer as the front end sees them, whichever HTTP library is underneath. Two adapters make them:
// server.ts (uWebSockets.js) and server_node.ts (node:http).

import type { SocketHandler } from "./table.js";

/** Thrown by `body()`. */
export class BodyTooLarge extends Error {}

/** Thrown by `body()`: the client went away; nobody is left to answer. */
export class Aborted extends Error {}

export interface Exchange {
  /** Upper case. */
  readonly method: string;
  /** Path as sent, without the query. */
  readonly path: string;
  /** Query as sent, without "?". */
  readonly query: string;
  /** A header's value by lower-case name, "" when it was not sent; of several, joined by commas. */
  header(name: string): string;
  /** The peer's address in text. */
  readonly address: string;
  /** True once the client has gone away; answers are then dropped. */
  readonly aborted: boolean;
  /** The whole body. Rejects with BodyTooLarge past `limit` bytes, with Aborted when the client goes away. */
  body(limit: number): Promise<Buffer>;
  /**
   * Sends the answer, once. HEAD sends the headers of the whole answer. `close` ends the connection after it.
   */
  send(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array, close: boolean): void;
  /** Sends an answer of unknown length as the socket takes it; stops pulling while the client does not read. */
  stream(
    status: number,
    headers: Readonly<Record<string, string>>,
    chunks: AsyncIterable<string | Uint8Array>,
  ): Promise<void>;
  /** True for a valid WebSocket handshake (RFC 6455 §4.2.1). */
  readonly upgrade: boolean;
  /** Completes the handshake instead of an answer. */
  accept(handler: SocketHandler): void;
  /** Closes the connection without completing the answer: the client must not take half a listing for a whole one. */
  abandon(): void;
}

/** Called for each request. Must not throw; may answer later. */
export type Handler = (exchange: Exchange) => void;

export interface HttpServer {
  /** Starts to listen; resolves with the bound port. Rejects with an Error that has `code` (EADDRINUSE, …). */
  listen(host: string, port: number): Promise<number>;
  /** Stops to listen, ends WebSockets with 1001, waits up to `graceMs` for answers under way, then closes what is left. */
  close(graceMs: number): Promise<void>;
}
