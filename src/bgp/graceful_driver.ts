// Drives the state machine of graceful.ts for one peer: one timer, and outputs carried out as they come.

import { performance } from "node:perf_hooks";
import {
  type HelperInput,
  type HelperOptions,
  type HelperOutput,
  NOTHING_KEPT,
  nextDeadline,
  stepHelper,
} from "./graceful.js";

/** The longest that setTimeout() can wait; what is later is looked at again then. */
const TIMEOUT_MOST_MS = 2 ** 31 - 1;

export class GracefulHelper {
  readonly #options: HelperOptions;
  readonly #act: (output: HelperOutput) => void;
  #state = NOTHING_KEPT;
  #timer: NodeJS.Timeout | undefined;

  /** `act` carries an output out on the peer's routes, at once. */
  constructor(options: HelperOptions, act: (output: HelperOutput) => void) {
    this.#options = options;
    this.#act = act;
  }

  /** True while routes of the family are stale. */
  keeps(family: number): boolean {
    return this.#state.kept.has(family);
  }

  input(input: HelperInput): void {
    const [next, outputs] = stepHelper(this.#state, input, performance.now(), this.#options);
    this.#state = next;
    for (const output of outputs) this.#act(output);
    clearTimeout(this.#timer);
    const at = nextDeadline(next);
    if (at === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(Math.max(at - performance.now(), 0) + 1, TIMEOUT_MOST_MS);
    this.#timer = setTimeout(() => this.input({ kind: "tick" }), wait);
  }

  /** The peer is removed; nothing follows. */
  close(): void {
    clearTimeout(this.#timer);
    this.#state = NOTHING_KEPT;
  }
}
