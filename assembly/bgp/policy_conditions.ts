// The conditions of a policy's rules. They read the set that is indexed (attribute_index.ts).

import { loadU32 } from "../mem/bytes";
import { pathBytes, pathValue } from "./as_path";
import { attributeAt, indexAttributes, valueAt, valueBytes } from "./attribute_index";
import { ATTR_EXT_COMMUNITY, ATTR_LARGE_COMMUNITY, ATTR_LOCAL_PREF, ATTR_MED, ATTR_ORIGIN } from "./layout";
import { findHop, foundBytes } from "./next_hop";
import {
  COND_A,
  COND_ALL,
  COND_ANY,
  COND_B,
  COND_FAMILY,
  COND_LOCAL_PREF,
  COND_MED,
  COND_NEXT,
  COND_NEXT_HOP,
  COND_NOT,
  COND_OP,
  COND_ORIGIN,
  COND_PATH,
  COND_PREFIX,
  COND_VALIDATION,
  LOCAL_PREF_DEFAULT,
} from "./policy_layout";
import { allMatch, anyMatches, prefix4Matches, prefix6Matches } from "./policy_match";
import { pathMatches } from "./policy_path";

/** Families up to VPN are IP prefixes: even ones IPv4, odd ones IPv6. */
const IP_FAMILIES: u32 = 8;

let prefixAt: usize = 0;
let prefixBits: u32 = 0;
let routeFamily: u32 = 0;
let routeValidation: u32 = 0;
let setAt: usize = 0;
let setBytes: u32 = 0;
let indexed: bool = false;

/** The route that conditions are asked about. `prefix` 0: it has none. */
export function setRoute(prefix: usize, bits: u32, family: u32, validation: u32): void {
  prefixAt = prefix;
  prefixBits = bits;
  routeFamily = family;
  routeValidation = validation;
}

/** The attributes that conditions read; they are indexed when the first one needs them. */
export function setAttributes(p: usize, bytes: u32): void {
  setAt = p;
  setBytes = bytes;
  indexed = false;
}

/** Indexes the attributes once. False: they are malformed. */
export function needAttributes(): bool {
  if (!indexed) indexed = indexAttributes(setAt, setBytes);
  return indexed;
}

function prefixHolds(four: u32, six: u32, program: usize): bool {
  if (prefixAt == 0 || routeFamily >= IP_FAMILIES) return false;
  if ((routeFamily & 1) == 0) return four != 0 && prefix4Matches(program + four, prefixAt, prefixBits);
  return six != 0 && prefix6Matches(program + six, prefixAt, prefixBits);
}

function nextHopHolds(four: u32, six: u32, program: usize): bool {
  const hop = findHop();
  if (hop == 0) return false;
  if (foundBytes() == 4) return four != 0 && prefix4Matches(program + four, hop, 32);
  return six != 0 && prefix6Matches(program + six, hop, 128);
}

/** A four-octet attribute's value, or what its absence stands for. */
export function wordOf(code: u32, absent: u32): u32 {
  const start = attributeAt(code);
  return start == 0 || valueBytes(start) != 4 ? absent : loadU32(valueAt(start));
}

/** Bytes of an entry of a community attribute. */
export function widthOf(code: u32): u32 {
  return code == ATTR_LARGE_COMMUNITY ? 12 : code == ATTR_EXT_COMMUNITY ? 8 : 4;
}

function originHolds(bits: u32): bool {
  const start = attributeAt(ATTR_ORIGIN);
  return start != 0 && valueBytes(start) == 1 && ((bits >>> load<u8>(valueAt(start))) & 1) != 0;
}

function communitiesHold(patterns: usize, code: u32, all: bool): bool {
  const start = attributeAt(code);
  const p: usize = start == 0 ? 0 : valueAt(start);
  const bytes: u32 = start == 0 ? 0 : valueBytes(start);
  return all ? allMatch(patterns, p, bytes, widthOf(code)) : anyMatches(patterns, p, bytes, widthOf(code));
}

function holds(program: usize, condition: usize): bool {
  const a = load<u32>(condition, COND_A);
  const b = load<u32>(condition, COND_B);
  const op = load<u32>(condition, COND_OP);
  if (op == COND_PREFIX) return prefixHolds(a, b, program);
  if (op == COND_NOT) return !allHold(program, a);
  if (op == COND_FAMILY) return ((a >>> routeFamily) & 1) != 0;
  if (op == COND_VALIDATION) return ((a >>> routeValidation) & 1) != 0;
  if (!needAttributes()) return false;
  if (op == COND_NEXT_HOP) return nextHopHolds(a, b, program);
  if (op == COND_PATH) return pathMatches(program, a, pathValue(), pathBytes());
  if (op == COND_ORIGIN) return originHolds(a);
  if (op == COND_ANY || op == COND_ALL) return communitiesHold(program + a, b, op == COND_ALL);
  // RFC 4271 §9.1.2.2: a route without MED has the lowest one; without LOCAL_PREF it counts as 100 here.
  const value = op == COND_MED ? wordOf(ATTR_MED, 0) : wordOf(ATTR_LOCAL_PREF, LOCAL_PREF_DEFAULT);
  return (op == COND_MED || op == COND_LOCAL_PREF) && value >= a && value <= b;
}

/** Whether all conditions of a list hold; an empty list (0) does. */
export function allHold(program: usize, condition: u32): bool {
  while (condition != 0) {
    if (!holds(program, program + condition)) return false;
    condition = load<u32>(program + condition, COND_NEXT);
  }
  return true;
}
