// OpenBGPD on a loopback address: its own configuration and control socket, no kernel routes.

import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BGP_PORT } from "./bgp_peers.js";
import type { Teardown } from "./cleanup.js";
import { must, type Running, start } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

/** Debian's place for it. FRR's program has the same name elsewhere. */
export const OPENBGPD = "/usr/sbin/bgpd";

/** The directory that its unprivileged processes change their root to: the package has systemd make it. */
const CHROOT = "/run/openbgpd";

export interface OpenBgpd {
  readonly process: Running;
  /** Its control socket. */
  readonly socket: string;
  bgpctl(...words: string[]): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON has no types
  json(...words: string[]): Promise<any>;
}

export interface OpenBgpdNeighbor {
  readonly address: string;
  readonly as: number;
  /** What it says of address families: "announce IPv4 vpn". Default both unicast ones. */
  readonly announce?: readonly string[];
  /** More lines in the neighbour's block: "passive", "enforce neighbor-as no". */
  readonly more?: readonly string[];
}

/** AS 65002 with all neighbours; everything is allowed in and out. `global` are lines at the head. */
export function openBgpdConfig(
  address: string,
  neighbors: readonly OpenBgpdNeighbor[],
  global: readonly string[] = [],
): string {
  const blocks = neighbors.map(({ address: theirs, as, announce = ["IPv4 unicast", "IPv6 unicast"], more = [] }) =>
    [
      `neighbor ${theirs} {`,
      `  remote-as ${as}`,
      `  port ${BGP_PORT}`,
      `  local-address ${address}`,
      "  multihop 5",
      ...announce.map((family) => `  announce ${family}`),
      ...more.map((line) => `  ${line}`),
      "}",
    ].join("\n"),
  );
  return [
    "AS 65002",
    `router-id ${address}`,
    "fib-update no",
    `listen on ${address} port ${BGP_PORT}`,
    ...global,
    ...blocks,
    "allow from any",
    "allow to any",
    "",
  ].join("\n");
}

/** Needs root: it changes root and user. `config` as of openBgpdConfig(); the control socket is added. */
export async function startOpenBgpd(t: Teardown, config: string): Promise<OpenBgpd> {
  if (!existsSync(CHROOT)) mkdirSync(CHROOT, { mode: 0o755 });
  const dir = tmpDir(t, "openbgpd");
  const file = join(dir, "bgpd.conf");
  const socket = join(dir, "control");
  writeFileSync(file, `socket "${socket}"\n${config}`);
  chmodSync(file, 0o600);
  const process = start(t, OPENBGPD, ["-d", "-f", file]);
  const bgpctl = (...words: string[]) => must("bgpctl", ["-s", socket, ...words]);
  const json = async (...words: string[]) => JSON.parse(await bgpctl("-j", ...words));
  await until(async () => (await json("show", "summary")).neighbors, {
    what: "OpenBGPD to answer",
    state: () => process.output.slice(-2_000),
  });
  return { process, socket, bgpctl, json };
}
