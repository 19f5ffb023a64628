// What topology tells those who want to know of changes. Nothing is made for an event while there is no listener.

import type { Link, Node } from "./records.js";

export interface NetListener {
  /** `changed`: it is direct that was multihop, or the other way round. */
  link(what: "up" | "down" | "changed", link: Link): void;
  /** `moved`: at another port now. */
  node(what: "up" | "moved" | "gone", node: Node): void;
}

/** The listener of the moment; null: nobody listens. */
export interface Listening {
  listener: NetListener | null;
}
