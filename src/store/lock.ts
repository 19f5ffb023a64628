// One process a data directory: flock(2) on a file that stays open. The kernel lets go of it when the process ends in
// any way, so a lock is never stale.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";
import { AppError } from "../base/errors.js";

const LOCK_EX = 2;
const LOCK_NB = 4;

const flock = koffi.load("libc.so.6").func("int flock(int fd, int operation)") as (fd: number, how: number) => number;

/** Takes the data directory for this process. Returns the way to let go. Throws STORE_LOCKED with the holder's id. */
export function lockDirectory(dir: string): () => void {
  const path = join(dir, "lock");
  const fd = openSync(path, "a+", 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const pid = readFileSync(path, "utf8").trim();
    closeSync(fd);
    throw new AppError("STORE_LOCKED", { path: dir, pid: pid === "" ? "unknown" : pid });
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`);
  return () => closeSync(fd);
}
