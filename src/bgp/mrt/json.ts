// MRT records as JSON: one object a message, a state change or a route, with the `msg` of yabgp's message files.

import { formatAddress as address } from "../../base/ip.js";
import { FLAG } from "../../wasm/bgp_numbers.js";
import { encodeAttribute, walkAttributes } from "../attributes.js";
import { familyByNumbers } from "../families.js";
import { messageRecord } from "../message_json.js";
import { addressHop, rawNlri } from "../nlri/codec.js";
import { withPathId } from "../nlri/items.js";
import { isMalformed, updateView } from "../update_view.js";
import { type MrtContent, MrtFault, type MrtPeer, type MrtRoute } from "./decode.js";
import type { MrtRecord } from "./framer.js";

type Message = MrtContent & { readonly kind: "message" };
type Routes = MrtContent & { readonly kind: "routes" };
type Json = Record<string, unknown>;

const HEADER = 19;
/** States of a session (RFC 6396 §4.4.1), from 1. */
const STATES = ["", "IDLE", "CONNECT", "ACTIVE", "OPENSENT", "OPENCONFIRM", "ESTABLISHED"];

function messageJson(content: Message): { type: number; msg: unknown } {
  const { message: recorded, asBytes, addPath } = content;
  if (recorded.length < HEADER) throw new MrtFault(`a message of ${recorded.length} bytes`);
  const length = recorded.readUInt16BE(16);
  if (length < HEADER || length > recorded.length) {
    throw new MrtFault(`a message that says it has ${length} bytes, in a record with ${recorded.length}`);
  }
  return messageRecord(recorded.subarray(0, length), { fourOctetAs: asBytes === 4, addPath: () => addPath });
}

/** The next hop of a route: 14 is nothing but itself (RFC 6396 §4.3.4), or the whole attribute. */
function reachJson(value: Buffer, { afi, safi }: Routes): Json {
  const bare = value.length === 1 + (value[0] ?? 0);
  const hop = bare ? value.subarray(1) : value.subarray(4, 4 + (value[3] ?? 0));
  return { afi_safi: [afi, safi], ...(familyByNumbers(afi, safi)?.hop ?? addressHop).decode(hop) };
}

/** A route's attributes. Of malformed ones `attr` has those before the first bad one, and `hex` has all. */
function attributesJson(attributes: Buffer, content: Routes): { attr: Json; hex?: string } {
  let reach: Buffer | null = null;
  let end = 0;
  const others: Buffer[] = [];
  for (const { flags, code, value } of walkAttributes(attributes)) {
    end += (flags & FLAG.extendedLength ? 4 : 3) + value.length;
    if (code === 14) reach ??= value;
    else others.push(encodeAttribute(flags & ~FLAG.extendedLength, code, value));
  }
  if (end !== attributes.length) throw new MrtFault("its attributes end within an attribute");
  const rest = Buffer.concat(others);
  // As an UPDATE without prefixes: its view judges what the codecs take on trust.
  const head = Buffer.alloc(HEADER + 4);
  head.writeUInt16BE(rest.length, HEADER + 2);
  const record = updateView(Buffer.concat([head, rest]), { fourOctetAs: content.asBytes === 4, addPath: () => false });
  const attr = reach ? { ...record.attr, 14: reachJson(reach, content) } : record.attr;
  return isMalformed(record) ? { attr, hex: attributes.toString("hex") } : { attr };
}

function routeJson(content: Routes, { nlri, pathId, originated, attributes }: MrtRoute): Json {
  const family = familyByNumbers(content.afi, content.safi);
  const item = (family?.nlri ?? rawNlri).decode(nlri, false);
  return {
    ...attributesJson(attributes, content),
    nlri: [withPathId(item, content.addPath ? pathId : null)],
    afi_safi: family?.name ?? `${content.afi}/${content.safi}`,
    originated,
  };
}

const ends = (peer: MrtPeer, local: MrtPeer): Json => ({
  peer: address(peer.address),
  peer_as: peer.as,
  local: address(local.address),
  local_as: local.as,
});

function* objects(content: MrtContent): Generator<Json> {
  if (content.kind === "message") {
    const { type, msg } = messageJson(content);
    yield { type, ...ends(content.peer, content.local), sent: content.sent, msg };
  } else if (content.kind === "state") {
    const state = (number: number) => STATES[number] ?? number;
    const msg = { from: state(content.from), to: state(content.to) };
    yield { type: 0, ...ends(content.peer, content.local), msg };
  } else if (content.kind === "routes") {
    for (const route of content.routes) {
      const { address: bytes, as } = route.peer;
      yield { type: "route", peer: address(bytes), peer_as: as, msg: routeJson(content, route) };
    }
  } else if (content.kind === "peers") {
    const id = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
    const peers = content.peers.map((peer) => ({ peer: address(peer.address), peer_as: peer.as, bgp_id: id(peer.id) }));
    yield { type: "peers", msg: { bgp_id: id(content.collector), view: content.view, peers } };
  }
}

/**
 * The lines of a record, each with its end; "" when it has none. `t` is in seconds, `seq` the number of the record,
 * `type` the message's (6: a malformed UPDATE), 0 for a change of state, or `route` or `peers`. Throws MrtFault.
 */
export function recordJson({ time, micros }: MrtRecord, content: MrtContent, sequence: number): string {
  const t = micros < 0 ? time : time + micros / 1e6;
  let text = "";
  try {
    for (const json of objects(content)) text += `${JSON.stringify({ t, seq: sequence, ...json })}\n`;
  } catch (error) {
    // Values that a session would have refused: the codecs take what has passed the decoder.
    throw error instanceof RangeError ? new MrtFault(error.message) : error;
  }
  return text;
}
