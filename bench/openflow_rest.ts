// OpenFlow over REST, as an operator has it: the whole appliance in its own process, a live Open vSwitch, and answers that
// come only after the switch has passed a barrier. One flow a request, bulks, and a listing while others ask.

import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Appliance, startAppliance } from "../test/helpers/appliance.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { OpenVSwitch } from "../test/helpers/openvswitch.js";
import { until } from "../test/helpers/wait.js";
import { heldBytes, megabytes, peakBytes } from "./bgp_net.js";
import { cpuSeconds, table } from "./machine.js";
import { flow } from "./openflow_flows.js";
import type { LoadOptions, LoadResult } from "./openflow_load.js";

const DPID = "0000000000000001";
const FLOWS_PATH = "/sdn/v2.0/of/datapaths/1/flows";
const CONNECTIONS = 64;
const BULK_CONNECTIONS = 4;
const FLOWS_PER_BULK = 1_000;
const LISTED = 100_000;
/** How often others ask during a listing. */
const PROBE_MS = 2;

interface Room {
  readonly appliance: Appliance;
  readonly ovs: OpenVSwitch;
  readonly token: string;
}

async function start(t: Teardown): Promise<Room> {
  const appliance = await startAppliance(t, { openflow: "127.0.0.1:0", env: { SENNIT_LOG_LEVEL: "warn" } });
  const health = (await appliance.rest("GET", "/healthz")).text;
  const listen = /listens on ([\d.]+:\d+)/.exec(health)?.[1];
  const login = { login: { user: appliance.user, password: appliance.password } };
  const answer = await appliance.rest("POST", "/sdn/v2.0/auth", { body: login });
  const { token } = (answer.json() as { record: { token: string } }).record;
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ dpid: DPID, controller: `tcp:${listen}`, ports: 4 });
  const known = async () => {
    const list = await appliance.rest("GET", "/sdn/v2.0/of/datapaths", { headers: { "x-auth-token": token } });
    return (list.json() as { datapaths: unknown[] }).datapaths.length === 1;
  };
  await until(known, { what: "the switch" });
  return { appliance, ovs, token };
}

/** Sends the bodies from a thread of its own, one at a time on each connection. */
function post(
  { appliance, token }: Room,
  bodies: readonly string[],
  connections: number,
  path = FLOWS_PATH,
): Promise<LoadResult> {
  const port = Number(appliance.address.split(":").at(-1));
  const workerData: LoadOptions = { port, connections, path, token, bodies };
  return new Promise((resolve, reject) => {
    const client = new Worker(new URL("openflow_load.js", import.meta.url), { workerData });
    client.once("message", resolve);
    client.once("error", reject);
  });
}

async function flowCount(ovs: OpenVSwitch): Promise<number> {
  return Number(/flow_count=(\d+)/.exec(await ovs.ofctl("dump-aggregate"))?.[1]);
}

async function changes(room: Room, count: number): Promise<void> {
  const { appliance, ovs } = room;
  const file = join(ovs.dir, "flows.txt");
  const line = (i: number): string =>
    `priority=100,in_port=1,dl_dst=00:00:00:00:00:01,ip,nw_dst=10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255},actions=output:2`;
  writeFileSync(file, `${Array.from({ length: count }, (_, i) => line(i)).join("\n")}\n`);
  const rows: (string | number)[][] = [];
  let baseline = 0;
  const measure = async (name: string, body: () => Promise<LoadResult | null>): Promise<void> => {
    await ovs.ofctl("del-flows", "br0", "in_port=1");
    const before = await flowCount(ovs);
    const cpu = cpuSeconds(appliance.process.pid);
    const start = performance.now();
    const result = await body();
    const ms = result?.ms ?? performance.now() - start;
    const used = ((cpuSeconds(appliance.process.pid) - cpu) * 1e6) / count;
    if (result && result.failed > 0) throw new Error(`${name}: ${result.failed} answers were not 201`);
    const added = (await flowCount(ovs)) - before;
    if (added !== count) throw new Error(`${name}: ${added} of ${count} flows are in the switch`);
    const perSecond = (count * 1000) / ms;
    baseline ||= perSecond;
    const latency = result ? [result.p50Ms.toFixed(1), result.p99Ms.toFixed(1)] : ["", ""];
    rows.push([name, Math.round(perSecond), (perSecond / baseline).toFixed(2), used.toFixed(1), ...latency]);
  };
  const single = Array.from({ length: count }, (_, i) => JSON.stringify({ flow: flow(i) }));
  const bulk = Array.from({ length: count / FLOWS_PER_BULK }, (_, i) =>
    JSON.stringify({ flows: Array.from({ length: FLOWS_PER_BULK }, (_each, j) => flow(i * FLOWS_PER_BULK + j)) }),
  );
  await measure("ovs-ofctl add-flows", async () => {
    await ovs.ofctl("add-flows", "br0", file);
    return null;
  });
  for (const [kept, path] of [
    ["kept", FLOWS_PATH],
    ["not kept", `${FLOWS_PATH}?persist=false`],
  ] as const) {
    await measure(`POST of one flow, ${CONNECTIONS} connections, ${kept}`, () => post(room, single, CONNECTIONS, path));
    await measure(`POST of ${FLOWS_PER_BULK} flows, ${BULK_CONNECTIONS} connections, ${kept}`, () =>
      post(room, bulk, BULK_CONNECTIONS, path),
    );
  }
  console.log(
    `\n${count} flows over REST into a live Open vSwitch, each answered after a barrier; kept ones durable, too:`,
  );
  console.log(table(["", "flows/s", "ratio", "our CPU µs/flow", "p50 ms", "p99 ms"], rows));
}

