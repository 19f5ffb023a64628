// Lists of changes to a cache's data, until they are whole: which VRPs come or go.

import { ROA_CACHES, ROA_DELTA_MAX } from "./layout";
import { give, take } from "./memory";

// Of each cache: where its list is, entries, room for entries. An entry is the addresses of a prefix and its VRP.
const LISTS: usize = memory.data(ROA_CACHES * 16);
const AT = 0;
const COUNT = 4;
const ROOM = 8;
const OPEN = 12;
const ENTRY_BYTES: usize = 8;

function listOf(cache: u32): usize {
  return LISTS + ((<usize>cache) << 4);
}

/** True between beginDelta() and dropDelta(). */
export function hasDelta(cache: u32): bool {
  return load<u32>(listOf(cache), OPEN) != 0;
}

export function beginDelta(cache: u32): void {
  store<u32>(listOf(cache), 1, OPEN);
}

export function deltaCount(cache: u32): u32 {
  return load<u32>(listOf(cache), COUNT);
}

export function deltaNet(cache: u32, i: u32): usize {
  return load<u32>(<usize>load<u32>(listOf(cache), AT) + <usize>i * ENTRY_BYTES);
}

export function deltaVrp(cache: u32, i: u32): usize {
  return load<u32>(<usize>load<u32>(listOf(cache), AT) + <usize>i * ENTRY_BYTES, 4);
}

/** Adds an entry. False when there are ROA_DELTA_MAX, or no memory is left. */
export function noteDelta(cache: u32, net: usize, vrp: usize): bool {
  const list = listOf(cache);
  const count = load<u32>(list, COUNT);
  const room = load<u32>(list, ROOM);
  if (count == room) {
    const wider: u32 = room == 0 ? 512 : room * 2;
    const fresh = wider > <u32>ROA_DELTA_MAX ? <usize>0 : take(<usize>wider * ENTRY_BYTES);
    if (fresh == 0) return false;
    if (room != 0) {
      memory.copy(fresh, load<u32>(list, AT), <usize>room * ENTRY_BYTES);
      give(load<u32>(list, AT), <usize>room * ENTRY_BYTES);
    }
    store<u32>(list, <u32>fresh, AT);
    store<u32>(list, wider, ROOM);
  }
  const entry = <usize>load<u32>(list, AT) + <usize>count * ENTRY_BYTES;
  store<u32>(entry, <u32>net);
  store<u32>(entry, <u32>vrp, 4);
  store<u32>(list, count + 1, COUNT);
  return true;
}

/** Forgets the list. */
export function dropDelta(cache: u32): void {
  const list = listOf(cache);
  const room = load<u32>(list, ROOM);
  if (room != 0) give(load<u32>(list, AT), <usize>room * ENTRY_BYTES);
  memory.fill(list, 0, 16);
}
