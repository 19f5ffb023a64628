// EVPN routes: yabgp's JSON against bytes put together from RFC 7432 and RFC 9136, and properties.

import fc from "fast-check";
import t from "tap";
import { formatAddress } from "../../../../src/base/ip.js";
import { evpnNlri } from "../../../../src/bgp/nlri/evpn.js";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const RD = "0000 fde9 00000064";
const rd = "65001:100";
const ZERO = "00 000000000000000000";
const zero = { type: 0, value: 0 };

const EXAMPLES: readonly { type: number; wire: string; value: unknown }[] = [
  {
    type: 1,
    wire: `${RD} 01 001122aabbcc 0005 00 ffffffff 0003e8`,
    value: {
      rd,
      esi: { type: 1, value: { ce_mac_addr: "00-11-22-AA-BB-CC", ce_port_key: 5 } },
      eth_tag_id: 4_294_967_295,
      label: [62],
      vni: [1000],
    },
  },
  {
    type: 2,
    wire: `${RD} 03 001122aabbcc 000007 00000000 30 001122334455 00 002710`,
    value: {
      rd,
      esi: { type: 3, value: { sys_mac_addr: "00-11-22-AA-BB-CC", ld_value: 7 } },
      eth_tag_id: 0,
      mac: "00-11-22-33-44-55",
      label: [625],
      vni: [10_000],
    },
  },
  {
    type: 2,
    wire: `0001 01020304 0005 ${ZERO} 00000064 30 001122334455 20 0a000001 002710 0003e9`,
    value: {
      rd: "1.2.3.4:5",
      esi: zero,
      eth_tag_id: 100,
      mac: "00-11-22-33-44-55",
      ip: "10.0.0.1",
      label: [625, 62],
      vni: [10_000, 1001],
    },
  },
  {
    type: 2,
    wire: `${RD} ${ZERO} 00000000 30 001122334455 80 20010db8000000000000000000000001 002710`,
    value: {
      rd,
      esi: zero,
      eth_tag_id: 0,
      mac: "00-11-22-33-44-55",
      ip: "2001:db8::1",
      label: [625],
      vni: [10_000],
    },
  },
  { type: 3, wire: `${RD} 00000064 20 0a000001`, value: { rd, eth_tag_id: 100, ip: "10.0.0.1" } },
  {
    type: 4,
    wire: `0002 fa56ea00 0007 04 01020304 00000005 00 80 20010db8000000000000000000000001`,
    value: {
      rd: "4200000000:7",
      esi: { type: 4, value: { router_id: 0x01020304, ld_value: 5 } },
      ip: "2001:db8::1",
    },
  },
  {
    type: 5,
    wire: `${RD} 05 0000fde9 00000005 00 00000000 18 0a010100 0a000001 0003e8`,
    value: {
      rd,
      esi: { type: 5, value: { as_num: 65_001, ld_value: 5 } },
      eth_tag_id: 0,
      prefix: "10.1.1.0/24",
      gateway: "10.0.0.1",
      label: [62],
      vni: [1000],
    },
  },
  {
    type: 5,
    wire: `${RD} 00 ffffffffffffffffff 00000000 20 20010db8000000000000000000000000 ${"00".repeat(16)} 000000`,
    value: {
      rd,
      esi: { type: 0, value: "4722366482869645213695" },
      eth_tag_id: 0,
      prefix: "2001:db8::/32",
      gateway: "::",
      label: [0],
      vni: [0],
    },
  },
];

const framed = (type: number, body: Buffer) => Buffer.concat([Buffer.of(type, body.length), body]);

t.test("types 1 to 5, both ways", async (t) => {
  for (const { type, wire, value } of EXAMPLES) {
    const bytes = framed(type, hex(wire));
    t.same(evpnNlri.decode(bytes, false), { type, value }, `type ${type}`);
    t.same(evpnNlri.encode({ type, value }, false), bytes, `type ${type} to bytes`);
    t.same(evpnNlri.encode({ type, value }, true), bytes, "in a withdrawal");
  }
});

