// One suite for all rows of the attribute table: a new row is tested the moment it has an example here.

import t from "tap";
import { ATTRIBUTES, attributesJson, encodeAttributes, walkAttributes } from "../../../src/bgp/attributes.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY } from "../../../src/wasm/bgp_numbers.js";
import { encodeAnnounce } from "../../helpers/bgp_encode.js";

/** Values that must come back as they went in, and values that must be refused. */
const EXAMPLES: Record<number, { good: unknown[]; bad: unknown[] }> = {
  1: { good: [0, 1, 2], bad: [3, -1, "x", null] },
  2: {
    good: [
      [],
      [
        [2, [65001, 100]],
        [1, [10, 20]],
      ],
      [
        [3, [4_200_000_000]],
        [4, [1]],
      ],
    ],
    bad: ["x", [[5, [1]]], [[2, []]], [[2]], [[2, [-1]]], [[2, [2 ** 32]]]],
  },
  3: { good: ["10.0.0.1"], bad: ["::1", "10.0.0", 5] },
  4: { good: [0, 4_294_967_295], bad: [-1, 1.5, "x", 2 ** 32] },
  5: { good: [100], bad: [null] },
  6: { good: [""], bad: ["x", 0] },
  7: {
    good: [
      [65001, "1.1.1.1"],
      [4_200_000_000, "1.1.1.1"],
    ],
    bad: [[65001], ["x", "1.1.1.1"]],
  },
  8: {
    good: [["65001:100", "NO_EXPORT", "PLANNED_SHUT", "ROUTE_FILTER_v4", "BLACKHOLE", "NOPEER"]],
    bad: [[], ["65536:1"], ["a:b"], [5], "NO_EXPORT"],
  },
  9: { good: ["1.2.3.4"], bad: ["x"] },
  10: { good: [["1.1.1.1", "2.2.2.2"]], bad: [[], ["x"]] },
  16: {
    good: [
      [
        "route-target:65001:100",
        "route-target:1.2.3.4:100",
        "route-target:4200000000:100",
        "route-origin:65001:4294967295",
        "redirect-vrf:65001:100",
        "traffic-rate:65001:1000",
        "traffic-action:S:1,T:1",
        "traffic-marking-dscp:10",
        "redirect-nexthop:1.2.3.4:0",
        "color:100",
        "encapsulation:8",
        "es-import:00-11-22-33-44-AB",
        "router-mac:00-11-22-33-44-55",
        "mac-mobility:1:7",
        "esi-label:1:625",
        "dmzlink-bw:65001:125000",
        "unknown:430c000000000001",
      ],
      [
        "route-target:0.65001:100",
        "color-10:100",
        "traffic-rate:65001:0.5",
        "esi-label:0:625:0",
        "default-gateway",
        "ospf-domain-id:1.2.3.4:512",
        "ospf-route-type:0.0.0.1:2:1",
        "ospf-router-id:1.2.3.4:0",
        "cost:128:1:4294967295",
        "origin-validation-state:valid",
        "origin-validation-state:not-found",
        "origin-validation-state:invalid",
        "l2-info:19:2:1500:100",
        "evpn-l2-attributes:2:1500",
        "e-tree:1:4",
        "source-as:65001:0",
        "vrf-route-import:1.2.3.4:7",
        "redirect-vrf:1.2.3.4:100",
        "redirect-ip:1.2.3.4:1",
      ],
    ],
    bad: [[], ["foo:1"], ["route-target:1"], ["es-import:x"], ["traffic-action:S:2,T:0"], ["nocolon"], [5]],
  },
  22: {
    good: [
      { leaf_info_required: 0, tunnel_type: 0, mpls_label: [0], vni: [0], tunnel_id: null },
      { leaf_info_required: 1, tunnel_type: 6, mpls_label: [625], vni: [10000], tunnel_id: "4.4.4.4" },
      { leaf_info_required: 0, flags: 4, tunnel_type: 6, mpls_label: [62], vni: [1000], tunnel_id: "2001:db8::1" },
      {
        leaf_info_required: 0,
        tunnel_type: 1,
        mpls_label: [0],
        vni: [0],
        tunnel_id: { extended_tunnel_id: "1.1.1.1", tunnel_id: 7, p2mp_id: 9 },
      },
      {
        leaf_info_required: 0,
        tunnel_type: 2,
        mpls_label: [0],
        vni: [0],
        tunnel_id: { fec_type: 6, root: "1.1.1.1", opaque: "01000400000007" },
      },
      {
        leaf_info_required: 0,
        tunnel_type: 3,
        mpls_label: [0],
        vni: [0],
        tunnel_id: { source: "1.1.1.1", group: "232.0.0.1" },
      },
      {
        leaf_info_required: 0,
        tunnel_type: 11,
        mpls_label: [0],
        vni: [0],
        tunnel_id: { sub_domain_id: 1, bfr_id: 2, bfr_prefix: "1.1.1.1" },
      },
      { leaf_info_required: 0, tunnel_type: 12, mpls_label: [0], vni: [0], tunnel_id: "0102" },
      "00",
    ],
    bad: [
      5,
      { tunnel_type: 6, mpls_label: [62], tunnel_id: "x" },
      { tunnel_type: 6, mpls_label: [63], vni: [1000], tunnel_id: "1.1.1.1" },
      { tunnel_type: 6, mpls_label: [0x100000], tunnel_id: "1.1.1.1" },
      { tunnel_type: 3, tunnel_id: { source: "1.1.1.1", group: "ff3e::1" } },
      { mpls_label: [62], tunnel_id: "1.1.1.1" },
    ],
  },
  25: {
    good: [["route-target:2001:db8::1:100", "route-origin:::1:0", `unknown:${"0a".repeat(20)}`]],
    bad: [[], ["route-target:1.2.3.4:100"], ["route-target:2001:db8::1:65536"], ["foo:2001:db8::1:1"], ["unknown:00"]],
  },
  26: {
    good: [
      { metric: 10 },
      { metric: "18446744073709551615" },
      { metric: 10, tlvs: [{ type: 2, value: "0102" }] },
      { tlvs: [{ type: 1, value: "0102" }] },
      "0100",
    ],
    bad: [{}, { metric: -1 }, { metric: "18446744073709551616" }, "010", { metric: 1, tlvs: [{ type: 2 }] }, []],
  },
  29: {
    good: [
      [
        { type: "node_name", value: "r1" },
        { type: 9999, value: "0102" },
      ],
      "0400",
    ],
    bad: [5, {}, [{ type: "no_such_tlv", value: 1 }], [{ type: "te_metric", value: "x" }], [{ type: 9999 }]],
  },
  23: {
    good: [
      { 0: "new", 12: 100, 13: 25102, 128: [{ 9: 10, 1: [{ 3: { node: "10.1.1.1" } }] }] },
      { 0: "old", 6: 100 },
      "0008000401020304",
    ],
    bad: [{}, { 0: "x" }, [], "0", 5],
  },
  32: { good: [["65001:1:2", "4294967295:4294967295:4294967295"]], bad: [[], ["1:2"], ["1:2:x"]] },
  35: { good: [0, 4_294_967_295], bad: [-1, "x", [1]] },
  40: {
    good: [
      [{ label_index: { flags: 0, label_index: 100 } }],
      [
        { label_index: { flags: 1, label_index: 100 } },
        { originator_srgb: { flags: 0, srgb: [{ base: 16000, range: 8000 }] } },
        { type: 99, value: "0102" },
      ],
      [
        {
          srv6_l2_service: {
            srv6_service_sub_tlvs: [
              {
                srv6_sid_information: {
                  srv6_sid_value: "2005:bb00:112::",
                  srv6_service_sid_flags: 0,
                  srv6_endpoint_behavior: 63,
                  srv6_service_data_sub_sub_tlvs: [{ type: 9, value: "00" }],
                },
              },
              { type: 7, value: "" },
            ],
          },
        },
      ],
      "01",
    ],
    bad: [
      5,
      [{}],
      [{ label_index: {} }],
      [{ originator_srgb: { srgb: [] } }],
      [{ srv6_l3_service: { srv6_service_sub_tlvs: [{ srv6_sid_information: { srv6_sid_value: "1.1.1.1" } }] } }],
    ],
  },
};

