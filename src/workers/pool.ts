// piscina pools. A worker here runs one task for as long as its sockets live; commands reach it over rpc.ts.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Piscina } from "piscina";
import { reasonOf } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import { type Methods, WorkerClient } from "./rpc.js";

/** What a worker file's default export is called with; it resolves when the worker has closed all it owns. */
export interface WorkerTask<D> {
  readonly port: MessagePort;
  readonly data: D;
}

export interface WorkerHandle<M extends Methods> {
  readonly client: WorkerClient<M>;
  /** Resolves when the thread's task has ended, with the error that ended it if one did. */
  readonly ended: Promise<Error | null>;
  /** Calls the worker's `close`, waits for its task to end, and stops the thread. */
  close(): Promise<void>;
}

/**
 * Starts one long-lived worker in a pool of its own. `file` is the URL of a module whose default export takes a
 * WorkerTask. The worker must have a method `close`, after which its task resolves.
 */
export function startWorker<M extends Methods, D>(name: string, file: URL, data: D, log: Logger): WorkerHandle<M> {
  const { port1, port2 } = new MessageChannel();
  const pool = new Piscina({
    filename: file.href,
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  const client = new WorkerClient<M>(name, port1);
  let closing = false;

  const task: WorkerTask<D> = { port: port2, data };
  const ended: Promise<Error | null> = pool.run(task, { transferList: [port2] }).then(
    () => null,
    (error) => (error instanceof Error ? error : new Error(reasonOf(error))),
  );
  void ended.then((error) => {
    if (error && !closing) log.error({ err: error }, `the ${name} worker has ended`);
    client.ended(error ? error.message : "it was closed");
  });

  return {
    client,
    ended,
    async close() {
      closing = true;
      await client.call("close", undefined as never).catch(() => undefined);
      await ended;
      await pool.destroy();
    },
  };
}
