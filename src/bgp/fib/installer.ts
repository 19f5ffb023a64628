// Best routes into a kernel table. UPDATEs of our own export come in, wait in a bounded queue, and are turned into
// rtnetlink messages a slice at a time. What is installed is not remembered here: the kernel knows it, and our protocol
// number marks it. Only routes that the kernel refused are kept, and tried again.

import { performance } from "node:perf_hooks";
import { AppError, reasonOf } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import { holdsNetAdmin } from "../../system/capabilities.js";
import { errorName } from "../../system/libc.js";
import { LinkWatch } from "../../system/link_watch.js";
import { addsRoute, hopKey, prefixKey, RouteTable, routeKey } from "../../system/route_table.js";
import type { FibConfig } from "./config.js";
import { firstOf, type RefusedGroup, RefusedRoutes } from "./refused.js";
import { applyMessage, messageLength, type RouteSink } from "./update.js";

/** RTPROT_BGP of linux/rtnetlink.h. */
const PROTOCOL_BGP = 186;
const SLICE_MS = 5;
const RETRY_MS = 10_000;
/** Routes between two looks at the clock, and of a next hop that has come back in one turn. */
const ROUTES_PER_LOOK = 256;
const ROUTES_PER_TURN = 1_024;
/** Of those that are refused for their own sake, so many are tried again at a time. */
const ROUTES_PER_RETRY = 512;
/** A route that is not there cannot be removed: nothing is wrong with that. */
const NOT_THERE: ReadonlySet<string> = new Set(["ESRCH", "ENOENT", "ENODEV"]);
const LINK_LOCAL = "link-local next hop";

export interface FibFigures {
  readonly table: number;
  readonly metric: number;
  /** Routes added or replaced, and removed, since the start; also those that the kernel then refused. */
  readonly added: number;
  readonly removed: number;
  /** Routes of an earlier run that were removed at the start. */
  readonly stale: number;
  /** UPDATE bytes that wait. */
  readonly waiting: number;
  readonly malformed: number;
  /** Routes that are not in the kernel now, by reason: the error's name. */
  readonly refused: Readonly<Record<string, number>>;
  /** Refusals since the start, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Refused routes that there was no room for: all routes are asked for when a next hop comes back. */
  readonly forgotten: number;
}

export interface FibEvents {
  /** A line for the log. */
  note(text: string): void;
  /** Links or addresses have come up, with which the kernel may have lost routes: all routes are wanted once more. */
  replay(): void;
}

export class FibInstaller implements RouteSink {
  readonly #config: FibConfig;
  readonly #events: FibEvents;
  readonly #retryMs: number;
  #routes: RouteTable | null = null;
  #links: LinkWatch | null = null;
  #timer: NodeJS.Timeout | undefined;
  #scheduled = false;
  /** UPDATEs that wait, from #at to #end. */
  #queue = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  /** Routes since the last look at the clock. */
  #unlooked = 0;
  readonly #refused = new RefusedRoutes();
  readonly #refusals = new Map<string, number>();
  #added = 0;
  #removed = 0;
  #stale = 0;
  #malformed = 0;

  constructor(config: FibConfig, events: FibEvents, retryMs = RETRY_MS) {
    this.#config = config;
    this.#events = events;
    this.#retryMs = retryMs;
  }

