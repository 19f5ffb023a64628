// The mirror shows what the store has committed, by id, in lists and by any member, whatever was written in between.

import fc from "fast-check";
import t from "tap";
import { Mirror } from "../../../../src/api/bonding/mirror.js";
import { openStore } from "../../../../src/store/open.js";
import type { LegRecord } from "../../../../src/store/tables.js";
import { quietLog } from "../../../helpers/quiet.js";
import { tmpDir } from "../../../helpers/tmp.js";

const leg = (id: number, bond: number): LegRecord => ({
  id,
  type: "interface",
  bond,
  interface: id,
  note: "",
  provider: "",
  account: "",
  link_mode: "active",
  failover: false,
  down_speed: 1,
  up_speed: 1,
  created: "",
});

t.test("any writes", async (t) => {
  const store = await openStore(tmpDir(t, "mirror"), quietLog().log);
  t.teardown(() => store.close());
  await store.write((tx) => tx.put("legs", 3, leg(3, 1)));
  const mirror = new Mirror(store);
  t.same(mirror.list("legs"), [{ value: leg(3, 1) }], "what was there before");
  const change = fc.record({ id: fc.integer({ min: 1, max: 6 }), bond: fc.option(fc.integer({ min: 1, max: 3 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
      await store.write((tx) => {
        for (const { id, bond } of changes) bond === null ? tx.remove("legs", id) : tx.put("legs", id, leg(id, bond));
      });
      const stored = store.list("legs").map(({ value }) => value);
      const found = [1, 2, 3].flatMap((bond) => [...mirror.having("legs", "bond", bond)] as unknown as LegRecord[]);
      const byBond = [1, 2, 3].flatMap((bond) => stored.filter((one) => one.bond === bond));
      const listed = mirror.list("legs").map(({ value }) => value);
      const got = [1, 2, 3, 4, 5, 6].map((id) => mirror.get("legs", id));
      const expected = [1, 2, 3, 4, 5, 6].map((id) => store.get("legs", id));
      return JSON.stringify([listed, found, got]) === JSON.stringify([stored, byBond, expected]);
    }),
    { numRuns: 50 },
  );
});

t.test("records are shared: nobody can change one", async (t) => {
  const store = await openStore(tmpDir(t, "mirror"), quietLog().log);
  t.teardown(() => store.close());
  const mirror = new Mirror(store);
  await store.write((tx) => tx.put("legs", 1, leg(1, 1)));
  t.throws(() => Object.assign(mirror.get("legs", 1) as object, { note: "x" }), TypeError);
  t.throws(() => mirror.get("tokens", "x"), { message: /not mirrored/ });
});
