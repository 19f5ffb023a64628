// Attributes made of fields: bytes and JSON of known values, and any bytes at all.

import fc from "fast-check";
import t from "tap";
import { jsonContext, routeContext, wireContext } from "../../../src/bgp/attribute_context.js";
import {
  ATTRIBUTES,
  attributeRow,
  attributesJson,
  encodeAttribute,
  encodeAttributes,
} from "../../../src/bgp/attributes.js";
import { EXT_COMMUNITY_ROWS } from "../../../src/bgp/ext_community_rows.js";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const decode = (code: number, text: string) => attributeRow(code).codec.decode(hex(text), 4);

t.test("extended communities as the registries have them", async (t) => {
  const known: [string, string][] = [
    ["0002 fde9 00000064", "route-target:65001:100"],
    ["0102 01020304 0064", "route-target:1.2.3.4:100"],
    ["0202 fa56ea00 0064", "route-target:4200000000:100"],
    ["0202 0000fde9 0064", "route-target:0.65001:100"],
    ["8006 fde9 447a0000", "traffic-rate:65001:1000"],
    ["8006 fde9 7fc00000", "unknown:8006fde97fc00000"],
    ["8006 fde9 bf800000", "unknown:8006fde9bf800000"],
    ["8007 000000000003", "traffic-action:S:1,T:1"],
    ["8007 000000000004", "unknown:8007000000000004"],
    ["8009 00000000000a", "traffic-marking-dscp:10"],
    ["030b 0000 00000064", "color:100"],
    ["030b 4000 00000064", "color-01:100"],
    ["030b 0001 00000064", "unknown:030b000100000064"],
    ["030c 00000000 0008", "encapsulation:8"],
    ["030d 000000000000", "default-gateway"],
    ["030d 000000000001", "unknown:030d000000000001"],
    // 125,000,000 octets a second, as IEEE 754 has it.
    ["4004 fde9 4cee6b28", "dmzlink-bw:65001:125000000"],
    ["4300 000000000002", "origin-validation-state:invalid"],
    ["4300 000000000003", "unknown:4300000000000003"],
    ["0601 01 0000 002711", "esi-label:1:625"],
    ["0601 01 0000 002710", "esi-label:1:625:0"],
    ["0601 01 0001 002711", "unknown:0601010001002711"],
    ["0603 001122aabbcc", "router-mac:00-11-22-AA-BB-CC"],
    ["ffff 010203040506", "unknown:ffff010203040506"],
  ];
  for (const [bytes, text] of known) {
    t.same(decode(16, bytes), [text], text);
    t.same(attributeRow(16).codec.encode([text], 4), hex(bytes), `${text} to bytes`);
  }
  t.same(decode(16, "0002fde900000064 00"), "0002fde90000006400", "no whole number of communities");
});

t.test("any community comes back as it was", async (t) => {
  const types = EXT_COMMUNITY_ROWS.map(({ type }) => type);
  const some = fc.tuple(
    fc.oneof(fc.constantFrom(...types), fc.nat(0xffff)),
    fc.oneof(fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.constant(new Uint8Array(6))),
  );
  fc.assert(
    fc.property(some, ([type, value]) => {
      const bytes = Buffer.from([type >> 8, type & 255, ...value]);
      const json = attributeRow(16).codec.decode(bytes, 4);
      return attributeRow(16).codec.encode(json, 4).equals(bytes);
    }),
    { numRuns: 3_000 },
  );
  const { codec } = attributeRow(25);
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 17, maxLength: 17 }),
      fc.constantFrom(2, 3, 11, 12, 13, 14),
      (value, low) => {
        const bytes = Buffer.from([0, low, 0, ...value]);
        return codec.encode(codec.decode(bytes, 4), 4).equals(bytes);
      },
    ),
  );
  t.pass();
});

