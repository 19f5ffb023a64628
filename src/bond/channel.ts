// What a bonder and its manager say to one another, as JSON over HTTP (docs/node-channel.md). Both ends read it with
// these functions: unknown members are ignored, missing or wrong ones make the whole message void.

import type { BondStatus, LegStatus, LinkMode, TunnelSecurity } from "./dataplane/protocol.js";

export const CHANNEL_PREFIX = "/node/v1";
export const HELLO_PATH = `${CHANNEL_PREFIX}/hello`;
export const CONFIG_PATH = `${CHANNEL_PREFIX}/config`;
export const REPORT_PATH = `${CHANNEL_PREFIX}/report`;

export const SESSION_HEADER = "sennit-session";
export const COUNTER_HEADER = "sennit-counter";
export const MAC_HEADER = "sennit-mac";

/** Version of the channel, in the hello. */
export const CHANNEL_VERSION = 1;

export interface NodeLeg {
  readonly id: number;
  readonly ifname: string;
  readonly link_mode: LinkMode;
  readonly failover: boolean;
  readonly down_speed: number;
  readonly up_speed: number;
}

export interface NodeBond {
  readonly id: number;
  readonly tunnel_bonder_ip: string;
  readonly tunnel_aggregator_ip: string;
  readonly tunnel_security: TunnelSecurity;
  readonly packet_distribution: string;
  readonly reorder_max_hold: number;
  readonly aggregator: { readonly address: string; readonly port: number };
  readonly legs: readonly NodeLeg[];
}

/** A bonder's whole configuration. */
export interface NodeConfig {
  readonly node: { readonly id: number; readonly name: string };
  readonly bond: NodeBond | null;
}

export interface ReportMessage {
  readonly version: string;
  readonly hostname: string;
  /** Revision of the configuration that is applied, "" before the first. */
  readonly revision: string;
  readonly problem: string;
  readonly bond: BondStatus | null;
}

type Fields = Readonly<Record<string, unknown>>;

export function asFields(value: unknown): Fields | null {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : null;
}

/** The JSON object in a body, or null. */
export function parseFields(body: Uint8Array | string): Fields | null {
  try {
    return asFields(JSON.parse(typeof body === "string" ? body : Buffer.from(body).toString("utf8")));
  } catch {
    return null;
  }
}

const text = (value: unknown, most = 256): string | null =>
  typeof value === "string" && value.length <= most ? value : null;
const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const LINK_MODES: readonly LinkMode[] = ["active", "idle", "offline"];
const SECURITIES: readonly TunnelSecurity[] = ["none", "hmac", "encryption"];

function readLeg(value: unknown): NodeLeg | null {
  const given = asFields(value);
  const id = number(given?.["id"]);
  const ifname = text(given?.["ifname"], 15);
  const mode = LINK_MODES.find((one) => one === given?.["link_mode"]);
  const down = number(given?.["down_speed"]);
  const up = number(given?.["up_speed"]);
  if (id === null || !ifname || !mode || down === null || up === null || down < 0 || up < 0) return null;
  return { id, ifname, link_mode: mode, failover: given?.["failover"] === true, down_speed: down, up_speed: up };
}

function readBond(value: unknown, mostLegs: number): NodeBond | null {
  const given = asFields(value);
  const aggregator = asFields(given?.["aggregator"]);
  const id = number(given?.["id"]);
  const near = text(given?.["tunnel_bonder_ip"], 45);
  const far = text(given?.["tunnel_aggregator_ip"], 45);
  const security = SECURITIES.find((one) => one === given?.["tunnel_security"]);
  const distribution = text(given?.["packet_distribution"], 64);
  const hold = number(given?.["reorder_max_hold"]);
  const address = text(aggregator?.["address"], 45);
  const port = number(aggregator?.["port"]);
  const legs = given?.["legs"];
  if (id === null || !near || !far || !security || !distribution || hold === null || !address || port === null) {
    return null;
  }
  if (!Array.isArray(legs) || legs.length > mostLegs) return null;
  const read = legs.map(readLeg);
  if (read.some((leg) => leg === null)) return null;
  return {
    id,
    tunnel_bonder_ip: near,
    tunnel_aggregator_ip: far,
    tunnel_security: security,
    packet_distribution: distribution,
    reorder_max_hold: hold,
    aggregator: { address, port },
    legs: read as NodeLeg[],
  };
}

/** A configuration as the manager sent it, or null when it is none. */
export function readNodeConfig(value: unknown, mostLegs: number): NodeConfig | null {
  const given = asFields(value);
  const node = asFields(given?.["node"]);
  const id = number(node?.["id"]);
  if (id === null) return null;
  const name = text(node?.["name"]) ?? "";
  if (given?.["bond"] === null) return { node: { id, name }, bond: null };
  const bond = readBond(given?.["bond"], mostLegs);
  return bond && { node: { id, name }, bond };
}

const amount = (value: unknown): number => Math.max(0, number(value) ?? 0);

/** Names and values of an object, at most 64, where `keep` gives a value. */
function entries<T>(value: unknown, keep: (one: unknown) => T | null): Record<string, T> {
  const kept: Record<string, T> = {};
  for (const [name, one] of Object.entries(asFields(value) ?? {}).slice(0, 64)) {
    const known = keep(one);
    if (known !== null && name.length <= 64 && name !== "__proto__") kept[name] = known;
  }
  return kept;
}

function readLegStatus(value: unknown): LegStatus | null {
  const given = asFields(value);
  const id = number(given?.["id"]);
  const state = text(given?.["state"], 32);
  if (!given || id === null || !state) return null;
  return {
    id,
    state: state as LegStatus["state"],
    since: amount(given["since"]),
    remote: text(given["remote"], 64) ?? "",
    rttMs: number(given["rttMs"]),
    lossRatio: Math.min(1, amount(given["lossRatio"])),
    rxBytes: amount(given["rxBytes"]),
    txBytes: amount(given["txBytes"]),
    rxPackets: amount(given["rxPackets"]),
    txPackets: amount(given["txPackets"]),
    rxRate: amount(given["rxRate"]),
    txRate: amount(given["txRate"]),
  };
}

function readBondStatus(value: unknown, mostLegs: number): BondStatus | null {
  const given = asFields(value);
  const id = number(given?.["id"]);
  const legs = given?.["legs"];
  if (!given || id === null || !Array.isArray(legs)) return null;
  return {
    id,
    state: given["state"] === "up" ? "up" : "down",
    tunnelIfname: text(given["tunnelIfname"], 15) ?? "",
    tunnelMtu: amount(given["tunnelMtu"]),
    rxBytes: amount(given["rxBytes"]),
    txBytes: amount(given["txBytes"]),
    rxRate: amount(given["rxRate"]),
    txRate: amount(given["txRate"]),
    counters: entries(given["counters"], number),
    paths: entries(given["paths"], (one) => text(one)),
    legs: legs
      .slice(0, mostLegs)
      .map(readLegStatus)
      .filter((leg) => leg !== null),
    problem: text(given["problem"], 1_024) ?? "",
  };
}

/** A bonder's report, or null when it is none. */
export function readReport(value: unknown, mostLegs: number): ReportMessage | null {
  const given = asFields(value);
  const revision = text(given?.["revision"], 64);
  if (!given || revision === null) return null;
  return {
    version: text(given["version"], 64) ?? "",
    hostname: text(given["hostname"]) ?? "",
    revision,
    problem: text(given["problem"], 1_024) ?? "",
    bond: readBondStatus(given["bond"], mostLegs),
  };
}
