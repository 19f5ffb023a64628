// A file that grows at its end and is followed by another one: by time, by size, or when its writer says so. What is
// appended waits in a bounded queue. A disk that is full or gone loses records, which are counted; nothing waits for it.

import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { makeDirectory } from "../base/directory.js";
import { reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";

/** After a failure, how long until the disk is tried again; what comes meanwhile is lost. */
const RETRY_MS = 1_000;
/** A disk that stays full is told of once in this time. */
const NOTE_MS = 60_000;
/** At most this long a written record may be in the kernel's hands alone. */
const SYNC_MS = 1_000;
const WRITE_BYTES = 1 << 20;
const NOTHING = new Uint8Array();

export interface FeedCounters {
  /** Appended records that reached the file, and those that did not. */
  records: number;
  bytes: number;
  dropped: number;
  /** Failures to open or write. */
  failures: number;
}

export const noCounters = (): FeedCounters => ({ records: 0, bytes: 0, dropped: 0, failures: 0 });

interface Waiting {
  readonly bytes: Uint8Array;
  readonly records: number;
  /** Another file begins before it. */
  readonly turn: boolean;
}

export interface FeedFileOptions {
  /** The path of a file that begins now; one that is there already is continued. */
  path(): string;
  /** Shared by the files of one feed. */
  readonly counters: FeedCounters;
  note(text: string): void;
  /** Bytes after which another file begins; it may be longer by what is written at once. */
  readonly mostBytes: number;
}

export class FeedFile {
  readonly #options: FeedFileOptions;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #handle: FileHandle | null = null;
  #size = 0;
  #turn = false;
  #writing: Promise<void> | null = null;
  #retryAt = 0;
  #nextNote = 0;
  #syncTimer: NodeJS.Timeout | undefined;

  constructor(options: FeedFileOptions) {
    this.#options = options;
  }

  /** Puts whole records at the end; they are lost and counted when the queue is full. The bytes must not change. */
  append(bytes: Uint8Array, records = 1): void {
    if (this.#queuedBytes + bytes.length > LIMITS.bgpFeedQueueBytes || performance.now() < this.#retryAt) {
      this.#options.counters.dropped += records;
      return;
    }
    this.#queue.push({ bytes, records, turn: this.#turn });
    this.#queuedBytes += bytes.length;
    this.#turn = false;
    this.#writing ??= this.#drain();
  }

  /** The next record begins another file. */
  turn(): void {
    this.#turn = true;
  }

  /** Writes what waits, syncs and closes the file; what is appended later opens the next one. */
  close(): Promise<void> {
    this.#queue.push({ bytes: NOTHING, records: 0, turn: true });
    this.#turn = false;
    this.#writing ??= this.#drain();
    return this.#writing;
  }

  async #drain(): Promise<void> {
    // What is appended in one turn of the event loop goes to the disk together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const some = this.#next();
      const records = some.reduce((sum, one) => sum + one.records, 0);
      try {
        await this.#write(some);
        this.#options.counters.records += records;
      } catch (error) {
        await this.#failed(error, records);
      }
    }
    this.#writing = null;
  }

  /** What waits, up to where another file begins, and not much more than fits into a write. */
  #next(): Waiting[] {
    let bytes = 0;
    const end = this.#queue.findIndex((one, i) => {
      bytes += one.bytes.length;
      return i > 0 && (one.turn || bytes > WRITE_BYTES);
    });
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end);
  }

  async #write(some: readonly Waiting[]): Promise<void> {
    const { counters, mostBytes, path } = this.#options;
    const bytes = some.length === 1 ? (some[0] as Waiting).bytes : Buffer.concat(some.map((one) => one.bytes));
    this.#queuedBytes -= bytes.length;
    if (some[0]?.turn || this.#size >= mostBytes) await this.#end();
    if (bytes.length === 0) return;
    if (!this.#handle) {
      const file = path();
      makeDirectory(dirname(file));
      this.#handle = await open(file, "a", 0o640);
      this.#size = (await this.#handle.stat()).size;
    }
    for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
    this.#size += bytes.length;
    counters.bytes += bytes.length;
    this.#syncTimer ??= setTimeout(() => this.#sync(), SYNC_MS).unref();
  }

  #sync(): void {
    this.#syncTimer = undefined;
    this.#handle?.datasync().catch(() => undefined);
  }

  async #failed(error: unknown, records: number): Promise<void> {
    const { counters, note } = this.#options;
    counters.failures++;
    counters.dropped += records;
    const now = performance.now();
    this.#retryAt = now + RETRY_MS;
    if (now >= this.#nextNote) {
      this.#nextNote = now + NOTE_MS;
      note(`it cannot be written: ${reasonOf(error)}`);
    }
    // A part of a record would spoil what follows it.
    await this.#handle?.truncate(this.#size).catch(() => undefined);
    await this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    const handle = this.#handle;
    this.#handle = null;
    this.#size = 0;
    await handle?.datasync().catch(() => undefined);
    await handle?.close().catch(() => undefined);
  }
}
