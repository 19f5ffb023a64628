// Where switches connect: a plain TCP server, and one that speaks TLS (spec §6.3.3). What comes of a connection that gets
// as far as speaking OpenFlow is the controller's.

import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { listenError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { TlsConfig } from "./tls_config.js";

export interface Reception {
  /** A connection that may speak OpenFlow. */
  accept(socket: Socket): void;
  /** One that may not, or that failed on the way; it is hung up on. */
  refuse(address: string, reason: string): void;
}

const NO_CERTIFICATE = "the switch showed no certificate, and one is required";

/** The server for plain connections. */
export function plainServer({ accept }: Reception): Server {
  return createServer(accept);
}

/** A server whose sockets are not all the sessions' yet. */
export interface TlsListener {
  readonly server: Server;
  /** Hangs up on those that are still shaking hands. */
  hangUp(): void;
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** The server for connections with TLS. Switches that show a certificate must have one that `ca` signed. */
export function tlsListener(config: TlsConfig, handshakeMs: number, { accept, refuse }: Reception): TlsListener {
  const { cert, key, ca, requireClientCert } = config;
  const server = createTlsServer({
    cert,
    key,
    ...(ca === null ? {} : { ca }),
    requestCert: ca !== null,
    // We look at the certificate ourselves: Node would hang up without a word of why.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
    minVersion: "TLSv1.2",
  });
  // Those that are still shaking hands count, too.
  server.maxConnections = LIMITS.openflowSwitches;
  const shaking = new Map<string, Socket>();
  const counted = new WeakSet<Socket>();
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    shaking.set(peer, socket);
    socket.once("close", () => shaking.delete(peer));
  });
  server.on("drop", (data) => refuse(data?.remoteAddress ?? "", `over ${LIMITS.openflowSwitches} connections`));
  server.on("secureConnection", (socket: TLSSocket) => {
    shaking.delete(peerOf(socket));
    const shown = Object.keys(socket.getPeerCertificate()).length > 0;
    if (shown ? socket.authorized : !requireClientCert) return accept(socket);
    const address = socket.remoteAddress ?? "";
    const why = shown
      ? `the switch's certificate is not accepted: ${String(socket.authorizationError)}`
      : NO_CERTIFICATE;
    socket.on("error", () => undefined).destroy();
    refuse(address, `TLS: ${why}`);
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // A handshake may fail more than once before its socket is gone.
    if (counted.has(socket)) return;
    counted.add(socket);
    const address = socket.remoteAddress ?? "";
    socket.destroy();
    refuse(address, `TLS: ${error.code ?? ""} ${error.message.split("\n")[0]?.slice(0, 200)}`);
  });
  const hangUp = (): void => {
    for (const socket of shaking.values()) socket.destroy();
  };
  return { server, hangUp };
}

/** Binds a server; resolves with its port. Errors: PORT_IN_USE, PORT_DENIED, LISTEN_FAILED. */
export function bind(server: Server, host: string, port: number, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(listenError(error.code, "OpenFlow", `${host}:${port}`, option));
    });
    server.listen({ host, port }, () => {
      server.on("error", () => undefined);
      const bound = server.address();
      resolve(typeof bound === "object" && bound ? bound.port : port);
    });
  });
}

/** Stops taking connections; resolves when all that there were are gone. */
export function unbind(server: Server | undefined): Promise<void> {
  return server?.listening ? new Promise((resolve) => server.close(() => resolve())) : Promise.resolve();
}
