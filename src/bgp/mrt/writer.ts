// The observer that writes what sessions say into MRT files, as route collectors do: BGP4MP messages and state changes.

import { statSync } from "node:fs";
import { type FeedCounters, FeedFile, noCounters } from "../feed_file.js";
import type { DownReason, ObservedPeer, Observer } from "../observer.js";
import { fillPath } from "../path_template.js";
import type { MrtConfig } from "./config.js";
import { messageRecords, sessionEnds, stateChange } from "./encode.js";

/** States by their numbers (RFC 6396 §4.4.1). */
const IDLE = 1;
const OPENCONFIRM = 5;
const ESTABLISHED = 6;
/** The last of so many is longer than configured. */
const FILES_OF_A_NAME = 1_000;

export class MrtWriter implements Observer {
  readonly wantsMessages = true;
  readonly counters: FeedCounters = noCounters();
  readonly #config: MrtConfig;
  readonly #file: FeedFile;
  readonly #now: () => number;
  /** The fixed part of a peer's records. */
  readonly #ends = new WeakMap<ObservedPeer, Buffer>();
  #period = 0;

  /** `now`: milliseconds since 1970. */
  constructor(config: MrtConfig, note: (text: string) => void, now: () => number = Date.now) {
    this.#config = config;
    this.#now = now;
    this.#file = new FeedFile({
      path: () => this.#path(),
      counters: this.counters,
      note: (text) => note(`MRT file of messages: ${text}`),
      mostBytes: config.updates_max_size << 20,
    });
  }

  /** The period's file; when that is full, the first with a number behind it that is not. */
  #path(): string {
    const name = fillPath(this.#config.updates, new Date(this.#now()));
    const full = (path: string) =>
      (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= this.#config.updates_max_size << 20;
    let path = name;
    for (let i = 1; full(path) && i <= FILES_OF_A_NAME; i++) path = `${name}.${i}`;
    return path;
  }

  messages(peer: ObservedPeer, sent: boolean, bytes: Uint8Array): void {
    if (sent && !this.#config.updates_sent) return;
    const { bytes: records, records: count } = messageRecords(this.#tick(), peer, this.#endsOf(peer), sent, bytes);
    if (count > 0) this.#file.append(records, count);
  }

  up(peer: ObservedPeer): void {
    const seconds = this.#tick();
    const ends = this.#endsOf(peer);
    const received = messageRecords(seconds, peer, ends, false, peer.openReceived).bytes;
    const sent = messageRecords(seconds, peer, ends, true, peer.openSent).bytes;
    const opens = this.#config.updates_sent ? [sent, received] : [received];
    for (const open of opens) this.#file.append(open);
    this.#file.append(stateChange(seconds, peer, OPENCONFIRM, ESTABLISHED));
  }

  down(peer: ObservedPeer, { kind, notification }: DownReason): void {
    const seconds = this.#tick();
    const sent = kind !== "remote";
    if (notification && (!sent || this.#config.updates_sent)) {
      this.#file.append(messageRecords(seconds, peer, this.#endsOf(peer), sent, notification).bytes);
    }
    this.#file.append(stateChange(seconds, peer, ESTABLISHED, IDLE));
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #endsOf(peer: ObservedPeer): Buffer {
    let ends = this.#ends.get(peer);
    if (!ends) {
      ends = sessionEnds(peer, peer.fourOctetAs ? 4 : 2);
      this.#ends.set(peer, ends);
    }
    return ends;
  }

  /** The time in seconds; the first record of a period begins another file. */
  #tick(): number {
    const seconds = Math.floor(this.#now() / 1_000);
    const period = Math.floor(seconds / this.#config.updates_interval);
    if (this.#period !== 0 && period !== this.#period) this.#file.turn();
    this.#period = period;
    return seconds;
  }
}
