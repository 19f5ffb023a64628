import { readFileSync } from "node:fs";
import fc from "fast-check";
import t, { type Test } from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { scrape } from "../../../src/base/metrics.js";
import type { Engine } from "../../../src/store/engine.js";
import { stateFile } from "../../../src/store/env.js";
import { openStore } from "../../../src/store/open.js";
import type { TokenRecord, UserRecord } from "../../../src/store/tables.js";
import { quietLog } from "../../helpers/quiet.js";
import { tmpDir } from "../../helpers/tmp.js";

function user(id: number, username = `user${id}`): UserRecord {
  const created = "2026-01-01T00:00:00Z";
  return { id, username, email: "", password: "scrypt$", active: true, superuser: false, created };
}

function token(user: number): TokenRecord {
  return { user, surface: "token", created: "2026-01-01T00:00:00Z", expires: 0 };
}

async function opened(t: Test): Promise<{ store: Engine; dir: string; lines: Record<string, unknown>[] }> {
  const dir = tmpDir(t, "store");
  const { log, lines } = quietLog();
  const store = await openStore(dir, log);
  t.teardown(() => store.close());
  return { store, dir, lines };
}

t.test("what is written is read, listed, counted and removed", async (t) => {
  const { store } = await opened(t);
  t.equal(store.get("users", 1), undefined);
  await store.write((tx) => {
    for (const id of [3, 1, 2, 10]) tx.put("users", id, user(id));
  });
  t.same(store.get("users", 2), user(2));
  t.same(
    store.list("users").map(({ key }) => key),
    [1, 2, 3, 10],
  );
  t.same(
    store.list("users", { from: 2, limit: 2 }).map(({ key }) => key),
    [2, 3],
  );
  t.same(
    store.list("users", { reverse: true, from: 3 }).map(({ key }) => key),
    [3, 2, 1],
  );
  t.same(
    store.list("users", { reverse: true, limit: 1 }).map(({ key }) => key),
    [10],
  );
  t.equal(store.count("users"), 4);
  t.equal(await store.write((tx) => tx.remove("users", 3)), true);
  t.equal(await store.write((tx) => tx.remove("users", 3)), false);
  t.equal(store.count("users"), 3);
  await store.write((tx) => tx.put("tokens", "", token(1)));
  t.same(store.get("tokens", ""), token(1), "an empty key is a key");
});

t.test("keys and values may be bytes", async (t) => {
  const { store } = await opened(t);
  const bytes = Buffer.from([0, 255, 0xc6, 1]);
  await store.write((tx) => {
    for (const last of [7, 0, 255]) tx.put("openflow_desired", Buffer.from([1, last]), bytes);
    tx.put("openflow_desired", Buffer.from([2]), new Uint8Array(0));
    t.same(tx.get("openflow_desired", Buffer.from([1, 7])), bytes, "within the transaction, too");
  });
  t.same(store.get("openflow_desired", new Uint8Array([1, 255])), bytes);
  t.equal(store.get("openflow_desired", Buffer.from([2]))?.length, 0);
  t.same(
    store.list("openflow_desired", { from: Buffer.from([1, 1]) }).map(({ key }) => key),
    [Buffer.from([1, 7]), Buffer.from([1, 255]), Buffer.from([2])],
  );
  const large = new Uint8Array(LIMITS.recordBytes);
  await t.rejects(
    store.write((tx) => tx.put("openflow_desired", Buffer.from([3]), large)),
    { code: "RECORD_TOO_LARGE" },
  );
});

t.test("a key that no record can have finds none, but cannot be written", async (t) => {
  const { store } = await opened(t);
  for (const key of [1e300, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "k".repeat(LIMITS.storeKeyBytes + 1)]) {
    t.equal(store.get("users", key), undefined);
    t.equal(await store.write((tx) => tx.remove("users", key)), false);
    await t.rejects(store.write((tx) => tx.put("users", key, user(1))));
  }
});