t.test("what cannot be shown is kept by bytes", async (t) => {
  const base = `${RD} ${ZERO} 00000000`;
  for (const [type, wire] of [
    [6, "0102"],
    [0, ""],
    [2, `${base} 2f 001122334455 00 002710`],
    [2, `${base} 30 001122334455 08 0a 002710`],
    [3, `${RD} 00000064 00`],
    [3, `${RD} 00000064 20 0a0000`],
    [5, `${RD} ${ZERO} 00000000 18 0a010101 0a000001 0003e8`],
    [5, `${RD} ${ZERO} 00000000 21 0a010101 0a000001 0003e8`],
  ] as const) {
    const json = evpnNlri.decode(framed(type, hex(wire)), false);
    t.same(json, { type, value: wire.replaceAll(" ", "") });
    t.same(evpnNlri.encode(json, false), framed(type, hex(wire)));
  }
  t.same(evpnNlri.decode(hex("02 05 00"), false), { type: 2, value: "00" }, "a length that lies");
  t.match(
    evpnNlri.decode(framed(4, hex(`0009 010203040506 09 010203040506070809 20 01020304`)), false),
    { type: 4, value: { rd: "unknown:0009010203040506", esi: { type: 9, value: "010203040506070809" } } },
    "an RD and an ESI of unknown types",
  );
  t.match(
    evpnNlri.decode(framed(4, hex(`${RD} 01 00112233445500 05 01 20 01020304`)), false),
    { value: { esi: { type: 1, value: "001122334455000501" } } },
    "a last octet that is not 0",
  );
});

t.test("forms that are taken beside the one that is written", async (t) => {
  const value = { rd, esi: 0, eth_tag_id: 0, mac: "00:11:22:aa:bb:cc", label: [625] };
  const decoded = (json: unknown, withdraw = false) => evpnNlri.decode(evpnNlri.encode(json, withdraw), withdraw);
  t.match(decoded({ type: 2, value }), { value: { esi: zero, mac: "00-11-22-AA-BB-CC", vni: [10_000] } });
  t.match(decoded({ type: 2, value: { ...value, label: undefined, vni: 5000 } }), { value: { vni: [5000] } });
  t.match(decoded({ type: 2, value: { ...value, label: undefined } }, true), { value: { vni: [0] } });
  t.match(decoded({ type: 2, value: { ...value, esi: "05:00:00:fd:e9:00:00:00:05:00" } }), {
    value: { esi: { type: 5, value: { as_num: 65_001, ld_value: 5 } } },
  });
  t.match(decoded({ type: 1, value: { ...value, esi: { type: 4, value: { router_id: "1.2.3.4", ld_value: 5 } } } }), {
    value: { esi: { value: { router_id: 0x01020304 } } },
  });
  const prefix = { rd, eth_tag_id: 0, prefix: "10.1.1.7/24", label: 3 };
  t.match(decoded({ type: 5, value: prefix }), { value: { prefix: "10.1.1.0/24", gateway: "0.0.0.0", label: [3] } });
});

t.test("with VXLAN a label is all 24 bits", async (t) => {
  const vxlan = { vxlan: true };
  const value = { rd, esi: 0, eth_tag_id: 0, mac: "00-11-22-33-44-55", label: [5000] };
  const wire = evpnNlri.encode({ type: 2, value }, false, vxlan);
  t.equal(wire.toString("hex").slice(-6), "001388");
  t.match(evpnNlri.decode(wire, false, vxlan), { value: { label: [5000], vni: [5000] } });
  t.match(evpnNlri.decode(wire, false), { value: { label: [312], vni: [5000] } });
  t.same(evpnNlri.encode(evpnNlri.decode(wire, false), false, vxlan), wire, "both forms go back");
  t.same(evpnNlri.encode(evpnNlri.decode(wire, false, vxlan), false, vxlan), wire);
  t.same(
    evpnNlri.encode(evpnNlri.decode(wire, false, vxlan), true),
    wire,
    "and into a withdrawal, which says no tunnel",
  );
});

