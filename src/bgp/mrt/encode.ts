// MRT records from what a session says and what a RIB holds.

import { parseAddress } from "../../base/ip.js";
import { walkAttributes } from "../attributes.js";
import { FAMILIES } from "../families.js";
import type { ObservedPeer } from "../observer.js";
import type { DumpedPeer, DumpedRoute } from "../rib_source.js";
import { MRT, MRT_HEADER, ribSubtype, SUBTYPE } from "./numbers.js";

const AS_TRANS = 23456;
const BGP_HEADER = 19;
const UPDATE = 2;
const EXTENDED_LENGTH = 0x10;

/** One record; `parts` are its body. */
function record(seconds: number, type: number, subtype: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(MRT_HEADER);
  head.writeUInt32BE(seconds >>> 0, 0);
  head.writeUInt16BE(type, 4);
  head.writeUInt16BE(subtype, 6);
  head.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.length, 0),
    8,
  );
  return Buffer.concat([head, ...parts]);
}

function addressBytes(text: string): Uint8Array {
  return parseAddress(text) ?? new Uint8Array(4);
}

/** RFC 6396 §4.4.1: both AS numbers, interface 0, address family, both addresses. Always of one family. */
export function sessionEnds(peer: ObservedPeer, asBytes: 2 | 4): Buffer {
  const remote = addressBytes(peer.address);
  const local = addressBytes(peer.localAddress);
  const same = local.length === remote.length ? local : new Uint8Array(remote.length);
  const head = Buffer.alloc(2 * asBytes + 4);
  const as = (number: number) => (asBytes === 2 && number > 0xffff ? AS_TRANS : number);
  head.writeUIntBE(as(peer.remoteAs), 0, asBytes);
  head.writeUIntBE(as(peer.localAs), asBytes, asBytes);
  head.writeUInt16BE(remote.length === 16 ? 2 : 1, 2 * asBytes + 2);
  return Buffer.concat([head, remote, same]);
}

/** A change of state (RFC 6396 §4.4.1), with the states' numbers: 1 idle to 6 established. */
export function stateChange(seconds: number, peer: ObservedPeer, from: number, to: number): Buffer {
  const states = Buffer.alloc(4);
  states.writeUInt16BE(from, 0);
  states.writeUInt16BE(to, 2);
  return record(seconds, MRT.bgp4mp, SUBTYPE.stateChangeAs4, sessionEnds(peer, 4), states);
}

/** The index in FAMILIES of what an UPDATE is about: of its own prefixes, else of its first MP attribute; -1 unknown. */
function updateFamily(bytes: Buffer, at: number, end: number): number {
  const withdrawn = at + BGP_HEADER + 2 + bytes.readUInt16BE(at + BGP_HEADER);
  if (withdrawn + 2 > end) return -1;
  const attributes = withdrawn + 2 + bytes.readUInt16BE(withdrawn);
  for (let next = withdrawn + 2; next + 4 < attributes && attributes <= end; ) {
    const extended = ((bytes[next] as number) & EXTENDED_LENGTH) !== 0;
    const value = next + (extended ? 4 : 3);
    if (bytes[next + 1] === 14 || bytes[next + 1] === 15) {
      const [afi, safi] = [bytes.readUInt16BE(value), bytes[value + 2]];
      return FAMILIES.findIndex((family) => family.afi === afi && family.safi === safi);
    }
    next = value + (extended ? bytes.readUInt16BE(next + 2) : (bytes[next + 2] as number));
  }
  return 0;
}

/** The subtype of a message: by the width of its AS numbers, its direction, and by whether path identifiers are in it. */
function messageSubtype(fourOctetAs: boolean, sent: boolean, addPath: boolean): number {
  const as4 = fourOctetAs ? 1 : 0;
  if (addPath) return (sent ? 10 : 8) + as4;
  return sent ? 6 + as4 : fourOctetAs ? SUBTYPE.messageAs4 : 1;
}

export interface EncodedMessages {
  readonly bytes: Buffer;
  readonly records: number;
}

