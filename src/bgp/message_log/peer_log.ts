// The message file of one peer: <directory>/<address>/msg/<time>.msg, a record a line, numbered through all its files.

import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../../base/directory.js";
import { type FeedCounters, FeedFile } from "../feed_file.js";
import type { MessageLogConfig } from "./config.js";
import { pythonFloat, pythonJson } from "./python_json.js";

/** A last line is looked for in so many bytes at a file's end. */
const TAIL_BYTES = 2 << 20;

interface Latest {
  readonly path: string | null;
  readonly sequence: number;
  /** False when the file cannot be continued: it is full, or its last line was cut off. */
  readonly open: boolean;
}

function tail(path: string, size: number): string {
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const file = openSync(path, "r");
  try {
    return bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(file);
  }
}

/** The file that sorts last, and the number of its last whole record; none is number 0. */
function latest(directory: string, mostBytes: number): Latest {
  const names = readdirSync(directory).filter((name) => name.endsWith(".msg"));
  const name = names.sort().at(-1);
  if (name === undefined) return { path: null, sequence: 0, open: false };
  const path = join(directory, name);
  const { size } = statSync(path);
  const text = tail(path, size);
  const numbers = [...text.matchAll(/^\{"t": [^,]+, "seq": (\d+), .*\}$/gm)];
  const sequence = Number(numbers.at(-1)?.[1] ?? 0);
  return { path, sequence, open: size < mostBytes && (size === 0 || text.endsWith("\n")) };
}

export class PeerLog {
  readonly #directory: string;
  readonly #mostBytes: number;
  readonly #file: FeedFile;
  readonly #now: () => number;
  #sequence: number | null = null;
  /** Calls of append(): who has seen the same number twice knows that nothing came between. */
  uses = 0;

  constructor(
    config: MessageLogConfig,
    address: string,
    shared: { counters: FeedCounters; note: (text: string) => void; now: () => number },
  ) {
    this.#directory = join(config.write_dir, address.toLowerCase(), "msg");
    this.#mostBytes = config.write_msg_max_size << 20;
    this.#now = shared.now;
    this.#file = new FeedFile({
      path: () => this.#path(),
      counters: shared.counters,
      note: (text) => shared.note(`message file of ${address}: ${text}`),
      mostBytes: this.#mostBytes,
    });
  }

  /** Appends records; each is numbered as it comes. */
  append(records: readonly { readonly type: number; readonly msg: unknown }[]): void {
    if (records.length === 0) return;
    this.uses++;
    const t = pythonFloat(this.#now() / 1_000);
    let sequence = this.#number();
    let text = "";
    for (const { type, msg } of records) {
      text += `{"t": ${t}, "seq": ${++sequence}, "type": ${type}, "msg": ${pythonJson(msg)}}\n`;
    }
    this.#sequence = sequence;
    this.#file.append(Buffer.from(text, "latin1"), records.length);
  }

  /** Writes what waits and closes; a later record opens the file again. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** The number of the last record; of one that an earlier run has written. */
  #number(): number {
    if (this.#sequence !== null) return this.#sequence;
    try {
      return latest(this.#directory, this.#mostBytes).sequence;
    } catch {
      // No directory yet, or none that can be read: writing will tell.
      return 0;
    }
  }

  /** The file to write to: the last one when that can be continued. */
  #path(): string {
    makeDirectory(this.#directory);
    const { path, open } = latest(this.#directory, this.#mostBytes);
    if (open && path !== null) return path;
    return join(this.#directory, `${pythonFloat(this.#now() / 1_000)}.msg`);
  }
}