t.test("every row comes back as it went in", async (t) => {
  for (const { code, name, kind } of ATTRIBUTES) {
    if (kind !== "path") continue;
    const { good, bad } = EXAMPLES[code] ?? { good: [], bad: [] };
    t.ok(good.length > 0 && bad.length > 0, `${name} has examples`);
    for (const value of good) t.same(attributesJson(encodeAttributes({ [code]: value }, true))[code], value, name);
    for (const value of bad) {
      t.throws(
        () => encodeAttributes({ [code]: value }, true),
        { name: "ValueError" },
        `${name} ${JSON.stringify(value)}`,
      );
    }
  }
});

t.test("the table and the decoder's table agree", async (t) => {
  const module = new BgpModule();
  for (let code = 0; code < 256; code++) {
    const row = ATTRIBUTES.find((candidate) => candidate.code === code);
    t.match(module.attributeRow(code), { known: row !== undefined, flags: row?.flags ?? 0 }, `code ${code}`);
  }
});

t.test("spellings that are taken beside the one that is written", async (t) => {
  const json = (attr: Record<string, unknown>) => attributesJson(encodeAttributes(attr, true));
  t.same(json({ 8: ["no_export", " 1:2 ", "route_filter_V6"] })[8], ["NO_EXPORT", "1:2", "ROUTE_FILTER_v6"]);
  t.same(json({ 16: ["Route-Target: 1:1,2:2"] })[16], ["route-target:1:1", "route-target:2:2"]);
  t.same(json({ 16: ["color-00:5", "color-11:5"] })[16], ["color:5", "color-11:5"]);
  t.same(json({ 99: "0AFF", 26: "01000b000000000000000a" }), { 26: { metric: 10 }, 99: "0aff" });
  t.same(json({ 16: ["l2-info:19:0:1500", "e-tree:0:0"] })[16], ["l2-info:19:0:1500:0", "e-tree:0:0"]);
  t.throws(() => encodeAttributes({ 99: "xyz" }, true), { name: "ValueError" });
  t.throws(() => encodeAttributes({ x: 1 }, true), { name: "ValueError" });
  const long = Array.from({ length: 300 }, (_, i) => i + 1);
  t.same(json({ 2: [[2, long]] })[2], [
    [2, long.slice(0, 255)],
    [2, long.slice(255)],
  ]);
  const codes = [...walkAttributes(encodeAttributes({ 3: "1.1.1.1", 2: [], 1: 0 }, true))].map(({ code }) => code);
  t.same(codes, [1, 2, 3], "in the order of the codes");
});

