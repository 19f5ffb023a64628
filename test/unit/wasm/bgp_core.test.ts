// Tables, decision, sources and exports of bgp.wasm against a model that is worked out the slow way: whatever peers do,
// what each has been sent is what it must have, and nothing is held once all are gone.

import fc from "fast-check";
import t from "tap";
import { MANY_NETS } from "../../helpers/bgp_core_model.js";
import { type Operation, World } from "../../helpers/bgp_core_world.js";

const byte = fc.nat(255);
const operation: fc.Arbitrary<Operation> = fc.tuple(byte, byte, byte, byte, byte);

async function play(operations: readonly Operation[], every: number, world = new World()): Promise<string[]> {
  const faults: string[] = [];
  for (const [i, operation] of operations.entries()) {
    await world.step(operation);
    if (i % every !== every - 1) continue;
    await world.settle();
    faults.push(...world.faults());
    if (faults.length > 0) break;
  }
  await world.settle();
  if (faults.length === 0) faults.push(...world.faults());
  await world.dispose();
  return faults;
}

t.test("peers get what the model says", { timeout: 240_000 }, async (t) => {
  // Tables that stay are made before memory is counted.
  await play(
    Array.from({ length: 24 }, (_, i): Operation => [0, 0, i, 0, 0]),
    100,
  );
  const before = World.memory();
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 20, maxLength: 150 }),
      fc.integer({ min: 3, max: 40 }),
      async (operations, every) => {
        const faults = await play(operations, every);
        if (faults.length > 0) throw new Error(faults.slice(0, 6).join("\n"));
        const after = World.memory();
        if (after.sets !== 0 || after.heldBytes !== before.heldBytes) {
          throw new Error(`held: ${JSON.stringify(before)} before, ${JSON.stringify(after)} after`);
        }
      },
    ),
    { numRuns: Number(process.env["CORE_RUNS"] ?? 60) },
  );
  t.same(World.memory(), before, "all memory is back");
});

t.test("tables grow and shrink while walks are under way", { timeout: 240_000 }, async (t) => {
  const kind = fc.constantFrom(0, 0, 0, 0, 3, 4, 5, 6, 7, 7, 8, 9, 12, 13, 13);
  const wide: fc.Arbitrary<Operation> = fc.tuple(kind, byte, byte, byte, byte);
  const large = () => new World(MANY_NETS, 700);
  await play([[0, 0, 0, 0, 0]], 100, large());
  const before = World.memory().sets;
  await fc.assert(
    fc.asyncProperty(fc.array(wide, { minLength: 15, maxLength: 60 }), async (operations) => {
      const faults = await play(operations, 15, large());
      if (faults.length > 0) throw new Error(faults.slice(0, 6).join("\n"));
      if (World.memory().sets !== before) throw new Error("attribute sets are held");
    }),
    { numRuns: Number(process.env["CORE_RUNS"] ?? 6), endOnFailure: true },
  );
  t.equal(World.memory().sets, 0, "all sets are back");
});
