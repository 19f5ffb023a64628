// The fixed buffers that calls work in, each with slack so that an 8- or 16-byte load at its end stays inside.

import { INPUT_BYTES, OUTPUT_BYTES, RECORD_BYTES, RECORDS_MAX, SLACK_BYTES, STAGE_BYTES, STATUS_BYTES } from "./layout";
import { take } from "./memory";

/** Bytes of one session that are not parsed yet. */
export const INPUT: usize = take(INPUT_BYTES + SLACK_BYTES);
/** Finished messages. */
export const OUTPUT: usize = take(OUTPUT_BYTES + SLACK_BYTES);
/** What the caller hands to an encoder: attributes, prefixes, capabilities. */
export const STAGE: usize = take(STAGE_BYTES + SLACK_BYTES);
export const STAGE_END: usize = STAGE + STAGE_BYTES;
export const RECORDS: usize = take(RECORDS_MAX * RECORD_BYTES + SLACK_BYTES);
/** Attributes that had to be rewritten before they are interned. */
export const REWRITE: usize = take((1 << 17) + SLACK_BYTES);
export const STATUS: usize = memory.data(STATUS_BYTES);

export function inputBuffer(): usize {
  return INPUT;
}

export function outputBuffer(): usize {
  return OUTPUT;
}

export function stageBuffer(): usize {
  return STAGE;
}

export function recordBuffer(): usize {
  return RECORDS;
}

export function statusBuffer(): usize {
  return STATUS;
}
