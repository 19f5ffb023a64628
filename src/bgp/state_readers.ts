// The shared figures of all peers as control reads them, as long as they hold.

import { StateReader } from "./shared_state.js";
import type { BlockEvent } from "./state_board.js";

export class StateReaders {
  /** By canonical address. */
  readonly #readers = new Map<string, StateReader>();
  /** Changes of peers that the worker has been told of and has not made yet, by address. */
  readonly #changing = new Map<string, number>();

  /** What the worker says of a peer's block: a new one, null for none any more, or texts of the one that there is. */
  take(address: string, block: BlockEvent["block"], texts: BlockEvent["texts"]): void {
    if (block === null) this.#readers.delete(address);
    if (block) this.#readers.set(address, new StateReader(block));
    if (texts) this.#readers.get(address)?.describe(texts);
  }

  /** The worker is told of a change: until it has followed, what the shared block says is of the peer as it was. */
  changes(address: string): void {
    this.#changing.set(address, (this.#changing.get(address) ?? 0) + 1);
  }

  /** It has followed. */
  changed(address: string): void {
    const left = (this.#changing.get(address) ?? 1) - 1;
    if (left > 0) this.#changing.set(address, left);
    else this.#changing.delete(address);
  }

  /** The worker is another one. */
  clear(): void {
    this.#readers.clear();
  }

  of(address: string): StateReader | undefined {
    return this.#changing.has(address) ? undefined : this.#readers.get(address);
  }
}
