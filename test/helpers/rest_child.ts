// Sends one request from inside a network namespace for appliance.ts: the job comes as JSON on stdin.

import { text } from "node:stream/consumers";
import { http, type RestOptions } from "./appliance.js";

interface Job {
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly options: RestOptions;
}

const job = JSON.parse(await text(process.stdin)) as Job;
try {
  const reply = await http(job.address, job.method, job.path, job.options);
  process.stdout.write(JSON.stringify({ status: reply.status, headers: reply.headers, text: reply.text }));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
