// Runs one target in its thread and watches over it.

import { Worker } from "node:worker_threads";
import { keep } from "./registry.js";
import type { FuzzJob, FuzzResult } from "./thread.js";

const HANG_MS = 10_000;
const INPUT_BYTES = 1 << 17;

export interface Outcome {
  readonly runs: number;
  /** What broke and where its input is kept; null when nothing did. */
  readonly failure: { readonly reason: string; readonly path: string } | null;
}

/** Fuzzes `target` for so many runs or so long, whichever comes first. Inputs that break it are kept in the corpus. */
export function fuzz(target: string, seed: number, maxRuns: number, maxMs: number): Promise<Outcome> {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const input = new Uint8Array(new SharedArrayBuffer(INPUT_BYTES));
  const workerData: FuzzJob = { target, seed, maxRuns, maxMs, state, input };
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    let last = -1;
    let since = Date.now();
    const current = () => Uint8Array.from(input.subarray(0, Atomics.load(state, 1)));
    const end = (outcome: Outcome) => {
      clearInterval(timer);
      void worker.terminate().then(() => resolve(outcome));
    };
    const timer = setInterval(() => {
      const runs = Atomics.load(state, 0);
      if (runs !== last) {
        last = runs;
        since = Date.now();
      } else if (Date.now() - since > HANG_MS) {
        end({ runs, failure: { reason: `no end within ${HANG_MS} ms`, path: keep(target, "hang", current()) } });
      }
    }, 250);
    worker.on("message", (result: FuzzResult) => {
      if (result.type === "done") end({ runs: result.runs, failure: null });
      else {
        const path = keep(target, "crash", result.bytes);
        end({ runs: result.runs, failure: { reason: result.reason, path } });
      }
    });
    worker.on("error", (error) => {
      clearInterval(timer);
      reject(error);
    });
  });
}
