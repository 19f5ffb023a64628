// The decision process (RFC 4271 §9.1.2.2) between routes of one prefix. MED is compared among routes of one neighbour
// AS only, and deterministically: a route that another of its neighbour AS beats by MED cannot win, whatever the order
// in which routes came.

import { aigpCost } from "./aigp";
import { hopCost } from "./hop_cost";
import { FAMILY_IPV4 } from "./layout";
import { RANK_AIGP, RANK_LLGR_STALE, rank } from "./rank";
import {
  NODE_NEXT,
  NODE_POST,
  ROUTE_FLAG_POST,
  ROUTE_FLAG_REFUSED,
  ROUTE_FLAG_REJECTED,
  ROUTE_FLAGS,
  ROUTE_GENERATION,
  ROUTE_PATH_ID,
  ROUTE_SET,
  ROUTE_SOURCE,
  SET_CLUSTERS,
  SET_LOCAL_PREF,
  SET_MED,
  SET_NEIGHBOR,
  SET_ORIGIN,
  SET_ORIGINATOR,
  SET_PATH_LENGTH,
  SET_RANKED,
  SOURCE_ADDRESS,
  SOURCE_FLAG_DYING,
  SOURCE_FLAG_IBGP,
  SOURCE_FLAGS,
  SOURCE_LONG_LIVED,
  SOURCE_ROUTER_ID,
} from "./rib_layout";
import { generationOf, sourceOf } from "./source";

/** The family whose routes are compared: what is stale depends on it. */
let family: u32 = FAMILY_IPV4;

/** Says of which family the routes are that follow. */
export function decideFamily(index: u32): void {
  family = index;
}

function setOf(route: usize): usize {
  return (load<u8>(route, ROUTE_FLAGS) & ROUTE_FLAG_POST) != 0
    ? <usize>load<u32>(route, NODE_POST)
    : <usize>load<u32>(route, ROUTE_SET);
}

/** False for a route that was refused, whose source is on its way out, or whose next hop cannot be reached. */
export function isEligible(route: usize): bool {
  if ((load<u8>(route, ROUTE_FLAGS) & (ROUTE_FLAG_REFUSED | ROUTE_FLAG_REJECTED)) != 0) return false;
  const source = sourceOf(load<u16>(route, ROUTE_SOURCE));
  if (source != 0 && (load<u32>(source, SOURCE_FLAGS) & SOURCE_FLAG_DYING) != 0) return false;
  return hopCost(setOf(route)) != u32.MAX_VALUE;
}

/** True when the route's source is away and comes back (graceful restart) and the route has not been seen since. */
export function isStale(route: usize): bool {
  const source = sourceOf(load<u16>(route, ROUTE_SOURCE));
  if (source == 0) return false;
  return (<u32>load<u8>(route, ROUTE_FLAGS) & ROUTE_GENERATION) != generationOf(source, family);
}

function isLongLivedStale(route: usize, set: usize): bool {
  if ((load<u8>(set, SET_RANKED) & RANK_LLGR_STALE) != 0) return true;
  const source = sourceOf(load<u16>(route, ROUTE_SOURCE));
  return source != 0 && ((load<u32>(source, SOURCE_LONG_LIVED) >> family) & 1) != 0 && isStale(route);
}

function isInternal(route: usize): bool {
  const source = sourceOf(load<u16>(route, ROUTE_SOURCE));
  return source != 0 && (load<u32>(source, SOURCE_FLAGS) & SOURCE_FLAG_IBGP) != 0;
}

/** RFC 7311 §4.1: one with a metric before one without, then the lower sum of metric and cost of the next hop. */
function compareAigp(setA: usize, setB: usize): i32 {
  const has = load<u8>(setA, SET_RANKED) & RANK_AIGP;
  if (has != (load<u8>(setB, SET_RANKED) & RANK_AIGP)) return has != 0 ? -1 : 1;
  const costA = aigpCost(setA);
  const costB = aigpCost(setB);
  return costA == costB ? 0 : costA < costB ? -1 : 1;
}

