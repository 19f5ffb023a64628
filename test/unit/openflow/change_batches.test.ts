// How changes of many callers become few calls: what belongs to whom, and that nothing waits for a stuck switch.

import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { ChangeBatches, type ChangeCall, type Taken } from "../../../src/openflow/change_batches.js";

const GOOD: Taken = { result: { failures: [], missing: [] }, kept: null };
const open = (): null => null;
const one = (byte: number): Uint8Array => Uint8Array.from([byte]);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test("changes of one turn are one call for each switch and kind", async (t) => {
  const calls: ChangeCall[] = [];
  const batches = new ChangeBatches(open, async (call) => {
    calls.push(call);
    return GOOD;
  });
  await Promise.all([
    batches.add("a", one(1), 1, false, false),
    batches.add("b", one(2), 1, false, false),
    batches.add("a", Uint8Array.from([3, 4]), 2, false, false),
    batches.add("a", one(5), 1, true, false),
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
  const batches = new ChangeBatches(open, async () => ({ result: { failures, missing: [2] }, kept: null }));
  const results = await Promise.all([
    batches.add("a", one(1), 1, true, false),
    batches.add("a", one(2), 2, true, false),
    batches.add("a", one(3), 2, true, false),
  ]);
  t.same(results, [
    { failures: [], missing: [] },
    { failures: [{ index: 0, text: "x" }], missing: [1] },
    { failures: [{ index: 1, text: "y" }], missing: [] },
  ]);
});

t.test("while a call is under way the next ones gather; a stuck one holds nobody up", async (t) => {
  const release: ((taken: Taken) => void)[] = [];
  const counts: number[] = [];
  const batches = new ChangeBatches(open, ({ count }) => {
    counts.push(count);
    return new Promise((resolve) => release.push(resolve));
  });
  const first = batches.add("a", one(1), 1, false, false);
  await turn();
  const later = [batches.add("a", one(2), 1, false, false), batches.add("a", one(3), 1, false, false)];
  await turn();
  t.same(counts, [1], "they wait for the first");
  release[0]?.(GOOD);
  await first;
  await turn();
  await turn();
  t.same(counts, [1, 2], "and go together");
  const stuck = batches.add("a", one(4), 1, false, false);
  while (counts.length < 3) await turn();
  release[2]?.(GOOD);
  await stuck;
  t.pass("although the second call is not answered");
  release[1]?.(GOOD);
  await Promise.all(later);
});

t.test("errors and bounds", async (t) => {
  const batches = new ChangeBatches(open, () => Promise.reject(new Error("gone")));
  const both = [batches.add("a", one(1), 1, false, false), batches.add("a", one(2), 1, false, false)];
  for (const promise of both) await t.rejects(promise, { message: "gone" });
  await t.rejects(batches.add("a", one(1), LIMITS.openflowChanges + 1, false, false), { code: "OVERLOADED" });
  await t.rejects(batches.add("a", new Uint8Array(LIMITS.openflowSendBytes + 1), 1, false, false), {
    code: "OVERLOADED",
  });
  const long = batches.add("a", new Uint8Array(LIMITS.openflowSendBytes), 1, false, false);
  await t.rejects(batches.add("a", one(1), 1, false, false), { code: "OVERLOADED" });
  await t.rejects(long, { message: "gone" });
  const nearly = batches.add("a", one(1), LIMITS.openflowChanges, false, false);
  await t.rejects(batches.add("a", one(1), 1, false, false), { code: "OVERLOADED" });
  await t.rejects(nearly, { message: "gone" });
});

t.test("callers are answered when what they changed is kept; the next call does not wait for that", async (t) => {
  const kept: { resolve(): void; reject(error: Error): void }[] = [];
  const counts: number[] = [];
  const batches = new ChangeBatches(open, async ({ count, keep }) => {
    counts.push(count);
    const { result } = GOOD;
    return { result, kept: keep ? new Promise((resolve, reject) => kept.push({ resolve, reject })) : null };
  });
  const answered: string[] = [];
  const note = (name: string) => () => answered.push(name);
  const first = batches.add("a", one(1), 1, false, true).then(note("first"));
  await turn();
  const second = batches.add("a", one(2), 1, false, true).catch(note("second has failed"));
  const apart = batches.add("a", one(3), 1, false, false).then(note("apart"));
  await apart;
  t.same(counts, [1, 1, 1], "what is kept and what is not go apart");
  t.same(answered, ["apart"]);
  kept[1]?.reject(new Error("no room"));
  await second;
  kept[0]?.resolve();
  await first;
  t.same(answered, ["apart", "second has failed", "first"]);
});

t.test("while a switch cannot be entered, changes gather within their bound", async (t) => {
  let enter = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const counts: number[] = [];
  const batches = new ChangeBatches(
    () => gate,
    async ({ count }) => {
      counts.push(count);
      return GOOD;
    },
  );
  const first = batches.add("a", one(1), 1, false, true);
  await turn();
  const second = batches.add("a", one(2), LIMITS.openflowChanges - 1, false, true);
  await turn();
  await t.rejects(batches.add("a", one(3), 1, false, true), { code: "OVERLOADED" });
  t.same(counts, []);
  enter();
  await Promise.all([first, second]);
  t.same(counts, [LIMITS.openflowChanges], "all in one call");
});
