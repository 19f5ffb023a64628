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
  OFPT_ERROR,
  OFPT_EXPERIMENTER,
  OFPT_FEATURES_REPLY,
  OFPT_FLOW_REMOVED,
  OFPT_GET_ASYNC_REPLY,
  OFPT_GET_CONFIG_REPLY,
  OFPT_MULTIPART_REPLY,
  OFPT_PACKET_IN,
  OFPT_PORT_STATUS,
  OFPT_QUEUE_GET_CONFIG_REPLY,
  OFPT_ROLE_REPLY,
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

/** Indexes the complete messages of the `n` bytes at INPUT; returns how many. Stops at the first malformed one. */
export function scan(n: usize): i32 {
  let at: usize = 0;
  let count = 0;
  problem = 0;
  while (at + OFP_HEADER <= n && count < FRAMES_MAX) {
    const p = INPUT + at;
    const length = loadU16(p + 2);
    const version: u32 = load<u8>(p);
    const type: u32 = load<u8>(p + 1);
    if (<i32>length < OFP_HEADER || (version == OFP_VERSION && length < least(type))) {
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
