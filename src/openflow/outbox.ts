// What is on its way to one switch. Everything that is queued in one turn of the event loop leaves in one write, and all
// changes of that turn share one barrier: Open vSwitch is many times slower when each message comes by itself.

import type { Socket } from "node:net";
import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import { CodecError, MESSAGE, VERSION_1_3 } from "../wasm/openflow.js";
import { countSent, type SessionCounters } from "./counters.js";
import { message } from "./messages.js";
import type { ChangeResult, Requests } from "./requests.js";

/** One or more messages that an operator waits for. */
interface QueuedChange {
  readonly count: number;
  /** Builds the messages with transaction ids from `xid` on; may throw CodecError. */
  pack(xid: number): Uint8Array;
  /** Called when the messages were queued for writing. */
  sent(): void;
  resolve(result: ChangeResult): void;
  reject(error: Error): void;
}

/** How long the last words to a peer that is hung up on may take. */
const LINGER_MS = 1_000;

export class Outbox {
  readonly #socket: Socket;
  readonly #requests: Requests;
  readonly #requestMs: number;
  readonly #counters: SessionCounters;
  /** Of the barriers; agreed on before there are any changes. */
  version: number = VERSION_1_3;
  #messages: Uint8Array[] = [];
  #changes: QueuedChange[] = [];
  #changeCount = 0;
  #changeBytes = 0;
  #scheduled = false;
  #gone: AppError | null = null;

  constructor(socket: Socket, requests: Requests, requestMs: number, counters: SessionCounters) {
    this.#socket = socket;
    this.#requests = requests;
    this.#requestMs = requestMs;
    this.#counters = counters;
  }

  /** Queues a message that is no change. */
  push(bytes: Uint8Array): void {
    this.#messages.push(bytes);
    this.#schedule();
  }

  /** Bytes that the switch has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Writes at once, ahead of what is queued; the bytes stay untouched until they are gone. */
  write(bytes: Uint8Array): void {
    if (this.#gone || this.#socket.destroyed) return;
    countSent(this.#counters, bytes);
    this.#socket.write(bytes);
  }

  /**
   * Queues `count` messages of about `bytes` that `pack` builds; resolves once the switch has passed the barrier after them.
   * Errors: OVERLOADED, TIMED_OUT, UNAVAILABLE (the switch is gone), OPENFLOW_VALUE (a message would be too long).
   */
  change(count: number, bytes: number, pack: (xid: number) => Uint8Array, sent: () => void): Promise<ChangeResult> {
    if (this.#gone) return Promise.reject(this.#gone);
    const waiting = this.#requests.changesInFlight + this.#changeCount + count;
    const unsent = this.#socket.writableLength + this.#changeBytes + bytes;
    if (waiting > LIMITS.openflowChanges || unsent > LIMITS.openflowSendBytes) {
      return Promise.reject(
        new AppError("OVERLOADED", { what: "the switch's change queue", limit: LIMITS.openflowChanges }),
      );
    }
    this.#changeCount += count;
    this.#changeBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#changes.push({ count, pack, sent, resolve, reject });
      this.#schedule();
    });
  }

  /** Writes what there is, hangs up, and fails all changes with `reason`. */
  close(reason: AppError): void {
    this.#gone = reason;
    this.#write();
    // An ERROR that was said last is still delivered, but not to a peer that does not read.
    this.#socket.setTimeout(LINGER_MS, () => this.#socket.destroy());
    this.#socket.destroySoon();
    const changes = this.#changes;
    this.#changes = [];
    for (const change of changes) change.reject(reason);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#gone) this.#flush();
    });
  }

  #flush(): void {
    const changes = this.#changes;
    this.#changes = [];
    this.#changeCount = 0;
    this.#changeBytes = 0;
    if (changes.length > 0) {
      const barrierXid = this.#requests.take(1);
      const due = performance.now() + this.#requestMs;
      for (const change of changes) this.#pack(change, barrierXid, due);
      this.#messages.push(message(MESSAGE.BARRIER_REQUEST, barrierXid, undefined, this.version));
    }
    this.#write();
  }

  #pack(change: QueuedChange, barrierXid: number, due: number): void {
    const { count, resolve, reject } = change;
    const firstXid = this.#requests.take(count);
    try {
      this.#messages.push(change.pack(firstXid));
    } catch (error) {
      reject(
        error instanceof CodecError ? new AppError("OPENFLOW_VALUE", { reason: error.message }) : (error as Error),
      );
      return;
    }
    change.sent();
    this.#requests.addChange({ firstXid, count, barrierXid, due, resolve, reject });
  }

  #write(): void {
    if (this.#messages.length === 0 || this.#socket.destroyed) return;
    const bytes = this.#messages.length === 1 ? (this.#messages[0] as Uint8Array) : Buffer.concat(this.#messages);
    this.#messages = [];
    countSent(this.#counters, bytes);
    this.#socket.write(bytes);
    // A peer that asks without reading the answers must not fill our memory.
    if (this.#socket.writableLength > 2 * LIMITS.openflowSendBytes) this.#socket.destroy();
  }
}
