// Bodies of send/update to messages, read back by the view: all families, path identifiers, cuts, and what is refused.

import fc from "fast-check";
import t from "tap";
import { FAMILIES, type Family, familyByName } from "../../../src/bgp/families.js";
import { encodeItems } from "../../../src/bgp/nlri/items.js";
import { announceMessages, withdrawMessages } from "../../../src/bgp/update_encode.js";
import { encodeUpdateBody, sendsSomething, type UpdateBody, type UpdateContext } from "../../../src/bgp/update_json.js";
import { type UpdateRecord, updateView } from "../../../src/bgp/update_view.js";
import { BgpModule } from "../../../src/wasm/bgp.js";

const module = new BgpModule();
const SESSION: UpdateContext = { ibgp: false, fourOctetAs: true, addPath: () => false, messageBytesMax: 4096 };
const BASE = { 1: 0, 2: [[2, [65001]]] };

/** The messages one by one. */
function split(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at + 16);
    messages.push(bytes.subarray(at, at + length));
    at += length;
  }
  return messages;
}

function sent(body: UpdateBody, context: UpdateContext = SESSION): UpdateRecord[] {
  const view = { fourOctetAs: context.fourOctetAs, addPath: context.addPath ?? (() => false) };
  return split(encodeUpdateBody(body, context)).map((message) => updateView(message, view) as UpdateRecord);
}

/** One item of each family, and its next hop. */
const EXAMPLES: Record<string, [item: unknown, hop: Record<string, unknown>]> = {
  ipv4: ["10.1.0.0/16", { nexthop: "10.0.0.1" }],
  ipv6: ["2001:db8::/32", { nexthop: "2001:db8::1", linklocal_nexthop: "fe80::1" }],
  ipv4_mcast: ["10.1.0.0/16", { nexthop: "10.0.0.1" }],
  ipv6_mcast: ["2001:db8::/32", { nexthop: "2001:db8::1" }],
  ipv4_lu: [{ label: [321, 16], prefix: "34.1.41.0/24" }, { nexthop: "10.0.0.1" }],
  ipv6_lu: [{ label: [0], prefix: "2001:db8::/64" }, { nexthop: "2001:db8::1" }],
  vpnv4: [{ label: [25], rd: "100:100", prefix: "11.11.11.11/32" }, { nexthop: { rd: "0:0", str: "2.2.2.2" } }],
  vpnv6: [
    { label: [25], rd: "100:100", prefix: "2001:db8::/32" },
    { nexthop: { rd: "0:0", str: "::ffff:172.16.4.12" } },
  ],
  flowspec: [{ 1: "10.0.0.0/24", 5: "=80|>=8080&<=8088", 9: "=18" }, { nexthop: "" }],
  ipv6_flowspec: [{ 1: { prefix: "2001:db8::/48", offset: 0 }, 3: "=6" }, { nexthop: "" }],
  vpnv4_flowspec: [{ rd: "1:2", 1: "10.0.0.0/24" }, { nexthop: "" }],
  vpnv6_flowspec: [{ rd: "1:2", 3: "=6" }, { nexthop: "" }],
  ipv4_srte: [{ distinguisher: 0, color: 10, endpoint: "192.168.76.1" }, { nexthop: "192.168.5.5" }],
  ipv6_srte: [{ distinguisher: 0, color: 10, endpoint: "2001:db8::9" }, { nexthop: "2001:db8::1" }],
  rtc: [{ origin_as: 65001, route_target: "route-target:65001:100" }, { nexthop: "10.0.0.1" }],
};

const withdrawn = (item: unknown) =>
  typeof item === "object" && item !== null && "label" in item ? { ...item, label: [0x80000] } : item;

