// Records over bytes: the reading half of the engine, and the transaction that a body gets.

import { LIMITS } from "../base/limits.js";
import { decodeKey, decodeValue, encodeKey, encodeValue, keyBytes, type Msgpack } from "./codec.js";
import type { Key, Transaction } from "./engine.js";
import { META_TABLE } from "./env.js";
import type { Overlay, Source } from "./overlay.js";
import { TABLES, type TableName, type Tables } from "./tables.js";

export interface ListOptions {
  readonly from?: Key;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** The number that a table has on its way to the writer; on disk it goes by its name. */
export function tableNumber(table: TableName): number {
  const number = TABLES.indexOf(table);
  if (number < 0) throw new TypeError(`no table ${table}`);
  return number;
}

/** The bytes of a key to look up, or null when no record can have it: what callers ask for may come from outside. */
function lookupKey(table: TableName, key: Key): Buffer | null {
  if (typeof key === "number" ? !Number.isSafeInteger(key) : keyBytes(key) > LIMITS.storeKeyBytes) return null;
  return encodeKey(table, key);
}

/** The record, a copy of its own; undefined when there is none. */
export function readOne<T extends TableName>(
  source: Source,
  msgpack: Msgpack,
  table: T,
  key: Key,
): Tables[T] | undefined {
  const at = lookupKey(table, key);
  const bytes = at ? source.get(tableNumber(table), at) : undefined;
  return bytes && (decodeValue(bytes, msgpack) as Tables[T]);
}

export function readAll<T extends TableName>(
  source: Source,
  msgpack: Msgpack,
  table: T,
  { from, limit = Number.MAX_SAFE_INTEGER, reverse = false }: ListOptions,
): { key: Key; value: Tables[T] }[] {
  const start = from === undefined ? {} : { from: encodeKey(table, from) };
  return source
    .range(tableNumber(table), { ...start, limit, reverse })
    .map(({ key, value }) => ({ key: decodeKey(key), value: decodeValue(value, msgpack) as Tables[T] }));
}

export function readCount(source: Source, table: TableName): number {
  return source.count(tableNumber(table));
}

/** Where the last id given for a table is kept. */
function counterKey(table: TableName): Buffer {
  return encodeKey("meta", `next:${table}`);
}

/** The transaction over `changes`. It is not to be used after its body has returned. */
export function transaction(changes: Overlay, msgpack: Msgpack): Transaction {
  return {
    get: (table, key) => readOne(changes, msgpack, table, key),
    list: (table, options = {}) => readAll(changes, msgpack, table, options),
    count: (table) => readCount(changes, table),
    put(table, key, value) {
      changes.set(tableNumber(table), encodeKey(table, key), encodeValue(table, value, msgpack));
    },
    remove(table, key) {
      const at = lookupKey(table, key);
      return at !== null && changes.remove(tableNumber(table), at);
    },
    nextId(table) {
      const counter = counterKey(table);
      const last = changes.get(META_TABLE, counter);
      let id = last ? (decodeValue(last, msgpack) as number) + 1 : 1;
      // Records that were put with ids of the caller's own (a restored backup) keep theirs.
      while (changes.get(tableNumber(table), encodeKey(table, id)) !== undefined) id += 1;
      changes.set(META_TABLE, counter, encodeValue("meta", id, msgpack));
      return id;
    },
  };
}
