// What the bonding side is told by the configuration (src/config.ts reads it).

export type Role = "bonder" | "aggregator" | "both";

export interface BondingConfig {
  readonly role: Role;
  /** Bonder: the manager's REST address, `http://host:port` or `https://host:port`. */
  readonly manager?: string | undefined;
  /** Bonder: what it proves itself with. */
  readonly node_key?: string | undefined;
  /** Aggregator: the address that bonders send their legs to; without it the default route's interface's. */
  readonly address?: string | undefined;
  /** Aggregator: UDP port of all legs. */
  readonly port: number;
  /** One /31 of it for each bond's tunnel, CIDR. */
  readonly tunnel_pool: string;
}

export const takesLegs = (config: BondingConfig): boolean => config.role !== "bonder";
export const dialsOut = (config: BondingConfig): boolean => config.role !== "aggregator" && Boolean(config.manager);
