import t from "tap";
import { parseFibConfig } from "../../../../src/bgp/fib/config.js";
import { firstOf, RefusedRoutes } from "../../../../src/bgp/fib/refused.js";
import { applyMessage, messageLength } from "../../../../src/bgp/fib/update.js";
import { KEEPALIVE, message, update } from "../../../helpers/bgp_raw.js";

/** What one message says to the kernel: `+4 24 0a0101 c0000201`, `-6 16 2001`. */
function said(bytes: Buffer): string[] {
  const words: string[] = [];
  const hex = (all: Uint8Array, at: number, count: number) => Buffer.from(all.subarray(at, at + count)).toString("hex");
  const fine = applyMessage(bytes, 0, messageLength(bytes, 0), {
    announce: (six, all, at, bits, hopAt, hopBytes) =>
      words.push(`+${six ? 6 : 4} ${bits} ${hex(all, at, (bits + 7) >> 3)} ${hex(all, hopAt, hopBytes)}`),
    withdraw: (six, all, at, bits) => words.push(`-${six ? 6 : 4} ${bits} ${hex(all, at, (bits + 7) >> 3)}`),
  });
  return fine ? words : [...words, "malformed"];
}

const hop4 = [0x40, 3, 4, 192, 0, 2, 1];
const hop6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const reach = (afi: number, safi: number, hop: number[], nlri: number[]) => {
  const value = [0, afi, safi, hop.length, ...hop, 0, ...nlri];
  return [0x80, 14, value.length, ...value];
};

t.test("routes of an UPDATE", async (t) => {
  t.same(said(update({ withdrawn: [8, 10], attributes: hop4, nlri: [24, 10, 1, 1, 0] })), [
    "-4 8 0a",
    "+4 24 0a0101 c0000201",
    "+4 0  c0000201",
  ]);
  const six = Buffer.from(hop6).toString("hex");
  t.same(said(update({ attributes: reach(2, 1, hop6, [16, 0x20, 1]) })), [`+6 16 2001 ${six}`]);
  t.same(said(update({ attributes: reach(2, 1, [...hop6, ...hop6], [16, 0x20, 1]) })), [`+6 16 2001 ${six}`]);
  t.same(said(update({ attributes: reach(1, 1, hop6, [8, 10]) })), [`+4 8 0a ${six}`]);
  t.same(said(update({ attributes: reach(1, 1, [1, 2, 3, 4], [8, 10]) })), ["+4 8 0a 01020304"]);
  const both = update({ attributes: [...reach(2, 1, hop6, [3, 0x20]), 0x90, 15, 0, 5, 0, 2, 1, 9, 0x20, 0x80] });
  t.same(said(both), ["malformed"]);
  const apart = update({ attributes: [...reach(2, 1, hop6, [3, 0x20]), 0x90, 15, 0, 6, 0, 2, 1, 9, 0x20, 0x80] });
  t.same(said(apart), ["-6 9 2080", `+6 3 20 ${six}`], "withdrawals first");
  t.same(said(update({})), [], "End of RIB");
  t.same(said(update({ attributes: reach(1, 128, [1, 2, 3, 4], [8, 10]) })), [], "another family");
  t.same(said(update({ attributes: reach(25, 1, [1, 2, 3, 4], [8, 10]) })), []);
  t.same(said(KEEPALIVE), []);
});

t.test("what does not fit together", async (t) => {
  t.same(said(update({ attributes: hop4, nlri: [33, 1, 2, 3, 4, 5] })), ["malformed"]);
  t.same(said(update({ attributes: hop4, nlri: [24, 1, 2] })), ["malformed"]);
  t.same(said(update({ nlri: [8, 10] })), ["malformed"], "no next hop");
  t.same(said(update({ attributes: reach(2, 1, [1, 2, 3, 4], [8, 10]) })), ["malformed"]);
  t.same(said(update({ attributes: [0x80, 14, 200, 0, 1] })), ["malformed"]);
  t.same(said(update({ attributes: [0x90, 3, 0] })), ["malformed"]);
  t.same(said(message(2, [0, 9, 0, 0])), ["malformed"]);
  t.same(said(message(2, [0, 0, 0, 9])), ["malformed"]);
  t.same(said(message(2, [0])), ["malformed"]);
  t.equal(messageLength(update({}).subarray(0, 22), 0), 0);
  t.equal(messageLength(Buffer.alloc(40), 0), 0, "a length of 0");
});

t.test("refused routes, by next hop", async (t) => {
  const refused = new RefusedRoutes();
  for (const prefix of ["a", "b", "c"]) refused.add(prefix, "hop", "ENETUNREACH");
  refused.add("d", "hop", "EINVAL");
  t.equal(refused.reasonOf("hop"), "ENETUNREACH");
  t.equal(refused.reasonOf("other"), undefined);
  t.same(refused.counts(), { ENETUNREACH: 3, EINVAL: 1 });
  refused.add("a", "other", "EINVAL");
  t.same(refused.counts(), { ENETUNREACH: 2, EINVAL: 2 }, "a prefix is in one group");
  t.equal(refused.reasonOf("other"), undefined, "not the next hop's fault");
  refused.add("b", "hop", "ENETDOWN");
  t.same(refused.counts(), { ENETDOWN: 2, EINVAL: 2 }, "all of a next hop share the last reason");
  const group = refused.groups().find(({ ofHop }) => ofHop);
  t.same(group && firstOf(group, 5), ["c", "b"], "what was refused last is tried last");
  if (group) group.recovering = true;
  t.equal(refused.reasonOf("hop"), undefined, "on its way back");
  t.ok(refused.take("b") && refused.take("c"));
  t.notOk(refused.take("c"));
  t.same(refused.counts(), { EINVAL: 2 });
  t.equal(refused.size, 2);
  refused.clear();
  t.same(refused.counts(), {});
});

t.test("configuration", async (t) => {
  t.same(parseFibConfig(), { enabled: false, table: 254, metric: 20, source4: null, source6: null });
  t.match(parseFibConfig({ source: "192.0.2.1", source6: "::1" }), { source4: Uint8Array.of(192, 0, 2, 1) });
  t.throws(() => parseFibConfig({ table: 255 }), { code: "CONFIG" });
  t.throws(() => parseFibConfig({ source: "::1" }), { code: "CONFIG" });
  t.throws(() => parseFibConfig({ source6: "1.2.3.4" }), { code: "CONFIG" });
});
