// The learning switch: answers all PACKET_INs of one scan in one call. Where a packet came from is noted; it goes where its
// destination was seen, and a flow spares the next ones the way over the controller; what is not known is flooded. Also
// decides which packets others are shown, by Ethernet type, so that data packets cost nothing outside of Wasm.

import { loadU16 } from "../mem/bytes";
import { FRAMES, INPUT, OUTPUT } from "./arena";
import {
  FRAME_LENGTH,
  FRAME_OFFSET,
  FRAME_SIZE,
  FRAME_TYPE,
  FRAME_VERSION,
  OFPT_PACKET_IN,
  OUTPUT_BYTES,
} from "./layout";
import {
  ETH_BDDP,
  ETH_LLDP,
  LEARN_SWITCHES,
  SHOWN_MAX,
  WALK_ADDED,
  WALK_ANSWER,
  WALK_IGNORED,
  WALK_IGNORED_BYTES,
  WALK_SHOWN,
  WALK_SIZE,
  WALK_TAKEN,
} from "./learn_layout";
import * as table from "./learn_table";
import * as wire from "./learn_wire";

const WALK: usize = heap.alloc(WALK_SIZE);
const SHOWN: usize = heap.alloc(SHOWN_MAX * 2);
/** A bit an Ethernet type. */
const WATCHED: usize = heap.alloc(8192);
memory.fill(WATCHED, 0, 8192);

const ETHERNET: usize = 14;
const VID: u32 = 0xfff;
const VID_PRESENT: u32 = 0x1000;
/** 01:80:c2:00:00:00 to 0f: no bridge forwards these (IEEE 802.1D §7.12.6). */
const LINK_LOCAL: u64 = 0x0180c2000000;

let idleTimeout: u32 = 60;
let added: u32 = 0;

// The packet's own words, read by readEthernet().
let etherType: u32 = 0;
let vlanVid: u32 = 0;

export function learnWalkPointer(): usize {
  return WALK;
}

export function learnShownPointer(): usize {
  return SHOWN;
}

function isSlot(slot: i32): bool {
  return slot >= 0 && slot < LEARN_SWITCHES;
}

/** Seconds after which an address is forgotten, and after which a learnt flow without packets ends. */
export function learnConfigure(maxAge: u32, idle: u32): void {
  table.setMaxAge(maxAge);
  idleTimeout = idle;
}

/** From now on packets of this Ethernet type are shown, or no longer. */
export function learnWatch(type: u32, on: bool): void {
  const at = WATCHED + ((type & 0xffff) >>> 3);
  const bit: u32 = 1 << (type & 7);
  store<u8>(at, on ? <u32>load<u8>(at) | bit : <u32>load<u8>(at) & ~bit);
}

/** Forgets everything of a switch. */
export function learnClear(slot: i32): void {
  if (isSlot(slot)) table.clear(slot);
}

/** Addresses that a switch's table has. */
export function learnCount(slot: i32): u32 {
  return isSlot(slot) ? table.count(slot) : 0;
}

/** A port is gone: forgets what was there; the message that does so in the switch is at OUTPUT. Returns its length, 0 = none. */
export function learnForgetPort(slot: i32, port: u32, version: u32): usize {
  if (!isSlot(slot) || port == 0) return 0;
  wire.setVersion(version);
  table.forgetPort(slot, port);
  return wire.writeForgetPort(OUTPUT, port) - OUTPUT;
}

/** Reads type and tag of the packet at `p`; false when it is too short for them. The outermost tag is the VLAN. */
function readEthernet(p: usize, n: usize): bool {
  if (n < ETHERNET) return false;
  vlanVid = 0;
  let at: usize = 12;
  etherType = loadU16(p + at);
  for (let tags = 0; tags < 2 && isTag(etherType); tags++) {
    if (at + 6 > n) return false;
    if (tags == 0) vlanVid = VID_PRESENT | (loadU16(p + at + 2) & VID);
    at += 4;
    etherType = loadU16(p + at);
  }
  return true;
}

