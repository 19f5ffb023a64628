// Sends a peer what it is meant to have: all of Adj-RIB-Out of one family, when its session comes up or it asks
// (RFC 2918 §4). Prefixes with the same attributes share messages.

import type { BgpModule } from "../wasm/bgp.js";
import { ATTR, FLAG, MSG } from "../wasm/bgp_numbers.js";
import type { RibSlot, SetHandle } from "../wasm/bgp_types.js";
import { narrowAttributes, walkAttributes } from "./attributes.js";
import type { Connection } from "./connection.js";

const ROWS_AT_ONCE = 10_000;
/** Prefix bytes in one call of the encoder: its messages then fit into its buffer. */
const NLRI_BYTES = 64 << 10;

/** How many messages are in a run of whole ones. */
export function messageCount(messages: Buffer): number {
  let count = 0;
  for (let at = 0; at < messages.length; at += messages.readUInt16BE(at + 16)) count++;
  return count;
}

/** The attributes of a set as they are sent, and the next hop that its MP_REACH_NLRI holds. */
function outgoing(bytes: Buffer, fourOctetAs: boolean): { attributes: Buffer; hop: Buffer | null } {
  const first = walkAttributes(bytes).next().value;
  const mp = first && first.code === ATTR.mpReach ? first : null;
  const hop = mp ? Buffer.from(mp.value.subarray(4)) : null;
  const head = mp ? mp.value.length + ((mp.flags & FLAG.extendedLength) !== 0 ? 4 : 3) : 0;
  const rest = bytes.subarray(head);
  return { attributes: fourOctetAs ? rest : narrowAttributes(rest), hop };
}

/**
 * Sends all prefixes of the family. Returns how many could not be: on this session, other than on the one that they
 * were announced on, their attributes leave no room for a prefix in a message.
 */
export function replay(
  module: BgpModule,
  rib: RibSlot,
  family: number,
  fourOctetAs: boolean,
  connection: Connection,
): number {
  const groups = new Map<SetHandle, Buffer[]>();
  for (let cursor = 0; cursor >= 0; ) {
    const { rows, next } = module.scan(rib, family, cursor, ROWS_AT_ONCE);
    for (const { set, prefix, length } of rows) {
      const wire = Buffer.concat([Uint8Array.of(length), prefix.subarray(0, (length + 7) >> 3)]);
      const group = groups.get(set);
      if (group) group.push(wire);
      else groups.set(set, [wire]);
    }
    cursor = next;
  }
  let unsent = 0;
  for (const [set, prefixes] of groups) {
    const { attributes, hop } = outgoing(module.attributes(set), fourOctetAs);
    let chunk: Buffer[] = [];
    let bytes = 0;
    const flush = () => {
      if (chunk.length === 0) return;
      try {
        const messages = module.encodeAnnounce(family, attributes, hop, Buffer.concat(chunk));
        connection.send(MSG.update, messages, messageCount(messages));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        unsent += chunk.length;
      }
      chunk = [];
      bytes = 0;
    };
    for (const prefix of prefixes) {
      chunk.push(prefix);
      bytes += prefix.length;
      if (bytes > NLRI_BYTES) flush();
    }
    flush();
  }
  return unsent;
}
