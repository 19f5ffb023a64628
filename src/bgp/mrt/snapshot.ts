// Snapshots of all Adj-RIBs-In as TABLE_DUMP_V2 files (RFC 6396 §4.3), on a schedule and on command.

import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDirectory } from "../../base/directory.js";
import { AppError, reasonOf } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import { type FeedCounters, noCounters } from "../feed_file.js";
import { fillPath } from "../path_template.js";
import type { DumpedRoute, RibSource } from "../rib_source.js";
import type { MrtConfig } from "./config.js";
import { peerIndexTable, routeRecord } from "./encode.js";

/** Records are written in pieces of about this many bytes. */
const PIECE_BYTES = 1 << 20;

export interface SnapshotResult {
  readonly file: string;
  readonly prefixes: number;
  readonly routes: number;
}

/** Turns batches of routes into records: routes of one prefix that follow one another share one. */
class Grouper {
  readonly #seconds: number;
  readonly #index: (peer: string) => number;
  #group: DumpedRoute[] = [];
  #parts: Buffer[] = [];
  #bytes = 0;
  prefixes = 0;
  routes = 0;

  constructor(seconds: number, index: (peer: string) => number) {
    this.#seconds = seconds;
    this.#index = index;
  }

  get full(): boolean {
    return this.#bytes >= PIECE_BYTES;
  }

  add(route: DumpedRoute): void {
    const last = this.#group[0];
    const same = last && last.family === route.family && Buffer.compare(last.nlri, route.nlri) === 0;
    if (!same || this.#group.length >= LIMITS.mrtRoutesPerRecord) this.close();
    this.#group.push(route);
    this.routes++;
  }

  /** Ends the record that is being made. Before the routes of a batch lose their bytes. */
  close(): void {
    if (this.#group.length === 0) return;
    this.put(routeRecord(this.#seconds, this.prefixes++, this.#group, this.#index));
    this.#group = [];
  }

  put(record: Buffer): void {
    this.#parts.push(record);
    this.#bytes += record.length;
  }

  take(): Buffer {
    const piece = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return piece;
  }
}

/** Writes a piece whole. */
async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

export class MrtSnapshots {
  readonly counters: FeedCounters = noCounters();
  readonly #config: MrtConfig;
  readonly #rib: RibSource;
  readonly #routerId: number;
  readonly #note: (text: string) => void;
  #running: Promise<SnapshotResult> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `routerId`: our BGP identifier, which stands for the collector's. */
  constructor(config: MrtConfig, rib: RibSource, routerId: number, note: (text: string) => void) {
    this.#config = config;
    this.#rib = rib;
    this.#routerId = routerId;
    this.#note = note;
    this.#arm();
  }

  /** Takes a snapshot. Errors: UNAVAILABLE when no path is configured, one is being taken, or the disk fails. */
  take(): Promise<SnapshotResult> {
    const unavailable = (reason: string) => new AppError("UNAVAILABLE", { what: "the RIB snapshot", reason });
    if (this.#config.rib === "") return Promise.reject(unavailable("bgp.mrt.rib names no file"));
    if (this.#running) return Promise.reject(unavailable("one is being taken"));
    const running = this.#take(new Date()).finally(() => {
      this.#running = null;
    });
    this.#running = running;
    return running.catch((error: unknown) => {
      this.counters.failures++;
      throw error instanceof AppError ? error : unavailable(reasonOf(error));
    });
  }

  async #take(time: Date): Promise<SnapshotResult> {
    const file = fillPath(this.#config.rib, time);
    const part = `${file}.part`;
    makeDirectory(dirname(file));
    const handle = await open(part, "w", 0o640);
    try {
      const result = await this.#write(handle, Math.floor(time.getTime() / 1_000));
      await handle.sync();
      await handle.close();
      await rename(part, file);
      return { file, ...result };
    } catch (error) {
      await handle.close().catch(() => undefined);
      await unlink(part).catch(() => undefined);
      throw error;
    }
  }

  async #write(handle: FileHandle, seconds: number): Promise<{ prefixes: number; routes: number }> {
    const peers = this.#rib.peers();
    const index = new Map(peers.map((peer, i) => [peer.address, i]));
    const grouper = new Grouper(seconds, (peer) => index.get(peer) as number);
    grouper.put(peerIndexTable(seconds, this.#routerId, peers));
    for await (const batch of this.#rib.routes(null)) {
      if (this.#closed) throw new AppError("SHUTTING_DOWN");
      for (const route of batch) {
        // A peer that was added since the table of peers was written.
        if (index.has(route.peer)) grouper.add(route);
        else this.counters.dropped++;
      }
      grouper.close();
      if (grouper.full) await this.#put(handle, grouper.take());
    }
    await this.#put(handle, grouper.take());
    this.counters.records += grouper.routes;
    return { prefixes: grouper.prefixes, routes: grouper.routes };
  }

  async #put(handle: FileHandle, piece: Buffer): Promise<void> {
    await writeAll(handle, piece);
    this.counters.bytes += piece.length;
  }

  /** At the next multiple of the interval since midnight UTC. */
  #arm(): void {
    const { rib, rib_interval: seconds } = this.#config;
    if (rib === "" || seconds === 0 || this.#closed) return;
    const period = seconds * 1_000;
    this.#timer = setTimeout(
      () => {
        this.take().catch((error: unknown) => this.#note(`a scheduled one failed: ${reasonOf(error)}`));
        this.#arm();
      },
      period - (Date.now() % period) + 1,
    );
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running?.catch(() => undefined);
  }
}
