// Flow specifications: texts by hand, the spellings that are taken, long rules, and what is refused.

import t from "tap";
import { flowspec } from "../../../../src/bgp/nlri/flowspec.js";

const REFUSED = { name: "ValueError" };
const v4 = flowspec(4, false);
const v6 = flowspec(16, false);
const hex = (text: string) => Buffer.from(text.replace(/ /g, ""), "hex");
const bytesOf = (json: unknown) => v4.encode(json, false).toString("hex");

t.test("rules as those of RFC 8955 §4.3, and an IPv6 prefix with an offset", async (t) => {
  const pairs = [
    ["0b 01 18 c00002 03 81 06 04 81 19", { 1: "192.0.2.0/24", 3: "=6", 4: "=25" }],
    [
      "10 01 18 c00002 02 08 cb 04 03 89 45 8b 91 1f90",
      { 1: "192.0.2.0/24", 2: "203.0.0.0/8", 4: ">=137&<=139|=8080" },
    ],
    ["08 01 18 c00002 0c 80 05", { 1: "192.0.2.0/24", 12: "5" }],
  ] as const;
  for (const [bytes, json] of pairs) {
    t.same(v4.decode(hex(bytes), false), json);
    t.equal(bytesOf(json), hex(bytes).toString("hex"));
  }
  const [bytes, json] = [
    "0e 01 20 00 20010db8 02 40 20 01020304",
    { 1: { prefix: "2001:db8::/32", offset: 0 }, 2: { prefix: "0:0:102:304::/64", offset: 32 } },
  ] as const;
  t.same(v6.decode(hex(bytes), false), json);
  t.equal(v6.encode(json, false).toString("hex"), hex(bytes).toString("hex"));
});

t.test("operators", async (t) => {
  const item = (text: string) => bytesOf({ 4: text }).slice(4);
  t.equal(item("=80"), "8150");
  t.equal(item(">80"), "8250");
  t.equal(item(">=80"), "8350");
  t.equal(item("<80"), "8450");
  t.equal(item("<=80"), "8550");
  for (const text of ["!=80", "><80", "<>80", " != 80 "]) t.equal(item(text), "8650", text);
  t.equal(item("><=80"), "8750", "always true");
  t.equal(item("==80"), "8150");
  t.equal(item("=>80|=<90"), "0350855a");
  t.equal(item("=255"), "81ff");
  t.equal(item("=256"), "910100");
  t.equal(item("=65535"), "91ffff");
  t.equal(item("=65536"), "a100010000", "three octets go into four");
  t.equal(item("=4294967296"), "b10000000100000000");
  t.equal(item("=18446744073709551615"), "b1ffffffffffffffff");
  t.equal(item("=80|>=8080&<=8088&!=8084"), "015013 1f90 55 1f98 d6 1f94".replace(/ /g, ""));
  t.equal(v6.encode({ 13: "=5" }, false).toString("hex"), "060da100000005", "flow labels take four");
  t.match(v4.decode(hex("03 04 80 50"), false), { 4: "80" }, "never true, as yabgp shows it");
});

t.test("tcp flags and fragments are bitmasks", async (t) => {
  const flags = (text: unknown) => bytesOf({ 9: text }).slice(4);
  const same: [string, readonly unknown[]][] = [
    ["8012", ["18", 18, "syn+ack", "ACK + SYN", "ack+syn"]],
    ["8112", ["=18", "=syn+ack"]],
    ["8212", ["!18", ">18", "!syn+ack"]],
    ["8312", ["!=18", ">=18", "!=syn+ack"]],
    ["90 0100", ["256", "ns"]],
    ["0102c204", ["=syn&!rst", "=2&!4"]],
  ];
  for (const [bytes, texts] of same) {
    for (const text of texts) t.equal(flags(text), bytes.replace(/ /g, ""), String(text));
  }
  t.equal(bytesOf({ 12: "!is-fragment|=first-fragment|dont-fragment+last-fragment" }), "070c020201048009");
  const bits = [0x80, 0x81, 0x82, 0x83].map((operator) => v4.decode(hex(`03 0c ${operator.toString(16)} 02`), false));
  t.same(bits, [{ 12: "2" }, { 12: "=2" }, { 12: "!2" }, { 12: "!=2" }]);
});

