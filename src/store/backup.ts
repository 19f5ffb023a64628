// A copy of a store that may be in use: LMDB readers see one moment, whatever is written meanwhile.

import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { open } from "lmdb";
import { AppError, reasonOf } from "../base/errors.js";
import { sumHolds } from "./codec.js";
import { BINARY, stateFile } from "./env.js";
import { inspectHead, inspectStateFile } from "./inspect.js";

/**
 * Writes a compact copy of the store of data directory `dir` to `file`, which must not exist, and looks the copy over.
 * It is the state of one moment; a store in use goes on. Restoring: docs/operations.md.
 * Errors: STORE_DAMAGED, STORE_UNWRITABLE (of the copy), NOT_FOUND when there is no store.
 */
export async function backupStore(dir: string, file: string): Promise<void> {
  const source = stateFile(dir);
  if (!existsSync(source)) throw new AppError("NOT_FOUND", { path: source });
  if (existsSync(file)) throw new AppError("STORE_UNWRITABLE", { path: file, reason: "there is such a file already" });
  try {
    inspectHead(source);
  } catch (error) {
    throw new AppError("STORE_DAMAGED", { path: dir, reason: reasonOf(error) });
  }
  const partial = `${file}.partial`;
  try {
    rmSync(partial, { recursive: true, force: true });
    // Not recursive: Node never comes back from that where no directory can be made (/proc).
    mkdirSync(partial, { mode: 0o700 });
    // As the store itself opens it, so that both share one table of readers.
    const env = open({ path: dirname(source), noSubdir: false, readOnly: true, ...BINARY });
    try {
      await env.backup(partial, true);
    } finally {
      await env.close();
    }
    inspectStateFile(join(partial, "data.mdb"), sumHolds);
    chmodSync(join(partial, "data.mdb"), 0o600);
    renameSync(join(partial, "data.mdb"), file);
  } catch (error) {
    throw new AppError("STORE_UNWRITABLE", { path: file, reason: reasonOf(error) });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
