// The learning switch's messages in OpenFlow 1.0 (its spec §5.4.1, §5.3.3, §5.3.6). Ports are 16 bits on the wire and 1.3's
// 32 in the table. 1.0 cannot ask for a cookie: what was learnt ends by its timeouts, never by a deletion that could take an
// operator's flows along. It cannot tell a table-miss flow's packets from another flow's either: all are ours to forward.

import { loadU16, storeU16, storeU32, storeU64 } from "../mem/bytes";
import { zero } from "./arena";
import { OFPT_FLOW_MOD, OFPT_PACKET_OUT } from "./layout";
import { LEARNT_COOKIE_HIGH, LEARNT_COOKIE_LOW, LEARNT_PRIORITY } from "./learn_layout";

export const VERSION: u32 = 1;
const NO_BUFFER: u32 = 0xffffffff;
const PORT_NONE: u32 = 0xffff;
const OUTPUT_BYTES: u32 = 8;
const MATCH_AT: usize = 8;
const MATCH_BYTES: usize = 40;
/** Where the packet begins in a PACKET_IN. */
export const DATA_AT: usize = 18;
// Wildcards: everything but in_port, dl_vlan and dl_dst; addresses' prefixes wholly.
const WILDCARDS: u32 = 0x3fffff & ~((1 << 0) | (1 << 1) | (1 << 3));
/** dl_vlan of packets without a tag. */
const VLAN_NONE: u32 = 0xffff;

/** A port of 1.0 as 1.3 has it: 0xff00 and above are the reserved ones. */
function portTo32(port: u32): u32 {
  return port >= 0xff00 ? 0xffff0000 | port : port;
}

export function inPortOf(p: usize): u32 {
  return portTo32(loadU16(p + 14));
}

function header(p: usize, type: u32, length: u32): void {
  store<u8>(p, <u8>VERSION);
  store<u8>(p + 1, <u8>type);
  storeU16(p + 2, length);
  storeU32(p + 4, 0);
}

function output(p: usize, port: u32): usize {
  storeU16(p, 0);
  storeU16(p + 2, OUTPUT_BYTES);
  storeU16(p + 4, port);
  storeU16(p + 6, 0);
  return p + OUTPUT_BYTES;
}

/** As learn_wire.ts: a flow from `from` to the address at `dst`, out at `to` (0 = nowhere). */
export function writeAdd(p: usize, from: u32, dst: usize, vlanVid: u32, to: u32, idle: u32, buffer: u32): usize {
  const match = p + MATCH_AT;
  zero(match, MATCH_BYTES);
  storeU32(match, WILDCARDS);
  storeU16(match + 4, from);
  memory.copy(match + 12, dst, 6);
  storeU16(match + 18, vlanVid == 0 ? VLAN_NONE : vlanVid & 0xfff);
  storeU64(p + 48, ((<u64>LEARNT_COOKIE_HIGH) << 32) | LEARNT_COOKIE_LOW);
  // ADD
  storeU16(p + 56, 0);
  storeU16(p + 58, idle);
  // A flow to an address that has moved is not found out by its packets: it ends for certain.
  storeU16(p + 60, idle);
  storeU16(p + 62, LEARNT_PRIORITY);
  storeU32(p + 64, buffer);
  storeU16(p + 68, PORT_NONE);
  storeU16(p + 70, 0);
  const at = to == 0 ? p + 72 : output(p + 72, to);
  header(p, OFPT_FLOW_MOD, <u32>(at - p));
  return at;
}

/** As learn_wire.ts: the packet of `bytes` bytes at `packet`, or in the switch's buffer, to `to` (0 = drop). */
export function writePacketOut(p: usize, buffer: u32, from: u32, to: u32, packet: usize, bytes: usize): usize {
  storeU32(p + 8, buffer);
  storeU16(p + 12, from);
  storeU16(p + 14, to == 0 ? 0 : OUTPUT_BYTES);
  let at = to == 0 ? p + 16 : output(p + 16, to);
  if (buffer == NO_BUFFER) {
    memory.copy(at, packet, bytes);
    at += bytes;
  }
  header(p, OFPT_PACKET_OUT, <u32>(at - p));
  return at;
}
