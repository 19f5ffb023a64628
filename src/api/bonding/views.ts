// What is shown of a record that is not stored in it: links, nested objects, live states and rates.

import { tunnelAddresses } from "../../bond/addresses.js";
import { type BondView, type LegView, overallState } from "../../bond/live.js";
import type { BondRecord, EthernetInterfaceRecord, LegRecord, NodeRecord, SpaceRecord } from "../../store/tables.js";
import type { Context, StoredRecord } from "./context.js";

export const asBond = (record: StoredRecord) => record as unknown as BondRecord;
export const asLeg = (record: StoredRecord) => record as unknown as LegRecord;
export const asNode = (record: StoredRecord) => record as unknown as NodeRecord;
export const asSpace = (record: StoredRecord) => record as unknown as SpaceRecord;
export const asInterface = (record: StoredRecord) => record as unknown as EthernetInterfaceRecord;

/** A space inside another object. */
export function nestedSpace(record: StoredRecord, context: Context): object {
  const { id, name, key } = asSpace(record);
  return { id, url: context.linkTo("spaces", record), name, key };
}

const spaceOf = (id: number, context: Context) => {
  const record = context.relation("spaces", id);
  return record && asSpace(record);
};

export const spaceKey = (id: number, context: Context): string => spaceOf(id, context)?.key ?? "";
export const spaceName = (id: number, context: Context): string => spaceOf(id, context)?.name ?? "";

/** The space's key and the node's name as one host name. */
export function hostnameOf(node: Pick<NodeRecord, "name" | "space">, context: Context): string {
  const label = (text: string) => text.toLowerCase().replace(/[^a-z0-9-]+/g, "-");
  return `${label(node.name)}.${label(spaceKey(node.space, context))}`;
}

/** The bonder inside its bond. */
export function nestedBonder(bond: BondRecord, context: Context): object | null {
  const record = context.relation("bonders", bond.bonder);
  if (!record) return null;
  const { id, name, serial_number, asset_tag, key } = asNode(record);
  const url = context.linkTo("bonders", record);
  return { id, url, name, serial_number, asset_tag, key: context.mayWrite ? key : null };
}

/** The version that a node runs, "" when it never said. */
export function versionOf(node: NodeRecord, context: Context): string {
  const { live, version } = context.services;
  return node.id === context.services.ownNode() ? version : (live.report(node.id)?.version ?? "");
}

/** `up`: heard a short while ago; `down`: heard before; `unknown`: never heard since this box started. */
export function statusOf(node: NodeRecord, context: Context): "up" | "down" | "unknown" {
  const { live } = context.services;
  if (node.id === context.services.ownNode() || live.present(node.id)) return "up";
  return live.report(node.id) ? "down" : "unknown";
}

export function lastContact(node: NodeRecord, context: Context): string | null {
  const report = context.services.live.report(node.id);
  return report ? new Date(report.at).toISOString() : null;
}

export function bondLive(bond: BondRecord, context: Context): BondView {
  return context.once("live bond", bond, () => context.services.live.bond(bond.id, bond.bonder));
}

export function legLive(leg: LegRecord, context: Context): LegView {
  return context.once("live leg", leg, () => {
    const bond = context.relation("bonds", leg.bond);
    return context.services.live.leg(leg.bond, bond ? asBond(bond).bonder : 0, leg.id);
  });
}

export const legState = (leg: LegRecord, context: Context) => overallState(leg.link_mode, legLive(leg, context));

export const tunnelOf = (bond: BondRecord, context: Context) =>
  context.once("tunnel", bond, () => tunnelAddresses(bond.tunnel_subnet));

/** How much there is in a space. */
export function countsOf(space: SpaceRecord, context: Context): object {
  const count = (table: "bonds" | "nodes" | "spaces", member: string, type?: string) =>
    context.reader.having(table, member, space.id).filter((one) => !type || one["type"] === type).length;
  return {
    bonds: count("bonds", "space"),
    bonders: count("nodes", "space", "bonder"),
    aggregators: count("nodes", "space", "aggregator"),
    spaces: count("spaces", "parent"),
  };
}
