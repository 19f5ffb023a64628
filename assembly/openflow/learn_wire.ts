// The messages of the learning switch: PACKET_IN as it is read, FLOW_MOD and PACKET_OUT as they are written. All that
// depends on the protocol's version is here (1.3) and in learn_wire_v10.ts: a message is answered in its own version.

import { loadU16, loadU32, loadU64, storeU16, storeU32, storeU64 } from "../mem/bytes";
import { pad8, zero } from "./arena";
import { OFP_VERSION, OFPT_FLOW_MOD, OFPT_PACKET_OUT, OXM_CLASS_BASIC } from "./layout";
import { LEARNT_COOKIE_HIGH, LEARNT_COOKIE_LOW, LEARNT_PRIORITY, OWN_COOKIE_LOW } from "./learn_layout";
import * as v10 from "./learn_wire_v10";

export const NO_BUFFER: u32 = 0xffffffff;
export const PORT_MAX: u32 = 0xffffff00;
export const PORT_FLOOD: u32 = 0xfffffffb;
export const PORT_LOCAL: u32 = 0xfffffffe;
const ANY: u32 = 0xffffffff;
const OFPR_NO_MATCH: u32 = 0;
const OFPFC_ADD: u32 = 0;
const OFPFC_DELETE: u32 = 3;
const OFPIT_APPLY_ACTIONS: u32 = 4;
const MATCH_OXM: u32 = 1;
const OXM_IN_PORT: u32 = 0;
const OXM_ETH_DST: u32 = 3;
const OXM_VLAN_VID: u32 = 6;
const OUTPUT_BYTES: u32 = 16;
const MATCH_AT: usize = 24;

/** The most bytes that answer one PACKET_IN beside the packet itself: a deletion, an addition, and a PACKET_OUT's head. */
export const ANSWER_BYTES: usize = 72 + 104 + 40;

// The PACKET_IN that was read last.
export let bufferId: u32 = 0;
export let inPort: u32 = 0;
/** The packet, and what there is of it. */
export let packet: usize = 0;
export let packetBytes: usize = 0;
/** The packet is here whole. */
export let whole: bool = false;
/** The packet matched no flow but a table-miss flow: it is ours to forward. */
export let missed: bool = false;
let version: u32 = OFP_VERSION;

/** True for the versions that PACKET_INs are read of. */
export function knows(frameVersion: u32): bool {
  return frameVersion == OFP_VERSION || frameVersion == v10.VERSION;
}

/** What follows is written in this version. */
export function setVersion(given: u32): void {
  version = given;
}

/** Reads the PACKET_IN (spec §7.4.1) of `n` bytes at `p`; false when its match does not fit or has no in_port. */
export function readPacketIn(p: usize, n: usize): bool {
  version = load<u8>(p);
  if (version == v10.VERSION) return readPacketIn10(p, n);
  const length: usize = loadU16(p + MATCH_AT + 2);
  const data = MATCH_AT + pad8(length) + 2;
  if (length < 4 || data > n) return false;
  bufferId = loadU32(p + 8);
  packet = p + data;
  packetBytes = n - data;
  whole = packetBytes >= loadU16(p + 12);
  const ownCookie = ((<u64>LEARNT_COOKIE_HIGH) << 32) | OWN_COOKIE_LOW;
  missed = load<u8>(p + 14) == OFPR_NO_MATCH || loadU64(p + 16) == ownCookie;
  const end = p + MATCH_AT + length;
  for (let at = p + MATCH_AT + 4; at + 8 <= end; at += 4 + <usize>load<u8>(at + 3)) {
    if (loadU32(at) != (((<u32>OXM_CLASS_BASIC) << 16) | (OXM_IN_PORT << 9) | 4)) continue;
    inPort = loadU32(at + 4);
    return true;
  }
  return false;
}

function readPacketIn10(p: usize, n: usize): bool {
  if (n < v10.DATA_AT) return false;
  bufferId = loadU32(p + 8);
  inPort = v10.inPortOf(p);
  packet = p + v10.DATA_AT;
  packetBytes = n - v10.DATA_AT;
  whole = packetBytes >= loadU16(p + 12);
  missed = true;
  return true;
}

function header(p: usize, type: u32, length: u32): void {
  store<u8>(p, OFP_VERSION);
  store<u8>(p + 1, <u8>type);
  storeU16(p + 2, length);
  // Nobody waits for an answer: an ERROR with this number is counted, and no request's.
  storeU32(p + 4, 0);
}

function output(p: usize, port: u32): usize {
  storeU16(p, 0);
  storeU16(p + 2, OUTPUT_BYTES);
  storeU32(p + 4, port);
  storeU64(p + 8, 0);
  return p + OUTPUT_BYTES;
}

