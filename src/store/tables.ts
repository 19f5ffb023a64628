// All tables of the store, one row each: name, record type, what it keeps. Records are plain objects (msgpack on disk).
// Changing a record's shape needs a numbered migration in migrate.ts.

export interface UserRecord {
  id: number;
  username: string;
  email: string;
  /** scrypt$N$r$p$salt$hash, base64url. */
  password: string;
  active: boolean;
  superuser: boolean;
  created: string;
}

export interface TokenRecord {
  /** The key is the SHA-256 of the token, so that a stolen store holds no tokens. */
  user: number;
  surface: "token" | "x-auth-token";
  created: string;
  /** Epoch ms; 0 = never. */
  expires: number;
}

/** A tenant's part of the appliance; spaces form a tree under the one with the key "root". */
export interface SpaceRecord {
  id: number;
  key: string;
  name: string;
  parent: number | null;
  level: number;
  crm_id: string;
  created: string;
}

/** A box: an aggregator, or the bonder of a bond. */
export interface NodeRecord {
  id: number;
  type: "aggregator" | "bonder";
  name: string;
  space: number;
  /** What the box proves itself with, and what its bond's keys are derived from. */
  key: string;
  serial_number: string;
  asset_tag: string;
  note: string;
  /** Aggregators: where legs send to. */
  ip: string | null;
  ipv6: string | null;
  /** Bonders: the bond that it was made with. */
  bond: number | null;
  created: string;
}

/** An interface that a node's kernel knows by `ifname`. */
export interface EthernetInterfaceRecord {
  id: number;
  node: number;
  ifname: string;
  note: string;
  created: string;
}

export interface BondRecord {
  id: number;
  name: string;
  space: number;
  bonder: number;
  aggregator: number;
  secondary_aggregator: number | null;
  current_aggregator: number;
  note: string;
  circuit_id: string;
  product: string;
  proof_of_concept: boolean;
  /** A /31 in CIDR form: the aggregator has the first address, the bonder the second. */
  tunnel_subnet: string;
  packet_distribution: string;
  /** Milliseconds. */
  reorder_max_hold: number;
  tunnel_security: "none" | "hmac" | "encryption";
  created: string;
}

export interface LegRecord {
  id: number;
  type: "interface";
  bond: number;
  interface: number;
  note: string;
  provider: string;
  account: string;
  link_mode: "active" | "idle" | "offline";
  failover: boolean;
  /** Mbit/s towards the bonder. */
  down_speed: number;
  /** Mbit/s towards the aggregator. */
  up_speed: number;
  created: string;
}

/** Key "self": the node record that stands for this box. */
export interface IdentityRecord {
  node: number;
}

/** Key "last": the last configuration that this bonder took from its manager. */
export interface NodeConfigRecord {
  manager: string;
  /** Public name of the node key that it was made for: another key starts afresh. */
  key_id: string;
  revision: string;
  /** As it came, JSON. */
  config: string;
  received: string;
}

/** A BGP peer that was added over REST; the key is its remote_addr. The names are yabgp's; times in seconds. */
export interface BgpPeerRecord {
  remote_addr: string;
  remote_as: number;
  local_as: number;
  local_addr: string;
  port: number;
  passive: boolean;
  afi_safi: string[];
  md5: string;
  ttl_security: number;
  multihop: number;
  hold_time: number;
  keep_alive_time: number;
  send_hold_time: number;
  connect_retry_time: number;
  delay_open_time: number;
  idle_hold_time: number;
  damp_peer_oscillations: boolean;
  open_time: number;
  four_bytes_as: boolean;
  route_refresh: boolean;
  cisco_route_refresh: boolean;
  enhanced_route_refresh: boolean;
  extended_messages: boolean;
  /** Families whose IPv4 prefixes may have an IPv6 next hop. */
  ext_nexthop: string[];
  /** `FAMILY_send`, `FAMILY_receive`, `FAMILY_both`. */
  add_path: string[];
  graceful_restart: boolean | "helper";
  restart_time: number;
  stale_time: number;
  llgr_stale_time: number;
  role: "" | "provider" | "rs" | "rs-client" | "customer" | "peer";
  role_strict: boolean;
  max_prefix: number;
  max_prefix_warn: number;
  max_prefix_restart: number;
  import: string;
  export: string;
  route_reflector_client: boolean;
  route_server_client: boolean;
  next_hop_self: boolean;
  next_hop_unchanged: boolean;
  allow_own_as: number;
  enforce_first_as: boolean;
  aigp: boolean | "internal";
  description: string;
}

/** A BGP policy that was added over REST; the key is its name. `rules` as the surface takes them. */
export interface BgpPolicyRecord {
  name: string;
  default?: "accept" | "reject";
  rules?: unknown[];
}

/** Key "self": what this OpenFlow controller is known by. */
export interface OpenFlowControllerRecord {
  /** 32 hex digits, made at the first start. */
  uid: string;
  /** The newest generation_id of a role that was claimed, 16 hex digits. */
  generation: string;
}

/** What became of the last reconciliation of a switch (src/openflow/reconcile.ts); the key is its dpid. */
export interface OpenFlowReconciliationRecord {
  state: "done" | "failed";
  /** ISO 8601. */
  started: string;
  ended: string;
  /** Why it failed; "" when it did not. */
  reason: string;
  meters: OpenFlowReconciledRecord;
  groups: OpenFlowReconciledRecord;
  flows: OpenFlowReconciledRecord;
  /** The first errors, a sentence each. */
  errors: string[];
}

/** How many of one kind were kept, found, and changed. */
export interface OpenFlowReconciledRecord {
  kept: number;
  present: number;
  added: number;
  modified: number;
  deleted: number;
  foreign: number;
  failed: number;
}

/** Ports of a switch that take no part in link discovery; the key is its dpid, 16 hex digits. */
export interface OpenFlowSuppressedRecord {
  ports: number[];
}

export interface Tables {
  users: UserRecord;
  tokens: TokenRecord;
  spaces: SpaceRecord;
  nodes: NodeRecord;
  ethernet_interfaces: EthernetInterfaceRecord;
  bonds: BondRecord;
  legs: LegRecord;
  identity: IdentityRecord;
  node_config: NodeConfigRecord;
  bgp_peers: BgpPeerRecord;
  bgp_policies: BgpPolicyRecord;
  openflow_controller: OpenFlowControllerRecord;
  /** Flows, groups and meters that switches should have: keys and values are bytes (src/openflow/desired_record.ts). */
  openflow_desired: Uint8Array;
  openflow_reconciliations: OpenFlowReconciliationRecord;
  openflow_suppressed: OpenFlowSuppressedRecord;
}

export type TableName = keyof Tables;

/** Table names in their on-disk form; the order has no meaning. */
export const TABLES: readonly TableName[] = [
  "users",
  "tokens",
  "spaces",
  "nodes",
  "ethernet_interfaces",
  "bonds",
  "legs",
  "identity",
  "node_config",
  "bgp_peers",
  "bgp_policies",
  "openflow_controller",
  "openflow_desired",
  "openflow_reconciliations",
  "openflow_suppressed",
];
