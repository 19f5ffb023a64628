// MRT files, record by record: plain, compressed by gzip, or by bzip2 where the system has that program.

import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { AppError, reasonOf } from "../../base/errors.js";
import { type MrtContent, MrtDecoder, MrtFault } from "./decode.js";
import { MrtError, MrtFramer, type MrtRecord } from "./framer.js";

const CHUNK_BYTES = 1 << 18;

export interface MrtSink {
  /** The next record. Its bytes are valid during the call only. */
  record(record: MrtRecord, content: MrtContent): void;
  /** A record that could not be read; the next one may be. */
  fault(error: MrtError): void;
  /** Between chunks: resolves when more may come. */
  rest?(): Promise<void> | undefined;
}

interface Source {
  readonly bytes: Readable;
  /** After the last byte: rejects when the program that unpacks has failed. */
  readonly done?: Promise<void>;
}

/** Bytes of a file without its compression, which its first bytes tell. */
async function uncompressed(file: string): Promise<Source> {
  const handle = await open(file, "r");
  const magic = Buffer.alloc(3);
  try {
    await handle.read(magic, 0, 3, 0);
  } finally {
    await handle.close();
  }
  const bytes = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  if (magic[0] === 0x1f && magic[1] === 0x8b) {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    bytes.on("error", (error) => gunzip.destroy(error));
    gunzip.on("close", () => bytes.destroy());
    return { bytes: bytes.pipe(gunzip) };
  }
  return magic.toString("latin1") === "BZh" ? bunzip(file, bytes) : { bytes };
}

/** The system's bzip2: Node has none. */
function bunzip(file: string, packed: Readable): Source {
  const child = spawn("bzip2", ["-dc"], { stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  let said = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(0, 1_000);
  });
  const done = new Promise<void>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT";
      reject(missing ? new AppError("PROGRAM_MISSING", { program: "bzip2", package: "bzip2" }) : error);
    });
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new MrtError(file, 0, `bzip2 has failed: ${said.trim().split("\n")[0]}`));
    });
  });
  done.catch(() => undefined);
  // A reader that has had enough ends the pipe.
  stdin.on("error", () => undefined);
  stdout.on("close", () => child.kill());
  packed.on("error", (error) => stdout.destroy(error));
  packed.pipe(stdin);
  return { bytes: stdout, done };
}

/** What the system and zlib say, in difference to a defect of ours. */
const isOutside = (error: unknown) => /^(E[A-Z]+|Z_[A-Z_]+)$/.test(String((error as NodeJS.ErrnoException)?.code));

/**
 * Reads a file to its end. Memory: one chunk and one record. Rejects with MrtError where the rest cannot be read: the
 * file is cut off, its compression is broken, a record is too long; with PROGRAM_MISSING where bzip2 is.
 */
export async function readMrt(file: string, sink: MrtSink): Promise<void> {
  const decoder = new MrtDecoder();
  let offset = 0;
  const framer = new MrtFramer(file, (record) => {
    offset = record.offset;
    let content: MrtContent;
    try {
      content = decoder.decode(record);
      sink.record(record, content);
    } catch (error) {
      if (!(error instanceof MrtFault)) throw error;
      sink.fault(
        new MrtError(file, record.offset, `a record of type ${record.type}/${record.subtype}: ${error.message}`),
      );
    }
  });
  try {
    const { bytes, done } = await uncompressed(file);
    for await (const chunk of bytes) {
      framer.push(chunk as Buffer);
      const rest = sink.rest?.();
      if (rest) await rest;
    }
    await done;
    framer.end();
  } catch (error) {
    throw isOutside(error) ? new MrtError(file, offset, `it cannot be read: ${reasonOf(error)}`) : error;
  }
}
