// Gathers flow changes of many callers into few calls of the worker. Changes of one event-loop turn that go to the same
// switch travel together; while a switch has calls under way, what comes for it waits and then travels together, too: the
// busier a switch is, the larger its batches are, and the cheaper each flow.

import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import { RecordWriter } from "../wasm/openflow_records.js";
import type { FlowResult } from "./controller.js";

export interface ChangeCall {
  readonly dpid: string;
  readonly records: Uint8Array;
  readonly count: number;
  readonly existing: boolean;
  /** Whether what the switch takes is kept. */
  readonly keep: boolean;
}

/** What the switch made of a call; its callers are answered when that is durable, too. */
export interface Taken {
  readonly result: FlowResult;
  /** Null: there is nothing to wait for. */
  readonly kept: Promise<void> | null;
}

interface Waiter {
  readonly from: number;
  readonly count: number;
  resolve(result: FlowResult): void;
  reject(error: Error): void;
}

/** What waits for one switch, and how many calls it has under way. */
interface Lane {
  readonly dpid: string;
  readonly existing: boolean;
  readonly keep: boolean;
  readonly writer: RecordWriter;
  waiters: Waiter[];
  calls: number;
  scheduled: boolean;
  timer: NodeJS.Timeout | null;
}

/** What waits for the answer of the call before is sent after this at the latest: a switch may be slow, or stuck. */
const HOLD_MS = 50;

export class ChangeBatches {
  readonly #enter: (dpid: string) => Promise<void> | null;
  readonly #call: (call: ChangeCall) => Promise<Taken>;
  readonly #lanes = new Map<string, Lane>();

  /** `enter`: null when `call` may be made for a switch, or what to wait for; changes gather meanwhile. */
  constructor(enter: (dpid: string) => Promise<void> | null, call: (call: ChangeCall) => Promise<Taken>) {
    this.#enter = enter;
    this.#call = call;
  }

  /** Adds `count` records for a switch; resolves with what became of them. */
  add(dpid: string, records: Uint8Array, count: number, existing: boolean, keep: boolean): Promise<FlowResult> {
    if (count > LIMITS.openflowChanges || records.length > LIMITS.openflowSendBytes) return Promise.reject(tooMany());
    const key = `${dpid}${existing ? "+" : ""}${keep ? "!" : ""}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      const writer = new RecordWriter(records.length * 2);
      lane = { dpid, existing, keep, writer, waiters: [], calls: 0, scheduled: false, timer: null };
      this.#lanes.set(key, lane);
    }
    const { writer, waiters } = lane;
    const from = writer.count;
    const bytes = writer.length + records.length;
    if (from + count > LIMITS.openflowChanges || bytes > LIMITS.openflowSendBytes) return Promise.reject(tooMany());
    writer.append(records, count);
    this.#schedule(key, lane);
    return new Promise((resolve, reject) => waiters.push({ from, count, resolve, reject }));
  }

  #schedule(key: string, lane: Lane): void {
    if (lane.scheduled) return;
    if (lane.calls > 0) {
      lane.timer ??= setTimeout(() => {
        lane.timer = null;
        if (!lane.scheduled && lane.waiters.length > 0) void this.#pass(key, lane);
      }, HOLD_MS);
      return;
    }
    lane.scheduled = true;
    setImmediate(() => void this.#pass(key, lane));
  }

  /** What cannot be sent yet goes on gathering, within the lane's bounds. */
  async #pass(key: string, lane: Lane): Promise<void> {
    lane.scheduled = true;
    const entering = this.#enter(lane.dpid);
    if (entering) await entering;
    lane.scheduled = false;
    await this.#send(key, lane);
  }

  async #send(key: string, lane: Lane): Promise<void> {
    const { dpid, existing, keep, writer, waiters } = lane;
    const { count } = writer;
    lane.waiters = [];
    lane.calls++;
    if (lane.timer) clearTimeout(lane.timer);
    lane.timer = null;
    const taken = await this.#call({ dpid, records: writer.take(), count, existing, keep }).catch(
      (error: Error) => error,
    );
    // The next call goes to the switch while this one goes to the disk.
    lane.calls--;
    if (lane.waiters.length > 0) this.#schedule(key, lane);
    else if (lane.calls === 0) this.#lanes.delete(key);
    try {
      if (taken instanceof Error) throw taken;
      await taken.kept;
      for (const waiter of waiters) waiter.resolve(part(taken.result, waiter.from, waiter.count));
    } catch (error) {
      for (const waiter of waiters) waiter.reject(error as Error);
    }
  }
}

function tooMany(): AppError {
  return new AppError("OVERLOADED", { what: "the switch's change queue", limit: LIMITS.openflowChanges });
}

/** The part of a batch's result that is about `count` changes from `from` on. */
function part(result: FlowResult, from: number, count: number): FlowResult {
  if (result.failures.length === 0 && result.missing.length === 0) return result;
  const own = (index: number): boolean => index >= from && index < from + count;
  return {
    failures: result.failures
      .filter(({ index }) => own(index))
      .map(({ index, text }) => ({ index: index - from, text })),
    missing: result.missing.filter(own).map((index) => index - from),
  };
}
