// A short run of every fuzz target, over its seeds, its kept inputs and some mutations that are the same each time.

import t from "tap";
import { fuzz } from "../fuzz/fuzz.js";
import { mutate, Random } from "../fuzz/mutate.js";
import { loadTargets } from "../fuzz/registry.js";

t.test("mutations are the same for the same seed, and bounded", async (t) => {
  const input = Buffer.from("0123456789abcdef");
  const series = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 200 }, () => Buffer.from(mutate(input, random, input)).toString("hex"));
  };
  t.same(series(7), series(7));
  t.notSame(series(7), series(8));
  t.ok(new Set(series(7)).size > 150);
  const empty = new Random(3);
  for (let i = 0; i < 500; i++) mutate(new Uint8Array(0), empty, new Uint8Array(0));
  t.pass("an empty input can be mutated");
});

for (const target of await loadTargets()) {
  t.test(target.name, async (t) => {
    const { runs, failure } = await fuzz(target.name, 20_261_122, 2_000, 5_000);
    t.equal(failure, null, failure?.reason ?? "nothing broke");
    t.ok(runs > target.seeds.length);
  });
}
