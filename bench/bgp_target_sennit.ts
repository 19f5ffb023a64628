// Our own speaker as a target: the whole appliance in a process of its own, configured by a file, asked by REST.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PEER_KEYS } from "../src/bgp/config.js";
import { type Appliance, startAppliance } from "../test/helpers/appliance.js";
import { BGP_PORT } from "../test/helpers/bgp_peers.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { tmpDir } from "../test/helpers/tmp.js";
import type { Stream } from "./bgp_stream.js";
import type { Neighbor, Setup, Target } from "./bgp_target.js";

/** Why a part cannot be measured with this build. */
export class NotYet extends Error {}

export interface SennitTarget extends Target {
  readonly appliance: Appliance;
  /** Prefixes that a peer has announced, by the metrics. */
  received(feeder: Neighbor): Promise<number>;
}

function configFile(t: Teardown, { feeders, sink }: Setup): string {
  const exporting = (PEER_KEYS as readonly string[]).includes("export");
  if (sink && !exporting) throw new NotYet("this build exports no routes");
  const peer = ({ address, as }: Neighbor, more: string[] = []) =>
    [
      "[[bgp.peer]]",
      `remote_addr = "${address}"`,
      `remote_as = ${as}`,
      "passive = true",
      "hold_time = 0",
      "idle_hold_time = 1",
      ...more,
    ].join("\n");
  const text = [
    '[bgp]\nlocal_as = 65002\nrouter_id = "10.0.0.2"',
    ...feeders.map((feeder) => peer(feeder)),
    ...(sink ? [peer(sink, ['export = "all"'])] : []),
    "",
  ].join("\n");
  const file = join(tmpDir(t, "config"), "sennit.toml");
  writeFileSync(file, text);
  return file;
}

/** Throws NotYet when a sink is wanted of a build that exports nothing. */
export async function startSennit(t: Teardown, setup: Setup): Promise<SennitTarget> {
  const appliance = await startAppliance(t, {
    bgp: `${setup.address}:${BGP_PORT}`,
    args: ["--config", configFile(t, setup)],
    env: { SENNIT_LOG_LEVEL: "warn" },
  });
  const lookup = async ({ address }: Neighbor, prefix: string): Promise<boolean> => {
    const reply = await appliance.rest("POST", `/v1/peer/${address}/adj-rib-in`, { body: { data: [prefix] } });
    const { data } = reply.json();
    return data?.[prefix]?.prefix === prefix;
  };
  return {
    appliance,
    // The data plane is another process, which does nothing here.
    pids: [appliance.process.pid],
    has: (feeder, stream: Stream) => lookup(feeder, stream.last),
    async received({ address }) {
      const { text } = await appliance.rest("GET", "/metrics", { auth: false });
      const line = new RegExp(`^bgp_routes_received\\{peer="${address}",route_family="ipv4-unicast"\\} (\\d+)$`, "m");
      return Number(line.exec(text)?.[1] ?? 0);
    },
  };
}
