// Sources: whom routes in the shared tables come from. A route names its source by an index of two bytes.

import { FAMILIES } from "./layout";
import { give, take } from "./memory";
import {
  SOURCE_ACCEPTED,
  SOURCE_BYTES,
  SOURCE_COUNTS,
  SOURCE_GENERATIONS,
  SOURCE_INDEX,
  SOURCES_MAX,
} from "./rib_layout";

const sources: usize = memory.data(SOURCES_MAX * 4);
/** Indices from 1 to this may be in use. */
let highest: u32 = 0;

/** A new source, all zero but its index; 0 when there are too many, or without memory. */
export function createSource(): usize {
  let index: u32 = 1;
  while (index <= highest && sourceOf(index) != 0) index++;
  if (index >= <u32>SOURCES_MAX) return 0;
  const source = take(SOURCE_BYTES);
  if (source == 0) return 0;
  memory.fill(source, 0, SOURCE_BYTES);
  store<u32>(source, index, SOURCE_INDEX);
  store<u32>(sources + ((<usize>index) << 2), <u32>source);
  highest = max<u32>(highest, index);
  return source;
}

/** Frees a source that no route names any more. */
export function freeSource(source: usize): void {
  store<u32>(sources + ((<usize>load<u32>(source, SOURCE_INDEX)) << 2), 0);
  give(source, SOURCE_BYTES);
}

/** The source with an index, 0 when there is none. */
export function sourceOf(index: u32): usize {
  return load<u32>(sources + ((<usize>index) << 2));
}

export function sourceCount(source: usize, family: u32): u32 {
  return load<u32>(source + SOURCE_COUNTS + ((<usize>family) << 2));
}

/** Routes of the source that rules of the protocol and the import policy let through. */
export function sourceAccepted(source: usize, family: u32): u32 {
  return load<u32>(source + SOURCE_ACCEPTED + ((<usize>family) << 2));
}

/** Notes that the source has more routes, and more that are accepted, or fewer. */
export function countSource(source: usize, family: u32, by: i32, accepted: i32): void {
  const routes = source + SOURCE_COUNTS + ((<usize>family) << 2);
  store<u32>(routes, load<u32>(routes) + by);
  const passed = source + SOURCE_ACCEPTED + ((<usize>family) << 2);
  store<u32>(passed, load<u32>(passed) + accepted);
}

/** The generation of the source's fresh routes, as a route's flags hold it. */
export function generationOf(source: usize, family: u32): u32 {
  return load<u8>(source + SOURCE_GENERATIONS + <usize>family);
}

/** Routes of the source in all families. */
export function sourceTotal(source: usize): u32 {
  let total: u32 = 0;
  for (let family: u32 = 0; family < <u32>FAMILIES; family++) total += sourceCount(source, family);
  return total;
}
