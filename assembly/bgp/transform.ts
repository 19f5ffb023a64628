// What every route goes through on its way to a peer, whatever the policy says: may it go at all, and which attributes
// must be added, changed or left out. Pure functions of bytes and of the neighbour (policy_layout.ts).

import { loadU32 } from "../mem/bytes";
import { writeRaised } from "./aigp";
import { writePath } from "./as_path";
import { attributeRow } from "./attribute";
import {
  attributeAt,
  beginValue,
  closeList,
  codesPresent,
  copyAttribute,
  copyWithFlags,
  endValue,
  indexAttributes,
  openList,
  valueAt,
  valueBytes,
  writeWord,
} from "./attribute_index";
import {
  ATTR_AIGP,
  ATTR_AS_PATH,
  ATTR_CLUSTER_LIST,
  ATTR_COMMUNITY,
  ATTR_EXT_COMMUNITY,
  ATTR_LOCAL_PREF,
  ATTR_MED,
  ATTR_MP_REACH,
  ATTR_NEXT_HOP,
  ATTR_ORIGINATOR_ID,
  ATTR_OTC,
  FAMILY_IPV4,
  FAMILY_IPV6,
  FLAG_EXTENDED_LENGTH,
  FLAG_OPTIONAL,
  FLAG_PARTIAL,
  FLAG_TRANSITIVE,
  ROW_KNOWN,
} from "./layout";
import {
  chooseHop,
  findHop,
  foundBytes,
  hopIsOurs,
  hopIsUnspecified,
  keepGlobalHop,
  writeNextHop,
  writeReach,
} from "./next_hop";
import {
  ATTRIBUTES_MAX,
  HOP_SELF,
  LOCAL_PREF_DEFAULT,
  NEIGHBOR_AIGP,
  NEIGHBOR_CLUSTER_ID,
  NEIGHBOR_EXTENDED_NEXT_HOP,
  NEIGHBOR_FLAGS,
  NEIGHBOR_IBGP,
  NEIGHBOR_LOCAL_AS,
  NEIGHBOR_LONG_LIVED_GR,
  NEIGHBOR_NEXT_HOP_SELF,
  NEIGHBOR_NEXT_HOP_SELF_ALL,
  NEIGHBOR_NEXT_HOP_UNCHANGED,
  NEIGHBOR_REFLECTOR_CLIENT,
  NEIGHBOR_ROLE,
  NEIGHBOR_ROUTE_SERVER_CLIENT,
  REFUSED_COMMUNITY,
  REFUSED_IBGP,
  REFUSED_MALFORMED,
  REFUSED_OTC,
  REFUSED_STALE,
  ROLE_CUSTOMER,
  ROLE_PEER,
  ROLE_PROVIDER,
  ROLE_ROUTE_SERVER,
  ROLE_ROUTE_SERVER_CLIENT,
  ROUTE_CHECKED,
  ROUTE_FROM_CLIENT,
  ROUTE_FROM_IBGP,
  ROUTE_KEEP_MED,
  ROUTE_KEEP_NEXT_HOP,
  ROUTE_OWN,
} from "./policy_layout";

const NO_EXPORT: u32 = 0xffffff01;
const NO_ADVERTISE: u32 = 0xffffff02;
const NO_EXPORT_SUBCONFED: u32 = 0xffffff03;
const NO_PEER: u32 = 0xffffff04;
const LLGR_STALE: u32 = 0xffff0006;
const NEXT_HOP_FAMILIES: u32 = 4;

/** What the communities of the indexed set forbid: RFC 1997, RFC 3765, RFC 9494 §4.4. */
function communitiesRefuse(flags: u32, role: u32): u32 {
  const start = attributeAt(ATTR_COMMUNITY);
  if (start == 0) return 0;
  const external = (flags & NEIGHBOR_IBGP) == 0;
  const end = valueAt(start) + valueBytes(start);
  let refused: u32 = 0;
  for (let p = valueAt(start); p + 4 <= end; p += 4) {
    const community = loadU32(p);
    if (community < LLGR_STALE) continue;
    if (community == NO_ADVERTISE) refused |= REFUSED_COMMUNITY;
    if (external && (community == NO_EXPORT || community == NO_EXPORT_SUBCONFED)) refused |= REFUSED_COMMUNITY;
    if (external && community == NO_PEER && role == ROLE_PEER) refused |= REFUSED_COMMUNITY;
    if (community == LLGR_STALE && (flags & NEIGHBOR_LONG_LIVED_GR) == 0) refused |= REFUSED_STALE;
  }
  return refused;
}

