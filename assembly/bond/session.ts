// Sealing and opening of transport frames. Each leg has keys of its own for each direction, so a leg's sequence is the
// nonce, and a gap in it is a loss on that leg.

import { storeU24, storeU32 } from "../mem/bytes";
import { open, seal } from "./host";
import {
  AEAD_AES256GCM,
  FRAME_TRANSPORT,
  LEG_SESSION,
  OUTER_COUNTER,
  OUTER_INDEX,
  OUTER_SIZE,
  OUTER_TYPE,
  SES_AEAD,
  SES_LOCAL_INDEX,
  SES_REMOTE_INDEX,
  SES_RX_KEY,
  SES_SIZE,
  SES_STATE,
  SES_TX_COUNTER,
  SES_TX_KEY,
  SESSION_LIVE,
  SESSION_PENDING,
  SESSIONS_MAX,
  TAG_SIZE,
} from "./layout";
import { scratchAt, sessionsAt } from "./memory";

/** The session that a frame's index names, or 0. The low byte of an index only steers the frame to its worker. */
export function findSession(index: u32): usize {
  const slot = index >>> 8;
  if (slot >= <u32>SESSIONS_MAX) return 0;
  const session = sessionsAt + slot * SES_SIZE;
  const state = load<u32>(session, SES_STATE);
  if (state != SESSION_LIVE && state != SESSION_PENDING) return 0;
  return load<u32>(session, SES_LOCAL_INDEX) == index ? session : 0;
}

/** Writes the 96-bit nonce of a sequence as Noise does: four zero bytes, then big-endian for AES, little for ChaCha20. */
function nonceOf(aead: u32, sequence: u64): usize {
  store<u32>(scratchAt, 0);
  store<u64>(scratchAt, (aead & 15) == AEAD_AES256GCM ? bswap<u64>(sequence) : sequence, 4);
  return scratchAt;
}

/** Seals `length` bytes that lie behind the outer header at `frame`; writes that header. Returns the frame's length. */
export function sealFrame(leg: usize, frame: usize, length: u32): u32 {
  const session = <usize>load<u32>(leg, LEG_SESSION);
  const sequence = load<u64>(session, SES_TX_COUNTER);
  store<u64>(session, sequence + 1, SES_TX_COUNTER);
  store<u8>(frame, FRAME_TRANSPORT, OUTER_TYPE);
  storeU24(frame + OUTER_INDEX, load<u32>(session, SES_REMOTE_INDEX));
  storeU32(frame + OUTER_COUNTER, <u32>sequence);
  const aead = load<u32>(session, SES_AEAD);
  seal(aead, frame + OUTER_SIZE, length, frame, nonceOf(aead, sequence), session + SES_TX_KEY);
  return OUTER_SIZE + length + TAG_SIZE;
}

/** Opens a whole frame where it lies. 0 when it is authentic. */
export function openFrame(session: usize, frame: usize, length: u32, sequence: u64): i32 {
  const aead = load<u32>(session, SES_AEAD);
  const nonce = nonceOf(aead, sequence);
  return open(aead, frame + OUTER_SIZE, length - OUTER_SIZE, frame, nonce, session + SES_RX_KEY);
}
