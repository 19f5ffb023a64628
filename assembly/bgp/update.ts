// UPDATE (RFC 4271 §4.3, RFC 4760, RFC 7606): one walk over the attributes, then a record for each prefix.
// Attributes are never unpacked here: a route refers to its set of raw bytes, which src/bgp renders when asked.

import { loadU16 } from "../mem/bytes";
import { attributeRow, valueOk } from "./attribute";
import { addBlock, blocksEnd, recordsEnd, setRecordsEnd, takeBack } from "./batch";
import { familyOf, nextHopLengthOk } from "./family";
import { reset } from "./header";
import {
  ATTR_AS_PATH,
  ATTR_AS4_AGGREGATOR,
  ATTR_AS4_PATH,
  ATTR_MP_REACH,
  ATTR_MP_UNREACH,
  ATTR_NEXT_HOP,
  ATTR_ORIGIN,
  FAMILY_IPV4,
  FLAG_EXTENDED_LENGTH,
  FLAG_OPTIONAL,
  FLAG_TRANSITIVE,
  NOTIFY_ATTRIBUTE_LIST,
  NOTIFY_NETWORK_FIELD,
  NOTIFY_OPTIONAL_ATTRIBUTE,
  NOTIFY_UNRECOGNIZED_WELL_KNOWN,
  ROW_CHECK_SHIFT,
  ROW_IBGP_ONLY,
  ROW_KNOWN,
  ROW_PARAM_SHIFT,
  ROW_VERDICT_SHIFT,
  VERDICT_DISCARD,
  VERDICT_OK,
  VERDICT_RESET,
  VERDICT_WITHDRAW,
} from "./layout";
import { decodeNlri } from "./nlri";
import { keep, keepNothing, keptBlock } from "./rewrite";
import {
  ACTION_ANNOUNCE,
  ACTION_WITHDRAW,
  RECORD_BYTES,
  RIB_ADD_PATH,
  RIB_ANNOUNCED,
  RIB_ATTRIBUTES_DISCARDED,
  RIB_END_OF_RIB,
  RIB_FAMILIES,
  RIB_FAMILIES_IGNORED,
  RIB_FLAG_FOUR_OCTET_AS,
  RIB_FLAG_IBGP,
  RIB_FLAGS,
  RIB_TREATED_AS_WITHDRAW,
  RIB_UPDATES,
  RIB_WITHDRAW_UPDATES,
  RIB_WITHDRAWN,
} from "./rib_layout";

// What the walk over one UPDATE's attributes has found.
let verdict: u32 = VERDICT_OK;
/** The attribute that the verdict is due to. */
let faultCode: u32 = 0;
let reach: usize = 0;
let reachBytes: u32 = 0;
let unreach: usize = 0;
let unreachBytes: u32 = 0;
let rewrite: bool = false;
/** There is an attribute besides MP_UNREACH_NLRI, or a piece of one. */
let others: bool = false;
const seen: usize = memory.data(32);

/** The verdict on the UPDATE that was decoded last. */
export function updateVerdict(): u32 {
  return verdict;
}

/** The code of the attribute that earned it, 0 when none did. */
export function updateFaultCode(): u32 {
  return faultCode;
}

/** Raises the verdict; the first attribute that earns the highest one is kept. */
function condemn(found: u32, code: u32): void {
  if (found <= verdict) return;
  verdict = found;
  faultCode = code;
}

function count(rib: usize, counter: usize, by: u64): void {
  store<u64>(rib + counter, load<u64>(rib + counter) + by);
}

/** True when the code was met before in this UPDATE. */
function meet(code: u32): bool {
  const at = seen + (code >> 3);
  const bit: u32 = 1 << (code & 7);
  const byte = <u32>load<u8>(at);
  store<u8>(at, byte | bit);
  return (byte & bit) != 0;
}

function met(code: u32): bool {
  return (load<u8>(seen + (code >> 3)) & (1 << (code & 7))) != 0;
}

