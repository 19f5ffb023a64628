// The routes of one prefix: one in the entry itself, or a list of nodes when there are more, or when the import policy
// has changed its attributes. The best route is the first; the order of the others means nothing.

import { better, isEligible } from "./decide";
import { give, take } from "./memory";
import {
  CHANGED_ANY,
  CHANGED_BEST,
  NODE_BYTES,
  NODE_NEXT,
  NODE_POST,
  NODE_POST_BYTES,
  PATHS_MAX,
  ROUTE_FLAG_LIST,
  ROUTE_FLAG_POST,
  ROUTE_FLAG_REFUSED,
  ROUTE_FLAG_REJECTED,
  ROUTE_FLAGS,
  ROUTE_PATH_ID,
  ROUTE_SET,
  ROUTE_SOURCE,
  TABLE_ROUTES,
} from "./rib_layout";
import { hold, release } from "./set";
import { clear, fill, find, probe, reserve } from "./table";

/** What the last putRoute() or removeRoute() did to the number of routes: 1, 0 or -1. */
let routesBy: i32 = 0;

export function routesChanged(): i32 {
  return routesBy;
}

/** The same for routes that are accepted: one that stays may begin or cease to be. */
let acceptedBy: i32 = 0;

export function acceptedChanged(): i32 {
  return acceptedBy;
}

/** 1 when rules of the protocol and the import policy let a route with such flags through, else 0. */
function accepted(flags: u32): i32 {
  return (flags & (ROUTE_FLAG_REFUSED | ROUTE_FLAG_REJECTED)) == 0 ? 1 : 0;
}

let refused: bool = false;

/** True when the last putRoute() had no place for one more path of the source. */
export function wasRefused(): bool {
  return refused;
}

function hasAllPaths(entry: usize, source: u32): bool {
  let paths: u32 = 0;
  for (let route = firstRoute(entry); route != 0; route = nextRoute(entry, route)) {
    if (<u32>load<u16>(route, ROUTE_SOURCE) == source) paths++;
  }
  return paths >= <u32>PATHS_MAX;
}

// The best route as it was before a change.
let oldPost: usize = 0;
let oldSource: u32 = 0;
let oldPath: u32 = 0;

function isList(entry: usize): bool {
  return (load<u8>(entry, ROUTE_FLAGS) & ROUTE_FLAG_LIST) != 0;
}

/** The first route of an entry. */
export function firstRoute(entry: usize): usize {
  return isList(entry) ? <usize>load<u32>(entry, ROUTE_SET) : entry;
}

/** The route behind one of an entry's, 0 at the end. */
export function nextRoute(entry: usize, route: usize): usize {
  return isList(entry) ? <usize>load<u32>(route, NODE_NEXT) : 0;
}

/** The best route, 0 when none is eligible. */
export function bestRoute(entry: usize): usize {
  const route = firstRoute(entry);
  return isEligible(route) ? route : 0;
}

/** The set of a route after the import policy. */
export function postSet(route: usize): usize {
  return (load<u8>(route, ROUTE_FLAGS) & ROUTE_FLAG_POST) != 0
    ? <usize>load<u32>(route, NODE_POST)
    : <usize>load<u32>(route, ROUTE_SET);
}

/** The route of a source and path id among an entry's, 0 when there is none. */
export function findRoute(entry: usize, source: u32, path: u32): usize {
  let route = firstRoute(entry);
  while (route != 0) {
    if (load<u16>(route, ROUTE_SOURCE) == source && load<u32>(route, ROUTE_PATH_ID) == path) return route;
    route = nextRoute(entry, route);
  }
  return 0;
}

function noteBest(entry: usize): void {
  const best = bestRoute(entry);
  oldPost = best == 0 ? 0 : postSet(best);
  oldSource = best == 0 ? 0 : <u32>load<u16>(best, ROUTE_SOURCE);
  oldPath = best == 0 ? 0 : load<u32>(best, ROUTE_PATH_ID);
}

/** CHANGED_ANY, and CHANGED_BEST when the best route is not the one that noteBest() has seen. */
function changes(entry: usize): i32 {
  const best = bestRoute(entry);
  const same =
    best == 0
      ? oldPost == 0
      : postSet(best) == oldPost &&
        <u32>load<u16>(best, ROUTE_SOURCE) == oldSource &&
        load<u32>(best, ROUTE_PATH_ID) == oldPath;
  return same ? CHANGED_ANY : CHANGED_ANY | CHANGED_BEST;
}

