// Waiting for a condition, never for a time.

import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** What is waited for, for the error: "the session to be established". */
  readonly what: string;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Time between two looks, default 20 ms. */
  readonly everyMs?: number;
  /** Added to the error: the state that was there instead. */
  readonly state?: () => unknown;
}

/**
 * Polls `condition` until it gives something other than false, null or undefined, and resolves with that.
 * A condition that throws counts as not yet true. Rejects after the time-out, with the last error and the state.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<Awaited<T>, false | null | undefined>> {
  const { what, timeoutMs = 10_000, everyMs = 20, state } = options;
  const deadline = Date.now() + timeoutMs;
  let failure = "";
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<Awaited<T>, false | null | undefined>;
      }
      failure = "";
    } catch (error) {
      failure = `; last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() >= deadline) {
      const seen = state ? `; state: ${JSON.stringify(await state())}` : "";
      throw new Error(`waited ${timeoutMs} ms for ${what}${failure}${seen}`);
    }
    await sleep(everyMs);
  }
}
