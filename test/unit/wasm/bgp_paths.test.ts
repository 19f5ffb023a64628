// ADD-PATH (RFC 7911) in the shared tables: paths of one prefix side by side, and their bound.

import t from "tap";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY } from "../../../src/wasm/bgp_numbers.js";
import type { NeighborHandle } from "../../../src/wasm/bgp_policy.js";
import type { SourceSlot } from "../../../src/wasm/bgp_types.js";
import { MANDATORY, update } from "../../helpers/bgp_raw.js";

const PATHS = 100;
const BOUND = 64;

/** 10.0.0.0/8 with path ids from 1 on. */
const nlri = (paths: number) => Array.from({ length: paths }, (_, i) => [0, 0, 0, i + 1, 8, 10]).flat();

t.test("a source has so many paths of a prefix, and no more", async (t) => {
  const module = new BgpModule();
  const { tables } = module;
  const rib = tables.createRib();
  const source = tables.attach(rib, { ibgp: false, client: false, routerId: 1, address: Uint8Array.of(10, 0, 0, 2) });
  tables.startSession(rib, { fourOctetAs: true, ibgp: false, families: [FAMILY.ipv4], addPath: [FAMILY.ipv4] });
  t.equal(module.check(rib, update({ attributes: MANDATORY, nlri: nlri(PATHS) }), true), null);
  t.equal(tables.count(rib, FAMILY.ipv4), BOUND);
  t.equal(tables.counters(rib).pathsRefused, PATHS - BOUND);
  const found = tables.find(rib, FAMILY.ipv4, Uint8Array.of(10, 0, 0, 0), 8).map(({ pathId }) => pathId);
  t.same(
    found.sort((a, b) => a - b),
    Array.from({ length: BOUND }, (_, i) => i + 1),
  );
  module.check(rib, update({ withdrawn: nlri(1) }), true);
  module.check(rib, update({ attributes: MANDATORY, nlri: nlri(PATHS) }), true);
  t.equal(tables.count(rib, FAMILY.ipv4), BOUND, "one that has gone makes room for another");
  module.check(rib, update({ withdrawn: nlri(PATHS) }), true);
  t.equal(tables.count(rib, FAMILY.ipv4), 0);
  const gone = tables.detach(rib);
  t.equal(gone, source);
  if (gone) tables.freeSource(gone);
  tables.freeRib(rib);
  t.equal(module.memory().sets, 0);
});

/** Two sources with ADD-PATH, and all that a peer with ADD-PATH gets of them. */
function relay() {
  const module = new BgpModule();
  const { tables, exports, policies } = module;
  const session = { fourOctetAs: true, ibgp: false, families: [FAMILY.ipv4], addPath: [FAMILY.ipv4] };
  const join = (last: number) => {
    const rib = tables.createRib();
    const address = Uint8Array.of(10, 0, 0, last);
    const source = tables.attach(rib, { ibgp: false, client: false, routerId: last, address }) as SourceSlot;
    tables.startSession(rib, session);
    return { rib, source };
  };
  const sources = [join(2), join(3)];
  const peer = join(4);
  const neighbor: NeighborHandle = policies.createNeighbor({
    localAs: 65_001,
    remoteAs: 65_004,
    ibgp: false,
    routerId: Uint8Array.of(10, 0, 0, 1),
    local: [Uint8Array.of(10, 0, 0, 1)],
  });
  const out = tables.createRib();
  tables.startSession(out, { ...session, ibgp: true });
  const x = exports.create(tables.createRib(), out);
  exports.configure(x, {
    ibgp: false,
    client: false,
    fourOctetAs: true,
    families: [FAMILY.ipv4],
    addPath: [FAMILY.ipv4],
    messageBytesMax: 4096,
    source: peer.source,
    neighbor,
    policy: null,
    policyPerRoute: false,
  });
  /** 10.0.0.0/8 with a path id; `announce` false: it is withdrawn. */
  const say = (source: number, path: number, announce = true) => {
    const id = [path >>> 24, (path >>> 16) & 255, (path >>> 8) & 255, path & 255];
    const prefix = [...id, 8, 10];
    // The community says whose path it is: attributes differ, and go through as they are.
    const community = [0xc0, 8, 8, 0, source, 0, 0, ...id];
    const parts = announce ? { attributes: [...MANDATORY, ...community], nlri: prefix } : { withdrawn: prefix };
    module.check(sources[source]?.rib as never, update(parts), true, () => exports.batch(x, () => undefined));
  };
  /** What the peer has: source and path id of each path by the path id that it was sent with. */
  const has = () =>
    tables.find(out, FAMILY.ipv4, Uint8Array.of(10, 0, 0, 0), 8).map(({ pathId, set }) => {
      const attributes = tables.attributes(set);
      return [attributes.subarray(-8).toString("hex"), pathId] as const;
    });
  return { module, say, has };
}

/** What was the same when path ids were hashes of 31 bits: of one source, and of two. */
const ALIKE: readonly (readonly [number, number])[] = [
  [0, 7],
  [0, 0x80000007],
  [0, 0x12345678],
  [1, alike(0x12345678)],
];

/** The path of source 2 whose hash is that of a path of source 1. */
function alike(path: number): number {
  const [a, b] = [0x9e3779b1, 0x85ebca6b];
  let inverse = 1;
  for (let i = 0; i < 6; i++) inverse = Math.imul(inverse, 2 - Math.imul(b, inverse));
  return Math.imul(Math.imul(path, b) ^ Math.imul(1, a) ^ Math.imul(2, a), inverse) >>> 0;
}

t.test("path ids of one prefix are never alike, and stay while the path does", async (t) => {
  const { module, say, has } = relay();
  const held: number[] = [];
  for (let round = 0; round < 2; round++) {
    const paths = [...ALIKE];
    for (let i = 0; i < 40; i++) paths.push([i & 1, i * 0x01234567], [i & 1, (1 << 19) - 10 + i]);
    for (const [source, path] of paths) say(source, path >>> 0);
    const all = has();
    t.equal(all.length, paths.length);
    t.equal(new Set(all.map(([, id]) => id)).size, paths.length, "no two alike");
    t.ok(all.every(([, id]) => id !== 0));
    const before = new Map(all);
    for (const [i, [source, path]] of paths.entries()) if (i % 3 === 0) say(source, path >>> 0, false);
    for (const [i, [source]] of paths.entries()) if (i % 3 === 0) say(source, 0xf0000000 + i);
    const after = has();
    t.equal(new Set(after.map(([, id]) => id)).size, after.length);
    const kept = after.filter(([key]) => before.has(key));
    t.same(
      kept.map(([key]) => before.get(key)),
      kept.map(([, id]) => id),
      "those that have stayed have kept theirs",
    );
    t.equal(kept.length, Math.floor((paths.length * 2) / 3));
    for (const [i, [source, path]] of paths.entries()) {
      say(source, i % 3 === 0 ? 0xf0000000 + i : path >>> 0, false);
    }
    t.same(has(), []);
    held.push(module.memory().heldBytes);
  }
  t.equal(module.memory().sets, 0);
  t.equal(held[0], held[1], "the numbers of large ones go with them");
});
