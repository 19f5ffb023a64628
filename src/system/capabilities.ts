// What this process may do (capabilities(7)).

import { readFileSync } from "node:fs";

const NET_ADMIN = 12n;

/** CAP_NET_ADMIN among the effective capabilities: links, routes, tunnels. */
export function holdsNetAdmin(): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return line !== null && ((BigInt(`0x${line[1]}`) >> NET_ADMIN) & 1n) === 1n;
}
