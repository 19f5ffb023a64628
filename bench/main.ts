// `npm run bench -- NAME [ARGUMENTS]`: one bench or all. Each stands beside a baseline or a peer of the same run, since
// a figure alone says more about the machine than about the program.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { machine } from "./machine.js";

const BENCHES: Readonly<Record<string, string>> = {
  bgp: "a full table in and through, memory, REST meanwhile; beside BIRD, FRR, OpenBGPD and GoBGP",
  openflow: "flows and events, beside Open vSwitch's own tools and os-ken",
  bond: "the tunnel over unequal lines, beside what the lines could carry",
  http: "REST answers a second, beside an empty handler",
};

interface Bench {
  run(args: string[]): Promise<void>;
}

const [name = "", ...args] = process.argv.slice(2);
const chosen = name === "all" ? Object.keys(BENCHES) : name in BENCHES ? [name] : [];
if (chosen.length === 0) {
  console.error("usage: npm run bench -- NAME [ARGUMENTS]");
  for (const [bench, what] of Object.entries(BENCHES)) console.error(`  ${bench.padEnd(9)} ${what}`);
  console.error("  all       one after another");
  process.exitCode = 2;
} else console.log(machine());

for (const bench of chosen) {
  const file = new URL(`${bench}.js`, import.meta.url);
  if (!existsSync(fileURLToPath(file))) {
    console.error(`${bench}: not in this build`);
    process.exitCode = 1;
    continue;
  }
  console.log(`\n# ${bench}: ${BENCHES[bench]}`);
  try {
    await ((await import(file.href)) as Bench).run(args);
  } catch (error) {
    console.error(`${bench}: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  }
}
// Whatever a bench has left open must not keep the program.
process.exit();
