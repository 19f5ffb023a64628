// LINK_STATE: every TLV of the table by bytes that were put together from its RFC, and any bytes at all.

import fc from "fast-check";
import t from "tap";
import { LINK_STATE_TLVS, linkState } from "../../../src/bgp/link_state/attribute.js";

const ISIS = 2;
const OSPF = 3;

interface Example {
  readonly type: number;
  /** The value in hex, blanks between its fields. */
  readonly wire: string;
  readonly json: Record<string, unknown>;
  readonly protocolId?: number;
}

const one = (type: number, wire: string, name: string, value: unknown, protocolId?: number): Example => ({
  type,
  wire,
  json: { type: name, value },
  ...(protocolId === undefined ? {} : { protocolId }),
});
const coded = (type: number, wire: string, name: string, value: unknown): Example => ({
  type,
  wire,
  json: { type: name, code: type, value },
});

const SID = "a001000000 05e002 0000000000000000";
const sid = "a001:0:5:e002::";
const STRUCTURE = "04e4 0004 20101000";
const structure = {
  type: "srv6_sid",
  value: { locator_block_length: 32, locator_node_length: 16, function_length: 16, argument_length: 0 },
};
const peerFlags = { V: 1, L: 1, B: 0, P: 0 };
const endFlags = { B: 0, S: 1, P: 0 };