for (const [name, [item, hop]] of Object.entries(EXAMPLES)) {
  t.test(`${name}, both ways`, async (t) => {
    const { afi, safi } = familyByName(name) as Family;
    const family = { afi_safi: [afi, safi] };
    const reach = { ...family, ...hop, nlri: [item] };
    t.same(sent({ attr: { ...BASE, 14: reach } }), [
      { attr: { ...BASE, 14: reach }, nlri: [], withdraw: [], afi_safi: name },
    ]);
    const unreach = { ...family, withdraw: [item] };
    const back = sent({ attr: { 15: unreach } });
    if (name === "ipv4") t.same(back, [{ attr: {}, nlri: [], withdraw: [item], afi_safi: "ipv4" }]);
    else {
      const attr = { 15: { ...family, withdraw: [withdrawn(item)] } };
      t.same(back, [{ attr, nlri: [], withdraw: [], afi_safi: name }]);
    }
    if (typeof item === "object") {
      t.same(sent({ attr: { ...BASE, 14: { ...reach, nlri: item } } })[0]?.attr["14"], reach, "one object, not a list");
      t.equal(sent({ attr: { 15: { ...unreach, withdraw: item } } }).length, 1);
    }
    const end = sent({ attr: { 15: { ...family, withdraw: [] } } });
    const eor = name === "ipv4" ? {} : { 15: { ...family, withdraw: [] } };
    t.same(end, [{ attr: eor, nlri: [], withdraw: [], afi_safi: name === "ipv4" ? null : name }], "End-of-RIB");
    const addPath = (index: number) => FAMILIES[index]?.name === name;
    const withId = typeof item === "object" ? { ...item, path_id: 7 } : { prefix: item, path_id: 7 };
    const context = { ...SESSION, addPath };
    const [record] = sent({ attr: { ...BASE, 14: { ...reach, nlri: [withId] } } }, context);
    t.match(record?.attr["14"], { nlri: [withId] }, "path identifiers");
  });
}

t.test("the order: withdrawals, then IPv4, then 14; LOCAL_PREF inside an AS", async (t) => {
  const body: UpdateBody = {
    attr: {
      ...{ ...BASE, 3: "192.0.2.1" },
      14: { afi_safi: [2, 1], nexthop: "2001:db8::1", nlri: ["2001:db8:1::/48"] },
      15: { afi_safi: [1, 128], withdraw: [{ rd: "1:1", prefix: "10.0.0.0/8" }] },
    },
    nlri: ["10.1.0.0/16"],
    withdraw: ["10.2.0.0/16"],
  };
  const records = sent(body);
  t.same(
    records.map(({ afi_safi, nlri, withdraw }) => [afi_safi, nlri, withdraw]),
    [
      ["ipv4", [], ["10.2.0.0/16"]],
      ["vpnv4", [], []],
      ["ipv4", ["10.1.0.0/16"], []],
      ["ipv6", [], []],
    ],
  );
  t.same(Object.keys(records[2]?.attr ?? {}), ["1", "2", "3"]);
  t.same(Object.keys(records[3]?.attr ?? {}), ["1", "2", "14"], "no NEXT_HOP beside 14");
  t.equal(sent(body, { ...SESSION, ibgp: true })[2]?.attr["5"], 100);
  t.equal(sent({ ...body, attr: { ...body.attr, 5: 7 } }, { ...SESSION, ibgp: true })[3]?.attr["5"], 7);
  const [first] = split(encodeUpdateBody({ attr: { ...BASE, 14: body.attr?.["14"] } }, SESSION));
  t.equal(first?.[24], 14, "MP_REACH_NLRI comes first");
});

t.test("IPv4 prefixes with an IPv6 next hop (RFC 8950), in 14", async (t) => {
  const reach = { afi_safi: [1, 1], nexthop: "2001:db8::1", linklocal_nexthop: "fe80::1", nlri: ["10.0.0.0/8"] };
  t.same(sent({ attr: { ...BASE, 14: reach } })[0]?.attr["14"], reach);
});