/** Brings the best node of a list to its front. */
export function decide(entry: usize): void {
  if (!isList(entry)) return;
  const first = <usize>load<u32>(entry, ROUTE_SET);
  let best = first;
  let beforeBest: usize = 0;
  let before = first;
  for (let node = <usize>load<u32>(first, NODE_NEXT); node != 0; node = load<u32>(node, NODE_NEXT)) {
    if (better(first, node, best)) {
      best = node;
      beforeBest = before;
    }
    before = node;
  }
  if (beforeBest == 0) return;
  store<u32>(beforeBest, load<u32>(best, NODE_NEXT), NODE_NEXT);
  store<u32>(best, <u32>first, NODE_NEXT);
  store<u32>(entry, <u32>best, ROUTE_SET);
}

function nodeBytes(flags: u32): usize {
  return (flags & ROUTE_FLAG_POST) != 0 ? NODE_POST_BYTES : NODE_BYTES;
}

/** A node for a route; 0 without memory. `post` 0: the import policy changes nothing. */
function createNode(source: u32, path: u32, set: usize, post: usize, flags: u32): usize {
  const all = post == 0 ? flags : flags | ROUTE_FLAG_POST;
  const node = take(nodeBytes(all));
  if (node == 0) return 0;
  store<u32>(node, <u32>set, ROUTE_SET);
  store<u32>(node, (all << 8) | (source << 16), 4);
  store<u32>(node, path, ROUTE_PATH_ID);
  store<u32>(node, 0, NODE_NEXT);
  if (post != 0) store<u32>(node, <u32>post, NODE_POST);
  return node;
}

function freeNode(node: usize): void {
  const flags = load<u8>(node, ROUTE_FLAGS);
  release(load<u32>(node, ROUTE_SET));
  if ((flags & ROUTE_FLAG_POST) != 0) release(load<u32>(node, NODE_POST));
  give(node, nodeBytes(flags));
}

/** Writes a route into the entry itself. */
function writeInline(entry: usize, source: u32, path: u32, set: usize, flags: u32): void {
  store<u32>(entry, <u32>set, ROUTE_SET);
  store<u8>(entry, flags, ROUTE_FLAGS);
  store<u16>(entry, <u16>source, ROUTE_SOURCE);
  store<u32>(entry, path, ROUTE_PATH_ID);
}

/** Makes the entry a list that begins with `node`. */
function writeList(entry: usize, node: usize): void {
  store<u32>(entry, <u32>node, ROUTE_SET);
  store<u8>(entry, ROUTE_FLAG_LIST, ROUTE_FLAGS);
}

/** Turns a route in the entry itself into a list of one; false without memory. */
function spread(entry: usize): bool {
  if (isList(entry)) return true;
  const flags = <u32>load<u8>(entry, ROUTE_FLAGS);
  const set = <usize>load<u32>(entry, ROUTE_SET);
  const node = createNode(load<u16>(entry, ROUTE_SOURCE), load<u32>(entry, ROUTE_PATH_ID), set, 0, flags);
  if (node == 0) return false;
  writeList(entry, node);
  return true;
}

/** Puts a list of one plain node back into the entry. */
function gather(entry: usize): void {
  if (!isList(entry)) return;
  const node = <usize>load<u32>(entry, ROUTE_SET);
  const flags = <u32>load<u8>(node, ROUTE_FLAGS);
  if (load<u32>(node, NODE_NEXT) != 0 || (flags & ROUTE_FLAG_POST) != 0) return;
  writeInline(entry, load<u16>(node, ROUTE_SOURCE), load<u32>(node, ROUTE_PATH_ID), load<u32>(node, ROUTE_SET), flags);
  give(node, NODE_BYTES);
}

/** Takes a node out of the entry's list and frees it. */
function unlink(entry: usize, node: usize): void {
  let before: usize = 0;
  for (let at = <usize>load<u32>(entry, ROUTE_SET); at != node; at = load<u32>(at, NODE_NEXT)) before = at;
  const next = load<u32>(node, NODE_NEXT);
  if (before == 0) store<u32>(entry, next, ROUTE_SET);
  else store<u32>(before, next, NODE_NEXT);
  freeNode(node);
}

function addNode(entry: usize, node: usize): void {
  const first = <usize>load<u32>(entry, ROUTE_SET);
  store<u32>(node, load<u32>(first, NODE_NEXT), NODE_NEXT);
  store<u32>(first, <u32>node, NODE_NEXT);
}

function isSame(route: usize, set: usize, post: usize, flags: u32): bool {
  const has = <u32>load<u8>(route, ROUTE_FLAGS);
  const kept: u32 = ~(<u32>ROUTE_FLAG_POST | ROUTE_FLAG_LIST);
  if (<usize>load<u32>(route, ROUTE_SET) != set || (has & kept) != flags) return false;
  return postSet(route) == (post == 0 ? set : post);
}

function holdBoth(set: usize, post: usize): void {
  hold(set);
  if (post != 0) hold(post);
}

