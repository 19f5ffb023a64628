// BGP-LS routes: yabgp's JSON against bytes put together from RFC 9552, RFC 9086 and RFC 9514, and properties.

import fc from "fast-check";
import t from "tap";
import { bgplsNlri, bgplsProtocol } from "../../../../src/bgp/nlri/bgpls.js";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const framed = (type: number, body: Buffer) => {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
};
const AS = "0200 0004 0000fde9 0201 0004 00000000";

const EXAMPLES: readonly { type: number; wire: string; json: Record<string, unknown> }[] = [
  {
    type: 1,
    wire: `02 0000000000000000 0100 001b ${AS} 0203 0007 000000000001 05`,
    json: {
      type: "node",
      protocol_id: 2,
      instances_id: 0,
      descriptors: [
        {
          type: "local_node",
          value: {
            as_num: 65_001,
            bgpls_id: "0.0.0.0",
            igp_router_id: { pseudonode: true, iso_node_id: "0000.0000.0001", psn: 5 },
          },
        },
      ],
    },
  },
  {
    type: 2,
    wire: `03 ffffffffffffffff 0100 0020 ${AS} 0202 0004 00000000 0203 0004 01010101 0101 000c 0203 0008 01010101 0a000001
      0102 0008 00000001 00000002 0103 0004 0a000001 0104 0004 0a000002
      0105 0010 20010db8000000000000000000000001 0106 0010 20010db8000000000000000000000002 0107 0004 0000 0002`.replace(
      /\s+/g,
      " ",
    ),
    json: {
      type: "link",
      protocol_id: 3,
      instances_id: "18446744073709551615",
      descriptors: [
        {
          type: "local_node",
          value: {
            as_num: 65_001,
            bgpls_id: "0.0.0.0",
            ospf_area_id: "0.0.0.0",
            igp_router_id: { pseudonode: false, router_id: "1.1.1.1" },
          },
        },
        {
          type: "remote_node",
          value: { igp_router_id: { pseudonode: true, router_id: "1.1.1.1", designated_router_addr: "10.0.0.1" } },
        },
        { type: "link_identifiers", value: { local_identifier: 1, remote_identifier: 2 } },
        { type: "link_local_ipv4", value: "10.0.0.1" },
        { type: "link_remote_ipv4", value: "10.0.0.2" },
        { type: "link_local_ipv6", value: "2001:db8::1" },
        { type: "link_remote_ipv6", value: "2001:db8::2" },
        { type: "mt_id", value: [0, 2] },
      ],
    },
  },
  {
    type: 2,
    wire: `07 0000000000000000 0100 0010 0204 0004 03030303 0205 0004 0000fdea`,
    json: {
      type: "link",
      protocol_id: 7,
      instances_id: 0,
      descriptors: [{ type: "local_node", value: { bgp_router_id: "3.3.3.3", member_as_num: 65_002 } }],
    },
  },
  {
    type: 3,
    wire: "03 0000000000000001 0108 0001 01 0109 0004 18 010203 0109 0001 00",
    json: {
      type: "ipv4_topo_prefix",
      protocol_id: 3,
      instances_id: 1,
      descriptors: [
        { type: "prefix_ospf_route_type", value: 1 },
        { type: "prefix", value: "1.2.3.0/24" },
        { type: "prefix", value: "0.0.0.0/0" },
      ],
    },
  },
  {
    type: 4,
    wire: "02 0000000000000000 0109 0005 20 20010db8 0109 0001 00",
    json: {
      type: "ipv6_topo_prefix",
      protocol_id: 2,
      instances_id: 0,
      descriptors: [
        { type: "prefix", value: "2001:db8::/32" },
        { type: "prefix", value: "::/0" },
      ],
    },
  },
  {
    type: 6,
    wire: "02 0000000000000000 0206 0010 20010db8000000000000000000000001 270f 0001 ff",
    json: {
      type: "srv6_sid",
      protocol_id: 2,
      instances_id: 0,
      descriptors: [
        { type: "srv6_sid_information", value: "2001:db8::1" },
        { type: 9999, value: "ff" },
      ],
    },
  },
];

t.test("every type of route, both ways", async (t) => {
  for (const { type, wire, json } of EXAMPLES) {
    const bytes = framed(type, hex(wire));
    t.same(bgplsNlri.decode(bytes, false), json, `type ${type}`);
    t.same(bgplsNlri.encode(json, false), bytes, `type ${type} to bytes`);
    t.equal(bgplsProtocol(bytes), json["protocol_id"]);
  }
});

