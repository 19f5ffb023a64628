// What values hang on beside themselves: found in the attributes as bytes or as JSON.

import { ATTR } from "../wasm/bgp_numbers.js";
import type { AttributeContext } from "./attribute_values.js";
import { walkAttributes } from "./attribute_wire.js";

const AFI_EVPN = 25;
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

/**
 * Of a RIB's attribute bytes, for the attributes and for the routes that have them. `protocolId`: of the first BGP-LS
 * route, which a RIB keeps apart from the attributes (nlri/bgpls.ts has bgplsProtocol()).
 */
export function wireContext(bytes: Buffer, protocolId?: number): AttributeContext {
  let evpn = false;
  let vxlan = false;
  for (const { code, value } of walkAttributes(bytes)) {
    if (code === ATTR.mpReach) evpn = value.length >= 2 && value.readUInt16BE(0) === AFI_EVPN;
    if (code === EXT_COMMUNITIES) vxlan = hasVxlan(value);
  }
  return { protocolId, vxlan: evpn && vxlan };
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