t.test("sessions with two-octet AS numbers", async (t) => {
  const [record] = sent(
    {
      attr: {
        1: 0,
        2: [[2, [4_200_000_000]]],
        14: { afi_safi: [1, 4], nexthop: "1.1.1.1", nlri: [EXAMPLES["ipv4_lu"]?.[0]] },
      },
    },
    { ...SESSION, fourOctetAs: false },
  );
  t.match(record?.attr, { 2: [[2, [23456]]], 17: [[2, [4_200_000_000]]] });
});

t.test("path identifiers of IPv4 in the UPDATE's own fields", async (t) => {
  const context = { ...SESSION, addPath: (index: number) => index === 0 };
  const nlri = [{ prefix: "10.0.0.0/8", path_id: 1 }, { prefix: "10.0.0.0/8", path_id: 4294967295 }, "11.0.0.0/8"];
  const [gone, come] = sent({ attr: { ...BASE, 3: "1.1.1.1" }, nlri, withdraw: nlri }, context);
  const shown = [...nlri.slice(0, 2), { prefix: "11.0.0.0/8", path_id: 0 }];
  t.same(gone?.withdraw, shown);
  t.same(come?.nlri, shown, "0 where none is given");
});

t.test("messages are cut at what the session takes", async (t) => {
  const nlri = Array.from({ length: 3000 }, (_, i) => ({ label: [i], prefix: `10.${i >> 8}.${i & 255}.0/24` }));
  const body = { attr: { ...BASE, 14: { afi_safi: [1, 4], nexthop: "10.0.0.1", nlri } } };
  for (const messageBytesMax of [4096, 65535]) {
    const messages = split(encodeUpdateBody(body, { ...SESSION, messageBytesMax }));
    t.equal(messages.length, messageBytesMax === 4096 ? 6 : 1);
    t.ok(messages.every((message) => message.length <= messageBytesMax));
    t.ok(
      messages.slice(0, -1).every((message) => message.length > messageBytesMax - 8),
      "and are full",
    );
  }
  const items = sent(body).flatMap(({ attr }) => (attr["14"] as { nlri: unknown[] }).nlri);
  t.same(items, nlri, "none is lost");
  const gone = { attr: { 15: { afi_safi: [1, 4], withdraw: nlri } } };
  t.equal(split(encodeUpdateBody(gone, SESSION)).length, 6);
});

t.test("what the encoder makes is taken, and taken back", async () => {
  const prefixes = fc.array(fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })), { minLength: 1, maxLength: 3000 });
  fc.assert(
    fc.property(prefixes, fc.boolean(), (list, mp) => {
      const family = familyByName("ipv4") as Family;
      const items = encodeItems(
        family,
        list.map(([address, bits]) => `${address}/${bits}`),
        { addPath: false, withdraw: false },
      );
      const attributes = Buffer.from([0x40, 1, 1, 0, 0x40, 2, 0, ...(mp ? [] : [0x40, 3, 4, 192, 0, 2, 1])]);
      const hop = mp ? Buffer.alloc(16, 1) : null;
      const rib = module.tables.createRib();
      module.tables.startSession(rib, { fourOctetAs: true, ibgp: true, families: [0] });
      const announced = announceMessages(family, attributes, hop, items, 4096);
      const faults = [module.check(rib, announced, true)];
      const count = module.tables.counters(rib).announced;
      faults.push(module.check(rib, withdrawMessages(family, items, 4096), true));
      const left = module.tables.count(rib, 0);
      module.tables.freeRib(rib);
      return faults.every((fault) => fault === null) && count === items.length && left === 0;
    }),
    { numRuns: 20 },
  );
});

t.test("bodies that say nothing", async (t) => {
  for (const body of [
    {},
    { attr: {} },
    { attr: BASE },
    { nlri: ["10.0.0.0/8"] },
    { attr: BASE, nlri: [] },
    { withdraw: [] },
  ]) {
    t.equal(sendsSomething(body), false, JSON.stringify(body));
  }
  for (const body of [{ withdraw: ["x"] }, { attr: { 14: 0 } }, { attr: { 15: 0 } }, { attr: BASE, nlri: ["x"] }]) {
    t.equal(sendsSomething(body), true, JSON.stringify(body));
  }
});

