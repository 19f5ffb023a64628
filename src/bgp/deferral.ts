// Drives graceful_restarter.ts for all peers of a worker: after a start nobody is told of routes before those who have
// some have told theirs, so that peers which kept what we sent before do not see the best of it come and go.

import { performance } from "node:perf_hooks";
import type { PeerConfig } from "./config.js";
import { FAMILIES } from "./families.js";
import {
  beginRestart,
  isRestarting,
  NOT_RESTARTING,
  type RestarterInput,
  type RestarterState,
  stepRestarter,
} from "./graceful_restarter.js";

/** The indices of the families that a configuration names. */
function familiesOf({ afi_safi }: PeerConfig): number[] {
  return FAMILIES.flatMap(({ name, rib }) => (rib !== null && afi_safi.includes(name) ? [rib] : []));
}

export class Deferral {
  readonly #released: (families: readonly number[]) => void;
  #state: RestarterState = NOT_RESTARTING;
  #timer: NodeJS.Timeout | undefined;

  /** `released`: routes of these families may be told from now on. */
  constructor(released: (families: readonly number[]) => void) {
    this.#released = released;
  }

  /** Waits for the peers that restart gracefully, `seconds` at most. */
  begin(peers: readonly PeerConfig[], seconds: number): void {
    const waiting = peers
      .filter((peer) => peer.graceful_restart !== false)
      .map((peer) => ({ address: peer.remote_addr, families: familiesOf(peer) }));
    this.#state = beginRestart(waiting, performance.now(), seconds * 1000);
    this.#timer = setTimeout(() => this.input({ kind: "tick" }), seconds * 1000 + 1);
  }

  /** True while our OPENs carry the R bit. */
  get restarting(): boolean {
    return isRestarting(this.#state);
  }

  /** True while nobody is told of the family's routes. */
  holds(family: number): boolean {
    return this.#state.deferred.has(family);
  }

  input(input: RestarterInput): void {
    if (!this.restarting) return;
    const [next, families] = stepRestarter(this.#state, input, performance.now());
    this.#state = next;
    if (!this.restarting) clearTimeout(this.#timer);
    if (families.length > 0) this.#released(families);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#state = NOT_RESTARTING;
  }
}
