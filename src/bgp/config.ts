// The configuration of the BGP room: its shapes, defaults and checks. The same check serves the TOML file, the store
// and the REST body of a peer; they differ in how a fault is told.

import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { address, boolean, choice, type Field, integer, prefix, text } from "../base/config.js";
import { AppError } from "../base/errors.js";
import { parsePrefix } from "../base/ip.js";
import { LIMITS } from "../base/limits.js";
import type { BgpPeerRecord } from "../store/tables.js";
import { tcpMd5Supported } from "../system/tcp_md5.js";
import { addPathField, addPaths } from "./add_path.js";
import { peerAddress } from "./addresses.js";
import type { DynamicConfig } from "./dynamic.js";
import { FAMILIES } from "./families.js";
import { type FeedsConfig, type FeedsTable, parseFeeds } from "./feeds_config.js";
import { type FibConfig, type FibTable, parseFibConfig } from "./fib/config.js";
import { BUILT_IN, type Policy, parsePolicies } from "./policy/policy.js";
import { parseRpkiConfig, type RpkiCacheConfig } from "./rtr/config.js";

/** One peer, with yabgp's names for its options. Times in seconds. */
export type PeerConfig = BgpPeerRecord;

export interface BgpConfig {
  /** Null: no listening socket. */
  listen: { readonly host: string; readonly port: number } | null;
  /** True: when the listening address is not permitted, go on without and say so. */
  listenOptional: boolean;
  /** 0 when not set: then every peer needs a local_as. */
  local_as: number;
  /** Dotted quad. */
  router_id: string;
  peers: PeerConfig[];
  /** How long, in seconds, nobody is told of routes after a start; 0 not at all. */
  select_defer_time: number;
  /** Ranges whose addresses may connect without being configured one by one. */
  dynamic: DynamicConfig[];
  /** By name. */
  policies: ReadonlyMap<string, Policy>;
  rpki: readonly RpkiCacheConfig[];
  fib: FibConfig;
  /** Who watches sessions. */
  feeds: FeedsConfig;
}

/** Tells where a value is wrong and what is allowed, by throwing. */
export type Fault = (path: string, value: unknown, allowed: string) => never;

const show = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)) ?? "nothing";

/** Faults of files and flags: they stop the start. */
export const configFault: Fault = (path, value, allowed) => {
  throw new AppError("CONFIG", { path, value: show(value), allowed });
};

/** Faults of REST bodies: 400. */
export const bodyFault: Fault = (path, value, allowed) => {
  throw new AppError("BODY_INVALID", { path, reason: `${show(value)} is not valid; allowed: ${allowed}` });
};

/** Address that our end is bound to when we dial, and that incoming connections must have come to; "" any. */
const localAddress: Field<string> = {
  allowed: 'an IPv4 or IPv6 address, or ""',
  fallback: "",
  read: (value, path) => (value === "" || value === "0.0.0.0" || value === "::" ? "" : address().read(value, path)),
};

/** RFC 4271 section 4.2: zero, or at least three seconds. */
const holdTime: Field<number> = {
  allowed: "0, or a whole number from 3 to 65535",
  fallback: 180,
  read: (value, path) => integer(0, 0).read(value, path) ?? integer(3, 65_535).read(value, path),
};

const NAMES = FAMILIES.map((family) => family.name);

const families: Field<string[]> = {
  allowed: `a list of ${NAMES.join(", ")}`,
  fallback: ["ipv4"],
  read(value) {
    const known = Array.isArray(value) && value.length > 0 && value.every((name) => NAMES.includes(name));
    return known ? [...new Set(value as string[])] : undefined;
  },
};

/** A neighbour: an address, with its interface when it is link-local. */
const neighbour: Field<string> = {
  allowed: "an IPv4 or IPv6 address; a link-local one with its interface, such as fe80::1%eth0",
  read: (value) => (typeof value === "string" ? (peerAddress(value) ?? undefined) : undefined),
};

/** Families whose prefixes are IPv4 ones, so that an IPv6 next hop is something to agree on (RFC 8950). */
const NEXT_HOP_NAMES = FAMILIES.filter(({ afi, safi }) => afi === 1 && [1, 2, 4, 128].includes(safi)).map(
  ({ name }) => name,
);

const nextHopFamilies: Field<string[]> = {
  allowed: `a list of ${NEXT_HOP_NAMES.join(", ")}`,
  fallback: [],
  read(value) {
    const known = Array.isArray(value) && value.every((name) => NEXT_HOP_NAMES.includes(name));
    return known ? [...new Set(value as string[])] : undefined;
  },
};

