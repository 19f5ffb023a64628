// The typed view of the tables: RIBs, the sources of their routes, and reading them.

import * as n from "../../assembly/bgp/layout.js";
import * as r from "../../assembly/bgp/rib_layout.js";
import type { BgpMemory } from "./bgp_memory.js";
import type { NeighborHandle, PolicyHandle } from "./bgp_policy.js";
import type {
  RibCounters,
  RibSlot,
  RouteEntry,
  SessionOptions,
  SetHandle,
  SourceOptions,
  SourceSlot,
} from "./bgp_types.js";

const mask = (families: readonly number[]) => families.reduce((bits, family) => bits | (1 << family), 0);

/** Which routes scan() and rows() show: those of the RIB, or of all sources. */
export interface ScanOptions {
  readonly all?: boolean;
  /** The best of each prefix only. */
  readonly bestOnly?: boolean;
  /** Slots looked at in one call. */
  readonly slots?: number;
  /** Prefixes inside this one only. */
  readonly within?: { readonly prefix: Uint8Array; readonly length: number };
}

export class BgpTables {
  readonly #memory: BgpMemory;
  /** The tables of all sources together, to be read like a RIB. */
  readonly shared: RibSlot;

  constructor(memory: BgpMemory) {
    this.#memory = memory;
    this.shared = memory.wasm.sharedRib() as RibSlot;
  }

  /** A new, empty RIB: one direction of one peer. */
  createRib(): RibSlot {
    const rib = this.#memory.wasm.createRib();
    if (rib === 0) throw new RangeError("no memory left for a RIB");
    return rib as RibSlot;
  }

  /** Its source must have been detached. */
  freeRib(rib: RibSlot): void {
    this.#memory.wasm.freeRib(rib);
  }

  /** Tells the decoder what a session has negotiated and zeroes the RIB's counters; its routes stay. */
  startSession(rib: RibSlot, options: SessionOptions): void {
    let flags = 0;
    if (options.fourOctetAs) flags |= r.RIB_FLAG_FOUR_OCTET_AS;
    if (options.ibgp) flags |= r.RIB_FLAG_IBGP;
    if (options.extendedMessages) flags |= r.RIB_FLAG_EXTENDED_MESSAGES;
    this.#memory.wasm.startSession(rib, flags, mask(options.families), mask(options.addPath ?? []));
  }

  /** Forgets all routes of a RIB's own tables, at once. */
  clearRib(rib: RibSlot): void {
    this.#memory.wasm.clearRib(rib);
  }

  /** Empties a RIB's own table of a family; its memory comes back bit by bit, with dropDiscarded(). */
  discard(rib: RibSlot, family: number): void {
    this.#memory.wasm.discard(rib, family);
  }

  /** Gives tables of a RIB that have become almost empty fewer slots. Not while a batch is under way. */
  trim(rib: RibSlot): void {
    this.#memory.wasm.trimRib(rib);
  }

  /** Frees some of what was discarded; true when there is more. */
  dropDiscarded(slots: number): boolean {
    return this.#memory.wasm.dropDiscarded(slots) !== 0;
  }

  /** What a peer's routes have to pass on their way in. `perRoute`: the policy looks at more than attributes. */
  setImport(rib: RibSlot, neighbor: NeighborHandle, policy: PolicyHandle | null, perRoute: boolean): void {
    this.#memory.setU32(rib + r.RIB_NEIGHBOR, neighbor);
    this.#memory.setU32(rib + r.RIB_POLICY, policy ?? 0);
    this.#memory.setU32(rib + r.RIB_POLICY_PER_ROUTE, perRoute ? 1 : 0);
  }

  // --- sources ---------------------------------------------------------------------------------------------------

  /** Makes the RIB's routes those of a new source in the shared tables. Null when there are too many sources. */
  attach(rib: RibSlot, options: SourceOptions): SourceSlot | null {
    const source = this.#memory.wasm.createSource();
    if (source === 0) return null;
    let flags = 0;
    if (options.ibgp) flags |= r.SOURCE_FLAG_IBGP;
    if (options.client) flags |= r.SOURCE_FLAG_CLIENT;
    this.#memory.setU32(source + r.SOURCE_FLAGS, flags);
    this.#memory.setU32(source + r.SOURCE_ROUTER_ID, options.routerId);
    this.#memory.bytes.set(options.address, source + r.SOURCE_ADDRESS);
    this.#memory.setU32(rib + r.RIB_SOURCE, source);
    return source as SourceSlot;
  }

  /** Says whether the source is a client of ours as a route reflector; its routes have to be looked at again. */
  setClient(source: SourceSlot, on: boolean): void {
    const flags = this.#memory.u32(source + r.SOURCE_FLAGS) & ~r.SOURCE_FLAG_CLIENT;
    this.#memory.setU32(source + r.SOURCE_FLAGS, on ? flags | r.SOURCE_FLAG_CLIENT : flags);
  }

