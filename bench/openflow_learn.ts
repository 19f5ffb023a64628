// The learning switch beside others of the same run: unbuffered PACKET_INs of many switches, each answered by a flow and the
// packet itself. One packet under way a switch shows what a single answer costs; full send buffers show the throughput.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAppliance, TOP } from "../test/helpers/appliance.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { findProgram } from "../test/helpers/need.js";
import { freePort } from "../test/helpers/ports.js";
import { run, start } from "../test/helpers/processes.js";
import { withScope } from "../test/helpers/scope.js";
import { tmpDir } from "../test/helpers/tmp.js";
import { until } from "../test/helpers/wait.js";
import { table } from "./machine.js";
import type { SwitchesOptions, SwitchesResult } from "./openflow_switches.js";

const SWITCHES = 16;
const SECONDS = 4;

interface Target {
  readonly port: number;
  readonly pid: number;
}

async function sennit(t: Teardown): Promise<Target> {
  const config = join(tmpDir(t, "learn"), "sennit.toml");
  writeFileSync(config, "[openflow]\nhybrid = false\n");
  const args = ["--config", config];
  const appliance = await startAppliance(t, { openflow: "127.0.0.1:0", args, env: { SENNIT_LOG_LEVEL: "warn" } });
  const health = (await appliance.rest("GET", "/healthz")).text;
  return { port: Number(/listens on [\d.]+:(\d+)/.exec(health)?.[1]), pid: appliance.process.pid };
}

async function floor(t: Teardown): Promise<Target> {
  const running = start(t, process.execPath, [fileURLToPath(new URL("openflow_learn_floor.js", import.meta.url))]);
  await until(() => /\d/.test(running.stdout), { what: "the floor's port" });
  return { port: Number(running.stdout), pid: running.pid };
}

async function testController(t: Teardown): Promise<Target> {
  const port = await freePort();
  const control = join(tmpDir(t, "testcontroller"), "ctl");
  const args = ["-O", "OpenFlow13", `ptcp:${port}:127.0.0.1`, `--unixctl=${control}`, "-vconsole:off"];
  return { port, pid: start(t, "ovs-testcontroller", args).pid };
}

async function osKen(t: Teardown): Promise<Target> {
  const port = await freePort();
  const app = join(TOP, "bench/openflow_learn_osken.py");
  const args = [
    "--ofp-listen-host",
    "127.0.0.1",
    "--ofp-tcp-listen-port",
    String(port),
    "--default-log-level",
    "40",
    app,
  ];
  return { port, pid: start(t, "osken-manager", args).pid };
}

const TARGETS: readonly { name: string; program?: string; start(t: Teardown): Promise<Target> }[] = [
  { name: "node sockets alone (no controller)", start: floor },
  { name: "ovs-testcontroller (C)", program: "ovs-testcontroller", start: testController },
  { name: "os-ken, simple_switch_13", program: "osken-manager", start: osKen },
  { name: "Sennit", start: sennit },
];

async function load(target: Target, mode: SwitchesOptions["mode"]): Promise<SwitchesResult> {
  const options: SwitchesOptions = { ...target, switches: SWITCHES, seconds: SECONDS, mode };
  const script = fileURLToPath(new URL("openflow_switches.js", import.meta.url));
  const { code, stdout, stderr } = await run(process.execPath, [script, JSON.stringify(options)], {
    timeoutMs: 90_000,
  });
  if (code !== 0) throw new Error(`the switches: ${stderr}`);
  return JSON.parse(stdout) as SwitchesResult;
}

/** A program that was just started may not listen yet. */
async function listening({ port }: Target): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const listens = (): boolean => new RegExp(`:${hex} 0+:0000 0A `).test(readFileSync("/proc/net/tcp", "utf8"));
  await until(listens, { what: `a listener on port ${port}` });
}

export async function learning(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const { name, program, start } of TARGETS) {
    if (program && !findProgram(program)) {
      rows.push([name, "not installed"]);
      continue;
    }
    // A target each time anew: what one load has left does not weigh on the other.
    const [one, full] = [await measured(start, "one"), await measured(start, "full")];
    if (one.floods > 0) throw new Error(`${name}: ${one.floods} packets were flooded whose destination was known`);
    const micros = `${Math.round(one.p50Micros)} / ${Math.round(one.p99Micros)}`;
    const first = [Math.round(one.perSecond), one.cpuMicros.toFixed(1), micros, one.lost];
    rows.push([name, ...first, Math.round(full.perSecond), full.cpuMicros.toFixed(2)]);
  }
  console.log(`\nLearning switch, ${SWITCHES} switches, unbuffered PACKET_INs (each: FLOW_MOD and PACKET_OUT):`);
  const head = ["", "one under way: answers/s", "CPU µs", "p50 / p99 µs", "lost", "full buffers: answers/s", "CPU µs"];
  console.log(table(head, rows));
}

function measured(start: (t: Teardown) => Promise<Target>, mode: SwitchesOptions["mode"]): Promise<SwitchesResult> {
  return withScope(async (t) => {
    const target = await start(t);
    await listening(target);
    return load(target, mode);
  });
}
