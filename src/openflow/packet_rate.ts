// A token bucket: how many packets one switch may bring before the rest of them is ignored, so that it starves no other.

export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** `rate`: tokens a second; `burst`: how many may be saved up. `now`: monotonic ms. */
  constructor(rate: number, burst: number, now: number) {
    this.#perMs = rate / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Whole tokens that there are at `now`. */
  available(now: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
    return Math.floor(this.#tokens);
  }

  /** Takes tokens away: at most as many as are available. */
  spend(count: number): void {
    this.#tokens -= count;
  }
}