  /** Takes the source off the RIB: its routes are no longer the RIB's, and not eligible until collect() has removed them. */
  detach(rib: RibSlot): SourceSlot | null {
    const source = this.#memory.u32(rib + r.RIB_SOURCE);
    if (source === 0) return null;
    this.#memory.setU32(rib + r.RIB_SOURCE, 0);
    const flags = this.#memory.u32(source + r.SOURCE_FLAGS);
    this.#memory.setU32(source + r.SOURCE_FLAGS, flags | r.SOURCE_FLAG_DYING);
    return source as SourceSlot;
  }

  /** True when the source has been detached. */
  isDying(source: SourceSlot): boolean {
    return (this.#memory.u32(source + r.SOURCE_FLAGS) & r.SOURCE_FLAG_DYING) !== 0;
  }

  /** Runs `work` while the RIB has another source: routes of one that has left its RIB are taken away that way. */
  withSource<T>(rib: RibSlot, source: SourceSlot, work: () => T): T {
    const own = this.#memory.u32(rib + r.RIB_SOURCE);
    this.#memory.setU32(rib + r.RIB_SOURCE, source);
    try {
      return work();
    } finally {
      this.#memory.setU32(rib + r.RIB_SOURCE, own);
    }
  }

  /** The RIB's source, null when it has none. */
  sourceOf(rib: RibSlot): SourceSlot | null {
    const source = this.#memory.u32(rib + r.RIB_SOURCE);
    return source === 0 ? null : (source as SourceSlot);
  }

  sourceIndex(source: SourceSlot): number {
    return this.#memory.u32(source + r.SOURCE_INDEX);
  }

  /** Routes that a source has: of a family, or of all. */
  sourceCount(source: SourceSlot, family?: number): number {
    return family === undefined ? this.#memory.wasm.sourceTotal(source) : this.#memory.wasm.sourceCount(source, family);
  }

  /** Frees a source that has no routes left. */
  freeSource(source: SourceSlot): void {
    this.#memory.wasm.freeSource(source);
  }

  /** From now on the source's routes of a family are stale until they come again (RFC 4724, RFC 7313). */
  markStale(source: SourceSlot, family: number): void {
    const at = source + r.SOURCE_GENERATIONS + family;
    const { bytes } = this.#memory;
    bytes[at] = ((bytes[at] as number) + r.ROUTE_GENERATION_ONE) & r.ROUTE_GENERATION;
  }

  /** The generation of the source's fresh routes of a family: what collect() takes away is older than one. */
  generation(source: SourceSlot, family: number): number {
    return this.#memory.bytes[source + r.SOURCE_GENERATIONS + family] as number;
  }

  /** Says whether the source's stale routes of a family are long-lived stale ones (RFC 9494). */
  setLongLived(source: SourceSlot, family: number, on: boolean): void {
    const at = source + r.SOURCE_LONG_LIVED;
    const bits = this.#memory.u32(at) & ~(1 << family);
    this.#memory.setU32(at, on ? bits | (1 << family) : bits);
  }

  /** Says what a next hop costs: Infinity when it cannot be reached. False when too many are known. */
  setHopCost(address: Uint8Array, cost: number): boolean {
    const [at] = this.#memory.put(address) as [number];
    const value = cost === Number.POSITIVE_INFINITY ? 0xffffffff : cost;
    return this.#memory.wasm.setHopCost(at, address.length, value) !== 0;
  }

  // --- figures ---------------------------------------------------------------------------------------------------

  counters(rib: RibSlot): RibCounters {
    const counter = (offset: number) => this.#memory.counter(rib + offset);
    return {
      updates: counter(r.RIB_UPDATES),
      withdrawUpdates: counter(r.RIB_WITHDRAW_UPDATES),
      announced: counter(r.RIB_ANNOUNCED),
      withdrawn: counter(r.RIB_WITHDRAWN),
      treatedAsWithdraw: counter(r.RIB_TREATED_AS_WITHDRAW),
      attributesDiscarded: counter(r.RIB_ATTRIBUTES_DISCARDED),
      familiesIgnored: counter(r.RIB_FAMILIES_IGNORED),
      pathsRefused: counter(r.RIB_PATHS_REFUSED),
    };
  }

  /** Families whose End-of-RIB has come on this session, as bits. */
  endOfRib(rib: RibSlot): number {
    return this.#memory.u32(rib + r.RIB_END_OF_RIB);
  }

  /** Routes of a family in a RIB. */
  count(rib: RibSlot, family: number): number {
    return this.#memory.wasm.tableCount(rib, family);
  }

  /** Those of a RIB with a source that rules of the protocol and the import policy let through. */
  accepted(rib: RibSlot, family: number): number {
    return this.#memory.wasm.tableAccepted(rib, family);
  }

  /** Prefixes of a family in the shared tables. */
  prefixes(family: number): number {
    return this.#memory.wasm.sharedCount(family);
  }

  /** How often a route was new, changed or removed since startSession(). */
  changes(rib: RibSlot, family: number): number {
    return this.#memory.wasm.tableChanges(rib, family);
  }

  // --- reading ---------------------------------------------------------------------------------------------------

  #stageKey(address: Uint8Array): void {
    const { bytes, stage } = this.#memory;
    bytes.fill(0, stage, stage + 16);
    bytes.set(address, stage);
  }

