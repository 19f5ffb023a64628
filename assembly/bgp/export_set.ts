// What becomes of a route's attributes on the way to a peer: split horizon and reflection first, then the export
// policy, then what the protocol asks for.

import { SCRATCH, SCRATCH_TWO } from "./buffers";
import { isInline, kindOf } from "./family";
import { hopCost } from "./hop_cost";
import { internLike } from "./import";
import { policyContext, policyKeeps, policyRun } from "./policy";
import { ROUTE_CHECKED, ROUTE_FROM_CLIENT, ROUTE_FROM_IBGP } from "./policy_layout";
import {
  R_LENGTH,
  R_PREFIX,
  ROUTE_SOURCE,
  SET_BYTES,
  SET_CLASS,
  SET_EXPORTED,
  SET_LENGTH,
  SET_NLRI,
  SOURCE_FLAG_CLIENT,
  SOURCE_FLAG_IBGP,
  SOURCE_FLAGS,
  SOURCE_ROUTER_ID,
  X_CLASS,
  X_FLAG_CLIENT,
  X_FLAG_IBGP,
  X_FLAG_PLAIN,
  X_FLAG_POLICY_PER_ROUTE,
  X_FLAGS,
  X_NEIGHBOR,
  X_POLICY,
  X_SOURCE,
} from "./rib_layout";
import { postSet } from "./route";
import { hold, release, remember } from "./set";
import { sourceOf } from "./source";
import { exportRefused, exportTransform, raisedMetric } from "./transform";
import { validationOf } from "./validation";

/** SET_EXPORTED: the set must not be sent to peers of the class. */
const REFUSED: usize = 1;
/** Classes of an export, a source's kind each: what becomes of a route depends on where it is from. */
const KINDS: u32 = 4;

/** Where a route is from, as ROUTE_FROM_* bits. */
function originOf(route: usize): u32 {
  const source = sourceOf(load<u16>(route, ROUTE_SOURCE));
  if (source == 0) return 0;
  const flags = load<u32>(source, SOURCE_FLAGS);
  if ((flags & SOURCE_FLAG_IBGP) == 0) return 0;
  return (flags & SOURCE_FLAG_CLIENT) != 0 ? ROUTE_FROM_IBGP | ROUTE_FROM_CLIENT : ROUTE_FROM_IBGP;
}

/** True when the peer may have the route at all: it is not its own, and no internal one that is not to be reflected. */
export function isOffered(x: usize, route: usize): bool {
  if (sourceOf(load<u16>(route, ROUTE_SOURCE)) == <usize>load<u32>(x, X_SOURCE)) return false;
  const flags = load<u32>(x, X_FLAGS);
  if ((flags & X_FLAG_IBGP) == 0) return true;
  // RFC 4456 §6: between non-clients nothing is reflected.
  return originOf(route) != ROUTE_FROM_IBGP || (flags & X_FLAG_CLIENT) != 0;
}

/** The set that the peer gets for a route, a reference of the caller's; 0 when it gets none. */
export function exportedSet(x: usize, family: u32, route: usize, record: usize): usize {
  const set = postSet(route);
  if ((load<u32>(x, X_FLAGS) & X_FLAG_PLAIN) != 0) {
    hold(set);
    return set;
  }
  if (!isOffered(x, route)) return 0;
  const origin = originOf(route);
  const exportClass = load<u32>(x, X_CLASS) * KINDS + (origin >> 1);
  // ORIGINATOR_ID, which a reflector adds, is the source's and not only the set's.
  const perRoute = (load<u32>(x, X_FLAGS) & X_FLAG_POLICY_PER_ROUTE) != 0 || (origin & ROUTE_FROM_IBGP) != 0;
  if (!perRoute && load<u32>(set, SET_CLASS) == exportClass) {
    const known = <usize>load<u32>(set, SET_EXPORTED);
    if (known == REFUSED) return 0;
    hold(known);
    return known;
  }
  const made = transform(x, family, route, set, origin, record);
  if (!perRoute && !byCost) remember(set, exportClass, made == 0 ? REFUSED : made);
  return made;
}

/** What transform() has made hangs on the cost of the next hop, too, which may change. */
let byCost: bool = false;

/** Policy and protocol; 0 when the route must not be sent. */
function transform(x: usize, family: u32, route: usize, set: usize, origin: u32, record: usize): usize {
  const neighbor = <usize>load<u32>(x, X_NEIGHBOR);
  byCost = false;
  let p = set + SET_BYTES;
  let bytes = load<u32>(set, SET_LENGTH);
  let kind = origin;
  const policy = <usize>load<u32>(x, X_POLICY);
  if (policy != 0) {
    if (exportRefused(neighbor, p, bytes, kind, family) != 0) return 0;
    kind |= ROUTE_CHECKED;
    const inline = isInline(kindOf(family));
    const prefix: usize = inline ? record + R_PREFIX : 0;
    const bits: u32 = inline ? load<u8>(record, R_LENGTH) : 0;
    policyContext(neighbor);
    const validation = validationOf(neighbor, p, bytes, record, family);
    const changed = policyRun(policy, p, bytes, prefix, bits, family, validation, SCRATCH_TWO);
    if (changed < 0) return 0;
    if (changed > 0) {
      kind |= policyKeeps();
      p = SCRATCH_TWO;
      bytes = changed;
    }
  }
  const source = sourceOf(load<u16>(route, ROUTE_SOURCE));
  const originator: u32 = source == 0 ? 0 : bswap<u32>(load<u32>(source, SOURCE_ROUTER_ID));
  const done = exportTransform(neighbor, p, bytes, kind, family, originator, hopCost(set), SCRATCH);
  byCost = raisedMetric();
  if (done < 0) return 0;
  if (done > 0) return internLike(set, SCRATCH, done);
  if (p != set + SET_BYTES) return internLike(set, p, bytes);
  hold(set);
  return set;
}