/** Up to ORIGIN: below 0 when `a` is better, above 0 when `b` is, 0 when MED is the next to look at. */
function compareHead(a: usize, setA: usize, b: usize, setB: usize): i32 {
  const staleA = isLongLivedStale(a, setA);
  if (staleA != isLongLivedStale(b, setB)) return staleA ? 1 : -1;
  const prefA = load<u32>(setA, SET_LOCAL_PREF);
  const prefB = load<u32>(setB, SET_LOCAL_PREF);
  if (prefA != prefB) return prefA > prefB ? -1 : 1;
  if (((load<u8>(setA, SET_RANKED) | load<u8>(setB, SET_RANKED)) & RANK_AIGP) != 0) {
    const metrics = compareAigp(setA, setB);
    if (metrics != 0) return metrics;
  }
  const lengths = <i32>load<u16>(setA, SET_PATH_LENGTH) - <i32>load<u16>(setB, SET_PATH_LENGTH);
  if (lengths != 0) return lengths;
  return <i32>load<u8>(setA, SET_ORIGIN) - <i32>load<u8>(setB, SET_ORIGIN);
}

/** True when some route of the list from `first` on has the same neighbour AS and a lower MED, all before being equal. */
function isBeatenByMed(first: usize, route: usize, set: usize): bool {
  const neighbor = load<u32>(set, SET_NEIGHBOR);
  if (neighbor == 0) return false;
  for (let other = first; other != 0; other = load<u32>(other, NODE_NEXT)) {
    if (other == route || !isEligible(other)) continue;
    const theirs = setOf(other);
    rank(theirs);
    if (load<u32>(theirs, SET_NEIGHBOR) != neighbor || load<u32>(theirs, SET_MED) >= load<u32>(set, SET_MED)) continue;
    if (compareHead(other, theirs, route, set) == 0) return true;
  }
  return false;
}

function routerId(route: usize, set: usize): u32 {
  const originator = load<u32>(set, SET_ORIGINATOR);
  if (originator != 0) return originator;
  const source = sourceOf(load<u16>(route, ROUTE_SOURCE));
  return source == 0 ? 0 : load<u32>(source, SOURCE_ROUTER_ID);
}

function compareAddress(a: usize, b: usize): i32 {
  const sourceA = sourceOf(load<u16>(a, ROUTE_SOURCE));
  const sourceB = sourceOf(load<u16>(b, ROUTE_SOURCE));
  if (sourceA == 0 || sourceB == 0) return <i32>(sourceA != 0) - <i32>(sourceB != 0);
  return memory.compare(sourceA + SOURCE_ADDRESS, sourceB + SOURCE_ADDRESS, 16);
}

/** Behind MED: steps d to g, and RFC 4456 §9. Never 0 for two routes of one prefix. */
function compareTail(a: usize, setA: usize, b: usize, setB: usize): i32 {
  const internalA = isInternal(a);
  if (internalA != isInternal(b)) return internalA ? 1 : -1;
  const costA = hopCost(setA);
  const costB = hopCost(setB);
  if (costA != costB) return costA < costB ? -1 : 1;
  const idA = routerId(a, setA);
  const idB = routerId(b, setB);
  if (idA != idB) return idA < idB ? -1 : 1;
  const clusters = <i32>load<u16>(setA, SET_CLUSTERS) - <i32>load<u16>(setB, SET_CLUSTERS);
  if (clusters != 0) return clusters;
  const addresses = compareAddress(a, b);
  if (addresses != 0) return addresses;
  return load<u32>(a, ROUTE_PATH_ID) < load<u32>(b, ROUTE_PATH_ID) ? -1 : 1;
}

/** True when node `a` is a better choice than node `b`; both are in the list that begins with `first`. */
export function better(first: usize, a: usize, b: usize): bool {
  const eligible = isEligible(a);
  if (eligible != isEligible(b)) return eligible;
  if (!eligible) return false;
  const setA = setOf(a);
  const setB = setOf(b);
  rank(setA);
  rank(setB);
  const head = compareHead(a, setA, b, setB);
  if (head != 0) return head < 0;
  // Of one neighbour AS: the common case, and without a look at all others.
  if (load<u32>(setA, SET_NEIGHBOR) == load<u32>(setB, SET_NEIGHBOR)) {
    const medA = load<u32>(setA, SET_MED);
    const medB = load<u32>(setB, SET_MED);
    const compared = load<u32>(setA, SET_NEIGHBOR) != 0 && medA != medB;
    return compared ? medA < medB : compareTail(a, setA, b, setB) < 0;
  }
  const beatenA = isBeatenByMed(first, a, setA);
  if (beatenA != isBeatenByMed(first, b, setB)) return !beatenA;
  return compareTail(a, setA, b, setB) < 0;
}
