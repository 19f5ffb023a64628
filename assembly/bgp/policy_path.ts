// Tests on an AS path. A regular expression has become an automaton over the path's text, which is made digit by digit
// as it is needed: "1 2 3", a set as "{4,5}", a confederation sequence as "(6 7)", its set as a set.

import { loadU32 } from "../mem/bytes";
import { firstAs, originAs, pathLength, segmentEnd } from "./as_path";
import { AS_CONFED_SEQUENCE, AS_SEQUENCE } from "./layout";
import {
  PATH_AUTOMATON,
  PATH_CONTAINS,
  PATH_LEAST,
  PATH_MOST,
  PATH_NEIGHBOR,
  PATH_NEXT,
  PATH_ORIGIN,
  STATE_BYTES,
  STATE_DEAD,
  STATE_MATCH,
  STATE_MATCH_AT_END,
  SYMBOL_COMMA,
  SYMBOL_CONFED,
  SYMBOL_CONFED_END,
  SYMBOL_SET,
  SYMBOL_SET_END,
  SYMBOL_SPACE,
} from "./policy_layout";
import { hasAs } from "./policy_match";

let states: usize = 0;
let state: usize = 0;

function step(symbol: u32): void {
  state = states + <usize>load<u16>(state + 4 + ((<usize>symbol) << 1)) * STATE_BYTES;
}

const digits: usize = memory.data(16);

function stepNumber(value: u32): void {
  let p = digits + 10;
  do {
    p--;
    store<u8>(p, value % 10);
    value /= 10;
  } while (value != 0);
  for (; p < digits + 10; p++) step(load<u8>(p));
}

function settled(): bool {
  return (load<u32>(state) & (STATE_MATCH | STATE_DEAD)) != 0;
}

/** Runs the automaton over a path. */
export function automatonMatches(automaton: usize, p: usize, bytes: u32): bool {
  states = automaton;
  state = automaton;
  const end = p + bytes;
  let first = true;
  while (p + 2 <= end && !settled()) {
    const type = load<u8>(p);
    const next = segmentEnd(p, end);
    const ordered = type == AS_SEQUENCE || type == AS_CONFED_SEQUENCE;
    if (!first) step(SYMBOL_SPACE);
    first = false;
    if (type == AS_CONFED_SEQUENCE) step(SYMBOL_CONFED);
    else if (!ordered) step(SYMBOL_SET);
    for (let q = p + 2; q + 4 <= next; q += 4) {
      if (q != p + 2) step(ordered ? SYMBOL_SPACE : SYMBOL_COMMA);
      stepNumber(loadU32(q));
      if (settled()) break;
    }
    if (type == AS_CONFED_SEQUENCE) step(SYMBOL_CONFED_END);
    else if (!ordered) step(SYMBOL_SET_END);
    p = next;
  }
  return (load<u32>(state) & (STATE_MATCH | STATE_MATCH_AT_END)) != 0;
}

function containsOne(set: usize, p: usize, bytes: u32): bool {
  const end = p + bytes;
  while (p + 2 <= end) {
    const next = segmentEnd(p, end);
    for (p += 2; p + 4 <= next; p += 4) if (hasAs(set, loadU32(p))) return true;
    p = next;
  }
  return false;
}

function testHolds(program: usize, test: usize, p: usize, bytes: u32): bool {
  const length = pathLength(p, bytes);
  if (length < load<u32>(test, PATH_LEAST) || length > load<u32>(test, PATH_MOST)) return false;
  let set = load<u32>(test, PATH_NEIGHBOR);
  if (set != 0 && !hasAs(program + set, firstAs(p, bytes))) return false;
  set = load<u32>(test, PATH_ORIGIN);
  if (set != 0 && !hasAs(program + set, originAs(p, bytes))) return false;
  set = load<u32>(test, PATH_CONTAINS);
  if (set != 0 && !containsOne(program + set, p, bytes)) return false;
  const automaton = load<u32>(test, PATH_AUTOMATON);
  return automaton == 0 || automatonMatches(program + automaton, p, bytes);
}

/** Whether one of a list of tests holds for the path. */
export function pathMatches(program: usize, test: u32, p: usize, bytes: u32): bool {
  while (test != 0) {
    if (testHolds(program, program + test, p, bytes)) return true;
    test = load<u32>(program + test, PATH_NEXT);
  }
  return false;
}
