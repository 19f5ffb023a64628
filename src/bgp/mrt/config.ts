// `[bgp.mrt]`: files of messages, and snapshots of the RIB.

import { boolean, type Field, integer } from "../../base/config.js";
import { isPathTemplate } from "../path_template.js";

/** A path with the time in it; "" for none. */
const template: Field<string> = {
  allowed: 'a path, absolute or from where sennit runs, with %Y %m %d %H %M %S for the time (UTC), or ""',
  fallback: "",
  read: (value) => (typeof value === "string" && value.length <= 4_096 && isPathTemplate(value) ? value : undefined),
};

export interface MrtConfig {
  /** Files of messages and changes of state. */
  readonly updates: string;
  /** Seconds after which another file begins, counted from midnight UTC. */
  readonly updates_interval: number;
  /** MiB after which another file begins. */
  readonly updates_max_size: number;
  /** True: what we send is recorded, too. */
  readonly updates_sent: boolean;
  /** Snapshots of all Adj-RIBs-In. */
  readonly rib: string;
  /** Seconds between snapshots, counted from midnight UTC; 0: only on command. */
  readonly rib_interval: number;
}

export const MRT_FIELDS = {
  updates: template,
  updates_interval: integer(60, 86_400, { fallback: 900 }),
  updates_max_size: integer(1, 65_536, { fallback: 1_024 }),
  updates_sent: boolean({ fallback: false }),
  rib: template,
  rib_interval: integer(0, 86_400, { fallback: 0 }),
} satisfies { [K in keyof MrtConfig]: Field<unknown> };
