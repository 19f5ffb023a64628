// Cleaning up also when the test process is ended by a signal, an uncaught error or process.exit().

import { constants } from "node:os";

/** The part of a tap test that helpers need. */
export interface Teardown {
  teardown(handler: () => unknown): unknown;
}

const pending = new Set<() => void>();
let listening = false;

function runAll(): void {
  // Last made, first undone.
  for (const cleanup of [...pending].reverse()) {
    try {
      cleanup();
    } catch (error) {
      process.stderr.write(`cleanup: ${String(error)}\n`);
    }
  }
  pending.clear();
}

/** Runs `cleanup`, which must be synchronous, when the process ends in any way but SIGKILL. Returns the way to forget it. */
export function atExit(cleanup: () => void): () => void {
  if (!listening) {
    listening = true;
    process.on("exit", runAll);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => process.exit(128 + constants.signals[signal]));
    }
  }
  pending.add(cleanup);
  return () => pending.delete(cleanup);
}
