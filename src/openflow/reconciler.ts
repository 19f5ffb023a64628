// When switches are reconciled, and what became of it: at each connection of a switch that something is kept for, and when
// an operator asks. The last result of such a switch is in the store, so that it can be read while the switch is away.

import { AppError, reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import { count } from "../base/metrics.js";
import type { Gates } from "./desired_gate.js";
import { KIND_NAMES } from "./desired_record.js";
import type { DesiredStore } from "./desired_store.js";
import { dpidText } from "./messages.js";
import { reconcile } from "./reconcile.js";
import { newProgress, type Progress, type WorkerCalls } from "./reconcile_progress.js";

export interface ReconciliationStatus extends Progress {
  readonly state: "none" | "running" | "done" | "failed";
  /** ISO 8601; "" when there is no such moment yet. */
  readonly started: string;
  readonly ended: string;
  /** Why it failed as a whole; "" when it did not. */
  readonly reason: string;
}

interface Run {
  status: ReconciliationStatus;
  /** Null when it has ended. */
  ending: Promise<void> | null;
}

export interface ReconcilerParts {
  readonly worker: WorkerCalls;
  readonly kept: DesiredStore;
  readonly gates: Gates;
  readonly deleteForeign: boolean;
  readonly log: Logger;
}

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #connected = new Set<string>();
  /** The newest run of each switch, the oldest switch first. */
  readonly #runs = new Map<string, Run>();
  readonly #working = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** A switch is ready. Unless this controller is its slave, it is reconciled once changes under way have ended. */
  up(dpid: string, slave = false): void {
    this.#connected.add(dpid);
    if (!slave) void this.#track(this.#start(dpid, false));
  }

  down(dpid: string): void {
    this.#connected.delete(dpid);
  }

  /** Reconciles a switch now; resolves when that has ended. Errors: DATAPATH_NOT_FOUND, UNAVAILABLE (not connected). */
  async run(dpid: string): Promise<ReconciliationStatus> {
    const known = this.status(dpid);
    if (!this.#connected.has(dpid)) {
      throw new AppError("UNAVAILABLE", { what: `datapath ${dpidText(dpid)}`, reason: "it is not connected" });
    }
    const running = known.state === "running" ? this.#runs.get(dpid)?.ending : null;
    await (running ?? this.#track(this.#start(dpid, true)));
    return this.status(dpid);
  }

  /** The run that is under way, or the last one. Errors: DATAPATH_NOT_FOUND when nothing is known of the switch. */
  status(dpid: string): ReconciliationStatus {
    const run = this.#runs.get(dpid);
    if (run) return run.status;
    const stored = this.#parts.kept.run(dpid);
    if (stored) return stored;
    if (!this.#connected.has(dpid) && !this.#parts.kept.has(dpid)) {
      throw new AppError("DATAPATH_NOT_FOUND", { dpid: dpidText(dpid) });
    }
    return { state: "none", started: "", ended: "", reason: "", ...newProgress() };
  }

  /** Forgets all that is kept of a switch; the switch itself stays as it is. Errors: DATAPATH_NOT_FOUND. */
  async forget(dpid: string): Promise<void> {
    const { gates, kept } = this.#parts;
    await gates.enterAlone(dpid);
    try {
      // Throws when nothing is known of it.
      this.status(dpid);
      await kept.forget(dpid);
      this.#runs.delete(dpid);
    } finally {
      gates.leave(dpid);
    }
  }

  /** Resolves when nothing runs any more; the worker has ended, so that what ran has failed. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#working);
  }

  #track(work: Promise<void>): Promise<void> {
    const done = work.catch((error) => this.#parts.log.error({ err: error }, "a reconciliation has failed"));
    this.#working.add(done);
    return done.finally(() => this.#working.delete(done));
  }

  async #start(dpid: string, asked: boolean): Promise<void> {
    const { gates, kept, deleteForeign } = this.#parts;
    await gates.enterAlone(dpid);
    try {
      // Looked at only now: a change that was under way may have been the first that is kept.
      if (this.#closed || !(asked || deleteForeign || kept.has(dpid))) return;
      const ending = this.#perform(dpid);
      await ending;
    } finally {
      gates.leave(dpid);
    }
  }

  async #perform(dpid: string): Promise<void> {
    const { worker, kept, deleteForeign } = this.#parts;
    const progress = newProgress();
    const started = new Date().toISOString();
    const run: Run = { status: { state: "running", started, ended: "", reason: "", ...progress }, ending: null };
    this.#remember(dpid, run);
    let reason = "";
    run.ending = reconcile({ dpid, worker, kept, deleteForeign, progress }).catch((error) => {
      reason = reasonOf(error);
    });
    await run.ending;
    run.ending = null;
    const state = reason === "" ? "done" : "failed";
    run.status = { state, started, ended: new Date().toISOString(), reason, ...progress };
    this.#tell(dpid, run.status);
    if (kept.has(dpid)) await kept.keepRun(dpid, { ...run.status, state });
  }

  #remember(dpid: string, run: Run): void {
    this.#runs.delete(dpid);
    this.#runs.set(dpid, run);
    if (this.#runs.size <= LIMITS.openflowSwitches) return;
    for (const [other, { ending }] of this.#runs) {
      if (ending !== null || other === dpid) continue;
      this.#runs.delete(other);
      return;
    }
  }

  #tell(dpid: string, status: ReconciliationStatus): void {
    const { log } = this.#parts;
    const { state, reason, meters, groups, flows, errors } = status;
    count("sennit_openflow_reconciliations_total", { state });
    for (const kind of KIND_NAMES) {
      for (const change of ["added", "modified", "deleted", "failed"] as const) {
        if (status[kind][change] > 0) count("sennit_openflow_reconciled_total", { kind, change }, status[kind][change]);
      }
    }
    if (state === "done") log.info({ dpid, meters, groups, flows, errors }, "switch is reconciled");
    else log.warn({ dpid, reason }, "switch could not be reconciled");
  }
}
