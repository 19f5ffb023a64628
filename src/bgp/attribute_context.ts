// What values hang on beside themselves: found in the attributes as bytes or as JSON.

import { ATTR } from "../wasm/bgp_numbers.js";
import type { AttributeContext } from "./attribute_values.js";
import { walkAttributes } from "./attribute_wire.js";
import { bgplsProtocol } from "./nlri/bgpls.js";

const AFI_EVPN = 25;
const AFI_BGPLS = 16388;
const EXT_COMMUNITIES = 16;
const ENCAPSULATION = 0x030c;
/** Tunnel types with 24-bit network identifiers: VXLAN, NVGRE (RFC 8365 §11), VXLAN-GPE, GENEVE. */
const VXLAN_LIKE = new Set([8, 9, 12, 19]);

function hasVxlan(communities: Buffer): boolean {
  for (let at = 0; at + 8 <= communities.length; at += 8) {
    if (communities.readUInt16BE(at) === ENCAPSULATION && VXLAN_LIKE.has(communities.readUInt16BE(at + 6))) return true;
  }
  return false;
}

const afiOf = (mp: Buffer) => (mp.length >= 4 ? mp.readUInt16BE(0) : 0);

/**
 * Of attribute bytes, for the attributes and for the routes that have them. `protocolId`: of the first BGP-LS route; a
 * RIB keeps routes apart from the attributes (bgplsProtocol() has it then), in an UPDATE it is found.
 */
export function wireContext(bytes: Buffer, protocolId?: number): AttributeContext {
  let evpn = false;
  let vxlan = false;
  let first = protocolId;
  for (const { code, value } of walkAttributes(bytes)) {
    if (code === EXT_COMMUNITIES) vxlan = hasVxlan(value);
    if (code !== ATTR.mpReach) continue;
    evpn = afiOf(value) === AFI_EVPN;
    if (afiOf(value) === AFI_BGPLS) first ??= bgplsProtocol(value.subarray(5 + (value[3] as number)));
  }
  return { protocolId: first, vxlan: evpn && vxlan };
}

/** Of a route that a RIB holds: its attribute bytes, its family, and its NLRI as on the wire. */
export function routeContext(bytes: Buffer, afi: number, nlri: Uint8Array): AttributeContext {
  return wireContext(bytes, afi === AFI_BGPLS ? bgplsProtocol(nlri) : undefined);
}

/** Of an `attr` object: 14 or 15 and 16 decide. */
export function jsonContext(attr: Readonly<Record<string, unknown>>): AttributeContext {
  const mp = (attr[ATTR.mpReach] ?? attr[ATTR.mpUnreach] ?? {}) as Readonly<Record<string, unknown>>;
  const routes = mp["nlri"] ?? mp["withdraw"];
  const first = Array.isArray(routes) ? (routes[0] as { protocol_id?: unknown } | null | undefined) : null;
  const protocolId = typeof first?.protocol_id === "number" ? first.protocol_id : undefined;
  const evpn = Array.isArray(mp["afi_safi"]) && mp["afi_safi"][0] === AFI_EVPN;
  const communities = Array.isArray(attr[EXT_COMMUNITIES]) ? (attr[EXT_COMMUNITIES] as unknown[]) : [];
  const encapsulations = communities.flatMap((item) => {
    const numbers = typeof item === "string" ? /^\s*encapsulation\s*:([\d,\s]+)$/i.exec(item)?.[1] : undefined;
    return numbers?.split(",").map(Number) ?? [];
  });
  return { protocolId, vxlan: evpn && encapsulations.some((type) => VXLAN_LIKE.has(type)) };
}
