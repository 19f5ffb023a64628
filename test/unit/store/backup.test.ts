import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { backupStore } from "../../../src/store/backup.js";
import { stateFile } from "../../../src/store/env.js";
import { openStore } from "../../../src/store/open.js";
import { start } from "../../helpers/processes.js";
import { quietLog } from "../../helpers/quiet.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const { log } = quietLog();
const CHILD = fileURLToPath(new URL("../../helpers/store_child.js", import.meta.url));

t.test("a store that is being written is copied as of one moment, and restored", async (t) => {
  const dir = tmpDir(t, "live");
  const writer = start(t, process.execPath, [CHILD, dir, "write"]);
  await until(() => writer.stdout.split("\n").length > 200, { what: "writes" });
  const acknowledged = writer.stdout.split("\n").slice(1, -1);
  const file = join(tmpDir(t, "backup"), "sennit.backup");
  await backupStore(dir, file);
  const then = writer.stdout.length;
  await until(() => writer.stdout.length > then + 100, { what: "the writer to go on" });
  await writer.stop();
  t.equal(statSync(file).mode & 0o077, 0, "readable by its owner only");
  t.notOk(existsSync(`${file}.partial`));

  const restored = tmpDir(t, "restored");
  mkdirSync(dirname(stateFile(restored)));
  copyFileSync(file, stateFile(restored));
  const store = await openStore(restored, log);
  t.same(
    acknowledged.filter((key) => !store.get("tokens", key)),
    [],
    `${acknowledged.length} writes from before the copy are in it`,
  );
  const torn = store
    .list("tokens")
    .filter(({ key }) => !/twin$/.test(String(key)) && !store.get("tokens", `${key}/twin`));
  t.same(torn, [], "no transaction is half in it");
  await store.close();
});

t.test("what cannot be copied is said, and nothing is overwritten", async (t) => {
  const dir = tmpDir(t);
  await t.rejects(backupStore(dir, join(dir, "copy")), { code: "NOT_FOUND" });
  const store = await openStore(dir, log);
  await store.close();
  const taken = join(dir, "taken");
  writeFileSync(taken, "mine");
  await t.rejects(backupStore(dir, taken), { code: "STORE_UNWRITABLE", message: /already/ });
  t.equal(readFileSync(taken, "utf8"), "mine");
  await t.rejects(backupStore(dir, "/proc/no/such/place"), { code: "STORE_UNWRITABLE" });
  rmSync(stateFile(dir));
  writeFileSync(stateFile(dir), "garbage");
  await t.rejects(backupStore(dir, join(dir, "copy")), { code: "STORE_DAMAGED" });
  t.notOk(existsSync(join(dir, "copy")));
});