/** RFC 4724: both roles, helper only, or none. */
const gracefulRestart: Field<boolean | "helper"> = {
  allowed: "true, false or helper",
  fallback: "helper",
  read: (value) => (value === "helper" ? value : boolean().read(value, "")),
};

/** RFC 7311 §3.3, AIGP_SESSION. */
const aigp: Field<boolean | "internal"> = {
  allowed: "true, false or internal",
  fallback: "internal",
  read: (value) => (value === "internal" ? value : boolean().read(value, "")),
};

const AS_NUMBER = integer(1, 4_294_967_295);

/** THE table of a peer's options: of `[[bgp.peer]]`, of /v1/peers and of the store. */
export const PEER_FIELDS = {
  remote_addr: neighbour,
  remote_as: AS_NUMBER,
  local_as: AS_NUMBER,
  local_addr: localAddress,
  port: integer(1, 65_535, { fallback: 179 }),
  passive: boolean({ fallback: false }),
  afi_safi: families,
  /** TCP MD5 key (RFC 2385), "" none. */
  md5: text({ fallback: "", most: 80 }),
  /** Hops that the peer may be away (RFC 5082), 0 off. */
  ttl_security: integer(0, 254, { fallback: 0 }),
  /** TTL of what we send, 0 the kernel's. */
  multihop: integer(0, 255, { fallback: 0 }),
  hold_time: holdTime,
  /** Most seconds between KEEPALIVEs; 0, and above it, a third of the hold time. */
  keep_alive_time: integer(0, 65_535, { fallback: 0 }),
  /** RFC 9687; 0: eight minutes or twice the hold time, whichever is more. */
  send_hold_time: integer(0, 65_535, { fallback: 0 }),
  connect_retry_time: integer(1, 65_535, { fallback: 10 }),
  delay_open_time: integer(0, 240, { fallback: 0 }),
  idle_hold_time: integer(1, 65_535, { fallback: 5 }),
  damp_peer_oscillations: boolean({ fallback: true }),
  /** How long a peer may take for its OPEN. */
  open_time: integer(1, 65_535, { fallback: 240 }),
  four_bytes_as: boolean({ fallback: true }),
  route_refresh: boolean({ fallback: true }),
  cisco_route_refresh: boolean({ fallback: true }),
  enhanced_route_refresh: boolean({ fallback: true }),
  extended_messages: boolean({ fallback: true }),
  ext_nexthop: nextHopFamilies,
  add_path: addPathField,
  graceful_restart: gracefulRestart,
  /** How long the peer shall keep our routes while we restart. */
  restart_time: integer(0, 4_095, { fallback: 120 }),
  /** How long we keep its stale routes once it is back. */
  stale_time: integer(1, 65_535, { fallback: 360 }),
  /** RFC 9494; 0 off. */
  llgr_stale_time: integer(0, 16_777_215, { fallback: 0 }),
  /** Ours towards the peer (RFC 9234). */
  role: choice(["", "provider", "rs", "rs-client", "customer", "peer"], { fallback: "" }),
  role_strict: boolean({ fallback: false }),
  /** Prefixes that it may announce in a family, 0 any number; percent of it that is told; seconds until a new try. */
  max_prefix: integer(0, 4_294_967_295, { fallback: 0 }),
  max_prefix_warn: integer(1, 100, { fallback: 75 }),
  max_prefix_restart: integer(0, 65_535, { fallback: 0 }),
  /** What is taken of its routes, and what of all routes it gets: all, none, or a policy's name. */
  import: text({ fallback: "all", most: 64 }),
  export: text({ fallback: "none", most: 64 }),
  route_reflector_client: boolean({ fallback: false }),
  route_server_client: boolean({ fallback: false }),
  next_hop_self: boolean({ fallback: false }),
  next_hop_unchanged: boolean({ fallback: false }),
  /** How often our AS may stand in a received path. */
  allow_own_as: integer(0, 10, { fallback: 0 }),
  enforce_first_as: boolean({ fallback: false }),
  /** AIGP is taken and told: always, never, or on internal sessions. */
  aigp,
  description: text({ fallback: "", most: 256 }),
} satisfies { [K in keyof PeerConfig]: Field<unknown> };

export const PEER_KEYS = Object.keys(PEER_FIELDS) as (keyof PeerConfig)[];

function record(value: unknown, path: string, fault: Fault): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fault(path, value, "an object");
  return value as Record<string, unknown>;
}

/**
 * A peer's complete configuration from what was given. `base` fills what is missing before the defaults do (PATCH).
 * Faults: unknown keys, bad values, missing mandatory ones; a local address of another family than the remote one.
 */
