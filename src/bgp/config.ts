// The configuration of the BGP room: its shapes, defaults and checks. The same check serves the TOML file, the store
// and the REST body of a peer; they differ in how a fault is told.

import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { address, boolean, type Field, integer, text } from "../base/config.js";
import { AppError } from "../base/errors.js";
import type { BgpPeerRecord } from "../store/tables.js";
import { tcpMd5Supported } from "../system/tcp_md5.js";
import { FAMILIES } from "./families.js";
import { type FeedsConfig, type FeedsTable, parseFeeds } from "./feeds_config.js";

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

const AS_NUMBER = integer(1, 4_294_967_295);

/** THE table of a peer's options: of `[[bgp.peer]]`, of /v1/peers and of the store. */
export const PEER_FIELDS = {
  remote_addr: address(),
  remote_as: AS_NUMBER,
  local_as: AS_NUMBER,
  local_addr: localAddress,
  port: integer(1, 65_535, { fallback: 179 }),
  passive: boolean({ fallback: false }),
  afi_safi: families,
  /** TCP MD5 key (RFC 2385), "" none. */
  md5: text({ fallback: "", most: 80 }),
  hold_time: holdTime,
  connect_retry_time: integer(1, 65_535, { fallback: 10 }),
  idle_hold_time: integer(1, 65_535, { fallback: 5 }),
  /** How long a peer may take for its OPEN. */
  open_time: integer(1, 65_535, { fallback: 240 }),
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
  if (peer.local_addr !== "" && isIPv4(peer.local_addr) !== isIPv4(peer.remote_addr)) {
    return fault(at("local_addr"), peer.local_addr, "an address of the same family as remote_addr");
  }
  if (peer.md5 !== "" && !tcpMd5Supported())
    return fault(at("md5"), "***", '"": this kernel has no TCP MD5 signatures');
  return peer;
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
  readonly peer?: readonly unknown[];
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
  return {
    listen: table.listen === undefined ? { host: "0.0.0.0", port: 179 } : table.listen,
    listenOptional: table.listen === undefined,
    local_as: localAs,
    router_id: routerId,
    peers,
    feeds: parseFeeds(table),
  };
}