/** RFC 9234 §5: the attribute's rules are for unicast only. */
export function otcApplies(flags: u32, role: u32, family: u32): bool {
  return role != 0 && (flags & NEIGHBOR_IBGP) == 0 && (family == FAMILY_IPV4 || family == FAMILY_IPV6);
}

function whyRefused(neighbor: usize, route: u32, family: u32): u32 {
  const flags = load<u32>(neighbor, NEIGHBOR_FLAGS);
  const role = load<u32>(neighbor, NEIGHBOR_ROLE);
  // RFC 1997 speaks of received routes: what we originate says what the receiver shall do.
  let refused: u32 = (route & ROUTE_OWN) != 0 ? 0 : communitiesRefuse(flags, role);
  // RFC 4271 §9.2.1, RFC 4456 §6: from internal peer to internal peer only by reflection, to or from a client.
  const internal = (flags & NEIGHBOR_IBGP) != 0 && (route & ROUTE_FROM_IBGP) != 0;
  if (internal && (route & ROUTE_FROM_CLIENT) == 0 && (flags & NEIGHBOR_REFLECTOR_CLIENT) == 0) refused |= REFUSED_IBGP;
  // RFC 9234 §5, egress rule 2: not to a provider, a peer or a route server.
  const upwards = role == ROLE_CUSTOMER || role == ROLE_PEER || role == ROLE_ROUTE_SERVER_CLIENT;
  if (upwards && otcApplies(flags, role, family) && attributeAt(ATTR_OTC) != 0) refused |= REFUSED_OTC;
  return refused;
}

/** Why a route must not be advertised to a neighbour: REFUSED_* bits, 0 when it may. To be asked before the policy. */
export function exportRefused(neighbor: usize, attrs: usize, bytes: u32, route: u32, family: u32): u32 {
  return indexAttributes(attrs, bytes) ? whyRefused(neighbor, route, family) : REFUSED_MALFORMED;
}

/** Chooses the next hop that goes out. False: the neighbour cannot be given one. */
function planNextHop(neighbor: usize, flags: u32, route: u32, family: u32): bool {
  const hop = findHop();
  const external = (flags & NEIGHBOR_IBGP) == 0;
  const extended = (flags & NEIGHBOR_EXTENDED_NEXT_HOP) != 0;
  // A family without next hop (flow specification); IPv4 unicast of our own may leave it to us.
  if (hop == 0) {
    const ours = family == FAMILY_IPV4 && (route & ROUTE_OWN) != 0;
    return !ours || chooseHop(HOP_SELF, 0, neighbor, family, extended);
  }
  const transparent = (flags & NEIGHBOR_ROUTE_SERVER_CLIENT) != 0;
  const kept = (flags & NEIGHBOR_NEXT_HOP_UNCHANGED) != 0 || (route & ROUTE_KEEP_NEXT_HOP) != 0 || transparent;
  const reflected = !external && (route & ROUTE_FROM_IBGP) != 0;
  // RFC 4456 §10: a reflector leaves the next hop alone unless it is told otherwise.
  const internalSelf: u32 = reflected
    ? NEIGHBOR_NEXT_HOP_SELF_ALL
    : NEIGHBOR_NEXT_HOP_SELF | NEIGHBOR_NEXT_HOP_SELF_ALL;
  let self = !kept && (external || (flags & internalSelf) != 0);
  // RFC 4271 §5.1.3. Labels, tunnels and flow specifications belong to the router they name: those are passed on.
  if (family >= NEXT_HOP_FAMILIES) self = false;
  if (hopIsUnspecified()) self = true;
  hopSelf = self || hopIsOurs(neighbor);
  if (self) return chooseHop(HOP_SELF, 0, neighbor, family, extended);
  // RFC 2545 §3: a link-local address is for those on the link; a route server and its clients share one (RFC 7947).
  if (!transparent && (route & ROUTE_KEEP_NEXT_HOP) == 0) keepGlobalHop();
  const four = family == FAMILY_IPV4 || family == 2;
  return !four || foundBytes() == 4 || extended;
}

let ownPath: u32 = 0;
/** The next hop that goes out is ours, by the protocol's rules or by the policy's. */
let hopSelf: bool = false;
let metricRaised: bool = false;

