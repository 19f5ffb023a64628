// How changes of many callers become few calls: what belongs to whom, and that nothing waits for a stuck switch.

import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { ChangeBatches, type ChangeCall } from "../../../src/openflow/change_batches.js";
import type { FlowResult } from "../../../src/openflow/controller.js";

const GOOD: FlowResult = { failures: [], missing: [] };
const one = (byte: number): Uint8Array => Uint8Array.from([byte]);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test("changes of one turn are one call for each switch and kind", async (t) => {
  const calls: ChangeCall[] = [];
  const batches = new ChangeBatches(async (call) => {
    calls.push(call);
    return GOOD;
  });
  await Promise.all([
    batches.add("a", one(1), 1, false),
    batches.add("b", one(2), 1, false),
    batches.add("a", Uint8Array.from([3, 4]), 2, false),
    batches.add("a", one(5), 1, true),
  ]);
  t.same(
    calls.map(({ dpid, records, count, existing }) => [dpid, [...records], count, existing]),
    [
      ["a", [1, 3, 4], 3, false],
      ["b", [2], 1, false],
      ["a", [5], 1, true],
    ],
  );
});

t.test("each caller is told of its own flows", async (t) => {
  const failures = [
    { index: 1, text: "x" },
    { index: 4, text: "y" },
  ];
  const batches = new ChangeBatches(async () => ({ failures, missing: [2] }));
  const results = await Promise.all([
    batches.add("a", one(1), 1, true),
    batches.add("a", one(2), 2, true),
    batches.add("a", one(3), 2, true),
  ]);
  t.same(results, [
    { failures: [], missing: [] },
    { failures: [{ index: 0, text: "x" }], missing: [1] },
    { failures: [{ index: 1, text: "y" }], missing: [] },
  ]);
});

t.test("while a call is under way the next ones gather; a stuck one holds nobody up", async (t) => {
  const release: ((result: FlowResult) => void)[] = [];
  const counts: number[] = [];
  const batches = new ChangeBatches(({ count }) => {
    counts.push(count);
    return new Promise((resolve) => release.push(resolve));
  });
  const first = batches.add("a", one(1), 1, false);
  await turn();
  const later = [batches.add("a", one(2), 1, false), batches.add("a", one(3), 1, false)];
  await turn();
  t.same(counts, [1], "they wait for the first");
  release[0]?.(GOOD);
  await first;
  await turn();
  await turn();
  t.same(counts, [1, 2], "and go together");
  const stuck = batches.add("a", one(4), 1, false);
  while (counts.length < 3) await turn();
  release[2]?.(GOOD);
  await stuck;
  t.pass("although the second call is not answered");
  release[1]?.(GOOD);
  await Promise.all(later);
});

t.test("errors and bounds", async (t) => {
  const batches = new ChangeBatches(() => Promise.reject(new Error("gone")));
  const both = [batches.add("a", one(1), 1, false), batches.add("a", one(2), 1, false)];
  for (const promise of both) await t.rejects(promise, { message: "gone" });
  await t.rejects(batches.add("a", one(1), LIMITS.openflowChanges + 1, false), { code: "OVERLOADED" });
  await t.rejects(batches.add("a", new Uint8Array(LIMITS.openflowSendBytes + 1), 1, false), { code: "OVERLOADED" });
  const long = batches.add("a", new Uint8Array(LIMITS.openflowSendBytes), 1, false);
  await t.rejects(batches.add("a", one(1), 1, false), { code: "OVERLOADED" });
  await t.rejects(long, { message: "gone" });
  const nearly = batches.add("a", one(1), LIMITS.openflowChanges, false);
  await t.rejects(batches.add("a", one(1), 1, false), { code: "OVERLOADED" });
  await t.rejects(nearly, { message: "gone" });
});
