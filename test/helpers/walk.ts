// The pinned walk in two namespaces: an aggregator appliance, a bond made over its REST, a bonder appliance that is
// given nothing but the manager's address and its node key.

import { Appliance } from "./appliance.js";
import type { Teardown } from "./cleanup.js";
import { iperfReport } from "./iperf.js";
import { joinNetns, makeNetns, type Netns } from "./netns.js";
import type { Result } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

/** Where legs end: an address of the aggregator that all lines lead to. */
export const AGGREGATOR_IP = "198.51.100.1";
const PORT = 8080;

export interface Line {
  readonly downMbps: number;
  readonly upMbps: number;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape
type Json = any;

export interface Walk {
  readonly aggregatorNetns: Netns;
  readonly bonderNetns: Netns;
  readonly aggregator: Appliance;
  readonly bonder: Appliance;
  /** The bond as it was made; `legs` in the order of the lines. */
  readonly bond: Json;
  readonly legs: readonly Json[];
  /** The bond as the manager shows it now. */
  show(): Promise<Json>;
  /** Resolves once the legs are in these states, as seen by both ends. */
  legsAre(...states: readonly string[]): Promise<void>;
  /** Loss ratio of pings from one end to the other through the tunnel. */
  ping(from: "bonder" | "aggregator", count?: number): Promise<Result>;
  /** iperf3 from the bonder, downwards with "-R"; its JSON report. */
  iperf(...args: readonly string[]): Promise<Json>;
}

async function post(box: Appliance, path: string, body: unknown): Promise<Json> {
  const reply = await box.rest("POST", path, { body });
  if (reply.status !== 201) throw new Error(`POST ${path}: ${reply.status} ${reply.text}`);
  return reply.json();
}

/** Two namespaces joined by the lines; each line is shaped at the end that sends. */
export async function joinLines(aggregator: Netns, bonder: Netns, lines: readonly Line[]): Promise<void> {
  await aggregator.ip("address", "add", `${AGGREGATOR_IP}/32`, "dev", "lo");
  for (const [i, { downMbps, upMbps }] of lines.entries()) {
    const near = { netns: bonder, ifname: `leg${i + 1}`, addresses: [`192.0.2.${4 * i + 1}/30`] };
    const far = { netns: aggregator, ifname: `line${i + 1}`, addresses: [`192.0.2.${4 * i + 2}/30`] };
    await joinNetns(near, far);
    await aggregator.shape(far.ifname, { rateMbps: downMbps });
    await bonder.shape(near.ifname, { rateMbps: upMbps });
    const via = ["via", `192.0.2.${4 * i + 2}`, "dev", near.ifname, "metric", String(100 + i)];
    await bonder.ip("route", "add", `${AGGREGATOR_IP}/32`, ...via);
  }
}

/** Walks the pinned walk to a bond whose legs are up. */
export async function walk(t: Teardown, lines: readonly Line[]): Promise<Walk> {
  const aggregatorNetns = await makeNetns(t, "agg");
  const bonderNetns = await makeNetns(t, "bonder");
  await joinLines(aggregatorNetns, bonderNetns, lines);

  const aggregator = await new Appliance(t, {
    netns: aggregatorNetns.name,
    role: "aggregator",
    http: `0.0.0.0:${PORT}`,
    data: tmpDir(t, "agg"),
    env: { SENNIT_BOND_ADDRESS: AGGREGATOR_IP },
  }).ready();
  const [own] = (await aggregator.rest("GET", "/api/v4/aggregators/")).json();
  const bond = await post(aggregator, "/api/v4/bonds/", { aggregator: own.url });
  const legs: Json[] = [];
  for (const [i, { downMbps, upMbps }] of lines.entries()) {
    const path = `/api/v4/bonders/${bond.bonder.id}/ethernet_interfaces/`;
    const made = await post(aggregator, path, { ifname: `leg${i + 1}` });
    const leg = { interface: made.url, down_speed: downMbps, up_speed: upMbps, link_mode: "active" };
    legs.push(await post(aggregator, `/api/v4/bonds/${bond.id}/interface_legs/`, leg));
  }
  const bonder = await new Appliance(t, {
    netns: bonderNetns.name,
    role: "bonder",
    data: tmpDir(t, "bonder"),
    args: ["--manager", `http://${AGGREGATOR_IP}:${PORT}`, "--node-key", bond.bonder.key],
  }).ready();

  const show = async () => (await aggregator.rest("GET", `/api/v4/bonds/${bond.id}/`)).json();
  let last: Json;
  const made: Walk = {
    aggregatorNetns,
    bonderNetns,
    aggregator,
    bonder,
    bond,
    legs,
    show,
    async legsAre(...states) {
      await until(
        async () => {
          last = await show();
          return last.legs.every((leg: Json, i: number) => {
            return [leg.overall_state, leg.bonder_state, leg.aggregator_state].every((state) => state === states[i]);
          });
        },
        { what: `the legs to be ${states.join(", ")}`, timeoutMs: 30_000, everyMs: 100, state: () => last?.legs },
      );
    },
    ping(from, count = 3) {
      const [netns, to] =
        from === "bonder" ? [bonderNetns, bond.tunnel_aggregator_ip] : [aggregatorNetns, bond.tunnel_bonder_ip];
      return netns.run("ping", ["-c", String(count), "-i", "0.2", "-W", "2", to]);
    },
    iperf: (...args) => iperfReport(bonderNetns, ["-c", bond.tunnel_aggregator_ip, ...args], 60_000),
  };
  await made.legsAre(...lines.map(() => "up"));
  return made;
}
