// What all peers of a worker share: the tables, who gets what of them, and the work that is too long for one turn of
// the event loop: walks over whole tables take turns with everything else, a few milliseconds at a time.

import { performance } from "node:perf_hooks";
import { releasePages } from "../system/libc.js";
import type { BgpModule } from "../wasm/bgp.js";
import { FAMILY_COUNT } from "../wasm/bgp_numbers.js";
import type { RibSlot, SourceSlot } from "../wasm/bgp_types.js";

/** How long the jobs of one turn may take. */
const TURN_MS = 3;
/** Slots of a table that a slice looks at. */
export const SLICE_SLOTS = 2_048;

/** One slice of a long piece of work; true while there is more. */
export type Job = () => boolean;

/** Who gets routes of the shared tables. */
export interface Receiver {
  /** Many routes have gone: its tables may be smaller. */
  trim(): void;
  /** The batch under way has changed routes; the receiver sends what concerns it. */
  batch(): void;
}

interface Collecting {
  /** All routes, or those older than this generation. */
  readonly since: number | "all";
  readonly again: boolean;
  readonly rib: RibSlot;
}

const ALL_FAMILIES: readonly number[] = Array.from({ length: FAMILY_COUNT }, (_, i) => i);

export class Routing {
  readonly module: BgpModule;
  readonly receivers = new Set<Receiver>();
  /** Whose routes a source has: the peer's address, by the source's index. */
  readonly owners = new Map<number, string>();
  /** Stands in for RIBs that have lost their source. */
  readonly #scratch: RibSlot;
  #jobs: Job[] = [];
  #scheduled = false;

  constructor(module: BgpModule) {
    this.module = module;
    this.#scratch = module.tables.createRib();
  }

  /** Applies the batch under way to a RIB, lets everybody have what has changed, and ends it. False without memory. */
  apply(rib: RibSlot): boolean {
    const applied = this.module.applyBatch(rib);
    for (const receiver of this.receivers) receiver.batch();
    this.module.endBatch();
    this.#releaseIdle();
    return applied;
  }

  /** A table that has grown leaves its old place behind: its pages go back to the system. */
  #releaseIdle(): void {
    for (let idle = this.module.takeIdle(); idle; idle = this.module.takeIdle()) {
      releasePages(this.module.buffer, idle.at, idle.bytes);
    }
  }

  /** Adds work that takes turns with everything else. */
  run(job: Job): void {
    this.#jobs.push(job);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#jobs.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
      this.#schedule();
    });
  }

  #turn(): void {
    const end = performance.now() + TURN_MS;
    do {
      // There may be none left: a job that adds another has a turn scheduled, and this one has done both.
      const job = this.#jobs.shift();
      if (job?.()) this.#jobs.push(job);
    } while (this.#jobs.length > 0 && performance.now() < end);
  }

  /** Takes away a source's routes of a family that are stale by now. `rib`: the one that has the source, which counts the changes. */
  sweep(source: SourceSlot, family: number, rib: RibSlot): void {
    const since = this.module.tables.generation(source, family);
    this.#collect(source, [family], { since, again: false, rib });
  }

  /** Takes all of a source's routes of a family away. */
  remove(source: SourceSlot, family: number, rib: RibSlot): void {
    this.#collect(source, [family], { since: "all", again: false, rib });
  }

  /** Judges a source's routes anew: the import policy, or what it looks at, has changed. */
  again(source: SourceSlot, rib: RibSlot): void {
    this.#collect(source, ALL_FAMILIES, { since: "all", again: true, rib });
  }

  /** Forgets a source that no RIB has any more: its routes go bit by bit, then the source itself. */
  bury(source: SourceSlot): void {
    const done = () => this.module.tables.freeSource(source);
    this.#collect(source, ALL_FAMILIES, { since: "all", again: false, rib: this.#scratch }, done);
  }

  #collect(source: SourceSlot, families: readonly number[], how: Collecting, done?: () => void): void {
    const { tables, exports } = this.module;
    const left = families.filter((family) => tables.sourceCount(source, family) > 0);
    let walker = 0;
    let ending = false;
    this.run(() => {
      const family = left[0];
      // Other work on a source ends when the source is to be buried; the grave is closed a turn later than that.
      if (!done && tables.isDying(source)) {
        exports.endCollecting(walker);
        return false;
      }
      if (family === undefined) {
        if (!ending) this.#trim();
        if (ending) done?.();
        if (ending || !done) return false;
        ending = true;
        return true;
      }
      if (walker === 0) walker = exports.startCollecting(family);
      if (walker !== 0) {
        exports.collect(source, family, walker, SLICE_SLOTS, how.since, how.again);
        tables.withSource(how.rib, source, () => this.apply(how.rib));
        if (!exports.hasCollected(walker, family)) return true;
        exports.endCollecting(walker);
      }
      walker = 0;
      // What one pass had no room for stays for another.
      const more = how.since === "all" && !how.again && tables.sourceCount(source, family) > 0;
      if (!more) left.shift();
      return true;
    });
  }

  #trim(): void {
    this.module.tables.trim(this.module.tables.shared);
    for (const receiver of this.receivers) receiver.trim();
    this.#releaseIdle();
  }

  /** Empties tables of a RIB of its own; their memory comes back bit by bit. */
  discard(rib: RibSlot): void {
    for (const family of ALL_FAMILIES) this.module.tables.discard(rib, family);
    this.run(() => this.module.tables.dropDiscarded(SLICE_SLOTS * 4));
  }
}
