// Builds what is out of date: build/*.wasm with asc, dist/ with tsc. Run by `npm run build` and by prepare.mjs.
// Plain JavaScript, since it runs before anything is compiled.

import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("../..", import.meta.url));

/** Newest modification time, in ms, of the files under the given paths. */
function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    const full = join(top, path);
    if (!existsSync(full)) continue;
    const stat = statSync(full);
    if (stat.isDirectory()) {
      latest = Math.max(latest, newest(readdirSync(full).map((name) => join(path, name))));
    } else latest = Math.max(latest, stat.mtimeMs);
  }
  return latest;
}

function run(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(top, script), ...args], { cwd: top, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${script} ${args.join(" ")} failed`))));
  });
}

/** One asc run per target whose outFile is older than its sources. */
function wasmTargets() {
  const { targets } = JSON.parse(readFileSync(join(top, "asconfig.json"), "utf8"));
  return Object.entries(targets).filter(([name, { outFile }]) => {
    const out = join(top, outFile);
    return !existsSync(out) || statSync(out).mtimeMs < newest([`assembly/${name}`, "assembly/mem", "asconfig.json"]);
  });
}

/** dist/ files whose source is gone would still be found by the test runner: drop them. */
function prune(dir) {
  const out = join(top, "dist", dir);
  if (!existsSync(out)) return;
  for (const name of readdirSync(out)) {
    const path = join(dir, name);
    if (statSync(join(top, "dist", path)).isDirectory()) prune(path);
    else if (/\.js(\.map)?$/.test(name) && !existsSync(join(top, path.replace(/\.js(\.map)?$/, ".ts")))) {
      rmSync(join(top, "dist", path));
    }
  }
}

export async function build() {
  mkdirSync(join(top, "build"), { recursive: true });
  for (const dir of ["src", "test", "bench", "assembly"]) prune(dir);
  const jobs = wasmTargets().map(([name]) =>
    run("node_modules/assemblyscript/bin/asc.js", [`assembly/${name}/index.ts`, "--target", name]),
  );
  jobs.push(run("node_modules/typescript/bin/tsc", ["-p", "tsconfig.json"]));
  await Promise.all(jobs);
  linkCommand();
}

/** `npx sennit` from the checkout. */
function linkCommand() {
  chmodSync(join(top, "dist/src/main.js"), 0o755);
  const link = join(top, "node_modules/.bin/sennit");
  rmSync(link, { force: true });
  symlinkSync("../../dist/src/main.js", link);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  build().catch((error) => {
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  });
}
