// `npm run fuzz [-- TARGET [60|100000x]]`: all targets or one, for some seconds (default 20 each) or runs.

import { fuzz } from "./fuzz.js";
import { loadTargets } from "./registry.js";

const [wanted = "all", amount = "20"] = process.argv.slice(2);
const limit = /^(\d+)(x?)$/.exec(amount);
const targets = (await loadTargets()).filter(({ name }) => wanted === "all" || name === wanted);

if (!limit || targets.length === 0) {
  const names = (await loadTargets()).map(({ name }) => name).join(", ");
  console.error(`usage: npm run fuzz [-- TARGET [SECONDS|RUNSx]]; targets: all, ${names}`);
  process.exitCode = 2;
} else {
  const number = Number(limit[1]);
  const [runs, ms] = limit[2] === "x" ? [number, Number.MAX_SAFE_INTEGER] : [Number.MAX_SAFE_INTEGER, number * 1_000];
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