  /** Opens the way to the kernel and removes what an earlier run has left. Errors: BGP_FIB_DENIED; SystemError. */
  start(): void {
    if (!holdsNetAdmin()) throw new AppError("BGP_FIB_DENIED");
    const { table, metric, source4, source6 } = this.#config;
    const options = { table, metric, source4, source6, protocol: PROTOCOL_BGP };
    this.#routes = new RouteTable(options, (message, error) => this.#refuse(message, errorName(error)));
    this.#links = new LinkWatch();
    this.#stale = this.#routes.clear();
    if (this.#stale > 0) this.#events.note(`${this.#stale} routes of an earlier run are removed from table ${table}`);
    this.#timer = setInterval(() => this.#look(), this.#retryMs);
  }

  /** Takes whole UPDATE messages; they are copied. Nothing of them is lost when many come: then the call takes longer. */
  apply(bytes: Uint8Array): void {
    if (!this.#routes) return;
    if (this.#end - this.#at + bytes.length > LIMITS.fibQueueBytes) this.#work(Number.POSITIVE_INFINITY);
    if (this.#end + bytes.length > this.#queue.length) this.#makeRoom(bytes.length);
    this.#queue.set(bytes, this.#end);
    this.#end += bytes.length;
    if (!this.#scheduled) this.#schedule();
  }

  /** Moves what waits to the front of the queue, of a longer one if that must be. */
  #makeRoom(bytes: number): void {
    const waits = this.#queue.subarray(this.#at, this.#end);
    const needed = waits.length + bytes;
    const queue = needed <= this.#queue.length ? this.#queue : Buffer.alloc(Math.max(needed * 2, 64 << 10));
    waits.copy(queue);
    this.#queue = queue;
    this.#end = waits.length;
    this.#at = 0;
  }

  /** Removes all routes, those of what still waits included. */
  close(): void {
    clearInterval(this.#timer);
    this.#end = this.#at;
    const routes = this.#routes;
    this.#routes = null;
    if (!routes) return;
    this.#refused.clear();
    this.#guard(() => routes.clear());
    routes.close();
    this.#links?.close();
  }

  figures(): FibFigures {
    return {
      table: this.#config.table,
      metric: this.#config.metric,
      added: this.#added,
      removed: this.#removed,
      stale: this.#stale,
      waiting: this.#end - this.#at,
      malformed: this.#malformed,
      refused: this.#refused.counts(),
      refusals: Object.fromEntries(this.#refusals),
      forgotten: this.#refused.forgotten,
    };
  }

  // --- as sink of UPDATEs ----------------------------------------------------------------------------------------

  announce(six: boolean, bytes: Uint8Array, at: number, bits: number, hopAt: number, hopBytes: number): void {
    this.#unlooked++;
    this.#added++;
    const linkLocal = hopBytes === 16 && bytes[hopAt] === 0xfe && ((bytes[hopAt + 1] as number) & 0xc0) === 0x80;
    if (this.#refused.size > 0 || linkLocal) {
      const prefix = routeKey(six, bytes, at, bits);
      const hop = Buffer.from(bytes.subarray(hopAt, hopAt + hopBytes)).toString("latin1");
      const reason = linkLocal ? LINK_LOCAL : this.#refused.reasonOf(hop);
      const absent = this.#refused.take(prefix);
      if (reason !== undefined) {
        this.#keep(prefix, hop, reason);
        // The route that it was to replace is no longer the right one.
        if (!absent) this.#routes?.remove(six, bytes, at, bits);
        return;
      }
    }
    this.#routes?.add(six, bytes, at, bits, hopAt, hopBytes);
  }

  withdraw(six: boolean, bytes: Uint8Array, at: number, bits: number): void {
    this.#unlooked++;
    this.#removed++;
    if (this.#refused.size > 0 && this.#refused.take(routeKey(six, bytes, at, bits))) return;
    this.#routes?.remove(six, bytes, at, bits);
  }

  #keep(prefix: string, hop: string, reason: string): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    this.#refused.add(prefix, hop, reason);
  }

  // ---------------------------------------------------------------------------------------------------------------

  #schedule(): void {
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#work(performance.now() + SLICE_MS);
      if (this.#at < this.#end) this.#schedule();
    });
  }

  /** Works off what waits, until about `deadline`. */
  #work(deadline: number): void {
    const bytes = this.#queue.subarray(0, this.#end);
    this.#guard(() => {
      while (this.#at < this.#end) {
        const at = this.#at;
        const length = messageLength(bytes, at);
        // What is no message leaves nothing behind it that could be read.
        this.#at = length === 0 ? this.#end : at + length;
        if (length === 0 || !applyMessage(bytes, at, length, this)) this.#malformed++;
        if (++this.#unlooked < ROUTES_PER_LOOK) continue;
        this.#unlooked = 0;
        if (performance.now() > deadline) break;
      }
      if (this.#at === this.#end) [this.#at, this.#end] = [0, 0];
    });
  }

  /** The kernel has refused a message. */
  #refuse(message: Buffer, reason: string): void {
    if (addsRoute(message)) {
      const prefix = prefixKey(message);
      this.#keep(prefix, hopKey(message), reason);
      this.#remove(prefix);
    } else if (!NOT_THERE.has(reason)) this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  #remove(prefix: string): void {
    const bytes = Buffer.from(prefix, "latin1");
    this.#routes?.remove(bytes[0] === 6, bytes, 2, bytes[1] as number);
  }

  /** From time to time: what was refused is tried again, and what links have taken with them is asked for. */
  #look(): void {
    if (this.#links?.cameUp()) this.#events.replay();
    for (const group of this.#refused.groups()) {
      if (group.reason === LINK_LOCAL) continue;
      const some = this.#retry(group, group.ofHop ? 1 : ROUTES_PER_RETRY);
      // Taken: the others with this next hop follow.
      group.recovering = group.ofHop && !some.some((prefix) => group.prefixes.has(prefix));
      if (!group.recovering) continue;
      this.#recover(group);
      if (this.#refused.forgotten === 0) continue;
      this.#refused.forgotten = 0;
      this.#events.replay();
    }
  }

  /** Tries some routes of a group once more; returns them. Those that are refused again are in it again, as its last. */
  #retry(group: RefusedGroup, most: number): string[] {
    const some = firstOf(group, most);
    const hop = Buffer.from(group.hop, "latin1");
    this.#guard(() => {
      for (const prefix of some) {
        this.#refused.take(prefix);
        const bytes = Buffer.concat([Buffer.from(prefix, "latin1"), hop]);
        this.#routes?.add(bytes[0] === 6, bytes, 2, bytes[1] as number, bytes.length - hop.length, hop.length);
      }
    });
    return some;
  }

  #recover(group: RefusedGroup): void {
    if (!this.#routes || !group.recovering || group.prefixes.size === 0) return;
    this.#retry(group, ROUTES_PER_TURN);
    setImmediate(() => this.#recover(group));
  }

  /** Nothing that the kernel does ends the speaker. */
  #guard(run: () => void): void {
    try {
      run();
      // The second time: removals that refusals have called for.
      this.#routes?.flush();
      this.#routes?.flush();
    } catch (error) {
      const reason = reasonOf(error);
      this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
      this.#events.note(`the kernel does not take routes: ${reason}`);
    }
  }
}
