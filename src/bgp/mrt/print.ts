// `sennit mrt`: prints MRT files, in bgpdump's form of one line a prefix or as JSON of one line a record.

import { once } from "node:events";
import type { Writable } from "node:stream";
import { MrtError } from "./framer.js";
import { Ink } from "./ink.js";
import { recordJson } from "./json.js";
import { recordLines } from "./lines.js";
import { readMrt } from "./reader.js";

/** Text is written in pieces of about this many octets. */
const PIECE = 1 << 16;

export interface PrintOptions {
  readonly json: boolean;
  readonly out: Writable;
  /** What is wrong with a file, a line each. */
  complain(text: string): void;
}

/**
 * Prints files one after another. A record that cannot be read is told of and left out; so is the rest of a file that
 * cannot be read any further. Resolves with the number of complaints. Rejects with PROGRAM_MISSING.
 */
export async function printMrt(files: readonly string[], { json, out, complain }: PrintOptions): Promise<number> {
  let faults = 0;
  const waiting = new Ink();
  let gone = false;
  out.on("error", () => {
    gone = true;
  });
  const fault = (error: MrtError) => {
    faults++;
    complain(error.message);
  };
  const flush = (least: number): Promise<void> | undefined => {
    // Who does not read any more (`| head`) wants no more.
    if (gone) throw new MrtError("standard output", 0, "nobody reads it any more");
    if (waiting.length < least || waiting.length === 0) return undefined;
    const piece = Buffer.from(waiting.bytes.subarray(0, waiting.length));
    waiting.clear();
    return out.write(piece) ? undefined : drained(out);
  };
  let sequence = 0;
  for (const file of files) {
    try {
      await readMrt(file, {
        record: (record, content) => {
          if (json) waiting.utf8(recordJson(record, content, ++sequence));
          else recordLines(waiting, record, content);
        },
        fault,
        rest: () => flush(PIECE),
      });
    } catch (error) {
      if (gone) return faults;
      if (!(error instanceof MrtError)) throw error;
      fault(error);
    }
  }
  await flush(0);
  return faults;
}

/** Resolves when the stream takes more, or is gone. */
async function drained(out: Writable): Promise<void> {
  const { signal, abort } = abortable();
  const ignored = () => undefined;
  await Promise.race([once(out, "drain", { signal }).catch(ignored), once(out, "close", { signal }).catch(ignored)]);
  abort();
}

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
