// Puts routes into the kernel of the network namespace that it is started in. Reads a JSON line a command on stdin,
// `{"update": "<hex>"}`, `{"figures": true}` or `{"stop": true}`, and answers each with a line on stdout.

import { createInterface } from "node:readline";
import { parseFibConfig } from "../../src/bgp/fib/config.js";
import { FibInstaller } from "../../src/bgp/fib/installer.js";

const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
let replays = 0;
const fib = new FibInstaller(
  parseFibConfig(JSON.parse(process.argv[2] ?? "{}")),
  {
    note: (text) => process.stderr.write(`${text}\n`),
    replay: () => {
      replays++;
    },
  },
  Number(process.argv[3] ?? 100),
);

try {
  fib.start();
  say({ started: true });
} catch (error) {
  say({ failed: (error as Error).message });
  process.exit(1);
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  if (command.update) fib.apply(Buffer.from(command.update, "hex"));
  if (command.stop) {
    fib.close();
    say({ stopped: true });
    process.exit(0);
  }
  say({ ...fib.figures(), replays });
});
