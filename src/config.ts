// The whole configuration: the fields of all rooms, with their options, variables and defaults. `[group]` names are the
// TOML tables; docs/configuration.md is kept equal to this file by test/unit/config.test.ts.

import {
  address,
  choice,
  integer,
  type Listen,
  listen,
  prefix,
  readConfig,
  table,
  tables,
  text,
  type Values,
} from "./base/config.js";
import { DYNAMIC_FIELDS, PEER_FIELDS } from "./bgp/config.js";
import { FEED_FIELDS } from "./bgp/feeds_config.js";
import { FIB_FIELDS } from "./bgp/fib/config.js";
import { policyTables } from "./bgp/policy/policy.js";
import { RPKI_FIELDS } from "./bgp/rtr/config.js";
import { PACKET_FIELDS } from "./openflow/packet_config.js";
import { ROLE_NAMES } from "./openflow/roles.js";
import { TLS_FIELDS } from "./openflow/tls_config.js";

const top = {
  role: choice(["bonder", "aggregator", "both"], { fallback: "both", env: "SENNIT_ROLE", flag: "role" }),
  data: text({ fallback: "./var", env: "SENNIT_DATA", flag: "data" }),
};

const http = {
  listen: listen(false, { fallback: { host: "127.0.0.1", port: 8080 }, env: "SENNIT_HTTP", flag: "http" }),
  adapter: choice(["uws", "node"], { fallback: "uws", env: "SENNIT_HTTP_ADAPTER" }),
};

const admin = {
  user: text({ fallback: "admin", env: "SENNIT_ADMIN_USER" }),
  password: text({ fallback: "", env: "SENNIT_ADMIN_PASSWORD" }),
};

const bgp = {
  /** No fallback: port 179 is taken when it may be bound, else the speaker does not listen and says so. */
  listen: listen(true, { env: "SENNIT_BGP", flag: "bgp" }),
  local_as: integer(1, 4_294_967_295, { fallback: 65_001 }),
  router_id: address(),
  /** RFC 4724 §4.1: how long peers that restart gracefully are waited for after a start; seconds, 0 not at all. */
  select_defer_time: integer(0, 3_600, { fallback: 0 }),
  /** Peers and routes in bgplgd's form: for those with credentials, for everybody, or not at all. */
  looking_glass: choice(["basic", "open", "off"], { fallback: "basic", env: "SENNIT_LOOKING_GLASS" }),
  peer: tables(PEER_FIELDS),
  dynamic: tables(DYNAMIC_FIELDS),
  policy: policyTables,
  rpki: tables(RPKI_FIELDS),
  fib: table(FIB_FIELDS),
  ...FEED_FIELDS,
};

const openflow = {
  listen: listen(true, { fallback: { host: "0.0.0.0", port: 6653 }, env: "SENNIT_OPENFLOW", flag: "openflow" }),
  ...PACKET_FIELDS,
  /** The role that is claimed from each switch. */
  role: choice(ROLE_NAMES, { fallback: "equal" }),
  tls: table(TLS_FIELDS),
  /** What becomes of flows, groups and meters that a switch has and that were not set over REST. */
  foreign: choice(["keep", "delete"], { fallback: "keep", env: "SENNIT_OPENFLOW_FOREIGN" }),
  /** Seconds between two probes of a port; 0 looks for no links. */
  discovery_interval: integer(0, 3_600, { fallback: 5 }),
  /** Seconds that a host is known after it was last heard; 0 learns none. */
  node_timeout: integer(0, 86_400, { fallback: 600 }),
};

const bond = {
  address: address({ env: "SENNIT_BOND_ADDRESS" }),
  port: integer(1, 65_535, { fallback: 7790, env: "SENNIT_BOND_PORT" }),
  tunnel_pool: prefix({ fallback: "198.18.0.0/15" }),
  /** `auto` starts a data plane where CAP_NET_ADMIN is held, `attach` uses the one that systemd runs, `off` has none. */
  dataplane: choice(["auto", "attach", "off"], { fallback: "auto", env: "SENNIT_DATAPLANE" }),
  manager: text({ env: "SENNIT_MANAGER", flag: "manager" }),
  node_key: text({ env: "SENNIT_NODE_KEY", flag: "nodeKey" }),
};

const groups = { "": top, http, admin, bgp, openflow, bond } as const;

export type Config = { [K in keyof typeof groups]: Values<(typeof groups)[K]> };
export type { Listen };

/** All groups by name, for documentation. */
export const CONFIG_GROUPS = groups;

/** Reads the configuration; errors are CONFIG and CONFIG_UNKNOWN. */
export function loadConfig(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Config {
  const file = typeof flags["config"] === "string" ? flags["config"] : env["SENNIT_CONFIG"];
  return readConfig(groups, { file: file === "" ? undefined : file, flags, env });
}
