// Sliding replay window as RFC 6479: a ring of words, so that moving the window clears words and shifts no bits.

import { REPLAY_WORDS, SES_REPLAY, SES_RX_NEXT } from "./layout";

const WINDOW: u64 = (REPLAY_WORDS - 1) * 64;

/** Whether a sequence is new. Called before the frame is opened; changes nothing. */
export function replayFresh(session: usize, sequence: u64): bool {
  const next = load<u64>(session, SES_RX_NEXT);
  if (sequence >= next) return true;
  if (next - sequence > WINDOW) return false;
  const word = load<u64>(session + SES_REPLAY + ((<usize>(sequence >> 6) & (REPLAY_WORDS - 1)) << 3));
  return ((word >> (sequence & 63)) & 1) == 0;
}

/** Marks an authentic sequence as seen. */
export function replayMark(session: usize, sequence: u64): void {
  const next = load<u64>(session, SES_RX_NEXT);
  if (sequence >= next) {
    const newest = sequence >> 6;
    // next - 1 is the last one seen; before the first there is nothing to clear but word 0, which is zero.
    let word = next == 0 ? 0 : (next - 1) >> 6;
    const last = newest - word > <u64>REPLAY_WORDS ? word + REPLAY_WORDS : newest;
    while (word < last) {
      word++;
      store<u64>(session + SES_REPLAY + ((<usize>word & (REPLAY_WORDS - 1)) << 3), 0);
    }
    store<u64>(session, sequence + 1, SES_RX_NEXT);
  }
  const at = session + SES_REPLAY + ((<usize>(sequence >> 6) & (REPLAY_WORDS - 1)) << 3);
  store<u64>(at, load<u64>(at) | ((<u64>1) << (sequence & 63)));
}

/** The 64-bit sequence whose low half is `low`, nearest to what is expected (RFC 4304 does the same for ESP). */
export function expandSequence(session: usize, low: u32): u64 {
  const next = load<u64>(session, SES_RX_NEXT);
  const guess = (next & ~(<u64>0xffffffff)) | low;
  if (guess + 0x80000000 < next) return guess + 0x100000000;
  if (guess > next + 0x80000000 && guess >= 0x100000000) return guess - 0x100000000;
  return guess;
}
