// Fairness among switches: one that has sent many messages at a time is not read on until the others had their turn.

import type { Socket } from "node:net";
import { LIMITS } from "../base/limits.js";

export class Turn {
  readonly #socket: Socket;
  #left: number = LIMITS.openflowFramesPerTurn;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Counts messages that were handled. Their sum is not reset between turns: a pause too many costs next to nothing. */
  spend(messages: number): void {
    this.#left -= messages;
    if (this.#left > 0) return;
    this.#left = LIMITS.openflowFramesPerTurn;
    this.#socket.pause();
    setImmediate(() => {
      if (!this.#socket.destroyed) this.#socket.resume();
    });
  }
}
