// bgp.wasm as it is: compiled once a thread, and what it exports.

import { readFileSync } from "node:fs";
import * as n from "../../assembly/bgp/layout.js";
import type { RoaExports } from "./bgp_roa.js";

export interface Exports extends RoaExports {
  readonly memory: WebAssembly.Memory;
  layoutVersion(): number;
  attributeRow(code: number): number;
  inputBuffer(): number;
  outputBuffer(): number;
  stageBuffer(): number;
  statusBuffer(): number;
  openBuffer(): number;
  setSeed(seed: bigint): void;
  setCount(): number;
  heldBytes(): number;
  takeIdle(): number;
  idleBytes(): number;
  take(bytes: number): number;
  give(p: number, bytes: number): void;
  // batches
  decodeBatch(rib: number, p: number, bytes: number, updates: number): number;
  applyBatch(rib: number): number;
  endBatch(): void;
  recordCount(): number;
  // RIBs and sources
  createRib(): number;
  freeRib(rib: number): void;
  startSession(rib: number, flags: number, families: number, addPath: number): void;
  clearRib(rib: number): void;
  discard(rib: number, family: number): void;
  dropDiscarded(slots: number): number;
  trimRib(rib: number): void;
  sharedRib(): number;
  sharedCount(family: number): number;
  createSource(): number;
  freeSource(source: number): void;
  sourceOf(index: number): number;
  sourceCount(source: number, family: number): number;
  sourceTotal(source: number): number;
  setHopCost(p: number, bytes: number, cost: number): number;
  // reading
  lookup(rib: number, family: number, bits: number, all: number): number;
  lookupLongest(rib: number, family: number, all: number): number;
  matchedLength(): number;
  tableCount(rib: number, family: number): number;
  tableAccepted(rib: number, family: number): number;
  tableChanges(rib: number, family: number): number;
  scan(
    rib: number,
    family: number,
    from: number,
    limit: number,
    slots: number,
    all: number,
    bestOnly: number,
    within: number,
  ): number;
  scanNext(): number;
  scanEnd(rib: number, family: number): number;
  // walks and exports
  startFamilyWalker(family: number): number;
  endWalker(walker: number): void;
  walkerAtEnd(walker: number, family: number): number;
  collectSome(source: number, family: number, walker: number, slots: number, since: number, again: number): number;
  startWalk(x: number, family: number, fixed: number): void;
  endWalk(x: number, family: number): void;
  walkPhase(x: number, family: number): number;
  walkSome(x: number, family: number, slots: number): number;
  beginExport(): void;
  exportBatch(x: number, mode: number): number;
  exportHasMore(): number;
  forgetWithdrawn(x: number): void;
  outputMessages(): number;
  // messages
  decodeOpen(p: number, bytes: number): number;
  encodeOpen(as: number, hold: number, identifier: number, capabilities: number, bytes: number): number;
  encodeKeepalive(): number;
  encodeNotification(notify: number, data: number, bytes: number): number;
  encodeRefresh(type: number, afi: number, subtype: number, safi: number): number;
}

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../../build/bgp.wasm", import.meta.url)));
  return compiled;
}

/** A fresh instance with memory of its own. */
export function instantiate(): Exports {
  const wasm = new WebAssembly.Instance(compile(), {}).exports as unknown as Exports;
  if (wasm.layoutVersion() !== n.LAYOUT_VERSION) throw new Error("build/bgp.wasm is not of this build");
  return wasm;
}
