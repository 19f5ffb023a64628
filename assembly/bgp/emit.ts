// UPDATEs for one peer, made of single announcements and withdrawals: NLRI that follow one another with the same
// attributes share a message, up to its length.

import { storeU16, storeU32 } from "../mem/bytes";
import { OUTPUT } from "./buffers";
import { afiOf, kindOf, safiOf } from "./family";
import { writeHeader } from "./header";
import {
  ATTR_MP_REACH,
  ATTR_MP_UNREACH,
  FAMILY_IPV4,
  FLAG_EXTENDED_LENGTH,
  FLAG_OPTIONAL,
  HEADER_BYTES,
  MSG_UPDATE,
  NLRI_IPV4,
  NLRI_IPV6,
  OUTPUT_BYTES,
  SLACK_BYTES,
} from "./layout";
import { take } from "./memory";
import { NARROWED, narrow } from "./narrow";
import { writePrefix } from "./nlri";
import {
  R_KEY,
  R_KEY_BYTES,
  R_LENGTH,
  R_PREFIX,
  SET_BYTES,
  SET_LENGTH,
  SET_NLRI,
  X_FLAG_FOUR_OCTET_AS,
  X_FLAGS,
  X_MESSAGE_BYTES,
  X_UNSENT,
} from "./rib_layout";
import { hold, release } from "./set";

const NLRI_ROOM: u32 = 1 << 16;
/** A message of withdrawals without its NLRI: header, two lengths, head of MP_UNREACH_NLRI. */
const WITHDRAWAL_BYTES: u32 = HEADER_BYTES + 4 + 7;
const announced: usize = take(NLRI_ROOM * 2 + SLACK_BYTES);
const withdrawn: usize = take(NLRI_ROOM * 2 + SLACK_BYTES);

let exporter: usize = 0;
let messageMax: u32 = 0;
let out: usize = OUTPUT;
let messages: u32 = 0;

// The announcement under way: its attributes as they go into the message, and NLRI.
let set: usize = 0;
let family: u32 = FAMILY_IPV4;
let attributes: usize = 0;
let attributeBytes: u32 = 0;
let hop: usize = 0;
let hopBytes: u32 = 0;
let room: u32 = 0;
let announcedEnd: usize = announced;
/** NLRI in the announcement: how many cannot be sent when there is no room. */
let announcedCount: u32 = 0;

// The withdrawal under way.
let withdrawnFamily: u32 = FAMILY_IPV4;
let withdrawnEnd: usize = withdrawn;

export function beginOutput(x: usize): void {
  exporter = x;
  messageMax = load<u32>(x, X_MESSAGE_BYTES);
  out = OUTPUT;
  messages = 0;
  set = 0;
  announcedEnd = announced;
  announcedCount = 0;
  withdrawnEnd = withdrawn;
}

/**
 * True when what one more route and endOutput() may flush finds room: two announcements, the last of which may turn into
 * a withdrawal, and three messages of withdrawals.
 */
export function outputHasRoom(): bool {
  return out + 6 * messageMax < OUTPUT + OUTPUT_BYTES;
}

/** Ends the messages under way; the bytes of all in OUTPUT. */
export function endOutput(): u32 {
  flushAnnounced();
  flushWithdrawn();
  if (set != 0) release(set);
  set = 0;
  return <u32>(out - OUTPUT);
}

/** UPDATEs since beginOutput(). */
export function outputMessages(): u32 {
  return messages;
}

/** The NLRI of a record, with its path id when there is one to send: where it ends, begun at `p`. */
function writeNlri(p: usize, record: usize, nlriFamily: u32, from: usize, addPath: bool, path: u32): usize {
  if (addPath) {
    storeU32(p, path);
    p += 4;
  }
  const kind = kindOf(nlriFamily);
  if (kind == NLRI_IPV4 || kind == NLRI_IPV6) return writePrefix(p, load<u8>(record, R_LENGTH), record + R_PREFIX);
  const nlri = from == 0 ? 0 : <u32>load<u16>(from, SET_NLRI);
  if (nlri != 0) {
    memory.copy(p, from + SET_BYTES + load<u32>(from, SET_LENGTH), nlri);
    return p + nlri;
  }
  const bytes = load<u32>(record, R_KEY_BYTES);
  memory.copy(p, load<u32>(record, R_KEY), bytes);
  return p + bytes;
}

/** Announces a record's prefix with a set's attributes. */
export function emitAnnounce(record: usize, nlriFamily: u32, using: usize, addPath: bool, path: u32): void {
  if (set != using || family != nlriFamily) beginAnnounced(nlriFamily, using);
  const end = writeNlri(announcedEnd, record, nlriFamily, using, addPath, path);
  if (<u32>(end - announced) > room) {
    const begin = announcedEnd;
    flushAnnounced();
    memory.copy(announced, begin, end - begin);
    announcedEnd = announced + (end - begin);
  } else announcedEnd = end;
  announcedCount++;
}

/** Withdraws it. `from`: the set that it was announced with, which may hold its NLRI. */
export function emitWithdraw(record: usize, nlriFamily: u32, from: usize, addPath: bool, path: u32): void {
  openWithdrawal(nlriFamily);
  closeWithdrawal(writeNlri(withdrawnEnd, record, nlriFamily, from, addPath, path));
}