t.test("what cannot be shown is kept by bytes, as near to the fault as can be", async (t) => {
  const head = "02 0000000000000000";
  const descriptor = (wire: string) =>
    (bgplsNlri.decode(framed(1, hex(`${head} ${wire}`)), false) as { descriptors: unknown[] }).descriptors[0];
  for (const [wire, json] of [
    ["0100 0005 0203 0001 01", { type: 256, value: "0203000101" }],
    ["0100 0010 0201 0004 00000000 0200 0004 00000001", { type: 256, value: "02010004000000000200000400000001" }],
    ["0100 0005 0300 0001 01", { type: "local_node", value: { 768: "01" } }],
    ["0109 0002 18 01", { type: 265, value: "1801" }],
    ["0109 0002 07 ff", { type: 265, value: "07ff" }],
    ["0109 0001 21", { type: 265, value: "21" }],
    ["0108 0002 0101", { type: 264, value: "0101" }],
  ] as const) {
    t.same(descriptor(wire), json, wire);
    const bytes = framed(1, hex(`${head} ${wire}`));
    t.same(bgplsNlri.encode(bgplsNlri.decode(bytes, false), false), bytes);
  }
  for (const [type, wire] of [
    [5, "0102"],
    [1, "02 00"],
    [1, `${head} 0100 0005 02`],
  ] as const) {
    const json = bgplsNlri.decode(framed(type, hex(wire)), false);
    t.same(json, { type, value: wire.replaceAll(" ", "") });
    t.same(bgplsNlri.encode(json, false), framed(type, hex(wire)));
  }
  t.same(bgplsNlri.decode(hex("00"), false), { type: 0, value: "" });
});

t.test("bad values are told", async (t) => {
  const route = { type: "node", protocol_id: 2, descriptors: [] };
  t.equal(bgplsNlri.encode(route, false).toString("hex"), "00010009020000000000000000", "instances_id is 0 by itself");
  const router = (igp_router_id: unknown) => ({
    ...route,
    descriptors: [{ type: "local_node", value: { igp_router_id } }],
  });
  for (const [json, message] of [
    [[], /type/],
    [{ ...route, type: "nodes" }, /node, link/],
    [{ ...route, protocol_id: 256 }, /protocol_id/],
    [{ ...route, instances_id: -1 }, /instances_id/],
    [{ ...route, descriptors: undefined }, /descriptors/],
    [{ ...route, descriptors: [{ type: "nonsense", value: 1 }] }, /local_node, remote_node/],
    [{ ...route, descriptors: [{ type: "local_node", value: { as: 1 } }] }, /as_num/],
    [{ ...route, descriptors: [{ type: "prefix", value: "::/0" }] }, /a\.b\.c\.d/],
    [router({ router_id: "1.1.1.1", pseudonode: true }), /pseudonode/],
    [router({ iso_node_id: "0000.0001" }), /iso_node_id/],
    [router({ iso_node_id: "0000.0000.0001", psn: 256 }), /psn/],
  ] as [unknown, RegExp][]) {
    t.throws(() => bgplsNlri.encode(json, false), { name: "ValueError", message }, JSON.stringify(json));
  }
});

t.test("any route comes back byte for byte, through JSON text", async (t) => {
  const descriptors = fc.array(
    fc.tuple(fc.constantFrom(256, 257, 258, 259, 261, 263, 264, 265, 518, 700), fc.uint8Array({ maxLength: 20 })),
    { maxLength: 4 },
  );
  const subTlvs = fc
    .uniqueArray(
      fc.tuple(fc.constantFrom(512, 513, 514, 515, 516, 517, 600), fc.uint8Array({ minLength: 4, maxLength: 8 })),
      {
        selector: ([type]) => type,
      },
    )
    .map((items) => Buffer.concat(items.map(([type, value]) => framed(type, Buffer.from(value)))));
  fc.assert(
    fc.property(
      fc.nat(7),
      fc.uint8Array({ minLength: 9, maxLength: 9 }),
      descriptors,
      subTlvs,
      (type, head, some, node) => {
        const tail = some.map(([kind, value]) => framed(kind, Buffer.from(value)));
        const wire = framed(type, Buffer.concat([head, framed(256, node), ...tail]));
        return bgplsNlri.encode(JSON.parse(JSON.stringify(bgplsNlri.decode(wire, false))), false).equals(wire);
      },
    ),
    { numRuns: 3_000 },
  );
  t.pass();
});
