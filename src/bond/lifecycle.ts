// What comes and goes together: a bond and its bonder, the root space, this box's own aggregator record.

import { hostname } from "node:os";
import type { Engine, Transaction } from "../store/engine.js";
import type { BondRecord, NodeRecord } from "../store/tables.js";
import { freeSubnet, ownAddress } from "./addresses.js";
import { newNodeKey } from "./keys.js";

export const ROOT_SPACE = "root";

function newNode(
  tx: Transaction,
  fields: Partial<NodeRecord> & Pick<NodeRecord, "type" | "name" | "space">,
): NodeRecord {
  const node: NodeRecord = {
    id: tx.nextId("nodes"),
    key: newNodeKey(),
    serial_number: "",
    asset_tag: "",
    note: "",
    ip: null,
    ipv6: null,
    bond: null,
    created: new Date().toISOString(),
    ...fields,
  };
  tx.put("nodes", node.id, node);
  return node;
}

/** Makes the bonder of a new bond, with a node key of its own. */
export function makeBonder(tx: Transaction, bond: Pick<BondRecord, "id" | "name" | "space">): NodeRecord {
  return newNode(tx, { type: "bonder", name: bond.name, space: bond.space, bond: bond.id });
}

/** Removes what belongs to a bond alone: its legs, its bonder and that one's interfaces. The bond itself stays. */
export function removeBelongings(tx: Transaction, bond: BondRecord): void {
  for (const { key, value } of tx.list("legs")) if (value.bond === bond.id) tx.remove("legs", key);
  for (const { key, value } of tx.list("ethernet_interfaces")) {
    if (value.node === bond.bonder) tx.remove("ethernet_interfaces", key);
  }
  tx.remove("nodes", bond.bonder);
}

/** A /31 of the pool that no bond has, or null when the pool is used up. */
export function allocateTunnel(tx: Transaction, pool: string, bond: number): string | null {
  const taken = new Set(tx.list("bonds").map(({ value }) => value.tunnel_subnet));
  return freeSubnet(pool, taken, bond - 1);
}

/** Makes the root space at the very first start. */
export async function ensureRootSpace(store: Engine): Promise<void> {
  if (store.count("spaces") > 0) return;
  await store.write((tx) => {
    const id = tx.nextId("spaces");
    const created = new Date().toISOString();
    tx.put("spaces", id, { id, key: ROOT_SPACE, name: "Root", parent: null, level: 0, crm_id: "", created });
  });
}

/** The id of the aggregator record that stands for this box, or null when it is none. */
export function ownNode(store: Pick<Engine, "get">): number | null {
  return store.get("identity", "self")?.node ?? null;
}

/** Makes this box's own record among the aggregators at its first start as one. Without an `address` it finds one. */
export async function ensureOwnAggregator(store: Engine, address: string | undefined): Promise<number> {
  const known = ownNode(store);
  if (known !== null && store.get("nodes", known)) return known;
  return store.write((tx) => {
    const space = tx.list("spaces").find(({ value }) => value.parent === null)?.value;
    if (!space) throw new Error("the root space is missing");
    const names = new Set(tx.list("nodes").map(({ value }) => value.name));
    const own = hostname() || "aggregator";
    let name = own;
    for (let i = 2; names.has(name); i++) name = `${own}-${i}`;
    const node = newNode(tx, { type: "aggregator", name, space: space.id, ip: address || ownAddress() });
    tx.put("identity", "self", { node: node.id });
    return node.id;
  });
}
