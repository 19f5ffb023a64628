// iperf3 as a client, with its JSON report.

import { setTimeout as sleep } from "node:timers/promises";
import type { Netns } from "./netns.js";

/** A server takes one client at a time and hangs up on the next while it ends the last one's run. */
const BETWEEN_RUNS = /server is busy|unable to (receive|send) control message/;
const TRIES = 5;

/** Runs iperf3 in a namespace. Only a run that the server refused before its first interval is tried again. */
// biome-ignore lint/suspicious/noExplicitAny: iperf3's report, of which each test reads a little
export async function iperfReport(netns: Netns, args: readonly string[], timeoutMs: number): Promise<any> {
  for (let left = TRIES - 1; ; left--) {
    const report = JSON.parse(await netns.must("iperf3", ["-J", ...args], { timeoutMs }));
    const refused = BETWEEN_RUNS.test(report.error ?? "") && !(report.intervals?.length > 0);
    if (!refused || left === 0) return report;
    await sleep(200);
  }
}
