// The uWebSockets.js adapter: the only file that knows that library. Its rules, each of which costs the process when
// broken: a handler must answer or attach onAborted before it returns, nothing may throw into C++, and a response must
// not be touched after an abort.

import uws, { type HttpRequest, type HttpResponse } from "uWebSockets.js";
import { createServer } from "node:net";
import { LIMITS } from "../base/limits.js";
import { Aborted, BodyTooLarge, type Exchange, type Handler, type HttpServer } from "./exchange.js";
import { statusLine } from "./status.js";
import type { SocketClient, SocketHandler } from "./table.js";

/** Without it the library sets SO_REUSEPORT, and two appliances would share one port in silence. */
const LISTEN_EXCLUSIVE = 1;

/** How long a client may leave a streamed answer unread before the connection is closed. */
const STREAM_STALL_MS = 30_000;

/** A client may be silent for that long; the library pings it before. */
const SOCKET_IDLE_SECONDS = 60;

/** What the library keeps with a WebSocket. */
interface SocketData {
  readonly handler: SocketHandler;
  client: SocketClient | null;
}

class UwsClient implements SocketClient {
  readonly #ws: uws.WebSocket<SocketData>;
  gone = false;

  constructor(ws: uws.WebSocket<SocketData>) {
    this.#ws = ws;
  }

  send(text: string): boolean {
    if (this.gone) return false;
    if (this.#ws.getBufferedAmount() > LIMITS.eventQueueBytes) return false;
    return this.#ws.send(text) !== 2;
  }

  close(code: number, reason: string): void {
    if (!this.gone) this.#ws.end(code, reason);
  }
}

/** Headers that stand once in a request: asked for one by one, they cost less than a copy of all. */
const SINGLE: ReadonlySet<string> = new Set(["authorization", "x-auth-token", "host", "content-length"]);

class UwsExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  aborted = false;
  answered = false;
  /** Null once the call that brought the request has returned: the library takes it back then. */
  #req: HttpRequest | null;
  #headers: Record<string, string> | null = null;
  #address: string | null = null;
  readonly #res: HttpResponse;
  readonly #onDone: () => void;
  readonly #context: uws.us_socket_context_t | null;
  #onAbort: (() => void) | null = null;
  #onWritable: (() => void) | null = null;

  /** `context`: of a WebSocket handshake, null otherwise. */
  constructor(res: HttpResponse, req: HttpRequest, context: uws.us_socket_context_t | null, onDone: () => void) {
    this.#res = res;
    this.#req = req;
    this.#context = context;
    this.#onDone = onDone;
    this.method = req.getMethod().toUpperCase();
    this.path = req.getUrl();
    this.query = req.getQuery() ?? "";
  }

  /** Before the call that brought the request returns: an answer that was given within it needed none of this. */
  keep(): void {
    if (!this.answered) {
      this.#all();
      void this.address;
      this.#res.onAborted(() => {
        this.aborted = true;
        this.#finish();
        this.#onAbort?.();
      });
    }
    this.#req = null;
  }

  get address(): string {
    this.#address ??= this.aborted ? "" : Buffer.from(this.#res.getRemoteAddressAsText()).toString("latin1");
    return this.#address;
  }

  header(name: string): string {
    if (this.#headers === null && this.#req && SINGLE.has(name)) return this.#req.getHeader(name);
    return this.#all()[name] ?? "";
  }

  #all(): Record<string, string> {
    if (this.#headers) return this.#headers;
    const headers: Record<string, string> = {};
    this.#req?.forEach((name, value) => {
      const before = headers[name];
      headers[name] = before === undefined ? value : `${before}, ${value}`;
    });
    this.#headers = headers;
    return headers;
  }

  body(limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      this.#onAbort = () => reject(new Aborted());
      this.#res.onData((chunk, isLast) => {
        if (length > limit) return;
        length += chunk.byteLength;
        if (length > limit) {
          chunks.length = 0;
          reject(new BodyTooLarge());
          return;
        }
        // The library reuses the chunk's memory after this call.
        chunks.push(Buffer.from(new Uint8Array(chunk)));
        if (isLast) resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      });
    });
  }

  send(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array, close: boolean): void {
    if (this.aborted || this.answered) return;
    this.#finish();
    // Within the call that brought the request the library has corked the socket already.
    if (this.#req) this.#whole(status, headers, body, close);
    else this.#res.cork(() => this.#whole(status, headers, body, close));
  }

  #whole(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array, close: boolean): void {
    this.#head(status, headers);
    if (this.method === "HEAD") this.#endWithoutBody(Buffer.byteLength(body), close);
    else if (status === 204 || status === 304) this.#endWithoutBody(null, close);
    else this.#res.end(body as string, close);
  }

  async stream(
    status: number,
    headers: Readonly<Record<string, string>>,
    chunks: AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    if (this.aborted || this.answered) return;
    const res = this.#res;
    // Once only: this build keeps the first handler and drops later ones.
    res.onWritable(() => {
      this.#onWritable?.();
      return true;
    });
    res.cork(() => this.#head(status, headers));
    if (this.method !== "HEAD") {
      for await (const chunk of chunks) {
        if (this.aborted) return;
        let took = true;
        res.cork(() => {
          took = res.write(chunk as string);
        });
        if (!took && !this.aborted) await this.#drained();
        if (this.aborted) return;
      }
    }
    if (this.aborted || this.answered) return;
    this.#finish();
    res.cork(() => res.end());
  }

  get upgrade(): boolean {
    return this.#context !== null && this.header("sec-websocket-version") === "13";
  }

  accept(handler: SocketHandler): void {
    const context = this.#context;
    if (this.aborted || this.answered || !context) {
      handler.close();
      return;
    }
    this.#finish();
    const data: SocketData = { handler, client: null };
    // No sub-protocol and no extension is agreed on.
    this.#res.cork(() => {
      this.#res.upgrade(data, this.header("sec-websocket-key"), "", "", context);
    });
  }

  /** Closes the connection in the middle of an answer that cannot be completed. */
  abandon(): void {
    if (this.aborted || this.answered) return;
    this.#res.close();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.abandon(), STREAM_STALL_MS);
      const done = () => {
        clearTimeout(timer);
        this.#onWritable = null;
        // Not inside the library's call: writing there would touch the response while it drains.
        setImmediate(resolve);
      };
      this.#onAbort = done;
      this.#onWritable = done;
    });
  }

  #head(status: number, headers: Readonly<Record<string, string>>): void {
    // 200 is what the library says by itself.
    if (status !== 200) this.#res.writeStatus(statusLine(status));
    for (const name in headers) this.#res.writeHeader(name, headers[name] as string);
  }

  /** `length`: what GET would send, null: none is told (RFC 9110 §8.6). */
  #endWithoutBody(length: number | null, close: boolean): void {
    // With a length the library waits for that many bytes of body and closes the connection at the next request; it
    // takes `undefined` for one, too. So a length is only given to it when the connection closes anyway.
    if (close) this.#res.endWithoutBody(length ?? 0, true);
    else {
      if (length !== null) this.#res.writeHeader("content-length", String(length));
      this.#res.endWithoutBody();
    }
  }

  #finish(): void {
    if (this.answered) return;
    this.answered = true;
    this.#onDone();
  }
}

