// What one peer gets: routes of its own, which an operator has sent (`fixed`), and what its export policy makes of the
// best routes (`out`). While its connection takes bytes, each change goes out at once; when it does not, changes are left
// for a walk over the tables that sends what differs by then, so that a slow peer costs no queue.

import type { Messages } from "../wasm/bgp_export.js";
import { MESSAGE_BYTES_EXTENDED, MESSAGE_BYTES_MAX, MSG } from "../wasm/bgp_numbers.js";
import type { NeighborHandle } from "../wasm/bgp_policy.js";
import type { ExportSlot, RibSlot, SourceSlot } from "../wasm/bgp_types.js";
import type { Connection } from "./connection.js";
import type { Negotiated } from "./negotiate.js";
import type { LoadedPolicy } from "./policies.js";
import { type Receiver, type Routing, SLICE_SLOTS } from "./routing.js";

/** What a walk has to do besides bringing the peer up to date. */
interface Walk {
  /** Sends what the peer has already, too. */
  readonly forced: boolean;
  /** Sends the peer's own routes, too. */
  readonly fixed: boolean;
  begun: boolean;
  /** There was a change that the peer could not be told of: another walk follows. */
  behind: boolean;
  /** Called when all has been sent. */
  readonly ended: (() => void)[];
}

export interface ExportTerms {
  readonly ibgp: boolean;
  readonly client: boolean;
  readonly source: SourceSlot;
  readonly neighbor: NeighborHandle;
  /** Null: nothing but the peer's own routes. */
  readonly policy: LoadedPolicy | "all" | null;
}

export class Exporter implements Receiver {
  readonly fixed: RibSlot;
  readonly out: RibSlot;
  readonly #routing: Routing;
  readonly #x: ExportSlot;
  readonly #walks = new Map<number, Walk>();
  #connection: Connection | null = null;
  #families: readonly number[] = [];
  #exported: readonly number[] = [];
  /** Families that nobody is told of yet, with what is to be called once all of them has been sent. */
  readonly #held = new Map<number, (() => void)[]>();
  /** What the peer is to get once its families are not held any more. */
  #terms: { readonly negotiated: Negotiated; readonly terms: ExportTerms } | null = null;
  #running = false;

  constructor(routing: Routing) {
    this.#routing = routing;
    const { tables, exports } = routing.module;
    this.fixed = tables.createRib();
    this.out = tables.createRib();
    this.#x = exports.create(this.fixed, this.out);
  }

