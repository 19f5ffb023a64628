// What the decision process compares of an attribute set, worked out once and kept in the set's head.

import { loadU16, loadU32 } from "../mem/bytes";
import { metricIn } from "./aigp";
import {
  AS_CONFED_SEQUENCE,
  AS_SEQUENCE,
  AS_SET,
  ATTR_AIGP,
  ATTR_AS_PATH,
  ATTR_CLUSTER_LIST,
  ATTR_COMMUNITY,
  ATTR_LOCAL_PREF,
  ATTR_MED,
  ATTR_ORIGIN,
  ATTR_ORIGINATOR_ID,
  FLAG_EXTENDED_LENGTH,
} from "./layout";
import {
  SET_BYTES,
  SET_CLUSTERS,
  SET_LENGTH,
  SET_LOCAL_PREF,
  SET_MED,
  SET_NEIGHBOR,
  SET_ORIGIN,
  SET_ORIGINATOR,
  SET_PATH_LENGTH,
  SET_RANKED,
} from "./rib_layout";

/** RFC 4271 §9.1.1: what a route without LOCAL_PREF counts as. */
const LOCAL_PREF_DEFAULT: u32 = 100;
export const COMMUNITY_LLGR_STALE: u32 = 0xffff0006;

export const RANK_DONE: u8 = 1;
/** It carries LLGR_STALE: least preferred (RFC 9494 §4.3). */
export const RANK_LLGR_STALE: u8 = 2;
/** It has a metric of RFC 7311. */
export const RANK_AIGP: u8 = 4;

/** Length (RFC 4271 §9.1.2.2 a, RFC 5065 §5.3: a SET is one, confederation segments none) and first AS of a path. */
function rankPath(set: usize, p: usize, end: usize): void {
  let hops: u32 = 0;
  let neighbor: u32 = 0;
  let first = true;
  while (p < end) {
    const type = <u32>load<u8>(p);
    const count = <u32>load<u8>(p, 1);
    if (type == AS_SEQUENCE) hops += count;
    else if (type == AS_SET) hops++;
    if (first && type < <u32>AS_CONFED_SEQUENCE) {
      first = false;
      if (type == AS_SEQUENCE) neighbor = loadU32(p + 2);
    }
    p += 2 + ((<usize>count) << 2);
  }
  store<u16>(set, <u16>min<u32>(hops, 0xffff), SET_PATH_LENGTH);
  store<u32>(set, neighbor, SET_NEIGHBOR);
}

function hasCommunity(p: usize, end: usize, community: u32): bool {
  for (; p + 4 <= end; p += 4) if (loadU32(p) == community) return true;
  return false;
}

/** Fills the head of a set in, if that has not been done. */
export function rank(set: usize): void {
  if (load<u8>(set, SET_RANKED) != 0) return;
  let done: u8 = RANK_DONE;
  store<u8>(set, 2, SET_ORIGIN);
  store<u32>(set, LOCAL_PREF_DEFAULT, SET_LOCAL_PREF);
  store<u32>(set, 0, SET_MED);
  store<u32>(set, 0, SET_NEIGHBOR);
  store<u32>(set, 0, SET_PATH_LENGTH);
  store<u32>(set, 0, SET_ORIGINATOR);
  let p = set + SET_BYTES;
  const end = p + load<u32>(set, SET_LENGTH);
  while (p + 3 <= end) {
    const long = (load<u8>(p) & FLAG_EXTENDED_LENGTH) != 0;
    const code = load<u8>(p, 1);
    const bytes = long ? loadU16(p + 2) : <u32>load<u8>(p, 2);
    p += long ? 4 : 3;
    if (code == ATTR_ORIGIN) store<u8>(set, load<u8>(p), SET_ORIGIN);
    else if (code == ATTR_AS_PATH) rankPath(set, p, p + bytes);
    else if (code == ATTR_MED) store<u32>(set, loadU32(p), SET_MED);
    else if (code == ATTR_LOCAL_PREF) store<u32>(set, loadU32(p), SET_LOCAL_PREF);
    else if (code == ATTR_ORIGINATOR_ID) store<u32>(set, loadU32(p), SET_ORIGINATOR);
    else if (code == ATTR_CLUSTER_LIST) store<u16>(set, <u16>(bytes >> 2), SET_CLUSTERS);
    else if (code == ATTR_COMMUNITY && hasCommunity(p, p + bytes, COMMUNITY_LLGR_STALE)) done |= RANK_LLGR_STALE;
    else if (code == ATTR_AIGP && metricIn(p, p + bytes) != 0) done |= RANK_AIGP;
    p += bytes;
  }
  store<u8>(set, done, SET_RANKED);
}
