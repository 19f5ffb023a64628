// One TCP connection to a peer: bytes in to Wasm and on to the session, messages out through a bounded queue.
// No state machine here. Nothing that a peer sends makes this throw.

import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { LIMITS } from "../base/limits.js";
import type { BgpModule } from "../wasm/bgp.js";
import { INPUT_BYTES, MESSAGE_BYTES_EXTENDED, MSG, NOTIFY, STOP } from "../wasm/bgp_numbers.js";
import type { MalformedUpdate, NotificationContent, RibSlot } from "../wasm/bgp_types.js";

/** Messages by kind, as yabgp's statistic names them. */
export interface MessageCounts {
  Opens: number;
  Updates: number;
  Notifications: number;
  Keepalives: number;
  RouteRefresh: number;
}

export interface Statistic {
  readonly receive: MessageCounts;
  readonly send: MessageCounts;
}

export const noMessages = (): MessageCounts => ({
  Opens: 0,
  Updates: 0,
  Notifications: 0,
  Keepalives: 0,
  RouteRefresh: 0,
});

const COUNTER: Record<number, keyof MessageCounts> = {
  [MSG.open]: "Opens",
  [MSG.update]: "Updates",
  [MSG.notification]: "Notifications",
  [MSG.keepalive]: "Keepalives",
  [MSG.routeRefresh]: "RouteRefresh",
  [MSG.ciscoRefresh]: "RouteRefresh",
};

/** What a connection tells its session. */
export interface ConnectionEvents {
  message(type: number, message: Buffer): void;
  /** UPDATEs have been decoded: they are to be applied, and the batch ended. False without memory. */
  batch(): boolean;
  /** So many UPDATEs have gone to the RIB. */
  updates(count: number): void;
  /** UPDATEs were not taken as they came. Told before what is done about it. */
  malformed(update: MalformedUpdate): void;
  /** What came is no BGP, or memory is full: the NOTIFICATION that is due. */
  error(content: NotificationContent): void;
  /** `failed`: our end has given the connection up (no answer, no way there); else the peer has closed or reset it. */
  closed(failed: boolean): void;
  /** The queue was full and has room again. */
  drained(): void;
  /** Messages have been counted. */
  counted(): void;
}

/** Sees whole messages, as they went over the wire. The bytes are valid during the call only. */
export type Tap = (sent: boolean, bytes: Uint8Array) => void;

/** Errors of a socket that tell what the peer has done. */
const BY_PEER: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);
/** How long a closed connection may take to send its last NOTIFICATION. */
const LINGER_MS = 1_000;
/** What is read in one turn of the event loop: some 3,000 prefixes, so that a page of routes waits a few ms. */
const TURN_BYTES = 64 << 10;
/** What is left of the input beside the longest message that may not have come whole. */
const CHUNK_BYTES = INPUT_BYTES - MESSAGE_BYTES_EXTENDED;

