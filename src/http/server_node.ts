// The node:http adapter behind the same interface: for policies that do not admit the repackaged uWebSockets.js binary
// (SENNIT_HTTP_ADAPTER=node). Slower, otherwise alike; the front end's tests run over both.

import { once } from "node:events";
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { Aborted, BodyTooLarge, type Exchange, type Handler, type HttpServer } from "./exchange.js";
import type { SocketHandler } from "./table.js";
import { isHandshake, type ServerSocket, serveSocket } from "./websocket.js";

class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly address: string;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #accept: ((handler: SocketHandler) => void) | null;

  /** `accept`: completes a WebSocket handshake, null when the request is none. */
  constructor(req: IncomingMessage, res: ServerResponse, accept: ((handler: SocketHandler) => void) | null) {
    this.#req = req;
    this.#res = res;
    this.#accept = accept;
    this.method = req.method ?? "GET";
    const url = req.url ?? "/";
    const mark = url.indexOf("?");
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? "" : url.slice(mark + 1);
    this.address = req.socket.remoteAddress ?? "";
  }

  header(name: string): string {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(", ") : (value ?? "");
  }

  get aborted(): boolean {
    return this.#res.destroyed && !this.#res.writableFinished;
  }

  async body(limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of this.#req.iterator({ destroyOnReturn: false })) {
        length += (chunk as Buffer).length;
        if (length > limit) throw new BodyTooLarge();
        chunks.push(chunk as Buffer);
      }
    } catch (error) {
      throw error instanceof BodyTooLarge ? error : new Aborted();
    }
    return Buffer.concat(chunks);
  }

  send(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array, close: boolean): void {
    if (this.#res.headersSent || this.aborted) return;
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    const bodiless = status === 204 || status === 304;
    this.#res.writeHead(status, {
      ...headers,
      ...(bodiless ? {} : { "content-length": String(length) }),
      ...(close ? { connection: "close" } : {}),
    });
    this.#res.end(this.method === "HEAD" || bodiless ? undefined : body);
  }

  async stream(
    status: number,
    headers: Readonly<Record<string, string>>,
    chunks: AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    this.#res.writeHead(status, { ...headers });
    if (this.method === "HEAD") this.#res.end();
    else await pipeline(chunks, this.#res);
  }

  get upgrade(): boolean {
    return this.#accept !== null;
  }

  accept(handler: SocketHandler): void {
    if (this.aborted || !this.#accept) handler.close();
    else this.#accept(handler);
  }

  abandon(): void {
    this.#res.destroy();
  }
}

/** The front end on node:http. */
export function createNodeServer(handler: Handler): HttpServer {
  const server = createServer((req, res) => {
    res.on("error", () => undefined);
    try {
      handler(new NodeExchange(req, res, null));
    } catch {
      res.destroy();
    }
  });
  const sockets = new Set<ServerSocket>();
  server.on("upgrade", (req: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => undefined);
    // node:http reads no body of a request with Upgrade. One that has none goes the usual way (RFC 9110 section 7.8).
    if (req.method !== "GET" && req.method !== "HEAD") {
      socket.end("HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    res.on("finish", () => socket.end());
    const accept = (row: SocketHandler) => {
      res.detachSocket(socket);
      serveSocket(req, socket, head, row, sockets);
    };
    try {
      handler(new NodeExchange(req, res, isHandshake(req) ? accept : null));
    } catch {
      socket.destroy();
    }
  });
  return {
    async listen(host, port) {
      server.listen({ host, port, exclusive: true });
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const socket of sockets) socket.close(1001, "the appliance is shutting down");
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
