// All caches of the speaker, and which of them count: those of the best preference that have data. The others are kept
// up to date, so that their data is there at once when the better ones' has gone (RFC 8210 §10).

import { AppError } from "../../base/errors.js";
import { formatPrefix, parsePrefix } from "../../base/ip.js";
import { type FamilyCounts, ORIGIN_NONE, type RoaTable } from "../../wasm/bgp_roa.js";
import { Cache, dialCache } from "./cache.js";
import type { RpkiCacheConfig } from "./config.js";
import type { RpkiFigures, Validation, ValidationQuery } from "./protocol.js";

export interface RpkiEvents {
  /** VRPs have come or gone, so many of each family: routes are to be validated anew. Once for many changes. */
  changed(counts: FamilyCounts): void;
  /** A line for the log; the cache as HOST:PORT. */
  note(cache: string, text: string): void;
}

/** `HOST:PORT`, an IPv6 address in brackets. */
export function cacheName({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export class RpkiClient {
  readonly #table: RoaTable;
  readonly #caches: readonly Cache[];
  readonly #events: RpkiEvents;
  #pending: { ipv4: number; ipv6: number } | null = null;
  #changes = 0;
  #closed = false;

  constructor(table: RoaTable, caches: readonly RpkiCacheConfig[], events: RpkiEvents, dial = dialCache) {
    this.#table = table;
    this.#events = events;
    const host = {
      table,
      dial,
      counting: () => this.#counting(),
      changed: (counts: FamilyCounts) => this.#changed(counts),
      note: (cache: Cache, text: string) => events.note(cacheName(cache.config), text),
    };
    this.#caches = caches.map((config, id) => new Cache(id, config, host));
  }

  /** Connects to all caches. */
  start(): void {
    for (const cache of this.#caches) cache.start();
  }

  /** Ends all sessions. No event follows. */
  close(): void {
    this.#closed = true;
    for (const cache of this.#caches) cache.stop();
  }

  #uses(cache: Cache, best: number): boolean {
    return cache.hasData && cache.config.preference === best;
  }

  #best(): number {
    return Math.min(...this.#caches.filter((cache) => cache.hasData).map((cache) => cache.config.preference));
  }

  #counting(): number {
    const best = this.#best();
    return this.#caches.reduce((bits, cache, id) => (this.#uses(cache, best) ? bits | (1 << id) : bits), 0);
  }

  /** Tells of changes in a turn of their own, all of this one together. */
  #changed({ ipv4, ipv6 }: FamilyCounts): void {
    if (ipv4 + ipv6 === 0) return;
    this.#changes++;
    if (this.#pending) {
      this.#pending.ipv4 += ipv4;
      this.#pending.ipv6 += ipv6;
      return;
    }
    this.#pending = { ipv4, ipv6 };
    setImmediate(() => {
      const counts = this.#pending;
      this.#pending = null;
      if (counts && !this.#closed) this.#events.changed(counts);
    });
  }

  figures(): RpkiFigures {
    const best = this.#best();
    return {
      caches: this.#caches.map((cache) => cache.figures(this.#uses(cache, best))),
      vrps: this.#table.totals(),
      changes: this.#changes,
    };
  }

  /** The state of a route's origin and the VRPs that cover it. Errors: BODY_INVALID for what is no prefix. */
  validate({ prefix: text, asn }: ValidationQuery): Validation {
    const prefix = parsePrefix(text);
    if (!prefix) throw new AppError("BODY_INVALID", { path: "prefix", reason: `${text} is not a prefix` });
    const origin = asn ?? ORIGIN_NONE;
    return {
      prefix: formatPrefix(prefix),
      asn,
      state: this.#table.state(prefix.bytes, prefix.length, origin),
      covering: this.#table.covering(prefix.bytes, prefix.length),
    };
  }
}