export function parsePeer(
  value: unknown,
  options: { path: string; localAs: number; fault: Fault; base?: PeerConfig },
): PeerConfig {
  const { path, fault, base } = options;
  const given = record(value, path, fault);
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(PEER_FIELDS, key)) {
      if (fault === configFault) throw new AppError("CONFIG_UNKNOWN", { path: at(key), allowed: PEER_KEYS.join(", ") });
      return fault(at(key), given[key], `only the keys ${PEER_KEYS.join(", ")}`);
    }
  }
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(PEER_FIELDS) as [keyof PeerConfig, Field<unknown>][]) {
    const inherited = base?.[key] ?? (key === "local_as" && options.localAs > 0 ? options.localAs : field.fallback);
    const raw = given[key] === undefined ? inherited : given[key];
    const read = raw === undefined ? undefined : field.read(raw, at(key));
    if (read === undefined) return fault(at(key), raw, field.allowed);
    result[key] = read;
  }
  const peer = result as unknown as PeerConfig;
  checkTogether(peer, at, fault);
  return peer;
}

/** What no field can tell by itself. */
function checkTogether(peer: PeerConfig, at: (key: string) => string, fault: Fault): void {
  if (peer.local_addr !== "" && isIPv4(peer.local_addr) !== isIPv4(peer.remote_addr)) {
    fault(at("local_addr"), peer.local_addr, "an address of the same family as remote_addr");
  }
  if (peer.md5 !== "" && !tcpMd5Supported()) fault(at("md5"), "***", '"": this kernel has no TCP MD5 signatures');
  if (peer.ttl_security > 0 && peer.multihop > 0) {
    fault(at("multihop"), peer.multihop, "0 beside ttl_security, which sends with TTL 255");
  }
  // RFC 9234 §4.1: roles are between autonomous systems.
  if (peer.role !== "" && peer.remote_as === peer.local_as) fault(at("role"), peer.role, '"" on an internal session');
  if (peer.role === "" && peer.role_strict) fault(at("role_strict"), true, "false without a role");
  const strange = addPaths(peer.add_path).find(({ family }) => !peer.afi_safi.includes(family.name));
  if (strange) fault(at("add_path"), peer.add_path, "words of families that are in afi_safi");
  const unused = peer.ext_nexthop.find((name) => !peer.afi_safi.includes(name));
  if (unused !== undefined) fault(at("ext_nexthop"), peer.ext_nexthop, "families that are in afi_safi");
}

/** A peer's import and export must be built in or a policy that there is. Faults: the key, and the names that there are. */
export function checkTerms(
  peer: PeerConfig,
  policies: { has(name: string): boolean },
  options: { path: string; fault: Fault },
): void {
  for (const key of ["import", "export"] as const) {
    if (BUILT_IN.includes(peer[key]) || policies.has(peer[key])) continue;
    options.fault(
      options.path === "" ? key : `${options.path}.${key}`,
      peer[key],
      "all, none, or the name of a policy",
    );
  }
}

const { remote_addr: _a, remote_as: _b, port: _c, passive: _d, ...TEMPLATE_FIELDS } = PEER_FIELDS;

/** AS numbers that may connect: one, a list, or "any". What it has read it reads again: the file's table does. */
const remoteAsNumbers: Field<number[] | "any"> = {
  allowed: 'an AS number, a list of up to 1024, or "any"',
  read(value) {
    if (value === "any") return value;
    const list = Array.isArray(value) ? value : [value];
    const numbers = list.map((one) => AS_NUMBER.read(one, ""));
    const good = numbers.every((one): one is number => one !== undefined);
    return good && numbers.length > 0 && numbers.length <= 1_024 ? [...new Set(numbers)] : undefined;
  },
};

/** THE table of a range's options: its own, and those of a peer for the peers that it makes. */
export const DYNAMIC_FIELDS = {
  prefix: prefix(),
  remote_as: remoteAsNumbers,
  max_peers: integer(1, LIMITS.bgpDynamicPeers, { fallback: 100 }),
  ...TEMPLATE_FIELDS,
};

