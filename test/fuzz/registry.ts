// The fuzz targets: every module in targets/, with the inputs that are kept for it in corpus/<name>/.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface FuzzTarget {
  readonly name: string;
  /** Valid inputs to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Must end, and must throw nothing, for any bytes: what it refuses by design it handles itself. */
  run(bytes: Uint8Array): void | Promise<void>;
}

const TARGETS = fileURLToPath(new URL("targets/", import.meta.url));
/** In the sources, not under dist/: inputs that broke something are kept for ever. */
const CORPUS = fileURLToPath(new URL("../../../test/fuzz/corpus/", import.meta.url));

export async function loadTargets(): Promise<FuzzTarget[]> {
  if (!existsSync(TARGETS)) return [];
  const files = readdirSync(TARGETS).filter((file) => file.endsWith(".js"));
  const modules = await Promise.all(files.sort().map((file) => import(join(TARGETS, file))));
  return modules.map((module) => module.default as FuzzTarget);
}

/** The seeds of a target and what its corpus has. */
export function inputsOf(target: FuzzTarget): Uint8Array[] {
  const dir = join(CORPUS, target.name);
  const kept = existsSync(dir) ? readdirSync(dir).sort() : [];
  return [...target.seeds, ...kept.map((file) => Uint8Array.from(readFileSync(join(dir, file))))];
}

/** Keeps an input that broke a target; returns its path. */
export function keep(target: string, kind: "crash" | "hang", bytes: Uint8Array): string {
  const dir = join(CORPUS, target);
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `${kind}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`);
  writeFileSync(path, bytes);
  return path;
}