t.test("two-octet sessions: AS_TRANS and the AS4 attributes (RFC 6793)", async (t) => {
  const attr = { 1: 0, 2: [[2, [65001, 4_200_000_000, 7]]], 3: "192.0.2.1", 7: [4_200_000_000, "1.1.1.1"] };
  const bytes = encodeAttributes(attr, false);
  t.same(
    [...walkAttributes(bytes)].map(({ code }) => code),
    [1, 2, 3, 7, 17, 18],
  );
  t.same(
    [...walkAttributes(encodeAttributes({ 2: [[2, [65001]]] }, false))].map(({ code }) => code),
    [2],
  );
  const module = new BgpModule();
  const rib = module.tables.createRib();
  module.tables.startSession(rib, { fourOctetAs: false, ibgp: false, families: [FAMILY.ipv4] });
  const prefix = Uint8Array.of(24, 10, 0, 0);
  t.equal(module.check(rib, encodeAnnounce(FAMILY.ipv4, bytes, null, prefix), true), null);
  const kept = module.tables.lookup(rib, FAMILY.ipv4, Uint8Array.of(10, 0, 0, 0), 24);
  t.same(kept && attributesJson(kept), attr, "merged again on the way in");
});

t.test("an AS4_PATH longer than the AS_PATH is ignored; a stale one after an old aggregator, too", async (t) => {
  const merged = (parts: Record<string, [number, number[]]>) => {
    const attributes = Buffer.concat(
      Object.entries(parts).map(([code, [flags, value]]) => Buffer.from([flags, Number(code), value.length, ...value])),
    );
    const module = new BgpModule();
    const rib = module.tables.createRib();
    module.tables.startSession(rib, { fourOctetAs: false, ibgp: false, families: [FAMILY.ipv4] });
    module.check(rib, encodeAnnounce(FAMILY.ipv4, attributes, null, Uint8Array.of(8, 10)), true);
    const kept = module.tables.lookup(rib, FAMILY.ipv4, Uint8Array.of(10, 0, 0, 0), 8);
    return kept && attributesJson(kept);
  };
  const base: Record<string, [number, number[]]> = { 1: [0x40, [0]], 3: [0x40, [192, 0, 2, 1]] };
  const wide: [number, number[]] = [0xc0, [2, 2, 0, 1, 0, 0, 0, 2, 0, 0]];
  t.match(merged({ ...base, 2: [0x40, [2, 1, 0, 9]], 17: wide }), { 2: [[2, [9]]] });
  t.match(merged({ ...base, 2: [0x40, [2, 3, 0, 9, 0, 8, 0, 7]], 17: wide }), {
    2: [
      [2, [9]],
      [2, [65536, 131072]],
    ],
  });
  const old: [number, number[]] = [0xc0, [0, 9, 1, 1, 1, 1]];
  const wideAggregator: [number, number[]] = [0xc0, [0, 1, 0, 0, 2, 2, 2, 2]];
  t.match(merged({ ...base, 2: [0x40, [2, 2, 0, 9, 0, 8]], 7: old, 17: wide, 18: wideAggregator }), {
    2: [[2, [9, 8]]],
    7: [9, "1.1.1.1"],
  });
  t.match(
    merged({ ...base, 2: [0x40, [3, 1, 0, 5, 1, 2, 0, 1, 0, 2, 2, 1, 0x5b, 0xa0]], 17: [0xc0, [2, 1, 0, 1, 0, 0]] }),
    {
      2: [
        [3, [5]],
        [1, [1, 2]],
        [2, [65536]],
      ],
    },
  );
});
