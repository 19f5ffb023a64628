// Opening: every way in which it can fail is one sentence, and leaves the disk as it was.

import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { open as openLmdb } from "lmdb";
import t, { type Test } from "tap";
import { encodeKey, encodeValue } from "../../../src/store/codec.js";
import { META_TABLE, openEnv, stateFile } from "../../../src/store/env.js";
import { openStore } from "../../../src/store/open.js";
import { need } from "../../helpers/need.js";
import { must, start } from "../../helpers/processes.js";
import { quietLog } from "../../helpers/quiet.js";
import { tmpDir } from "../../helpers/tmp.js";

const { log } = quietLog();
const CHILD = fileURLToPath(new URL("../../helpers/store_child.js", import.meta.url));

const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** A data directory with 500 records, some of them over several pages. */
async function filled(t: Test): Promise<string> {
  const dir = tmpDir(t, "store");
  const store = await openStore(dir, log);
  await store.write((tx) => {
    for (let i = 0; i < 500; i++) {
      const created = "y".repeat(i % 50 === 0 ? 20_000 : 40);
      tx.put("tokens", `token-${i}`, { user: i, surface: "token", created, expires: 0 });
    }
  });
  await store.close();
  return dir;
}

/** Opening must fail with the code and leave the file's bytes alone. */
async function refused(t: Test, dir: string, code: string, text: RegExp): Promise<void> {
  const before = hash(stateFile(dir));
  await t.rejects(openStore(dir, log), { code, message: text });
  t.equal(hash(stateFile(dir)), before, "nothing was changed");
}

t.test("a directory is made, private, with its schema", async (t) => {
  const dir = join(tmpDir(t), "a/b");
  const store = await openStore(dir, log);
  t.equal(store.count("users"), 0);
  t.equal(statSync(join(dir, "state")).mode & 0o077, 0);
  t.ok(store.leads("speaker"));
  await store.close();
});

t.test("one process a directory", async (t) => {
  const dir = tmpDir(t);
  const holder = start(t, process.execPath, [CHILD, dir, "hold"]);
  await holder.says(/open 0/);
  await t.rejects(openStore(dir, log), { code: "STORE_LOCKED", message: new RegExp(`process ${holder.pid}\\)`) });
  const second = start(t, process.execPath, [CHILD, dir, "hold"]);
  await second.says(/failed the data directory .* is in use by another sennit/);
  await second.exited;
  holder.kill("SIGKILL");
  await holder.exited;
  const store = await openStore(dir, log);
  t.pass("a killed holder leaves no lock behind");
  await t.rejects(openStore(dir, log), { code: "STORE_LOCKED", message: new RegExp(`process ${process.pid}\\)`) });
  await store.close();
});

t.test("a store of a newer sennit", async (t) => {
  const dir = await filled(t);
  const env = openEnv(dir);
  env.tables[META_TABLE]?.putSync(encodeKey("meta", "schema"), encodeValue("meta", 99, env.msgpack));
  await env.root.close();
  await refused(t, dir, "STORE_NEWER", /newer sennit \(schema 99, this one knows \d+\); nothing was changed/);
});

t.test("a store of another program", async (t) => {
  const dir = tmpDir(t);
  mkdirSync(join(dir, "state"));
  const other = openLmdb({ path: join(dir, "state"), noSubdir: false, overlappingSync: false });
  await other.openDB({ name: "things" }).put("a", 1);
  await other.close();
  await refused(t, dir, "STORE_DAMAGED", /wrong sum|another program/);
});

