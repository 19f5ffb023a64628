// `npm run demo`: two boxes in network namespaces, three unequal lines between them, one bond made over REST. Shows what
// one TCP flow gets out of the lines each second, while the middle line is cut and brought back. Needs root.

import { setTimeout as sleep } from "node:timers/promises";
import type { Teardown } from "../test/helpers/cleanup.js";
import { findProgram } from "../test/helpers/need.js";
import { until } from "../test/helpers/wait.js";
import { type Walk, walk } from "../test/helpers/walk.js";

const LINES = [
  { downMbps: 50, upMbps: 20 },
  { downMbps: 30, upMbps: 10 },
  { downMbps: 10, upMbps: 5 },
];
const SUM = LINES.reduce((sum, line) => sum + line.downMbps, 0);

/** Seconds of the flow at which the middle line is cut, brought back, and the flow ends. */
const CUT_S = 7;
const BACK_S = 13;
const END_S = 20;

/** Programs that the demo runs, with their Debian packages. */
const PROGRAMS = { ip: "iproute2", tc: "iproute2", iperf3: "iperf3", ping: "iputils-ping" };

/** Why the demo cannot run here, or "". */
function obstacle(): string {
  if (process.getuid?.() !== 0) return "npm run demo needs root: it makes network namespaces, shaped links and tunnels";
  for (const [name, from] of Object.entries(PROGRAMS)) {
    if (!findProgram(name)) return `npm run demo needs the program ${name}: apt-get install ${from}`;
  }
  return "";
}

const say = (text = "") => console.log(text);
const mbps = (bits: number) => (bits / 1e6).toFixed(1).padStart(7);

function row(second: string, cells: readonly string[], note: string): void {
  say(`${second.padStart(4)}  ${cells.join("  ")}  ${note}`.trimEnd());
}

interface Sample {
  readonly at: number;
  readonly total: number;
}

const mean = (samples: readonly Sample[], from: number, to: number): number => {
  const inside = samples.filter(({ at }) => at >= from && at <= to);
  return inside.reduce((sum, { total }) => sum + total, 0) / Math.max(1, inside.length) / 1e6;
};

/** Prints a row a second while the flow runs; cuts the middle line and brings it back on the way. */
async function watch(box: Walk): Promise<Sample[]> {
  const samples: Sample[] = [];
  const started = Date.now();
  row("s", [...LINES.map((line, i) => `leg${i + 1}/${line.downMbps}`.padStart(7)), `sum/${SUM}`.padStart(7)], "Mbit/s");
  let cut = false;
  let back = false;
  for (let second = 1; second <= END_S; second++) {
    await sleep(Math.max(0, started + second * 1_000 - Date.now()));
    let note = "";
    if (!cut && second >= CUT_S) {
      cut = true;
      await box.aggregatorNetns.link("line2", "down");
      note = "<- the line of leg2 is cut";
    } else if (!back && second >= BACK_S) {
      back = true;
      await box.aggregatorNetns.link("line2", "up");
      note = "<- and brought back";
    }
    const bond = await box.show();
    const legs: { download_rate: number; overall_state: string }[] = bond.legs;
    const states = legs.map((leg) => leg.overall_state).join(" ");
    const total = legs.reduce((sum, leg) => sum + leg.download_rate, 0);
    samples.push({ at: second, total });
    row(String(second), [...legs.map((leg) => mbps(leg.download_rate)), mbps(total)], `${states}  ${note}`);
  }
  return samples;
}

async function demo(t: Teardown): Promise<void> {
  say(`Two boxes, three lines down/up: ${LINES.map((line) => `${line.downMbps}/${line.upMbps}`).join(", ")} Mbit/s.`);
  say(
    "Starting an aggregator, making a bond with three legs over its REST, starting a bonder with the bond's node key…",
  );
  const box = await walk(t, LINES);
  const { id, bonder, tunnel_bonder_ip, tunnel_aggregator_ip } = box.bond;
  say(`Bond ${id} is up: bonder ${bonder.name} ${tunnel_bonder_ip} <-> aggregator ${tunnel_aggregator_ip}`);
  const { stdout } = await box.ping("bonder", 5);
  say(`Ping through it: ${/rtt.*$/m.exec(stdout)?.[0] ?? "no answer"}`);
  say();
  box.aggregatorNetns.start("iperf3", ["-s"]);
  await until(async () => (await box.aggregatorNetns.run("ss", ["-Hltn", "sport = 5201"])).stdout.trim() !== "", {
    what: "iperf3 to listen",
  });
  say("One TCP flow (iperf3) towards the bonder, rates as GET /api/v4/bonds/<id>/ shows them:");
  const flow = box.iperf("-R", "-t", String(END_S + 1));
  const samples = await watch(box);
  const report = await flow;
  say();
  const got = report.end.sum_received.bits_per_second / 1e6;
  const without = SUM - (LINES[1]?.downMbps ?? 0);
  say(`On the lines, Mbit/s: all three ${mean(samples, 3, CUT_S - 1).toFixed(1)} of ${SUM};`);
  say(`  with leg2 cut ${mean(samples, CUT_S + 2, BACK_S - 1).toFixed(1)} of ${without};`);
  say(`  with leg2 back ${mean(samples, BACK_S + 4, END_S).toFixed(1)} of ${SUM}.`);
  say(`The flow itself got ${got.toFixed(1)} Mbit/s over its ${END_S + 1} s and never broke.`);
}

const reason = obstacle();
if (reason !== "") {
  console.error(reason);
  process.exitCode = 1;
} else {
  const undo: (() => unknown)[] = [];
  try {
    await demo({ teardown: (handler) => undo.push(handler) });
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
  // What signals and uncaught errors leave is undone by test/helpers/cleanup.ts as the process exits.
  for (const one of undo.reverse()) await one();
  say("Cleaned up.");
}