export class Connection {
  readonly outgoing: boolean;
  readonly statistic: Statistic = { receive: noMessages(), send: noMessages() };
  /** UPDATEs go to the RIB only when the session is established. */
  established = false;
  tap: Tap | null = null;
  readonly #socket: Socket;
  readonly #module: BgpModule;
  readonly #rib: RibSlot;
  readonly #events: ConnectionEvents;
  #rest: Buffer | null = null;
  #open = true;
  #full = false;
  #failed = false;
  #progressAt = 0;
  /** What has come in this turn of the event loop. */
  #turnBytes = 0;
  /** One for all writes: the socket calls it when bytes have gone to the kernel. */
  readonly #written = () => {
    this.#progressAt = performance.now();
    if (!this.#full || this.#socket.writableLength > LIMITS.bgpWriteLowBytes) return;
    this.#full = false;
    if (this.#open) this.#events.drained();
  };

  constructor(socket: Socket, outgoing: boolean, module: BgpModule, rib: RibSlot, events: ConnectionEvents) {
    this.#socket = socket;
    this.outgoing = outgoing;
    this.#module = module;
    this.#rib = rib;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", ({ code = "" }: NodeJS.ErrnoException) => {
      this.#failed = !BY_PEER.has(code);
    });
    socket.on("close", () => this.#gone());
    socket.on("end", () => this.#gone());
  }

  /** Our end's address. */
  get localAddress(): string {
    return (this.#socket.localAddress ?? "").replace(/^::ffff:/, "");
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }

  /** True from the high water mark on until `drained`: who has much to send waits. */
  get full(): boolean {
    return this.#full;
  }

  /** When the peer last took bytes (ms of performance.now()), Infinity when none are waiting for it. */
  get progressAt(): number {
    return this.#socket.writableLength === 0 ? Number.POSITIVE_INFINITY : this.#progressAt;
  }

  /** Bytes that wait for the socket. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends whole messages of one type. A peer that does not read for long is given up. */
  send(type: number, bytes: Uint8Array, count = 1): void {
    if (!this.#open) return;
    const counter = COUNTER[type];
    if (counter) this.statistic.send[counter] += count;
    this.#events.counted();
    this.tap?.(true, bytes);
    if (this.#socket.writableLength === 0) this.#progressAt = performance.now();
    this.#socket.write(bytes, this.#written);
    if (this.#socket.writableLength >= LIMITS.bgpWriteHighBytes) this.#full = true;
    // Not at once: the sender may be in the middle of a batch for all peers.
    if (this.#socket.writableLength > LIMITS.bgpWriteQueueBytes * 4) {
      setImmediate(() => this.#open && this.#events.error({ notify: NOTIFY.resources, data: new Uint8Array() }));
    }
  }

  /** Sends bytes that need be no messages; they count as none. */
  sendRaw(bytes: Uint8Array): void {
    if (this.#open) this.#socket.write(bytes, this.#written);
  }

  /** Closes once what was sent has gone out. No event follows. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    const socket = this.#socket;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.on("close", () => clearTimeout(timer));
    socket.resume();
  }

  #gone(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.destroy();
    this.#events.closed(this.#failed);
  }

  #take(chunk: Buffer): void {
    this.#yield(chunk.length);
    for (let from = 0; from < chunk.length && this.#open; from += CHUNK_BYTES) {
      this.#module.begin(this.#rest, chunk.subarray(from, from + CHUNK_BYTES));
      this.#work();
    }
  }

  /**
   * Stops reading for the rest of a turn of the event loop in which much has come: else a table that comes all at once
   * would hold up everything else.
   */
  #yield(bytes: number): void {
    this.#turnBytes += bytes;
    if (this.#turnBytes === bytes) setImmediate(() => this.#goOn());
    if (this.#turnBytes >= TURN_BYTES) this.#socket.pause();
  }

  #goOn(): void {
    const paused = this.#turnBytes >= TURN_BYTES;
    this.#turnBytes = 0;
    if (paused && this.#open) this.#socket.resume();
  }

  #work(): void {
    while (this.#open) {
      const stop = this.#module.next(this.#rib, this.established);
      const updates = this.established ? this.#module.updates : 0;
      if (stop === STOP.needMore) this.#rest = this.#module.rest();
      // Taken before the session acts: what it does may use the module for something else.
      const type = stop === STOP.message ? this.#module.messageType : 0;
      const message = stop === STOP.message ? this.#module.takeMessage() : null;
      const fault = stop === STOP.reset ? this.#module.notification() : null;
      const malformed = this.established ? this.#module.malformed() : null;
      if (malformed) this.#events.malformed(malformed);
      let applied = true;
      if (updates > 0) {
        this.#tapUpdates();
        this.statistic.receive.Updates += updates;
        applied = this.#events.batch();
        this.#events.updates(updates);
        this.#events.counted();
      }
      if (!this.#open || (applied && stop === STOP.needMore)) return;
      if (applied && stop === STOP.recordsFull) continue;
      if (message) {
        this.tap?.(false, message);
        const counter = COUNTER[type];
        if (counter) this.statistic.receive[counter]++;
        this.#events.counted();
        this.#events.message(type, message);
      } else if (stop !== STOP.needMore || !applied) {
        this.#events.error(fault ?? { notify: NOTIFY.resources, data: new Uint8Array() });
        // The session has closed the connection: what is left of the bytes is dropped.
        return;
      }
    }
  }

  /** UPDATEs that the module has used up without handing them over: whole, one after another. */
  #tapUpdates(): void {
    if (this.tap) this.tap(false, this.#module.consumed());
  }
}
