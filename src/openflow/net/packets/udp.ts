// UDP headers (RFC 768).

import { u16 } from "./ethernet.js";

const HEAD = 8;
export const UDP = 17;

export class UdpReader {
  source = 0;
  destination = 0;
  /** Where the payload begins and ends. */
  payload = 0;
  end = 0;

  /** Reads what lies from `at` to `end`. False when it is too short for what it says. */
  read(frame: Uint8Array, at: number, end: number): boolean {
    if (at + HEAD > end) return false;
    const length = u16(frame, at + 4);
    if (length < HEAD) return false;
    this.source = u16(frame, at);
    this.destination = u16(frame, at + 2);
    this.payload = at + HEAD;
    this.end = Math.min(at + length, end);
    return true;
  }
}
