// Links between ports of switches, as probes showed them: each has a direction, and is gone when it was not seen for a while.

import { LIMITS } from "../../base/limits.js";
import type { Listening } from "./listener.js";
import type { Link } from "./records.js";

interface Entry extends Link {
  /** Monotonic ms of the last LLDP and the last BDDP; -Infinity: never. */
  lldpAt: number;
  bddpAt: number;
}

const keyOf = (srcDpid: string, srcPort: number, dstDpid: string, dstPort: number): string =>
  `${srcDpid}/${srcPort}>${dstDpid}/${dstPort}`;

export class Links {
  /** Links that there was no room for. */
  refused = 0;
  readonly #entries = new Map<string, Entry>();
  /** How many direct links a port has, as source or destination. */
  readonly #direct = new Map<string, Map<number, number>>();
  readonly #lifetimeMs: number;
  readonly #listening: Listening;

  constructor(lifetimeMs: number, listening: Listening) {
    this.#lifetimeMs = lifetimeMs;
    this.#listening = listening;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A probe came through; `now` in monotonic ms. True when the link was not known before, or not to be direct. */
  seen(srcDpid: string, srcPort: number, dstDpid: string, dstPort: number, lldp: boolean, now: number): boolean {
    const key = keyOf(srcDpid, srcPort, dstDpid, dstPort);
    const known = this.#entries.get(key);
    if (known) {
      if (lldp) known.lldpAt = now;
      else known.bddpAt = now;
      known.seenAt = Date.now();
      return this.#setDirect(known, now);
    }
    if (this.#entries.size >= LIMITS.netLinks) {
      this.refused++;
      return false;
    }
    const at = Date.now();
    const times = { lldpAt: lldp ? now : -Infinity, bddpAt: lldp ? -Infinity : now };
    const entry = { srcDpid, srcPort, dstDpid, dstPort, direct: lldp, madeAt: at, seenAt: at, ...times };
    this.#entries.set(key, entry);
    if (lldp) this.#count(entry, 1);
    this.#listening.listener?.link("up", entry);
    return true;
  }

  /** Forgets what was not seen for its lifetime. */
  expire(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - Math.max(entry.lldpAt, entry.bddpAt) >= this.#lifetimeMs) this.#remove(key, entry);
      else this.#setDirect(entry, now);
    }
  }

  /** Forgets the links of a port, or of all ports of a switch. */
  drop(dpid: string, port: number | null): void {
    const own = (oneDpid: string, onePort: number): boolean => oneDpid === dpid && (port === null || onePort === port);
    for (const [key, entry] of this.#entries) {
      if (own(entry.srcDpid, entry.srcPort) || own(entry.dstDpid, entry.dstPort)) this.#remove(key, entry);
    }
  }

  /** True when the port is an end of a direct link: what comes in there was sent by no host. */
  isDirect(dpid: string, port: number): boolean {
    return this.#direct.get(dpid)?.has(port) === true;
  }

  /** True when switches of others join the two ports: a host behind one is heard at both. */
  areJoined(dpid: string, port: number, otherDpid: string, otherPort: number): boolean {
    return (
      this.#entries.has(keyOf(dpid, port, otherDpid, otherPort)) ||
      this.#entries.has(keyOf(otherDpid, otherPort, dpid, port))
    );
  }

  /** Copies of all, or of those that begin or end at a switch. */
  list(dpid: string | null): Link[] {
    const found: Link[] = [];
    for (const { lldpAt, bddpAt, ...link } of this.#entries.values()) {
      if (dpid === null || link.srcDpid === dpid || link.dstDpid === dpid) found.push(link);
    }
    return found;
  }

  /** True when it has become direct. */
  #setDirect(entry: Entry, now: number): boolean {
    const direct = now - entry.lldpAt < this.#lifetimeMs;
    if (direct === entry.direct) return false;
    entry.direct = direct;
    this.#count(entry, direct ? 1 : -1);
    this.#listening.listener?.link("changed", entry);
    return direct;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    if (entry.direct) this.#count(entry, -1);
    this.#listening.listener?.link("down", entry);
  }

  #count(entry: Link, by: number): void {
    this.#countPort(entry.srcDpid, entry.srcPort, by);
    this.#countPort(entry.dstDpid, entry.dstPort, by);
  }

  #countPort(dpid: string, port: number, by: number): void {
    const ports = this.#direct.get(dpid) ?? new Map<number, number>();
    const count = (ports.get(port) ?? 0) + by;
    if (count > 0) ports.set(port, count);
    else ports.delete(port);
    if (ports.size > 0) this.#direct.set(dpid, ports);
    else this.#direct.delete(dpid);
  }
}