t.test("a body sees its own writes and those of the bodies before it", async (t) => {
  const { store } = await opened(t);
  const [first, second] = await Promise.all([
    store.write((tx) => {
      tx.put("users", 1, user(1));
      tx.put("users", 2, user(2));
      tx.remove("users", 1);
      return [tx.get("users", 1), tx.get("users", 2)?.id, tx.count("users"), tx.list("users").length];
    }),
    store.write((tx) => [tx.get("users", 2)?.username, tx.count("users")]),
  ]);
  t.same(first, [undefined, 2, 1, 1]);
  t.same(second, ["user2", 1]);
});

t.test("reads outside a transaction see only what is committed", async (t) => {
  const { store } = await opened(t);
  let during: unknown = "unread";
  await store.write((tx) => {
    tx.put("users", 1, user(1));
    during = store.get("users", 1);
  });
  t.equal(during, undefined);
  t.ok(store.get("users", 1));
});

t.test("a body that throws writes nothing, and its neighbours in the commit are kept", async (t) => {
  const { store } = await opened(t);
  const results = await Promise.allSettled([
    store.write((tx) => tx.put("users", 1, user(1))),
    store.write((tx) => {
      tx.put("users", 2, user(2));
      tx.nextId("users");
      throw new Error("no");
    }),
    store.write((tx) => tx.put("users", 3, user(3))),
    store.write(async (tx) => tx.put("users", 4, user(4))),
  ]);
  t.same(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected"],
  );
  t.same(
    store.list("users").map(({ key }) => key),
    [1, 3],
  );
  t.equal(await store.write((tx) => tx.nextId("users")), 2, "1 was taken by hand");
});

t.test("values are never shared", async (t) => {
  const { store } = await opened(t);
  const mine = user(1);
  await store.write((tx) => {
    tx.put("users", 1, mine);
    mine.username = "changed after put";
    const inside = tx.get("users", 1) as UserRecord;
    inside.username = "changed after get";
    t.equal(tx.get("users", 1)?.username, "user1");
  });
  (store.get("users", 1) as UserRecord).username = "changed outside";
  t.equal(store.get("users", 1)?.username, "user1");
});

t.test("ids are never given twice, not even after a delete or a restart", async (t) => {
  const dir = tmpDir(t, "store");
  let store = await openStore(dir, quietLog().log);
  t.equal(await store.write((tx) => tx.nextId("users")), 1);
  await store.write((tx) => tx.put("users", tx.nextId("users"), user(2)));
  await store.write((tx) => tx.remove("users", 2));
  await store.close();
  store = await openStore(dir, quietLog().log);
  t.equal(await store.write((tx) => tx.nextId("users")), 3);
  t.equal(await store.write((tx) => tx.nextId("tokens")), 1, "each table counts for itself");
  await store.write((tx) => tx.put("users", 5, user(5)));
  t.same(
    await store.write((tx) => [tx.nextId("users"), tx.nextId("users")]),
    [4, 6],
    "a record put by hand keeps its id",
  );
  await store.close();
});

t.test("changes are told after the commit, in order, each to each listener with a value of its own", async (t) => {
  const { store, lines } = await opened(t);
  const seen: unknown[] = [];
  const stop = store.watch("users", (change) => {
    seen.push([change.key, change.value?.username, store.get("users", change.key)?.username]);
    if (change.value) change.value.username = "spoilt";
  });
  store.watch("users", (change) => seen.push(change.value?.username));
  store.watch("users", () => {
    throw new Error("a listener's defect");
  });
  await Promise.all([
    store.write((tx) => {
      tx.put("users", 2, user(2, "first"));
      tx.put("users", 2, user(2, "b"));
      tx.put("users", 1, user(1, "a"));
      tx.put("users", 7, user(7));
      tx.remove("users", 7);
      tx.put("tokens", "x", token(1));
    }),
    store.write((tx) => tx.remove("users", 2)),
  ]);
  t.same(seen, [[2, "b", undefined], "b", [1, "a", "a"], "a", [2, undefined, undefined], undefined]);
  t.equal(lines.filter(({ level }) => level === 50).length, 3, "its failures are in the log");
  stop();
  await store.write((tx) => tx.remove("users", 1));
  t.equal(seen.length, 7);
});

