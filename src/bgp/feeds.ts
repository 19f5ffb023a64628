// All observers that configuration asks for, with their figures. Lives in the worker's thread.

import { BmpSender } from "./bmp/sender.js";
import type { StationCounters, StationHost } from "./bmp/station.js";
import type { FeedCounters } from "./feed_file.js";
import type { FeedsConfig } from "./feeds_config.js";
import { MessageLog } from "./message_log/message_log.js";
import { MrtSnapshots, type SnapshotResult } from "./mrt/snapshot.js";
import { MrtWriter } from "./mrt/writer.js";
import type { Observer } from "./observer.js";

export type { SnapshotResult };

/** Figures of all feeds; they survive structured clone. */
export interface FeedFigures {
  readonly files: readonly ({ readonly feed: "message" | "mrt" | "rib" } & FeedCounters)[];
  readonly stations: readonly StationCounters[];
}

export interface FeedsHost extends StationHost {
  /** Our BGP identifier as a number. */
  readonly routerId: number;
}

export class Feeds {
  /** Who must be told of sessions; empty when nothing is configured. */
  readonly observers: readonly Observer[];
  readonly #bmp: BmpSender | null;
  readonly #log: MessageLog | null;
  readonly #mrt: MrtWriter | null;
  readonly #snapshots: MrtSnapshots;

  /** Begins at once: stations are dialled, snapshots scheduled. */
  constructor(config: FeedsConfig, host: FeedsHost) {
    const { note } = host;
    this.#bmp = config.bmp.length > 0 ? new BmpSender(config.bmp, host) : null;
    this.#log = config.message.write_disk ? new MessageLog(config.message, note, host.now) : null;
    this.#mrt = config.mrt.updates === "" ? null : new MrtWriter(config.mrt, note, host.now);
    this.#snapshots = new MrtSnapshots(config.mrt, host.rib, host.routerId, (text) => note(`RIB snapshot: ${text}`));
    this.observers = [this.#bmp, this.#log, this.#mrt].filter((observer) => observer !== null);
  }

  /** Takes a snapshot of all Adj-RIBs-In. Errors: UNAVAILABLE. */
  snapshot(): Promise<SnapshotResult> {
    return this.#snapshots.take();
  }

  figures(): FeedFigures {
    const files: ({ feed: "message" | "mrt" | "rib" } & FeedCounters)[] = [];
    if (this.#log) files.push({ feed: "message", ...this.#log.counters });
    if (this.#mrt) files.push({ feed: "mrt", ...this.#mrt.counters });
    files.push({ feed: "rib", ...this.#snapshots.counters });
    return { files, stations: (this.#bmp?.counters ?? []).map((counters) => ({ ...counters })) };
  }

  /** Says good-bye to stations and writes what waits. After sessions have been taken down. */
  async close(): Promise<void> {
    await Promise.all([this.#bmp?.close(), this.#log?.close(), this.#mrt?.close(), this.#snapshots.close()]);
  }
}
