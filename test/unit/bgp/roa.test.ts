import t from "tap";
import { formatPrefix, parsePrefix } from "../../../src/base/ip.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { ORIGIN_NONE, ROA_STOP, type RoaTable } from "../../../src/wasm/bgp_roa.js";
import { cacheReset, vrp, vrps } from "../../helpers/rtr.js";

const LIMIT = 1_000_000;

/** All of a cache's data, put in place. */
function load(table: RoaTable, cache: number, data: Buffer, caches = 1 << cache): void {
  table.begin(cache, false);
  table.feed(null, data);
  if (table.next(cache, 1, true, LIMIT) !== ROA_STOP.more) throw new Error("not taken");
  table.commit(cache, caches);
}

function stateOf(table: RoaTable, prefix: string, asn: number): string {
  const { bytes, length } = parsePrefix(prefix) ?? { bytes: new Uint8Array(4), length: 0 };
  return table.state(bytes, length, asn);
}

t.test("the states of RFC 6811", async (t) => {
  const table = new BgpModule().roaTable();
  t.equal(stateOf(table, "192.0.2.0/24", 64496), "not-found", "an empty table");
  load(table, 0, vrps("192.0.2.0/24-26 64496", "198.51.100.0/24 0", "0.0.0.0/0 7", "2001:db8::/32-48 64496"));
  t.equal(stateOf(table, "192.0.2.0/24", 64496), "valid");
  t.equal(stateOf(table, "192.0.2.64/26", 64496), "valid");
  t.equal(stateOf(table, "192.0.2.0/27", 64496), "invalid", "too long");
  t.equal(stateOf(table, "192.0.2.0/24", 64497), "invalid", "another AS");
  t.equal(stateOf(table, "192.0.2.0/24", ORIGIN_NONE), "invalid", "an AS_SET at the end");
  t.equal(stateOf(table, "198.51.100.0/24", 0), "invalid", "AS 0 is never valid");
  t.equal(stateOf(table, "0.0.0.0/0", 7), "valid");
  t.equal(stateOf(table, "10.0.0.0/8", 7), "invalid", "only the default itself is that AS's");
  t.equal(stateOf(table, "2001:db8:1::/48", 64496), "valid");
  t.equal(stateOf(table, "2001:db8:1::/49", 64496), "invalid");
  t.equal(stateOf(table, "2001:db9::/32", 64496), "not-found");
  load(table, 0, vrps(`203.0.113.0/24 ${ORIGIN_NONE}`));
  t.equal(stateOf(table, "203.0.113.0/24", ORIGIN_NONE), "invalid", "no VRP matches a route without origin");
  t.equal(stateOf(table, "192.0.2.0/24", 64496), "not-found", "replaced");
});

t.test("new data counts when it is whole", async (t) => {
  const table = new BgpModule().roaTable();
  load(table, 0, vrps("192.0.2.0/24 1", "198.51.100.0/24 1"));
  table.begin(0, false);
  table.feed(null, vrps("192.0.2.0/24 2", "198.51.100.0/24 1"));
  table.next(0, 1, true, LIMIT);
  t.equal(stateOf(table, "192.0.2.0/24", 1), "valid");
  t.equal(stateOf(table, "192.0.2.0/24", 2), "invalid");
  t.same(table.commit(0, 1), { ipv4: 2, ipv6: 0 }, "one came, one went, one stays");
  t.equal(stateOf(table, "192.0.2.0/24", 2), "valid");
  t.equal(stateOf(table, "192.0.2.0/24", 1), "invalid");
  table.begin(0, true);
  table.feed(null, Buffer.concat([vrp("192.0.2.0/24 2", false), vrp("10.0.0.0/8 5")]));
  table.next(0, 1, true, LIMIT);
  t.same(table.drop(0, false, 1), { ipv4: 0, ipv6: 0 });
  t.equal(stateOf(table, "192.0.2.0/24", 2), "valid", "changes that did not come whole are forgotten");
  t.same(table.counts(0), { ipv4: 2, ipv6: 0 });
  t.same(table.drop(0, true, 0), { ipv4: 2, ipv6: 0 });
  t.equal(stateOf(table, "192.0.2.0/24", 2), "not-found");
});

t.test("a VRP of several caches is one, until the last of them loses it", async (t) => {
  const table = new BgpModule().roaTable();
  load(table, 0, vrps("192.0.2.0/24 1"));
  load(table, 1, vrps("192.0.2.0/24 1", "2001:db8::/32 1"), 0b11);
  t.same(table.totals(), { ipv4: 1, ipv6: 1 });
  const [bytes, length] = [Uint8Array.of(192, 0, 2, 128), 25];
  t.same(table.covering(bytes, length), [{ asn: 1, bits: 24, maxBits: 24, caches: [0, 1] }]);
  t.same(table.drop(0, true, 0b10), { ipv4: 0, ipv6: 0 });
  t.equal(stateOf(table, "192.0.2.0/24", 1), "valid");
  t.same(table.drop(1, false, 0), { ipv4: 1, ipv6: 1 }, "kept, but it does not count");
  t.equal(stateOf(table, "192.0.2.0/24", 1), "not-found");
  t.same(table.counts(1), { ipv4: 1, ipv6: 1 });
});

