// The next hop of an attribute set: NEXT_HOP of IPv4 unicast, else MP_REACH_NLRI cut off after its next hop, which
// stands at the head of the set (RFC 4760 §3, RFC 2545 §3, RFC 4364 §4.3.2, RFC 8950 §3).

import { attributeAt, beginValue, endValue, failList, valueAt, valueBytes } from "./attribute_index";
import {
  AFI_IPV4,
  ATTR_MP_REACH,
  ATTR_NEXT_HOP,
  FAMILY_IPV4,
  FLAG_OPTIONAL,
  FLAG_TRANSITIVE,
  SAFI_UNICAST,
} from "./layout";
import {
  HOP_IPV4,
  HOP_PEER,
  HOP_SELF,
  NEIGHBOR_LINK_LOCAL,
  NEIGHBOR_LOCAL_4,
  NEIGHBOR_LOCAL_6,
  NEIGHBOR_PEER_4,
  NEIGHBOR_PEER_6,
} from "./policy_layout";

const SAFI_VPN: u32 = 128;

let hopAddress: usize = 0;
let hopLength: u32 = 0;

/** The indexed set's next hop address, without route distinguisher; its length (4, 16, 32, 0 none) is foundBytes(). */
export function findHop(): usize {
  hopLength = 0;
  hopAddress = 0;
  const reach = attributeAt(ATTR_MP_REACH);
  if (reach != 0) {
    const value = valueAt(reach);
    const bytes = valueBytes(reach);
    const length: u32 = bytes < 4 ? 0 : <u32>load<u8>(value, 3);
    if (bytes < 4 + length) return 0;
    // RFC 4364, RFC 4659: in a VPN 8 octets of route distinguisher stand before the address (24 is RD and IPv6).
    const skipped: u32 = length == 12 || length == 24 ? 8 : length == 48 ? 8 : 0;
    hopLength =
      length == 12 ? 4 : length == 24 || length == 48 ? 16 : length == 4 || length == 16 || length == 32 ? length : 0;
    hopAddress = hopLength == 0 ? 0 : value + 4 + skipped;
    return hopAddress;
  }
  const hop = attributeAt(ATTR_NEXT_HOP);
  if (hop != 0 && valueBytes(hop) == 4) {
    hopLength = 4;
    hopAddress = valueAt(hop);
  }
  return hopAddress;
}

export function foundBytes(): u32 {
  return hopLength;
}

/** True when the found next hop is 0.0.0.0 or ::, as of a route of our own. */
export function hopIsUnspecified(): bool {
  return hopLength == 4 ? load<u32>(hopAddress) == 0 : hopLength != 0 && !present6(hopAddress);
}

/** True when the found next hop is our end of the neighbour's session. */
export function hopIsOurs(neighbor: usize): bool {
  if (hopLength == 0) return false;
  if (hopLength == 4)
    return load<u32>(hopAddress) != 0 && load<u32>(hopAddress) == load<u32>(neighbor, NEIGHBOR_LOCAL_4);
  const own = neighbor + NEIGHBOR_LOCAL_6;
  return present6(own) && load<u64>(hopAddress) == load<u64>(own) && load<u64>(hopAddress, 8) == load<u64>(own, 8);
}

function present6(p: usize): bool {
  return (load<u64>(p) | load<u64>(p, 8)) != 0;
}

/** True when the indexed set's family has IPv4 next hops by nature. */
function prefersIpv4(family: u32): bool {
  if (family == FAMILY_IPV4) return true;
  const reach = attributeAt(ATTR_MP_REACH);
  return reach == 0 || valueBytes(reach) < 3 || bswap<u16>(load<u16>(valueAt(reach))) != AFI_IPV6_NUMBER;
}

const AFI_IPV6_NUMBER: u16 = 2;

/**
 * Chooses the address that a HOP_* stands for; `given` is the address of the last two. The one of the family's own
 * kind when the neighbour has it, for IPv4 and others else the IPv6 one when `extended`. False: there is none.
 */
export function chooseHop(kind: u32, given: usize, neighbor: usize, family: u32, extended: bool): bool {
  if (kind != HOP_SELF && kind != HOP_PEER) {
    hopAddress = given;
    hopLength = kind == HOP_IPV4 ? 4 : 16;
    return kind != HOP_IPV4 || prefersIpv4(family);
  }
  const four = neighbor + (kind == HOP_SELF ? NEIGHBOR_LOCAL_4 : NEIGHBOR_PEER_4);
  const six = neighbor + (kind == HOP_SELF ? NEIGHBOR_LOCAL_6 : NEIGHBOR_PEER_6);
  const ipv4 = prefersIpv4(family);
  if (ipv4 && load<u32>(four) != 0) {
    hopAddress = four;
    hopLength = 4;
    return true;
  }
  if ((ipv4 && !extended) || !present6(six)) return false;
  hopAddress = six;
  // RFC 2545 §3: the link-local address goes along when the neighbour is on the same link.
  hopLength = kind == HOP_SELF && present6(neighbor + NEIGHBOR_LINK_LOCAL) ? 32 : 16;
  return true;
}

/** Keeps the set's own next hop, without the link-local address: that one means nothing on another link. */
export function keepGlobalHop(): void {
  findHop();
  if (hopLength == 32) hopLength = 16;
}

/** Writes MP_REACH_NLRI for the chosen next hop, when the family says it so. To be called first. */
export function writeReach(family: u32): void {
  if (family == FAMILY_IPV4 && hopLength == 4) return;
  const reach = attributeAt(ATTR_MP_REACH);
  if (reach == 0 && family != FAMILY_IPV4) {
    failList();
    return;
  }
  const value = beginValue(4 + 8 + 32);
  if (value == 0) return;
  if (reach != 0) memory.copy(value, valueAt(reach), 3);
  else {
    store<u16>(value, bswap<u16>(<u16>AFI_IPV4));
    store<u8>(value, SAFI_UNICAST, 2);
  }
  const rd: u32 = load<u8>(value, 2) == SAFI_VPN ? 8 : 0;
  const length: u32 = rd != 0 && hopLength == 32 ? 16 : hopLength;
  store<u64>(value + 4, 0);
  memory.copy(value + 4 + rd, hopAddress, length);
  store<u8>(value, rd + length, 3);
  endValue(FLAG_OPTIONAL, ATTR_MP_REACH, 4 + rd + length);
}

/** Writes NEXT_HOP for the chosen next hop, when the family says it so. */
export function writeNextHop(family: u32): void {
  if (family != FAMILY_IPV4 || hopLength != 4) return;
  const value = beginValue(4);
  if (value == 0) return;
  store<u32>(value, load<u32>(hopAddress));
  endValue(FLAG_TRANSITIVE, ATTR_NEXT_HOP, 4);
}
