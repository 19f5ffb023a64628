// One reconciliation: what a switch has becomes what is kept for it. Meters first, then groups, then flows, since each may
// name those before; what is equal is not touched, so that its counters go on. Runs in the control thread, in turns of some
// milliseconds; the caller sees to it that nobody else changes the switch meanwhile.

import { decodeGroup, decodeMeter, sameGroup, sameMeter } from "./desired_record.js";
import type { Group } from "./groups.js";
import type { Meter } from "./meters.js";
import { reconcileFlows } from "./reconcile_flows.js";
import { groupUses, orderGroups } from "./reconcile_order.js";
import { isRefusal, noteFailure, type Reconciliation } from "./reconcile_progress.js";
import type { NumberedChange } from "./reconcile_send.js";
import type { ChangeResult } from "./requests.js";

/** ADD, MODIFY and DELETE have the same numbers for groups and meters. */
const COMMAND = { ADD: 0, MODIFY: 1, DELETE: 2 } as const;
/** Groups or meters of one call. */
const BATCH = 500;
/** Runs a reconciliation. Errors: UNAVAILABLE (the switch is gone), TIMED_OUT and others: it has ended half-way. */
export async function reconcile(run: Reconciliation): Promise<void> {
  const meters = await compare<Meter>(run, "meters", decodeMeter, sameMeter);
  await send(run, "meters", meters.changes);
  const groups = await compare<Group>(run, "groups", decodeGroup, sameGroup);
  const wanted = new Map(groups.changes.map((change) => [change.thing.id, change]));
  const ordered = orderGroups(groups.changes.map(({ thing }) => thing));
  await send(
    run,
    "groups",
    ordered.map(({ id }) => wanted.get(id) as NumberedChange<Group>),
  );
  const used = await reconcileFlows(run);
  if (!run.deleteForeign) return;
  // What a kept flow or group needs stays, whoever has made it: to delete it would delete the flow, too (spec §6.5).
  for (const group of groups.kept) for (const id of groupUses(group)) used.groups.add(id);
  await send(
    run,
    "groups",
    doomed(groups.foreign, used.groups, (id) => ({ id, type: 0, buckets: [] })),
  );
  await send(
    run,
    "meters",
    doomed(meters.foreign, used.meters, (id) => ({ id, flags: 0, bands: [] })),
  );
}

function doomed<T>(
  foreign: readonly number[],
  used: ReadonlySet<number>,
  only: (id: number) => T,
): NumberedChange<T>[] {
  return foreign.filter((id) => !used.has(id)).map((id) => ({ command: COMMAND.DELETE, thing: only(id) }));
}

interface Compared<T> {
  readonly kept: readonly T[];
  readonly changes: readonly NumberedChange<T>[];
  /** Ids that are there and not kept. */
  readonly foreign: readonly number[];
}

/** What is kept of a kind that has numbers, beside what is there. */
async function compare<T extends Group | Meter>(
  run: Reconciliation,
  kind: "groups" | "meters",
  decode: (id: number, value: Uint8Array) => T,
  same: (a: T, b: T) => boolean,
): Promise<Compared<T>> {
  const { dpid, worker, kept: store, progress } = run;
  const figures = progress[kind];
  const kept: T[] = [];
  for (let from: Buffer | null = null, first = true; first || from; first = false) {
    const { entries, next } = store.slice(dpid, kind, from);
    for (const { key, value } of entries) kept.push(decode(key.readUInt32BE(), value));
    from = next;
    await new Promise((resolve) => setImmediate(resolve));
  }
  figures.kept = kept.length;
  let there: readonly T[];
  try {
    there = (await worker.call(kind, { dpid })) as readonly Group[] as readonly T[];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // A switch without this kind says so when it is asked for them; what is kept will be refused one by one.
    there = [];
  }
  figures.present = there.length;
  const present = new Map(there.map((thing) => [thing.id, thing]));
  const changes: NumberedChange<T>[] = [];
  for (const thing of kept) {
    const own = present.get(thing.id);
    present.delete(thing.id);
    if (!own) changes.push({ command: COMMAND.ADD, thing });
    else if (!same(own, thing)) changes.push({ command: COMMAND.MODIFY, thing });
  }
  figures.foreign = present.size;
  return { kept, changes, foreign: [...present.keys()] };
}

/** Sends changes in their order, some at a time, and books what became of them. */
async function send<T extends Group | Meter>(
  { dpid, worker, progress }: Reconciliation,
  kind: "groups" | "meters",
  changes: readonly NumberedChange<T>[],
): Promise<void> {
  const figures = progress[kind];
  for (let from = 0; from < changes.length; from += BATCH) {
    const batch = changes.slice(from, from + BATCH);
    const failed = new Map<number, string>();
    try {
      const method = kind === "groups" ? "sendGroups" : "sendMeters";
      const { failures } = (await worker.call(method, { dpid, changes: batch as never })) as ChangeResult;
      for (const { index, text } of failures) failed.set(index, text);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      for (const index of batch.keys()) failed.set(index, error.message);
    }
    for (const [index, { command, thing }] of batch.entries()) {
      const text = failed.get(index);
      if (text !== undefined) noteFailure(progress, kind, `${kind.slice(0, -1)} ${thing.id}`, text);
      else if (command === COMMAND.ADD) figures.added++;
      else if (command === COMMAND.MODIFY) figures.modified++;
      else figures.deleted++;
    }
  }
}
