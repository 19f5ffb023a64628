// The data plane's Unix socket: control processes connect, send the desired state, and are told the state.

import { chmodSync, closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { makeDirectory } from "../../base/directory.js";
import { AppError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import type { Logger } from "../../base/log.js";
import { lockFile } from "../../system/libc.js";
import { readLines, writeLine } from "./lines.js";
import type { DataplaneConfig, DataplaneStatus, FromDataplane, ToDataplane } from "./protocol.js";

const STATUS_MS = 1_000;
/** Changes of state that come together are told together. */
const GATHER_MS = 10;
/** sun_path of unix(7), with its closing zero. */
const SOCKET_PATH_BYTES = 107;

export const socketPath = (data: string): string => join(data, "dataplane.sock");
export const pidPath = (data: string): string => join(data, "dataplane.pid");

/** What the socket serves. */
export interface Served {
  apply(config: DataplaneConfig): Promise<string>;
  status(): DataplaneStatus;
  /** Control asked for the end. */
  stop(): void;
}

/** Takes the directory for this process. Returns the lock's descriptor. Throws DATAPLANE_RUNNING when another has it. */
export function claimDirectory(data: string): number {
  makeDirectory(data);
  const limit = SOCKET_PATH_BYTES - "/dataplane.sock".length;
  if (Buffer.byteLength(data) > limit) throw new AppError("DATAPLANE_PATH", { path: data, limit });
  const fd = openSync(pidPath(data), "a+", 0o600);
  if (!lockFile(fd)) {
    closeSync(fd);
    throw new AppError("DATAPLANE_RUNNING", { path: data, pid: readFileSync(pidPath(data), "utf8").trim() });
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`);
  return fd;
}

export class DataplaneServer {
  readonly #data: string;
  readonly #served: Served;
  readonly #log: Logger;
  readonly #idleEndMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #timer: NodeJS.Timeout | undefined;
  #gather: NodeJS.Timeout | undefined;
  #aloneSince = performance.now();

  constructor(data: string, served: Served, log: Logger, idleEndMs: number = LIMITS.dataplaneIdleEndMs) {
    this.#idleEndMs = idleEndMs;
    this.#data = data;
    this.#served = served;
    this.#log = log;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens. The directory is claimed already, so a socket file that lies there is stale. */
  async listen(): Promise<void> {
    const path = socketPath(this.#data);
    rmSync(path, { force: true });
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(path, resolve);
      });
    } finally {
      process.umask(mask);
    }
    chmodSync(path, 0o600);
    this.#timer = setInterval(() => this.#tell(), STATUS_MS);
  }

  /** Tells all controls the state soon. */
  changed(): void {
    this.#gather ??= setTimeout(() => this.#tell(), GATHER_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#gather);
    this.#server.close();
    for (const socket of this.#sockets) socket.end();
    rmSync(socketPath(this.#data), { force: true });
    rmSync(pidPath(this.#data), { force: true });
  }

  #accept(socket: Socket): void {
    socket.on("error", () => undefined);
    if (this.#sockets.size >= LIMITS.dataplaneConnections) {
      this.#log.warn(`a control connection is refused: ${LIMITS.dataplaneConnections} are open`);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    readLines<ToDataplane>(socket, (message) => this.#receive(socket, message));
    this.#send(socket, { type: "status", status: this.#served.status() });
  }

  #receive(socket: Socket, message: ToDataplane): void {
    if (message?.type === "stop") this.#served.stop();
    else if (message?.type === "apply") {
      const revision = Number(message.config?.revision) || 0;
      this.#served.apply(message.config).then(
        (reason) => {
          if (reason) this.#send(socket, { type: "refused", revision, reason });
          else this.#send(socket, { type: "status", status: this.#served.status() });
        },
        (error: Error) => this.#send(socket, { type: "refused", revision, reason: error.message }),
      );
    } else socket.destroy();
  }

  #tell(): void {
    clearTimeout(this.#gather);
    this.#gather = undefined;
    const status = this.#served.status();
    if (this.#sockets.size > 0) this.#aloneSince = performance.now();
    else if (status.spawned && status.bonds.length === 0 && performance.now() - this.#aloneSince >= this.#idleEndMs) {
      this.#log.info("no bond and no control: nothing is left to do");
      this.#served.stop();
    }
    for (const socket of this.#sockets) this.#send(socket, { type: "status", status });
  }

  #send(socket: Socket, message: FromDataplane): void {
    writeLine(socket, message);
  }
}
