// What a thousand switches cost that do nothing: the whole appliance in its own process, the switches in another. Only
// liveness goes on: after each 5 s of silence an ECHO_REQUEST and its answer, a switch.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Appliance, startAppliance } from "../test/helpers/appliance.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { until } from "../test/helpers/wait.js";
import { heldBytes, megabytes } from "./bgp_net.js";
import { cpuSeconds, table } from "./machine.js";

const SWITCHES = 1_000;
/** Two rounds of echoes. */
const SECONDS = 10;
/** What is left of the start and of the handshakes is not of interest. */
const SETTLE_MS = 3_000;

interface Figures {
  /** Share of one core, in percent. */
  readonly cpu: number;
  readonly bytes: number;
}

async function idle(appliance: Appliance): Promise<Figures> {
  const { pid } = appliance.process;
  await sleep(SETTLE_MS);
  const [before, start] = [cpuSeconds(pid), performance.now()];
  await sleep(SECONDS * 1_000);
  const seconds = (performance.now() - start) / 1_000;
  return { cpu: ((cpuSeconds(pid) - before) / seconds) * 100, bytes: heldBytes([pid]) };
}

function startSwitches(t: Teardown, port: string, count: number): Promise<void> {
  const script = fileURLToPath(new URL("openflow_idle_switches.js", import.meta.url));
  const child = spawn(process.execPath, [script, port, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => child.kill());
  return once(child.stdout, "data").then(([text]) => {
    if (String(text).trim() !== "ready") throw new Error(String(text));
  });
}

/** CPU and memory of the appliance without switches and with SWITCHES that are idle. */
export async function idleSwitches(t: Teardown): Promise<void> {
  const appliance = await startAppliance(t, { openflow: "127.0.0.1:0", env: { SENNIT_LOG_LEVEL: "warn" } });
  const health = async (): Promise<string> => (await appliance.rest("GET", "/healthz")).text;
  const port = /listens on [\d.]+:(\d+)/.exec(await health())?.[1] ?? "";
  const without = await idle(appliance);
  await startSwitches(t, port, SWITCHES);
  await until(async () => (await health()).includes(` ${SWITCHES} switches`), { what: "all switches" });
  const withThem = await idle(appliance);
  if (!(await health()).includes(` ${SWITCHES} switches`)) throw new Error("switches were lost");
  const row = (name: string, { cpu, bytes }: Figures) => [name, cpu.toFixed(2), megabytes(bytes)];
  const more = { cpu: withThem.cpu - without.cpu, bytes: withThem.bytes - without.bytes };
  console.log(`\n${SWITCHES} idle switches over ${SECONDS} s, the whole appliance:`);
  console.log(
    table(
      ["", "% of a core", "RSS MB"],
      [row("no switches", without), row(`${SWITCHES} switches`, withThem), row("what they cost", more)],
    ),
  );
}
