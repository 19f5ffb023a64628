// What a peer's routes have to pass: the rules of the protocol, and the peer's import policy.

import { storeU32 } from "../mem/bytes";
import {
  attributeAt,
  attributeBytes,
  beginValue,
  closeList,
  copyAttribute,
  endValue,
  indexAttributes,
  openList,
  valueAt,
  valueBytes,
} from "./attribute_index";
import { SCRATCH, SCRATCH_TWO } from "./buffers";
import { isInline, kindOf } from "./family";
import { importCheck, importTransform } from "./import_check";
import { ATTR_COMMUNITY, ATTR_MP_REACH, FLAG_OPTIONAL, FLAG_TRANSITIVE } from "./layout";
import { policyContext, policyRun } from "./policy";
import {
  ATTRIBUTES_MAX,
  IMPORT_ADD_OTC,
  IMPORT_DROP_AIGP,
  IMPORT_INELIGIBLE,
  IMPORT_LLGR_STALE,
  IMPORT_NO_LLGR,
} from "./policy_layout";
import { COMMUNITY_LLGR_STALE } from "./rank";
import {
  B_POST,
  B_REFUSED,
  POST_REJECTED,
  POST_UNCHANGED,
  POST_UNKNOWN,
  R_LENGTH,
  R_PREFIX,
  RIB_NEIGHBOR,
  RIB_POLICY,
  RIB_POLICY_PER_ROUTE,
  SET_BYTES,
  SET_LENGTH,
  SET_NLRI,
} from "./rib_layout";
import { hashOf, hold, internHashed } from "./set";
import { validationOf } from "./validation";

/** importPost(): the policy has refused the route. */
export const REJECTED: usize = POST_REJECTED;

/** What speaks against routes with a set's attributes: IMPORT_* bits; 0 nothing. */
export function importFindings(rib: usize, set: usize, family: u32): u32 {
  const neighbor = <usize>load<u32>(rib, RIB_NEIGHBOR);
  return neighbor == 0 ? 0 : importCheck(neighbor, set + SET_BYTES, load<u32>(set, SET_LENGTH), family);
}

/** True when such findings keep a route out of the decision. */
export function isRefused(findings: u32): bool {
  return (findings & IMPORT_INELIGIBLE) != 0;
}

/** The set of these attributes with the NLRI that `set` keeps, a reference of the caller's; 0 without memory. */
export function internLike(set: usize, p: usize, bytes: u32): usize {
  const nlri = <u32>load<u16>(set, SET_NLRI);
  if (nlri != 0) memory.copy(p + bytes, set + SET_BYTES + load<u32>(set, SET_LENGTH), nlri);
  return internHashed(p, bytes + nlri, nlri, hashOf(p, bytes + nlri));
}

/**
 * The set after the import policy, a reference of the caller's; 0 when it is unchanged, or REJECTED. `longLived`: the
 * route is kept although its peer has been away for long.
 */
export function importPost(rib: usize, block: usize, set: usize, record: usize, family: u32, longLived: bool): usize {
  const perRoute = load<u32>(rib, RIB_POLICY_PER_ROUTE) != 0 || load<u16>(set, SET_NLRI) != 0;
  if (perRoute || longLived) return judge(rib, block, set, record, family, longLived);
  let known = load<u32>(block, B_POST);
  if (known == POST_UNKNOWN) {
    known = <u32>judge(rib, block, set, record, family, false);
    if (known == 0) known = POST_UNCHANGED;
    store<u32>(block, known, B_POST);
  }
  if (known == POST_UNCHANGED) return 0;
  if (<usize>known != REJECTED) hold(known);
  return known;
}

/** RFC 9494 §4.2: LLGR_STALE is added, unless NO_LLGR forbids that the route is kept. Bytes at `out`, -1 when it does. */
function markLongLived(p: usize, bytes: u32, out: usize): i32 {
  if (!indexAttributes(p, bytes)) return -1;
  const start = attributeAt(ATTR_COMMUNITY);
  const old: u32 = start == 0 ? 0 : valueBytes(start);
  openList(out, ATTRIBUTES_MAX);
  let written = false;
  for (let at = p; at < p + bytes; at += attributeBytes(at)) {
    const code = load<u8>(at, 1);
    if (!written && code >= <u32>ATTR_COMMUNITY && code != <u32>ATTR_MP_REACH) {
      writeCommunities(start, old);
      written = true;
    }
    if (code != <u32>ATTR_COMMUNITY) copyAttribute(at);
  }
  if (!written) writeCommunities(start, old);
  return closeList();
}

function writeCommunities(start: usize, old: u32): void {
  const value = beginValue(old + 4);
  if (value == 0) return;
  if (start != 0) memory.copy(value, valueAt(start), old);
  storeU32(value + old, COMMUNITY_LLGR_STALE);
  endValue(FLAG_OPTIONAL | FLAG_TRANSITIVE, ATTR_COMMUNITY, old + 4);
}

function judge(rib: usize, block: usize, set: usize, record: usize, family: u32, longLived: bool): usize {
  const neighbor = <usize>load<u32>(rib, RIB_NEIGHBOR);
  let p = set + SET_BYTES;
  let bytes = load<u32>(set, SET_LENGTH);
  const found = load<u32>(block, B_REFUSED);
  if ((found & (IMPORT_ADD_OTC | IMPORT_DROP_AIGP)) != 0) {
    const made = importTransform(neighbor, p, bytes, found, SCRATCH);
    if (made < 0) return REJECTED;
    if (made > 0) {
      p = SCRATCH;
      bytes = made;
    }
  }
  const policy = <usize>load<u32>(rib, RIB_POLICY);
  if (policy != 0) {
    const inline = isInline(kindOf(family));
    const prefix: usize = inline ? record + R_PREFIX : 0;
    const bits: u32 = inline ? load<u8>(record, R_LENGTH) : 0;
    const validation = validationOf(neighbor, p, bytes, record, family);
    policyContext(neighbor);
    const changed = policyRun(policy, p, bytes, prefix, bits, family, validation, SCRATCH_TWO);
    if (changed < 0) return REJECTED;
    if (changed > 0) {
      p = SCRATCH_TWO;
      bytes = changed;
    }
  }
  if (longLived) {
    if ((found & IMPORT_NO_LLGR) != 0) return REJECTED;
    if ((found & IMPORT_LLGR_STALE) != 0) return unchangedOr(set, p, bytes);
    const out: usize = p == SCRATCH ? SCRATCH_TWO : SCRATCH;
    const marked = markLongLived(p, bytes, out);
    if (marked < 0) return REJECTED;
    p = out;
    bytes = marked;
  }
  return unchangedOr(set, p, bytes);
}

function unchangedOr(set: usize, p: usize, bytes: u32): usize {
  if (p == set + SET_BYTES) return 0;
  const post = internLike(set, p, bytes);
  return post == 0 ? REJECTED : post;
}
