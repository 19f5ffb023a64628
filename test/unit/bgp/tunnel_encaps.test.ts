// TUNNEL_ENCAPSULATION: yabgp's bodies, both dialects, and bytes that JSON must give back unchanged.

import fc from "fast-check";
import t from "tap";
import { tunnelEncaps } from "../../../src/bgp/tunnel_encaps.js";

const REFUSED = { name: "ValueError" };
const encode = (json: unknown) => tunnelEncaps.encode(json, 4).toString("hex");
const decode = (text: string) => tunnelEncaps.decode(Buffer.from(text.replace(/ /g, ""), "hex"), 4);

/** A whole attribute value: one tunnel of type 15 with these sub-TLVs. */
const policy = (...parts: string[]) => {
  const value = parts.join("").replace(/ /g, "");
  return `000f${(value.length / 2).toString(16).padStart(4, "0")}${value}`;
};
const LABELS = "80 001d 00 0906 0000 0000000a 0106 0000 007d00ff 030a 0000 0a010101 00bb80ff";
const LABELS_JSON = [
  {
    9: 10,
    1: [
      { 1: { label: 2000, TC: 0, S: 0, TTL: 255 } },
      { 3: { node: "10.1.1.1", SID: { label: 3000, TC: 0, S: 0, TTL: 255 } } },
    ],
  },
];

t.test("yabgp's body, with what it leaves out", async (t) => {
  const given = {
    0: "new",
    6: { asn: 400, afi: "ipv4", address: "1.1.1.1" },
    12: 100,
    13: 25102,
    14: 1,
    15: 23,
    128: [{ 9: 10, 1: [{ 1: { label: 2000 } }, { 3: { node: "10.1.1.1", SID: { label: 3000 } } }] }],
    129: "policy_test",
  };
  const bytes = policy(
    "0c06 0000 00000064",
    "0d06 0000 0620e000",
    "0e03 0000 01",
    "0f02 1700",
    "81 000c 00 706f6c6963795f74657374",
    "060a 00000190 0001 01010101",
    LABELS,
  );
  t.equal(encode(given), bytes);
  const json = { ...given, 128: LABELS_JSON };
  t.same(decode(bytes), json);
  t.equal(encode(json), bytes);
});

t.test("the old sub-TLVs", async (t) => {
  const bytes = policy("0606 0000 00000064", "0706 0000 0620e000", LABELS);
  const json = { 0: "old", 6: 100, 7: 25102, 128: LABELS_JSON };
  t.equal(encode(json), bytes);
  t.same(decode(bytes), json);
  t.equal(encode({ 0: "old", 12: 100, 13: 25102, 128: LABELS_JSON }), bytes, "12 and 13 instead of 6 and 7");
  t.equal(encode({ 0: "new", 7: 5 }), policy("0d06 0000 00005000"), "7 instead of 13");
});

t.test("a binding SID that is not given is sent empty; null leaves it out", async (t) => {
  t.equal(encode({ 0: "old", 6: 1 }), policy("0606 0000 00000001", "0702 0000"));
  t.equal(encode({ 0: "new" }), policy("0d02 0000"));
  t.same(decode(policy("0d02 0000")), { 0: "new" });
  t.equal(encode({ 0: "new", 13: null }), policy(""));
  t.same(decode(policy("0c06 0000 00000001")), { 0: "new", 12: 1, 13: null });
});

