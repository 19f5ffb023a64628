// The typed view of the VRP table (assembly/bgp/roa.ts): PDUs of caches go in by the buffer, never one by one.

import { randomBytes } from "node:crypto";
import * as n from "../../assembly/bgp/layout.js";

export interface RoaExports {
  readonly memory: WebAssembly.Memory;
  stageBuffer(): number;
  originOf(attributes: number, bytes: number, localAs: number): number;
  roaSeed(seed: bigint): void;
  roaBuffer(): number;
  roaRows(): number;
  roaApply(cache: number, version: number, p: number, bytes: number, apply: number, limit: number): number;
  roaConsumed(): number;
  roaBegin(cache: number, delta: number): void;
  roaCommit(cache: number, caches: number): void;
  roaDrop(cache: number, all: number, caches: number): void;
  roaCount(cache: number, coming: number, afi: number): number;
  roaTotal(afi: number): number;
  roaChanged(afi: number): number;
  roaState(afi: number, prefix: number, bits: number, origin: number): number;
  roaCovering(afi: number, prefix: number, bits: number, out: number): number;
}

/** Why RoaTable.next() stopped. */
export const ROA_STOP = {
  more: n.ROA_STOP_MORE,
  pdu: n.ROA_STOP_PDU,
  corrupt: n.ROA_STOP_CORRUPT,
  unknown: n.ROA_STOP_UNKNOWN,
  duplicate: n.ROA_STOP_DUPLICATE,
  full: n.ROA_STOP_FULL,
  memory: n.ROA_STOP_MEMORY,
} as const;

export const ROA_CACHES = n.ROA_CACHES;
export const ROA_PDU_BYTES_MAX = n.ROA_PDU_BYTES_MAX;
/** What feed() takes at once, beside an unfinished PDU. */
export const ROA_CHUNK_BYTES = n.ROA_INPUT_BYTES - n.ROA_PDU_BYTES_MAX;
/** The origin of a route that has none. */
export const ORIGIN_NONE = n.ORIGIN_NONE;

/** By the numbers of roaState(). */
export const VALIDATION_STATES = ["not-found", "valid", "invalid"] as const;
export type ValidationState = (typeof VALIDATION_STATES)[number];

export interface FamilyCounts {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** A VRP that covers a prefix, and the caches that have it. */
export interface Covering {
  readonly asn: number;
  readonly bits: number;
  readonly maxBits: number;
  readonly caches: number[];
}

const afiOf = (prefix: Uint8Array): number => (prefix.length === 4 ? n.AFI_IPV4 : n.AFI_IPV6);

/**
 * Caches are numbered from 0 to ROA_CACHES - 1. A cache's data comes in beside what it has: begin(), any number of
 * feed() and next(), then commit() puts it in place, or drop() forgets it. Sets of caches are a bit each.
 */
export class RoaTable {
  readonly #wasm: RoaExports;
  readonly #input: number;
  #bytes: Uint8Array;
  #at = 0;
  #end = 0;