t.test("bad values are told", async (t) => {
  const value = { rd, esi: 0, eth_tag_id: 0, mac: "00-11-22-33-44-55", label: [625] };
  const refused: [unknown, RegExp][] = [
    [5, /is not valid/],
    [{ type: 2 }, /value/],
    [{ type: 2, value: { ...value, rd: "x" } }, /rd: .*"x"/],
    [{ type: 2, value: { ...value, mac: "00-11" } }, /mac: /],
    [{ type: 2, value: { ...value, ip: "10.0.0" } }, /ip: /],
    [{ type: 2, value: { ...value, label: undefined } }, /label/],
    [{ type: 2, value: { ...value, label: [] } }, /label/],
    [{ type: 2, value: { ...value, label: [1, 2, 3] } }, /1 to 2 numbers/],
    [{ type: 2, value: { ...value, label: [2 ** 20] } }, /1048575/],
    [{ type: 2, value: { ...value, vni: [1000] } }, /one of label and vni/],
    [{ type: 2, value: { ...value, label: [625, 1], vni: [10_000] } }, /as many/],
    [{ type: 2, value: { ...value, esi: { type: 1, value: 5 } } }, /esi: /],
    [{ type: 3, value: { rd, eth_tag_id: 0 } }, /ip: /],
    [{ type: 3, value: { rd, eth_tag_id: 2 ** 32, ip: "1.1.1.1" } }, /eth_tag_id: /],
    [{ type: 5, value: { rd, eth_tag_id: 0, prefix: "10.0.0.0/8", gateway: "::1", label: [0] } }, /gateway/],
    [{ type: 5, value: { rd, eth_tag_id: 0, prefix: "10.0.0.0", label: [0] } }, /prefix/],
    [{ type: 9, value: {} }, /hex/],
  ];
  for (const [json, message] of refused) {
    t.throws(() => evpnNlri.encode(json, false), { name: "ValueError", message }, JSON.stringify(json));
  }
});

const u32 = fc.nat(0xffffffff);
const macs = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => Buffer.from(bytes).toString("hex").toUpperCase().match(/../g)?.join("-"));
const addresses = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(formatAddress),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatAddress),
);
const esis = fc.oneof(
  fc.record({ type: fc.constant(0), value: fc.nat() }),
  fc.record({ type: fc.constant(2), value: fc.record({ rb_mac_addr: macs, rb_priority: fc.nat(0xffff) }) }),
  fc.record({ type: fc.constant(5), value: fc.record({ as_num: u32, ld_value: u32 }) }),
);
const rds = fc.oneof(
  fc.tuple(fc.nat(0xffff), u32).map(([as, n]) => `${as}:${n}`),
  fc.tuple(fc.integer({ min: 0x10000, max: 0xffffffff }), fc.nat(0xffff)).map(([as, n]) => `${as}:${n}`),
);

t.test("JSON comes back from bytes, and bytes from JSON", async (t) => {
  const routes = fc.record({
    type: fc.constant(2),
    value: fc.record(
      {
        rd: rds,
        esi: esis,
        eth_tag_id: u32,
        mac: macs,
        ip: addresses,
        vni: fc.array(fc.nat(0xffffff), { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ["rd", "esi", "eth_tag_id", "mac", "vni"] },
    ),
  });
  fc.assert(
    fc.property(routes, fc.boolean(), ({ type, value }, vxlan) => {
      const back = evpnNlri.decode(evpnNlri.encode({ type, value }, false, { vxlan }), false, { vxlan });
      t.match(back, { type, value: { ...value, label: value.vni.map((vni) => (vxlan ? vni : vni >> 4)) } });
    }),
  );
  fc.assert(
    fc.property(fc.nat(6), fc.uint8Array({ maxLength: 70 }), (type, body) => {
      const wire = framed(type, Buffer.from(body));
      return evpnNlri.encode(JSON.parse(JSON.stringify(evpnNlri.decode(wire, false))), false).equals(wire);
    }),
    { numRuns: 2_000 },
  );
});