/** The verdict on one attribute (RFC 7606 §3); `reset` has been called when it is VERDICT_RESET. */
function judge(rib: usize, start: usize, flags: u32, code: u32, p: usize, bytes: u32): u32 {
  const row = attributeRow(code);
  if (meet(code)) {
    // RFC 7606 §3 g: a second MP attribute ends the session, any other is dropped.
    if (code != ATTR_MP_REACH && code != ATTR_MP_UNREACH) return VERDICT_DISCARD;
    reset(NOTIFY_ATTRIBUTE_LIST, 0, 0);
    return VERDICT_RESET;
  }
  if ((row & ROW_KNOWN) == 0) {
    if ((flags & FLAG_OPTIONAL) != 0) return VERDICT_OK;
    reset(NOTIFY_UNRECOGNIZED_WELL_KNOWN, start, <u32>(p + bytes - start));
    return VERDICT_RESET;
  }
  const ribFlags = load<u32>(rib, RIB_FLAGS);
  if ((row & ROW_IBGP_ONLY) != 0 && (ribFlags & RIB_FLAG_IBGP) == 0) return VERDICT_DISCARD;
  const fourOctet = (ribFlags & RIB_FLAG_FOUR_OCTET_AS) != 0;
  // RFC 6793 §4.1, §6: between speakers with four-octet numbers these must be discarded.
  if (fourOctet && (code == ATTR_AS4_PATH || code == ATTR_AS4_AGGREGATOR)) return VERDICT_DISCARD;
  const malformed = (row >> ROW_VERDICT_SHIFT) & 0xf;
  // RFC 7606 §3 c. For MP attributes the prefixes could still be read: then they are withdrawn.
  if (((flags ^ row) & (FLAG_OPTIONAL | FLAG_TRANSITIVE)) != 0) {
    return malformed == VERDICT_DISCARD ? VERDICT_DISCARD : VERDICT_WITHDRAW;
  }
  if (valueOk((row >> ROW_CHECK_SHIFT) & 0xff, (row >> ROW_PARAM_SHIFT) & 0xff, p, bytes, fourOctet)) return VERDICT_OK;
  if (malformed == VERDICT_RESET) reset(NOTIFY_OPTIONAL_ATTRIBUTE, start, <u32>(p + bytes - start));
  return malformed;
}

function cutShort(code: u32): i32 {
  condemn(VERDICT_WITHDRAW, code);
  others = true;
  return 0;
}

/** Walks the attributes from `p` to `end`; sets the globals above. Returns -1 when the session must be reset. */
function walk(rib: usize, p: usize, end: usize): i32 {
  reach = 0;
  unreach = 0;
  others = false;
  rewrite = (load<u32>(rib, RIB_FLAGS) & RIB_FLAG_FOUR_OCTET_AS) == 0;
  store<u64>(seen, 0);
  store<u64>(seen, 0, 8);
  store<u64>(seen, 0, 16);
  store<u64>(seen, 0, 24);
  keepNothing();
  while (p < end) {
    const start = p;
    // RFC 7606 §4: an attribute that is cut short makes the routes withdrawn; what follows it is unknown.
    if (p + 3 > end) return cutShort(0);
    const flags = <u32>load<u8>(p);
    const code = <u32>load<u8>(p, 1);
    let bytes: u32;
    if ((flags & FLAG_EXTENDED_LENGTH) != 0) {
      bytes = p + 4 > end ? 0xffff : loadU16(p + 2);
      p += 4;
    } else {
      bytes = load<u8>(p, 2);
      p += 3;
    }
    if (p + bytes > end) return cutShort(code);
    if (code != ATTR_MP_UNREACH) others = true;
    const found = judge(rib, start, flags, code, p, bytes);
    condemn(found, code);
    if (found == VERDICT_RESET) return -1;
    if (found == VERDICT_DISCARD) {
      rewrite = true;
      count(rib, RIB_ATTRIBUTES_DISCARDED, 1);
    } else if (code == ATTR_MP_REACH || code == ATTR_MP_UNREACH) {
      rewrite = true;
      if (code == ATTR_MP_REACH) {
        reach = p;
        reachBytes = bytes;
      } else {
        unreach = p;
        unreachBytes = bytes;
      }
    } else keep(start, <u32>(p + bytes - start));
    p += bytes;
  }
  return 0;
}

function addPath(rib: usize, family: u32): bool {
  return ((load<u32>(rib, RIB_ADD_PATH) >> family) & 1) != 0;
}

/** Appends records, withdrawals without a block; -1 after a reset when the NLRI cannot be read. */
function emit(rib: usize, p: usize, end: usize, family: u32, block: usize, notify: u32): i32 {
  const out = recordsEnd();
  const action = block == 0 ? ACTION_WITHDRAW : ACTION_ANNOUNCE;
  const next = decodeNlri(p, end, out, family, block, action, addPath(rib, family));
  if (next == 0) return reset(notify, 0, 0);
  count(rib, block == 0 ? RIB_WITHDRAWN : RIB_ANNOUNCED, (next - out) / RECORD_BYTES);
  setRecordsEnd(next);
  return 0;
}

/** True when a session has negotiated the family; counts it when not. */
function negotiated(rib: usize, family: i32): bool {
  if (family >= 0 && ((load<u32>(rib, RIB_FAMILIES) >> family) & 1) != 0) return true;
  count(rib, RIB_FAMILIES_IGNORED, 1);
  return false;
}

/** RFC 4760 §4; an empty one is End-of-RIB (RFC 4724 §2). */
function emitUnreach(rib: usize): i32 {
  if (unreachBytes < 3) return reset(NOTIFY_OPTIONAL_ATTRIBUTE, 0, 0);
  const family = familyOf(loadU16(unreach), load<u8>(unreach, 2));
  if (!negotiated(rib, family)) return 0;
  if (unreachBytes == 3) {
    store<u32>(rib, load<u32>(rib, RIB_END_OF_RIB) | (1 << family), RIB_END_OF_RIB);
    return 0;
  }
  return emit(rib, unreach + 3, unreach + unreachBytes, family, 0, NOTIFY_OPTIONAL_ATTRIBUTE);
}

