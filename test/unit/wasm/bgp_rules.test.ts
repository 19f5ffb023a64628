// Rules of single RFCs that the decoder and the encoder keep, and memory that comes back.

import t from "tap";
import { encodeAttribute, encodeAttributes, walkAttributes } from "../../../src/bgp/attributes.js";
import { negotiate } from "../../../src/bgp/capabilities.js";
import { bodyFault, parsePeer } from "../../../src/bgp/config.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY } from "../../../src/wasm/bgp_numbers.js";
import type { NeighborHandle } from "../../../src/wasm/bgp_policy.js";
import type { RibSlot, SourceSlot } from "../../../src/wasm/bgp_types.js";
import { encodeAnnounce, encodeWithdraw } from "../../helpers/bgp_encode.js";
import { MANDATORY, message, update } from "../../helpers/bgp_raw.js";

const module = new BgpModule();
const families = [FAMILY.ipv4, FAMILY.ipv6];

function newRib(options: { fourOctetAs?: boolean; ibgp?: boolean } = {}): RibSlot {
  const rib = module.tables.createRib();
  module.tables.startSession(rib, { fourOctetAs: true, ibgp: false, families, ...options });
  return rib;
}

/** The NOTIFICATION that an UPDATE earns, as code << 8 | subcode, or null. */
const verdict = (rib: RibSlot, bytes: Uint8Array) => module.check(rib, bytes, true)?.notify ?? null;
const codes = (bytes: Buffer | null) => [...walkAttributes(bytes ?? Buffer.alloc(0))].map(({ code }) => code);
const TEN = Uint8Array.of(10, 0, 0, 0);

t.test("OPEN", async (t) => {
  const open = (...parameters: number[]) => message(1, [4, 0xfd, 0xea, 0, 90, 10, 0, 0, 2, ...parameters]);
  const capability = [2, 0, 6, 65, 4, 0, 1, 0, 0];
  for (const length of [255, 9, 1]) {
    const found = module.decodeOpen(open(length, 255, 0, capability.length, ...capability));
    t.equal(found?.as, 65536, `RFC 9072: the length ${length} before type 255 does not count`);
  }
  t.equal(module.decodeOpen(open(255, 255, 0, 99, ...capability)), null, "a wide length that overruns");
  t.equal(module.decodeOpen(open(0, 255, 0, 9, ...capability)), null, "length 0 has nothing after it");
  const short = module.decodeOpen(open(5, 2, 3, 65, 1, 7));
  const body = { remote_addr: "10.0.0.2", remote_as: 65002 };
  const config = parsePeer(body, { path: "", localAs: 65001, fault: bodyFault });
  t.equal(short && negotiate(config, short).fourOctetAs, false, "a capability 65 of one byte is none (RFC 6793 §3)");
});

