// What must hold between records, and what follows from a write. Each function runs inside the write's transaction and
// refuses by throwing; the rows name them.

import { randomBytes } from "node:crypto";
import { LIMITS } from "../../base/limits.js";
import { newNodeKey } from "../../bond/keys.js";
import { allocateTunnel, makeBonder, removeBelongings } from "../../bond/lifecycle.js";
import type { Transaction } from "../../store/engine.js";
import type {
  BondRecord,
  EthernetInterfaceRecord,
  LegRecord,
  NodeRecord,
  SpaceRecord,
  TableName,
  Tables,
  UserRecord,
} from "../../store/tables.js";
import type { Context } from "./context.js";
import { type MessageName, Refusal, refuse, say } from "./messages.js";

type Values = Record<string, unknown>;

function wrong(field: string, name: MessageName, details: Record<string, string | number> = {}): Refusal {
  return new Refusal(400, { [field]: [say(name, details)] });
}

function some<T extends TableName>(tx: Transaction, table: T, holds: (value: Tables[T]) => boolean): boolean {
  return tx.list(table).some(({ value }) => holds(value));
}

function countOf<T extends TableName>(tx: Transaction, table: T, holds: (value: Tables[T]) => boolean): number {
  return tx.list(table).filter(({ value }) => holds(value)).length;
}

/** A record that names no space is the root space's. */
export async function inRootSpace(values: Values, context: Context): Promise<void> {
  if (values["space"] !== null) return;
  const root = context.reader.list("spaces").find(({ value }) => value.parent === null);
  values["space"] = root?.value.id ?? null;
}

// bonds

/** Names a bond that came without a name, as operators know it: `default-` and eight characters. */
export async function prepareBond(values: Values, context: Context, fresh: boolean): Promise<void> {
  if (fresh && values["name"] === null) values["name"] = `default-${randomBytes(4).toString("hex")}`;
  await inRootSpace(values, context);
}

function checkAggregators(bond: BondRecord): void {
  if (bond.aggregator === bond.secondary_aggregator) throw wrong("secondary_aggregator", "aggregatorSame");
}

export function createBond(bond: BondRecord, tx: Transaction, context: Context): void {
  checkAggregators(bond);
  const pool = context.services.tunnelPool;
  const subnet = allocateTunnel(tx, pool, bond.id);
  if (!subnet) throw new Refusal(400, { non_field_errors: [say("poolFull", { pool })] });
  bond.tunnel_subnet = subnet;
  bond.current_aggregator = bond.aggregator;
  bond.bonder = makeBonder(tx, bond).id;
}

export function updateBond(after: BondRecord, before: BondRecord, tx: Transaction): void {
  checkAggregators(after);
  if (after.aggregator !== before.aggregator) after.current_aggregator = after.aggregator;
  const bonder = tx.get("nodes", after.bonder);
  if (bonder && (bonder.name !== after.name || bonder.space !== after.space)) {
    tx.put("nodes", bonder.id, { ...bonder, name: after.name, space: after.space });
  }
}

export function removeBond(bond: BondRecord, tx: Transaction): void {
  removeBelongings(tx, bond);
}

// nodes

/** A bonder and its bond go by one name and are in one space. */
export function updateBonder(after: NodeRecord, _before: NodeRecord, tx: Transaction): void {
  const bond = tx.get("bonds", after.bond ?? 0);
  if (bond && (bond.name !== after.name || bond.space !== after.space)) {
    tx.put("bonds", bond.id, { ...bond, name: after.name, space: after.space });
  }
}

export function createAggregator(node: NodeRecord): void {
  node.type = "aggregator";
  node.key = newNodeKey();
  node.bond = null;
}

export function removeAggregator(node: NodeRecord, tx: Transaction, context: Context): void {
  if (node.id === context.services.ownNode()) throw refuse(400, "aggregatorOwn");
  const used = (bond: BondRecord) =>
    [bond.aggregator, bond.secondary_aggregator, bond.current_aggregator].includes(node.id);
  if (some(tx, "bonds", used)) throw refuse(400, "aggregatorInUse");
  for (const { key, value } of tx.list("ethernet_interfaces")) {
    if (value.node === node.id) tx.remove("ethernet_interfaces", key);
  }
}

// interfaces and legs

