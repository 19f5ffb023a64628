// GoBGP on a loopback address, asked and told by its own command line.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BGP_PORT } from "./bgp_peers.js";
import type { Teardown } from "./cleanup.js";
import { must, type Running, start } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

export const API_PORT = 50_051;

/** Our families by the names that GoBGP's configuration has for them. */
export const GOBGP_FAMILIES: Readonly<Record<string, string>> = {
  ipv4: "ipv4-unicast",
  ipv6: "ipv6-unicast",
  ipv4_mcast: "ipv4-multicast",
  ipv6_mcast: "ipv6-multicast",
  ipv4_lu: "ipv4-labelled-unicast",
  ipv6_lu: "ipv6-labelled-unicast",
  vpnv4: "l3vpn-ipv4-unicast",
  vpnv6: "l3vpn-ipv6-unicast",
  flowspec: "ipv4-flowspec",
  ipv6_flowspec: "ipv6-flowspec",
  vpnv4_flowspec: "l3vpn-ipv4-flowspec",
  vpnv6_flowspec: "l3vpn-ipv6-flowspec",
  ipv4_srte: "ipv4-srpolicy",
  ipv6_srte: "ipv6-srpolicy",
  evpn: "l2vpn-evpn",
  rtc: "rtc",
  bgpls: "ls",
};

export interface GoBgpNeighbor {
  readonly address: string;
  readonly as: number;
  /** Our names of families. */
  readonly families: readonly string[];
  readonly passive?: boolean;
  /** Default 90 s. */
  readonly hold?: number;
  /** Several paths of each family, both ways: how many are sent. */
  readonly addPath?: number;
}

/** AS 65002 with all neighbours, no policy. */
export function goBgpConfig(address: string, neighbors: readonly GoBgpNeighbor[]): string {
  const lines = [
    "[global.config]",
    "  as = 65002",
    `  router-id = "${address}"`,
    `  port = ${BGP_PORT}`,
    `  local-address-list = ["${address}"]`,
  ];
  for (const { address: theirs, as, families, passive = false, hold = 90, addPath } of neighbors) {
    lines.push(
      "[[neighbors]]",
      "  [neighbors.config]",
      `    neighbor-address = "${theirs}"`,
      `    peer-as = ${as}`,
      "  [neighbors.transport.config]",
      `    local-address = "${address}"`,
      `    remote-port = ${BGP_PORT}`,
      `    passive-mode = ${passive}`,
      "  [neighbors.timers.config]",
      "    connect-retry = 1",
      "    idle-hold-time-after-reset = 1",
      `    hold-time = ${hold}`,
      "  [neighbors.ebgp-multihop.config]",
      "    enabled = true",
      "    multihop-ttl = 5",
    );
    for (const family of families) {
      const name = GOBGP_FAMILIES[family];
      if (name === undefined) throw new Error(`GoBGP has no family ${family}`);
      lines.push("  [[neighbors.afi-safis]]", "    [neighbors.afi-safis.config]", `      afi-safi-name = "${name}"`);
      if (addPath)
        lines.push("    [neighbors.afi-safis.add-paths.config]", `      receive = true`, `      send-max = ${addPath}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

export interface GoBgp {
  readonly process: Running;
  gobgp(...words: string[]): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON has no types
  json(...words: string[]): Promise<any>;
}

/** GoBGP with its API on the same address as its sessions. */
export async function startGoBgp(t: Teardown, address: string, config: string): Promise<GoBgp> {
  const file = join(tmpDir(t, "gobgp"), "gobgpd.toml");
  writeFileSync(file, config);
  const process = start(t, "gobgpd", ["-f", file, "--api-hosts", `${address}:${API_PORT}`, "--pprof-disable", "-p"]);
  const gobgp = (...words: string[]) => must("gobgp", ["-u", address, "-p", String(API_PORT), ...words]);
  await until(async () => (await gobgp("global", "-j")) !== "", {
    what: "gobgpd to answer",
    state: () => process.output.slice(-2_000),
  });
  return { process, gobgp, json: async (...words) => JSON.parse(await gobgp("-j", ...words)) };
}