t.test("all segments, and what has no form of its own", async (t) => {
  const segments: [string, unknown][] = [
    ["0106 0000 007d0b05", { 1: { label: 2000, TC: 5, S: 1, TTL: 5 } }],
    ["0306 0000 0a010101", { 3: { node: "10.1.1.1" } }],
    ["050a 0000 00000007 0a010101", { 5: { interface: 7, node: "10.1.1.1" } }],
    ["050e 0000 00000007 0a010101 00bb80ff", { 5: { interface: 7, node: "10.1.1.1", SID: label(3000) } }],
    ["060a 0000 0a010101 0a010102", { 6: { local: "10.1.1.1", remote: "10.1.1.2" } }],
    ["060e 0000 0a010101 0a010102 00bb80ff", { 6: { local: "10.1.1.1", remote: "10.1.1.2", SID: label(3000) } }],
    ["0d12 0000 20010db8000000000000000000000001", { 13: { sid: "2001:db8::1" } }],
    ["0106 8000 007d00ff", { 1: { hex: "8000007d00ff" } }],
    ["0e03 010203", { 14: { hex: "010203" } }],
  ];
  for (const [bytes, json] of segments) {
    const length = (bytes.replace(/ /g, "").length / 2 + 1).toString(16).padStart(4, "0");
    const whole = policy("0d02 0000", `80 ${length} 00`, bytes);
    t.same(decode(whole), { 0: "new", 128: [{ 1: [json] }] });
    t.equal(encode(decode(whole)), whole);
  }
  const whole = policy("0c06 8000 00000001", "0d02 0000", "c8 0002 abcd", "1403 010203");
  t.same(decode(whole), {
    ...{ 0: "new", 12: { hex: "800000000001" }, 20: { hex: "010203" }, 200: { hex: "abcd" } },
    order: [12, 13, 200, 20],
  });
  t.equal(encode(decode(whole)), whole);
  const srv6 = policy("0d12 0000 20010db8000000000000000000000001");
  t.same(decode(srv6), { 0: "new", 13: "2001:db8::1" });
});

const label = (value: number) => ({ label: value, TC: 0, S: 0, TTL: 255 });

t.test("another order of sub-TLVs is kept; what JSON cannot say is hex", async (t) => {
  const turned = policy(LABELS, "0d02 0000", "0c06 0000 00000001");
  t.same(decode(turned), { 0: "new", 12: 1, 128: LABELS_JSON, order: [128, 13, 12] });
  t.equal(encode(decode(turned)), turned);
  const twoLists = policy("0d02 0000", LABELS, LABELS);
  t.same((decode(twoLists) as Record<string, unknown>)["128"], [...LABELS_JSON, ...LABELS_JSON]);
  const between = policy(LABELS, "0d02 0000", LABELS).replace(/ /g, "");
  t.equal(decode(between), between);
  for (const bytes of [
    "",
    "000f",
    "0008000401020304",
    `${policy("0d02 0000")}00080000`,
    "000f000a0d02",
    "000f00040d020000ff",
  ]) {
    t.equal(decode(bytes), bytes);
    t.equal(encode(bytes), bytes);
  }
});

t.test("what is refused", async (t) => {
  const bodies = [
    ...[null, [], 5, "xyz", {}, { 0: "newer" }, { 12: 5 }, { 0: "new", 12: -1 }, { 0: "new", 13: 1 << 20 }],
    ...[
      { 0: "new", 14: 256 },
      { 0: "new", 129: 5 },
      { 0: "new", 99: 5 },
      { 0: "new", 256: { hex: "" } },
    ],
    ...[
      { 0: "new", 6: { afi: "ipv6", address: "1.1.1.1" } },
      { 0: "new", 99: { hex: "0" } },
      { 0: "new", x: 1 },
    ],
    ...[
      { 0: "new", 128: {} },
      { 0: "new", 128: [5] },
      { 0: "new", 128: [{ 1: [{}] }] },
      { 0: "new", 128: [{ 9: 1 }] },
    ],
    ...[
      { 0: "new", 128: [{ 1: [{ 1: {} }] }] },
      { 0: "new", 128: [{ 1: [{ 2: {} }] }] },
    ],
    ...[
      { 0: "new", 128: [{ 1: [{ 3: { node: "::1" } }] }] },
      { 0: "new", 128: [{ 1: [{ 9: 1 }] }] },
    ],
  ];
  for (const bad of bodies) t.throws(() => encode(bad), REFUSED, JSON.stringify(bad));
});

t.test("any bytes come back", async () => {
  const part = fc
    .tuple(fc.constantFrom(6, 7, 12, 13, 14, 15, 20, 99), fc.uint8Array({ maxLength: 24 }))
    .map(([type, value]) => Buffer.from([type, value.length, ...value]));
  const wrapped = fc
    .array(part, { maxLength: 5 })
    .map((parts) => Buffer.from(policy(Buffer.concat(parts).toString("hex")), "hex"));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        wrapped,
      ),
      (bytes) => tunnelEncaps.encode(tunnelEncaps.decode(bytes, 4), 4).equals(bytes),
    ),
    { numRuns: 2000 },
  );
});