t.test("damage: garbage, truncated files, overwritten pages, flipped bits", async (t) => {
  const dir = tmpDir(t);
  mkdirSync(join(dir, "state"));
  writeFileSync(stateFile(dir), "this is no database ".repeat(1_000));
  await refused(t, dir, "STORE_DAMAGED", /not an LMDB file/);
  writeFileSync(stateFile(dir), "short");
  await refused(t, dir, "STORE_DAMAGED", /too short/);

  const cut = await filled(t);
  truncateSync(stateFile(cut), Math.floor(statSync(stateFile(cut)).size / 2));
  await refused(t, cut, "STORE_DAMAGED", /is not in the file|ends within|other/);

  const whole = await filled(t);
  const size = statSync(stateFile(whole)).size;
  const original = readFileSync(stateFile(whole));
  const scribble = (at: number, bytes: Buffer) => {
    writeFileSync(stateFile(whole), original);
    const fd = openSync(stateFile(whole), "r+");
    writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
  };
  let found = 0;
  for (let page = 2; page < size / 4_096; page++) {
    scribble(page * 4_096, Buffer.alloc(4_096, 0xa5));
    const outcome = await openStore(whole, log).then(
      async (store) => {
        // A page that nothing uses (it is free): all records must be there.
        const count = store.list("tokens").length;
        await store.close();
        return count;
      },
      (error) => error.code,
    );
    if (outcome === "STORE_DAMAGED") found += 1;
    else if (outcome !== 500) t.fail(`page ${page}: ${outcome}`);
  }
  t.ok(found > 10, `${found} overwritten pages found`);
  await fc.assert(
    fc.asyncProperty(fc.nat(size - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      scribble(at, Buffer.from([(original[at] as number) ^ bits]));
      const outcome = await openStore(whole, log).then(
        async (store) => {
          const names = store.list("tokens").map(({ value }) => value.user);
          await store.close();
          return new Set(names).size;
        },
        (error) => error.code,
      );
      return outcome === 500 || outcome === "STORE_DAMAGED" || outcome === "STORE_NEWER";
    }),
    { numRuns: 60 },
  );
  writeFileSync(stateFile(whole), original);
  const store = await openStore(whole, log);
  t.equal(store.count("tokens"), 500);
  await store.close();
});

t.test("a directory that cannot be written", async (t) => {
  const dir = tmpDir(t);
  writeFileSync(join(dir, "file"), "");
  await t.rejects(openStore(join(dir, "file"), log), { code: "STORE_UNWRITABLE", message: /cannot be written: / });
  await t.rejects(openStore("/proc/no/such/place", log), { code: "STORE_UNWRITABLE" });
  await t.test("a read-only file system", async (t) => {
    if (!need.root(t)) return;
    const mount = join(dir, "ro");
    mkdirSync(mount);
    await must("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", mount]);
    t.teardown(() => must("umount", ["-l", mount]));
    await t.rejects(openStore(mount, log), { code: "STORE_UNWRITABLE", message: /read-only/ });
  });
});

t.test("a full disk refuses writes, loses none, and takes them again when there is room", async (t) => {
  if (!need.root(t)) return;
  const dir = tmpDir(t);
  await must("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", dir]);
  t.teardown(() => must("umount", ["-l", dir]));
  const store = await openStore(dir, log);
  const value = { user: 1, surface: "token" as const, created: "z".repeat(100_000), expires: 0 };
  let kept = 0;
  let code = "";
  for (; kept < 100 && code === ""; ) {
    code = await store
      .write((tx) => tx.put("tokens", kept, value))
      .then(
        () => "",
        (error) => error.code,
      );
    if (code === "") kept += 1;
  }
  t.equal(code, "STORE_FULL");
  t.ok(kept > 5, `${kept} records fitted`);
  t.equal(store.count("tokens"), kept);
  const [big, small] = await Promise.allSettled([
    store.write((tx) => tx.put("tokens", "big", value)),
    store.write((tx) => tx.remove("tokens", 0)),
  ]);
  t.match(big, { status: "rejected", reason: { code: "STORE_FULL" } });
  t.match(small, { status: "fulfilled", value: true }, "a write that shares the commit of one that is too big is kept");
  for (const key of [1, 2, 3]) await store.write((tx) => tx.remove("tokens", key));
  await store.write((tx) => tx.put("tokens", "again", value));
  t.same(store.get("tokens", "again"), value);
  t.equal(store.count("tokens"), kept - 3);
  await store.close();
});