export function createInterface(made: EthernetInterfaceRecord, tx: Transaction): void {
  const limit = LIMITS.interfacesPerNode;
  const own = (one: EthernetInterfaceRecord) => one.node === made.node;
  if (countOf(tx, "ethernet_interfaces", own) >= limit) {
    throw new Refusal(400, { non_field_errors: [say("full", { limit })] });
  }
}

export function removeInterface(record: EthernetInterfaceRecord, tx: Transaction): void {
  if (some(tx, "legs", (leg) => leg.interface === record.id)) throw refuse(400, "interfaceInUse");
}

function checkLegInterface(leg: LegRecord, tx: Transaction): void {
  const bonder = tx.get("bonds", leg.bond)?.bonder;
  if (tx.get("ethernet_interfaces", leg.interface)?.node !== bonder) throw wrong("interface", "interfaceElsewhere");
  if (some(tx, "legs", (other) => other.id !== leg.id && other.interface === leg.interface)) {
    throw wrong("interface", "interfaceTaken");
  }
}

export function createLeg(leg: LegRecord, tx: Transaction): void {
  leg.type = "interface";
  const limit = LIMITS.legsPerBond;
  if (countOf(tx, "legs", (one) => one.bond === leg.bond) >= limit) {
    throw new Refusal(400, { non_field_errors: [say("full", { limit })] });
  }
  checkLegInterface(leg, tx);
}

export function updateLeg(after: LegRecord, before: LegRecord, tx: Transaction): void {
  if (after.interface !== before.interface) checkLegInterface(after, tx);
}

// spaces

/** A space without a parent is a child of the root space. */
export async function underRootSpace(values: Values, context: Context, fresh: boolean): Promise<void> {
  if (!fresh || values["parent"] !== null) return;
  const root = context.reader.list("spaces").find(({ value }) => value.parent === null)?.value;
  values["parent"] = root?.id ?? null;
}

export function createSpace(space: SpaceRecord, tx: Transaction): void {
  space.level = (tx.get("spaces", space.parent ?? 0)?.level ?? -1) + 1;
}

export function removeSpace(space: SpaceRecord, tx: Transaction): void {
  if (space.parent === null) throw refuse(400, "spaceRoot");
  const inside = (record: { space: number }) => record.space === space.id;
  const used =
    some(tx, "spaces", (one) => one.parent === space.id) || some(tx, "nodes", inside) || some(tx, "bonds", inside);
  if (used) throw refuse(400, "spaceInUse");
}

// users

/** Passwords are stored as hashes only. */
export async function hashUserPassword(values: Values, context: Context): Promise<void> {
  if (typeof values["password"] !== "string") return;
  values["password"] = await context.services.hashPassword(values["password"]);
}

/** People log in with either name: no two users may share any. */
function checkUserNames(user: UserRecord, tx: Transaction): void {
  const names = (one: UserRecord) => [one.username.toLowerCase(), one.email.toLowerCase()];
  for (const field of ["email", "username"] as const) {
    const name = user[field].toLowerCase();
    if (some(tx, "users", (other) => other.id !== user.id && names(other).includes(name))) throw wrong(field, "unique");
  }
}

function forgetTokens(user: number, tx: Transaction): void {
  for (const { key, value } of tx.list("tokens")) if (value.user === user) tx.remove("tokens", key);
}

const administers = (user: UserRecord) => user.active && user.superuser;

function checkLastAdministrator(user: UserRecord, tx: Transaction): void {
  if (!some(tx, "users", (other) => other.id !== user.id && administers(other))) throw refuse(400, "lastAdministrator");
}

export function createUser(user: UserRecord, tx: Transaction): void {
  user.username ||= user.email;
  checkUserNames(user, tx);
}

export function updateUser(after: UserRecord, before: UserRecord, tx: Transaction): void {
  after.username ||= after.email;
  checkUserNames(after, tx);
  if (administers(before) && !administers(after)) checkLastAdministrator(before, tx);
  if (!after.active || after.password !== before.password) forgetTokens(after.id, tx);
}

export function removeUser(user: UserRecord, tx: Transaction, context: Context): void {
  if (user.id === context.caller.id) throw refuse(400, "userSelf");
  if (administers(user)) checkLastAdministrator(user, tx);
  forgetTokens(user.id, tx);
}
