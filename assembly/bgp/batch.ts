// A batch: the records that some UPDATEs gave, the blocks of attributes that they share, and an arena for bytes that
// stand in no message. All of it is the next batch's after endBatch().

import { ARENA_BYTES, SLACK_BYTES } from "./layout";
import { take } from "./memory";
import {
  B_ATTRIBUTES,
  B_BYTES,
  B_FAMILY,
  B_POST,
  B_SET,
  BLOCK_BYTES,
  BLOCKS_MAX,
  POST_UNCHANGED,
  RECORD_BYTES,
  RECORDS_MAX,
} from "./rib_layout";
import { release } from "./set";

export const RECORDS: usize = take(RECORDS_MAX * RECORD_BYTES + SLACK_BYTES);
export const BLOCKS: usize = take(BLOCKS_MAX * BLOCK_BYTES);
const ARENA: usize = take(ARENA_BYTES + SLACK_BYTES);
const ARENA_END: usize = ARENA + ARENA_BYTES;
/** What one message may need at most: its attributes widened, and keys of all its NLRI. */
const ARENA_RESERVE: usize = 65535 * 5;

/** Where the next record, the next block and the next bytes go. */
let records: usize = RECORDS;
let blocks: usize = BLOCKS;
let arena: usize = ARENA;

export function recordsEnd(): usize {
  return records;
}

export function setRecordsEnd(end: usize): void {
  records = end;
}

export function recordCount(): u32 {
  return <u32>((records - RECORDS) / RECORD_BYTES);
}

export function blocksEnd(): usize {
  return blocks;
}

/** True when one more message of `bytes` bytes finds room whatever is in it: a record, and five bytes, a byte of it. */
export function hasRoom(bytes: u32): bool {
  return (
    recordCount() + bytes <= <u32>RECORDS_MAX &&
    blocks + 2 * BLOCK_BYTES <= BLOCKS + BLOCKS_MAX * BLOCK_BYTES &&
    arena + ARENA_RESERVE <= ARENA_END
  );
}

/** True when so many records with blocks of their own find room, and so many bytes. */
export function hasRoomFor(routes: u32, bytes: u32): bool {
  return (
    <u64>recordCount() + routes <= <u64>RECORDS_MAX &&
    <u64>blocks + <u64>routes * BLOCK_BYTES <= <u64>(BLOCKS + BLOCKS_MAX * BLOCK_BYTES) &&
    <u64>arena + bytes <= <u64>ARENA_END
  );
}

/** A new block for the attributes at `p` of a family's routes. */
export function addBlock(p: usize, bytes: u32, family: u32): usize {
  const block = blocks;
  blocks += BLOCK_BYTES;
  // Two stores: memory.fill is a call out of Wasm, which costs more than the rest of this function.
  v128.store(block, i64x2.splat(0));
  v128.store(block, i64x2.splat(0), 16);
  store<u32>(block, <u32>p, B_ATTRIBUTES);
  store<u32>(block, bytes, B_BYTES);
  store<u32>(block, family, B_FAMILY);
  return block;
}

/** A block for a set that is there already; the batch takes over one reference. */
export function addSetBlock(set: usize, family: u32): usize {
  const block = addBlock(0, 0, family);
  store<u32>(block, <u32>set, B_SET);
  return block;
}

/** Where bytes of the batch may be put; useArena() then says how far they go. */
export function arenaTop(): usize {
  return arena;
}

export function useArena(end: usize): void {
  arena = end;
}

/** Ends the batch: its references are dropped. */
export function endBatch(): void {
  for (let block = BLOCKS; block < blocks; block += BLOCK_BYTES) {
    const set = load<u32>(block, B_SET);
    if (set != 0) release(set);
    const post = load<u32>(block, B_POST);
    if (post > <u32>POST_UNCHANGED) release(post);
  }
  records = RECORDS;
  blocks = BLOCKS;
  arena = ARENA;
}

/** Forgets what the message that began at these places has added: it is refused as a whole. */
export function takeBack(recordsBefore: usize, blocksBefore: usize): void {
  records = recordsBefore;
  blocks = blocksBefore;
}