t.test("UPDATE", async (t) => {
  const rib = newRib();
  const broken = [0xc0, 8, 3, 1, 2, 3];
  const withdrawn = [8, 10];
  // RFC 7606 §5.2: nothing shows that all prefixes were found.
  t.equal(verdict(rib, update({ withdrawn, attributes: [...MANDATORY, ...broken] })), 0x0301, "no reachable prefix");
  t.equal(verdict(rib, update({ attributes: [0x40, 1, 9, 0] })), 0x0301, "cut short, no reachable prefix");
  t.equal(verdict(rib, update({ withdrawn, attributes: MANDATORY })), null, "well-formed attributes for nothing");
  t.equal(verdict(rib, update({ withdrawn, attributes: [0xc0, 7, 1, 0] })), null, "an attribute that is only dropped");
  t.equal(verdict(rib, update({ attributes: [0xc0, 15, 3, 0, 2, 1] })), null, "MP_UNREACH alone, wrong flags");
  t.equal(verdict(rib, update({ attributes: [0x80, 15, 3, 0, 2, 1] })), null, "End-of-RIB");

  const as4 = [0xc0, 17, 6, 2, 1, 0, 1, 0, 0];
  const as4Aggregator = [0xc0, 18, 8, 0, 1, 0, 0, 1, 1, 1, 1];
  const nlri = [8, 10];
  t.equal(verdict(rib, update({ attributes: [...MANDATORY, ...as4, ...as4Aggregator], nlri })), null);
  t.same(
    codes(module.tables.lookup(rib, FAMILY.ipv4, TEN, 8)),
    [1, 2, 3],
    "RFC 6793 §4.1: no AS4 attributes between new ones",
  );

  t.equal(verdict(rib, update({ attributes: MANDATORY, nlri: [0, 9, 10, 0xff] })), null, "/0, and host bits");
  t.ok(module.tables.lookup(rib, FAMILY.ipv4, new Uint8Array(4), 0), "/0 is there");
  t.ok(module.tables.lookup(rib, FAMILY.ipv4, Uint8Array.of(10, 0x80), 9), "host bits are cleared");
  t.equal(verdict(rib, update({ withdrawn: [32, 1, 2, 3, 4] })), null, "a withdrawal of what is not there");
  const hop = [...[0x20, 1, 0xd, 0xb8], ...new Array(12).fill(0), ...[0xfe, 0x80], ...new Array(14).fill(0)];
  const reach = [0x80, 14, 5 + 32 + 2, 0, 2, 1, 32, ...hop, 0, 8, 0x20];
  t.equal(verdict(rib, update({ attributes: [...reach, ...MANDATORY.slice(0, 13)] })), null, "a link-local next hop");
  t.equal(module.tables.count(rib, FAMILY.ipv6), 1);
  module.tables.freeRib(rib);
});

t.test("memory comes back: replaced routes, flaps, discarded batches", async (t) => {
  const rib = newRib();
  const prefixes = (count: number) =>
    Buffer.concat(Array.from({ length: count }, (_, i) => Uint8Array.of(24, 10, i >> 8, i & 255)));
  const nlri = prefixes(2000);
  const held: number[] = [];
  for (let round = 0; round < 60; round++) {
    for (const half of [0, 1]) {
      const attr = { 1: 0, 2: [[2, [65002, round + 1, half + 1]]], 3: "192.0.2.1", 4: round * 2 + half };
      const bytes = encodeAnnounce(FAMILY.ipv4, encodeAttributes(attr, true), null, nlri);
      module.check(rib, bytes, false);
      t.equal(verdict(rib, bytes), null);
      const hop = Buffer.alloc(16, 0x20);
      module.check(rib, encodeAnnounce(FAMILY.ipv6, encodeAttributes(attr, true), hop, nlri), true);
      // The UPDATE's set is made before its prefixes turn out to be unreadable.
      t.equal(verdict(rib, update({ attributes: MANDATORY, nlri: [8, 10, 33, 1, 2, 3, 4, 5] })), 0x030a);
    }
    if (round % 3 === 0) module.tables.clearRib(rib);
    if (round % 3 === 1) module.check(rib, encodeWithdraw(FAMILY.ipv4, prefixes(2000)), true);
    if (round % 3 === 2) held.push(module.memory().heldBytes);
  }
  t.equal(new Set(held).size, 1, `as much after each three rounds: ${held}`);
  t.equal(module.tables.count(rib, FAMILY.ipv4), 2000);
  module.tables.clearRib(rib);
  t.equal(module.memory().sets, 0);
  module.tables.freeRib(rib);
});

t.test("many prefixes with long attributes", async (t) => {
  const attributes = Buffer.concat([encodeAttributes({ 1: 0, 2: [], 3: "192.0.2.1" }, true), filler(3900)]);
  const nlri = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => Uint8Array.of(24, 10, i >> 8, i & 255)));
  const rib = newRib();
  const messages = encodeAnnounce(FAMILY.ipv4, attributes, null, nlri);
  for (let at = 0; at < messages.length; at += messages.readUInt16BE(at + 16)) {
    const one = messages.subarray(at, at + messages.readUInt16BE(at + 16));
    if (one.length > 4096 || verdict(rib, one) !== null) t.fail(`a message of ${one.length} bytes`);
  }
  t.equal(module.tables.count(rib, FAMILY.ipv4), 20_000);
  module.tables.freeRib(rib);
});

