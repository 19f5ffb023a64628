// Cuts a stream of bytes into MRT records (RFC 6396 §2), with no more than one record and one chunk in memory.

import { LIMITS } from "../../base/limits.js";
import { MRT, MRT_HEADER } from "./numbers.js";

/** What is wrong with a file, and where. The offset is that of the record, in the file without its compression. */
export class MrtError extends Error {
  override readonly name = "MrtError";

  constructor(
    readonly file: string,
    readonly offset: number,
    readonly what: string,
  ) {
    super(`${file}: offset ${offset}: ${what}`);
  }
}

export interface MrtRecord {
  /** Of its header, from the start of the stream. */
  readonly offset: number;
  /** Seconds since 1970, and microseconds beyond them; -1 when the record's type has none. */
  readonly time: number;
  readonly micros: number;
  readonly type: number;
  readonly subtype: number;
  /** Valid until the next chunk is pushed. */
  readonly body: Buffer;
}

export class MrtFramer {
  readonly #file: string;
  readonly #sink: (record: MrtRecord) => void;
  #parts: Buffer[] = [];
  #held = 0;
  /** Nothing can be cut before this many bytes are there. */
  #needed = MRT_HEADER;
  #offset = 0;

  /** `file` is for errors only. */
  constructor(file: string, sink: (record: MrtRecord) => void) {
    this.#file = file;
    this.#sink = sink;
  }

  /** Takes the next bytes. Throws MrtError for a record that is too long; the stream cannot be read any further then. */
  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#held >= this.#needed) this.#cut(false);
  }

  /** Ends the stream. Throws MrtError when it ends within a record. */
  end(): void {
    this.#cut(true);
    if (this.#held === 0) return;
    const what = this.#held < MRT_HEADER ? `the header of a record has ${MRT_HEADER}` : `a record has ${this.#needed}`;
    throw new MrtError(this.#file, this.#offset, `the file ends after ${this.#held} bytes, ${what}`);
  }

  #cut(ended: boolean): void {
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    let at = 0;
    for (;;) {
      this.#needed = MRT_HEADER;
      if (bytes.length - at < this.#needed) break;
      const length = bytes.readUInt32BE(at + 8);
      if (length > LIMITS.mrtRecordBytes) {
        throw new MrtError(this.#file, this.#offset, `a record of ${length} bytes; at most ${LIMITS.mrtRecordBytes}`);
      }
      this.#needed = MRT_HEADER + length;
      if (bytes.length - at < this.#needed) break;
      const type = bytes.readUInt16BE(at + 4);
      if (type === MRT.tableDump) {
        const more = overrun(bytes, at + MRT_HEADER, at + this.#needed, bytes.readUInt16BE(at + 6));
        if (bytes.length - at < this.#needed + more && !ended) {
          this.#needed += more;
          break;
        }
        if (bytes.length - at >= this.#needed + more) this.#needed += more;
      }
      this.#emit(bytes, at, type);
      at += this.#needed;
      this.#offset += this.#needed;
    }
    this.#held = bytes.length - at;
    this.#parts = this.#held === 0 ? [] : [bytes.subarray(at)];
  }

  #emit(bytes: Buffer, at: number, type: number): void {
    const extended = type === MRT.bgp4mpEt;
    if (extended && this.#needed < MRT_HEADER + 4) {
      throw new MrtError(this.#file, this.#offset, "a record with microseconds that is too short for them");
    }
    this.#sink({
      offset: this.#offset,
      time: bytes.readUInt32BE(at),
      micros: extended ? bytes.readUInt32BE(at + MRT_HEADER) : -1,
      type,
      subtype: bytes.readUInt16BE(at + 6),
      body: bytes.subarray(at + MRT_HEADER + (extended ? 4 : 0), at + this.#needed),
    });
  }
}

/**
 * Collectors of 1999 and 2000 wrote TABLE_DUMP records with many routes, and a length that leaves out the four octets of
 * view and sequence: four, when the routes of a record end just that much behind it, else 0.
 */
function overrun(bytes: Buffer, from: number, end: number, afi: number): 0 | 4 {
  const fixed = 2 * (afi === 2 ? 16 : 4) + 10;
  let at = from + 4;
  while (at + fixed <= end) at += fixed + bytes.readUInt16BE(at + fixed - 2);
  return at === end + 4 ? 4 : 0;
}