t.test("where the walk over PDUs stops", async (t) => {
  const table = new BgpModule().roaTable();
  const run = (bytes: Buffer, limit = LIMIT, version = 1) => {
    table.drop(0, true, 0);
    table.feed(null, bytes);
    const stop = table.next(0, version, true, limit);
    return [stop, table.pdu().length];
  };
  const good = vrp("192.0.2.0/24 1");
  const broken = (at: number, value: number) =>
    Buffer.concat([good, Buffer.from(vrp("10.0.0.0/8 1")).fill(value, at, at + 1)]);
  t.same(run(Buffer.concat([good, cacheReset(), good])), [ROA_STOP.pdu, 8]);
  t.same(run(Buffer.concat([good, good.subarray(0, 9)])), [ROA_STOP.more, 9]);
  t.same(run(Buffer.concat([good, good.subarray(0, 7)])), [ROA_STOP.more, 7]);
  t.same(run(broken(7, 24)), [ROA_STOP.more, 20], "a length of 24, of which 20 are there");
  t.same(run(Buffer.concat([broken(7, 24), good])), [ROA_STOP.corrupt, 24]);
  t.same(run(broken(7, 7)), [ROA_STOP.corrupt, 8]);
  t.same(run(broken(4, 255)), [ROA_STOP.corrupt, 20], "4 GiB: found at once");
  t.same(run(broken(9, 33)), [ROA_STOP.corrupt, 20], "longer than its maximum");
  t.same(run(broken(10, 33)), [ROA_STOP.corrupt, 20], "a maximum that is none");
  t.same(run(broken(8, 0)), [ROA_STOP.unknown, 20]);
  t.same(run(Buffer.concat([good, good])), [ROA_STOP.duplicate, 20]);
  t.same(run(Buffer.concat([good, vrp("10.0.0.0/8 1")]), 1), [ROA_STOP.full, 20]);
  t.same(run(good, LIMIT, 0), [ROA_STOP.pdu, 20], "of another version");
  const key = Buffer.alloc(123);
  key.set([1, 9, 1, 0, 0, 0, 0, 123]);
  t.same(run(Buffer.concat([key, good])), [ROA_STOP.more, 0], "router keys are passed over");
});

/** A list of VRPs and nothing else: what the table must agree with. */
class Model {
  readonly data = new Map<number, Set<string>>();

  state(prefix: string, asn: number, caches: number): string {
    const route = parsePrefix(prefix) as { bytes: Uint8Array; length: number };
    let covered = false;
    for (const [cache, texts] of this.data) {
      if (((caches >> cache) & 1) === 0) continue;
      for (const text of texts) {
        const [, net, most, as] = /^(\S+)-(\d+) (\d+)$/.exec(text) as RegExpExecArray;
        const own = parsePrefix(net as string) as { bytes: Uint8Array; length: number };
        if (own.bytes.length !== route.bytes.length || own.length > route.length) continue;
        if (formatPrefix(own) !== formatPrefix(parsePrefix(`${prefix.split("/")[0]}/${own.length}`) as typeof own))
          continue;
        covered = true;
        if (Number(as) === asn && asn !== 0 && route.length <= Number(most)) return "valid";
      }
    }
    return covered ? "invalid" : "not-found";
  }
}

