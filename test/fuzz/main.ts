// `npm run fuzz [-- TARGET [30s|100000]]`: all targets or one, for some seconds (default 20s each) or runs.

import { fuzz } from "./fuzz.js";
import { loadTargets } from "./registry.js";

const [wanted = "all", amount = "20s"] = process.argv.slice(2);
const limit = /^(\d+)(s?)$/.exec(amount);
const targets = (await loadTargets()).filter(({ name }) => wanted === "all" || name === wanted);

if (!limit || targets.length === 0) {
  const names = (await loadTargets()).map(({ name }) => name).join(", ");
  console.error(`usage: npm run fuzz [-- TARGET [SECONDS's'|RUNS]]; targets: all, ${names}`);
  process.exitCode = 2;
} else {
  const number = Number(limit[1]);
  const [runs, ms] = limit[2] === "s" ? [Number.MAX_SAFE_INTEGER, number * 1_000] : [number, Number.MAX_SAFE_INTEGER];
  const seed = Date.now() & 0x7fff_ffff;
  console.log(`seed ${seed}`);
  for (const { name } of targets) {
    const since = Date.now();
    const outcome = await fuzz(name, seed, runs, ms);
    const rate = Math.round(outcome.runs / ((Date.now() - since) / 1_000));
    console.log(`${outcome.failure ? "not ok" : "ok    "}  ${name}  ${outcome.runs} runs, ${rate}/s`);
    if (outcome.failure) {
      console.log(`  input kept in ${outcome.failure.path}\n  ${outcome.failure.reason}`);
      process.exitCode = 1;
    }
  }
}
