// The typed view of exports: what a peer gets of the shared tables, and walks over them that take turns with all else.

import * as n from "../../assembly/bgp/layout.js";
import * as r from "../../assembly/bgp/rib_layout.js";
import type { BgpMemory } from "./bgp_memory.js";
import type { ExportOptions, ExportSlot, RibSlot, SourceSlot } from "./bgp_types.js";

const mask = (families: readonly number[]) => families.reduce((bits, family) => bits | (1 << family), 0);

/** No generation: as assembly/bgp/walk.ts has it. */
const COLLECT_ALL = 0xff;

/** Messages that an export has made. */
export interface Messages {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export class BgpExports {
  readonly #memory: BgpMemory;
  #classes = 1;

  constructor(memory: BgpMemory) {
    this.#memory = memory;
  }

  /** An export for a peer. `fixed`: routes that are its own, and stand; `out`: what it gets of the others. */
  create(fixed: RibSlot, out: RibSlot): ExportSlot {
    const x = this.#memory.wasm.take(r.X_BYTES);
    if (x === 0) throw new RangeError("no memory left for an export");
    this.#memory.bytes.fill(0, x, x + r.X_BYTES);
    this.#memory.setU32(x + r.X_STATIC, fixed);
    this.#memory.setU32(x + r.X_OUT, out);
    return x as ExportSlot;
  }

  free(x: ExportSlot): void {
    this.stop(x);
    this.#memory.wasm.give(x, r.X_BYTES);
  }

  /** Tells what a session has negotiated and what is to be done with routes on their way to the peer. */
  configure(x: ExportSlot, options: ExportOptions): void {
    let flags = 0;
    if (options.ibgp) flags |= r.X_FLAG_IBGP;
    if (options.client) flags |= r.X_FLAG_CLIENT;
    if (options.fourOctetAs) flags |= r.X_FLAG_FOUR_OCTET_AS;
    if (options.policyPerRoute) flags |= r.X_FLAG_POLICY_PER_ROUTE;
    const set = (offset: number, value: number) => this.#memory.setU32(x + offset, value);
    set(r.X_FLAGS, flags);
    set(r.X_FAMILIES, mask(options.families));
    set(r.X_ADD_PATH, mask(options.addPath));
    set(r.X_SOURCE, options.source);
    set(r.X_MESSAGE_BYTES, options.messageBytesMax);
    set(r.X_NEIGHBOR, options.neighbor);
    set(r.X_POLICY, options.policy ?? 0);
    set(r.X_CLASS, this.#classes++);
  }

  /** Makes it an export of routes as they are, with four-octet AS numbers. */
  configurePlain(x: ExportSlot, families: readonly number[]): void {
    this.#memory.setU32(x + r.X_FLAGS, r.X_FLAG_PLAIN | r.X_FLAG_FOUR_OCTET_AS);
    this.#memory.setU32(x + r.X_FAMILIES, mask(families));
    this.#memory.setU32(x + r.X_MESSAGE_BYTES, n.MESSAGE_BYTES_MAX);
  }

  /** Ends all walks: the session has gone. */
  stop(x: ExportSlot): void {
    for (let family = 0; family < n.FAMILIES; family++) this.#memory.wasm.endWalk(x, family);
  }

  /** Routes that did not fit into a message of the session. */
  unsent(x: ExportSlot): number {
    return this.#memory.u32(x + r.X_UNSENT);
  }

  /** Gives `send` the messages that the batch under way makes for a peer, one buffer after another. */
  batch(x: ExportSlot, send: (messages: Messages) => void): void {
    this.#send(x, r.EXPORT_CHANGES, send);
  }

  /** The peer has been sent the withdrawals of the batch under way, which are an operator's: it has none of those routes. */
  forgetWithdrawn(x: ExportSlot): void {
    this.#memory.wasm.forgetWithdrawn(x);
  }

  #send(x: ExportSlot, mode: number, send: (messages: Messages) => void): void {
    const { wasm, output } = this.#memory;
    wasm.beginExport();
    do {
      const bytes = wasm.exportBatch(x, mode);
      if (bytes > 0) send({ bytes: this.#memory.copy(output, bytes), count: wasm.outputMessages() });
    } while (wasm.exportHasMore() !== 0);
  }

  // --- walks -----------------------------------------------------------------------------------------------------

  /** Begins to bring all that a peer has of a family to what it must have; with `fixed` its own routes, too. */
  startWalk(x: ExportSlot, family: number, fixed: boolean): void {
    this.#memory.wasm.startWalk(x, family, fixed ? 1 : 0);
  }

  isWalking(x: ExportSlot, family: number): boolean {
    return this.#memory.wasm.walkPhase(x, family) !== r.PHASE_IDLE;
  }

  /**
   * Goes on with a walk by `slots` slots of its table; with `forced` the peer gets again what it has already. No batch
   * may be under way.
   */
  walk(x: ExportSlot, family: number, slots: number, forced: boolean, send: (messages: Messages) => void): void {
    const { wasm } = this.#memory;
    const fixed = wasm.walkPhase(x, family) === r.PHASE_STATIC;
    wasm.walkSome(x, family, slots);
    this.#send(x, fixed ? r.EXPORT_STATIC : forced ? r.EXPORT_ALL : r.EXPORT_CHANGES, send);
    wasm.endBatch();
  }

  /** A walk over the shared table of a family for collect(); 0 when there is nothing to walk over. */
  startCollecting(family: number): number {
    return this.#memory.wasm.startFamilyWalker(family);
  }

  endCollecting(walker: number): void {
    this.#memory.wasm.endWalker(walker);
  }

  /** True when such a walk has met all. */
  hasCollected(walker: number, family: number): boolean {
    return this.#memory.wasm.walkerAtEnd(walker, family) !== 0;
  }

  /**
   * Makes a batch of a source's routes: withdrawals of all, or of those older than the generation `since`
   * (tables.generation), or announcements of all as they are (`again`), to be judged anew. The caller applies and ends
   * it. Returns how many.
   */
  collect(
    source: SourceSlot,
    family: number,
    walker: number,
    slots: number,
    since: number | "all",
    again = false,
  ): number {
    const from = since === "all" ? COLLECT_ALL : since;
    return this.#memory.wasm.collectSome(source, family, walker, slots, from, again ? 1 : 0);
  }
}