t.test("what cannot be sent", async (t) => {
  const attr = { ...BASE, 3: "1.1.1.1" };
  const reach = { afi_safi: [1, 4], nexthop: "1.1.1.1", nlri: [{ label: [1], prefix: "10.0.0.0/8" }] };
  const bodies: Record<string, UpdateBody> = {
    "a bad ORIGIN": { attr: { ...attr, 1: 3 }, nlri: ["10.0.0.0/8"] },
    "a bad next hop": { attr: { ...attr, 3: "::1" }, nlri: ["10.0.0.0/8"] },
    "a bad community": { attr: { ...attr, 8: ["x"] }, nlri: ["10.0.0.0/8"] },
    "a prefix without its length": { attr, nlri: ["10.0.0.0"] },
    "a prefix that is too long": { attr, nlri: ["10.0.0.0/33"] },
    "an IPv6 prefix": { attr, nlri: ["::/0"] },
    "a text, not a list": { attr, nlri: "10.0.0.0/8" },
    "a bad withdrawal": { withdraw: ["10.0.0.0"] },
    "an attribute code that is none": { attr: { ...attr, 256: "00" }, nlri: ["10.0.0.0/8"] },
    "14 that is no object": { attr: { ...BASE, 14: [] } },
    "14 without afi_safi": { attr: { ...BASE, 14: { nexthop: "1.1.1.1", nlri: [] } } },
    "a family of nobody": { attr: { ...BASE, 14: { ...reach, afi_safi: [1, 5] } } },
    "a family in words": { attr: { ...BASE, 14: { ...reach, afi_safi: ["1", "4"] } } },
    "14 without a next hop": { attr: { ...BASE, 14: { afi_safi: [1, 4], nlri: reach.nlri } } },
    "14 without nlri": { attr: { ...BASE, 14: { afi_safi: [1, 4], nexthop: "1.1.1.1" } } },
    "14 with nothing in nlri": { attr: { ...BASE, 14: { ...reach, nlri: [] } } },
    "15 without withdraw": { attr: { 15: { afi_safi: [1, 4] } } },
    "15 without afi_safi": { attr: { 15: { withdraw: [] } } },
    "a path_id where none is sent": { attr, nlri: [{ prefix: "10.0.0.0/8", path_id: 1 }] },
    "attributes that fill a message": { attr: { ...BASE, 99: "00".repeat(4060), 14: reach } },
    "attributes that fill it without MP": { attr: { ...attr, 99: "00".repeat(4060) }, nlri: ["10.0.0.0/8"] },
  };
  for (const [what, body] of Object.entries(bodies)) {
    t.throws(() => encodeUpdateBody(body, SESSION), { name: "ValueError" }, what);
  }
  const many = new Array(100_001).fill("10.0.0.0/8");
  t.throws(() => encodeUpdateBody({ withdraw: many }, SESSION), { name: "ValueError" }, "too many prefixes");
  const id = { attr, nlri: [{ prefix: "10.0.0.0/8", path_id: -1 }] };
  t.throws(() => encodeUpdateBody(id, { ...SESSION, addPath: () => true }), { name: "ValueError" });
  const long = { attr: { ...BASE, 99: "00".repeat(4060), 14: reach } };
  t.equal(sent(long, { ...SESSION, messageBytesMax: 65535 }).length, 1, "unless messages may be longer");
  const bytes = { attr: { ...attr, 99: "00".repeat(4000) }, nlri: new Array(100_000).fill("10.0.0.0/32") };
  t.throws(() => encodeUpdateBody(bytes, { ...SESSION, addPath: () => true }), /too many messages/);
});