t.test("prefixes of no bits, and with offsets", async (t) => {
  t.equal(bytesOf({ 1: "0.0.0.0/0" }), "020100");
  t.same(v4.decode(hex("02 01 00"), false), { 1: "0.0.0.0/0" });
  const all = { 1: { prefix: "::/0", offset: 0 } };
  t.equal(v6.encode(all, false).toString("hex"), "03010000");
  t.same(v6.decode(hex("03 01 00 00"), false), all);
  t.equal(v6.encode({ 1: "2001:db8::/32" }, false).toString("hex"), "0701200020010db8", "offset 0 when it is left out");
  // Bits 9 to 20, left-aligned: 0xabc of ::, 0000 0000 1|010 1011 1100 ...
  const odd = { 2: { prefix: "55:e000::/21", offset: 9 } };
  t.equal(v6.encode(odd, false).toString("hex"), "05021509abc0");
  t.same(v6.decode(hex("05 02 15 09 abc0"), false), odd);
  for (const bad of [
    { prefix: "::/8", offset: 8 },
    { prefix: "::/8", offset: -1 },
    { offset: 0 },
    "10.0.0.0/8",
    "::",
    5,
  ]) {
    t.throws(() => v6.encode({ 1: bad }, false), REFUSED, JSON.stringify(bad));
  }
});

t.test("a rule of 240 octets and more has a long length", async (t) => {
  const rule = (ports: number) => ({ 4: new Array(ports).fill("=1000").join("|") });
  const short = v4.encode(rule(79), false);
  t.equal(short.length, 1 + 238);
  t.equal(short[0], 238);
  const long = v4.encode(rule(80), false);
  t.equal(long.length, 2 + 241);
  t.equal(long.readUInt16BE(0), 0xf000 | 241);
  t.same(v4.decode(long, false), rule(80));
  const longest = v4.encode(rule(1364), false);
  t.equal(longest.readUInt16BE(0), 0xf000 | 4093);
  t.same(v4.decode(longest, false), rule(1364));
  t.throws(() => v4.encode(rule(1365), false), REFUSED);
});

t.test("VPN rules", async (t) => {
  const codec = flowspec(4, true);
  const json = { rd: "65001:7", 2: "10.0.0.1/32" };
  t.equal(codec.encode(json, false).toString("hex"), "0e0000fde90000000702200a000001");
  t.same(codec.decode(codec.encode(json, true), true), json);
  t.throws(() => codec.encode({ 2: "10.0.0.1/32" }, false), REFUSED, "no rd");
  t.throws(() => v4.encode(json, false), REFUSED, "an rd where none belongs");
});

t.test("what is refused, and what is shown in hex", async (t) => {
  const bodies = [null, [], {}, "x", { 13: "=1" }, { 0: "=1" }, { 14: "=1" }, { x: "=1" }, { 1: "10.0.0.0" }, { 1: 5 }];
  for (const bad of bodies) t.throws(() => v4.encode(bad, false), REFUSED, JSON.stringify(bad));
  const texts = [
    "",
    " ",
    "80",
    "=",
    "=x",
    "=-1",
    "=1.5",
    "=80|",
    "&=80",
    "=80&",
    "=!80",
    "=18446744073709551616",
    null,
  ];
  for (const bad of texts) t.throws(() => v4.encode({ 4: bad }, false), REFUSED, JSON.stringify(bad));
  for (const bad of ["<2", "=fin+", "none", "=syn ack", "!"])
    t.throws(() => v4.encode({ 9: bad }, false), REFUSED, bad);
  const wires = ["", "05", "00ff", "0304 0150", "030e8150", "0403810601", "06038106 018100", "f003", "02 04 91"];
  for (const bytes of wires.map((wire) => wire.replace(/ /g, ""))) t.equal(v4.decode(hex(bytes), false), bytes);
  t.same(v4.decode(hex("00"), false), {}, "an empty rule");
});
