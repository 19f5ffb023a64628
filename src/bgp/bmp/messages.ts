// BMP messages (RFC 7854 §4): what a station is told, as bytes. Version 3, global instance peers, before policy.

import { parseAddress } from "../../base/ip.js";
import { HEADER_BYTES, MSG } from "../../wasm/bgp_numbers.js";
import type { DownReason, ObservedPeer } from "../observer.js";

const VERSION = 3;
const COMMON_BYTES = 6;
/** Common and per-peer header. */
const HEAD_BYTES = COMMON_BYTES + 42;
const TIME_AT = HEAD_BYTES - 8;

/** Message types (RFC 7854 §4.1). */
const TYPE = { routeMonitoring: 0, statistics: 1, peerDown: 2, peerUp: 3, initiation: 4, termination: 5 } as const;

/** Flags of the per-peer header (RFC 7854 §4.2): the peer has an IPv6 address; AS_PATHs have two-octet numbers. */
const IPV6 = 0x80;
const TWO_OCTET_AS = 0x20;

/** Peer Down reasons (RFC 7854 §4.9). */
const DOWN = { localNotification: 1, localSilent: 2, remoteNotification: 3, remoteSilent: 4, deconfigured: 5 } as const;

/** Why a station's connection is ended by us (RFC 7854 §4.5). */
export const TERMINATION = { administrative: 0 } as const;

function address16(text: string): Buffer {
  const bytes = parseAddress(text) ?? new Uint8Array(4);
  return Buffer.concat([new Uint8Array(16 - bytes.length), bytes]);
}

/** Common header with nothing but the type and length to come. */
function common(type: number, length: number): Buffer {
  const head = Buffer.alloc(COMMON_BYTES);
  head[0] = VERSION;
  head.writeUInt32BE(length, 1);
  head[5] = type;
  return head;
}

/** TLVs of two octets each for type and length (RFC 7854 §4.4). */
function tlv(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

function withTlvs(type: number, tlvs: readonly Buffer[]): Buffer {
  const body = Buffer.concat(tlvs);
  return Buffer.concat([common(type, COMMON_BYTES + body.length), body]);
}

/** RFC 7854 §4.3. */
export function initiation(sysName: string, sysDescr: string): Buffer {
  return withTlvs(TYPE.initiation, [tlv(2, Buffer.from(sysName)), tlv(1, Buffer.from(sysDescr))]);
}

/** RFC 7854 §4.5. */
export function termination(reason: number): Buffer {
  return withTlvs(TYPE.termination, [tlv(1, Buffer.of(reason >> 8, reason & 255))]);
}

/**
 * Common and per-peer header of a peer, without type, length and time: made once a session, copied for each message.
 * `fourOctetAs`: the width of the AS numbers of what follows.
 */
export function peerHead(peer: ObservedPeer, fourOctetAs: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = VERSION;
  head[COMMON_BYTES + 1] = (peer.address.includes(":") ? IPV6 : 0) | (fourOctetAs ? 0 : TWO_OCTET_AS);
  // 8 octets of route distinguisher: zero for a peer of the global instance.
  head.set(address16(peer.address), COMMON_BYTES + 10);
  head.writeUInt32BE(peer.remoteAs, COMMON_BYTES + 26);
  head.writeUInt32BE(peer.remoteId >>> 0, COMMON_BYTES + 30);
  return head;
}

/** A message about a peer. `millis`: since 1970, when it happened. */
function peerMessage(type: number, head: Buffer, millis: number, ...parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat([head, ...parts]);
  bytes.writeUInt32BE(bytes.length, 1);
  bytes[5] = type;
  stamp(bytes, 0, millis);
  return bytes;
}

function stamp(bytes: Buffer, at: number, millis: number): void {
  const seconds = Math.floor(millis / 1_000);
  bytes.writeUInt32BE(seconds >>> 0, at + TIME_AT);
  bytes.writeUInt32BE(Math.floor(millis - seconds * 1_000) * 1_000, at + TIME_AT + 4);
}

/** RFC 7854 §4.10: our end, and both OPENs. */
export function peerUp(head: Buffer, millis: number, peer: ObservedPeer): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(peer.localPort, 0);
  ports.writeUInt16BE(peer.remotePort, 2);
  const opens = [peer.openSent, peer.openReceived];
  return peerMessage(TYPE.peerUp, head, millis, address16(peer.localAddress), ports, ...opens);
}

