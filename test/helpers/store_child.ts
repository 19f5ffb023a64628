// A process that opens a store and does as it is told, for tests that kill it: `node store_child.js DIR hold|write [START]`.
// `write`: puts tokens "START", "START+1", … several at a time and prints each key once its write has resolved.

import { pino } from "pino";
import { openStore } from "../../src/store/open.js";

const [dir = "", mode = "hold", first = "0"] = process.argv.slice(2);

try {
  const store = await openStore(dir, pino({ level: "silent" }));
  process.stdout.write(`open ${store.count("tokens")}\n`);
  if (mode === "write") {
    let next = Number(first);
    const lane = async () => {
      for (;;) {
        const key = next++;
        await store.write((tx) => {
          tx.put("tokens", String(key), { user: key, surface: "token", created: "x".repeat(key % 3_000), expires: 0 });
          tx.put("tokens", `${key}/twin`, { user: key, surface: "token", created: "", expires: 0 });
        });
        process.stdout.write(`${key}\n`);
      }
    };
    for (let lanes = 0; lanes < 8; lanes++) void lane();
  } else setInterval(() => undefined, 1_000);
} catch (error) {
  process.stdout.write(`failed ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
