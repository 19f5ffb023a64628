// One instance of bgp.wasm and its memory: what all typed views of it work with.

import { randomBytes } from "node:crypto";
import * as n from "../../assembly/bgp/layout.js";
import { type Exports, instantiate } from "./bgp_exports.js";

export class BgpMemory {
  readonly wasm: Exports;
  readonly input: number;
  readonly output: number;
  readonly stage: number;
  readonly #status: number;
  #bytes: Uint8Array;
  #view: DataView;

  constructor() {
    const wasm = instantiate();
    wasm.setSeed(randomBytes(8).readBigUInt64LE());
    this.wasm = wasm;
    this.input = wasm.inputBuffer();
    this.output = wasm.outputBuffer();
    this.stage = wasm.stageBuffer();
    this.#status = wasm.statusBuffer();
    this.#bytes = new Uint8Array(wasm.memory.buffer);
    this.#view = new DataView(wasm.memory.buffer);
  }

  /** The memory, also after it has grown. Not to be kept across a call of the module. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.wasm.memory.buffer) this.#bytes = new Uint8Array(this.wasm.memory.buffer);
    return this.#bytes;
  }

  get view(): DataView {
    if (this.#view.buffer !== this.wasm.memory.buffer) this.#view = new DataView(this.wasm.memory.buffer);
    return this.#view;
  }

  u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  counter(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }

  status(offset: number): number {
    return this.u32(this.#status + offset);
  }

  /** A copy of memory: nothing that leaves the views points into it. */
  copy(from: number, bytes: number): Buffer {
    return Buffer.from(this.bytes.subarray(from, from + bytes));
  }

  /** Puts pieces into the stage one after another; returns their addresses. Throws RangeError when they do not fit. */
  put(...pieces: Uint8Array[]): number[] {
    const { bytes } = this;
    let at = this.stage;
    return pieces.map((piece) => {
      const start = at;
      at += piece.length;
      if (at - this.stage > n.STAGE_BYTES) throw new RangeError("too much for one call");
      bytes.set(piece, start);
      return start;
    });
  }

  /** Bytes that RIBs and attribute sets hold, distinct attribute sets, and the size of the whole memory. */
  figures(): { heldBytes: number; sets: number; totalBytes: number } {
    return {
      heldBytes: this.wasm.heldBytes(),
      sets: this.wasm.setCount(),
      totalBytes: this.wasm.memory.buffer.byteLength,
    };
  }
}
