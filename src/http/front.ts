// The front end as the composition root starts it: adapter, surfaces, graceful end.

import { listenError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import type { Authenticator } from "./auth.js";
import type { Handler, HttpServer } from "./exchange.js";
import { type Gate, mount } from "./mount.js";
import { createNodeServer } from "./server_node.js";
import type { Surface } from "./table.js";

export interface Front {
  readonly port: number;
  /** Refuses new requests, lets those under way end (up to LIMITS.shutdownGraceMs), closes. */
  close(): Promise<void>;
}

/** uWebSockets.js is loaded only when it is used: a policy that does not admit the binary can leave it out. */
async function createServer(adapter: "uws" | "node", handler: Handler): Promise<HttpServer> {
  if (adapter === "node") return createNodeServer(handler);
  return (await import("./server.js")).createUwsServer(handler);
}

/** Starts to serve `surfaces`. Errors: PORT_IN_USE, PORT_DENIED, LISTEN_FAILED. */
export async function startFront(options: {
  readonly host: string;
  readonly port: number;
  readonly adapter: "uws" | "node";
  readonly surfaces: readonly Surface[];
  readonly accounts: Authenticator;
  readonly log: Logger;
}): Promise<Front> {
  const gate: Gate = { inFlight: 0, sockets: 0, closed: false };
  const server = await createServer(options.adapter, mount(options.surfaces, options.accounts, options.log, gate));
  const { host, port } = options;
  const bound = await server.listen(host, port).catch((error: NodeJS.ErrnoException) => {
    throw listenError(error.code, "HTTP", `${host}:${port}`, "--http");
  });
  return {
    port: bound,
    async close() {
      gate.closed = true;
      await server.close(LIMITS.shutdownGraceMs);
    },
  };
}
