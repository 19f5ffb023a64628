// The floors of the house: a room imports only from floors below it. The rules are in .dependency-cruiser.cjs.

import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { TOP } from "./helpers/appliance.js";
import { run } from "./helpers/processes.js";
import { tmpDir } from "./helpers/tmp.js";

/** Runs dependency-cruiser over a checkout; resolves with its exit code and what it printed. */
async function cruise(top: string, ...dirs: string[]): Promise<{ code: number | null; text: string }> {
  const script = join(TOP, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [script, ...dirs, "--config", ".dependency-cruiser.cjs", "--output-type", "err"];
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: top, timeoutMs: 90_000 });
  return { code, text: stdout + stderr };
}

t.test("no room imports from above or beside it", async (t) => {
  const dirs = ["src", "test", "bench"].filter((dir) => existsSync(join(TOP, dir)));
  const { code, text } = await cruise(TOP, ...dirs);
  t.equal(code, 0, text);
});

t.test("planted violations are found", async (t) => {
  const top = tmpDir(t, "floors");
  for (const path of [".dependency-cruiser.cjs", "tsconfig.json", "package.json", "src/base", "assembly"]) {
    cpSync(join(TOP, path), join(top, path), { recursive: true });
  }
  symlinkSync(join(TOP, "node_modules"), join(top, "node_modules"));
  const plant = (path: string, text: string) => {
    mkdirSync(join(top, path, ".."), { recursive: true });
    writeFileSync(join(top, path), text);
  };
  t.equal((await cruise(top, "src")).code, 0, "the copy is clean before");
  plant("src/bgp/sibling.ts", 'export { x } from "../bond/thing.js";\n');
  plant("src/bond/thing.ts", "export const x = 1;\n");
  plant("src/base/upward.ts", 'export { x } from "../bond/thing.js";\n');
  plant("src/store/one.ts", 'import "./two.js";\nexport const one = 1;\n');
  plant("src/store/two.ts", 'import "./one.js";\nexport const two = 2;\n');
  plant("src/openflow/pointers.ts", 'export * from "../../assembly/openflow/layout.js";\n');
  plant("src/api/socket.ts", 'import "uWebSockets.js";\n');
  plant("src/accounts/lost.ts", 'import "no-such-package";\n');
  const { code, text } = await cruise(top, "src");
  t.not(code, 0);
  for (const rule of [
    "bgp-knows-no-sibling",
    "base-looks-down-only",
    "no-circular",
    "pointers-stay-in-wasm",
    "one-importer-of-uwebsockets",
    "no-unreachable-dependency",
  ]) {
    t.match(text, rule);
  }
});