/** An attribute that nobody knows, `bytes` long in all. */
function filler(bytes: number): Buffer {
  return encodeAttribute(0xc0, 99, Buffer.alloc(bytes - 4, 7));
}

t.test("what was announced is sent again on a session of another kind", async (t) => {
  const rib = newRib({ ibgp: true });
  // Each may stand in Adj-RIB-Out: traffic-rate is no number; a color with flags; a byte that nobody may lose.
  const odd = [0xc0, 16, 24, 0x80, 6, 0, 1, 0x7f, 0xc0, 0, 0, 3, 0xb, 0x40, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9];
  const flagged = [0xe0, 99, 1, 5];
  t.equal(verdict(rib, update({ attributes: [...MANDATORY, ...odd, ...flagged], nlri: [8, 10] })), null);
  // Fits with four-octet numbers only: AS4_PATH makes it longer.
  const far = encodeAttributes({ 1: 0, 2: [[2, new Array(200).fill(70_000)]], 3: "192.0.2.1" }, true);
  const room = 4096 - 23 - far.length - 2;
  t.equal(verdict(rib, update({ attributes: [...far, ...filler(room)], nlri: [8, 11] })), null);
  // Three bytes of head become four.
  const reach = [0x80, 14, 5 + 4 + 2, 0, 1, 1, 4, 192, 0, 2, 1, 0, 8, 12];
  const rest = 4096 - 23 - reach.length - 13;
  t.equal(verdict(rib, update({ attributes: [...reach, ...MANDATORY.slice(0, 13), ...filler(rest)] })), null);
  t.equal(module.tables.count(rib, FAMILY.ipv4), 3);

  const sent: Uint8Array[] = [];
  const out = module.tables.createRib();
  const x = module.exports.create(rib, out);
  const session = { ibgp: true, client: false, addPath: [], messageBytesMax: 4096, policyPerRoute: false };
  const nobody = { source: 0 as SourceSlot, neighbor: 0 as NeighborHandle, policy: null };
  module.exports.configure(x, { ...session, ...nobody, fourOctetAs: false, families: [FAMILY.ipv4] });
  module.exports.startWalk(x, FAMILY.ipv4, true);
  while (module.exports.isWalking(x, FAMILY.ipv4)) {
    module.exports.walk(x, FAMILY.ipv4, 100, false, ({ bytes }) => sent.push(bytes));
  }
  t.equal(module.exports.unsent(x), 1, "one prefix does not fit, and is told");
  module.exports.free(x);
  module.tables.freeRib(out);
  const peer = newRib({ fourOctetAs: false });
  t.equal(verdict(peer, Buffer.concat(sent)), null);
  const got = module.tables.lookup(peer, FAMILY.ipv4, TEN, 8);
  const values = new Map(
    [...walkAttributes(got ?? Buffer.alloc(0))].map(({ code, flags, value }) => [code, { flags, value }]),
  );
  t.same([...(values.get(16)?.value ?? [])], odd.slice(3), "communities byte for byte");
  t.equal(values.get(99)?.flags, 0xe0, "the flags of what nobody knows");
  t.equal(module.tables.count(peer, FAMILY.ipv4), 2);
  module.tables.freeRib(rib);
  module.tables.freeRib(peer);
});

t.test("AS4_PATH", async (t) => {
  const json = {
    1: 0,
    2: [
      [3, [65010]],
      [2, ["70000", 65001]],
    ],
    3: "192.0.2.1",
  };
  const found = [...walkAttributes(encodeAttributes(json, false))].find(({ code }) => code === 17);
  t.equal(found?.value.toString("hex"), "02020001117000" + "00fde9", "no confederation segments (RFC 6793 §3)");
});
