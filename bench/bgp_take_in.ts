// The whole way: from the first byte that is sent to a speaker to the last prefix that it can be asked for; with a
// second peer to the last prefix that this one has been sent.

import { BGP_PORT } from "../test/helpers/bgp_peers.js";
import { withScope } from "../test/helpers/scope.js";
import { until } from "../test/helpers/wait.js";
import { Loader, nowMs } from "./bgp_loader.js";
import { addresses, cpuOf, median, megabytes, peakBytes } from "./bgp_net.js";
import { head, type Stream } from "./bgp_stream.js";
import type { TargetRow } from "./bgp_target.js";
import { NotYet } from "./bgp_target_sennit.js";
import { TARGETS } from "./bgp_targets.js";
import { table } from "./machine.js";

export interface Options {
  readonly all: boolean;
  /** More or fewer rounds than a target's own. */
  readonly rounds: number | null;
  /** Daemons beside ours, null for all. */
  readonly peers: readonly string[] | null;
}

interface Figures {
  readonly seconds: number;
  readonly cpu: number;
  readonly peak: number;
  /** Prefixes that the sink was sent; 0 without one. */
  readonly exported: number;
}

/** What is sent after the last prefix that was waited for would be more than the table. */
const AFTER_MS = 200;

/** One run of one target. */
function measure(row: TargetRow, stream: Stream, relay: boolean): Promise<Figures> {
  return withScope(async (t) => {
    const { address, feeders, sink } = addresses();
    const [feeder] = feeders as [(typeof feeders)[0]];
    const target = await row.start(t, { address, feeders, sink: relay ? sink : null });
    const loader = new Loader(t);
    loader.prepare(stream);
    const open = (name: string, { address: local, as }: typeof feeder) =>
      loader.open(name, { host: address, port: BGP_PORT, local, as });
    if (relay) await open("sink", sink);
    await open("feeder", feeder);
    const before = cpuOf(target.pids);
    const start = await loader.feed("feeder", stream);
    const readable = async (): Promise<number> => {
      await until(() => target.has(feeder, stream), {
        what: `${row.name} to have ${stream.prefixes} prefixes`,
        timeoutMs: row.timeoutMs,
        everyMs: row.pollMs,
      });
      return nowMs();
    };
    const end = await (relay ? loader.until("sink", stream.prefixes, 0, row.timeoutMs) : readable());
    const cpu = cpuOf(target.pids) - before;
    let exported = 0;
    if (relay) {
      await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
      exported = (await loader.counts("sink")).announced;
    }
    return { seconds: (end - start) / 1000, cpu, peak: peakBytes(target.pids), exported };
  });
}

interface Result {
  readonly row: TargetRow;
  readonly stream: Stream;
  readonly runs: Figures[];
  problem: string;
}

/** All targets in turn, round by round, so that what else runs on the machine meets all of them. */
async function rounds(stream: Stream, relay: boolean, options: Options): Promise<Result[]> {
  const wanted = ({ name }: TargetRow) =>
    options.peers === null || ["sennit", ...options.peers].includes(name.split(" ")[0]?.toLowerCase() ?? "");
  const results = TARGETS.filter(wanted).map((row): Result => {
    const part = !options.all && row.prefixesMax < stream.prefixes ? head(stream, row.prefixesMax) : stream;
    return { row, stream: part, runs: [], problem: row.installed() ? "" : "not installed" };
  });
  const most = options.rounds ?? Math.max(...TARGETS.map(({ rounds }) => rounds));
  for (let round = 0; round < most; round++) {
    for (const result of results) {
      const wanted = options.rounds ?? result.row.rounds;
      if (result.problem !== "" || round >= wanted) continue;
      try {
        result.runs.push(await measure(result.row, result.stream, relay));
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        result.problem = error instanceof NotYet ? text : (text.split("\n")[0] as string);
      }
    }
  }
  return results;
}

function report(results: readonly Result[], stream: Stream, relay: boolean): void {
  const seconds = ({ runs }: Result) => median(runs.map((run) => run.seconds));
  // CPU time does not grow with what else runs on the machine, as the clock's does.
  const cpu = ({ runs }: Result) => median(runs.map((run) => run.cpu));
  const base = results.find(({ row, runs }) => row.name === "BIRD" && runs.length > 0);
  const rows = results.map((result) => {
    const { row, runs, problem, stream: part } = result;
    if (runs.length === 0) return [row.name, problem, "", "", "", "", "", ""];
    const rate = part.prefixes / seconds(result);
    const baseRate = base ? base.stream.prefixes / seconds(base) : Number.NaN;
    const baseCpu = base ? cpu(base) / base.stream.prefixes : Number.NaN;
    const ratio = (value: number) => (base ? value.toFixed(2) : "-");
    const note = part.prefixes === stream.prefixes ? "" : ` (${part.prefixes} prefixes)`;
    return [
      row.name,
      seconds(result).toFixed(2) + note,
      ratio(rate / baseRate),
      cpu(result).toFixed(2),
      ratio(cpu(result) / part.prefixes / baseCpu),
      megabytes(Math.max(...runs.map((run) => run.peak))),
      relay ? [...new Set(runs.map((run) => run.exported))].join(" ") : "",
      `${runs.length}${problem === "" ? "" : `, then: ${problem}`}`,
    ];
  });
  const head = ["", "seconds", "x BIRD's speed", "CPU s", "x BIRD's CPU", "peak MB", relay ? "sent on" : "", "runs"];
  const kept = head.map((_, i) => i).filter((i) => relay || i !== 6);
  const pick = <T>(cells: readonly T[]) => kept.map((i) => cells[i] as T);
  console.log(table(pick(head), rows.map(pick)));
}

/** The table into each speaker. */
export async function takeIn(stream: Stream, options: Options): Promise<void> {
  console.log("\n## taking in: from the first byte sent to the last prefix readable");
  report(await rounds(stream, false, options), stream, false);
}

/** The table through each speaker to a second peer. */
export async function relay(stream: Stream, options: Options): Promise<void> {
  console.log("\n## relay: from the first byte sent to the last prefix received by a second peer");
  report(await rounds(stream, true, options), stream, true);
}
