// What the parts of a reconciliation share: whom it asks, what it has done so far, and how it takes turns with others.

import type { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { OpenFlowReconciledRecord } from "../store/tables.js";
import type { WorkerClient } from "../workers/rpc.js";
import type { KindName } from "./desired_record.js";
import type { DesiredStore } from "./desired_store.js";
import type { OpenFlowMethods } from "./worker.js";

/** What is asked of the worker. */
export interface WorkerCalls extends Pick<WorkerClient<OpenFlowMethods>, "call"> {
  /** The version that a switch speaks. */
  version(dpid: string): number;
  /** Flow records, in pieces, that the record `query` covers. */
  flows(dpid: string, query: Uint8Array): Promise<Uint8Array[]>;
}

/** How far a reconciliation is. Its counters grow while it runs. */
export interface Progress extends Readonly<Record<KindName, OpenFlowReconciledRecord>> {
  /** The first errors, a sentence each; LIMITS.openflowReconcileErrors at most. */
  readonly errors: string[];
}

export interface Reconciliation {
  readonly dpid: string;
  readonly worker: WorkerCalls;
  readonly kept: DesiredStore;
  /** Whether what is not kept is deleted. */
  readonly deleteForeign: boolean;
  readonly progress: Progress;
}

/** How long a reconciliation may hold the event loop at a time. */
const TURN_MS = 4;

export function newProgress(): Progress {
  const none = (): OpenFlowReconciledRecord => ({
    kept: 0,
    present: 0,
    added: 0,
    modified: 0,
    deleted: 0,
    foreign: 0,
    failed: 0,
  });
  return { meters: none(), groups: none(), flows: none(), errors: [] };
}

/** Notes a thing that the switch refused. */
export function noteFailure(progress: Progress, kind: KindName, what: string, text: string): void {
  progress[kind].failed++;
  if (progress.errors.length < LIMITS.openflowReconcileErrors) progress.errors.push(`${what}: ${text}`);
}

/** True for an answer of the switch, or of its version's codec, to what was asked: it lives and does not want to. */
export function isRefusal(error: unknown): error is AppError {
  const { code, status } = error as Partial<AppError>;
  if (code === "OPENFLOW_REFUSED") return true;
  return code !== "DATAPATH_NOT_FOUND" && status !== undefined && status < 500;
}

/** Lets others have the event loop when this one has held it long enough. */
export class Turns {
  #since = performance.now();

  /** Null, or what to wait for. Asking costs little, but not nothing: ask every few dozen items. */
  next(): Promise<void> | null {
    if (performance.now() - this.#since < TURN_MS) return null;
    return new Promise((resolve) =>
      setImmediate(() => {
        this.#since = performance.now();
        resolve();
      }),
    );
  }
}
