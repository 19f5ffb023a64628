// What a route is. Surfaces (src/api/*) are tables of these; src/http/mount.ts turns them into answers.
// No uWebSockets type appears here: only src/http/server.ts knows that library.

import { AppError } from "../base/errors.js";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who asks, as the accounts room knows them. */
export interface Caller {
  readonly id: number;
  readonly name: string;
  readonly superuser: boolean;
}

/** A request after its body has been read. All fields are copies: nothing dies with the socket. */
export interface Request {
  readonly method: Method | "OPTIONS";
  /** The path as sent, without the query. */
  readonly path: string;
  /** Values of the route's `:name` segments, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** A header's value by lower-case name, "" when it was not sent. */
  header(name: string): string;
  readonly body: Buffer;
  /** Null on routes with `open: true` when no valid credentials were sent. */
  readonly caller: Caller | null;
  /** The peer's address in text. */
  readonly address: string;
  /** `http://host:port` as the client named it, for absolute links. */
  readonly origin: string;
  /** A number for log lines and INTERNAL errors. */
  readonly id: number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as is. Objects are rendered with `json()`. */
  readonly body?: string | Uint8Array;
  /** Instead of `body`: chunks written as the socket takes them (large listings). */
  readonly stream?: AsyncIterable<string | Uint8Array>;
}

export interface Route {
  readonly method: Method;
  /** Segments by `/`; `:name` takes one segment. No pattern, no wildcard. */
  readonly path: string;
  /** True: answered without credentials. */
  readonly open?: boolean;
  /** Body limit, when it is not LIMITS.bodyBytes. */
  readonly bodyBytes?: number;
  handle(request: Request): Reply | Promise<Reply>;
  /** For a request that asks for a WebSocket, instead of `handle`. What it throws is answered as any error is. */
  socket?(request: Request): SocketHandler;
}

/** A WebSocket client (RFC 6455) as a handler sees it. */
export interface SocketClient {
  /** Sends a text; false, and nothing is sent, when LIMITS.eventQueueBytes wait for the client already. */
  send(text: string): boolean;
  /** Ends the connection with a code of RFC 6455 §7.4 and a reason of at most 123 bytes. */
  close(code: number, reason: string): void;
}

/** What a row does with a client that has connected. */
export interface SocketHandler {
  open(client: SocketClient): void;
  /** A text or binary message of the client. Default: it is ignored. */
  message?(client: SocketClient, data: Buffer): void;
  /** The client is gone, for whatever reason; called once. */
  close(): void;
}

/** A row that takes WebSockets only: a plain GET is told so (426). */
export function socketRoute(path: string, socket: (request: Request) => SocketHandler): Route {
  const handle = () => {
    throw new AppError("UPGRADE_REQUIRED", { path });
  };
  return { method: "GET", path, handle, socket };
}

/** Ways to say who one is; each surface names those that it takes, in the order in which they are tried. */
export type AuthScheme = "basic" | "token" | "x-auth-token" | "node";

export interface Surface {
  readonly name: string;
  /** Paths at or under it belong to the surface, also when no route matches. "/" is the last resort. */
  readonly prefix: string;
  readonly auth: readonly AuthScheme[];
  /**
   * What a stranger may learn: `route` asks for credentials before it says whether a path exists, `method` before it
   * says which methods a path takes, `handler` only where a handler would run. Default: `route`.
   */
  readonly authBefore?: "route" | "method" | "handler";
  readonly routes: readonly Route[];
  /** Renders any error in the surface's form: catalogue errors, 401, 404, 405 (with `Allow` already added), 413, 500. */
  problem(error: AppError, request: { readonly path: string; readonly method: string }): Reply;
  /** What a path of this surface means that no route takes (a redirect to the slashed form). Null: 404. */
  unrouted?(request: Pick<Request, "path" | "query">): Reply | null;
  /** Body and headers of OPTIONS; `Allow` is added. Default: 200, empty. */
  options?(request: Request, allow: readonly string[]): Reply | Promise<Reply>;
  /** Last touch on every answer of the surface (`Vary`, …). */
  finish?(
    reply: Reply,
    request: { readonly path: string; readonly method: string },
    /** What `Allow` would list; null when no route has the path. */
    allow: readonly string[] | null,
  ): Reply;
}

const JSON_TYPE = { "content-type": "application/json" } as const;

/** A JSON answer. The content type is exactly `application/json`: some clients compare it for equality. */
export function json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return { status, headers: headers ? { ...JSON_TYPE, ...headers } : JSON_TYPE, body: JSON.stringify(value) };
}

/** A JSON answer whose text is there already. */
export function jsonText(status: number, body: string): Reply {
  return { status, headers: JSON_TYPE, body };
}

/** An answer without a body. */
export function empty(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers };
}
