// Two boxes with several lines between them and a data plane on each: a bonder that leaves by leg1, leg2, … and an
// aggregator that is reached at one address over all of them.

import { pino } from "pino";
import { connectDataplane, type DataplaneClient } from "../../src/bond/dataplane/client.js";
import type { BondConfig, BondStatus, LegConfig } from "../../src/bond/dataplane/protocol.js";
import { MAIN } from "./appliance.js";
import type { Teardown } from "./cleanup.js";
import { iperfReport } from "./iperf.js";
import { joinNetns, makeNetns, type Netns } from "./netns.js";
import type { Running } from "./processes.js";
import { tmpDir } from "./tmp.js";
import { until } from "./wait.js";

const AGGREGATOR = "198.51.100.1";
const PORT = 2021;
const BOND = 7;
/** Where no line has a speed: more than any machine carries. */
const UNLIMITED_MBPS = 40_000;

export interface Line {
  /** Towards the aggregator and back; 0 = not shaped. */
  readonly upMbps: number;
  readonly downMbps: number;
}

export interface TunnelOptions {
  readonly lines: readonly Line[];
  readonly scheduler?: string;
  /** More or other settings of the legs, by their number from 0. */
  readonly legs?: readonly Partial<LegConfig>[];
}

export interface Box {
  readonly netns: Netns;
  readonly data: string;
  readonly client: DataplaneClient;
  process: Running;
}

export class Tunnel {
  readonly bonder: Box;
  readonly aggregator: Box;
  readonly bonderIp = "10.255.0.1";
  readonly aggregatorIp = "10.255.0.0";
  #options: TunnelOptions;
  #revision = 0;

  constructor(bonder: Box, aggregator: Box, options: TunnelOptions) {
    this.bonder = bonder;
    this.aggregator = aggregator;
    this.#options = options;
  }

  /** Sends the configuration, with other legs' settings if given, to both ends. */
  apply(legs: readonly Partial<LegConfig>[] = this.#options.legs ?? []): void {
    this.#options = { ...this.#options, legs };
    const revision = ++this.#revision;
    const { lines, scheduler = "idmpq" } = this.#options;
    const config = (role: "bonder" | "aggregator"): BondConfig => ({
      id: BOND,
      role,
      tunnelIfname: `tun${BOND}`,
      localIp: role === "bonder" ? this.bonderIp : this.aggregatorIp,
      peerIp: role === "bonder" ? this.aggregatorIp : this.bonderIp,
      psk: Buffer.alloc(32, 7).toString("base64"),
      security: "encryption",
      scheduler,
      reorderMaxHoldMs: 250,
      ...(role === "bonder" ? { remote: { address: AGGREGATOR, port: PORT } } : {}),
      legs: lines.map((line, i) => ({
        id: 100 + i,
        ...(role === "bonder" ? { ifname: `leg${i + 1}` } : {}),
        linkMode: "active",
        failover: false,
        downMbps: line.downMbps || UNLIMITED_MBPS,
        upMbps: line.upMbps || UNLIMITED_MBPS,
        ...legs[i],
      })),
    });
    this.bonder.client.apply({ revision, bonds: [config("bonder")] });
    const listen = { address: "0.0.0.0", port: PORT };
    this.aggregator.client.apply({ revision, listen, bonds: [config("aggregator")] });
  }

  status(box: "bonder" | "aggregator"): BondStatus | undefined {
    return this[box].client.status()?.bonds[0];
  }

  /** States of the legs, as one end sees them. */
  states(box: "bonder" | "aggregator"): string[] {
    return this.status(box)?.legs.map(({ state }) => state) ?? [];
  }

  /** Waits until both ends see these states. Resolves with the time that it took, ms. */
  async legs(...wanted: readonly string[]): Promise<number> {
    const since = Date.now();
    const seen = () => [this.states("bonder").join(), this.states("aggregator").join()];
    await until(() => seen().every((states) => states === wanted.join()), {
      what: `both ends to see legs ${wanted}`,
      state: seen,
    });
    return Date.now() - since;
  }

  /** Pings the other end; resolves with the share that was answered and the mean round trip, ms. */
  async ping(from: "bonder" | "aggregator", count = 5, everyMs = 50): Promise<{ answered: number; rttMs: number }> {
    const target = from === "bonder" ? this.aggregatorIp : this.bonderIp;
    const args = ["-q", "-c", String(count), "-i", String(everyMs / 1000), "-W", "1", target];
    const { stdout } = await this[from].netns.run("ping", args);
    const received = Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
    return { answered: received / count, rttMs: Number(/= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1] ?? Number.NaN) };
  }

  /** One iperf3 run from the bonder to the aggregator's tunnel address; resolves with Mbit/s received. */
  async iperf(seconds: number, ...args: readonly string[]): Promise<{ mbps: number; retransmits: number }> {
    const options = ["-c", this.aggregatorIp, "-t", String(seconds), ...args];
    const report = await iperfReport(this.bonder.netns, options, (seconds + 20) * 1000);
    const { end, error } = report as {
      end: { sum_received?: { bits_per_second: number }; sum_sent?: { retransmits?: number } };
      error?: string;
    };
    if (!end.sum_received) throw new Error(`iperf3: ${error ?? JSON.stringify(report).slice(0, 500)}`);
    return { mbps: end.sum_received.bits_per_second / 1e6, retransmits: end.sum_sent?.retransmits ?? 0 };
  }
}

/** A data plane in a namespace, as `serve` would start it. */
export function startDataplane(netns: Netns, data: string): Running {
  return netns.start(process.execPath, [MAIN, "dataplane", "--data", data]);
}

async function makeBox(t: Teardown, label: string): Promise<Box> {
  const netns = await makeNetns(t, label);
  const data = tmpDir(t, label);
  const box = { netns, data, process: startDataplane(netns, data) };
  const client = connectDataplane({ data, spawn: null, log: pino({ level: "silent" }) });
  t.teardown(() => client.close());
  return { ...box, client };
}

/** Makes both boxes, the lines, shaped, and configures the tunnel. It may not be up yet. */
export async function makeTunnel(t: Teardown, options: TunnelOptions): Promise<Tunnel> {
  const bonder = await makeBox(t, "bonder");
  const aggregator = await makeBox(t, "aggregator");
  await aggregator.netns.address("lo", `${AGGREGATOR}/32`);
  for (const [i, line] of options.lines.entries()) {
    const leg = { netns: bonder.netns, ifname: `leg${i + 1}`, addresses: [`192.0.2.${i * 4 + 1}/30`] };
    const far = { netns: aggregator.netns, ifname: `line${i + 1}`, addresses: [`192.0.2.${i * 4 + 2}/30`] };
    await joinNetns(leg, far);
    const metric = String(100 + i);
    await bonder.netns.ip("route", "add", `${AGGREGATOR}/32`, "via", `192.0.2.${i * 4 + 2}`, "metric", metric);
    if (line.upMbps) await bonder.netns.shape(leg.ifname, { rateMbps: line.upMbps });
    if (line.downMbps) await aggregator.netns.shape(far.ifname, { rateMbps: line.downMbps });
  }
  const tunnel = new Tunnel(bonder, aggregator, options);
  tunnel.apply();
  return tunnel;
}
