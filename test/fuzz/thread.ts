// The thread in which one target runs, so that an input that never ends can be caught: the input under way lies in
// shared memory.

import { parentPort, workerData } from "node:worker_threads";
import { mutate, Random } from "./mutate.js";
import { inputsOf, loadTargets } from "./registry.js";

export interface FuzzJob {
  readonly target: string;
  readonly seed: number;
  /** Whichever comes first. */
  readonly maxRuns: number;
  readonly maxMs: number;
  /** Word 0: runs so far, word 1: length of the input under way. */
  readonly state: Int32Array;
  readonly input: Uint8Array;
}

export type FuzzResult =
  | { readonly type: "done"; readonly runs: number }
  | { readonly type: "crash"; readonly runs: number; readonly bytes: Uint8Array; readonly reason: string };

const job = workerData as FuzzJob;
const target = (await loadTargets()).find(({ name }) => name === job.target);
if (!target || !parentPort) throw new Error(`no fuzz target ${job.target}`);

const inputs = inputsOf(target);
if (inputs.length === 0) inputs.push(new Uint8Array(0));
const random = new Random(job.seed);
const pick = () => inputs[random.below(inputs.length)] as Uint8Array;
const deadline = Date.now() + job.maxMs;

/** Errors by design are made by the million; what they would cost is their stacks. */
Error.stackTraceLimit = 0;

/** Why the target breaks on these bytes, with the stack when it does so again. */
async function reasonOf(bytes: Uint8Array, first: unknown): Promise<string> {
  let error = first;
  Error.stackTraceLimit = 20;
  try {
    await target?.run(Uint8Array.from(bytes));
  } catch (again) {
    error = again;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

let runs = 0;
let result: FuzzResult | null = null;
while (!result) {
  // First everything as it is, then changed.
  const bytes = inputs[runs] ?? mutate(pick(), random, pick());
  job.input.set(bytes.subarray(0, job.input.length));
  Atomics.store(job.state, 1, bytes.length);
  Atomics.store(job.state, 0, runs);
  try {
    await target.run(Uint8Array.from(bytes));
  } catch (error) {
    result = { type: "crash", runs, bytes, reason: await reasonOf(bytes, error) };
  }
  runs += 1;
  // What a target leaves to the event loop gets its turn, too, or it would be held for all of a long run.
  if ((runs & 1023) === 0) await new Promise((resolve) => setImmediate(resolve));
  const over = runs >= job.maxRuns || ((runs & 63) === 0 && Date.now() >= deadline);
  if (!result && over && runs >= inputs.length) result = { type: "done", runs };
}
parentPort.postMessage(result);
