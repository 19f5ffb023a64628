// The threads of this process, for tests that let one die.

import { Worker } from "node:worker_threads";
import type { Teardown } from "./cleanup.js";

/** The threads that are spoken to from now on, in the order of their first message. */
export function threads(t: Teardown): Set<Worker> {
  const found = new Set<Worker>();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker["postMessage"]>) {
    found.add(this);
    return postMessage.apply(this, args);
  };
  t.teardown(() => {
    Worker.prototype.postMessage = postMessage;
  });
  return found;
}
