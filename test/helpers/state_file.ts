// A small whole state file: a few tables, one value over several pages.

import { join } from "node:path";
import { pino } from "pino";
import { stateFile } from "../../src/store/env.js";
import { openStore } from "../../src/store/open.js";

/** Makes a store under `dir` and returns the path of its file. */
export async function makeStateFile(dir: string): Promise<string> {
  const data = join(dir, "seed");
  const store = await openStore(data, pino({ level: "silent" }));
  await store.write((tx) => {
    for (let i = 0; i < 40; i++) {
      tx.put("tokens", `k${i}`, { user: i, surface: "token", created: "x".repeat(i === 7 ? 9_000 : 20), expires: 0 });
    }
  });
  await store.close();
  return stateFile(data);
}
