// Long runs: every module in runs/ with a default export of this form.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Teardown } from "../helpers/cleanup.js";

export interface Soak {
  readonly name: string;
  readonly what: string;
  /** Rejects when something broke; resolves with a sentence of figures. `amount` is the run's own measure. */
  run(t: Teardown, amount: number | undefined): Promise<string>;
}

const RUNS = fileURLToPath(new URL("runs/", import.meta.url));

export async function loadSoaks(): Promise<Soak[]> {
  if (!existsSync(RUNS)) return [];
  const files = readdirSync(RUNS).filter((file) => file.endsWith(".js"));
  const modules = await Promise.all(files.sort().map((file) => import(join(RUNS, file))));
  return modules.map((module) => module.default as Soak);
}
