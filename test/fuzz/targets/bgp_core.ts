// Any order of what peers, operators and time do to the tables: peers get what they must, nothing is lost or held. And
// any bytes from several peers in all families: tables and counts stay in order, and go.

import { BgpModule } from "../../../src/wasm/bgp.js";
import { FAMILY_COUNT } from "../../../src/wasm/bgp_numbers.js";
import type { SourceSlot } from "../../../src/wasm/bgp_types.js";
import { CORE_FAMILIES, NETS, oneUpdate, setBytes } from "../../helpers/bgp_core_model.js";
import { VARIANTS } from "../../helpers/bgp_core_rows.js";
import { type Operation, World } from "../../helpers/bgp_core_world.js";
import { MANDATORY, update } from "../../helpers/bgp_raw.js";
import type { FuzzTarget } from "../registry.js";

const OPERATIONS_MAX = 120;
const families = Array.from({ length: FAMILY_COUNT }, (_, i) => i);
const module = new BgpModule();

async function playWorld(bytes: Uint8Array): Promise<void> {
  const world = new World();
  for (let at = 0; at + 5 <= bytes.length && at < OPERATIONS_MAX * 5; at += 5) {
    await world.step([...bytes.subarray(at, at + 5)] as unknown as Operation);
  }
  await world.settle();
  const faults = world.faults();
  await world.dispose();
  if (faults.length > 0) throw new Error(faults.slice(0, 4).join("\n"));
  if (World.memory().sets !== 0) throw new Error("attribute sets are held");
}

function checkCounts(ribs: readonly { source: SourceSlot }[]): void {
  for (const family of families) {
    const counted = ribs.reduce((sum, { source }) => sum + module.tables.sourceCount(source, family), 0);
    const { rows } = module.tables.scan(module.tables.shared, family, 0, 20_000, { all: true });
    if (rows.length < 12_000 && rows.length !== counted) throw new Error(`family ${family} has lost count`);
    for (const { wire } of rows) if (wire.length === 0) throw new Error(`family ${family} has an empty NLRI`);
  }
}

/** Every piece of the input goes to the next of three peers; then all their routes are taken away. */
function playBytes(mode: number, bytes: Uint8Array): void {
  const ribs = [0, 1, 2].map((i) => {
    const rib = module.tables.createRib();
    const addPath = (mode & (1 << i)) !== 0 ? families : [];
    module.tables.startSession(rib, { fourOctetAs: (mode & 8) === 0, ibgp: i === 2, families, addPath });
    const address = Uint8Array.of(10, 0, 0, i);
    const source = module.tables.attach(rib, { ibgp: i === 2, client: false, routerId: i, address });
    if (!source) throw new Error("there is no source left");
    return { rib, source };
  });
  let turn = 0;
  for (let at = 0; at < bytes.length; turn++) {
    // Cut where lengths of messages say so, as far as they do.
    const said = at + 18 < bytes.length ? ((bytes[at + 16] as number) << 8) | (bytes[at + 17] as number) : 19;
    const end = Math.min(at + Math.max(said, 19), bytes.length);
    const { rib } = ribs[turn % 3] as (typeof ribs)[number];
    module.check(rib, bytes.subarray(at, end), true);
    at = end;
  }
  checkCounts(ribs);
  for (const { rib, source } of ribs) {
    module.tables.detach(rib);
    for (const family of families) {
      const walker = module.exports.startCollecting(family);
      while (module.tables.sourceCount(source, family) > 0) {
        if (module.exports.hasCollected(walker, family)) throw new Error("routes of a source are not met");
        module.exports.collect(source, family, walker, 64, "all");
        module.tables.withSource(rib, source, () => module.applyBatch(rib));
        module.endBatch();
      }
      module.exports.endCollecting(walker);
    }
    module.tables.freeSource(source);
    module.tables.freeRib(rib);
  }
  if (module.memory().sets !== 0) throw new Error("an attribute set has leaked");
}

const everyFamily = Buffer.concat(
  CORE_FAMILIES.flatMap((family) => {
    const nets = NETS.filter((net) => net.family === family).slice(0, 2);
    const set = setBytes(family, VARIANTS[1] as (typeof VARIANTS)[number], false);
    return nets.flatMap((net) => [
      oneUpdate(family, set, net.wire(1), null),
      oneUpdate(family, null, net.wire(2), null),
    ]);
  }),
);

const target: FuzzTarget = {
  name: "bgp_core",
  seeds: [
    Uint8Array.from({ length: 300 }, (_, i) => (i * 37 + (i >> 3)) & 255).fill(1, 0, 1),
    Uint8Array.from({ length: 500 }, (_, i) => (i * 101 + (i >> 2) * 7) & 255).fill(1, 0, 1),
    Uint8Array.from([0, ...everyFamily]),
    Uint8Array.from([2, ...everyFamily, ...update({ attributes: MANDATORY, nlri: [0, 0, 0, 7, 24, 10, 1, 1] })]),
  ],
  async run(bytes) {
    const mode = bytes[0] ?? 0;
    if ((mode & 1) === 1) await playWorld(bytes.subarray(1));
    else playBytes(mode >> 1, bytes.subarray(1));
  },
};

export default target;