  /** RangeError when memory has run out. */
  constructor(wasm: RoaExports) {
    this.#wasm = wasm;
    wasm.roaSeed(randomBytes(8).readBigUInt64LE());
    this.#input = wasm.roaBuffer();
    if (this.#input === 0) throw new RangeError("no memory left for origin validation");
    this.#bytes = new Uint8Array(wasm.memory.buffer);
  }

  #refresh(): void {
    if (this.#bytes.buffer !== this.#wasm.memory.buffer) this.#bytes = new Uint8Array(this.#wasm.memory.buffer);
  }

  /** Takes a cache's unfinished PDU and its next bytes, up to ROA_CHUNK_BYTES. */
  feed(rest: Uint8Array | null, chunk: Uint8Array): void {
    this.#refresh();
    this.#at = this.#input;
    if (rest) this.#bytes.set(rest, this.#at);
    this.#end = this.#at + (rest?.length ?? 0);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Works on what feed() has taken; `apply` brings prefixes of that version into the cache's coming data. */
  next(cache: number, version: number, apply: boolean, limit: number): number {
    const stop = this.#wasm.roaApply(cache, version, this.#at, this.#end - this.#at, apply ? 1 : 0, limit);
    this.#at += this.#wasm.roaConsumed();
    this.#refresh();
    return stop;
  }

  /** A copy of the PDU that next() stopped at, or of what is there of it; not used up. */
  pdu(): Buffer {
    const head = Buffer.from(this.#bytes.buffer, this.#at, Math.min(8, this.#end - this.#at));
    const length = head.length === 8 ? Math.max(head.readUInt32BE(4), 8) : head.length;
    return Buffer.from(this.#bytes.subarray(this.#at, Math.min(this.#at + length, this.#end)));
  }

  /** Goes on behind a PDU that pdu() has given. */
  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** A copy of what is not used up, null when nothing is left. */
  rest(): Buffer | null {
    return this.#at === this.#end ? null : Buffer.from(this.#bytes.subarray(this.#at, this.#end));
  }

  /** New data of a cache begins: all of it, or (`delta`) what changes of what it has. */
  begin(cache: number, delta: boolean): void {
    this.#wasm.roaBegin(cache, delta ? 1 : 0);
  }

  /** The coming data takes its place; from now on `caches` count. Returns how many VRPs came or went. */
  commit(cache: number, caches: number): FamilyCounts {
    this.#wasm.roaCommit(cache, caches);
    return this.#perFamily((afi) => this.#wasm.roaChanged(afi));
  }

  /** Forgets the coming data of a cache, with `all` also what it has; from now on `caches` count. Returns as commit(). */
  drop(cache: number, all: boolean, caches: number): FamilyCounts {
    this.#wasm.roaDrop(cache, all ? 1 : 0, caches);
    return this.#perFamily((afi) => this.#wasm.roaChanged(afi));
  }

  #perFamily(count: (afi: number) => number): FamilyCounts {
    return { ipv4: count(n.AFI_IPV4), ipv6: count(n.AFI_IPV6) };
  }

  /** VRPs that a cache has. */
  counts(cache: number): FamilyCounts {
    return this.#perFamily((afi) => this.#wasm.roaCount(cache, 0, afi));
  }

  /** Distinct VRPs of all caches that count. */
  totals(): FamilyCounts {
    return this.#perFamily((afi) => this.#wasm.roaTotal(afi));
  }

  #stageKey(prefix: Uint8Array): void {
    this.#refresh();
    this.#bytes.set(prefix, this.#input);
  }

  /** RFC 6811: the state of a prefix of 4 or 16 bytes with an origin AS. Not between feed() and next(). */
  state(prefix: Uint8Array, bits: number, origin: number): ValidationState {
    this.#stageKey(prefix);
    const state = this.#wasm.roaState(afiOf(prefix), this.#input, bits, origin);
    return VALIDATION_STATES[state] as ValidationState;
  }

  /** The VRPs that cover a prefix, longest first, 1,024 at most. Not between feed() and next(). */
  covering(prefix: Uint8Array, bits: number): Covering[] {
    const rows = this.#wasm.roaRows();
    if (rows === 0) throw new RangeError("no memory left for a lookup of VRPs");
    this.#stageKey(prefix);
    const count = this.#wasm.roaCovering(afiOf(prefix), this.#input, bits, rows);
    const view = new DataView(this.#bytes.buffer, rows, count * n.ROA_ROW_BYTES);
    return Array.from({ length: count }, (_, i) => {
      const at = i * n.ROA_ROW_BYTES;
      const caches = view.getUint32(at + n.ROA_ROW_CACHES, true);
      return {
        asn: view.getUint32(at + n.ROA_ROW_AS, true),
        bits: view.getUint8(at + n.ROA_ROW_BITS),
        maxBits: view.getUint8(at + n.ROA_ROW_MAX_BITS),
        caches: Array.from({ length: n.ROA_CACHES }, (_, cache) => cache).filter((cache) => (caches >> cache) & 1),
      };
    });
  }

  /** The origin AS of an attribute set (four-octet AS numbers), ORIGIN_NONE when it has none. */
  originOf(attributes: Uint8Array, localAs: number): number {
    this.#refresh();
    const stage = this.#wasm.stageBuffer();
    if (attributes.length > n.STAGE_BYTES) throw new RangeError("too much for one call");
    this.#bytes.set(attributes, stage);
    return this.#wasm.originOf(stage, attributes.length, localAs) >>> 0;
  }
}