t.test("bounds: record size, key length, waiting writes", async (t) => {
  const { store } = await opened(t);
  const big = user(1, "x".repeat(LIMITS.recordBytes));
  await t.rejects(
    store.write((tx) => tx.put("users", 1, big)),
    { code: "RECORD_TOO_LARGE" },
  );
  const fits = user(1, "x".repeat(LIMITS.recordBytes - 1_000));
  await store.write((tx) => tx.put("users", 1, fits));
  t.equal(store.get("users", 1)?.username.length, LIMITS.recordBytes - 1_000);
  await t.rejects(
    store.write((tx) => tx.put("tokens", "k".repeat(2_000), token(1))),
    { code: "KEY_TOO_LONG" },
  );
  const writes = Array.from({ length: LIMITS.storeWritesWaiting + 5 }, () => store.write(() => 1));
  const results = await Promise.allSettled(writes);
  t.equal(results.filter(({ status }) => status === "rejected").length, 5);
  t.match(results.at(-1), { reason: { code: "OVERLOADED" } });
});

t.test("many writes share commits", async (t) => {
  const { store } = await opened(t);
  const commits = async () => Number(/^sennit_store_commits_total (\d+)$/m.exec((await scrape()).text)?.[1]);
  const before = await commits();
  await Promise.all(Array.from({ length: 3_000 }, (_, i) => store.write((tx) => tx.put("users", i, user(i)))));
  t.equal(store.count("users"), 3_000);
  const made = (await commits()) - before;
  t.ok(made >= 1 && made < 20, `3000 writes in ${made} commits`);
  t.match((await scrape()).text, /sennit_store_records\{table="users"\} 3000/);
});

t.test("after close, writes are refused; those before it are kept", async (t) => {
  const dir = tmpDir(t, "store");
  const store = await openStore(dir, quietLog().log);
  const last = store.write((tx) => tx.put("users", 1, user(1)));
  await store.close();
  await last;
  await t.rejects(
    store.write((tx) => tx.put("users", 2, user(2))),
    { code: "UNAVAILABLE" },
  );
  await store.close();
  const again = await openStore(dir, quietLog().log);
  t.same(
    again.list("users").map(({ key }) => key),
    [1],
  );
  await again.close();
  t.ok(readFileSync(stateFile(dir)).length > 0);
});

t.test("any sequence of writes reads like a map, also after a restart", async (t) => {
  const dir = tmpDir(t, "store");
  let store = await openStore(dir, quietLog().log);
  const model = new Map<number, string>();
  const step = fc.record({ key: fc.integer({ min: -5, max: 30 }), name: fc.option(fc.string()), fails: fc.boolean() });
  const check = () => {
    const expected = [...model].sort((a, b) => a[0] - b[0]);
    return (
      JSON.stringify(store.list("users").map(({ key, value }) => [key, value.username])) === JSON.stringify(expected)
    );
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), fc.boolean(), async (steps, restart) => {
      const writes = steps.map(({ key, name, fails }) =>
        store.write((tx) => {
          if (name === null) tx.remove("users", key);
          else tx.put("users", key, user(key, name));
          if (fails) throw new Error("no");
        }),
      );
      await Promise.allSettled(writes);
      for (const { key, name, fails } of steps) {
        if (fails) continue;
        if (name === null) model.delete(key);
        else model.set(key, name);
      }
      if (restart) {
        await store.close();
        store = await openStore(dir, quietLog().log);
      }
      return check();
    }),
    { numRuns: 20 },
  );
  t.ok(check());
  await store.close();
});
