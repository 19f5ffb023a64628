// Events on their way from a worker to the control thread: one batch a turn of the event loop, and no more under way than
// control has taken the like of. What is over that is counted, and told with the next batch.

import { LIMITS } from "../base/limits.js";

export interface EventBatch<E> {
  readonly events: readonly E[];
  /** Events that were lost before these: control was behind. */
  readonly dropped: number;
}

export class EventQueue<E> {
  readonly #emit: (batch: EventBatch<E>) => void;
  #events: E[] = [];
  #dropped = 0;
  /** Events that control has not taken yet, those of #events included. */
  #pending = 0;
  #flush: NodeJS.Immediate | null = null;

  constructor(emit: (batch: EventBatch<E>) => void) {
    this.#emit = emit;
  }

  /** Makes and queues an event; only counts it when there is no room. */
  push(make: () => E): void {
    if (this.#pending >= LIMITS.eventsPending) {
      this.#dropped++;
      return;
    }
    this.#events.push(make());
    this.#pending++;
    this.#due();
  }

  /** Control has handed out `count` events. */
  taken(count: number): void {
    this.#pending = Math.max(0, this.#pending - count);
    if (this.#dropped > 0) this.#due();
  }

  /** Forgets everything: nobody listens any more. */
  clear(): void {
    this.#events = [];
    this.#dropped = 0;
    this.#pending = 0;
  }

  close(): void {
    if (this.#flush) clearImmediate(this.#flush);
    this.#flush = null;
    this.clear();
  }

  #due(): void {
    this.#flush ??= setImmediate(() => {
      this.#flush = null;
      if (this.#events.length === 0 && this.#dropped === 0) return;
      const batch = { events: this.#events, dropped: this.#dropped };
      this.#events = [];
      this.#dropped = 0;
      this.#emit(batch);
    });
  }
}
