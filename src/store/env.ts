// The LMDB environment: one file, one named database a table. Opened alike by the control thread, which reads, and by
// the writer thread, which commits.

import { statfsSync } from "node:fs";
import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { LIMITS } from "../base/limits.js";
import type { Msgpack } from "./codec.js";
import { TABLES } from "./tables.js";

/** Holds what is about the store itself: the schema version and the id counters. Its number follows the tables'. */
export const META = "meta";
export const META_TABLE = TABLES.length;

export type Bytes = Database<Buffer, Buffer>;

export interface Env {
  readonly root: RootDatabase<Buffer, Buffer>;
  /** By table number; `META_TABLE` is the last. */
  readonly tables: readonly Bytes[];
  readonly msgpack: Msgpack;
}

/** The file that holds all state of a data directory. */
export function stateFile(dir: string): string {
  return join(dir, "state", "data.mdb");
}

export const BINARY = { encoding: "binary", keyEncoding: "binary", cache: false } as const;

/** Opens the environment of a data directory and makes the databases that are missing. */
export function openEnv(dir: string): Env {
  const root = openRoot(dir);
  const tables = [...TABLES, META].map((name) => root.openDB<Buffer, Buffer>({ name, ...BINARY }));
  return { root, tables, msgpack: msgpackOf(root) };
}

/** Opens the environment alone. `overlappingSync: false`: a commit returns after its data is on the disk. */
export function openRoot(dir: string): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path: join(dir, "state"),
    ...BINARY,
    noSubdir: false,
    overlappingSync: false,
    maxDbs: 256,
    mapSize: Math.min(LIMITS.storeBytes, 2 ** 30),
  });
}

/** lmdb's own msgpack encoder, set so that values are plain maps that any msgpack reader takes. */
export function msgpackOf(root: RootDatabase<Buffer, Buffer>): Msgpack {
  const options = { name: META, encoding: "msgpack", keyEncoding: "binary", cache: false, useRecords: false } as const;
  return (root.openDB(options) as unknown as { encoder: Msgpack }).encoder;
}

// Error numbers of the operating system that mean that there is no room: ENOSPC, EFBIG, EDQUOT; and MDB_MAP_FULL.
const NO_ROOM: ReadonlySet<unknown> = new Set([28, 27, 122, -30_792]);
/** LMDB reports a short write, as a full disk makes it, as this. */
const EIO = 5;
/** With less than this left, EIO is taken for a full disk. */
const ROOM_BYTES = 1 << 20;

/** True when an error number of LMDB means that the disk under `dir` is full. */
export function isNoRoom(code: unknown, dir: string): boolean {
  if (code !== EIO) return NO_ROOM.has(code);
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize < ROOM_BYTES;
}
