// `npm test [-- PATH…]`: everything that a change must pass, on a fresh clone too. Prepares, installs the peers that
// tests talk to (as root), lints, then runs dist/test/**/*.test.js and counts what tap reports. A PATH is a part of a
// test's path: `npm test -- unit/bgp scenario/frr`. The last line is "N passed, N failed[, N skipped]".

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPeers } from "./peers.mjs";

const TOP = fileURLToPath(new URL("..", import.meta.url));
const TESTS = join(TOP, "dist/test");
const FILE_TIMEOUT_MS = 120_000;
const KILL_AFTER_MS = 5_000;
const OUTPUT_CHARS = 4 << 20;
/** Unit tests run side by side; the others measure time and start daemons, so each has the machine to itself. */
const UNIT_JOBS = 2;
const SERIAL = /^(scenario|e2e)\//;

const started = Date.now();
const totals = { passed: 0, failed: 0, skipped: [] };
const running = new Set();

function step(script, args = []) {
  return spawnSync(process.execPath, [join(TOP, script), ...args], { cwd: TOP, encoding: "utf8", maxBuffer: 64 << 20 });
}

function lint() {
  const result = step("node_modules/@biomejs/biome/bin/biome", ["check", "--colors=off", "."]);
  if (result.status === 0) totals.passed += 1;
  else {
    totals.failed += 1;
    console.log(`not ok  biome check\n${result.stdout}${result.stderr}`);
  }
}

function testFiles(dir = "") {
  if (!existsSync(join(TESTS, dir))) return [];
  return readdirSync(join(TESTS, dir), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return ["fuzz", "soak", "helpers"].includes(path) ? [] : testFiles(path);
      return path.endsWith(".test.js") ? [path] : [];
    })
    .sort();
}

/** Follows one file's TAP: counts assertions, and tests that have none of their own; collects failures and skips. */
function follow(parser, report, path) {
  let child = null;
  parser.on("child", (inner) => {
    child = { leaves: 0, failed: 0 };
    follow(inner, { ...report, count: child, outer: report.count }, [...path, inner.name]);
  });
  parser.on("assert", (result) => {
    const inner = child;
    child = null;
    const name = [...path, result.name].filter(Boolean).join(" > ");
    const summary = inner !== null && inner.leaves > 0 && (result.ok || inner.failed > 0);
    if (!summary) {
      if (result.skip) report.file.skipped.push({ name, reason: String(result.skip) });
      else if (result.todo) report.file.failures.push({ name, diag: { todo: String(result.todo) } });
      else if (result.ok) report.file.passed += 1;
      else report.file.failures.push({ name, diag: result.diag });
    }
    report.count.leaves += 1;
    if (!result.ok) report.count.failed += 1;
  });
}

/** A failure's facts, without the long source excerpts. */
function explain(diag) {
  if (!diag) return "";
  const { stack, source, tapCaught, cause, at, ...facts } = diag;
  const where = stack ? `\n${String(stack).trim()}` : "";
  return `${JSON.stringify(facts, null, 2)}${where}`.split("\n").slice(0, 60).join("\n    ");
}

async function runFile(path, Parser) {
  const since = Date.now();
  const file = { passed: 0, failures: [], skipped: [] };
  const parser = new Parser();
  follow(parser, { file, count: { leaves: 0, failed: 0 } }, []);
  const child = spawn(process.execPath, ["--enable-source-maps", join(TESTS, path)], {
    cwd: TOP,
    detached: true,
    // tap's own limit, a little before ours: it names the test that hangs.
    env: { ...process.env, TAP_TIMEOUT: String((FILE_TIMEOUT_MS - KILL_AFTER_MS) / 1_000) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let [stdout, stderr, late] = ["", "", false];
  child.stdout.on("data", (bytes) => {
    parser.write(bytes);
    stdout = (stdout + bytes).slice(-OUTPUT_CHARS);
  });
  child.stderr.on("data", (bytes) => {
    stderr = (stderr + bytes).slice(-OUTPUT_CHARS);
  });
  const timer = setTimeout(() => {
    late = true;
    signal(child, "SIGTERM");
    setTimeout(() => signal(child, "SIGKILL"), KILL_AFTER_MS).unref();
  }, FILE_TIMEOUT_MS);
  const [code, by] = await new Promise((resolve) => child.on("close", (...exit) => resolve(exit)));
  clearTimeout(timer);
  running.delete(child);
  const { plan } = await new Promise((resolve) => {
    parser.on("complete", resolve);
    parser.end();
  });
  if (plan.skipAll) file.skipped.push({ name: "the whole file", reason: plan.skipReason || plan.comment || "" });
  if (late) file.failures.push({ name: `did not end within ${FILE_TIMEOUT_MS / 1_000} s` });
  else if ((code !== 0 || by) && file.failures.length === 0) {
    file.failures.push({ name: `ended with ${by ?? `exit code ${code}`}`, diag: { output: stdout.slice(-2_000) } });
  } else if (file.passed + file.failures.length + file.skipped.length === 0)
    file.failures.push({ name: "has no tests" });
  print(path, file, (Date.now() - since) / 1_000, stderr);
}

function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch {
    // it has ended
  }
}

function print(path, file, seconds, stderr) {
  const name = path.replace(/\.test\.js$/, "");
  const skipped = file.skipped.length > 0 ? `, ${file.skipped.length} skipped` : "";
  const outcome = file.failures.length > 0 ? "not ok" : "ok    ";
  console.log(`${outcome}  ${name}  (${file.passed} passed${skipped}, ${seconds.toFixed(1)} s)`);
  for (const { name: test, diag } of file.failures) console.log(`  failed: ${test}\n    ${explain(diag)}`);
  if (file.failures.length > 0 && stderr !== "") console.log(`  stderr:\n${stderr.slice(-4_000)}`);
  totals.passed += file.passed;
  totals.failed += file.failures.length;
  for (const { name: test, reason } of file.skipped) totals.skipped.push(`${name}: ${test}: ${reason}`);
}

async function runAll(files, jobs, Parser) {
  const queue = [...files];
  const lane = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runFile(file, Parser);
  };
  await Promise.all(Array.from({ length: jobs }, lane));
}

async function main() {
  const prepared = spawnSync(process.execPath, [join(TOP, "src/dev/prepare.mjs")], { cwd: TOP, stdio: "inherit" });
  if (prepared.status !== 0) {
    totals.failed += 1;
    return;
  }
  installPeers();
  const wanted = process.argv
    .slice(2)
    .map((path) => path.replace(/^(dist\/)?test\//, "").replace(/\.test\.[jt]s$/, ""));
  const files = testFiles().filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)));
  if (files.length === 0) {
    console.log(`no test has ${wanted.join(" or ")} in its path`);
    totals.failed += 1;
    return;
  }
  if (wanted.length === 0) lint();
  // Not there before prepare.mjs has installed it.
  const { Parser } = await import("tap-parser");
  await runAll(
    files.filter((path) => !SERIAL.test(path)),
    UNIT_JOBS,
    Parser,
  );
  await runAll(
    files.filter((path) => SERIAL.test(path)),
    1,
    Parser,
  );
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    for (const child of running) signal(child, "SIGTERM");
    process.exit(1);
  });
}

await main();
if (totals.skipped.length > 0) console.log(`\nskipped:\n  ${totals.skipped.join("\n  ")}`);
console.log(`\n${((Date.now() - started) / 1_000).toFixed(0)} s`);
const skips = totals.skipped.length > 0 ? `, ${totals.skipped.length} skipped` : "";
console.log(`${totals.passed} passed, ${totals.failed} failed${skips}`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
