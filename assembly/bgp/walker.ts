// Walks over a table that go on later: where each stands, kept right while entries move. An entry that a removal moves
// from in front of a walk to behind it would never be met, so the walk steps back; a table that grows starts it again.

import { take } from "./memory";

const WALKERS_MAX: u32 = 32768;
/** Rows {table u32, slot u32}; a free one has table 0. Rows above `high` are free. */
const rows: usize = take(WALKERS_MAX * 8);
let high: u32 = 0;

function at(walker: u32): usize {
  return rows + ((<usize>(walker - 1)) << 3);
}

/** A walk over the table from its first slot on: its number, 0 when there are too many. */
export function startWalker(table: usize): u32 {
  let walker: u32 = 1;
  while (walker <= high && load<u32>(at(walker)) != 0) walker++;
  if (walker > WALKERS_MAX) return 0;
  high = max<u32>(high, walker);
  store<u32>(at(walker), <u32>table);
  store<u32>(at(walker), 0, 4);
  return walker;
}

export function endWalker(walker: u32): void {
  if (walker == 0) return;
  store<u32>(at(walker), 0);
  while (high > 0 && load<u32>(at(high)) == 0) high--;
}

export function walkerSlot(walker: u32): u32 {
  return load<u32>(at(walker), 4);
}

export function setWalkerSlot(walker: u32, slot: u32): void {
  store<u32>(at(walker), slot, 4);
}

/** An entry of the table has moved from slot `from` to slot `to`. */
export function tableMoved(table: usize, from: u32, to: u32): void {
  for (let walker: u32 = 1; walker <= high; walker++) {
    const slot = load<u32>(at(walker), 4);
    if (<usize>load<u32>(at(walker)) == table && to < slot && from >= slot) store<u32>(at(walker), to, 4);
  }
}

/** The table has new slots. */
export function tableGrew(table: usize): void {
  for (let walker: u32 = 1; walker <= high; walker++) {
    if (<usize>load<u32>(at(walker)) == table) store<u32>(at(walker), 0, 4);
  }
}
