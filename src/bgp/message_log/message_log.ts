// The observer that keeps what peers say in files of JSON lines, in yabgp's form.

import { type FeedCounters, noCounters } from "../feed_file.js";
import { messageRecord } from "../message_json.js";
import type { DownReason, ObservedPeer, Observer } from "../observer.js";
import type { ViewContext } from "../update_view.js";
import type { MessageLogConfig } from "./config.js";
import { connectErrorText } from "./connect_error.js";
import { PeerLog } from "./peer_log.js";

const HEADER = 19;
/** BGP's message types, which are yabgp's record types, too; SESSION: a connection was lost, or could not be made. */
const TYPE = { session: 0, open: 1, notification: 3, keepalive: 4 } as const;

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

export class MessageLog implements Observer {
  readonly wantsMessages = true;
  readonly counters: FeedCounters = noCounters();
  readonly #config: MessageLogConfig;
  readonly #note: (text: string) => void;
  readonly #now: () => number;
  readonly #logs = new Map<string, PeerLog>();

  /** `now`: milliseconds since 1970. */
  constructor(config: MessageLogConfig, note: (text: string) => void, now: () => number = Date.now) {
    this.#config = config;
    this.#note = note;
    this.#now = now;
  }

  messages(peer: ObservedPeer, sent: boolean, bytes: Uint8Array): void {
    if (sent) return;
    const context: ViewContext = {
      fourOctetAs: peer.fourOctetAs,
      addPath: (family) => peer.addPathIn.includes(family),
    };
    const all = asBuffer(bytes);
    const records: { type: number; msg: unknown }[] = [];
    for (let at = 0; at + HEADER <= all.length; ) {
      const next = at + Math.max(all.readUInt16BE(at + HEADER - 3), HEADER);
      if (this.#wanted(all[at + HEADER - 1] as number)) records.push(messageRecord(all.subarray(at, next), context));
      at = next;
    }
    this.#log(peer.address).append(records);
  }

  /** OPENs and NOTIFICATIONs are told of by up() and down(). */
  #wanted(type: number): boolean {
    if (type === TYPE.keepalive) return this.#config.write_keepalive;
    return type !== TYPE.open && type !== TYPE.notification;
  }

  up(peer: ObservedPeer): void {
    const context: ViewContext = { fourOctetAs: true, addPath: () => false };
    const opens = [peer.openSent, peer.openReceived].map((open) => messageRecord(asBuffer(open), context));
    this.#log(peer.address).append(opens);
  }

  down(peer: ObservedPeer, { kind, notification }: DownReason): void {
    const context: ViewContext = { fourOctetAs: true, addPath: () => false };
    const said = kind === "remote" && notification ? [messageRecord(asBuffer(notification), context)] : [];
    this.#last(peer.address, [...said, { type: TYPE.session, msg: null }]);
  }

  unreachable(address: string, error: NodeJS.ErrnoException | null): void {
    this.#last(address, [{ type: TYPE.session, msg: connectErrorText(error) }]);
  }

  /** Appends records behind which none are expected for a while: the file is closed. */
  #last(address: string, records: readonly { readonly type: number; readonly msg: unknown }[]): void {
    const log = this.#log(address);
    log.append(records);
    const { uses } = log;
    void log.close().then(() => {
      if (log.uses === uses) this.#logs.delete(address);
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }

  #log(address: string): PeerLog {
    let log = this.#logs.get(address);
    if (!log) {
      const shared = { counters: this.counters, note: this.#note, now: this.#now };
      log = new PeerLog(this.#config, address, shared);
      this.#logs.set(address, log);
    }
    return log;
  }
}