const EXAMPLES: readonly Example[] = [
  one(258, "00000001 00000002", "link_identifiers", { local_identifier: 1, remote_identifier: 2 }),
  one(266, "01 0a 02 05", "node_msd", [
    { type: 1, value: 10 },
    { type: 2, value: 5 },
  ]),
  one(267, "01 0a", "link_msd", { type: 1, value: 10 }),
  one(267, "01 0a 29 03", "link_msd", [
    { type: 1, value: 10 },
    { type: 41, value: 3 },
  ]),
  one(1024, "a4", "node_flags", { O: 1, T: 0, E: 1, B: 0, R: 0, V: 1 }),
  one(1024, "81", "node_flags", { O: 1, T: 0, E: 0, B: 0, R: 0, V: 0, unassigned: 1 }),
  one(1025, "0102ff", "opa_node_attr", "0102ff"),
  one(1026, "7231", "node_name", "r1"),
  one(1027, "490001", "isis_area_id", "490001"),
  one(1028, "01010101", "local_router_id", "1.1.1.1"),
  one(1029, "20010db8000000000000000000000001", "local_router_id_ipv6", "2001:db8::1"),
  one(1030, "02020202", "remote_router_id", "2.2.2.2"),
  one(1031, "20010db8000000000000000000000002", "remote_router_id", "2001:db8::2"),
  one(1034, "80 00 001f40 0489 0003 003e80 0003e8 0489 0004 00000064", "sr_capabilities", {
    flag: { I: 1, V: 0 },
    value: [
      { range_size: 8000, label: 16000 },
      { range_size: 1000, sid: 100 },
    ],
  }),
  one(1035, "00 01", "sr_algorithm", [0, 1]),
  one(1036, "00 00 0003e8 0489 0003 003a98", "srlb", [{ range_size: 1000, label: 15000 }]),
  one(1038, "4000 0000", "srv6_capabilities", { flags: { O: 1 } }),
  one(1050, "01 0a", "node_msd", { type: 1, value: 10 }),
  one(1088, "00000005", "admin_group", 5),
  one(1089, "4cee6b28", "max_bandwidth", 125_000_000),
  one(1090, "00000000", "max_rsv_bandwidth", 0),
  one(1091, `4cee6b28${"00000000".repeat(7)}`, "unrsv_bandwidth", [125_000_000, 0, 0, 0, 0, 0, 0, 0]),
  one(1092, "0000000a", "te_metric", 10),
  one(1093, "08 00", "protection_type", "Dedicated 1:1"),
  one(1093, "03 00", "protection_type", 3),
  one(1094, "40", "mpls_mask", { L: 0, R: 1 }),
  one(1095, "00000a", "igp_metric", 10, ISIS),
  one(1095, "000a", "igp_metric", 10, OSPF),
  { type: 1095, wire: "0a", json: { type: "igp_metric", length: 1, value: 10 }, protocolId: ISIS },
  one(1096, "00000001 ffffffff", "shared_risk_link_group", [1, 4_294_967_295]),
  one(1097, "00", "opa_link_attr", "00"),
  one(1098, "746f2d7232", "link_name", "to-r2"),
  one(
    1099,
    "70 00 0000 0061a8",
    "adj_sid",
    { flags: { F: 0, B: 1, V: 1, L: 1, S: 0, P: 0 }, weight: 0, value: 25_000 },
    ISIS,
  ),
  one(
    1099,
    "60 05 0000 0061a8",
    "adj_sid",
    { flags: { B: 0, V: 1, L: 1, G: 0, P: 0 }, weight: 5, value: 25_000 },
    OSPF,
  ),
  one(
    1100,
    "00 00 0000 000000000001 00000007",
    "lan_adj_sid",
    { flags: { F: 0, B: 0, V: 0, L: 0, S: 0, P: 0 }, weight: 0, nei_or_sys_id: "0000.0000.0001", value: 7 },
    ISIS,
  ),
  one(
    1100,
    "60 00 0000 01010101 0061a8",
    "lan_adj_sid",
    { flags: { B: 0, V: 1, L: 1, G: 0, P: 0 }, weight: 0, nei_or_sys_id: "1.1.1.1", value: 25_000 },
    OSPF,
  ),
  one(1101, "c0 00 0000 0061a8", "peer_node_sid", { flags: peerFlags, weight: 0, value: 25_000 }),
  one(1102, "c0 01 0000 0061a8", "peer_adj_sid", { flags: peerFlags, weight: 1, value: 25_000 }),
  one(1103, "00 00 0000 00000001", "peer_set_sid", { flags: { V: 0, L: 0, B: 0, P: 0 }, weight: 0, value: 1 }),
  one(1106, `0039 40 00 00 00 ${SID} ${STRUCTURE}`, "srv6_end_x_sid", {
    endpoint_behavior: 57,
    flags: endFlags,
    algorithm: 0,
    weight: 0,
    sid,
    sub_tlvs: [structure],
  }),
  one(1107, `0039 40 00 01 00 000000000001 ${SID} ${STRUCTURE}`, "srv6_lan_end_x_sid", {
    endpoint_behavior: 57,
    flags: endFlags,
    algorithm: 0,
    weight: 1,
    neighbor_id: "0000.0000.0001",
    sid,
    sub_tlvs: [structure],
  }),
  one(1108, `0039 40 00 01 00 01010101 ${SID}`, "srv6_lan_end_x_sid", {
    endpoint_behavior: 57,
    flags: endFlags,
    algorithm: 0,
    weight: 1,
    neighbor_id: "1.1.1.1",
    sid,
    sub_tlvs: [],
  }),
  coded(1110, "01 0a", "link_msd", { type: 1, value: 10 }),
  one(1114, "8000000a", "unidirect_link_delay", 0x8000000a),
  one(1115, "00000001 00000009", "min_max_unidirect_link_delay", { min_link_delay: 1, max_link_delay: 9 }),
  one(1116, "00000003", "unidirect_delay_var", 3),
  one(1117, "00000004", "unidirect_packet_loss", 4),
  one(1118, "4cee6b28", "unidirect_residual_bw", 0x4cee6b28),
  one(1119, "4cee6b28", "unidirect_avail_bw", 0x4cee6b28),
  one(1120, "00000000", "unidirect_bw_util", 0),
  one(1152, "90", "igp_flags", { D: 1, N: 0, L: 0, P: 1 }),
  one(1153, "00000001", "igp_route_tag_list", [1]),
  one(1154, "0000000000000001 ffffffffffffffff", "ext_igp_route_tag_list", [1, "18446744073709551615"]),
  one(1155, "00000014", "prefix_metric", 20),
  one(1156, "0a000001", "ospf_forwarding_address", "10.0.0.1"),
  one(1156, "20010db8000000000000000000000002", "ospf_forwarding_address", "2001:db8::2"),
  one(1157, "01", "opa_prefix_attr", "01"),
  one(
    1158,
    "40 00 0000 00000064",
    "prefix_sid",
    { flags: { R: 0, N: 1, P: 0, E: 0, V: 0, L: 0 }, algorithm: 0, sid: 100 },
    ISIS,
  ),
  one(
    1158,
    "4c 01 0000 003e80",
    "prefix_sid",
    { flags: { NP: 1, M: 0, E: 0, V: 1, L: 1 }, algorithm: 1, sid: 16_000 },
    OSPF,
  ),
  one(1161, "003e80", "sid_or_label", { type: "label", value: 16_000 }),
  one(1161, "00003e80", "sid_or_label", { type: "sid", value: 16_000 }),
  one(1162, "80 80 0000 0000000a", "srv6_locator", { flags: { D: 1 }, algorithm: 128, metric: 10, sub_tlvs: [] }, ISIS),
  one(
    1162,
    "80 00 0000 0000000a 0001 0001 ff",
    "srv6_locator",
    { flags: 128, algorithm: 0, metric: 10, sub_tlvs: [{ type: 1, value: "ff" }] },
    OSPF,
  ),
  one(1170, "40", "prefix_igp_attr", 64),
  { type: 1170, wire: "4001", json: { type: "prefix_igp_attr", length: 2, value: 0x4001 } },
  one(1171, "01010101", "source_router_id", "1.1.1.1"),
  one(1173, "0000000100000002", "extended_admin_group", "0000000100000002"),
  one(1250, "0030 00 00", "srv6_endpoint_behavior", { endpoint_behavior: 48, flags: 0, algorithm: 0 }),
  one(1251, "40 05 0000 0001fde9 01010101", "srv6_bgp_peer_node_sid", {
    flags: endFlags,
    weight: 5,
    peer_as_number: "1.65001",
    peer_bgp_identifier: 0x01010101,
  }),
  one(1252, "20101000", "srv6_sid", structure.value),
];

