// Links, addresses and routes by iproute2 in batches: one process, commands in order, the first failure ends it.

import { spawn } from "node:child_process";
import { AppError } from "../base/errors.js";

/** Runs `ip -batch -` with these commands. Rejects with the text of the first one that failed. */
export function ipBatch(commands: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("ip", ["-json", "-batch", "-"], { stdio: ["pipe", "ignore", "pipe"], timeout: 10_000 });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (errors.length < 4096) errors += chunk.toString();
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") reject(new AppError("PROGRAM_MISSING", { program: "ip", package: "iproute2" }));
      else reject(error);
    });
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(errors.trim().split("\n")[0] ?? `ip ended with ${code}`));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${commands.join("\n")}\n`);
  });
}