/** The errno with which listening fails there, since the library only says "no". */
function listenCode(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve("EADDRINUSE")));
  });
}

type Take = (res: HttpResponse, req: HttpRequest, context: uws.us_socket_context_t | null) => void;

/** What the library does with WebSockets. Nothing of a handler may throw into it. */
function socketBehavior(take: Take, sockets: Set<UwsClient>): uws.WebSocketBehavior<SocketData> {
  const guarded = (ws: uws.WebSocket<SocketData>, work: () => void) => {
    try {
      work();
    } catch {
      ws.end(1011, "internal error");
    }
  };
  return {
    upgrade: take,
    maxPayloadLength: LIMITS.socketMessageBytes,
    maxBackpressure: LIMITS.eventQueueBytes * 2,
    idleTimeout: SOCKET_IDLE_SECONDS,
    sendPingsAutomatically: true,
    open(ws) {
      const data = ws.getUserData();
      const client = new UwsClient(ws);
      data.client = client;
      sockets.add(client);
      guarded(ws, () => data.handler.open(client));
    },
    message(ws, message) {
      const { handler, client } = ws.getUserData();
      // The library reuses the message's memory after this call.
      if (client) guarded(ws, () => handler.message?.(client, Buffer.from(new Uint8Array(message))));
    },
    close(ws) {
      const { handler, client } = ws.getUserData();
      const known = client as UwsClient | null;
      if (!known || known.gone) return;
      known.gone = true;
      sockets.delete(known);
      try {
        handler.close();
      } catch {
        // The connection is gone: there is nobody to tell.
      }
    },
  };
}

/** The front end on uWebSockets.js. */
export function createUwsServer(handler: Handler): HttpServer {
  const app = uws.App();
  let listening: uws.us_listen_socket | null = null;
  let underWay = 0;
  let whenIdle: (() => void) | null = null;

  const take = (res: HttpResponse, req: HttpRequest, context: uws.us_socket_context_t | null) => {
    underWay++;
    const exchange = new UwsExchange(res, req, context, () => {
      if (--underWay === 0) whenIdle?.();
    });
    try {
      handler(exchange);
    } catch {
      // The handler's contract is not to throw; if it does, this request pays for it and not the process.
      exchange.send(500, {}, "", true);
    }
    exchange.keep();
  };
  const sockets = new Set<UwsClient>();
  app.ws<SocketData>("/*", socketBehavior(take, sockets));
  app.any("/*", (res, req) => take(res, req, null));

  return {
    async listen(host, port) {
      const socket = await new Promise<uws.us_listen_socket | false>((resolve) => {
        // The library takes options after the port also with a host; its declarations forgot that form.
        const listen = app.listen as unknown as (
          host: string,
          port: number,
          options: number,
          cb: (bound: uws.us_listen_socket | false) => void,
        ) => void;
        listen.call(app, host, port, LISTEN_EXCLUSIVE, resolve);
      });
      if (!socket) {
        const code = await listenCode(host, port);
        throw Object.assign(new Error(code), { code });
      }
      listening = socket;
      return uws.us_socket_local_port(socket);
    },
    async close(graceMs) {
      if (listening) uws.us_listen_socket_close(listening);
      listening = null;
      for (const client of [...sockets]) client.close(1001, "the appliance is shutting down");
      if (underWay > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, graceMs);
          whenIdle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      // Answers just given still have to leave the socket buffers.
      setImmediate(() => app.close());
    },
  };
}
