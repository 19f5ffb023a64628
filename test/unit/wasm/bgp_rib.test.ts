// The tables in Wasm memory against a Map, and the decoder against any cut of its input.

import fc from "fast-check";
import t from "tap";
import { makeStream } from "../../../bench/bgp_stream.js";
import { formatAddress, parsePrefix } from "../../../src/base/ip.js";
import { attributesJson, encodeAttributes } from "../../../src/bgp/attributes.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY, STOP } from "../../../src/wasm/bgp_numbers.js";
import type { RibSlot } from "../../../src/wasm/bgp_types.js";
import { encodeAnnounce, encodeWithdraw } from "../../helpers/bgp_encode.js";

const SESSION = { fourOctetAs: true, ibgp: false, families: [FAMILY.ipv4, FAMILY.ipv6] };
const module = new BgpModule();

function newRib(): RibSlot {
  const rib = module.tables.createRib();
  module.tables.startSession(rib, SESSION);
  return rib;
}

const attributes = (med: number) => encodeAttributes({ 1: 0, 2: [[2, [65002]]], 3: "192.0.2.1", 4: med }, true);
const HOP6 = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

function wire(prefix: string): Buffer {
  const parsed = parsePrefix(prefix);
  if (!parsed) throw new Error(prefix);
  return Buffer.concat([Uint8Array.of(parsed.length), parsed.bytes.subarray(0, (parsed.length + 7) >> 3)]);
}

const canonical = (prefix: string) => {
  const parsed = parsePrefix(prefix);
  return parsed ? `${formatAddress(parsed.bytes)}/${parsed.length}` : "";
};

// Few addresses and all lengths, so that prefixes meet, cover one another and are removed again.
const prefix4 = fc
  .tuple(fc.constantFrom("10.1.2.3", "10.1.255.255", "0.0.0.0", "192.0.2.77"), fc.nat(32))
  .map(([address, bits]) => canonical(`${address}/${bits}`));
const prefix6 = fc
  .tuple(fc.constantFrom("2001:db8::1", "2001:db8:ffff::", "::", "fe80::1"), fc.nat(128))
  .map(([address, bits]) => canonical(`${address}/${bits}`));
const change = fc.tuple(fc.oneof(prefix4, prefix6), fc.option(fc.nat(5)));

t.test("a RIB holds what a Map would", async (t) => {
  const before = module.memory();
  fc.assert(
    fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
      const rib = newRib();
      const model = new Map<string, number>();
      let moves = 0;
      for (const [prefix, med] of changes) {
        const six = prefix.includes(":");
        const family = six ? FAMILY.ipv6 : FAMILY.ipv4;
        if (med === null) {
          moves += model.delete(prefix) ? 1 : 0;
          module.check(rib, encodeWithdraw(family, wire(prefix)), true);
        } else {
          moves += model.get(prefix) === med ? 0 : 1;
          model.set(prefix, med);
          module.check(rib, encodeAnnounce(family, attributes(med), six ? HOP6 : null, wire(prefix)), true);
        }
      }
      const seen = new Map<string, number>();
      for (const family of [FAMILY.ipv4, FAMILY.ipv6]) {
        for (let cursor = 0; cursor >= 0; ) {
          const { rows, next } = module.tables.scan(rib, family, cursor, 7);
          for (const { set, wire } of rows) {
            const length = wire[0] as number;
            const prefix = Buffer.alloc(family === FAMILY.ipv6 ? 16 : 4);
            wire.copy(prefix, 0, 1);
            const med = attributesJson(module.tables.attributes(set))["4"] as number;
            seen.set(`${formatAddress(prefix)}/${length}`, med);
            const found = module.tables.lookup(rib, family, prefix, length);
            if (!found || attributesJson(found)["4"] !== med) return false;
          }
          cursor = next;
        }
      }
      const counted = module.tables.count(rib, FAMILY.ipv4) + module.tables.count(rib, FAMILY.ipv6);
      const moved = module.tables.changes(rib, FAMILY.ipv4) + module.tables.changes(rib, FAMILY.ipv6);
      module.tables.freeRib(rib);
      const same = [...model].every(([prefix, med]) => seen.get(prefix) === med);
      return same && seen.size === model.size && counted === model.size && moved === moves;
    }),
    { numRuns: 150 },
  );
  t.same(module.memory().sets, before.sets, "all sets are gone");
});

