// LLDP (IEEE 802.1AB) and BDDP, which is the same payload under Ethernet type 0x8999 to everybody. What they say of our own
// ports is in the mandatory TLVs, for other programs, and in a TLV of ours, which the controller itself trusts:
//
//   127, length 36, OUI 0e:53:4e, subtype 1, dpid (8 bytes), port (4), epoch (4), authenticator (16)
//
// The authenticator is HMAC-SHA256, cut to 16 bytes, over Ethernet type (2 bytes), dpid, port and epoch, with a key that only
// this controller has: a host that makes frames of its own cannot make a link. The epoch lets an old frame count no more.

import { createHmac, timingSafeEqual } from "node:crypto";
import { u16, u32 } from "./ethernet.js";

const TLV = { END: 0, CHASSIS_ID: 1, PORT_ID: 2, TTL: 3, ORGANIZATION: 127 } as const;
/** Subtype "locally assigned" of chassis and port ids (802.1AB §8.5.2, §8.5.3). */
const LOCALLY_ASSIGNED = 7;
/** A locally administered OUI, as no vendor has one. */
const OUI = Buffer.from([0x0e, 0x53, 0x4e]);
const PROBE = 1;
const AUTHENTICATOR = 16;
/** OUI, subtype, dpid, port, epoch, authenticator. */
const PROBE_BYTES = 3 + 1 + 8 + 4 + 4 + AUTHENTICATOR;
/** TLVs that are looked at in one frame. */
const TLVS_MAX = 128;

/** Where a probe was sent from, and when. */
export interface Probe {
  /** 16 hex digits. */
  readonly dpid: string;
  readonly port: number;
  /** A number that rises with time; 32 bits. */
  readonly epoch: number;
}

export interface Lldp {
  /** Subtype and value of the ids, as they came. */
  readonly chassis: Uint8Array;
  readonly port: Uint8Array;
  /** Seconds. */
  readonly ttl: number;
  /** The claim in our own TLV, and what is to prove it. */
  readonly probe: { readonly claim: Probe; readonly authenticator: Uint8Array } | null;
}

function tlv(type: number, ...parts: Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const head = Buffer.alloc(2);
  head.writeUInt16BE((type << 9) | value.length);
  return Buffer.concat([head, value]);
}

/** The payload of a probe, of LLDP or BDDP as `etherType` says. `ttl` in seconds. */
export function encodeProbe(probe: Probe, etherType: number, ttl: number, key: Uint8Array): Buffer {
  const seconds = Buffer.alloc(2);
  seconds.writeUInt16BE(Math.min(ttl, 0xffff));
  const text = (value: string): Buffer => Buffer.from(String.fromCharCode(LOCALLY_ASSIGNED) + value, "latin1");
  return Buffer.concat([
    tlv(TLV.CHASSIS_ID, text(`dpid:${probe.dpid}`)),
    tlv(TLV.PORT_ID, text(String(probe.port))),
    tlv(TLV.TTL, seconds),
    tlv(TLV.ORGANIZATION, OUI, Buffer.from([PROBE]), claimBytes(probe), authenticate(probe, etherType, key)),
    tlv(TLV.END),
  ]);
}

/** Brings the probe at the end of `frame` to another epoch: what differs is at fixed places before the end TLV. */
export function renewProbe(frame: Buffer, probe: Probe, etherType: number, key: Uint8Array): void {
  const at = frame.length - 2 - AUTHENTICATOR;
  frame.writeUInt32BE(probe.epoch >>> 0, at - 4);
  frame.set(authenticate(probe, etherType, key), at);
}

function claimBytes({ dpid, port, epoch }: Probe): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.write(dpid, 0, "hex");
  bytes.writeUInt32BE(port, 8);
  bytes.writeUInt32BE(epoch >>> 0, 12);
  return bytes;
}

function authenticate(probe: Probe, etherType: number, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(18);
  bytes.writeUInt16BE(etherType, 0);
  bytes.set(claimBytes(probe), 2);
  return createHmac("sha256", key).update(bytes).digest().subarray(0, AUTHENTICATOR);
}

/** True when the frame's claim was made with this key and for this Ethernet type. */
export function isAuthentic(probe: NonNullable<Lldp["probe"]>, etherType: number, key: Uint8Array): boolean {
  return timingSafeEqual(probe.authenticator, authenticate(probe.claim, etherType, key));
}

/** The LLDP payload from `at` on; null when it does not begin with the three mandatory TLVs or a length does not fit. */
export function readLldp(frame: Uint8Array, at: number): Lldp | null {
  let chassis: Uint8Array | null = null;
  let port: Uint8Array | null = null;
  let ttl = -1;
  let probe: Lldp["probe"] = null;
  for (let place = at, count = 0; place + 2 <= frame.length && count < TLVS_MAX; count++) {
    const head = u16(frame, place);
    const type = head >> 9;
    const from = place + 2;
    const to = from + (head & 0x1ff);
    if (type === TLV.END) break;
    if (to > frame.length) return null;
    const value = frame.subarray(from, to);
    // 802.1AB §9.2.7.7: the first three in this order, and none of them again.
    if (count === 0 && type === TLV.CHASSIS_ID && value.length >= 2) chassis = value;
    else if (count === 1 && type === TLV.PORT_ID && value.length >= 2) port = value;
    else if (count === 2 && type === TLV.TTL && value.length >= 2) ttl = u16(value, 0);
    else if (count < 3 || type <= TLV.TTL) return null;
    else if (type === TLV.ORGANIZATION) probe ??= readClaim(value);
    place = to;
  }
  return chassis && port && ttl >= 0 ? { chassis, port, ttl, probe } : null;
}

function readClaim(value: Uint8Array): Lldp["probe"] {
  if (value.length !== PROBE_BYTES || OUI.some((byte, i) => value[i] !== byte) || value[3] !== PROBE) return null;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return {
    claim: { dpid: bytes.toString("hex", 4, 12), port: u32(bytes, 12), epoch: u32(bytes, 16) },
    authenticator: bytes.subarray(20),
  };
}
