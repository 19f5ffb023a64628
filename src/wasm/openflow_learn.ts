// Typed view of the learning switch in openflow.wasm. It works on the frames that the codec scanned last, in the codec's own
// memory: what it returns as a view is good until the codec's next call.

import * as L from "../../assembly/openflow/learn_layout.js";
import type { OpenFlowCodec } from "./openflow.js";

interface Exports {
  readonly memory: WebAssembly.Memory;
  outputPointer(): number;
  learnClear(slot: number): void;
  learnConfigure(maxAge: number, idle: number): void;
  learnCount(slot: number): number;
  learnForgetPort(slot: number, port: number, version: number): number;
  learnShownPointer(): number;
  learnWalk(slot: number, frames: number, budget: number, now: number, flags: number): number;
  learnWalkPointer(): number;
  learnWatch(etherType: number, on: number): void;
}

/** How many switches can learn at a time. */
export const LEARN_SLOTS = L.LEARN_SWITCHES;
/** Addresses that a switch's table has room for. */
export const LEARN_ENTRIES = L.LEARN_BUCKETS * L.LEARN_WAYS;
/** Cookie of the flows that a learning switch sets. */
export const LEARNT_COOKIE = (BigInt(L.LEARNT_COOKIE_HIGH) << 32n) | BigInt(L.LEARNT_COOKIE_LOW);
/** Cookie of the controller's other flows. */
export const OWN_COOKIE = (BigInt(L.LEARNT_COOKIE_HIGH) << 32n) | BigInt(L.OWN_COOKIE_LOW);
/** The slot of a switch that does not learn: its packets are counted and shown, and not answered. */
export const NO_SLOT = -1;

export class Learner {
  readonly #wasm: Exports;
  readonly #bytes: Uint8Array;
  readonly #walk: Uint32Array;
  readonly #shown: Uint16Array;
  readonly #output: number;
  readonly #free = Array.from({ length: LEARN_SLOTS }, (_, i) => LEARN_SLOTS - 1 - i);

  /** `maxAge`: seconds after which an address is forgotten; `idle`: after which a learnt flow without packets ends. */
  constructor(codec: OpenFlowCodec, maxAge: number, idle: number) {
    const wasm = codec.exports as unknown as Exports;
    this.#wasm = wasm;
    wasm.learnConfigure(maxAge, idle);
    const { buffer } = wasm.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#walk = new Uint32Array(buffer, wasm.learnWalkPointer(), L.WALK_SIZE / 4);
    this.#shown = new Uint16Array(buffer, wasm.learnShownPointer(), L.SHOWN_MAX);
    this.#output = wasm.outputPointer();
  }

  /** A slot for a switch that learns; NO_SLOT when all are taken. */
  take(): number {
    return this.#free.pop() ?? NO_SLOT;
  }

  /** Gives a slot back; what was learnt in it is forgotten. */
  release(slot: number): void {
    if (slot === NO_SLOT) return;
    this.#wasm.learnClear(slot);
    this.#free.push(slot);
  }

  /** Packets of this Ethernet type are shown from now on, or no longer. */
  watch(etherType: number, on: boolean): void {
    this.#wasm.learnWatch(etherType, on ? 1 : 0);
  }

  /**
   * Walks the PACKET_INs among the `frames` frames of the codec's last scan: at most `budget` of them are taken, and
   * answered if there is a slot. `now`: seconds. Returns the answers, a view.
   */
  walk(slot: number, frames: number, budget: number, now: number): Uint8Array {
    const flags = slot === NO_SLOT ? 0 : L.WALK_ANSWER;
    const length = this.#wasm.learnWalk(slot, frames, budget, now, flags);
    return this.#bytes.subarray(this.#output, this.#output + length);
  }
  /** PACKET_INs of the last walk that were taken, and those that were ignored. */
  get taken(): number {
    return this.#walk[L.WALK_TAKEN / 4] as number;
  }
  get ignored(): number {
    return this.#walk[L.WALK_IGNORED / 4] as number;
  }
  get ignoredBytes(): number {
    return this.#walk[L.WALK_IGNORED_BYTES / 4] as number;
  }
  /** FLOW_MODs among the last walk's answers. */
  get added(): number {
    return this.#walk[L.WALK_ADDED / 4] as number;
  }
  /** How many frames of the last walk are to be shown. */
  get shown(): number {
    return this.#walk[L.WALK_SHOWN / 4] as number;
  }
  /** The number of the `i`th frame to show. */
  shownFrame(i: number): number {
    return this.#shown[i] as number;
  }

  /** Addresses in the table of a slot. */
  count(slot: number): number {
    return slot === NO_SLOT ? 0 : this.#wasm.learnCount(slot);
  }

  /** Forgets what was at a port that is gone; returns the message that takes its learnt flows away, empty in 1.0. */
  forgetPort(slot: number, port: number, version: number): Uint8Array {
    const length = slot === NO_SLOT ? 0 : this.#wasm.learnForgetPort(slot, port, version);
    return this.#bytes.slice(this.#output, this.#output + length);
  }
}