function oxm(p: usize, field: u32, bytes: u32): usize {
  storeU32(p, ((<u32>OXM_CLASS_BASIC) << 16) | (field << 9) | bytes);
  return p + 4;
}

/** Everything of a FLOW_MOD (spec §7.3.4.1) before its match. */
function flowMod(p: usize, command: u32, idle: u32, buffer: u32, outPort: u32): void {
  storeU64(p + 8, ((<u64>LEARNT_COOKIE_HIGH) << 32) | LEARNT_COOKIE_LOW);
  // An addition sets the cookie, a deletion asks for it whole.
  storeU64(p + 16, command == OFPFC_DELETE ? 0xffffffffffffffff : 0);
  store<u8>(p + 24, 0);
  store<u8>(p + 25, <u8>command);
  storeU16(p + 26, idle);
  storeU16(p + 28, 0);
  storeU16(p + 30, command == OFPFC_DELETE ? 0 : LEARNT_PRIORITY);
  storeU32(p + 32, buffer);
  storeU32(p + 36, outPort);
  storeU32(p + 40, ANY);
  storeU32(p + 44, 0);
}

/** Closes the match that began at `match`; returns where what follows it begins. */
function endMatch(match: usize, end: usize): usize {
  storeU16(match, MATCH_OXM);
  storeU16(match + 2, <u32>(end - match));
  return zero(end, pad8(end - match) - (end - match));
}

/**
 * A flow for packets from `from` to the address at `dst` with the tag `vlanVid` (as in OXM: 0 = none, else 0x1000 and the
 * VLAN); they go out at `to`, or nowhere when it is 0. Returns the end of the message.
 */
export function writeAdd(p: usize, from: u32, dst: usize, vlanVid: u32, to: u32, idle: u32, buffer: u32): usize {
  if (version == v10.VERSION) return v10.writeAdd(p, from, dst, vlanVid, to, idle, buffer);
  flowMod(p, OFPFC_ADD, idle, buffer, ANY);
  let at = oxm(p + 52, OXM_IN_PORT, 4);
  storeU32(at, from);
  at = oxm(at + 4, OXM_ETH_DST, 6);
  memory.copy(at, dst, 6);
  at = oxm(at + 6, OXM_VLAN_VID, 2);
  storeU16(at, vlanVid);
  at = endMatch(p + 48, at + 2);
  if (to != 0) {
    storeU16(at, OFPIT_APPLY_ACTIONS);
    storeU16(at + 2, 8 + OUTPUT_BYTES);
    storeU32(at + 4, 0);
    at = output(at + 8, to);
  }
  header(p, OFPT_FLOW_MOD, <u32>(at - p));
  return at;
}

/** Takes away the learnt flows (1.0: none) to the address at `address` (in all VLANs when `vlanVid` is 0, since 0 is also no tag). */
export function writeForget(p: usize, address: usize, vlanVid: u32): usize {
  if (version == v10.VERSION) return p;
  flowMod(p, OFPFC_DELETE, 0, NO_BUFFER, ANY);
  let at = oxm(p + 52, OXM_ETH_DST, 6);
  memory.copy(at, address, 6);
  at += 6;
  if (vlanVid != 0) {
    at = oxm(at, OXM_VLAN_VID, 2);
    storeU16(at, vlanVid);
    at += 2;
  }
  at = endMatch(p + 48, at);
  header(p, OFPT_FLOW_MOD, <u32>(at - p));
  return at;
}

/** Takes away the learnt flows (1.0: none) that go out at `port`. */
export function writeForgetPort(p: usize, port: u32): usize {
  if (version == v10.VERSION) return p;
  flowMod(p, OFPFC_DELETE, 0, NO_BUFFER, port);
  const at = endMatch(p + 48, p + 52);
  header(p, OFPT_FLOW_MOD, <u32>(at - p));
  return at;
}

/** A PACKET_OUT (spec §7.3.7) of the packet that was read last, to `to`; 0 drops it, which frees its buffer. */
export function writePacketOut(p: usize, to: u32): usize {
  if (version == v10.VERSION) return v10.writePacketOut(p, bufferId, inPort, to, packet, packetBytes);
  const actions: u32 = to == 0 ? 0 : OUTPUT_BYTES;
  storeU32(p + 8, bufferId);
  storeU32(p + 12, inPort);
  storeU16(p + 16, actions);
  storeU16(p + 18, 0);
  storeU32(p + 20, 0);
  let at = to == 0 ? p + 24 : output(p + 24, to);
  if (bufferId == NO_BUFFER) {
    memory.copy(at, packet, packetBytes);
    at += packetBytes;
  }
  header(p, OFPT_PACKET_OUT, <u32>(at - p));
  return at;
}
