// Makes a fresh clone runnable: installs the locked dependencies when they are missing or old, then builds.
// `npm start`, `npm test`, `npm run demo` and `npm run bench` all begin here.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("../..", import.meta.url));
// node_modules remembers which lock file it was installed from.
const stamp = join(top, "node_modules/.sennit-lock");
const lock = createHash("sha256")
  .update(readFileSync(join(top, "package-lock.json")))
  .digest("hex");

const major = Number(process.versions.node.split(".")[0]);
if (major !== 20) {
  console.error(`sennit needs Node 20 (its HTTP binary is built for it); this is ${process.version}`);
  process.exit(1);
}

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.error("prepare: installing dependencies (npm ci)");
  const result = spawnSync("npm", ["ci", "--no-progress", "--loglevel=error"], { cwd: top, stdio: ["ignore", 2, 2] });
  if (result.status !== 0) {
    console.error("prepare: npm ci failed; see above (it needs the npm registry once)");
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

const { build } = await import("./build.mjs");
try {
  await build();
} catch (error) {
  console.error(`prepare: ${error.message}`);
  process.exit(1);
}
