// What `t.teardown` is to a test, for benches and long runs.

import type { Teardown } from "./cleanup.js";

/** Runs `body` and then, whatever became of it, everything that it asked to be torn down, last first. */
export async function withScope<R>(body: (t: Teardown) => Promise<R>): Promise<R> {
  const handlers: (() => unknown)[] = [];
  try {
    return await body({ teardown: (handler) => handlers.push(handler) });
  } finally {
    for (const handler of handlers.reverse()) {
      try {
        await handler();
      } catch (error) {
        process.stderr.write(`teardown: ${String(error)}\n`);
      }
    }
  }
}
