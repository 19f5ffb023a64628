// All memory of the module beyond the static data: blocks by size class, over one growing heap. A block's size is
// known to who holds it, so there is no header. Small classes are multiples of 16 bytes, large ones powers of two.

const SMALL_MAX: usize = 8192;
const smallFree: usize = memory.data((8192 / 16 + 1) * 4);
const largeFree: usize = memory.data(33 * 4);
let top: usize = (__heap_base + 15) & ~15;
let used: usize = 0;

/** Large blocks that lie idle, for the system to take their pages back: {address, bytes} each. */
const IDLE_LEAST: usize = 1 << 20;
const IDLE_MAX: usize = 64;
const idle: usize = memory.data(64 * 8);
let idleCount: usize = 0;

/** Notes a block that was given back; one too many is not noted and keeps its pages. */
function noteIdle(p: usize, size: usize): void {
  if (size < IDLE_LEAST || idleCount == IDLE_MAX) return;
  store<u32>(idle + (idleCount << 3), <u32>p);
  store<u32>(idle + (idleCount << 3), <u32>size, 4);
  idleCount++;
}

/** A block is used again before its pages were taken. */
function forgetIdle(p: usize): void {
  for (let i: usize = 0; i < idleCount; i++) {
    if (<usize>load<u32>(idle + (i << 3)) != p) continue;
    idleCount--;
    store<u64>(idle + (i << 3), load<u64>(idle + (idleCount << 3)));
    return;
  }
}

/** An idle block whose pages the system may take, but for the first one; 0 when there is none. idleBytes() is its size. */
export function takeIdle(): usize {
  if (idleCount == 0) return 0;
  idleCount--;
  lastIdleBytes = load<u32>(idle + (idleCount << 3), 4);
  return load<u32>(idle + (idleCount << 3));
}

let lastIdleBytes: u32 = 0;

export function idleBytes(): u32 {
  return lastIdleBytes;
}

function largeClass(bytes: usize): u32 {
  return 32 - clz<u32>(<u32>bytes - 1);
}

/** Address of the head of the free list that serves `bytes`. */
function listOf(bytes: usize): usize {
  return bytes <= SMALL_MAX ? smallFree + (((bytes + 15) >> 4) << 2) : largeFree + ((<usize>largeClass(bytes)) << 2);
}

/** What a block of `bytes` really takes. */
export function blockBytes(bytes: usize): usize {
  return bytes <= SMALL_MAX ? (bytes + 15) & ~15 : (<usize>1) << largeClass(bytes);
}

/** A block of at least `bytes` bytes, 16-aligned, contents undefined; 0 when memory cannot grow further. */
export function take(bytes: usize): usize {
  const list = listOf(bytes);
  const size = blockBytes(bytes);
  let p = <usize>load<u32>(list);
  if (p != 0) {
    store<u32>(list, load<u32>(p));
    used += size;
    if (size >= IDLE_LEAST) forgetIdle(p);
    return p;
  }
  p = top;
  const end = <u64>p + <u64>size;
  if (end > 0xffff0000) return 0;
  const have = (<u64>memory.size()) << 16;
  if (end > have) {
    const missing = <i32>((end - have + 0xffff) >> 16);
    // Ahead by an eighth, so that a growing table does not grow the memory page by page.
    if (memory.grow(max<i32>(missing, memory.size() >> 3)) < 0 && memory.grow(missing) < 0) return 0;
  }
  top = <usize>end;
  used += size;
  return p;
}

/** Gives a block back; `bytes` as it was asked for. */
export function give(p: usize, bytes: usize): void {
  const list = listOf(bytes);
  store<u32>(p, load<u32>(list));
  store<u32>(list, <u32>p);
  used -= blockBytes(bytes);
  noteIdle(p, blockBytes(bytes));
}

/** Bytes in blocks that are held. */
export function heldBytes(): f64 {
  return <f64>used;
}
