// What the bonding side is configured with, and its defaults: `role` above all tables, the rest in `[bond]`.

import { address, choice, type Fields, integer, prefix, text, type Values } from "../base/config.js";

export const ROLES = ["bonder", "aggregator", "both"] as const;
export type Role = (typeof ROLES)[number];

/** The key above all tables. */
export const ROLE_FIELD = choice(ROLES, { fallback: "both", env: "SENNIT_ROLE", flag: "role" });

/** Keys of `[bond]`. */
export const BOND_FIELDS = {
  /** Bonder: the manager's REST address, `http://host:port` or `https://host:port`. "": none. */
  manager: text({ fallback: "", env: "SENNIT_MANAGER", flag: "manager" }),
  node_key: text({ fallback: "", env: "SENNIT_NODE_KEY", flag: "nodeKey" }),
  /** Aggregator: the address that bonders send their legs to; "": the default route's (docs/bonding-api.md). */
  address: text({ fallback: "", env: "SENNIT_BOND_ADDRESS" }),
  /** Aggregator: UDP port of all legs. */
  port: integer(1, 65_535, { fallback: 7790, env: "SENNIT_BOND_PORT" }),
  /** Aggregator: where it takes legs. */
  listen: address({ fallback: "0.0.0.0", env: "SENNIT_BOND_LISTEN" }),
  /** One /31 of it for each bond's tunnel. */
  tunnel_pool: prefix({ fallback: "198.18.0.0/15", env: "SENNIT_TUNNEL_POOL" }),
} satisfies Fields;

export type BondFields = Values<typeof BOND_FIELDS>;

export interface BondingConfig extends BondFields {
  readonly role: Role;
}

export const takesLegs = (config: BondingConfig): boolean => config.role !== "bonder";
export const dialsOut = (config: BondingConfig): boolean => config.role !== "aggregator" && config.manager !== "";