function putFirst(
  table: usize,
  entry: usize,
  record: usize,
  source: u32,
  path: u32,
  set: usize,
  post: usize,
  flags: u32,
): i32 {
  let node: usize = 0;
  if (post != 0) {
    node = createNode(source, path, set, post, flags);
    if (node == 0) return -1;
  }
  if (!fill(table, entry, record)) {
    if (node != 0) give(node, NODE_POST_BYTES);
    return -1;
  }
  if (node != 0) writeList(entry, node);
  else writeInline(entry, source, path, set, flags);
  holdBoth(set, post);
  routesBy = 1;
  acceptedBy = accepted(flags);
  store<u32>(table, load<u32>(table, TABLE_ROUTES) + 1, TABLE_ROUTES);
  return bestRoute(entry) == 0 ? CHANGED_ANY : CHANGED_ANY | CHANGED_BEST;
}

/**
 * Decides between routes that are as they were: what is looked at besides them may have changed. The best one may have
 * been one of a source that is on its way out; the next decision is then the one that everybody must be told of.
 */
function decideAgain(entry: usize): i32 {
  if (!isList(entry)) return 0;
  noteBest(entry);
  decide(entry);
  const changed = changes(entry);
  return (changed & CHANGED_BEST) != 0 ? changed : 0;
}

/**
 * Sets the route of a source and path id. `post`: the set after the import policy, 0 when it is the same. Returns
 * CHANGED_* bits, 0 when nothing has changed, or -1 without memory. The table takes references of its own.
 */
export function putRoute(
  table: usize,
  record: usize,
  source: u32,
  path: u32,
  set: usize,
  post: usize,
  flags: u32,
): i32 {
  routesBy = 0;
  acceptedBy = 0;
  refused = false;
  if (!reserve(table)) return -1;
  const entry = probe(table, record);
  if (load<u32>(entry, ROUTE_SET) == 0) return putFirst(table, entry, record, source, path, set, post, flags);
  const route = findRoute(entry, source, path);
  if (route != 0 && isSame(route, set, post, flags)) return decideAgain(entry);
  if (route == 0 && source != 0 && hasAllPaths(entry, source)) {
    refused = true;
    return 0;
  }
  noteBest(entry);
  const by = accepted(flags) - (route == 0 ? 0 : accepted(load<u8>(route, ROUTE_FLAGS)));
  if (route == entry && post == 0) {
    acceptedBy = by;
    hold(set);
    release(load<u32>(entry, ROUTE_SET));
    writeInline(entry, source, path, set, flags);
    return changes(entry);
  }
  const node = createNode(source, path, set, post, flags);
  if (node == 0) return -1;
  if (!spread(entry)) {
    give(node, nodeBytes(load<u8>(node, ROUTE_FLAGS)));
    return -1;
  }
  holdBoth(set, post);
  addNode(entry, node);
  acceptedBy = by;
  if (route == 0) {
    routesBy = 1;
    store<u32>(table, load<u32>(table, TABLE_ROUTES) + 1, TABLE_ROUTES);
  } else {
    // spread() has made a node of a route that stood in the entry: the only one there besides the new one.
    unlink(entry, route == entry ? <usize>load<u32>(entry, ROUTE_SET) : route);
  }
  decide(entry);
  gather(entry);
  return changes(entry);
}

/** Removes the route of a source and path id. Returns CHANGED_* bits, 0 when there was none. Entries may move. */
export function removeRoute(table: usize, record: usize, source: u32, path: u32): i32 {
  routesBy = 0;
  acceptedBy = 0;
  const entry = find(table, record);
  const route: usize = entry == 0 ? 0 : findRoute(entry, source, path);
  if (route == 0) return 0;
  routesBy = -1;
  acceptedBy = -accepted(load<u8>(route, ROUTE_FLAGS));
  store<u32>(table, load<u32>(table, TABLE_ROUTES) - 1, TABLE_ROUTES);
  const last = route == entry || (route == firstRoute(entry) && load<u32>(route, NODE_NEXT) == 0);
  // The first one may have been the best before its source began to die: who has it must be told.
  const wasFirst = route == firstRoute(entry);
  if (last) {
    if (route == entry) release(load<u32>(entry, ROUTE_SET));
    else freeNode(route);
    clear(table, entry);
    return CHANGED_ANY | CHANGED_BEST;
  }
  noteBest(entry);
  unlink(entry, route);
  decide(entry);
  gather(entry);
  return wasFirst ? CHANGED_ANY | CHANGED_BEST : changes(entry);
}

/** Releases all routes of an entry whose table is given up as a whole. */
export function dropRoutes(entry: usize): void {
  if (!isList(entry)) {
    release(load<u32>(entry, ROUTE_SET));
    return;
  }
  let node = <usize>load<u32>(entry, ROUTE_SET);
  while (node != 0) {
    const next = <usize>load<u32>(node, NODE_NEXT);
    freeNode(node);
    node = next;
  }
}
