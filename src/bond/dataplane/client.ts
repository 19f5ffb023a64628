// Control's end: finds the data plane that runs in the data directory, or starts one in a session of its own, so that it
// goes on when control dies; keeps it configured; brings it back when it dies.

import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { makeDirectory } from "../../base/directory.js";
import { LIMITS } from "../../base/limits.js";
import type { Logger } from "../../base/log.js";
import { readLines, writeLine } from "./lines.js";
import type { DataplaneConfig, DataplaneStatus, FromDataplane, ToDataplane } from "./protocol.js";
import { socketPath } from "./server.js";

const RETRY_MS = 100;
/** A data plane that was started and does not answer for this long is started again. */
const START_MS = 5_000;
/** How long `stop` waits for the end. */
const STOP_MS = 3_000;

export interface ConnectOptions {
  readonly data: string;
  /** Starts a data plane; null when it must not be started from here (systemd does). */
  readonly spawn: (() => void) | null;
  readonly log: Logger;
}

/** Starts `sennit dataplane` detached, output to DIR/dataplane.log; one older log is kept. */
export function spawnDataplane(data: string, script = process.argv[1] as string): void {
  makeDirectory(data);
  const path = join(data, "dataplane.log");
  try {
    if (statSync(path).size > LIMITS.dataplaneLogBytes) renameSync(path, `${path}.1`);
  } catch {
    // no log yet
  }
  const log = openSync(path, "a", 0o600);
  const child = spawn(process.execPath, [script, "dataplane", "--data", data], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, SENNIT_DATAPLANE_SPAWNED: "1" },
  });
  child.on("error", () => undefined);
  child.unref();
  closeSync(log);
}

export class DataplaneClient extends EventEmitter<{
  status: [DataplaneStatus];
  refused: [string];
  lost: [];
  connected: [];
}> {
  readonly #options: ConnectOptions;
  #socket: Socket | null = null;
  #connected = false;
  #config: DataplaneConfig | null = null;
  #status: DataplaneStatus | null = null;
  #timer: NodeJS.Timeout | undefined;
  #spawnedAt = Number.NEGATIVE_INFINITY;
  #stopping = false;
  #closed = false;

  constructor(options: ConnectOptions) {
    super();
    this.#options = options;
    this.#connect();
  }

  /** Sends the desired state now, and again whenever the connection is made anew. */
  apply(config: DataplaneConfig): void {
    this.#config = config;
    this.#send({ type: "apply", config });
  }

  /** The last state told, null while there is no connection. */
  status(): DataplaneStatus | null {
    return this.#status;
  }

  /** Lets go; the data plane goes on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#socket = null;
  }

  /**
   * Ends the data plane, which removes its devices, and waits until it is gone: also one that an earlier control
   * started and this one adopted. One that systemd runs is left alone.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    // One that was started a moment ago has not told its state yet.
    if (!this.#status && this.#spawnedAt > 0) await before(STOP_MS, once(this, "status"));
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#status?.spawned && this.#socket && this.#connected) {
      const gone = once(this.#socket, "close");
      this.#send({ type: "stop" });
      await before(STOP_MS, gone);
    }
    this.close();
  }

  #connect(): void {
    const socket = connect(socketPath(this.#options.data));
    this.#socket = socket;
    socket.on("connect", () => {
      this.#connected = true;
      if (this.#config) this.#send({ type: "apply", config: this.#config });
    });
    socket.on("error", () => undefined);
    socket.on("close", () => this.#lost());
    readLines<FromDataplane>(socket, (message) => this.#receive(message));
  }

  #lost(): void {
    if (this.#connected) {
      if (!this.#stopping) this.#options.log.warn("the connection to the data plane is lost");
      this.#spawnedAt = Number.NEGATIVE_INFINITY;
    }
    this.#connected = false;
    this.#status = null;
    if (this.#closed) return;
    this.emit("lost");
    const now = performance.now();
    if (this.#options.spawn && !this.#stopping && now - this.#spawnedAt > START_MS) {
      this.#spawnedAt = now;
      this.#options.spawn();
    }
    this.#timer = setTimeout(() => this.#connect(), RETRY_MS);
  }

  #receive(message: FromDataplane): void {
    if (message.type === "status") {
      this.#status = message.status;
      this.emit("status", message.status);
    } else if (message.type === "refused") {
      this.#options.log.error(`the data plane refused revision ${message.revision}: ${message.reason}`);
      this.emit("refused", message.reason);
    }
  }

  #send(message: ToDataplane): void {
    if (this.#socket && this.#connected) writeLine(this.#socket, message);
  }
}

/** Connects to the data plane of a directory, starting it when none answers. */
export function connectDataplane(options: ConnectOptions): DataplaneClient {
  return new DataplaneClient(options);
}

/** Waits for `event`, but no longer than `ms`. */
async function before(ms: number, event: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([event, late]);
  clearTimeout(timer);
}