/** Says of which family the NLRI is that comes to `withdrawnEnd`. */
function openWithdrawal(nlriFamily: u32): void {
  if (withdrawnFamily != nlriFamily) flushWithdrawn();
  withdrawnFamily = nlriFamily;
}

/** Takes over the NLRI at `withdrawnEnd` that ends at `end`. */
function closeWithdrawal(end: usize): void {
  if (<u32>(end - withdrawn) + WITHDRAWAL_BYTES > messageMax) {
    const begin = withdrawnEnd;
    flushWithdrawn();
    memory.copy(withdrawn, begin, end - begin);
    withdrawnEnd = withdrawn + (end - begin);
  } else withdrawnEnd = end;
}

/** Takes a set apart: the next hop of a leading MP_REACH_NLRI, and what follows it. */
function beginAnnounced(nlriFamily: u32, using: usize): void {
  flushAnnounced();
  if (set != 0) release(set);
  set = using;
  hold(set);
  family = nlriFamily;
  attributes = set + SET_BYTES;
  attributeBytes = load<u32>(set, SET_LENGTH);
  hop = 0;
  hopBytes = 0;
  if (attributeBytes > 3 && load<u8>(attributes, 1) == ATTR_MP_REACH) {
    const value = attributes + ((load<u8>(attributes) & FLAG_EXTENDED_LENGTH) != 0 ? 4 : 3);
    hopBytes = load<u8>(value, 3);
    hop = value + 4;
    attributeBytes -= <u32>(hop + hopBytes - attributes);
    attributes = hop + hopBytes;
  }
  if ((load<u32>(exporter, X_FLAGS) & X_FLAG_FOUR_OCTET_AS) == 0) {
    attributeBytes = narrow(attributes, attributeBytes);
    attributes = NARROWED;
  }
  const fixed: u32 = HEADER_BYTES + 4 + attributeBytes + (isMp() ? 9 + hopBytes : 0);
  room = fixed < messageMax ? min<u32>(messageMax - fixed, NLRI_ROOM) : 0;
}

/** IPv4 unicast stands in the UPDATE's own field unless its next hop is in MP_REACH_NLRI (RFC 8950). */
function isMp(): bool {
  return family != FAMILY_IPV4 || hop != 0;
}

/** Flags, code, length of `bytes`, AFI and SAFI; returns where the value goes on. */
function writeMpHead(p: usize, code: u32, nlriFamily: u32, bytes: u32): usize {
  store<u8>(p, FLAG_OPTIONAL | FLAG_EXTENDED_LENGTH);
  store<u8>(p, code, 1);
  storeU16(p + 2, bytes);
  storeU16(p + 4, afiOf(nlriFamily));
  store<u8>(p, safiOf(nlriFamily), 6);
  return p + 7;
}

function flushAnnounced(): void {
  const nlri = <u32>(announcedEnd - announced);
  const count = announcedCount;
  announcedEnd = announced;
  announcedCount = 0;
  if (nlri == 0) return;
  if (nlri > room) {
    store<u32>(exporter, load<u32>(exporter, X_UNSENT) + count, X_UNSENT);
    // RFC 4271 §9.2: what the peer may have of that route is no longer so.
    openWithdrawal(family);
    memory.copy(withdrawnEnd, announced, nlri);
    closeWithdrawal(withdrawnEnd + nlri);
    return;
  }
  const mp = isMp();
  const head: u32 = mp ? 9 + hopBytes + nlri : 0;
  let p = out + HEADER_BYTES;
  storeU16(p, 0);
  storeU16(p + 2, head + attributeBytes);
  p += 4;
  if (mp) {
    p = writeMpHead(p, ATTR_MP_REACH, family, 5 + hopBytes + nlri);
    store<u8>(p, hopBytes);
    memory.copy(p + 1, hop, hopBytes);
    store<u8>(p + 1 + hopBytes, 0);
    memory.copy(p + 2 + hopBytes, announced, nlri);
    p += 2 + hopBytes + nlri;
  }
  memory.copy(p, attributes, attributeBytes);
  p += attributeBytes;
  if (!mp) {
    memory.copy(p, announced, nlri);
    p += nlri;
  }
  writeHeader(out, <u32>(p - out), MSG_UPDATE);
  out = p;
  messages++;
}

function flushWithdrawn(): void {
  const nlri = <u32>(withdrawnEnd - withdrawn);
  withdrawnEnd = withdrawn;
  // One that no message of the session holds was never announced there.
  if (nlri == 0 || nlri + WITHDRAWAL_BYTES > messageMax) return;
  let p = out + HEADER_BYTES;
  if (withdrawnFamily == FAMILY_IPV4) {
    storeU16(p, nlri);
    memory.copy(p + 2, withdrawn, nlri);
    storeU16(p + 2 + nlri, 0);
    p += 4 + nlri;
  } else {
    storeU16(p, 0);
    storeU16(p + 2, 7 + nlri);
    p = writeMpHead(p + 4, ATTR_MP_UNREACH, withdrawnFamily, 3 + nlri);
    memory.copy(p, withdrawn, nlri);
    p += nlri;
  }
  writeHeader(out, <u32>(p - out), MSG_UPDATE);
  out = p;
  messages++;
}
