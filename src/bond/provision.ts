// From records to what runs: the data plane's configuration of this box, and each bonder's configuration that the node
// channel carries. Always the whole state, never a difference.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import type { Engine, Reader } from "../store/engine.js";
import type { BondRecord, EthernetInterfaceRecord, LegRecord, NodeRecord } from "../store/tables.js";
import { tunnelAddresses } from "./addresses.js";
import type { NodeConfig } from "./channel.js";
import { type BondingConfig, takesLegs } from "./config.js";
import type { BondConfig, BondStatus, DataplaneConfig, DataplaneStatus } from "./dataplane/protocol.js";
import { bondPsk } from "./keys.js";
import { ownNode } from "./lifecycle.js";

/** How long the data plane may take to say that it has a configuration, and how often it is looked for. */
const TAKEN_MS = 5_000;
const TAKEN_LOOK_MS = 20;

/** The part of the data plane's client that control needs. */
export interface Dataplane {
  apply(config: DataplaneConfig): unknown;
  status(): DataplaneStatus | null;
  on(event: "status", listener: (status: DataplaneStatus) => void): unknown;
}

/** The records that a configuration is made of, read once. */
export interface Inventory {
  readonly nodes: ReadonlyMap<number, NodeRecord>;
  readonly interfaces: ReadonlyMap<number, EthernetInterfaceRecord>;
  readonly bonds: ReadonlyMap<number, BondRecord>;
  readonly legs: ReadonlyMap<number, readonly LegRecord[]>;
}

export const CONFIG_TABLES = ["nodes", "ethernet_interfaces", "bonds", "legs"] as const;

/** Reads all records that configurations are made of; legs come by bond. */
export function takeInventory(reader: Reader): Inventory {
  const legs = new Map<number, LegRecord[]>();
  for (const { value } of reader.list("legs")) {
    const of = legs.get(value.bond);
    if (of) of.push(value);
    else legs.set(value.bond, [value]);
  }
  return {
    nodes: new Map(reader.list("nodes").map(({ value }) => [value.id, value])),
    interfaces: new Map(reader.list("ethernet_interfaces").map(({ value }) => [value.id, value])),
    bonds: new Map(reader.list("bonds").map(({ value }) => [value.id, value])),
    legs,
  };
}

/** Name of a bond's TUN device, as bonding operators know it. */
export const tunnelIfname = (bond: number): string => `tun${bond}`;

/** The aggregator's end of the bonds that are at node `self` now. */
export function aggregatorBonds(inventory: Inventory, self: number): BondConfig[] {
  const configs: BondConfig[] = [];
  for (const bond of inventory.bonds.values()) {
    const bonder = inventory.nodes.get(bond.bonder);
    if (bond.current_aggregator !== self || !bonder) continue;
    const addresses = tunnelAddresses(bond.tunnel_subnet);
    configs.push({
      id: bond.id,
      role: "aggregator",
      tunnelIfname: tunnelIfname(bond.id),
      localIp: addresses.aggregator,
      peerIp: addresses.bonder,
      psk: bondPsk(bonder.key, bond.id),
      security: bond.tunnel_security,
      scheduler: bond.packet_distribution,
      reorderMaxHoldMs: bond.reorder_max_hold,
      legs: (inventory.legs.get(bond.id) ?? []).map((leg) => ({
        id: leg.id,
        linkMode: leg.link_mode,
        failover: leg.failover,
        downMbps: leg.down_speed,
        upMbps: leg.up_speed,
      })),
    });
  }
  return configs;
}

/** A bonder's configuration, and its revision: a digest, so that it means the same after a restart of the manager. */
export function nodeConfig(
  inventory: Inventory,
  node: NodeRecord,
  port: number,
): { revision: string; config: NodeConfig } {
  const bond = inventory.bonds.get(node.bond ?? 0);
  const aggregator = bond && inventory.nodes.get(bond.current_aggregator);
  const of = { id: node.id, name: node.name };
  let config: NodeConfig = { node: of, bond: null };
  if (bond && aggregator?.ip) {
    const addresses = tunnelAddresses(bond.tunnel_subnet);
    config = {
      node: of,
      bond: {
        id: bond.id,
        tunnel_bonder_ip: addresses.bonder,
        tunnel_aggregator_ip: addresses.aggregator,
        tunnel_security: bond.tunnel_security,
        packet_distribution: bond.packet_distribution,
        reorder_max_hold: bond.reorder_max_hold,
        aggregator: { address: aggregator.ip, port },
        legs: (inventory.legs.get(bond.id) ?? []).flatMap((leg) => {
          const ifname = inventory.interfaces.get(leg.interface)?.ifname;
          if (ifname === undefined) return [];
          const { id, link_mode, failover, down_speed, up_speed } = leg;
          return [{ id, ifname, link_mode, failover, down_speed, up_speed }];
        }),
      },
    };
  }
  return { revision: createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16), config };
}

