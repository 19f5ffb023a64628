// The fixed buffers that calls work in, each with slack so that an 8- or 16-byte load at its end stays inside.

import { INPUT_BYTES, OUTPUT_BYTES, SCRATCH_BYTES, SLACK_BYTES, STAGE_BYTES, STATUS_BYTES } from "./layout";
import { take } from "./memory";

/** Bytes of one session that are not parsed yet. */
export const INPUT: usize = take(INPUT_BYTES + SLACK_BYTES);
/** Finished messages. */
export const OUTPUT: usize = take(OUTPUT_BYTES + SLACK_BYTES);
/** What the caller hands to an encoder: attributes, prefixes, capabilities. */
export const STAGE: usize = take(STAGE_BYTES + SLACK_BYTES);
export const STAGE_END: usize = STAGE + STAGE_BYTES;
/** One set's bytes while they are being made: attributes, and behind them an NLRI. */
export const SCRATCH: usize = take(SCRATCH_BYTES + SLACK_BYTES);
export const SCRATCH_TWO: usize = take(SCRATCH_BYTES + SLACK_BYTES);
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

export function statusBuffer(): usize {
  return STATUS;
}
