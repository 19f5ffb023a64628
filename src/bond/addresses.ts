// Addresses that the appliance chooses itself: the /31 of each bond's tunnel, and the one that legs are sent to.

import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { formatAddress, parsePrefix } from "../base/ip.js";

export interface TunnelAddresses {
  /** The /31 in CIDR form. */
  readonly subnet: string;
  readonly aggregator: string;
  readonly bonder: string;
}

function add(bytes: Uint8Array, by: number): Uint8Array {
  const sum = Uint8Array.from(bytes);
  let carry = by;
  for (let i = sum.length - 1; i >= 0 && carry > 0; i--) {
    carry += sum[i] as number;
    sum[i] = carry & 0xff;
    carry = Math.floor(carry / 256);
  }
  return sum;
}

/** The two addresses of a tunnel's /31: the first is the aggregator's. */
export function tunnelAddresses(subnet: string): TunnelAddresses {
  const prefix = parsePrefix(subnet);
  if (!prefix) throw new Error(`${subnet} is no prefix`);
  return { subnet, aggregator: formatAddress(prefix.bytes), bonder: formatAddress(add(prefix.bytes, 1)) };
}

/** How many /31 (or /127) a pool holds. */
export function poolSize(pool: string): number {
  const prefix = parsePrefix(pool);
  const bits = prefix ? prefix.bytes.length * 8 - 1 - prefix.length : -1;
  return bits < 0 ? 0 : 2 ** Math.min(32, bits);
}

/**
 * The first subnet of the pool that `taken` does not have, looked for from number `from` on and round; null when all
 * are taken.
 */
export function freeSubnet(pool: string, taken: ReadonlySet<string>, from: number): string | null {
  const prefix = parsePrefix(pool);
  const size = poolSize(pool);
  if (!prefix) return null;
  for (let tried = 0; tried < size && tried <= taken.size; tried++) {
    const bytes = add(prefix.bytes, ((from + tried) % size) * 2);
    const subnet = `${formatAddress(bytes)}/${bytes.length * 8 - 1}`;
    if (!taken.has(subnet)) return subnet;
  }
  return null;
}

/** Name of the interface that the IPv4 default route with the smallest metric leaves by, or null. */
export function defaultRouteInterface(table: string): string | null {
  let best: { ifname: string; metric: number } | null = null;
  for (const line of table.split("\n").slice(1)) {
    const [ifname, destination, , flags, , , metric, mask] = line.split("\t");
    // Flag 1: the route is up.
    if (!ifname || destination !== "00000000" || mask !== "00000000" || !(Number.parseInt(flags ?? "0", 16) & 1)) {
      continue;
    }
    if (!best || Number(metric) < best.metric) best = { ifname, metric: Number(metric) };
  }
  return best?.ifname ?? null;
}

/** The IPv4 address of the default route's interface, else the first that is not loopback, else 127.0.0.1. */
export function ownAddress(): string {
  const routes = "/proc/net/route";
  const ifname = existsSync(routes) ? defaultRouteInterface(readFileSync(routes, "latin1")) : null;
  const all = networkInterfaces();
  const candidates = [...(ifname ? (all[ifname] ?? []) : []), ...Object.values(all).flatMap((one) => one ?? [])];
  return candidates.find((one) => one.family === "IPv4" && !one.internal)?.address ?? "127.0.0.1";
}