/** Values that have no form in JSON, or whose form would not bring them back. */
const KEPT: readonly [number, string][] = [
  [9999, "0102"],
  [1024, "a400"],
  [1026, "ff"],
  [1029, "01010101"],
  [1034, "8000"],
  [1034, "80000000010489000500"],
  [1036, "01000003e804890003003a98"],
  [1089, "7f800000"],
  [1089, "80000000"],
  [1091, "00000000"],
  [1093, "0801"],
  [1095, ""],
  [1099, "7000000100 61a8"],
  [1106, `003940000000${"00".repeat(16)}04e40004`],
  [1156, "0a0000"],
];

const framed = (type: number, wire: string): Buffer => {
  const value = Buffer.from(wire.replaceAll(" ", ""), "hex");
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
};

t.test("every TLV of the table, both ways", async (t) => {
  for (const { type, wire, json, protocolId } of EXAMPLES) {
    const bytes = framed(type, wire);
    t.same(linkState.decode(bytes, 4, { protocolId }), [json], `${type} ${json["type"]}`);
    t.same(linkState.encode([json], 4, { protocolId }), bytes, `${type} to bytes`);
  }
  const tested = new Set(EXAMPLES.map(({ type }) => type));
  t.same(
    LINK_STATE_TLVS.filter(({ type }) => !tested.has(type)),
    [],
    "a row without an example",
  );
});

t.test("what JSON would not bring back is kept by number and bytes", async (t) => {
  for (const [type, wire] of KEPT) {
    const bytes = framed(type, wire);
    t.same(linkState.decode(bytes, 4), [{ type, value: wire.replaceAll(" ", "") }], `${type} ${wire}`);
    t.same(linkState.encode(linkState.decode(bytes, 4), 4), bytes);
  }
  t.equal(linkState.decode(Buffer.from("04000002ff", "hex"), 4), "04000002ff", "a TLV that is cut off");
});

t.test("forms that are taken beside the one that is written", async (t) => {
  const same = (json: unknown, wire: string, protocolId?: number) =>
    t.equal(linkState.encode(json, 4, { protocolId }).toString("hex"), wire.replaceAll(" ", ""));
  same([{ type: 9999, value: "b'0102'" }], "270f 0002 0102");
  same([{ type: "node_flags", value: 0xa4 }], "0400 0001 a4");
  same([{ type: "adj_sid", value: { value: 7 } }], "044b 0008 00000000 00000007");
  same(
    [{ type: "srv6_bgp_peer_node_sid", value: { peer_as_number: 131_001, peer_bgp_identifier: "1.1.1.1" } }],
    "04e3 000c 00000000 0001ffb9 01010101",
  );
  same([{ type: "link_msd", code: 1110, value: { type: 1, value: 2 } }], "0456 0002 0102");
  same([{ type: "igp_metric", value: 10 }], "0447 0003 00000a");
  t.throws(() => linkState.encode([{ type: "link_msd", code: 1111, value: 1 }], 4), { name: "ValueError" });
  t.throws(() => linkState.encode([{ type: "igp_metric", length: 0, value: 1 }], 4), { name: "ValueError" });
  t.throws(() => linkState.encode([{ type: "node_flags", value: { X: 1 } }], 4), /X.*O, T, E, B, R, V/);
  t.throws(() => linkState.encode([{ type: "adj_sid", value: { value: 2 ** 32 } }], 4), /adj_sid: value/);
});

t.test("any TLVs come back byte for byte, through JSON text", async (t) => {
  const types = fc.constantFrom(...LINK_STATE_TLVS.map(({ type }) => type), 9999);
  const lengths = fc.constantFrom(0, 1, 2, 3, 4, 7, 8, 10, 11, 12, 14, 16, 22, 28, 32, 36);
  const tlvs = fc.array(
    fc.tuple(
      types,
      lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
    ),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(tlvs, fc.constantFrom(undefined, 1, 2, 3, 6, 7), (items, protocolId) => {
      const bytes = Buffer.concat(items.map(([type, value]) => framed(type, Buffer.from(value).toString("hex"))));
      const json = linkState.decode(bytes, 4, { protocolId });
      if (!Array.isArray(json) || json.length !== items.length) return false;
      return linkState.encode(JSON.parse(JSON.stringify(json)), 4, { protocolId }).equals(bytes);
    }),
    { numRuns: 4_000 },
  );
  t.pass();
});
