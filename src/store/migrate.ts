// Numbered migrations: what must be done to records that an older sennit wrote. A store's schema version is the number
// of the last migration that it has been through. Each runs in one durable transaction with its new version.

import type { Key } from "./engine.js";

/** Records of any shape, by table name: a migration may know tables that are no more. */
export interface MigrationStore {
  list(table: string): { key: Key; value: Record<string, unknown> }[];
  put(table: string, key: Key, value: Record<string, unknown>): void;
  remove(table: string, key: Key): void;
}

export interface Migration {
  readonly version: number;
  readonly what: string;
  run(store: MigrationStore): void;
}

/** Adds keys that a table's records lack. */
function fill(store: MigrationStore, table: string, defaults: Readonly<Record<string, unknown>>): void {
  for (const { key, value } of store.list(table)) store.put(table, key, { ...defaults, ...value });
}

/** What a BGP peer of schema 1 did, in the words of schema 2. */
const BGP_PEER_2 = {
  ttl_security: 0,
  multihop: 0,
  keep_alive_time: 0,
  send_hold_time: 0,
  delay_open_time: 0,
  damp_peer_oscillations: true,
  four_bytes_as: true,
  route_refresh: true,
  cisco_route_refresh: true,
  enhanced_route_refresh: true,
  extended_messages: true,
  ext_nexthop: [],
  add_path: [],
  graceful_restart: "helper",
  restart_time: 120,
  stale_time: 360,
  llgr_stale_time: 0,
  role: "",
  role_strict: false,
  max_prefix: 0,
  max_prefix_warn: 75,
  max_prefix_restart: 0,
  import: "all",
  export: "none",
  route_reflector_client: false,
  route_server_client: false,
  next_hop_self: false,
  next_hop_unchanged: false,
  allow_own_as: 0,
  enforce_first_as: false,
};

/** In rising order without gaps. Never change one that has been released: add the next. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, what: "first schema: every table starts empty", run: () => undefined },
  { version: 2, what: "options of BGP sessions", run: (store) => fill(store, "bgp_peers", BGP_PEER_2) },
  { version: 3, what: "AIGP of BGP sessions", run: (store) => fill(store, "bgp_peers", { aigp: "internal" }) },
];

export const SCHEMA_VERSION = MIGRATIONS.length;
