// Routes that the kernel has refused, by next hop: one of each is tried again from time to time, and when it is taken,
// the others follow. So a next hop that cannot be reached costs one question a time, however many routes it has.

import { LIMITS } from "../../base/limits.js";

/** Refusals that are the next hop's fault: all its routes share them. */
const OF_HOP: ReadonlySet<string> = new Set(["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "ENODEV"]);

/** The first prefixes of a group, which have waited longest. */
export function firstOf(group: RefusedGroup, most: number): string[] {
  const some: string[] = [];
  for (const prefix of group.prefixes) {
    if (some.length === most) break;
    some.push(prefix);
  }
  return some;
}

export interface RefusedGroup {
  readonly hop: string;
  readonly reason: string;
  /** The next hop's fault, so that no route with it needs to be tried. */
  readonly ofHop: boolean;
  readonly prefixes: Set<string>;
  /** One of them was taken: the others are on their way. */
  recovering: boolean;
}

/** Prefixes and next hops are keys of route_table.ts. */
export class RefusedRoutes {
  readonly #byPrefix = new Map<string, RefusedGroup>();
  readonly #groups = new Map<string, RefusedGroup>();
  /** Refused routes that there was no room for. */
  forgotten = 0;

  get size(): number {
    return this.#byPrefix.size;
  }

  /** Keeps a route that was refused. */
  add(prefix: string, hop: string, reason: string): void {
    this.take(prefix);
    if (this.#byPrefix.size >= LIMITS.fibRefused) {
      this.forgotten++;
      return;
    }
    const ofHop = OF_HOP.has(reason);
    const key = ofHop ? hop : `${hop} ${reason}`;
    let group = this.#groups.get(key);
    if (group) group.recovering = false;
    if (!group || group.reason !== reason) {
      group = { hop, reason, ofHop, prefixes: group?.prefixes ?? new Set(), recovering: false };
      this.#groups.set(key, group);
      for (const other of group.prefixes) this.#byPrefix.set(other, group);
    }
    group.prefixes.add(prefix);
    this.#byPrefix.set(prefix, group);
  }

  /** Forgets a route; true when it was here. */
  take(prefix: string): boolean {
    const group = this.#byPrefix.get(prefix);
    if (!group) return false;
    this.#byPrefix.delete(prefix);
    group.prefixes.delete(prefix);
    if (group.prefixes.size === 0) this.#groups.delete(group.ofHop ? group.hop : `${group.hop} ${group.reason}`);
    return true;
  }

  /** Why no route with this next hop needs to be tried now; undefined when it may be. */
  reasonOf(hop: string): string | undefined {
    const group = this.#groups.get(hop);
    return group && !group.recovering ? group.reason : undefined;
  }

  groups(): RefusedGroup[] {
    return [...this.#groups.values()];
  }

  clear(): void {
    this.#byPrefix.clear();
    this.#groups.clear();
  }

  /** Routes that are refused now, by reason. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { reason, prefixes } of this.#groups.values()) counts[reason] = (counts[reason] ?? 0) + prefixes.size;
    return counts;
  }
}
