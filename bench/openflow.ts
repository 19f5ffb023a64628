// OpenFlow: packing beside plain JavaScript; changes and listings on a live Open vSwitch beside its own ovs-ofctl.
// Every change is counted as done when the switch has passed the barrier after it.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { flowQuery, printFlows, writeFlow } from "../src/api/openflow/flow_view.js";
import { CODEC_TABLES } from "../src/openflow/actions.js";
import type { OpenFlowHandle } from "../src/openflow/agent.js";
import { OpenFlowCodec } from "../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../src/wasm/openflow_records.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { findProgram } from "../test/helpers/need.js";
import { type OpenFlowRoom, startOpenFlowRoom } from "../test/helpers/openflow_room.js";
import { OpenVSwitch } from "../test/helpers/openvswitch.js";
import { withScope } from "../test/helpers/scope.js";
import { until } from "../test/helpers/wait.js";
import { cpuSeconds, table } from "./machine.js";
import { flow } from "./openflow_flows.js";
import { idleSwitches } from "./openflow_idle.js";
import { learning } from "./openflow_learn.js";
import { packPlain } from "./openflow_plain.js";
import { rest } from "./openflow_rest.js";

const DPID = "0000000000000001";
const IN_FLIGHT = 64;
const FLOWS_PER_CALL = 1_000;

function records(from: number, count: number): Uint8Array {
  const writer = new RecordWriter(count * 256);
  for (let i = from; i < from + count; i++) writeFlow(writer, flow(i), "POST");
  return writer.take();
}

/** Runs `body` for about `ms`; returns how often a second it did `each` things. */
function rate(ms: number, each: number, body: () => void): number {
  body();
  const start = performance.now();
  let rounds = 0;
  while (performance.now() - start < ms) {
    body();
    rounds++;
  }
  return (rounds * each * 1000) / (performance.now() - start);
}

/** What os-ken reaches, when it is installed. */
function osKen(): number[] {
  const script = fileURLToPath(new URL("../../bench/openflow_osken.py", import.meta.url));
  const { status, stdout } = spawnSync("/usr/bin/python3", [script], { encoding: "utf8" });
  return status === 0 ? [Number(stdout)] : [];
}

function packing(): void {
  const codec = new OpenFlowCodec(CODEC_TABLES);
  const batch = records(0, FLOWS_PER_CALL);
  const out = Buffer.alloc(1 << 20);
  const wasm = rate(1_000, FLOWS_PER_CALL, () => codec.packFlowMods(batch, 1));
  const plain = rate(1_000, FLOWS_PER_CALL, () => packPlain(new RecordReader(batch), out, 1));
  if (Buffer.compare(codec.packFlowMods(batch, 1), out.subarray(0, packPlain(new RecordReader(batch), out, 1))) !== 0) {
    throw new Error("the two packers disagree");
  }
  const json = Array.from({ length: FLOWS_PER_CALL }, (_, i) => JSON.stringify(flow(i)));
  const parsed = rate(1_000, FLOWS_PER_CALL, () => {
    const writer = new RecordWriter(FLOWS_PER_CALL * 256);
    for (const text of json) writeFlow(writer, JSON.parse(text), "POST");
  });
  const row = (name: string, figure: number): (string | number)[] => [
    name,
    Math.round(figure),
    (figure / plain).toFixed(2),
  ];
  console.log(
    table(
      ["one core", "FLOW_MODs/s", "ratio"],
      [
        row("plain JavaScript: record to FLOW_MOD", plain),
        row("WebAssembly: record to FLOW_MOD", wasm),
        row("JSON text to record, with all checks", parsed),
        ...osKen().map((figure) => row("os-ken: objects to FLOW_MOD", figure)),
      ],
    ),
  );
}

/** Time in ms of `body`. */
async function timed(body: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await body();
  return performance.now() - start;
}

