// The event stream, in the worker's thread: what happens to sessions and what goes over them, as JSON texts in batches
// for control, which hands them to the clients of /v1/events. Nothing is copied or rendered while nobody listens, and
// no more is rendered than control has taken the like of: what is over that is counted, and told to the clients.

import { MSG } from "../wasm/bgp_numbers.js";
import { type EventBatch as Batch, EventQueue } from "../workers/event_queue.js";
import { bytesText } from "./capabilities.js";
import { errorTexts } from "./notification_texts.js";
import type { DownReason, ObservedPeer, Observer } from "./observer.js";
import { isMalformed, updateView } from "./update_view.js";

export const EVENT_TYPES = ["session", "update", "notification", "refresh"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What control's clients together want to hear of. */
export interface EventInterest {
  readonly types: readonly EventType[];
  readonly received: boolean;
  readonly sent: boolean;
  /** Addresses, null all. */
  readonly peers: readonly string[] | null;
}

export interface BgpEvent {
  readonly type: EventType;
  readonly peer: string;
  /** False for what was received and for sessions. */
  readonly sent: boolean;
  /** The family of an update, null where there is none to tell. */
  readonly family: string | null;
  /** The event as a JSON object. */
  readonly text: string;
}

export type EventBatch = Batch<BgpEvent>;

const HEADER_BYTES = 19;
const SAFI_AT = HEADER_BYTES + 3;

interface Rendered {
  /** The record's `type`: yabgp's number. */
  readonly type: number;
  readonly msg: unknown;
  readonly family: string | null;
}

type Render = (message: Buffer, peer: ObservedPeer, sent: boolean) => Rendered;

const update: Render = (message, peer, sent) => {
  const paths = sent ? peer.addPathOut : peer.addPathIn;
  const msg = updateView(message, { fourOctetAs: peer.fourOctetAs, addPath: (family) => paths.includes(family) });
  return isMalformed(msg) ? { type: 6, msg, family: null } : { type: 2, msg, family: msg.afi_safi };
};

const notification: Render = (message) => {
  const names = errorTexts(message[HEADER_BYTES] ?? 0, message[HEADER_BYTES + 1] ?? 0);
  const data = bytesText(message.subarray(HEADER_BYTES + 2));
  return { type: 3, msg: { ...names, data }, family: null };
};

const refresh: Render = (message) => {
  const type = message[HEADER_BYTES - 1] as number;
  if (message.length <= SAFI_AT) return { type, msg: null, family: null };
  const msg = { afi: message.readUInt16BE(HEADER_BYTES), res: message[SAFI_AT - 1], safi: message[SAFI_AT] };
  return { type, msg, family: null };
};

/** Message types that are events. */
const KINDS: Readonly<Record<number, { readonly type: EventType; readonly render: Render }>> = {
  [MSG.update]: { type: "update", render: update },
  [MSG.notification]: { type: "notification", render: notification },
  [MSG.routeRefresh]: { type: "refresh", render: refresh },
  [MSG.ciscoRefresh]: { type: "refresh", render: refresh },
};

/** What went wrong, for the event of a lost session. */
function downJson({ kind, notification: message }: DownReason): Record<string, unknown> {
  if (!message || message.length < HEADER_BYTES + 2) return { reason: kind };
  const [code, subcode] = [message[HEADER_BYTES] as number, message[HEADER_BYTES + 1] as number];
  return { reason: kind, code, subcode, ...errorTexts(code, subcode) };
}

export class EventStream implements Observer {
  readonly #queue: EventQueue<BgpEvent>;
  #interest: EventInterest | null = null;
  #peers: ReadonlySet<string> | null = null;

  constructor(emit: (batch: EventBatch) => void) {
    this.#queue = new EventQueue(emit);
  }

  /** What is wanted from now on; null: nothing. */
  subscribe(interest: EventInterest | null): void {
    this.#interest = interest;
    this.#peers = interest?.peers ? new Set(interest.peers) : null;
    if (!interest) this.#queue.clear();
  }

  /** Control has handed out `count` events. */
  taken(count: number): void {
    this.#queue.taken(count);
  }

  get wantsMessages(): boolean {
    return this.#interest?.types.some((type) => type !== "session") ?? false;
  }

  messages(peer: ObservedPeer, sent: boolean, bytes: Uint8Array): void {
    const interest = this.#interest;
    if (!interest || !(sent ? interest.sent : interest.received) || !this.#hears(peer.address)) return;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + HEADER_BYTES <= buffer.length; ) {
      const end = at + Math.max(HEADER_BYTES, buffer.readUInt16BE(at + HEADER_BYTES - 3));
      const kind = KINDS[buffer[at + HEADER_BYTES - 1] as number];
      if (kind && interest.types.includes(kind.type)) {
        const whole = buffer.subarray(at, end);
        this.#queue.push(() => messageEvent(kind, peer, sent, whole));
      }
      at = end;
    }
  }

  up(peer: ObservedPeer): void {
    this.#session(peer, { fsm: "ESTABLISHED", reason: null });
  }

  down(peer: ObservedPeer, reason: DownReason): void {
    this.#session(peer, { fsm: "IDLE", ...downJson(reason) });
  }

  close(): void {
    this.#queue.close();
    this.subscribe(null);
  }

  #hears(address: string): boolean {
    return this.#peers === null || this.#peers.has(address);
  }

  #session(peer: ObservedPeer, what: Record<string, unknown>): void {
    if (!this.#interest?.types.includes("session") || !this.#hears(peer.address)) return;
    this.#queue.push(() => {
      const { address, remoteAs, localAs } = peer;
      const record = { t: Date.now() / 1000, peer: address, type: "session", ...what };
      const text = JSON.stringify({ ...record, remote_as: remoteAs, local_as: localAs });
      return { type: "session", peer: address, sent: false, family: null, text };
    });
  }
}

function messageEvent(kind: (typeof KINDS)[number], peer: ObservedPeer, sent: boolean, message: Buffer): BgpEvent {
  const { type, msg, family } = kind.render(message, peer, sent);
  const direction = sent ? "sent" : "received";
  const text = JSON.stringify({ t: Date.now() / 1000, peer: peer.address, type, direction, msg });
  return { type: kind.type, peer: peer.address, sent, family, text };
}
