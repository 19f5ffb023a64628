// Which messages a switch sends unasked, by role (spec §6.3.5, §7.3.10), and how it treats fragments and misses (§7.3.2).
// One row a kind of message; index = reason = bit.

export const ASYNC_ROWS = [
  { name: "packet_in", reasons: ["no_match", "action", "invalid_ttl"] },
  { name: "port_status", reasons: ["add", "delete", "modify"] },
  { name: "flow_removed", reasons: ["idle_timeout", "hard_timeout", "delete", "group_delete"] },
] as const;
export type AsyncKind = (typeof ASYNC_ROWS)[number]["name"];

/** Bits by reason. */
export interface AsyncMasks {
  /** While we are master or equal. */
  readonly masterEqual: number;
  readonly slave: number;
}
export type AsyncConfig = Readonly<Record<AsyncKind, AsyncMasks>>;

const HEADER = 8;

function view(frame: Uint8Array): Buffer {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}

/** A GET_ASYNC_REPLY (header included, length checked). */
export function readAsync(frame: Uint8Array): AsyncConfig {
  const bytes = view(frame);
  const kinds = ASYNC_ROWS.map(({ name }, i): [AsyncKind, AsyncMasks] => {
    const at = HEADER + 8 * i;
    return [name, { masterEqual: bytes.readUInt32BE(at), slave: bytes.readUInt32BE(at + 4) }];
  });
  return Object.fromEntries(kinds) as Record<AsyncKind, AsyncMasks>;
}

/** The body of a SET_ASYNC. */
export function asyncBody(config: AsyncConfig): Buffer {
  const body = Buffer.alloc(8 * ASYNC_ROWS.length);
  for (const [i, { name }] of ASYNC_ROWS.entries()) {
    body.writeUInt32BE(config[name].masterEqual, 8 * i);
    body.writeUInt32BE(config[name].slave, 8 * i + 4);
  }
  return body;
}

/** OFPC_FRAG_*: bits of a switch's configuration. */
export const CONFIG_FLAGS = ["frag_drop", "frag_reasm"] as const;

export interface SwitchConfig {
  /** Bits by CONFIG_FLAGS. */
  readonly flags: number;
  /** Bytes of a packet that are sent on a miss; 65535 (OFPCML_NO_BUFFER): all. */
  readonly missSendLen: number;
}

/** A GET_CONFIG_REPLY (header included, length checked). */
export function readSwitchConfig(frame: Uint8Array): SwitchConfig {
  const bytes = view(frame);
  return { flags: bytes.readUInt16BE(HEADER), missSendLen: bytes.readUInt16BE(HEADER + 2) };
}

/** The body of a SET_CONFIG. */
export function switchConfigBody({ flags, missSendLen }: SwitchConfig): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt16BE(flags, 0);
  body.writeUInt16BE(missSendLen, 2);
  return body;
}
