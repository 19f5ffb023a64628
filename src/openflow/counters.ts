// What a switch's connection counts, one row a counter, and how totals are made of them.

import { HEADER_BYTES, MESSAGE } from "../wasm/openflow.js";

const NAMES = [
  "messagesIn",
  "messagesOut",
  "packetIns",
  "packetInBytes",
  "packetOuts",
  "packetOutBytes",
  /** PACKET_INs that were not looked at, because there were too many of them, and their bytes. */
  "packetsLost",
  "packetBytesLost",
  /** PACKET_INs that were not answered, because the switch did not take what it had been sent. */
  "packetInsUnanswered",
  "flowsRemoved",
  "flowMessagesSent",
  "errors",
] as const;

export type SessionCounters = { [name in (typeof NAMES)[number]]: number };

export function newCounters(): SessionCounters {
  return Object.fromEntries(NAMES.map((name) => [name, 0])) as SessionCounters;
}

/** Adds `more` to `counters`. */
export function addCounters(counters: SessionCounters, more: SessionCounters): SessionCounters {
  for (const name of NAMES) counters[name] += more[name];
  return counters;
}

/** Counts the whole messages in `bytes`, which are about to be written to a switch. */
export function countSent(counters: SessionCounters, bytes: Uint8Array): void {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    counters.messagesOut++;
    if (bytes[at + 1] === MESSAGE.PACKET_OUT) {
      counters.packetOuts++;
      counters.packetOutBytes += length;
    }
    at += Math.max(length, HEADER_BYTES);
  }
}
