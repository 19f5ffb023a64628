// `[bgp.message]`: the files of received messages, with yabgp's names for its options.

import { boolean, type Field, integer, text } from "../../base/config.js";

export interface MessageLogConfig {
  readonly write_disk: boolean;
  /** Each peer has a directory in it. */
  readonly write_dir: string;
  /** MiB after which another file begins. */
  readonly write_msg_max_size: number;
  /** True: received KEEPALIVEs, too. */
  readonly write_keepalive: boolean;
}

export const MESSAGE_FIELDS = {
  write_disk: boolean({ fallback: false }),
  write_dir: text({ fallback: "./var/bgp", most: 4_096 }),
  write_msg_max_size: integer(1, 65_536, { fallback: 500 }),
  write_keepalive: boolean({ fallback: false }),
} satisfies { [K in keyof MessageLogConfig]: Field<unknown> };