  /**
   * The session is up: sends all that the peer is to have, then calls `ended` with each family. `held`: families that wait
   * for release().
   */
  start(
    connection: Connection,
    negotiated: Negotiated,
    what: { readonly terms: ExportTerms; readonly held: readonly number[] },
    ended: (family: number) => void,
  ): void {
    const { tables } = this.#routing.module;
    const families = negotiated.families.map(({ rib }) => rib);
    const session = { fourOctetAs: negotiated.fourOctetAs, families, extendedMessages: negotiated.extendedMessages };
    // What we send is kept as it is, LOCAL_PREF included: hence as if internal.
    tables.startSession(this.fixed, { ...session, ibgp: true, addPath: negotiated.addPathOut });
    tables.startSession(this.out, { ...session, ibgp: true, addPath: negotiated.addPathOut });
    this.#connection = connection;
    this.#families = families;
    for (const family of what.held) this.#held.set(family, [() => ended(family)]);
    this.#configure(negotiated, what.terms);
    this.#routing.receivers.add(this);
    for (const family of families) {
      if (!this.#held.has(family)) this.#walk(family, { forced: false, fixed: true }, () => ended(family));
    }
  }

  /** Families may be told of from now on. */
  release(families: readonly number[]): void {
    const free = families.filter((family) => this.#held.has(family));
    if (!this.#terms || free.length === 0) return;
    const calls = free.map((family) => [family, this.#held.get(family) ?? []] as const);
    for (const family of free) this.#held.delete(family);
    this.#configure(this.#terms.negotiated, this.#terms.terms);
    for (const [family, all] of calls) {
      this.#walk(family, { forced: false, fixed: true }, () => all.forEach((ended) => void ended()));
    }
  }

  /** True when the peer gets more than its own routes. */
  get exporting(): boolean {
    return this.#exported.length > 0;
  }

  /** Terms have changed while the session is up: sends what differs by now. */
  reconfigure(negotiated: Negotiated, terms: ExportTerms): void {
    if (!this.#connection) return;
    this.#configure(negotiated, terms);
    this.again();
  }

  #configure(negotiated: Negotiated, terms: ExportTerms): void {
    const { policy } = terms;
    this.#terms = { negotiated, terms };
    this.#exported = policy === null ? [] : this.#families.filter((family) => !this.#held.has(family));
    const loaded = policy === null || policy === "all" ? null : policy;
    this.#routing.module.exports.configure(this.#x, {
      ibgp: terms.ibgp,
      client: terms.client,
      fourOctetAs: negotiated.fourOctetAs,
      families: this.#exported,
      addPath: negotiated.addPathOut,
      messageBytesMax: negotiated.extendedMessages ? MESSAGE_BYTES_EXTENDED : MESSAGE_BYTES_MAX,
      source: terms.source,
      neighbor: terms.neighbor,
      policy: loaded?.handle ?? null,
      policyPerRoute: loaded?.perRoute ?? false,
    });
  }

  /** The session has gone: what the peer had of the shared tables is forgotten, its own routes stay. */
  stop(): void {
    this.#routing.receivers.delete(this);
    this.#connection = null;
    this.#exported = [];
    this.#held.clear();
    this.#terms = null;
    this.#walks.clear();
    this.#routing.module.exports.stop(this.#x);
    this.#routing.discard(this.out);
  }

  /** Frees everything. */
  dispose(): void {
    this.stop();
    const { tables, exports } = this.#routing.module;
    exports.free(this.#x);
    tables.freeRib(this.fixed);
    tables.freeRib(this.out);
  }

  trim(): void {
    this.#routing.module.tables.trim(this.out);
  }

  /** Within a batch of changes: sends what concerns the peer. */
  batch(): void {
    const connection = this.#connection;
    if (!connection || this.#exported.length === 0) return;
    if (connection.full) {
      for (const family of this.#exported) this.#walk(family, { forced: false, fixed: false });
      return;
    }
    this.#routing.module.exports.batch(this.#x, this.#send);
  }

  /** Within a batch of what an operator has sent the peer: what it is to have instead of what was withdrawn. */
  ownBatch(): void {
    this.#routing.module.exports.forgetWithdrawn(this.#x);
    this.batch();
  }

  /** What the export policy looks at has changed: sends what differs by now. */
  again(): void {
    for (const family of this.#exported) this.#walk(family, { forced: false, fixed: false });
  }

  /** Sends all of a family again (RFC 2918). */
  refresh(family: number, ended: () => void): void {
    const held = this.#held.get(family);
    if (held) held.push(ended);
    else if (this.#families.includes(family)) this.#walk(family, { forced: true, fixed: true }, ended);
  }

  /** Routes whose attributes leave no room in a message of this session. */
  get unsent(): number {
    return this.#routing.module.exports.unsent(this.#x);
  }

  /** The connection takes bytes again. */
  drained(): void {
    this.#run();
  }

  readonly #send = ({ bytes, count }: Messages): void => {
    this.#connection?.send(MSG.update, bytes, count);
  };

  /** Begins a walk. One that is under way ends before, unless it would have to do less than the new one. */
  #walk(family: number, duty: { forced: boolean; fixed: boolean }, ended?: () => void): void {
    const old = this.#walks.get(family);
    if (old && !duty.forced && !duty.fixed && !ended) {
      // Else a peer that is slow and always behind would be told the same again and again.
      old.behind ||= old.begun;
      return;
    }
    this.#walks.set(family, {
      forced: duty.forced || (old?.forced ?? false),
      fixed: duty.fixed || (old?.fixed ?? false),
      begun: false,
      behind: false,
      ended: [...(old?.ended ?? []), ...(ended ? [ended] : [])],
    });
    this.#run();
  }

  #run(): void {
    if (this.#running || this.#walks.size === 0) return;
    this.#running = true;
    this.#routing.run(() => {
      this.#running = this.#slice();
      return this.#running;
    });
  }

  /** A slice of the first walk; false when there is none, or the connection takes nothing: drained() goes on. */
  #slice(): boolean {
    const { exports } = this.#routing.module;
    const next = this.#walks.entries().next().value;
    if (!this.#connection || this.#connection.full || !next) return false;
    const [family, walk] = next;
    if (!walk.begun) exports.startWalk(this.#x, family, walk.fixed);
    walk.begun = true;
    exports.walk(this.#x, family, SLICE_SLOTS, walk.forced, this.#send);
    if (!exports.isWalking(this.#x, family)) {
      this.#walks.delete(family);
      if (walk.behind) this.#walk(family, { forced: false, fixed: false });
      for (const ended of walk.ended) ended();
    }
    return true;
  }
}
