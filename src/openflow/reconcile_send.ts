// The worker's part of a reconciliation: many groups or meters in one call, under one barrier.

import type { OpenFlowCodec } from "../wasm/openflow.js";
import { type Group, packGroupMod } from "./groups.js";
import { type Meter, packMeterMod } from "./meters.js";
import type { ChangeResult } from "./requests.js";
import type { Session } from "./session.js";

/** A change of one group or meter. */
export interface NumberedChange<T> {
  /** GROUP_COMMAND or METER_COMMAND. */
  readonly command: number;
  readonly thing: T;
}

/** Sends group changes in their order; resolves once the switch has passed the barrier after them. */
export function sendGroups(
  session: Session,
  codec: OpenFlowCodec,
  changes: readonly NumberedChange<Group>[],
): Promise<ChangeResult> {
  return send(session, changes, ({ command, thing }, xid) => packGroupMod(command, thing, xid, codec));
}

/** Sends meter changes in their order; resolves once the switch has passed the barrier after them. */
export function sendMeters(session: Session, changes: readonly NumberedChange<Meter>[]): Promise<ChangeResult> {
  return send(session, changes, ({ command, thing }, xid) => packMeterMod(command, thing, xid));
}

/** What was queued in one turn leaves in one write and shares a barrier. */
async function send<T>(
  session: Session,
  changes: readonly T[],
  pack: (change: T, xid: number) => Uint8Array,
): Promise<ChangeResult> {
  const results = await Promise.all(changes.map((change) => session.changeOne((xid) => pack(change, xid))));
  return { failures: results.flatMap(({ failures }, index) => failures.map(({ text }) => ({ index, text }))) };
}
