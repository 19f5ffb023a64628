// Policies: programs that say which routes are accepted and how they are changed. layout.ts has their form,
// src/wasm/bgp_policy_program.ts writes them. A run allocates nothing.

import { ERR_MEMORY } from "./layout";
import { give, take } from "./memory";
import { allHold, needAttributes, setAttributes, setRoute } from "./policy_conditions";
import { applyEdits } from "./policy_edits";
import {
  ACTION_ACCEPT,
  ACTION_CONTINUE,
  NEIGHBOR_BYTES,
  PROGRAM_BYTES,
  PROGRAM_DEFAULT,
  PROGRAM_FAILED,
  PROGRAM_FIRST,
  PROGRAM_FORMAT,
  PROGRAM_SIZE,
  PROGRAM_VERSION,
  RULE_ACTION,
  RULE_CONDITIONS,
  RULE_EDITS,
  RULE_HITS,
  RULE_KEEPS,
  RULE_NEXT,
} from "./policy_layout";

/** A changed set may be read by a later rule: two buffers take turns. */
const SCRATCH_BYTES: usize = 1 << 16;
const scratch: usize = take(SCRATCH_BYTES * 2);

const nobody: usize = memory.data(NEIGHBOR_BYTES);
let neighbor: usize = nobody;

/** Room for a program of `bytes`, to be filled and given to loadPolicy(); 0 without memory. */
export function policyRoom(bytes: u32): usize {
  return take(bytes);
}

/** Takes the program over that fills policyRoom(bytes). Returns its handle, or ERR_* below 0 and frees the room. */
export function loadPolicy(program: usize, bytes: u32): i32 {
  const ok = bytes >= <u32>PROGRAM_BYTES && load<u32>(program, PROGRAM_VERSION) == PROGRAM_FORMAT;
  if (ok && load<u32>(program, PROGRAM_SIZE) == bytes) return <i32>program;
  give(program, bytes);
  return ERR_MEMORY;
}

export function freePolicy(policy: usize): void {
  give(policy, load<u32>(policy, PROGRAM_SIZE));
}

/** A zeroed neighbour, NEIGHBOR_BYTES long; 0 without memory. */
export function createNeighbor(): usize {
  const p = take(NEIGHBOR_BYTES);
  if (p != 0) memory.fill(p, 0, NEIGHBOR_BYTES);
  return p;
}

export function freeNeighbor(p: usize): void {
  if (neighbor == p) neighbor = nobody;
  give(p, NEIGHBOR_BYTES);
}

/** Whose addresses and AS number `self` and `peer` mean in the runs that follow; 0 for nobody's. */
export function policyContext(whose: usize): void {
  neighbor = whose == 0 ? nobody : whose;
}

let keeps: u32 = 0;

/** ROUTE_KEEP_* bits for exportTransform(): what the last accepting run has set. */
export function policyKeeps(): u32 {
  return keeps;
}

/**
 * Runs a policy on a route: -1 reject, 0 accept as it is, n > 0 accept with the n attribute bytes at `out`, where
 * there must be room for 64 KiB beside `attrs`. `prefix`: 4 or 16 readable bytes, or 0; `validation`: 0 not-found, 1 valid, 2 invalid.
 */
export function policyRun(
  policy: usize,
  attrs: usize,
  bytes: u32,
  prefix: usize,
  bits: u32,
  family: u32,
  validation: u32,
  out: usize,
): i32 {
  setRoute(prefix, bits, family, validation);
  setAttributes(attrs, bytes);
  keeps = 0;
  let changed: usize = 0;
  let changedBytes: i32 = 0;
  let action = load<u32>(policy, PROGRAM_DEFAULT);
  let rule = load<u32>(policy, PROGRAM_FIRST);
  while (rule != 0) {
    const at = policy + rule;
    rule = load<u32>(at, RULE_NEXT);
    if (!allHold(policy, load<u32>(at, RULE_CONDITIONS))) continue;
    store<u32>(at, load<u32>(at, RULE_HITS) + 1, RULE_HITS);
    const verdict = load<u32>(at, RULE_ACTION);
    const edits = load<u32>(at, RULE_EDITS);
    if (edits != 0 && (verdict == ACTION_ACCEPT || verdict == ACTION_CONTINUE)) {
      // The last change goes to its place at once.
      const to = verdict == ACTION_ACCEPT ? out : changed == scratch ? scratch + SCRATCH_BYTES : scratch;
      changedBytes = needAttributes() ? applyEdits(policy, edits, neighbor, family, to) : -1;
      if (changedBytes < 0) {
        store<u32>(policy, load<u32>(policy, PROGRAM_FAILED) + 1, PROGRAM_FAILED);
        return -1;
      }
      changed = to;
      keeps |= load<u32>(at, RULE_KEEPS);
      setAttributes(to, changedBytes);
    }
    if (verdict != ACTION_CONTINUE) {
      action = verdict;
      break;
    }
  }
  if (action != ACTION_ACCEPT) return -1;
  if (changed != 0 && changed != out) memory.copy(out, changed, changedBytes);
  return changedBytes;
}