/** The bonder's end of the bond in a configuration that came over the node channel. */
export function bonderBond(config: NodeConfig, nodeKey: string): BondConfig | null {
  const { bond } = config;
  if (!bond) return null;
  return {
    id: bond.id,
    role: "bonder",
    tunnelIfname: tunnelIfname(bond.id),
    localIp: bond.tunnel_bonder_ip,
    peerIp: bond.tunnel_aggregator_ip,
    psk: bondPsk(nodeKey, bond.id),
    security: bond.tunnel_security,
    scheduler: bond.packet_distribution,
    reorderMaxHoldMs: bond.reorder_max_hold,
    remote: bond.aggregator,
    legs: bond.legs.map((leg) => ({
      id: leg.id,
      ifname: leg.ifname,
      linkMode: leg.link_mode,
      failover: leg.failover,
      downMbps: leg.down_speed,
      upMbps: leg.up_speed,
    })),
  };
}

interface ProvisionerOptions {
  readonly config: BondingConfig;
  readonly store: Engine;
  /** Null: this box has no data plane (no root). */
  readonly dataplane: Dataplane | null;
  readonly log: Logger;
}

/** Keeps this box's data plane at what the records, and the manager, say. */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #stops: (() => void)[] = [];
  #dialled: BondConfig | null = null;
  #revision = 0;
  #applied = "";
  #ours = new Set<number>();
  #due = false;
  #closed = false;
  problem = "";

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    if (takesLegs(options.config)) {
      for (const table of CONFIG_TABLES) this.#stops.push(options.store.watch(table, () => this.#later()));
    }
    this.apply();
  }

  /** How many bonds this box is the aggregator of. */
  get ours(): number {
    return this.#ours.size;
  }

  /** True when this box is the aggregator of the bond. */
  isOurs(bond: number): boolean {
    return this.#ours.has(bond);
  }

  /**
   * Takes the bonder's end of a bond from the node channel. Resolves with "" once the data plane has it, else with why
   * it does not.
   */
  async dial(bond: BondConfig | null): Promise<string> {
    this.#dialled = bond;
    this.apply();
    const { dataplane } = this.#options;
    if (!dataplane) return "this box has no data plane: it needs root";
    if (this.problem !== "") return this.problem;
    const revision = this.#revision;
    const until = Date.now() + TAKEN_MS;
    while ((dataplane.status()?.revision ?? -1) < revision) {
      if (Date.now() > until) return "the data plane does not take the configuration; its log says why";
      await sleep(TAKEN_LOOK_MS);
    }
    return "";
  }

  /** The status of the bond that this box is the bonder of. */
  dialledStatus(): BondStatus | null {
    const id = this.#dialled?.id;
    return this.#options.dataplane?.status()?.bonds.find((bond) => bond.id === id) ?? null;
  }

  /** Renders the whole configuration and hands it to the data plane when it is another than before. */
  apply(): void {
    const { config, store, dataplane, log } = this.#options;
    const self = takesLegs(config) ? ownNode(store) : null;
    const own = self === null ? [] : aggregatorBonds(takeInventory(store), self);
    this.#ours = new Set(own.map((bond) => bond.id));
    const clash = this.#dialled !== null && this.#ours.has(this.#dialled.id);
    this.problem = clash ? `bond ${this.#dialled?.id} is one of this aggregator's own: its bonder is another box` : "";
    const bonds = this.#dialled && !clash ? [...own, this.#dialled] : own;
    const listen = self === null ? undefined : { address: "0.0.0.0", port: config.port };
    const rendered = JSON.stringify({ listen, bonds });
    if (rendered === this.#applied || !dataplane) return;
    this.#applied = rendered;
    // Greater than any that a control process before this one gave.
    this.#revision = Math.max(Date.now(), this.#revision + 1);
    const failed = (error: unknown) =>
      log.error({ err: error }, `the data plane took no configuration: ${reasonOf(error)}`);
    try {
      Promise.resolve(dataplane.apply({ revision: this.#revision, listen, bonds })).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  /** Changes that come together are rendered once. */
  #later(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      if (!this.#closed) this.apply();
    });
  }
}
