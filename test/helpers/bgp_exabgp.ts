// ExaBGP on a loopback address. It has no RIB and no command line to ask: it takes commands from a process that it
// starts, and writes what it hears to that process as JSON. The process here is two `cat`s: one from a pipe that the
// test writes commands to, one into a file that the test reads.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BGP_PORT } from "./bgp_peers.js";
import type { Teardown } from "./cleanup.js";
import { type Running, start } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

/** Our families by the words that ExaBGP has for them. */
export const EXABGP_FAMILIES: Readonly<Record<string, string>> = {
  ipv4: "ipv4 unicast",
  ipv6: "ipv6 unicast",
  ipv4_mcast: "ipv4 multicast",
  ipv4_lu: "ipv4 nlri-mpls",
  ipv6_lu: "ipv6 nlri-mpls",
  vpnv4: "ipv4 mpls-vpn",
  vpnv6: "ipv6 mpls-vpn",
  flowspec: "ipv4 flow",
  ipv6_flowspec: "ipv6 flow",
  vpnv4_flowspec: "ipv4 flow-vpn",
  vpnv6_flowspec: "ipv6 flow-vpn",
  evpn: "l2vpn evpn",
  bgpls: "bgp-ls bgp-ls",
};

export interface ExaBgpNeighbor {
  readonly address: string;
  readonly as: number;
  /** Our names of families. */
  readonly families: readonly string[];
  readonly passive?: boolean;
  /** Statements of its capability block. */
  readonly capability?: string;
}

export interface ExaBgp {
  readonly process: Running;
  /** Gives it one command of its API: "announce route 10.0.0.0/8 next-hop self". */
  say(command: string): void;
  /** What it has told so far, one object a line. */
  // biome-ignore lint/suspicious/noExplicitAny: the JSON has no types
  heard(): any[];
}

function neighborBlock(address: string, neighbor: ExaBgpNeighbor): string {
  const { address: theirs, as, families, passive = false } = neighbor;
  const named = families.map((family) => {
    const words = EXABGP_FAMILIES[family];
    if (words === undefined) throw new Error(`ExaBGP has no family ${family}`);
    return `${words};`;
  });
  return [
    `neighbor ${theirs} {`,
    `  router-id ${address};`,
    `  local-address ${address};`,
    "  local-as 65002;",
    `  peer-as ${as};`,
    passive ? "  passive;" : `  connect ${BGP_PORT};`,
    `  listen ${BGP_PORT};`,
    `  family { ${named.join(" ")} }`,
    `  capability { ${neighbor.capability ?? "route-refresh enable;"} }`,
    "  api { processes [ test ]; receive { parsed; update; open; notification; refresh; } neighbor-changes; }",
    "}",
  ].join("\n");
}

/** AS 65002 with one neighbour. */
export async function startExaBgp(t: Teardown, address: string, neighbor: ExaBgpNeighbor): Promise<ExaBgp> {
  const dir = tmpDir(t, "exabgp");
  const [script, fifo, events] = ["api.sh", "commands", "events"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  if (spawnSync("mkfifo", [fifo]).status !== 0) throw new Error(`cannot make the pipe ${fifo}`);
  writeFileSync(events, "");
  // A shell gives its background jobs no input of their own: descriptor 3 keeps what ExaBGP writes to.
  writeFileSync(script, `#!/bin/sh\nexec 3<&0\ncat <&3 >>${events} &\nexec cat ${fifo}\n`, { mode: 0o755 });
  const file = join(dir, "exabgp.conf");
  const api = `process test {\n  run ${script};\n  encoder json;\n}\n`;
  writeFileSync(file, `${api}${neighborBlock(address, neighbor)}\n`);
  const process = start(t, "exabgp", [file], {
    env: {
      "exabgp.daemon.user": "root",
      "exabgp.api.cli": "false",
      "exabgp.api.ack": "false",
      "exabgp.tcp.bind": neighbor.passive ? address : "",
      "exabgp.tcp.port": String(BGP_PORT),
    },
  });
  // Opened both ways, so that neither end waits for the other.
  const pipe = openSync(fifo, "r+");
  t.teardown(() => closeSync(pipe));
  await process.says(/loaded new configuration successfully|new configuration/i);
  const heard = () =>
    readFileSync(events, "utf8")
      .split("\n")
      .flatMap((line) => {
        try {
          return line.startsWith("{") ? [JSON.parse(line)] : [];
        } catch {
          // the line is still being written
          return [];
        }
      });
  await until(() => process.exit === null, { what: "ExaBGP to run", state: () => process.output.slice(-2_000) });
  return { process, heard, say: (command) => void writeSync(pipe, `${command}\n`) };
}