t.test("agrees with a list of VRPs", async (t) => {
  let seed = 12_345;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * below);
  };
  const prefix = () => {
    // Few bits differ, so that prefixes cover one another often.
    const six = random(3) === 0;
    const bits = six
      ? [0, 16, 31, 32, 48, 63, 64, 65, 96, 127, 128][random(11)]
      : [0, 7, 8, 9, 16, 23, 24, 25, 31, 32][random(10)];
    const text = six
      ? `2001:db${random(2)}:${random(2)}::${random(2)}:0:${random(2)}/${bits}`
      : `${10 + random(2)}.${random(2)}.${random(2) * 128}.${random(4)}/${bits}`;
    return formatPrefix(parsePrefix(text) as { bytes: Uint8Array; length: number });
  };
  const module = new BgpModule();
  const table = module.roaTable();
  const before = module.memory().heldBytes;
  const model = new Model();
  /** New data that is not whole yet: changes of several caches are on their way at once. */
  const open = new Map<number, { coming: Set<string> }>();
  let caches = 0;
  let checked = 0;
  const seen = { valid: 0, invalid: 0, "not-found": 0 } as Record<string, number>;
  for (let round = 0; round < 300; round++) {
    const cache = random(3);
    if (!open.has(cache) || random(10) === 0) {
      const delta = random(3) > 0;
      open.set(cache, { coming: new Set(delta ? model.data.get(cache) : []) });
      table.begin(cache, delta);
    }
    const { coming } = open.get(cache) as { coming: Set<string> };
    const pdus: Buffer[] = [];
    const withdrawn: string[] = [];
    for (let i = random(120); i > 0; i--) {
      const known = [...coming];
      if (known.length > 0 && random(3) === 0) {
        const text = known[random(known.length)] as string;
        coming.delete(text);
        withdrawn.push(text);
        pdus.push(vrp(text, false));
        continue;
      }
      const net = prefix();
      const length = Number(net.split("/")[1]);
      const most = length + random((net.includes(":") ? 128 : 32) - length + 1);
      const back = withdrawn.length > 0 && random(4) === 0;
      const text = back ? (withdrawn[random(withdrawn.length)] as string) : `${net}-${most} ${random(4)}`;
      if (!coming.has(text)) pdus.push(vrp(text));
      coming.add(text);
    }
    table.feed(null, Buffer.concat(pdus));
    const stop = table.next(cache, 1, true, LIMIT);
    if (stop !== ROA_STOP.more) t.fail(`round ${round}: not taken: ${stop}`);
    const kind = random(6);
    if (kind > 2) caches = random(8);
    if (kind === 3) table.drop(cache, false, caches);
    else if (kind === 4) table.drop(cache, true, caches);
    else if (kind === 5) table.commit(cache, caches);
    if (kind === 4) model.data.delete(cache);
    else if (kind === 5) model.data.set(cache, coming);
    if (kind > 2) open.delete(cache);
    for (const [id, { coming }] of open) {
      const has = table.counts(id);
      const should = model.data.get(id)?.size ?? 0;
      if (has.ipv4 + has.ipv6 !== should) t.fail(`round ${round}: cache ${id} has ${should} beside ${coming.size}`);
    }
    const distinct = new Set([...model.data].filter(([id]) => (caches >> id) & 1).flatMap(([, texts]) => [...texts]));
    const { ipv4, ipv6 } = table.totals();
    if (ipv4 + ipv6 !== distinct.size) t.fail(`round ${round}: ${ipv4 + ipv6} VRPs, not ${distinct.size}`);
    for (let i = 0; i < 40; i++) {
      const net = prefix();
      const asn = random(5) === 0 ? ORIGIN_NONE : random(4);
      const expected = model.state(net, asn, caches);
      seen[expected] = (seen[expected] ?? 0) + 1;
      checked++;
      if (stateOf(table, net, asn) !== expected) t.fail(`round ${round}: ${net} ${asn} is not ${expected}`);
    }
  }
  t.equal(checked, 12_000);
  for (const cache of [0, 1, 2]) table.drop(cache, true, 0);
  const left = Math.log2(module.memory().heldBytes - before);
  t.ok(Number.isInteger(left), "nothing is left but the index, whose size is a power of two");
  t.ok(
    Object.values(seen).every((count) => count > 500),
    `each state is met often: ${JSON.stringify(seen)}`,
  );
});

t.test("nothing is left in memory", async (t) => {
  const module = new BgpModule();
  const table = module.roaTable();
  const data = Buffer.concat(Array.from({ length: 4_000 }, (_, i) => vrp(`10.${i >> 8}.${i & 255}.0/24 ${i + 1}`)));
  load(table, 0, data);
  const full = module.memory().heldBytes;
  table.drop(0, true, 0);
  const empty = module.memory().heldBytes;
  t.equal(full - empty, 4_000 * 32, "32 bytes for an IPv4 VRP beside the index");
  load(table, 0, data);
  t.equal(module.memory().heldBytes, full);
});

t.test("the origin of a route", async (t) => {
  const table = new BgpModule().roaTable();
  const u32 = (n: number) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
  const path = (...segments: [number, ...number[]][]) => {
    const value = segments.flatMap(([type, ...as]) => [type, as.length, ...as.flatMap(u32)]);
    return Uint8Array.from([0x40, 1, 1, 0, 0x40, 2, value.length, ...value, 0x40, 3, 4, 1, 2, 3, 4]);
  };
  const of = (bytes: Uint8Array) => table.originOf(bytes, 65_000);
  t.equal(of(path([2, 1, 2, 4_200_000_000])), 4_200_000_000);
  t.equal(of(path([1, 9], [2, 1, 2])), 2);
  t.equal(of(path([2, 1], [2, 3])), 3);
  t.equal(of(path([2, 1, 2], [1, 3])), ORIGIN_NONE, "AS_SET");
  t.equal(of(path([2, 1, 2], [1, 3, 4])), ORIGIN_NONE);
  t.equal(of(path()), 65_000, "empty");
  t.equal(of(path([3, 65_001])), 65_000, "inside the confederation");
  t.equal(of(path([2, 7], [4, 65_001])), 65_000);
  t.equal(of(Uint8Array.of(0x40, 1, 1, 0)), 65_000, "no AS_PATH");
  t.equal(of(path([9, 1])), ORIGIN_NONE, "a segment type that is none");
  t.equal(of(Uint8Array.of(0x40, 2, 6, 2, 2, 0, 0, 0, 1)), ORIGIN_NONE, "cut off");
  const long = path([2, ...Array.from({ length: 100 }, (_, i) => i + 1)]);
  const wide = Uint8Array.from([0x50, 2, 0x01, 0x92, 2, 100, ...long.subarray(9, 9 + 400)]);
  t.equal(of(wide), 100, "with an extended length");
});
