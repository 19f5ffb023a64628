// Attempts at a connection with a peer, one at a time: dialled, then handed over, failed or dropped.

import type { Socket } from "node:net";
import { reasonOf } from "../base/errors.js";
import type { PeerConfig } from "./config.js";
import type { Dial } from "./dial.js";

export interface DialerEvents {
  connected(socket: Socket): void;
  failed(error: NodeJS.ErrnoException): void;
  /** A line for the log. */
  note(text: string): void;
}

export class Dialer {
  readonly #dial: Dial;
  readonly #events: DialerEvents;
  #socket: Socket | null = null;

  constructor(dial: Dial, events: DialerEvents) {
    this.#dial = dial;
    this.#events = events;
  }

  /** Begins an attempt. */
  connect(config: PeerConfig): void {
    let socket: Socket;
    try {
      socket = this.#dial(config);
    } catch (error) {
      this.#events.note(`cannot be dialled: ${reasonOf(error)}`);
      this.#events.failed(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#socket = socket;
    let failure: NodeJS.ErrnoException = new Error("the connection was closed");
    socket.on("error", (error) => {
      failure = error;
    });
    socket.once("connect", () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#events.connected(socket);
    });
    socket.once("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#events.failed(failure);
    });
  }

  /** Drops the attempt under way, if there is one. True: there was. */
  drop(): boolean {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
    return socket !== null;
  }
}
