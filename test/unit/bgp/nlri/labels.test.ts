// Route distinguishers, labels, and the next hops of VPN families: bytes by hand, and what is refused.

import t from "tap";
import { labelledUnicast, vpn } from "../../../../src/bgp/nlri/labelled.js";
import { rdText, readRd } from "../../../../src/bgp/nlri/rd.js";
import { flowHop, vpnHop } from "../../../../src/bgp/nlri/vpn_hop.js";

const REFUSED = { name: "ValueError" };
const hex = (text: string) => Buffer.from(text.replace(/ /g, ""), "hex");

t.test("route distinguishers (RFC 4364 §4.2)", async (t) => {
  const pairs = [
    ["0000 fde9 00000064", "65001:100"],
    ["0000 0064 ffffffff", "100:4294967295"],
    ["0001 c0000201 0007", "192.0.2.1:7"],
    ["0002 fa56ea01 0007", "4200000001:7"],
    ["0002 00000064 0007", "0.100:7"],
    ["0003 010203040506", "unknown:0003010203040506"],
  ] as const;
  for (const [bytes, text] of pairs) {
    t.equal(rdText(hex(bytes)), text);
    t.equal(readRd(text).toString("hex"), hex(bytes).toString("hex"));
  }
  t.equal(readRd("64086.59905:7").toString("hex"), "0002fa56ea010007", "the dotted form of any AS number");
  const wrong = [null, 5, "", "1", "1:2:3", "65536:65536", "4294967296:1", "1.2.3:4", "1.2.3.400:5", "1.2.3.4:65536"];
  for (const bad of [...wrong, "unknown:00", "1:-1", "65536.1:1", "1:x"])
    t.throws(() => readRd(bad), REFUSED, `${bad}`);
});

t.test("labelled unicast (RFC 8277)", async (t) => {
  const { decode, encode } = labelledUnicast(4);
  const pairs = [
    ["30 000641 0a0101", { label: [100], prefix: "10.1.1.0/24" }],
    ["48 000640 000c81 0a0101", { label: [100, 200], prefix: "10.1.1.0/24" }],
    ["18 000001", { label: [0], prefix: "0.0.0.0/0" }],
    ["48 000640 000001 0a0101", { label: [100, 0], prefix: "10.1.1.0/24" }],
  ] as const;
  for (const [bytes, json] of pairs) {
    t.same(decode(hex(bytes), false), json);
    t.equal(encode(json, false).toString("hex"), hex(bytes).toString("hex"));
  }
  t.same(decode(hex("30 000641 0a01ff"), false), { label: [100], prefix: "10.1.255.0/24" });
  t.same(decode(hex("2a 000641 0a01ff"), false), { label: [100], prefix: "10.1.192.0/18" }, "host bits are cleared");
  t.same(decode(hex("30 000000 0a0101"), false), { label: [0], prefix: "10.1.1.0/24" }, "as yabgp sends label 0");
  t.same(decode(hex("30 00064f 0a0101"), false), { label: [100], prefix: "10.1.1.0/24" }, "traffic class");
});

t.test("withdrawn labels", async (t) => {
  const { decode, encode } = labelledUnicast(4);
  const withdrawn = hex("30 800000 0a0101");
  t.same(decode(withdrawn, true), { label: [0x80000], prefix: "10.1.1.0/24" });
  for (const body of [{ prefix: "10.1.1.0/24" }, { prefix: "10.1.1.0/24", label: [7] }]) {
    t.equal(encode(body, true).toString("hex"), withdrawn.toString("hex"));
  }
  t.same(decode(hex("30 000000 0a0101"), true), { label: [0], prefix: "10.1.1.0/24" });
  t.same(decode(hex("30 000640 0a0101"), true), { label: [100, 0xa010], prefix: "0.0.0.0/0" }, "the stack of RFC 3107");
  t.same(decode(hex("30 000640 0a0102"), true), { label: [100], prefix: "10.1.2.0/24" }, "no bottom: one field");
  t.same(vpn(16).decode(hex("58 800000 00000064 00000064"), true), { label: [0x80000], rd: "100:100", prefix: "::/0" });
});

t.test("what cannot be encoded or read", async (t) => {
  const lu = labelledUnicast(4);
  for (const bad of [null, [], "10.0.0.0/8", {}, { prefix: "10.0.0.0/8" }, { label: [], prefix: "10.0.0.0/8" }]) {
    t.throws(() => lu.encode(bad, false), REFUSED, JSON.stringify(bad));
  }
  for (const label of [[1 << 20], [0, 16], [-1], ["x"], 5, new Array(11).fill(1)]) {
    t.throws(() => lu.encode({ label, prefix: "10.0.0.0/8" }, false), REFUSED, JSON.stringify(label));
  }
  for (const prefix of ["10.0.0.0", "10.0.0.0/33", "2001:db8::/32", 7]) {
    t.throws(() => lu.encode({ label: [1], prefix }, false), REFUSED, String(prefix));
  }
  t.throws(() => vpn(4).encode({ label: [1], prefix: "10.0.0.0/8" }, false), REFUSED, "no rd");
  for (const bytes of ["", "00", "17 0006", "ff 000641", "50 000641 0a01010101010102", "40 000641"]) {
    t.equal(lu.decode(hex(bytes), false), bytes.replace(/ /g, ""), "as hex");
  }
});

t.test("next hops behind a route distinguisher", async (t) => {
  const zero = "0000000000000000";
  const pairs = [
    [`${zero} 02020202`, { nexthop: { rd: "0:0", str: "2.2.2.2" } }],
    [`0000006400000065 02020202`, { nexthop: { rd: "100:101", str: "2.2.2.2" } }],
    [`${zero} 00000000000000000000ffffac10040c`, { nexthop: { rd: "0:0", str: "::ffff:172.16.4.12" } }],
    [
      `${zero} 20010db8000000000000000000000001 ${zero} fe800000000000000000000000000001`,
      { nexthop: { rd: "0:0", str: "2001:db8::1" }, linklocal_nexthop: "fe80::1" },
    ],
  ] as const;
  for (const [bytes, body] of pairs) {
    t.same(vpnHop.decode(hex(bytes)), body);
    t.equal(vpnHop.encode(body).toString("hex"), hex(bytes).toString("hex"));
  }
  t.same(vpnHop.decode(hex("0a000001")), { nexthop: "10.0.0.1" }, "without a distinguisher, too");
  t.equal(vpnHop.encode({ nexthop: "2.2.2.2" }).toString("hex"), `${zero}02020202`);
  for (const nexthop of [undefined, null, 5, {}, { rd: "0:0" }, { rd: "x", str: "1.1.1.1" }, { rd: "0:0", str: "x" }]) {
    t.throws(() => vpnHop.encode({ nexthop }), REFUSED, JSON.stringify(nexthop));
  }
  t.throws(() => vpnHop.encode({ nexthop: "1.1.1.1", linklocal_nexthop: "fe80::1" }), REFUSED);
  t.equal(flowHop.encode({ nexthop: "" }).length, 0);
  t.equal(flowHop.encode({}).length, 0);
  t.same(flowHop.decode(Buffer.alloc(0)), { nexthop: "" });
  t.same(flowHop.decode(flowHop.encode({ nexthop: "10.0.0.1" })), { nexthop: "10.0.0.1" });
  const behind = { nexthop: { rd: "0:0", str: "2.2.2.2" } };
  t.same(flowHop.decode(flowHop.encode(behind)), behind);
});
