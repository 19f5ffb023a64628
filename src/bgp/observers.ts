// All observers of a speaker as one.

import type { Tap } from "./connection.js";
import type { DownReason, ObservedPeer, Observer } from "./observer.js";

export class Observers {
  readonly #all = new Set<Observer>();
  /** Peers that are up: who joins later is told of them. */
  readonly #up = new Set<ObservedPeer>();

  /** Adds an observer; it is told of the sessions that there are. */
  add(observer: Observer): void {
    this.#all.add(observer);
    for (const peer of this.#up) observer.up(peer);
  }

  remove(observer: Observer): void {
    this.#all.delete(observer);
  }

  /** What a connection calls with messages; costs nothing while nobody wants them. */
  tap(peer: ObservedPeer): Tap {
    return (sent, bytes) => {
      for (const observer of this.#all) if (observer.wantsMessages) observer.messages(peer, sent, bytes);
    };
  }

  up(peer: ObservedPeer): void {
    this.#up.add(peer);
    for (const observer of this.#all) observer.up(peer);
  }

  down(peer: ObservedPeer, reason: DownReason): void {
    this.#up.delete(peer);
    for (const observer of this.#all) observer.down(peer, reason);
  }

  unreachable(address: string, error: NodeJS.ErrnoException | null): void {
    for (const observer of this.#all) observer.unreachable?.(address, error);
  }

  async close(): Promise<void> {
    for (const observer of this.#all) await observer.close();
    this.#all.clear();
  }
}