function parseDynamic(value: unknown, path: string, localAs: number): DynamicConfig {
  const { prefix: range, remote_as, max_peers, ...template } = record(value, path, configFault);
  const own = { prefix: range, remote_as, max_peers: max_peers ?? DYNAMIC_FIELDS.max_peers.fallback };
  for (const key of Object.keys(template)) {
    if (Object.hasOwn(TEMPLATE_FIELDS, key)) continue;
    throw new AppError("CONFIG_UNKNOWN", { path: `${path}.${key}`, allowed: Object.keys(DYNAMIC_FIELDS).join(", ") });
  }
  const read = <T>(key: keyof typeof own, field: Field<T>): T => {
    const result = field.read(own[key], `${path}.${key}`);
    return result === undefined ? configFault(`${path}.${key}`, own[key], field.allowed) : result;
  };
  const net = parsePrefix(read("prefix", DYNAMIC_FIELDS.prefix)) as { bytes: Uint8Array; length: number };
  const numbers = read("remote_as", remoteAsNumbers);
  const remoteAs = numbers === "any" ? null : numbers;
  const maxPeers = read("max_peers", DYNAMIC_FIELDS.max_peers);
  // Checked as the peer that it would make of each AS; with any, of a foreign one.
  const address = net.bytes.length === 4 ? "192.0.2.1" : "2001:db8::1";
  const stands = (as: number) => ({ ...template, remote_addr: address, remote_as: as, passive: true });
  const peers = (remoteAs ?? [localAs === 1 ? 2 : 1]).map((as) =>
    parsePeer(stands(as), { path, localAs, fault: configFault }),
  );
  return { prefix: String(range), remoteAs, maxPeers, template: peers[0] as PeerConfig };
}

/** The ranges of dynamic neighbours. */
function parseDynamics(values: readonly unknown[], localAs: number): DynamicConfig[] {
  if (values.length > LIMITS.bgpDynamicRanges) {
    configFault("bgp.dynamic", `${values.length} tables`, `at most ${LIMITS.bgpDynamicRanges}`);
  }
  const ranges = values.map((value, i) => parseDynamic(value, `bgp.dynamic[${i}]`, localAs));
  ranges.forEach(({ prefix }, i) => {
    if (ranges.findIndex((other) => other.prefix === prefix) === i) return;
    configFault(`bgp.dynamic[${i}].prefix`, prefix, "a prefix that no other range has");
  });
  return ranges;
}

/** A router identifier for a box that was given none: its first address that is not a loopback one. */
function defaultRouterId(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find((address) => address.family === "IPv4" && !address.internal);
    if (found) return found.address;
  }
  return "127.0.0.1";
}

/** The `[bgp]` table as the configuration room gives it: parsed, with what was not set left out. */
export interface BgpTable extends FeedsTable {
  /** Undefined: port 179 when that is permitted. Null: off. */
  readonly listen?: { readonly host: string; readonly port: number } | null;
  readonly local_as?: number;
  readonly router_id?: string;
  readonly select_defer_time?: number;
  readonly peer?: readonly unknown[];
  readonly dynamic?: readonly unknown[];
  readonly policy?: readonly unknown[];
  readonly rpki?: readonly RpkiCacheConfig[];
  readonly fib?: FibTable;
}

/** The room's configuration from the parsed `[bgp]` table. Faults: CONFIG and CONFIG_UNKNOWN with the key's path. */
export function parseBgpConfig(table: BgpTable): BgpConfig {
  const localAs = table.local_as ?? 0;
  const routerId = table.router_id ?? defaultRouterId();
  if (!isIPv4(routerId) || routerId === "0.0.0.0") {
    return configFault("bgp.router_id", routerId, "an IPv4 address other than 0.0.0.0");
  }
  const peers = (table.peer ?? []).map((peer, i) =>
    parsePeer(peer, { path: `bgp.peer[${i}]`, localAs, fault: configFault }),
  );
  peers.forEach((peer, i) => {
    if (peers.findIndex((other) => other.remote_addr === peer.remote_addr) !== i) {
      configFault(`bgp.peer[${i}].remote_addr`, peer.remote_addr, "an address that no other peer has");
    }
  });
  const dynamic = parseDynamics(table.dynamic ?? [], localAs);
  const policies = parsePolicies(table.policy ?? [], "bgp.policy", configFault);
  for (const [i, peer] of peers.entries()) checkTerms(peer, policies, { path: `bgp.peer[${i}]`, fault: configFault });
  for (const [i, { template }] of dynamic.entries()) {
    checkTerms(template, policies, { path: `bgp.dynamic[${i}]`, fault: configFault });
  }
  return {
    listen: table.listen === undefined ? { host: "0.0.0.0", port: 179 } : table.listen,
    listenOptional: table.listen === undefined,
    local_as: localAs,
    router_id: routerId,
    select_defer_time: table.select_defer_time ?? 0,
    peers,
    dynamic,
    policies,
    rpki: parseRpkiConfig(table.rpki),
    fib: parseFibConfig(table.fib),
    feeds: parseFeeds(table),
  };
}