/** RFC 4760 §3, RFC 7606 §5.3, §7.11. */
function emitReach(rib: usize): i32 {
  if (reachBytes < 5) return reset(NOTIFY_OPTIONAL_ATTRIBUTE, 0, 0);
  const family = familyOf(loadU16(reach), load<u8>(reach, 2));
  if (!negotiated(rib, family)) return 0;
  const hopBytes = <u32>load<u8>(reach, 3);
  if (!nextHopLengthOk(family, hopBytes) || hopBytes + 5 > reachBytes) return reset(NOTIFY_OPTIONAL_ATTRIBUTE, 0, 0);
  const block = verdict < <u32>VERDICT_WITHDRAW ? keptBlock(rib, reach, family) : 0;
  return emit(rib, reach + 5 + hopBytes, reach + reachBytes, family, block, NOTIFY_OPTIONAL_ATTRIBUTE);
}

/**
 * A route without its mandatory attributes is withdrawn (RFC 7606 §3 d). Errors that would have routes withdrawn end
 * the session where no reachable prefix was found: nothing shows that there was none (§5.2). -1 then.
 */
function checkMandatory(rib: usize, hasNlri: bool): i32 {
  if (!hasNlri && reach == 0) {
    return verdict == VERDICT_WITHDRAW && others ? reset(NOTIFY_ATTRIBUTE_LIST, 0, 0) : 0;
  }
  const complete = met(ATTR_ORIGIN) && met(ATTR_AS_PATH) && (!hasNlri || met(ATTR_NEXT_HOP));
  if (!complete)
    condemn(VERDICT_WITHDRAW, met(ATTR_ORIGIN) ? (met(ATTR_AS_PATH) ? ATTR_NEXT_HOP : ATTR_AS_PATH) : ATTR_ORIGIN);
  if (verdict == VERDICT_WITHDRAW) count(rib, RIB_TREATED_AS_WITHDRAW, 1);
  return 0;
}

/** The IPv4 prefixes that stand outside MP attributes. */
function emitNlri(rib: usize, attributes: usize, p: usize, end: usize): i32 {
  if (!negotiated(rib, FAMILY_IPV4)) return 0;
  let block: usize = 0;
  if (verdict < <u32>VERDICT_WITHDRAW) {
    block = rewrite ? keptBlock(rib, 0, FAMILY_IPV4) : addBlock(attributes, <u32>(p - attributes), FAMILY_IPV4);
  }
  return emit(rib, p, end, FAMILY_IPV4, block, NOTIFY_NETWORK_FIELD);
}

/**
 * Decodes the UPDATE body at `p` into records at the end of the batch. Returns 0, or -1 when the session must be
 * reset: the status then holds the NOTIFICATION and nothing of the UPDATE is in the batch.
 */
export function decodeUpdate(rib: usize, p: usize, bytes: u32): i32 {
  const before = recordsEnd();
  const blocksBefore = blocksEnd();
  const result = decodeParts(rib, p, bytes);
  if (result < 0) takeBack(before, blocksBefore);
  else count(rib, RIB_UPDATES, 1);
  return result;
}

function resetBy(code: u32): i32 {
  condemn(VERDICT_RESET, code);
  return -1;
}

function decodeParts(rib: usize, p: usize, bytes: u32): i32 {
  verdict = VERDICT_OK;
  faultCode = 0;
  const end = p + bytes;
  const withdrawn = p + 2;
  const withdrawnEnd = withdrawn + loadU16(p);
  if (withdrawnEnd + 2 > end) return reset(NOTIFY_ATTRIBUTE_LIST, 0, 0);
  const attributes = withdrawnEnd + 2;
  const nlri = attributes + loadU16(withdrawnEnd);
  if (nlri > end) return reset(NOTIFY_ATTRIBUTE_LIST, 0, 0);
  if (walk(rib, attributes, nlri) < 0) return -1;
  if (checkMandatory(rib, nlri < end) < 0) return -1;
  if (withdrawnEnd > withdrawn && emit(rib, withdrawn, withdrawnEnd, FAMILY_IPV4, 0, NOTIFY_NETWORK_FIELD) < 0)
    return -1;
  if (unreach != 0 && emitUnreach(rib) < 0) return resetBy(ATTR_MP_UNREACH);
  if (withdrawnEnd > withdrawn || unreach != 0) count(rib, RIB_WITHDRAW_UPDATES, 1);
  if (nlri < end && emitNlri(rib, attributes, nlri, end) < 0) return -1;
  if (reach != 0 && emitReach(rib) < 0) return resetBy(ATTR_MP_REACH);
  if (bytes == 4) store<u32>(rib, load<u32>(rib, RIB_END_OF_RIB) | (1 << FAMILY_IPV4), RIB_END_OF_RIB);
  return 0;
}
