// REST answers a second, and the server's CPU time for each: the appliance beside an empty uWebSockets.js handler.

import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { startAppliance } from "../test/helpers/appliance.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { start } from "../test/helpers/processes.js";
import { withScope } from "../test/helpers/scope.js";
import { cpuSeconds, table } from "./machine.js";

const CONNECTIONS = 100;
/** A peer that is never dialled: what is asked for is its state. */
const PEER = "127.9.9.2";
const WARM_UP_SECONDS = 1;

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicros: number;
}

async function measure(
  pid: number,
  url: string,
  seconds: number,
  headers: Record<string, string> = {},
): Promise<Figures> {
  const options = { url, headers, connections: CONNECTIONS };
  await autocannon({ ...options, duration: WARM_UP_SECONDS });
  const before = cpuSeconds(pid);
  const result = await autocannon({ ...options, duration: seconds });
  const cpu = cpuSeconds(pid) - before;
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} requests failed`);
  }
  const { p50, p99 } = result.latency;
  const perSecond = result.requests.total / result.duration;
  return { perSecond, p50Ms: p50, p99Ms: p99, cpuMicros: (cpu * 1e6) / result.requests.total };
}

async function measureAll(t: Teardown, seconds: number): Promise<void> {
  const empty = start(t, process.execPath, [fileURLToPath(new URL("http_empty.js", import.meta.url))]);
  const port = (await empty.says(/port (\d+)/))[1];
  const appliance = await startAppliance(t, { env: { SENNIT_LOG_LEVEL: "warn" } });
  const aggregator = (await appliance.rest("GET", "/api/v4/aggregators/")).json()[0].url;
  for (let i = 0; i < 20; i++) {
    await appliance.rest("POST", "/api/v4/bonds/", { body: { name: `bench-${i}`, aggregator } });
  }
  await appliance.rest("POST", "/v1/peers", { body: { remote_addr: PEER, remote_as: 65_002, passive: true } });
  const basic = Buffer.from(`${appliance.user}:${appliance.password}`).toString("base64");
  const authorized = { authorization: `Basic ${basic}` };
  const base = `http://${appliance.address}`;
  const { pid } = appliance.process;
  const cases: [string, () => Promise<Figures>][] = [
    ["empty uWebSockets.js handler", () => measure(empty.pid, `http://127.0.0.1:${port}/`, seconds)],
    ["GET /healthz", () => measure(pid, `${base}/healthz`, seconds)],
    ["GET /api/v4/bonds/ (20 bonds, Basic)", () => measure(pid, `${base}/api/v4/bonds/`, seconds, authorized)],
    ["GET /api/v4/bonds/?page_size=1", () => measure(pid, `${base}/api/v4/bonds/?page_size=1`, seconds, authorized)],
    ...["state", "statistic"].map((what): [string, () => Promise<Figures>] => [
      `GET /v1/peer/<ip>/${what} (Basic)`,
      () => measure(pid, `${base}/v1/peer/${PEER}/${what}`, seconds, authorized),
    ]),
  ];
  const rows: (string | number)[][] = [];
  let baseline: Figures | null = null;
  for (const [name, run] of cases) {
    const figures = await run();
    baseline ??= figures;
    const { perSecond, p50Ms, p99Ms, cpuMicros } = figures;
    const ratio = (perSecond / baseline.perSecond).toFixed(2);
    rows.push([name, Math.round(perSecond), ratio, p50Ms.toFixed(1), p99Ms.toFixed(1), cpuMicros.toFixed(1)]);
  }
  console.log(table(["", "requests/s", "ratio", "p50 ms", "p99 ms", "server CPU µs/request"], rows));
}

/** Arguments: seconds a case (default 5). */
export async function run(args: string[]): Promise<void> {
  await withScope((t) => measureAll(t, Number(args[0] ?? 5)));
}
