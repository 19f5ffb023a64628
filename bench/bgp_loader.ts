// The parent's handle on bgp_load.ts.

import { type ChildProcess, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Teardown } from "../test/helpers/cleanup.js";
import { tmpDir } from "../test/helpers/tmp.js";
import type { Counts, Job, OpenJob } from "./bgp_load.js";
import type { Stream } from "./bgp_stream.js";

interface Waiting {
  resolve(value: Counts): void;
  reject(error: Error): void;
}

export class Loader {
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #files = new Map<Stream, string>();
  #next = 0;

  constructor(t: Teardown) {
    this.#dir = tmpDir(t, "stream");
    this.#child = fork(fileURLToPath(new URL("bgp_load.js", import.meta.url)));
    this.#child.on("message", ({ id, value, error }: { id: number; value: Counts; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    this.#child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the load process has ended"));
      this.#waiting.clear();
    });
    t.teardown(() => this.#child.kill("SIGKILL"));
  }

  #ask(job: Job): Promise<Counts> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, job });
    });
  }

  /** A session up to ESTABLISHED, tried until it succeeds or 30 s have passed. */
  async open(session: string, job: OpenJob): Promise<void> {
    await this.#ask({ op: "open", session, job });
  }

  /** Begins to write a stream; resolves with the time of its first byte, in ms. */
  async feed(session: string, stream: Stream): Promise<number> {
    return milliseconds(await this.#ask({ op: "feed", session, file: this.prepare(stream) }));
  }

  /** Where the child finds a stream. Streams are written once. */
  prepare(stream: Stream): string {
    const known = this.#files.get(stream);
    if (known !== undefined) return known;
    const file = join(this.#dir, `${this.#files.size}.bin`);
    writeFileSync(file, stream.bytes);
    this.#files.set(stream, file);
    return file;
  }

  /** Resolves with the time in ms at which a session has been told of so many prefixes. Rejects when it ends. */
  async until(session: string, announced: number, withdrawn: number, timeoutMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `not ${announced} announced and ${withdrawn} withdrawn within ${timeoutMs / 1000} s`;
      timer = setTimeout(() => reject(new Error(text)), timeoutMs);
    });
    try {
      return milliseconds(await Promise.race([this.#ask({ op: "await", session, announced, withdrawn }), late]));
    } finally {
      clearTimeout(timer);
    }
  }

  counts(session: string): Promise<Counts> {
    return this.#ask({ op: "counts", session });
  }

  /** Drops the connection without a word; resolves with the time in ms. */
  async close(session: string): Promise<number> {
    return milliseconds(await this.#ask({ op: "close", session }));
  }
}

const milliseconds = ({ at }: Counts): number => Number(BigInt(at)) / 1e6;

/** The same clock as the loader's times, in ms. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
