// kill -9 in the middle of writing, again and again: nothing that was acknowledged may be lost, nothing half written.

import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { openStore } from "../../src/store/open.js";
import type { Teardown } from "./cleanup.js";
import { start } from "./processes.js";
import { until } from "./wait.js";

const CHILD = fileURLToPath(new URL("store_child.js", import.meta.url));

export interface KillReport {
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly torn: readonly string[];
}

/** Kills a writing process `rounds` times over one data directory and looks for every key that it had acknowledged. */
export async function killRounds(t: Teardown, dir: string, rounds: number): Promise<KillReport> {
  const acknowledged = new Set<string>();
  const lost: string[] = [];
  const torn: string[] = [];
  let next = 0;
  for (let round = 0; round < rounds; round++) {
    const child = start(t, process.execPath, [CHILD, dir, "write", String(next)]);
    await child.says(/open/, 30_000);
    const enough = 5 + ((round * 37) % 300);
    await until(() => child.stdout.split("\n").length > enough || child.exit, { what: "writes", everyMs: 1 });
    child.kill("SIGKILL");
    await child.exited;
    // The last line may have been cut by the kill: what follows the last line end was not acknowledged in full.
    for (const line of child.stdout.split("\n").slice(0, -1)) {
      if (!/^\d+$/.test(line)) continue;
      acknowledged.add(line);
      next = Math.max(next, Number(line) + 1);
    }
    next += 100;
    const store = await openStore(dir, pino({ level: "silent" }));
    for (const key of acknowledged) if (!store.get("tokens", key)) lost.push(key);
    for (const { key } of store.list("tokens")) {
      const other = String(key).endsWith("/twin") ? String(key).slice(0, -5) : `${key}/twin`;
      if (!store.get("tokens", other)) torn.push(String(key));
    }
    await store.close();
  }
  return { acknowledged: acknowledged.size, lost, torn };
}
