// The newest messages of a kind from a switch, copied into memory that is reserved once: nothing is allocated per message.

import type { OpenFlowCodec } from "../wasm/openflow.js";

/** How many packets of a switch are kept. */
export const PACKETS_KEPT = 32;
const SLOTS = PACKETS_KEPT;
const SLOT_BYTES = 2_048;

export class PacketRing {
  #bytes: Buffer | null = null;
  readonly #lengths = new Uint16Array(SLOTS);
  #next = 0;

  /** Keeps frame `i` of the codec's current scan, cut off at 2 KiB, in place of the oldest. */
  put(codec: OpenFlowCodec, i: number): void {
    this.#bytes ??= Buffer.alloc(SLOTS * SLOT_BYTES);
    const slot = this.#next++ % SLOTS;
    this.#lengths[slot] = codec.copyFrame(i, this.#bytes, slot * SLOT_BYTES, SLOT_BYTES);
  }

  /** Copies of what is kept, newest first. */
  newest(): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (let n = this.#next - 1; n >= Math.max(0, this.#next - SLOTS); n--) {
      const at = (n % SLOTS) * SLOT_BYTES;
      const length = this.#lengths[n % SLOTS] as number;
      found.push(Uint8Array.prototype.slice.call(this.#bytes as Buffer, at, at + length));
    }
    return found;
  }
}