/** RFC 7854 §4.9: why the session ended, with the NOTIFICATION where there was one. */
export function peerDown(head: Buffer, millis: number, { kind, notification, event }: DownReason): Buffer {
  const say = (reason: number, ...data: readonly Uint8Array[]) =>
    peerMessage(TYPE.peerDown, head, millis, Buffer.of(reason), ...data);
  if (kind === "deconfigured") return say(DOWN.deconfigured);
  if (kind === "local" && notification) return say(DOWN.localNotification, notification);
  if (kind === "local" || (kind === "lost" && event !== undefined)) {
    return say(DOWN.localSilent, Buffer.of(0, event ?? 0));
  }
  return kind === "remote" && notification ? say(DOWN.remoteNotification, notification) : say(DOWN.remoteSilent);
}

/** Each UPDATE of a run of whole messages in a Route Monitoring message of its own (RFC 7854 §4.6), in one buffer. */
export function routeMonitoring(head: Buffer, millis: number, messages: Uint8Array): Buffer {
  const length = (at: number) =>
    Math.max(((messages[at + 16] as number) << 8) | (messages[at + 17] as number), HEADER_BYTES);
  let bytes = 0;
  for (let at = 0; at + HEADER_BYTES <= messages.length; at += length(at)) {
    if (messages[at + 18] === MSG.update) bytes += HEAD_BYTES + length(at);
  }
  const wrapped = Buffer.allocUnsafe(bytes);
  const template = Buffer.from(head);
  template[5] = TYPE.routeMonitoring;
  stamp(template, 0, millis);
  let to = 0;
  for (let at = 0; at + HEADER_BYTES <= messages.length; ) {
    const size = length(at);
    if (messages[at + 18] === MSG.update) {
      template.writeUInt32BE(HEAD_BYTES + size, 1);
      wrapped.set(template, to);
      wrapped.set(messages.subarray(at, at + size), to + HEAD_BYTES);
      to += HEAD_BYTES + size;
    }
    at += size;
  }
  return wrapped;
}

/** What is reported of a peer. */
export interface PeerStatistics {
  /** Routes in Adj-RIB-In, a family each. */
  readonly adjRibIn: readonly { readonly afi: number; readonly safi: number; readonly routes: number }[];
  /** UPDATEs whose routes were withdrawn for a malformed attribute (RFC 7606). */
  readonly treatedAsWithdraw: number;
}

/** RFC 7854 §4.8: types 7 and 9 (routes in Adj-RIB-In, all and by family) and 11 (UPDATEs treated as withdrawals). */
export function statistics(head: Buffer, millis: number, { adjRibIn, treatedAsWithdraw }: PeerStatistics): Buffer {
  const u64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
  };
  const withdrawn = Buffer.alloc(4);
  withdrawn.writeUInt32BE(treatedAsWithdraw >>> 0);
  const total = adjRibIn.reduce((sum, { routes }) => sum + routes, 0);
  const families = adjRibIn.map(({ afi, safi, routes }) =>
    tlv(9, Buffer.concat([Buffer.of(afi >> 8, afi & 255, safi), u64(routes)])),
  );
  const all = [tlv(7, u64(total)), ...families, tlv(11, withdrawn)];
  const count = Buffer.alloc(4);
  count.writeUInt32BE(all.length);
  return peerMessage(TYPE.statistics, head, millis, count, ...all);
}
