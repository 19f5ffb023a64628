// Opening the store: lock, look over, open, migrate. Every way in which that can fail is one sentence, and none of
// them changes what is on disk.

import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { makeDirectory } from "../base/directory.js";
import { AppError, reasonOf } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import { decodeKey, decodeValue, encodeKey, encodeValue, sumHolds } from "./codec.js";
import type { Engine } from "./engine.js";
import { LocalEngine } from "./engine_local.js";
import { type Env, isNoRoom, META, META_TABLE, openEnv, openRoot, stateFile } from "./env.js";
import { Damage, inspectStateFile } from "./inspect.js";
import { lockDirectory } from "./lock.js";
import { MIGRATIONS, type MigrationStore, SCHEMA_VERSION } from "./migrate.js";
import { tableNumber } from "./records.js";
import type { TableName } from "./tables.js";

const SCHEMA_KEY = encodeKey(META, "schema");

/**
 * Opens the store of a data directory, which is made when it is missing.
 * Errors: STORE_LOCKED, STORE_NEWER, STORE_DAMAGED, STORE_UNWRITABLE, STORE_FULL.
 */
export async function openStore(dir: string, log: Logger): Promise<Engine> {
  const unlock = takeDirectory(dir);
  let env: Env | null = null;
  try {
    const databases = inspect(dir);
    if (databases.length > 0) await refuseOther(dir, databases);
    env = openEnv(dir);
    migrate(env, log);
    const engine = new LocalEngine(dir, env, unlock, log);
    await engine.started();
    return engine;
  } catch (error) {
    await env?.root.close();
    unlock();
    if (error instanceof AppError) throw error;
    if (isNoRoom((error as { code?: unknown }).code, dir)) throw new AppError("STORE_FULL", { path: dir });
    throw new AppError("STORE_DAMAGED", { path: dir, reason: reasonOf(error) });
  }
}

/** Makes the directory, checks that it can be written, and locks it. */
function takeDirectory(dir: string): () => void {
  const file = stateFile(dir);
  try {
    makeDirectory(dirname(file));
    for (const path of [dir, dirname(file)]) accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return lockDirectory(dir);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("STORE_UNWRITABLE", { path: dir, reason: reasonOf(error) });
  }
}

function inspect(dir: string): string[] {
  try {
    return inspectStateFile(stateFile(dir), sumHolds);
  } catch (error) {
    if (error instanceof Damage) throw new AppError("STORE_DAMAGED", { path: dir, reason: error.message });
    throw new AppError("STORE_UNWRITABLE", { path: dir, reason: reasonOf(error) });
  }
}

/** Refuses an LMDB file that is not a store, or that a newer sennit wrote, before anything is written to it. */
async function refuseOther(dir: string, databases: readonly string[]): Promise<void> {
  if (!databases.includes(META)) {
    throw new AppError("STORE_DAMAGED", { path: dir, reason: "its state file belongs to another program" });
  }
  const root = openRoot(dir);
  try {
    const meta = root.openDB<Buffer, Buffer>({ name: META, encoding: "binary", keyEncoding: "binary" });
    const bytes = meta.getBinary(SCHEMA_KEY);
    // The version is a small integer, which msgpack writes as itself; a store without one was never finished.
    const found = bytes ? (bytes.at(-1) as number) : 0;
    if (found > SCHEMA_VERSION) throw new AppError("STORE_NEWER", { path: dir, found, known: SCHEMA_VERSION });
  } finally {
    await root.close();
  }
}

/** Brings the store to the current schema, one durable transaction a step. */
function migrate(env: Env, log: Logger): void {
  const { root, tables, msgpack } = env;
  const meta = tables[META_TABLE];
  if (!meta) throw new Error("no meta table");
  const bytes = meta.getBinary(SCHEMA_KEY);
  const found = bytes ? (decodeValue(bytes, msgpack) as number) : 0;
  const db = (table: string) => {
    const opened = tables[tableNumber(table as TableName)];
    if (!opened) throw new Error(`no table ${table}`);
    return opened;
  };
  const store: MigrationStore = {
    list: (table) =>
      [...db(table).getRange({})].map(({ key, value }) => ({
        key: decodeKey(Buffer.from(key)),
        value: decodeValue(value, msgpack) as Record<string, unknown>,
      })),
    put: (table, key, value) => void db(table).putSync(encodeKey(table, key), encodeValue(table, value, msgpack)),
    remove: (table, key) => void db(table).removeSync(encodeKey(table, key)),
  };
  for (const migration of MIGRATIONS) {
    if (migration.version <= found) continue;
    root.transactionSync(() => {
      migration.run(store);
      meta.putSync(SCHEMA_KEY, encodeValue(META, migration.version, msgpack));
    });
    log.info({ schema: migration.version }, `store: ${migration.what}`);
  }
}