/** Keeps IN_FLIGHT calls under way until `count` are done. */
async function inFlight(count: number, call: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

async function clear(ovs: OpenVSwitch): Promise<void> {
  await ovs.ofctl("del-flows");
}

async function installed(ovs: OpenVSwitch, count: number): Promise<void> {
  const text = await ovs.ofctl("dump-aggregate");
  if (!text.includes(`flow_count=${count}`)) throw new Error(`${count} flows expected, the switch says: ${text}`);
}

async function changes(room: OpenFlowRoom, ovs: OpenVSwitch, count: number): Promise<void> {
  const rows: (string | number)[][] = [];
  const file = join(ovs.dir, "flows.txt");
  const line = (i: number): string =>
    `priority=100,in_port=1,dl_dst=00:00:00:00:00:01,ip,nw_dst=10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255},actions=output:2`;
  writeFileSync(file, `${Array.from({ length: count }, (_, i) => line(i)).join("\n")}\n`);
  let baseline = 0;
  const measure = async (name: string, body: () => Promise<unknown>): Promise<void> => {
    await clear(ovs);
    const [ours, theirs] = [cpuSeconds(process.pid), cpuSeconds(ovs.pid)];
    const ms = await timed(body);
    const cpu = [cpuSeconds(process.pid) - ours, cpuSeconds(ovs.pid) - theirs].map((s) =>
      ((s * 1e6) / count).toFixed(1),
    );
    await installed(ovs, count);
    const perSecond = (count * 1000) / ms;
    baseline ||= perSecond;
    rows.push([name, Math.round(perSecond), (perSecond / baseline).toFixed(2), ...cpu]);
  };
  await measure("ovs-ofctl add-flows", () => ovs.ofctl("add-flows", "br0", file));
  await measure("ovs-ofctl --bundle add-flows", () => ovs.ofctl("add-flows", "br0", "--bundle", file));
  const single = Array.from({ length: count }, (_, i) => records(i, 1));
  const { handle } = room;
  await measure(`one flow a call, ${IN_FLIGHT} in flight`, () =>
    inFlight(count, (i) => handle.changeFlows(DPID, single[i] as Uint8Array, 1, false)),
  );
  const calls = Math.ceil(count / FLOWS_PER_CALL);
  const bulk = Array.from({ length: calls }, (_, i) => records(i * FLOWS_PER_CALL, FLOWS_PER_CALL));
  await measure(`${FLOWS_PER_CALL} flows a call`, async () => {
    for (const batch of bulk) await handle.changeFlows(DPID, batch, FLOWS_PER_CALL, false);
  });
  console.log(`\n${count} flows into a live Open vSwitch, each answered after a barrier:`);
  console.log(table(["", "flows/s", "ratio", "our CPU µs/flow", "switch CPU µs/flow"], rows));
}

async function list(handle: OpenFlowHandle): Promise<{ bytes: number; flows: number; ms: number }> {
  const start = performance.now();
  let bytes = 0;
  const pieces = await handle.flows(DPID, flowQuery(255, null));
  for await (const text of printFlows(pieces)) bytes += text.length;
  const ms = performance.now() - start;
  let flows = 0;
  for (const piece of pieces) for (const reader = new RecordReader(piece); reader.next(); ) flows++;
  return { bytes, flows, ms };
}

async function listings(room: OpenFlowRoom, ovs: OpenVSwitch, sizes: readonly number[]): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const size of sizes) {
    await clear(ovs);
    for (let from = 0; from < size; from += 10_000) {
      await room.handle.changeFlows(DPID, records(from, 10_000), 10_000, false);
    }
    const theirs = await timed(() => ovs.ofctl("dump-flows"));
    const ours = await list(room.handle);
    if (ours.flows !== size) throw new Error(`${ours.flows} of ${size} flows were listed`);
    const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
    rows.push([size, Math.round(theirs), Math.round(ours.ms), (theirs / ours.ms).toFixed(2), ours.bytes, rss]);
  }
  console.log("\nListing all flows as JSON text, beside ovs-ofctl dump-flows:");
  console.log(table(["flows", "ovs-ofctl ms", "ours ms", "ratio", "bytes of JSON", "RSS MiB of this process"], rows));
}

async function live(t: Teardown, count: number): Promise<void> {
  const room = await startOpenFlowRoom(t);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ dpid: DPID, controller: room.target, ports: 4 });
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  await changes(room, ovs, count);
  await listings(room, ovs, [10_000, 100_000]);
}

/** Arguments: `--only=idle` or `--only=learn` for one part; else flows a case (default 20,000, a multiple of 1,000). */
export async function run(args: string[]): Promise<void> {
  if (args.includes("--only=idle")) return withScope(idleSwitches);
  if (args.includes("--only=learn")) return learning();
  packing();
  await withScope(idleSwitches);
  await learning();
  if (!findProgram("ovs-vswitchd")) {
    console.log("Open vSwitch is not installed (Debian package openvswitch-switch): the rest is left out");
    return;
  }
  const count = Number(args[0] ?? 20_000);
  await withScope((t) => live(t, count));
  await withScope((t) => rest(t, count));
}