  #rows(count: number, family: number): RouteEntry[] {
    const rows: RouteEntry[] = [];
    for (let i = 0; i < count; i++) rows.push(this.#row(this.#memory.stage + i * r.ROW_BYTES, family));
    return rows;
  }

  #row(at: number, family: number): RouteEntry {
    const memory = this.#memory;
    const flags = memory.u16(at + r.ROW_FLAGS);
    const length = memory.u32(at + r.ROW_KEY_BYTES);
    const inPlace = family <= n.FAMILY_IPV6_MULTICAST;
    const prefix = inPlace ? memory.copy(at + r.ROW_KEY, (length + 7) >> 3) : null;
    return {
      set: memory.u32(at + r.ROW_SET) as SetHandle,
      post: memory.u32(at + r.ROW_POST) as SetHandle,
      pathId: memory.u32(at + r.ROW_PATH_ID),
      source: memory.u16(at + r.ROW_SOURCE),
      best: (flags & r.ROW_BEST) !== 0,
      eligible: (flags & r.ROW_ELIGIBLE) !== 0,
      stale: (flags & r.ROW_STALE) !== 0,
      rejected: (flags & r.ROW_REJECTED) !== 0,
      wire: prefix ? Buffer.concat([Uint8Array.of(length), prefix]) : memory.copy(memory.u32(at + r.ROW_KEY), length),
    };
  }

  /** The routes of exactly this prefix (4 or 16 bytes): the RIB's, or with `all` everybody's. */
  find(rib: RibSlot, family: number, prefix: Uint8Array, length: number, all = false): RouteEntry[] {
    this.#stageKey(prefix);
    return this.#rows(this.#memory.wasm.lookup(rib, family, length, all ? 1 : 0), family);
  }

  /** The routes of exactly this NLRI of another family, as a withdrawal has it on the wire, without path identifier. */
  findNlri(rib: RibSlot, family: number, nlri: Uint8Array, all = false): RouteEntry[] {
    if (nlri.length > n.STAGE_BYTES) return [];
    this.#memory.bytes.set(nlri, this.#memory.stage);
    return this.#rows(this.#memory.wasm.lookup(rib, family, nlri.length, all ? 1 : 0), family);
  }

  /** The routes of the longest prefix that covers an address. */
  findLongest(rib: RibSlot, family: number, address: Uint8Array, all = false): RouteEntry[] {
    this.#stageKey(address);
    return this.#rows(this.#memory.wasm.lookupLongest(rib, family, all ? 1 : 0), family);
  }

  /** The attributes' bytes of exactly this prefix, or null. */
  lookup(rib: RibSlot, family: number, prefix: Uint8Array, length: number): Buffer | null {
    const [route] = this.find(rib, family, prefix, length);
    return route ? this.attributes(route.set) : null;
  }

  /** The longest prefix that covers an address, or null. */
  lookupLongest(rib: RibSlot, family: number, address: Uint8Array): { length: number; attributes: Buffer } | null {
    const [route] = this.findLongest(rib, family, address);
    return route ? { length: this.#memory.wasm.matchedLength(), attributes: this.attributes(route.set) } : null;
  }

  /** The bytes of an attribute set. */
  attributes(set: SetHandle): Buffer {
    return this.#memory.copy(set + r.SET_BYTES, this.#memory.u32(set + r.SET_LENGTH));
  }

  /** Some routes of a RIB from a cursor on (0 first), and the cursor to go on with, -1 at the end. No order. */
  scan(
    rib: RibSlot,
    family: number,
    cursor: number,
    limit: number,
    options: ScanOptions = {},
  ): { rows: RouteEntry[]; next: number } {
    const { all = false, bestOnly = false, slots = 0xffffffff, within } = options;
    const { wasm } = this.#memory;
    if (within) this.#stageKey(within.prefix);
    const bits = within ? within.length : 255;
    const count = wasm.scan(rib, family, cursor, limit, slots, all ? 1 : 0, bestOnly ? 1 : 0, bits);
    const next = wasm.scanNext();
    return { rows: this.#rows(count, family), next: next >= wasm.scanEnd(rib, family) ? -1 : next };
  }
}