function isTag(type: u32): bool {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

function address(p: usize): u64 {
  return bswap<u64>(load<u64>(p)) >> 16;
}

/** Packets without a VLAN and those with a priority only (VLAN 0) are of one network. */
function keyOf(mac: u64): u64 {
  return (mac << 16) | (vlanVid & VID);
}

/** Answers the PACKET_IN that was read last at `out`; returns the end of what was written. */
function answer(slot: i32, now: u32, out: usize): usize {
  const packet = wire.packet;
  const dst = address(packet);
  const isLocal = (dst & ~(<u64>0xf)) == LINK_LOCAL;
  if (isLocal || etherType == ETH_LLDP || etherType == ETH_BDDP) {
    return wire.bufferId == wire.NO_BUFFER ? out : wire.writePacketOut(out, 0);
  }
  const src = address(packet + 6);
  const from = wire.inPort;
  const multicast: u64 = (<u64>1) << 40;
  if (src != 0 && (src & multicast) == 0 && from != 0 && (from <= wire.PORT_MAX || from == wire.PORT_LOCAL)) {
    if (table.put(slot, keyOf(src), from, now) == table.PUT_MOVED) {
      const end = wire.writeForget(out, packet + 6, (vlanVid & VID) == 0 ? 0 : vlanVid);
      if (end > out) added++;
      out = end;
    }
  }
  let to = (dst & multicast) != 0 ? wire.PORT_FLOOD : table.find(slot, keyOf(dst), now);
  if (to == 0) to = wire.PORT_FLOOD;
  if (to != wire.PORT_FLOOD) {
    // Who is where the packet came from has got it already.
    if (to == from) to = 0;
    out = wire.writeAdd(out, from, packet, vlanVid, to, idleTimeout, wire.bufferId);
    added++;
    // A flow with a buffer's number takes the packet along (spec §7.3.4.1).
    if (wire.bufferId != wire.NO_BUFFER) return out;
  }
  const sends = wire.bufferId != wire.NO_BUFFER || (to != 0 && wire.whole);
  return sends ? wire.writePacketOut(out, to) : out;
}

/**
 * Walks the PACKET_INs among the first `frames` frames of the last scan. At most `budget` are taken, the rest is ignored;
 * `flags`: WALK_ANSWER. `now`: seconds. The counts are at learnWalkPointer(), the numbers of the frames to show at
 * learnShownPointer(), the answers at OUTPUT. Returns the answers' bytes.
 */
export function learnWalk(slot: i32, frames: i32, budget: u32, now: u32, flags: u32): usize {
  let taken: u32 = 0;
  let ignored: u32 = 0;
  let ignoredBytes: u32 = 0;
  let shown: u32 = 0;
  let out = OUTPUT;
  added = 0;
  const answering = (flags & WALK_ANSWER) != 0 && isSlot(slot);
  for (let i = 0; i < frames; i++) {
    const frame = FRAMES + i * FRAME_SIZE;
    if (load<u8>(frame + FRAME_TYPE) != OFPT_PACKET_IN || !wire.knows(load<u8>(frame + FRAME_VERSION))) continue;
    if (taken >= budget) {
      ignored++;
      ignoredBytes += load<u16>(frame + FRAME_LENGTH);
      continue;
    }
    taken++;
    if (!wire.readPacketIn(INPUT + load<u32>(frame + FRAME_OFFSET), load<u16>(frame + FRAME_LENGTH))) continue;
    if (!readEthernet(wire.packet, wire.packetBytes)) continue;
    if ((load<u8>(WATCHED + (etherType >>> 3)) & (1 << (etherType & 7))) != 0) {
      store<u16>(SHOWN + shown * 2, <u16>i);
      shown++;
    }
    if (!answering || !wire.missed) continue;
    // A scan's answers fit: they are less than five times its bytes. This holds should a number above change.
    if (out + wire.ANSWER_BYTES + wire.packetBytes > OUTPUT + OUTPUT_BYTES) continue;
    out = answer(slot, now, out);
  }
  store<u32>(WALK + WALK_TAKEN, taken);
  store<u32>(WALK + WALK_IGNORED, ignored);
  store<u32>(WALK + WALK_IGNORED_BYTES, ignoredBytes);
  store<u32>(WALK + WALK_ADDED, added);
  store<u32>(WALK + WALK_SHOWN, shown);
  return out - OUTPUT;
}
