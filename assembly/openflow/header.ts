// Framing (spec §7.1): where messages begin and end in what a socket gave, and whether each is long enough for its type.
// After this, fixed fields are read unchecked; what is nested (matches, instructions, parts) is checked by its own decoder.

import { loadU16, loadU32 } from "../mem/bytes";
import { FRAMES, INPUT } from "./arena";
import {
  ERR_LENGTH,
  FRAME_LENGTH,
  FRAME_OFFSET,
  FRAME_SIZE,
  FRAME_TYPE,
  FRAME_VERSION,
  FRAME_XID,
  FRAMES_MAX,
  OFP_HEADER,
  OFP_VERSION,
  OFP_VERSION_10,
  OFPT_BARRIER_REPLY,
  OFPT_BARRIER_REQUEST,
  OFPT_ERROR,
  OFPT_EXPERIMENTER,
  OFPT_FEATURES_REPLY,
  OFPT_FLOW_MOD,
  OFPT_FLOW_REMOVED,
  OFPT_GET_ASYNC_REPLY,
  OFPT_GET_CONFIG_REPLY,
  OFPT_MULTIPART_REPLY,
  OFPT_MULTIPART_REQUEST,
  OFPT_PACKET_IN,
  OFPT_PORT_MOD,
  OFPT_PORT_STATUS,
  OFPT_QUEUE_GET_CONFIG_REPLY,
  OFPT_QUEUE_GET_CONFIG_REQUEST,
  OFPT_ROLE_REPLY,
  TYPE_UNKNOWN,
  V10_BARRIER_REPLY,
  V10_BARRIER_REQUEST,
  V10_PORT_MOD,
  V10_QUEUE_GET_CONFIG_REPLY,
  V10_QUEUE_GET_CONFIG_REQUEST,
  V10_STATS_REPLY,
  V10_STATS_REQUEST,
} from "./layout";

let scanned: usize = 0;
let problem: i32 = 0;

/** Bytes that the last scan() cut into frames; the rest is the beginning of a message. */
export function scannedBytes(): usize {
  return scanned;
}

/** 0, or why the last scan() stopped at scannedBytes(). */
export function scanProblem(): i32 {
  return problem;
}

/** The least length that a 1.3 message from a switch has. */
function least(type: u32): u32 {
  switch (type) {
    case OFPT_ERROR:
    case OFPT_GET_CONFIG_REPLY:
      return 12;
    case OFPT_EXPERIMENTER:
    case OFPT_MULTIPART_REPLY:
    case OFPT_QUEUE_GET_CONFIG_REPLY:
      return 16;
    case OFPT_ROLE_REPLY:
      return 24;
    case OFPT_FEATURES_REPLY:
    case OFPT_GET_ASYNC_REPLY:
      return 32;
    case OFPT_PACKET_IN:
      return 34;
    case OFPT_FLOW_REMOVED:
      return 56;
    case OFPT_PORT_STATUS:
      return 80;
    default:
      return OFP_HEADER;
  }
}

/** The least length that a 1.0 message from a switch has, by 1.3's number of its type. */
function least10(type: u32): u32 {
  switch (type) {
    case OFPT_ERROR:
    case OFPT_GET_CONFIG_REPLY:
    case OFPT_EXPERIMENTER:
    case OFPT_MULTIPART_REPLY:
      return 12;
    case OFPT_QUEUE_GET_CONFIG_REPLY:
      return 16;
    case OFPT_PACKET_IN:
      return 18;
    case OFPT_FEATURES_REPLY:
      return 32;
    case OFPT_PORT_STATUS:
      return 64;
    case OFPT_FLOW_REMOVED:
      return 88;
    default:
      return OFP_HEADER;
  }
}

/** 1.3's number for what 1.0 calls `type`. */
function typeFrom10(type: u32): u32 {
  if (<i32>type <= OFPT_FLOW_MOD) return type;
  switch (type) {
    case V10_PORT_MOD:
      return OFPT_PORT_MOD;
    case V10_STATS_REQUEST:
      return OFPT_MULTIPART_REQUEST;
    case V10_STATS_REPLY:
      return OFPT_MULTIPART_REPLY;
    case V10_BARRIER_REQUEST:
      return OFPT_BARRIER_REQUEST;
    case V10_BARRIER_REPLY:
      return OFPT_BARRIER_REPLY;
    case V10_QUEUE_GET_CONFIG_REQUEST:
      return OFPT_QUEUE_GET_CONFIG_REQUEST;
    case V10_QUEUE_GET_CONFIG_REPLY:
      return OFPT_QUEUE_GET_CONFIG_REPLY;
    default:
      return TYPE_UNKNOWN;
  }
}

function shortest(version: u32, type: u32): u32 {
  if (version == OFP_VERSION) return least(type);
  return version == OFP_VERSION_10 ? least10(type) : OFP_HEADER;
}

/** Indexes the complete messages of the `n` bytes at INPUT; returns how many. Stops at the first malformed one. */
export function scan(n: usize): i32 {
  let at: usize = 0;
  let count = 0;
  problem = 0;
  while (at + OFP_HEADER <= n && count < FRAMES_MAX) {
    const p = INPUT + at;
    const length = loadU16(p + 2);
    const version: u32 = load<u8>(p);
    const wireType: u32 = load<u8>(p + 1);
    const type = version == OFP_VERSION_10 ? typeFrom10(wireType) : wireType;
    if (<i32>length < OFP_HEADER || length < shortest(version, type)) {
      problem = ERR_LENGTH;
      break;
    }
    if (at + length > n) break;
    const frame = FRAMES + count * FRAME_SIZE;
    store<u32>(frame + FRAME_OFFSET, <u32>at);
    store<u32>(frame + FRAME_XID, loadU32(p + 4));
    store<u16>(frame + FRAME_LENGTH, <u16>length);
    store<u8>(frame + FRAME_TYPE, <u8>type);
    store<u8>(frame + FRAME_VERSION, <u8>version);
    at += length;
    count++;
  }
  scanned = at;
  return count;
}