/** True when the last exportTransform() has written a metric that hangs on the cost of the route's next hop. */
export function raisedMetric(): bool {
  return metricRaised;
}

/** Attributes that are dropped, or kept, by their code. Those that change are written in rewrite(). */
function dropped(code: u32, start: usize, flags: u32, route: u32): bool {
  const external = (flags & NEIGHBOR_IBGP) == 0;
  const transparent = (flags & NEIGHBOR_ROUTE_SERVER_CLIENT) != 0;
  if (code == ATTR_AIGP) return (flags & NEIGHBOR_AIGP) == 0; // RFC 7311 §3.3
  if (code == ATTR_OTC) return false;
  if (external && code == ATTR_LOCAL_PREF) return true; // RFC 4271 §5.1.5
  if (external && (code == ATTR_ORIGINATOR_ID || code == ATTR_CLUSTER_LIST)) return true; // RFC 4456 §8
  // RFC 4271 §5.1.4: MED of another AS stays within ours; RFC 7947 §2.2.3: a route server keeps it.
  if (external && code == ATTR_MED) return (route & (ROUTE_OWN | ROUTE_KEEP_MED)) == 0 && !transparent;
  if ((route & ROUTE_OWN) != 0 || (attributeRow(code) & ROW_KNOWN) != 0) return false;
  // RFC 4271 §5: an unknown optional attribute that is not transitive goes no further.
  return (<u32>load<u8>(start) & FLAG_TRANSITIVE) == 0;
}

/** One attribute that is there. */
function rewrite(code: u32, start: usize, neighbor: usize, flags: u32, route: u32, family: u32): void {
  if (code == ATTR_NEXT_HOP) {
    if (findsHop) writeNextHop(family);
  } else if (code == ATTR_AS_PATH && ownPath != 0) writePath(start, load<u32>(neighbor, NEIGHBOR_LOCAL_AS), ownPath);
  else if (code == ATTR_EXT_COMMUNITY && stripsExtended) writeTransitive(start);
  else if (code == ATTR_CLUSTER_LIST && reflects) writeClusters(start, neighbor);
  else if (code == ATTR_AIGP && hopSelf && (flags & NEIGHBOR_AIGP) != 0) {
    // RFC 7311 §3.4.3: who comes to us has the way to the route's own next hop before it.
    metricRaised = true;
    writeRaised(start, hopDistance);
  } else if (!dropped(code, start, flags, route)) {
    const old = <u32>load<u8>(start);
    const foreign = (attributeRow(code) & ROW_KNOWN) == 0;
    // RFC 4271 §5: what we pass on without knowing it is marked as partial.
    const partial = foreign && (route & ROUTE_OWN) == 0 && (old & FLAG_OPTIONAL) != 0;
    if (partial) copyWithFlags(start, (old | FLAG_PARTIAL) & ~FLAG_EXTENDED_LENGTH);
    else copyAttribute(start);
  }
}

let hopDistance: u32 = 0;
let reflects: bool = false;
let findsHop: bool = false;
let stripsExtended: bool = false;

/** RFC 4360 §6: extended communities that are not transitive end at the border of the AS. */
function writeTransitive(start: usize): void {
  const value = beginValue(valueBytes(start));
  if (value == 0) return;
  const end = valueAt(start) + valueBytes(start);
  let to = value;
  for (let p = valueAt(start); p + 8 <= end; p += 8) {
    if ((load<u8>(p) & 0x40) != 0) continue;
    store<u64>(to, load<u64>(p));
    to += 8;
  }
  if (to != value) endValue(<u32>load<u8>(start) & ~FLAG_EXTENDED_LENGTH, ATTR_EXT_COMMUNITY, <u32>(to - value));
}

/** RFC 4456 §8: our cluster in front of those that the route has passed. */
function writeClusters(start: usize, neighbor: usize): void {
  const bytes: u32 = start == 0 ? 0 : valueBytes(start);
  const value = beginValue(bytes + 4);
  if (value == 0) return;
  store<u32>(value, load<u32>(neighbor, NEIGHBOR_CLUSTER_ID));
  if (start != 0) memory.copy(value + 4, valueAt(start), bytes);
  endValue(FLAG_OPTIONAL, ATTR_CLUSTER_LIST, bytes + 4);
}

