// Changes of operators on their way: to the switch, then to the store, then to the answer. What a switch refuses is not
// kept; what is acknowledged is on the disk. While a switch is reconciled, its changes wait.

import { AppError, reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Logger } from "../base/log.js";
import type { Engine } from "../store/engine.js";
import { ChangeBatches, type ChangeCall, type Taken } from "./change_batches.js";
import type { FlowResult } from "./controller.js";
import { Gates } from "./desired_gate.js";
import { type Counts, DesiredStore } from "./desired_store.js";
import { GROUP_COMMAND, type Group } from "./groups.js";
import type { Meter } from "./meters.js";
import { groupLoop, groupUses } from "./reconcile_order.js";
import type { WorkerCalls } from "./reconcile_progress.js";
import { Reconciler } from "./reconciler.js";

export interface DesiredParts {
  readonly worker: WorkerCalls;
  readonly store: Engine;
  /** Whether a reconciliation deletes what is not kept. */
  readonly deleteForeign: boolean;
  readonly log: Logger;
}

export class Desired {
  readonly reconciler: Reconciler;
  readonly #worker: WorkerCalls;
  readonly #kept: DesiredStore;
  readonly #gates = new Gates();
  readonly #changes = new ChangeBatches(
    (dpid) => this.#gates.enter(dpid),
    (call) => this.#take(call),
  );
  #keepingBytes = 0;

  constructor({ worker, store, deleteForeign, log }: DesiredParts) {
    this.#worker = worker;
    this.#kept = new DesiredStore(store);
    this.reconciler = new Reconciler({ worker, kept: this.#kept, gates: this.#gates, deleteForeign, log });
  }

  /**
   * Sends flow changes; resolves once the switch has passed the barrier after them and, with `keep`, what it took is
   * durable. Errors: OPENFLOW_NOT_KEPT and the channel's.
   */
  changeFlows(dpid: string, records: Uint8Array, count: number, existing: boolean, keep: boolean): Promise<FlowResult> {
    return this.#changes.add(dpid, records, count, existing, keep);
  }

  /** Changes a group, as `changeFlows`. Errors also: OPENFLOW_VALUE for a loop of groups, which not every switch refuses. */
  changeGroup(dpid: string, command: number, group: Group, keep: boolean): Promise<void> {
    return this.#through(dpid, async () => {
      if (command !== GROUP_COMMAND.DELETE && groupUses(group).size > 0) {
        const loop = groupLoop(group, await this.#worker.call("groups", { dpid }));
        if (loop) {
          const reason = `group ${group.id}: its buckets lead back to it (${loop.join(" to ")}); groups must not form a loop`;
          throw new AppError("OPENFLOW_VALUE", { reason });
        }
      }
      await this.#worker.call("changeGroup", { dpid, command, group });
      if (keep) await durable(this.#kept.group(dpid, command, group));
    });
  }

  /** Changes a meter, as `changeFlows`. */
  changeMeter(dpid: string, command: number, meter: Meter, keep: boolean): Promise<void> {
    return this.#through(dpid, async () => {
      await this.#worker.call("changeMeter", { dpid, command, meter });
      if (keep) await durable(this.#kept.meter(dpid, command, meter));
    });
  }

  /** How many things are kept of a switch. Errors: DATAPATH_NOT_FOUND when nothing is known of it. */
  async counts(dpid: string): Promise<Counts> {
    this.reconciler.status(dpid);
    return this.#kept.counts(dpid);
  }

  async #through(dpid: string, change: () => Promise<void>): Promise<void> {
    await this.#gates.enter(dpid);
    try {
      await change();
    } finally {
      this.#gates.leave(dpid);
    }
  }

  /** Makes a call that has entered its switch's gate, and leaves that. */
  async #take({ keep, ...call }: ChangeCall): Promise<Taken> {
    const { dpid, records } = call;
    let result: FlowResult;
    try {
      result = await this.#worker.call("changeFlows", call);
    } catch (error) {
      this.#gates.leave(dpid);
      throw error;
    }
    if (!keep) {
      this.#gates.leave(dpid);
      return { result, kept: null };
    }
    this.#keepingBytes += records.length;
    const kept = durable(this.#kept.flows(dpid, records, taken(result))).finally(() => {
      this.#keepingBytes -= records.length;
      this.#gates.leave(dpid);
    });
    // The batches' callers see a failure; nobody else waits for it.
    kept.catch(() => undefined);
    if (this.#keepingBytes > LIMITS.openflowKeepBytes) await kept.catch(() => undefined);
    return { result, kept };
  }
}

/** Which records of a change the switch took. */
function taken({ failures, missing }: FlowResult): (index: number) => boolean {
  if (failures.length === 0 && missing.length === 0) return () => true;
  const refused = new Set([...missing, ...failures.map(({ index }) => index)]);
  return (index) => !refused.has(index);
}

/** What the store could not do is told as what it means: the switch has the change, the store does not. */
async function durable(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    throw new AppError("OPENFLOW_NOT_KEPT", { reason: reasonOf(error) });
  }
}