/** Whole messages as records, in one buffer (RFC 6396 §4.4.2 and §4.4.3, RFC 8050 §4). `ends`: sessionEnds() of the peer. */
export function messageRecords(
  seconds: number,
  peer: ObservedPeer,
  ends: Uint8Array,
  sent: boolean,
  messages: Uint8Array,
): EncodedMessages {
  const from = Buffer.from(messages.buffer, messages.byteOffset, messages.length);
  const families = sent ? peer.addPathOut : peer.addPathIn;
  let records = 0;
  for (let at = 0; at + BGP_HEADER <= from.length; at += Math.max(from.readUInt16BE(at + 16), BGP_HEADER)) records++;
  const extra = MRT_HEADER + ends.length;
  const bytes = Buffer.allocUnsafe(from.length + records * extra);
  let to = 0;
  for (let at = 0; at + BGP_HEADER <= from.length; ) {
    const next = Math.min(at + Math.max(from.readUInt16BE(at + 16), BGP_HEADER), from.length);
    const update = families.length > 0 && from[at + 18] === UPDATE;
    const addPath = update && families.includes(updateFamily(from, at, next));
    bytes.writeUInt32BE(seconds >>> 0, to);
    bytes.writeUInt16BE(MRT.bgp4mp, to + 4);
    bytes.writeUInt16BE(messageSubtype(peer.fourOctetAs, sent, addPath), to + 6);
    bytes.writeUInt32BE(ends.length + next - at, to + 8);
    bytes.set(ends, to + MRT_HEADER);
    to += extra + from.copy(bytes, to + extra, at, next);
    at = next;
  }
  return { bytes: bytes.subarray(0, to), records };
}

/** The table of peers that the routes of a snapshot point into (RFC 6396 §4.3.1). Our own routes are of 0.0.0.0. */
export function peerIndexTable(seconds: number, collector: number, peers: readonly DumpedPeer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(collector >>> 0, 0);
  head.writeUInt16BE(peers.length, 6);
  const entries = peers.map((peer) => {
    const address = addressBytes(peer.address);
    const entry = Buffer.alloc(9 + address.length);
    entry[0] = 2 | (address.length === 16 ? 1 : 0);
    entry.writeUInt32BE(peer.id >>> 0, 1);
    entry.set(address, 5);
    entry.writeUInt32BE(peer.as, 5 + address.length);
    return entry;
  });
  return record(seconds, MRT.tableDumpV2, SUBTYPE.peerIndexTable, head, ...entries);
}

/** A set's attributes in a snapshot: MP_REACH_NLRI is nothing but the length of the next hop and the hop (§4.3.4). */
function snapshotAttributes(attributes: Uint8Array): Uint8Array {
  if (attributes[1] !== 14) return attributes;
  const bytes = Buffer.from(attributes.buffer, attributes.byteOffset, attributes.length);
  const reach = walkAttributes(bytes).next().value;
  const value = reach ? reach.value : bytes.subarray(0, 0);
  const hop = value.subarray(3);
  const rest = bytes.subarray(((bytes[0] as number) & EXTENDED_LENGTH ? 4 : 3) + value.length);
  return Buffer.concat([Buffer.of(0x80, 14, hop.length), hop, rest]);
}

/** All routes of a prefix as one record (RFC 6396 §4.3.2 and §4.3.3, RFC 8050 §4). `index`: places in the peer table. */
export function routeRecord(
  seconds: number,
  sequence: number,
  routes: readonly DumpedRoute[],
  index: (peer: string) => number,
): Buffer {
  const { family, nlri } = routes[0] as DumpedRoute;
  const { afi, safi } = FAMILIES[family] as (typeof FAMILIES)[number];
  const addPath = routes.some(({ pathId }) => pathId !== 0);
  const subtype = ribSubtype(afi, safi, addPath);
  const generic = subtype === SUBTYPE.ribGeneric || subtype === SUBTYPE.ribGenericAddPath;
  const head = Buffer.alloc(generic ? 7 : 4);
  head.writeUInt32BE(sequence >>> 0, 0);
  if (generic) head.writeUIntBE(afi * 256 + safi, 4, 3);
  const parts: Uint8Array[] = [head, nlri, Buffer.of(routes.length >> 8, routes.length & 255)];
  for (const route of routes) {
    const attributes = snapshotAttributes(route.attributes);
    const entry = Buffer.alloc(addPath ? 12 : 8);
    entry.writeUInt16BE(index(route.peer), 0);
    entry.writeUInt32BE(route.received >>> 0, 2);
    if (addPath) entry.writeUInt32BE(route.pathId >>> 0, 6);
    entry.writeUInt16BE(attributes.length, entry.length - 2);
    parts.push(entry, attributes);
  }
  return record(seconds, MRT.tableDumpV2, subtype, ...parts);
}
