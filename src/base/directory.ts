// Making directories. Node's recursive mkdir never returns where none can be made (/proc), and calls a read-only file
// system ENOENT.

import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Makes a directory and its missing parents, readable by their owner only. Throws the error of the one that failed. */
export function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}
