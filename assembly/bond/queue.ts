// The queue in front of the legs: a FIFO per flow bucket, served by deficit round robin as RFC 8290 §4.2 does, buckets
// whose queue was empty first. What no leg takes yet waits here, so one flow's backlog delays no other flow.

import { countBond } from "./counters";
import {
  BOND_BUCKETS,
  BOND_BULK_HEAD,
  BOND_BULK_TAIL,
  BOND_Q_BYTES_MAX,
  BOND_Q_COUNT,
  BOND_QUANTUM,
  BOND_SPARSE_HEAD,
  BOND_SPARSE_TAIL,
  BUCKET_DEFICIT,
  BUCKET_NEXT_ACTIVE,
  BUCKET_Q_BYTES,
  BUCKET_Q_HEAD,
  BUCKET_Q_TAIL,
  BUCKET_SIZE,
  BUCKET_STATE,
  BUCKETS,
  COUNTER_QUEUE_DROPS,
  SLOT_BUCKET,
  SLOT_LENGTH,
  SLOT_NEXT,
} from "./layout";
import { releaseSlot, slotsFree } from "./memory";

const IDLE: u32 = 0;
const SPARSE: u32 = 1;
const BULK: u32 = 2;

function listAppend(bond: usize, head: usize, tail: usize, bucket: usize): void {
  store<u32>(bucket, 0, BUCKET_NEXT_ACTIVE);
  const last = <usize>load<u32>(bond + tail);
  if (last) store<u32>(last, <u32>bucket, BUCKET_NEXT_ACTIVE);
  else store<u32>(bond + head, <u32>bucket);
  store<u32>(bond + tail, <u32>bucket);
}

function listShift(bond: usize, head: usize, tail: usize): void {
  const next = load<u32>(<usize>load<u32>(bond + head), BUCKET_NEXT_ACTIVE);
  store<u32>(bond + head, next);
  if (!next) store<u32>(bond + tail, 0);
}

/**
 * Puts a packet (SLOT_BUCKET and SLOT_LENGTH set) into its bucket's queue. Over the bound the bucket loses its oldest. A
 * bond may have no more packets waiting than are free, so that it leaves its worker's other bonds their share; over
 * that its longest bucket loses one.
 */
export function enqueue(bond: usize, slot: usize): void {
  const bucket = bond + BOND_BUCKETS + load<u32>(slot, SLOT_BUCKET) * BUCKET_SIZE;
  const bytes = load<u32>(bucket, BUCKET_Q_BYTES) + load<u32>(slot, SLOT_LENGTH);
  store<u32>(slot, 0, SLOT_NEXT);
  const tail = <usize>load<u32>(bucket, BUCKET_Q_TAIL);
  if (tail) store<u32>(tail, <u32>slot, SLOT_NEXT);
  else store<u32>(bucket, <u32>slot, BUCKET_Q_HEAD);
  store<u32>(bucket, <u32>slot, BUCKET_Q_TAIL);
  store<u32>(bucket, bytes, BUCKET_Q_BYTES);
  store<u32>(bond, load<u32>(bond, BOND_Q_COUNT) + 1, BOND_Q_COUNT);
  if (load<u32>(bucket, BUCKET_STATE) == IDLE) {
    store<u32>(bucket, SPARSE, BUCKET_STATE);
    store<i32>(bucket, load<i32>(bond, BOND_QUANTUM), BUCKET_DEFICIT);
    listAppend(bond, BOND_SPARSE_HEAD, BOND_SPARSE_TAIL, bucket);
  }
  if (bytes > load<u32>(bond, BOND_Q_BYTES_MAX)) {
    releaseSlot(unlinkFirst(bond, bucket));
    countBond(bond, COUNTER_QUEUE_DROPS);
  } else if (load<u32>(bond, BOND_Q_COUNT) > slotsFree()) {
    releaseSlot(unlinkFirst(bond, longestBucket(bond)));
    countBond(bond, COUNTER_QUEUE_DROPS);
  }
}

/** The bucket with the most bytes (RFC 8290 §4.1.3). */
function longestBucket(bond: usize): usize {
  let longest = bond + BOND_BUCKETS;
  const end = longest + BUCKETS * BUCKET_SIZE;
  for (let bucket = longest; bucket < end; bucket += BUCKET_SIZE) {
    if (load<u32>(bucket, BUCKET_Q_BYTES) > load<u32>(longest, BUCKET_Q_BYTES)) longest = bucket;
  }
  return longest;
}

function unlinkFirst(bond: usize, bucket: usize): usize {
  const slot = <usize>load<u32>(bucket, BUCKET_Q_HEAD);
  const next = load<u32>(slot, SLOT_NEXT);
  store<u32>(bucket, next, BUCKET_Q_HEAD);
  if (!next) store<u32>(bucket, 0, BUCKET_Q_TAIL);
  store<u32>(bucket, load<u32>(bucket, BUCKET_Q_BYTES) - load<u32>(slot, SLOT_LENGTH), BUCKET_Q_BYTES);
  store<u32>(bond, load<u32>(bond, BOND_Q_COUNT) - 1, BOND_Q_COUNT);
  return slot;
}

/** The bucket whose turn it is, its first packet not taken out yet, or 0 when nothing waits. */
export function nextBucket(bond: usize): usize {
  while (true) {
    let bucket = <usize>load<u32>(bond, BOND_SPARSE_HEAD);
    const sparse = bucket != 0;
    if (!sparse) bucket = <usize>load<u32>(bond, BOND_BULK_HEAD);
    if (!bucket) return 0;
    const empty = load<u32>(bucket, BUCKET_Q_HEAD) == 0;
    const deficit = load<i32>(bucket, BUCKET_DEFICIT);
    if (!empty && deficit > 0) return bucket;
    if (sparse) listShift(bond, BOND_SPARSE_HEAD, BOND_SPARSE_TAIL);
    else listShift(bond, BOND_BULK_HEAD, BOND_BULK_TAIL);
    // a sparse bucket that ran empty passes once through the bulk list, or it could starve the others (RFC 8290 §4.2)
    if (empty && (!sparse || load<u32>(bond, BOND_BULK_HEAD) == 0)) store<u32>(bucket, IDLE, BUCKET_STATE);
    else {
      if (!empty) store<i32>(bucket, deficit + load<i32>(bond, BOND_QUANTUM), BUCKET_DEFICIT);
      store<u32>(bucket, BULK, BUCKET_STATE);
      listAppend(bond, BOND_BULK_HEAD, BOND_BULK_TAIL, bucket);
    }
  }
}

/** Whether a bucket is in its first turn after it was empty. */
export function isSparse(bucket: usize): bool {
  return load<u32>(bucket, BUCKET_STATE) == SPARSE;
}

/** Takes the first packet out of the bucket that `nextBucket` gave. */
export function dequeue(bond: usize, bucket: usize): usize {
  const slot = unlinkFirst(bond, bucket);
  store<i32>(bucket, load<i32>(bucket, BUCKET_DEFICIT) - <i32>load<u32>(slot, SLOT_LENGTH), BUCKET_DEFICIT);
  return slot;
}

/** Empties all queues of a bond. */
export function dropQueues(bond: usize): void {
  for (let bucket = nextBucket(bond); bucket; bucket = nextBucket(bond)) releaseSlot(dequeue(bond, bucket));
}