t.test("VXLAN network identifiers are taken from the encapsulation community", async (t) => {
  const tunnel = { leaf_info_required: 0, tunnel_type: 6, mpls_label: [1234], tunnel_id: "4.4.4.4" };
  const attr = { 14: { afi_safi: [25, 70], nexthop: "4.4.4.4", nlri: [] }, 16: ["encapsulation: 8"], 22: tunnel };
  t.match(jsonContext(attr), { vxlan: true });
  t.match(jsonContext({ ...attr, 16: ["encapsulation:7"] }), { vxlan: false });
  t.match(jsonContext({ ...attr, 16: ["encapsulation:7,9"] }), { vxlan: true });
  t.match(jsonContext({ ...attr, 14: { afi_safi: [1, 128] } }), { vxlan: false });
  const reach = encodeAttribute(0x80, 14, hex("0019 46 04 04040404"));
  const bytes = Buffer.concat([reach, encodeAttributes(attr, true)]);
  t.equal(bytes.toString("hex").endsWith("c01609 00 06 0004d2 04040404".replaceAll(" ", "")), true, "all 24 bits");
  t.same(attributesJson(bytes)[22], { ...tunnel, vni: [1234] });
  t.same(wireContext(bytes, 3), { protocolId: 3, vxlan: true });
  t.match(attributesJson(encodeAttributes({ 22: { ...tunnel, mpls_label: [77] } }, true))[22], { vni: [1232] });
  t.match(attributesJson(encodeAttributes({ 22: { ...tunnel, mpls_label: undefined, vni: 1234 } }, true))[22], {
    mpls_label: [77],
    vni: [1234],
  });
  const both = { ...tunnel, mpls_label: [77], vni: [1234] };
  t.match(attributesJson(Buffer.concat([reach, encodeAttributes({ ...attr, 22: both }, true)]))[22], { vni: [1234] });
});

t.test("any bytes have a context", async (t) => {
  const heads = fc.constantFrom("", "90", "900e", "900e00", "c01008", "800e0440044704", "800e0300194604");
  fc.assert(
    fc.property(heads, fc.uint8Array({ maxLength: 40 }), (head, tail) => {
      const { vxlan } = wireContext(Buffer.concat([Buffer.from(head, "hex"), tail]));
      return typeof vxlan === "boolean";
    }),
  );
  const ls = encodeAttribute(0x80, 14, hex("4004 47 04 c0000201 00 0001 0009 03 0000000000000000"));
  t.same(wireContext(ls), { protocolId: 3, vxlan: false });
  const kept = encodeAttribute(0x80, 14, hex("4004 47 04 c0000201"));
  t.same(wireContext(kept), { protocolId: undefined, vxlan: false });
  t.same(routeContext(kept, 16_388, hex("0001 0009 02 0000000000000000")), { protocolId: 2, vxlan: false });
  t.same(routeContext(Buffer.alloc(0), 1, hex("18 0a0000 02")), { protocolId: undefined, vxlan: false });
});

t.test("an SRv6 L3 service as yabgp shows it, and with what it does not know", async (t) => {
  const bytes =
    "05 0022 00 01 001e 00 2005bb00011200000000000000000000 00 003f 00 01 0006 20 10 10 00 10 30 04 0001 ff".replaceAll(
      " ",
      "",
    );
  const json = [
    {
      srv6_l3_service: {
        srv6_service_sub_tlvs: [
          {
            srv6_sid_information: {
              srv6_sid_value: "2005:bb00:112::",
              srv6_service_sid_flags: 0,
              srv6_endpoint_behavior: 63,
              srv6_service_data_sub_sub_tlvs: [
                {
                  srv6_sid_structure: {
                    locator_block_length: 32,
                    locator_node_length: 16,
                    function_length: 16,
                    argument_length: 0,
                    transposition_length: 16,
                    transposition_offset: 48,
                  },
                },
              ],
            },
          },
        ],
      },
    },
    { type: 4, value: "ff" },
  ];
  t.same(decode(40, bytes), json);
  t.same(attributeRow(40).codec.encode(json, 4), hex(bytes));
  t.same(decode(40, "05 0022 00"), "05002200", "cut off");
});

t.test("any value of any attribute decodes; those made of fields come back", async (t) => {
  const structured = [22, 26, 29, 40, 99, 128];
  const codes = [...new Set([...ATTRIBUTES.map(({ code }) => code), ...structured])];
  const protocols = fc.constantFrom(undefined, 1, 2, 3, 7);
  const widths = fc.constantFrom<2 | 4>(2, 4);
  fc.assert(
    fc.property(
      fc.constantFrom(...codes),
      fc.uint8Array({ maxLength: 64 }),
      protocols,
      widths,
      (code, bytes, protocolId, asBytes) => {
        const { codec } = attributeRow(code);
        const context = { protocolId, vxlan: asBytes === 2 };
        const text = JSON.stringify(codec.decode(Buffer.from(bytes), asBytes, context));
        if (!structured.includes(code)) return true;
        return codec.encode(JSON.parse(text), asBytes, context).equals(Buffer.from(bytes));
      },
    ),
    { numRuns: 5_000 },
  );
  t.pass();
});