/** Codes that are written although the route does not have them. */
function missing(neighbor: usize, flags: u32, family: u32): u64 {
  const external = (flags & NEIGHBOR_IBGP) == 0;
  const role = load<u32>(neighbor, NEIGHBOR_ROLE);
  let codes: u64 = 0;
  if (attributeAt(ATTR_AS_PATH) == 0) codes |= (<u64>1) << ATTR_AS_PATH;
  if (findsHop && attributeAt(ATTR_NEXT_HOP) == 0 && family == FAMILY_IPV4) codes |= (<u64>1) << ATTR_NEXT_HOP;
  if (!external && attributeAt(ATTR_LOCAL_PREF) == 0) codes |= (<u64>1) << ATTR_LOCAL_PREF;
  if (reflects && attributeAt(ATTR_ORIGINATOR_ID) == 0) codes |= (<u64>1) << ATTR_ORIGINATOR_ID;
  if (reflects && attributeAt(ATTR_CLUSTER_LIST) == 0) codes |= (<u64>1) << ATTR_CLUSTER_LIST;
  // RFC 9234 §5, egress rule 1: to a customer, a peer or a client of our route server.
  const downwards = role == ROLE_PROVIDER || role == ROLE_PEER || role == ROLE_ROUTE_SERVER;
  if (downwards && otcApplies(flags, role, family) && attributeAt(ATTR_OTC) == 0) codes |= (<u64>1) << ATTR_OTC;
  return codes;
}

function writeMissing(code: u32, neighbor: usize, family: u32, originator: u32): void {
  const localAs = load<u32>(neighbor, NEIGHBOR_LOCAL_AS);
  if (code == ATTR_AS_PATH) writePath(0, localAs, ownPath);
  else if (code == ATTR_NEXT_HOP) writeNextHop(family);
  else if (code == ATTR_LOCAL_PREF) writeWord(FLAG_TRANSITIVE, code, bswap<u32>(LOCAL_PREF_DEFAULT));
  else if (code == ATTR_ORIGINATOR_ID) writeWord(FLAG_OPTIONAL, code, originator);
  else if (code == ATTR_CLUSTER_LIST) writeClusters(0, neighbor);
  else writeWord(FLAG_OPTIONAL | FLAG_TRANSITIVE, code, bswap<u32>(localAs));
}

/**
 * Makes the attributes that `neighbor` gets of a route (ROUTE_* flags): -1 it must not be advertised, 0 as they are,
 * n > 0 n bytes at `out`, where there must be room for 64 KiB. `originator`: the identifier of the internal peer that
 * the route came from, in wire order. `cost`: what the next hop that the route has come with costs.
 */
export function exportTransform(
  neighbor: usize,
  attrs: usize,
  bytes: u32,
  route: u32,
  family: u32,
  originator: u32,
  cost: u32,
  out: usize,
): i32 {
  metricRaised = false;
  hopSelf = false;
  hopDistance = cost;
  if (!indexAttributes(attrs, bytes)) return -1;
  if ((route & ROUTE_CHECKED) == 0 && whyRefused(neighbor, route, family) != 0) return -1;
  const flags = load<u32>(neighbor, NEIGHBOR_FLAGS);
  const external = (flags & NEIGHBOR_IBGP) == 0;
  // RFC 4271 §5.1.2; RFC 7947 §2.2.2: a route server leaves its own AS out.
  ownPath = external && (flags & NEIGHBOR_ROUTE_SERVER_CLIENT) == 0 ? 1 : 0;
  stripsExtended = ownPath != 0 && (route & ROUTE_OWN) == 0;
  reflects = !external && (route & ROUTE_FROM_IBGP) != 0;
  if (!planNextHop(neighbor, flags, route, family)) return -1;
  findsHop = foundBytes() != 0;
  openList(out, ATTRIBUTES_MAX);
  const reach = attributeAt(ATTR_MP_REACH);
  if (findsHop) writeReach(family);
  else if (reach != 0) copyAttribute(reach);
  let absent = missing(neighbor, flags, family);
  for (let word: u32 = 0; word < 4; word++) {
    let codes = codesPresent(word);
    if (word == 0) codes = (codes & ~((<u64>1) << ATTR_MP_REACH)) | absent;
    while (codes != 0) {
      const code = word * 64 + <u32>ctz<u64>(codes);
      codes &= codes - 1;
      const start = attributeAt(code);
      if (start == 0) writeMissing(code, neighbor, family, originator);
      else rewrite(code, start, neighbor, flags, route, family);
    }
  }
  const written = closeList();
  return written == <i32>bytes && memory.compare(attrs, out, bytes) == 0 ? 0 : written;
}
