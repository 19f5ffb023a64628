// Whole UPDATEs as records: the forms of well-formed and of malformed ones.

import t from "tap";
import { isMalformed, updateView } from "../../../src/bgp/update_view.js";
import { MANDATORY, message, update } from "../../helpers/bgp_raw.js";

const context = { fourOctetAs: true, addPath: () => false };
const view = (bytes: Uint8Array, more: Partial<Parameters<typeof updateView>[1]> = {}) =>
  updateView(bytes, { ...context, ...more });
const ATTR = { 1: 0, 2: [[2, [65002]]], 3: "192.0.2.1" };

t.test("what an UPDATE says", async (t) => {
  t.same(view(update({ withdrawn: [8, 10], attributes: MANDATORY, nlri: [24, 10, 1, 1, 0] })), {
    attr: ATTR,
    nlri: ["10.1.1.0/24", "0.0.0.0/0"],
    withdraw: ["10.0.0.0/8"],
    afi_safi: "ipv4",
  });
  t.same(Object.keys(view(update({}))), ["attr", "nlri", "withdraw", "afi_safi"], "in yabgp's order");
});

t.test("End-of-RIB", async (t) => {
  t.same(view(update({})), { attr: {}, nlri: [], withdraw: [], afi_safi: null });
  t.same(view(update({ attributes: [0x80, 15, 3, 0, 2, 1] })), {
    attr: { 15: { afi_safi: [2, 1], withdraw: [] } },
    nlri: [],
    withdraw: [],
    afi_safi: "ipv6",
  });
});

t.test("families: 14 before 15, IPv4 fields before both, and those without a name", async (t) => {
  const reach = [0x80, 14, 13, 0, 1, 4, 4, 10, 0, 0, 1, 0, 0x18, 0, 0, 0x11];
  const lu = { afi_safi: [1, 4], nexthop: "10.0.0.1", nlri: [{ label: [1], prefix: "0.0.0.0/0" }] };
  const unreach = [0x80, 15, 5, 0, 2, 1, 8, 0x20];
  t.match(view(update({ attributes: [...reach, ...unreach] })), { attr: { 14: lu }, afi_safi: "ipv4_lu" });
  t.match(view(update({ attributes: unreach })), { afi_safi: "ipv6" });
  t.match(view(update({ attributes: [...MANDATORY, ...reach], nlri: [0] })), { nlri: ["0.0.0.0/0"], afi_safi: "ipv4" });
  const vpls = [0x80, 14, 11, 0, 25, 65, 4, 10, 0, 0, 1, 0, 0xab, 0xcd];
  t.match(view(update({ attributes: vpls })), {
    attr: { 14: { afi_safi: [25, 65], nexthop: "10.0.0.1", nlri: ["abcd"] } },
    afi_safi: "25/65",
  });
  t.match(view(update({ attributes: [0x80, 15, 3, 0, 25, 65] })), {
    attr: { 15: { withdraw: [] } },
    afi_safi: "25/65",
  });
});

t.test("AS numbers of two octets, and path identifiers", async (t) => {
  const narrow = [0x40, 2, 4, 2, 1, 0xfd, 0xea, 0xc0, 17, 6, 2, 1, 0xfa, 0x56, 0xea, 0, 0xc0, 7, 6, 0, 9, 1, 1, 1, 1];
  t.match(view(update({ attributes: narrow }), { fourOctetAs: false }), {
    attr: { 2: [[2, [65002]]], 7: [9, "1.1.1.1"], 17: [[2, [4_200_000_000]]] },
    afi_safi: null,
  });
  const ids = update({ attributes: MANDATORY, nlri: [0, 0, 0, 7, 8, 10] });
  t.match(view(ids, { addPath: (family) => family === 0 }), { nlri: [{ prefix: "10.0.0.0/8", path_id: 7 }] });
  t.ok(isMalformed(view(update({ attributes: MANDATORY, nlri: [0, 0, 7] }), { addPath: () => true })));
});

t.test("of attributes that come twice the first is shown", async (t) => {
  const record = view(update({ attributes: [...MANDATORY, 0x40, 1, 1, 2] }));
  t.notOk(isMalformed(record));
  t.match(record, { attr: { 1: 0 } });
});

t.test("malformed ones: what came before the fault, and the bytes", async (t) => {
  const end = (attributes: readonly number[]) => update({ attributes: [...MANDATORY, ...attributes] });
  const messages: Record<string, Buffer> = {
    "an attribute that is cut off": end([0x80, 4, 4, 0, 0]),
    "half an attribute's head": end([0x80]),
    "an extended length that is cut off": end([0x90, 4, 0]),
    "a MED of three octets": end([0x80, 4, 3, 0, 0, 0]),
    "a community of five octets": end([0xc0, 8, 5, 0, 0, 0, 0, 0]),
    "no community": end([0xc0, 8, 0]),
    "an AGGREGATOR of two-octet AS": end([0xc0, 7, 6, 0, 9, 1, 1, 1, 1]),
    "an AS4_PATH segment of type 5": end([0xc0, 17, 6, 5, 1, 0, 0, 0, 1]),
    "an MP_REACH_NLRI without a next hop": end([0x80, 14, 4, 0, 1, 4, 4]),
    "an MP_REACH_NLRI with a cut NLRI": end([0x80, 14, 10, 0, 1, 4, 4, 1, 1, 1, 1, 0, 24]),
    "an MP_UNREACH_NLRI of two octets": end([0x80, 15, 2, 0, 1]),
    "MP_UNREACH_NLRI twice": end([0x80, 15, 3, 0, 1, 4, 0x80, 15, 3, 0, 1, 4]),
  };
  for (const [what, bytes] of Object.entries(messages)) {
    const record = view(bytes);
    t.ok(isMalformed(record), what);
    t.match(record, { attr: ATTR, nlri: [], withdraw: [], hex: bytes.subarray(19).toString("hex") });
  }
  t.same(Object.keys(view(messages["no community"] as Buffer)), ["attr", "nlri", "withdraw", "hex"]);
  for (const [what, bytes] of Object.entries({
    "an ORIGIN of 3": update({ attributes: [0x40, 1, 1, 3] }),
    "an empty ORIGIN": update({ attributes: [0x40, 1, 0] }),
    "an AS_PATH segment that is cut off": update({ attributes: [0x40, 2, 3, 2, 1, 0] }),
    "an AS_PATH of one octet": update({ attributes: [0x40, 2, 1, 2] }),
    "a NEXT_HOP of no octets": update({ attributes: [0x40, 3, 0] }),
    "withdrawn routes past the end": message(2, [0, 9, 0, 0]),
    "attributes past the end": message(2, [0, 0, 0, 9]),
    "no body": message(2),
    "half a header": message(2).subarray(0, 10),
    nothing: Buffer.alloc(0),
  })) {
    t.match(view(bytes), { attr: {}, nlri: [], withdraw: [], hex: bytes.subarray(19).toString("hex") }, what);
  }
  t.match(view(update({ withdrawn: [33, 1, 1, 1, 1, 1], attributes: MANDATORY, nlri: [24, 10, 1] })), {
    attr: ATTR,
    nlri: [],
    withdraw: [],
    hex: /^0006/,
  });
  const good = view(update({ attributes: [0x40, 1, 1, 3], nlri: [8, 10] }));
  t.match(good, { attr: {}, nlri: ["10.0.0.0/8"], hex: /^0000/ }, "prefixes are read all the same");
});
