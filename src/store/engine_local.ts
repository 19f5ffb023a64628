// The engine of a single box: LMDB. Bodies of `write` run here, one after another, over what is committed and what
// their batch has changed before them; the writer thread commits a batch while the next one gathers.

import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { AppError, reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import { count, gauge, observe, onScrape } from "../base/metrics.js";
import { decodeKey, decodeValue, type Op, packOps } from "./codec.js";
import type { Change, Engine, Key, Transaction } from "./engine.js";
import { type Bytes, type Env, isNoRoom, stateFile } from "./env.js";
import { type Entry, Overlay, type RangeOptions, type Source } from "./overlay.js";
import { readAll, readCount, readOne, tableNumber, transaction } from "./records.js";
import { TABLES, type TableName, type Tables } from "./tables.js";
import type { WriterAnswer, WriterData } from "./writer.js";

/** A batch takes no more bodies once its changes have this size. */
const BATCH_BYTES = 8 << 20;
/** Or once its bodies have held the event loop this long. */
const BATCH_MS = 10;

interface Waiting {
  readonly body: (tx: Transaction) => unknown;
  readonly since: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A body that has run: its result and its changes, not yet committed. */
interface Done extends Waiting {
  readonly result: unknown;
  readonly ops: readonly Op[];
}

type Listener = (change: Change) => void;

/** What is committed, as a source of bytes. */
function committed(env: Env): Source {
  const db = (table: number) => env.tables[table] as Bytes;
  return {
    get: (table, key) => db(table).getBinary(key),
    count: (table) => (db(table).getStats() as { entryCount: number }).entryCount,
    range(table, { from, limit, reverse }: RangeOptions): Entry[] {
      const options = { ...(from ? { start: from } : {}), limit, reverse };
      const entries: Entry[] = [];
      for (const { key, value } of db(table).getRange(options)) {
        entries.push({ key: Buffer.from(key), value });
      }
      return entries;
    },
  };
}

export class LocalEngine implements Engine {
  readonly #dir: string;
  readonly #env: Env;
  readonly #source: Source;
  readonly #log: Logger;
  readonly #unlock: () => void;
  readonly #writer: Worker;
  readonly #listeners = new Map<TableName, Set<Listener>>();
  #queue: Waiting[] = [];
  #scheduled = false;
  #answer: ((answer: WriterAnswer) => void) | null = null;
  #gone: AppError | null = null;
  #idle: (() => void)[] = [];
  #committing = false;

  /** `env` is open, its schema is current, and `unlock` gives the directory back. Use `openStore`. */
  constructor(dir: string, env: Env, unlock: () => void, log: Logger) {
    this.#dir = dir;
    this.#env = env;
    this.#source = committed(env);
    this.#unlock = unlock;
    this.#log = log;
    this.#writer = new Worker(new URL("./writer.js", import.meta.url), { workerData: { dir } satisfies WriterData });
    this.#writer.on("message", (answer: WriterAnswer) => {
      const take = this.#answer;
      this.#answer = null;
      take?.(answer);
    });
    this.#writer.on("error", (error) => this.#lost(reasonOf(error)));
    this.#writer.on("exit", () => this.#lost("it has ended"));
    onScrape(() => this.#measure());
  }

  /** Resolves when the writer thread takes batches. */
  async started(): Promise<void> {
    const answer = await this.#order(null);
    if (answer.type !== "ready") throw new AppError("STORE_FAILED", { path: this.#dir, reason: "no writer" });
  }

  get<T extends TableName>(table: T, key: Key): Tables[T] | undefined {
    return readOne(this.#source, this.#env.msgpack, table, key);
  }

  list<T extends TableName>(table: T, options: { from?: Key; limit?: number; reverse?: boolean } = {}) {
    return readAll(this.#source, this.#env.msgpack, table, options);
  }

  count(table: TableName): number {
    return readCount(this.#source, table);
  }

  write<R>(body: (tx: Transaction) => R): Promise<R> {
    if (this.#gone) return Promise.reject(this.#gone);
    if (this.#queue.length >= LIMITS.storeWritesWaiting) {
      const limit = LIMITS.storeWritesWaiting;
      return Promise.reject(new AppError("OVERLOADED", { what: "the store's queue of writes", limit }));
    }
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({ body, since: performance.now(), resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  watch<T extends TableName>(table: T, listener: (change: Change<T>) => void): () => void {
    const listeners = this.#listeners.get(table) ?? new Set();
    this.#listeners.set(table, listeners);
    listeners.add(listener as Listener);
    return () => listeners.delete(listener as Listener);
  }

  leads(_role: string): boolean {
    return true;
  }

  async close(): Promise<void> {
    while (this.#queue.length > 0 || this.#committing) await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#gone) return;
    this.#gone = new AppError("UNAVAILABLE", { what: "the store", reason: "it was closed" });
    await this.#order("close");
    await this.#writer.terminate();
    await this.#env.root.close();
    this.#unlock();
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    // After this turn of the event loop: what is written in one turn shares one commit.
    setImmediate(() => {
      this.#scheduled = false;
      void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    if (this.#committing) return;
    this.#committing = true;
    while (this.#queue.length > 0 && !this.#gone) {
      const batch = this.#gather();
      const failure = await this.#commit(batch);
      if (!failure) continue;
      // Bodies that shared the failed commit must not fail for one that was too big: each gets a commit of its own.
      if (batch.length === 1) this.#refuse(batch[0] as Done, failure);
      else for (const { body, since, resolve, reject } of batch) await this.#alone({ body, since, resolve, reject });
    }
    this.#committing = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #alone(waiting: Waiting): Promise<void> {
    const done = this.#perform(waiting, new Overlay(this.#source));
    const failure = done && (await this.#commit([done]));
    if (done && failure) this.#refuse(done, failure);
  }

  /** Takes bodies off the queue and runs them until the batch is full. */
  #gather(): Done[] {
    const changes = new Overlay(this.#source);
    const batch: Done[] = [];
    let bytes = 0;
    let taken = 0;
    const started = performance.now();
    while (taken < this.#queue.length && taken < LIMITS.storeWritesPerCommit && bytes < BATCH_BYTES) {
      if (taken > 0 && performance.now() - started > BATCH_MS) break;
      const done = this.#perform(this.#queue[taken] as Waiting, changes);
      taken += 1;
      if (!done) continue;
      batch.push(done);
      for (const { key, value } of done.ops) bytes += key.length + (value?.length ?? 0);
    }
    this.#queue = this.#queue.slice(taken);
    return batch;
  }

  /** Runs one body over the batch's changes and adds its own; what it throws rejects its promise alone. */
  #perform(waiting: Waiting, batch: Overlay): Done | null {
    const own = new Overlay(batch);
    try {
      const result = waiting.body(transaction(own, this.#env.msgpack));
      if (result instanceof Promise) throw new TypeError("the body of a store write must be synchronous");
      const ops = [...own.changes()];
      for (const { table, key, value } of ops) {
        if (value) batch.set(table, key, value);
        else batch.remove(table, key);
      }
      return { ...waiting, result, ops };
    } catch (error) {
      waiting.reject(error);
      return null;
    }
  }

  /** Commits a batch, tells the listeners and resolves its promises; or returns why it could not. */
  async #commit(batch: readonly Done[]): Promise<AppError | null> {
    const ops = batch.flatMap((done) => done.ops);
    if (ops.length > 0) {
      const answer = await this.#order(packOps(ops));
      if (answer.type !== "committed") return this.#failure(answer);
      // Reads from here on see the commit.
      this.#env.root.resetReadTxn();
      count("sennit_store_commits_total");
    }
    for (const { ops, resolve, result, since } of batch) {
      this.#tell(ops);
      observe("sennit_store_commit_duration_seconds", (performance.now() - since) / 1_000);
      resolve(result);
    }
    return null;
  }

  #refuse(done: Done, failure: AppError): void {
    count("sennit_store_failures_total", { code: failure.code });
    this.#log.error({ err: failure }, "a store write was not made");
    done.reject(failure);
  }

  #failure(answer: WriterAnswer): AppError {
    const path = this.#dir;
    if (this.#gone) return this.#gone;
    if (answer.type !== "failed") return new AppError("STORE_FAILED", { path, reason: answer.type });
    const { full, code, reason } = answer;
    if (full || isNoRoom(code, path)) return new AppError("STORE_FULL", { path });
    return new AppError("STORE_FAILED", { path, reason });
  }

  #tell(ops: readonly Op[]): void {
    for (const { table, key, value } of ops) {
      const name = TABLES[table];
      const listeners = name && this.#listeners.get(name);
      if (!name || !listeners) continue;
      for (const listener of [...listeners]) {
        try {
          // Decoded for each: a listener may keep or change what it gets.
          const record = value ? (decodeValue(value, this.#env.msgpack) as Tables[TableName]) : undefined;
          listener({ table: name, key: decodeKey(key), value: record });
        } catch (error) {
          this.#log.error({ err: error }, `a listener to the table ${name} has failed`);
        }
      }
    }
  }

  /** Gives the writer its next order; null only waits for its first answer. One at a time. */
  #order(order: ArrayBuffer | "close" | null): Promise<WriterAnswer> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (order instanceof ArrayBuffer) this.#writer.postMessage(order, [order]);
      else if (order !== null) this.#writer.postMessage(order);
    });
  }

  /** The writer thread has ended by itself: a defect or a broken disk. Reads go on; writes are refused. */
  #lost(reason: string): void {
    if (this.#gone) return;
    this.#gone = new AppError("UNAVAILABLE", { what: "the store's writer", reason });
    this.#log.error({ reason }, "the store's writer has ended; nothing more is written");
    this.#answer?.({ type: "failed", reason, full: false, code: 0 });
    for (const { reject } of this.#queue.splice(0)) reject(this.#gone);
  }

  #measure(): void {
    if (this.#gone) return;
    gauge("sennit_store_writes_waiting", this.#queue.length);
    gauge("sennit_store_bytes", statSync(stateFile(this.#dir)).size);
    for (const table of TABLES) gauge("sennit_store_records", this.#source.count(tableNumber(table)), { table });
  }
}
