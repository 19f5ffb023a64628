// BGP-LS routes (RFC 9552 §5.2, RFC 9514 §6): nodes, links, prefixes and SRv6 SIDs of an IGP's topology.

import { bad, u16, unsigned } from "../attribute_values.js";
import { comesBack, decodeAll, encodeOne, type Field, hexBytes, struct, u8, wide } from "../fields.js";
import { descriptors4, descriptors6 } from "./bgpls_descriptors.js";
import { members, type NlriCodec } from "./codec.js";

interface RouteType {
  readonly type: number;
  readonly name: string;
  readonly body: Field;
}

const body = (descriptors: Field) =>
  struct(["protocol_id", u8], ["instances_id", wide(8)], ["descriptors", descriptors]);

const TYPES: readonly RouteType[] = [
  { type: 1, name: "node", body: body(descriptors4) },
  { type: 2, name: "link", body: body(descriptors4) },
  { type: 3, name: "ipv4_topo_prefix", body: body(descriptors4) },
  { type: 4, name: "ipv6_topo_prefix", body: body(descriptors6) },
  { type: 6, name: "srv6_sid", body: body(descriptors6) },
];
const byType = new Map(TYPES.map((row) => [row.type, row]));
const byName = new Map(TYPES.map((row) => [row.name, row]));

function encode(json: unknown): Buffer {
  const route = members(json, '{"type", "protocol_id", "instances_id", "descriptors"}');
  const { type } = route;
  const row = typeof type === "string" ? byName.get(type) : undefined;
  if (!row && typeof type !== "number") return bad(type, `a number, or one of ${[...byName.keys()].join(", ")}`);
  const code = row ? row.type : unsigned(type, 0xffff);
  const value = row ? encodeOne(row.body, { instances_id: 0, ...route }) : hexBytes(route["value"]);
  if (value.length > 0xffff) bad(value.length, "a route of up to 65535 octets");
  return Buffer.concat([u16(code), u16(value.length), value]);
}

/** One BGP-LS route. A type that is not known, or one that would not come back the same, is {"type": n, "value": hex}. */
export const bgplsNlri: NlriCodec = {
  decode: (wire) => {
    const type = wire.length >= 2 ? wire.readUInt16BE(0) : 0;
    const value = wire.subarray(4);
    const row = byType.get(type);
    const known = row && comesBack(wire, () => ({ type: row.name, ...(decodeAll(row.body, value) as object) }), encode);
    return known ?? { type, value: value.toString("hex") };
  },
  encode,
};

/** The Protocol-ID of a route on the wire, for the context of its attributes; undefined when there is none. */
export function bgplsProtocol(wire: Uint8Array): number | undefined {
  return wire[4];
}
