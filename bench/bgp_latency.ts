// Does REST answer while routes come and go in bulk? The latency of a peer's state and of pages of the RIB.

import { setTimeout as sleep } from "node:timers/promises";
import { BGP_PORT } from "../test/helpers/bgp_peers.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { withScope } from "../test/helpers/scope.js";
import { until } from "../test/helpers/wait.js";
import { Loader } from "./bgp_loader.js";
import { addresses } from "./bgp_net.js";
import { type Latency, Probe, type ProbeTarget } from "./bgp_probe.js";
import { head, type Stream, withdrawalOf } from "./bgp_stream.js";
import type { Neighbor } from "./bgp_target.js";
import { type SennitTarget, startSennit } from "./bgp_target_sennit.js";
import { table } from "./machine.js";

const CHANGED = 100_000;
const CYCLES = 10;
const LOSSES = 3;
const QUIET_MS = 2_000;
/** The time in which the loss of a peer must be dealt with. */
const LOSS_MS = 1_500;

interface Bench {
  readonly target: SennitTarget;
  readonly loader: Loader;
  readonly feeder: Neighbor;
  open(): Promise<void>;
  has(stream: Stream, wanted?: boolean): Promise<unknown>;
}

async function prepare(t: Teardown, streams: readonly Stream[]): Promise<Bench> {
  const { address, feeders } = addresses();
  const [feeder] = feeders as [Neighbor];
  const target = await startSennit(t, { address, feeders, sink: null });
  const loader = new Loader(t);
  for (const stream of streams) loader.prepare(stream);
  return {
    target,
    loader,
    feeder,
    open: () => loader.open("feeder", { host: address, port: BGP_PORT, local: feeder.address, as: feeder.as }),
    has: (stream, wanted = true) =>
      until(async () => (await target.has(feeder, stream)) === wanted, {
        what: `${stream.last} to be ${wanted ? "there" : "gone"}`,
        timeoutMs: 60_000,
      }),
  };
}

/** The requests whose answers are timed; pages of the RIB follow one another by cursor. */
async function probes({ target, feeder }: Bench): Promise<(readonly [string, ProbeTarget])[]> {
  const { appliance } = target;
  const basic = Buffer.from(`${appliance.user}:${appliance.password}`).toString("base64");
  const common = { address: appliance.address, headers: { authorization: `Basic ${basic}` } };
  const page = "/v1/rib?afi_safi=ipv4&limit=100";
  const found: (readonly [string, ProbeTarget])[] = [
    ["GET state", { ...common, next: () => `/v1/peer/${feeder.address}/state` }],
  ];
  if ((await appliance.rest("GET", page)).status !== 200) {
    console.log("GET /v1/rib is not in this build");
    return found;
  }
  const next = (body: string): string => {
    const cursor = /"cursor":"([^"]+)"/.exec(body)?.[1];
    return cursor === undefined ? page : `${page}&cursor=${encodeURIComponent(cursor)}`;
  };
  found.push(["GET /v1/rib, pages of 100", { ...common, next }]);
  return found;
}

/** Starts the probes, runs `body`, and adds a row a probe. */
async function during(
  what: string,
  asked: readonly (readonly [string, ProbeTarget])[],
  rows: string[][],
  body: () => Promise<unknown>,
): Promise<void> {
  const running = asked.map(([name, target]) => [name, new Probe(target)] as const);
  await body();
  for (const [name, probe] of running) {
    const { count, p50, p99, max, failed }: Latency = await probe.stop();
    const ms = (value: number) => value.toFixed(1);
    rows.push([what, name, String(count), ms(p50), ms(p99), ms(max), failed === 0 ? "" : `${failed} failed`]);
  }
}

export async function latency(stream: Stream): Promise<void> {
  console.log("\n## REST while routes come and go: a request each 10 ms of each kind");
  const part = head(stream, Math.min(CHANGED, stream.prefixes));
  const gone = withdrawalOf(part);
  const rows: string[][] = [];
  await withScope(async (t) => {
    const bench = await prepare(t, [stream, part, gone]);
    await bench.open();
    const asked = await probes(bench);
    const { loader } = bench;
    await during("nothing else", asked, rows, () => sleep(QUIET_MS));
    await during(`${stream.prefixes} prefixes come`, asked, rows, async () => {
      await loader.feed("feeder", stream);
      await bench.has(stream);
    });
    await during(`${part.prefixes} are withdrawn and announced, ${CYCLES} times`, asked, rows, async () => {
      for (let i = 0; i < CYCLES; i++) {
        await loader.feed("feeder", gone);
        await bench.has(part, false);
        await loader.feed("feeder", part);
        await bench.has(part);
      }
    });
    for (let i = 0; i < LOSSES; i++) {
      await during(`the peer of ${stream.prefixes} is lost (${i + 1})`, asked, rows, async () => {
        await loader.close("feeder");
        await sleep(LOSS_MS);
      });
      await bench.open();
      await loader.feed("feeder", stream);
      await bench.has(stream);
    }
  });
  console.log(table(["while", "", "requests", "p50 ms", "p99 ms", "max ms", ""], rows));
}
