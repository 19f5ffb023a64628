// The static areas that src/wasm/openflow.ts copies into and out of. They are reserved once; nothing is freed.

import {
  FRAME_SIZE,
  FRAMES_MAX,
  INPUT_BYTES,
  OUTPUT_BYTES,
  OXM_FIELDS,
  SCRATCH_BYTES,
  V10_FIELDS,
  V10_SIZE,
} from "./layout";

export const INPUT: usize = heap.alloc(INPUT_BYTES);
export const OUTPUT: usize = heap.alloc(OUTPUT_BYTES);
export const SCRATCH: usize = heap.alloc(SCRATCH_BYTES);
export const FRAMES: usize = heap.alloc(FRAMES_MAX * FRAME_SIZE);

/** Bytes of each field of class OPENFLOW_BASIC, 0 = not known. Filled from the match field table at start. */
export const FIELD_BYTES: usize = heap.alloc(OXM_FIELDS);
/** FORM_* of each action and instruction type below 64. Filled from the action tables at start. */
export const ACTION_FORM: usize = heap.alloc(64);
export const INSTRUCTION_FORM: usize = heap.alloc(64);
/** V10_* of each field, from the same table, and the 1.0 type of each action; V10_NONE = 1.0 has no such action. */
export const FIELD_V10: usize = heap.alloc(V10_FIELDS * V10_SIZE);
export const ACTION_V10: usize = heap.alloc(64);

/** Rounds up to the eight bytes that OpenFlow aligns everything to. */
export function pad8(n: usize): usize {
  return (n + 7) & ~7;
}

/** Zeroes `n` bytes and returns the address after them. */
export function zero(p: usize, n: usize): usize {
  memory.fill(p, 0, n);
  return p + n;
}

export function isZero(p: usize, n: usize): bool {
  for (let i: usize = 0; i < n; i++) if (load<u8>(p + i) != 0) return false;
  return true;
}
