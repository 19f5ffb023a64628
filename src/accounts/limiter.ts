// A bound on failed log-ins per address: a bucket that failures fill and time empties.

interface Bucket {
  level: number;
  /** When `level` was right, ms. */
  at: number;
}

const ADDRESSES = 10_000;

export class FailureLimiter {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number, now: () => number = Date.now) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Seconds until the address may try again; 0 when it may now. */
  waitSeconds(address: string): number {
    const over = this.#level(address) - (this.#perMinute - 1);
    return over <= 0 ? 0 : Math.ceil((over * 60) / this.#perMinute);
  }

  failed(address: string): void {
    const level = this.#level(address) + 1;
    // Oldest first out: an attacker with many addresses cannot make the table grow.
    this.#buckets.delete(address);
    if (this.#buckets.size >= ADDRESSES) this.#buckets.delete(this.#buckets.keys().next().value as string);
    this.#buckets.set(address, { level, at: this.#now() });
  }

  #level(address: string): number {
    const bucket = this.#buckets.get(address);
    if (!bucket) return 0;
    return Math.max(0, bucket.level - ((this.#now() - bucket.at) * this.#perMinute) / 60_000);
  }
}
