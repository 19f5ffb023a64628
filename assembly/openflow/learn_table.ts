// Where addresses are: one table a switch, (VLAN, MAC) -> port. Its size is fixed; what it costs is memory that is not
// touched before the first address. Ageing is by a coarse clock of the caller's, in seconds.

import {
  ENTRY_KEY,
  ENTRY_PORT,
  ENTRY_SEEN,
  ENTRY_SIZE,
  LEARN_BUCKETS,
  LEARN_BUCKETS_LOG2,
  LEARN_SWITCHES,
  LEARN_WAYS,
  TABLE_BYTES,
} from "./learn_layout";

/** Fresh from the system, and therefore zero. */
const TABLES: usize = heap.alloc(LEARN_SWITCHES * TABLE_BYTES);
/** Whether a switch's table has ever been written to since it was cleared: what was not is not touched. */
const USED: usize = heap.alloc(LEARN_SWITCHES);
memory.fill(USED, 0, LEARN_SWITCHES);
const BUCKET_BYTES: usize = LEARN_WAYS * ENTRY_SIZE;

// What put() found.
export const PUT_NEW: i32 = 0;
export const PUT_SAME: i32 = 1;
export const PUT_MOVED: i32 = 2;

let maxAge: u32 = 300;

/** Addresses that were neither seen nor asked for since `seconds` are forgotten. */
export function setMaxAge(seconds: u32): void {
  maxAge = seconds;
}

/** The bucket of a key: the upper bits of a multiplication by 2^64 / golden ratio. */
function bucketOf(slot: u32, key: u64): usize {
  const hash = <usize>((key * 0x9e3779b97f4a7c15) >> (64 - LEARN_BUCKETS_LOG2));
  return TABLES + slot * TABLE_BYTES + hash * BUCKET_BYTES;
}

/** The port of a key, 0 when it is not known. Whoever is asked for stays: its own packets may all pass by flows. */
export function find(slot: u32, key: u64, now: u32): u32 {
  let entry = bucketOf(slot, key);
  for (let way = 0; way < LEARN_WAYS; way++, entry += ENTRY_SIZE) {
    if (load<u64>(entry + ENTRY_KEY) != key) continue;
    if (now - load<u32>(entry + ENTRY_SEEN) > maxAge) return 0;
    store<u32>(entry + ENTRY_SEEN, now);
    return load<u32>(entry + ENTRY_PORT);
  }
  return 0;
}

/** Notes that `key` was seen at `port`; says whether it was known, and there. */
export function put(slot: u32, key: u64, port: u32, now: u32): i32 {
  const bucket = bucketOf(slot, key);
  let victim: usize = 0;
  let oldest: u32 = 0;
  for (let entry = bucket; entry < bucket + BUCKET_BYTES; entry += ENTRY_SIZE) {
    const known = load<u64>(entry + ENTRY_KEY);
    if (known == key) {
      const before = load<u32>(entry + ENTRY_PORT);
      store<u32>(entry + ENTRY_PORT, port);
      store<u32>(entry + ENTRY_SEEN, now);
      return before == port ? PUT_SAME : PUT_MOVED;
    }
    // A free place is older than all others.
    const age: u32 = known == 0 ? 0xffffffff : now - load<u32>(entry + ENTRY_SEEN);
    if (victim == 0 || age > oldest) {
      victim = entry;
      oldest = age;
    }
  }
  store<u8>(USED + slot, 1);
  store<u64>(victim + ENTRY_KEY, key);
  store<u32>(victim + ENTRY_PORT, port);
  store<u32>(victim + ENTRY_SEEN, now);
  return PUT_NEW;
}

/** Forgets all addresses at `port`. */
export function forgetPort(slot: u32, port: u32): void {
  if (load<u8>(USED + slot) == 0) return;
  const table = TABLES + slot * TABLE_BYTES;
  for (let entry = table; entry < table + TABLE_BYTES; entry += ENTRY_SIZE) {
    if (load<u32>(entry + ENTRY_PORT) == port) memory.fill(entry, 0, ENTRY_SIZE);
  }
}

/** Forgets everything of a switch. */
export function clear(slot: u32): void {
  if (load<u8>(USED + slot) == 0) return;
  store<u8>(USED + slot, 0);
  memory.fill(TABLES + slot * TABLE_BYTES, 0, TABLE_BYTES);
}

/** Addresses in a switch's table, aged ones included. */
export function count(slot: u32): u32 {
  if (load<u8>(USED + slot) == 0) return 0;
  const table = TABLES + slot * TABLE_BYTES;
  let found: u32 = 0;
  for (let entry = table; entry < table + TABLE_BYTES; entry += ENTRY_SIZE) {
    if (load<u64>(entry + ENTRY_KEY) != 0) found++;
  }
  return found;
}
