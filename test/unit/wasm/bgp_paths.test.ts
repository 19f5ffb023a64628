// ADD-PATH (RFC 7911) in the shared tables: paths of one prefix side by side, and their bound.

import t from "tap";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY } from "../../../src/wasm/bgp_numbers.js";
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
