#!/usr/bin/env node
// The command line. Each command loads only what it needs: the data plane does not load the front end.

import { setFlagsFromString } from "node:v8";
import { Command } from "commander";
import { AppError } from "./base/errors.js";
import { VERSION } from "./base/version.js";

// What this program holds is in Wasm memory, outside the heaps of JavaScript. V8 would let each thread's young generation
// grow to tens of megabytes before it collects; a box has better use for them. What survives there is little: helper
// threads for it cost more than they help. Both flags are looked at when V8 collects, so that they may be set here.
for (const flag of ["--optimize-for-size", "--no-parallel-scavenge"]) setFlagsFromString(flag);

const program = new Command("sennit")
  .description("the program of a WAN-bonding box: bonded tunnel, BGP speaker, OpenFlow controller")
  .version(VERSION);

program
  .command("serve")
  .description("run the appliance in the foreground")
  .option("--config <file>", "TOML configuration")
  .option("--data <dir>", "data directory (default ./var)")
  .option("--http <host:port>", "REST (default 127.0.0.1:8080)")
  .option("--bgp <host:port|off>", "BGP listener (default 0.0.0.0:179 when it may be bound)")
  .option("--openflow <host:port|off>", "OpenFlow listener (default 0.0.0.0:6653)")
  .option("--role <role>", "bonder, aggregator or both (default both)")
  .option("--manager <url>", "bonder: where the configuration comes from")
  .option("--node-key <key>", "bonder: the key that the manager gave it")
  .action(async (flags: Record<string, unknown>) => {
    const { serve } = await import("./serve.js");
    await serve(flags, process.env);
    process.exit(0);
  });

program
  .command("dataplane")
  .description("carry the bonded tunnels' packets in the foreground; `serve` starts it by itself")
  .requiredOption("--data <dir>", "data directory of the appliance that it belongs to")
  .action(async (flags: { data: string }) => {
    const { createLog } = await import("./base/log.js");
    const { runDataplane } = await import("./dataplane.js");
    await runDataplane({ data: flags.data, log: createLog("sennit-dataplane") });
    process.exit(0);
  });

program
  .command("backup")
  .description("copy the state of an appliance, running or not, to a new file")
  .argument("<file>", "where the copy goes")
  .option("--data <dir>", "data directory", process.env["SENNIT_DATA"] ?? "./var")
  .action(async (file: string, flags: { data: string }) => {
    const { backupStore } = await import("./store/backup.js");
    await backupStore(flags.data, file);
  });

program
  .command("mrt")
  .description("print MRT files of routes and messages (RFC 6396), plain or packed by gzip or bzip2")
  .argument("<file...>", "what to print")
  .option("-m", "one line a prefix, as `bgpdump -m` (default)")
  .option("--json", "one JSON object a message or route")
  .action(async (files: string[], flags: { json?: boolean }) => {
    const { printMrt } = await import("./bgp/mrt/print.js");
    const complain = (text: string) => process.stderr.write(`sennit: ${text}\n`);
    const faults = await printMrt(files, { json: flags.json === true, out: process.stdout, complain });
    process.exitCode = faults > 0 ? 1 : 0;
  });

/** One sentence for what the reader can mend; a stack only for a defect. */
function fail(error: unknown): never {
  const text = error instanceof AppError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`sennit: ${text}\n`);
  process.exit(1);
}

program.parseAsync().catch(fail);