t.test("the longest match is the longest", async () => {
  fc.assert(
    fc.property(
      fc.array(prefix4, { maxLength: 40 }),
      fc.constantFrom("10.1.2.3", "10.1.254.1", "192.0.2.1"),
      (all, ip) => {
        const rib = newRib();
        for (const prefix of all)
          module.check(rib, encodeAnnounce(FAMILY.ipv4, attributes(1), null, wire(prefix)), true);
        const covering = all.filter((prefix) => canonical(`${ip}/${prefix.split("/")[1]}`) === prefix);
        const expected = Math.max(-1, ...covering.map((prefix) => Number(prefix.split("/")[1])));
        const key = parsePrefix(`${ip}/32`)?.bytes as Uint8Array;
        const found = module.tables.lookupLongest(rib, FAMILY.ipv4, key);
        module.tables.freeRib(rib);
        return (found?.length ?? -1) === expected;
      },
    ),
    { numRuns: 150 },
  );
});

t.test("a stream gives the same table however it is cut", async (t) => {
  const stream = makeStream(5_000, { sets: 500 });
  const rib = newRib();
  for (const size of [1, 7, 19, 100, 4_096, 65_536]) {
    let rest: Buffer | null = null;
    let updates = 0;
    for (let at = 0; at < stream.bytes.length; at += size) {
      module.begin(rest, stream.bytes.subarray(at, at + size));
      if (module.ingest(rib) !== STOP.needMore) t.fail("the stream is well-formed");
      updates += module.updates;
      rest = module.rest();
    }
    t.equal(rest, null);
    t.equal(updates, stream.updates);
    t.equal(module.tables.count(rib, FAMILY.ipv4), stream.prefixes, `in pieces of ${size}`);
    module.tables.clearRib(rib);
    t.equal(module.memory().sets, 0);
  }
});

t.test("a table that has grown gives its memory back", async (t) => {
  const stream = makeStream(100_000, { sets: 5_000 });
  const rib = newRib();
  const held: number[] = [];
  for (let round = 0; round < 3; round++) {
    t.equal(module.check(rib, stream.bytes.subarray(0, 0), true), null);
    for (let at = 0, rest: Buffer | null = null; at < stream.bytes.length; at += 65_536) {
      module.begin(rest, stream.bytes.subarray(at, at + 65_536));
      module.ingest(rib);
      rest = module.rest();
    }
    t.equal(module.tables.count(rib, FAMILY.ipv4), stream.prefixes);
    module.tables.clearRib(rib);
    held.push(module.memory().totalBytes);
  }
  t.equal(held[1], held[2], "no growth from round to round");
});

t.test("messages are cut at 4096 bytes and lose nothing", async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000 }), fc.boolean(), (count, six) => {
      const rib = newRib();
      const family = six ? FAMILY.ipv6 : FAMILY.ipv4;
      const name = (i: number) => (six ? `2001:db8:${i.toString(16)}::/48` : `10.${i >> 8}.${i & 255}.0/24`);
      const nlri = Buffer.concat(Array.from({ length: count }, (_, i) => wire(name(i))));
      const messages = encodeAnnounce(family, attributes(1), six ? HOP6 : null, nlri);
      let longest = 0;
      for (let at = 0; at < messages.length; at += messages.readUInt16BE(at + 16)) {
        longest = Math.max(longest, messages.readUInt16BE(at + 16));
      }
      const fine = module.check(rib, messages, true) === null && module.tables.count(rib, family) === count;
      module.check(rib, encodeWithdraw(family, nlri), true);
      const gone = module.tables.count(rib, family) === 0;
      module.tables.freeRib(rib);
      return fine && gone && longest <= 4_096;
    }),
    { numRuns: 40 },
  );
});
