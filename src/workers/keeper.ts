// A worker that is started again when its thread dies: at most a few times a minute, so that one that dies at once does
// not take the processor with it.

import { performance } from "node:perf_hooks";
import { reasonOf } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import type { WorkerHandle } from "./pool.js";
import type { Methods, WorkerClient } from "./rpc.js";

export interface KeeperOptions<M extends Methods> {
  /** For the log. */
  readonly name: string;
  /** Starts a thread; called at once, and after each death. */
  spawn(): WorkerHandle<M>;
  /** Brings a thread that was started again to where its predecessor was. The first one is its owner's business. */
  restore(client: WorkerClient<M>): Promise<void>;
  readonly log: Logger;
  /** So many starts again within `windowMs`; the next one waits. */
  readonly restarts?: number;
  readonly windowMs?: number;
}

export class WorkerKeeper<M extends Methods> {
  readonly #options: KeeperOptions<M>;
  readonly #restarts: number;
  readonly #windowMs: number;
  #handle: WorkerHandle<M>;
  #failed: string | null = null;
  #closing = false;
  /** When it was started again, within the window. */
  #times: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #restoring: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions<M>) {
    this.#options = options;
    this.#restarts = options.restarts ?? 3;
    this.#windowMs = options.windowMs ?? 60_000;
    this.#handle = this.#spawn();
  }

  /** The thread's calls. Those that wait when it dies, and those until the next one runs, fail with UNAVAILABLE. */
  get client(): WorkerClient<M> {
    return this.#handle.client;
  }

  /** Why there is no thread that works, null when there is one. */
  get failed(): string | null {
    return this.#failed;
  }

  /** Ends the thread, and does not start it again. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#handle.close();
    await this.#restoring;
  }

  #spawn(): WorkerHandle<M> {
    const handle = this.#options.spawn();
    void handle.ended.then((error) => {
      if (this.#closing) return;
      this.#failed ??= error?.message ?? "it ended";
      const now = performance.now();
      this.#times = this.#times.filter((time) => now - time < this.#windowMs);
      const wait = this.#times.length < this.#restarts ? 0 : (this.#times[0] ?? now) + this.#windowMs - now;
      this.#timer = setTimeout(() => {
        this.#restoring = this.#again();
      }, wait);
    });
    return handle;
  }

  async #again(): Promise<void> {
    const { name, log } = this.#options;
    this.#times.push(performance.now());
    await this.#handle.close();
    if (this.#closing) return;
    const handle = this.#spawn();
    this.#handle = handle;
    try {
      await this.#options.restore(handle.client);
      this.#failed = null;
      log.warn(`the ${name} worker was started again`);
    } catch (error) {
      this.#failed = reasonOf(error);
      log.error({ err: error }, `the ${name} worker could not be started again`);
      // Its end starts the next try.
      await handle.close();
    }
  }
}
