// Descriptors of BGP-LS routes (RFC 9552 §5.2.1 to §5.2.3, RFC 9514 §6): one row a TLV.

import { formatAddress, parsePrefix } from "../../base/ip.js";
import { bad, ValueError } from "../attribute_values.js";
import {
  address4,
  address6,
  type ByteReader,
  decodeAll,
  encodeOne,
  type Field,
  hexBytes,
  listOf,
  type Members,
  struct,
  systemId,
  u8,
  u16,
  u32,
} from "../fields.js";
import { TlvTable, tlv } from "../tlv.js";
import { members } from "./codec.js";

/** A router of an IGP: 4 or 8 octets in OSPF, 6 or 7 in IS-IS, the longer one for a pseudonode (RFC 9552 §5.2.1.4). */
const ospfRouter = struct(["router_id", address4]);
const ospfPseudonode = struct(["router_id", address4], ["designated_router_addr", address4]);
const isisRouter = struct(["iso_node_id", systemId]);
const isisPseudonode = struct(["iso_node_id", systemId], ["psn", u8]);

const igpRouterId: Field = {
  decode: (from) => {
    const field = { 4: ospfRouter, 8: ospfPseudonode, 6: isisRouter, 7: isisPseudonode }[from.left];
    const pseudonode = from.left === 7 || from.left === 8;
    return field ? { pseudonode, ...(field.decode(from, {}) as Members) } : bad(from.left, "4, 6, 7 or 8 octets");
  },
  encode: (json) => {
    const router = members(json, 'an object with "router_id" or "iso_node_id"');
    const isis = router["iso_node_id"] !== undefined;
    const pseudonode = router["psn"] !== undefined || router["designated_router_addr"] !== undefined;
    if ((router["pseudonode"] ?? pseudonode) !== pseudonode) {
      return bad(json, "psn or designated_router_addr when, and only when, pseudonode is true");
    }
    if (isis) return encodeOne(pseudonode ? isisPseudonode : isisRouter, json);
    return encodeOne(pseudonode ? ospfPseudonode : ospfRouter, json);
  },
};

/** Sub-TLVs of a node descriptor: members of one object, in the order of their types (RFC 9552 §5.2.1.4, RFC 9086 §4). */
const NODE: readonly (readonly [number, string, Field])[] = [
  [512, "as_num", u32],
  [513, "bgpls_id", address4],
  [514, "ospf_area_id", address4],
  [515, "igp_router_id", igpRouterId],
  [516, "bgp_router_id", address4],
  [517, "member_as_num", u32],
];
const nodeByType = new Map(NODE.map(([type, name, field]) => [type, { name, field }]));
const nodeByName = new Map(NODE.map(([type, name, field]) => [name, { type, field }]));

const node: Field = {
  decode: (from) => {
    const json: Record<string, unknown> = {};
    while (from.left > 0) {
      const type = from.uint(2);
      const value = from.take(from.uint(2));
      const row = nodeByType.get(type);
      json[row ? row.name : String(type)] = row ? decodeAll(row.field, value) : value.toString("hex");
    }
    return json;
  },
  encode: (json) => {
    const parts = Object.entries(members(json, "an object")).map(([name, value]): [number, Buffer] => {
      const row = nodeByName.get(name);
      if (row) return [row.type, encodeOne(row.field, value)];
      const type = /^\d{1,5}$/.test(name) ? Number(name) : 0x10000;
      if (type > 0xffff) throw new ValueError(`${name} is no member; allowed: ${[...nodeByName.keys()].join(", ")}`);
      return [type, hexBytes(value)];
    });
    const tlvs = parts
      .sort(([a], [b]) => a - b)
      .map(([type, value]) => {
        const head = Buffer.alloc(4);
        head.writeUInt16BE(type);
        head.writeUInt16BE(value.length, 2);
        return Buffer.concat([head, value]);
      });
    return Buffer.concat(tlvs);
  },
};

/** IP reachability (RFC 9552 §5.2.3.2): the length and as many octets as it needs. */
function prefix(bytes: 4 | 16): Field {
  return {
    decode: (from: ByteReader) => {
      const bits = from.uint(1);
      if (bits > bytes * 8) return bad(bits, `up to ${bytes * 8} bits`);
      const address = Buffer.alloc(bytes);
      from.take((bits + 7) >> 3).copy(address);
      return `${formatAddress(address)}/${bits}`;
    },
    encode: (json) => {
      const parsed = typeof json === "string" ? parsePrefix(json) : null;
      if (parsed?.bytes.length !== bytes) return bad(json, bytes === 4 ? "a.b.c.d/n" : "x::/n");
      return Buffer.concat([Buffer.of(parsed.length), parsed.bytes.subarray(0, (parsed.length + 7) >> 3)]);
    },
  };
}

const COMMON = [
  tlv(256, "local_node", node),
  tlv(257, "remote_node", node),
  tlv(258, "link_identifiers", struct(["local_identifier", u32], ["remote_identifier", u32])),
  tlv(259, "link_local_ipv4", address4),
  tlv(260, "link_remote_ipv4", address4),
  tlv(261, "link_local_ipv6", address6),
  tlv(262, "link_remote_ipv6", address6),
  tlv(263, "mt_id", listOf(u16)),
  tlv(264, "prefix_ospf_route_type", u8),
  tlv(518, "srv6_sid_information", address6),
];

/** The descriptors of a route whose prefixes are IPv4 or IPv6. */
export const descriptors4 = listOf(new TlvTable([...COMMON, tlv(265, "prefix", prefix(4))]));
export const descriptors6 = listOf(new TlvTable([...COMMON, tlv(265, "prefix", prefix(16))]));