/** One GET; resolves with the bytes of the answer. */
function get({ appliance, token }: Room, path: string): Promise<number> {
  const [host, port] = appliance.address.split(":");
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, headers: { "x-auth-token": token } }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("end", () => (response.statusCode === 200 ? resolve(bytes) : reject(new Error(path))));
    });
    asked.on("error", reject).end();
  });
}

/** Lists all flows, and asks for the datapath all the while. */
async function listing(room: Room): Promise<void> {
  const { appliance, ovs } = room;
  const missing = LISTED - (await flowCount(ovs));
  const bodies = Array.from({ length: Math.ceil(missing / FLOWS_PER_BULK) }, (_, i) =>
    JSON.stringify({
      flows: Array.from({ length: FLOWS_PER_BULK }, (_each, j) => flow(LISTED + i * FLOWS_PER_BULK + j)),
    }),
  );
  await post(room, bodies, 1);
  const start = performance.now();
  await ovs.ofctl("dump-flows");
  const theirs = performance.now() - start;
  const waits: number[] = [];
  let over = false;
  const probe = async (): Promise<void> => {
    while (!over) {
      const asked = performance.now();
      await get(room, "/sdn/v2.0/of/datapaths/1");
      waits.push(performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
    }
  };
  const probing = probe();
  const began = performance.now();
  const bytes = await get(room, FLOWS_PATH);
  const ours = performance.now() - began;
  over = true;
  await probing;
  waits.sort((a, b) => a - b);
  const at = (share: number): string => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(1);
  const pids = [appliance.process.pid];
  console.log(`\nListing ${await flowCount(ovs)} flows over REST, beside ovs-ofctl dump-flows:`);
  console.log(
    table(
      ["ovs-ofctl ms", "ours ms", "ratio", "MB of JSON", "others' p50 ms", "p99 ms", "held MB", "peak MB"],
      [
        [
          Math.round(theirs),
          Math.round(ours),
          (theirs / ours).toFixed(2),
          (bytes / 1e6).toFixed(1),
          at(0.5),
          at(0.99),
          megabytes(heldBytes(pids)),
          megabytes(peakBytes(pids)),
        ],
      ],
    ),
  );
}

/** Has the switch reconciled with what is kept for it: when it has all of it, and when it has nothing. */
async function reconciliations({ appliance, ovs, token }: Room): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const name of ["all there", "all missing"]) {
    if (name === "all missing") await ovs.ofctl("del-flows");
    const began = performance.now();
    const path = "/sdn/v2.0/of/datapaths/1/reconciliation";
    const answer = await appliance.rest("POST", path, { headers: { "x-auth-token": token }, timeoutMs: 120_000 });
    const ms = performance.now() - began;
    const { state, flows } = answer.json().reconciliation;
    if (state !== "done" || flows.failed > 0) throw new Error(`${name}: ${answer.text}`);
    rows.push([name, flows.kept, flows.present, flows.added, Math.round(ms)]);
  }
  console.log("\nReconciling the switch's flows with what is kept:");
  console.log(table(["", "kept", "present", "added", "ms"], rows));
}

/** `count` flows a case, a multiple of 1,000. */
export async function rest(t: Teardown, count: number): Promise<void> {
  const room = await start(t);
  await changes(room, count);
  await listing(room);
  await reconciliations(room);
}
