// The seam between rooms that keep state and where it is kept. `engine_local.ts` is one box: LMDB only.
// A cluster engine mirrors a quorum store into LMDB behind the same interface; reads are always local.

import type { TableName, Tables } from "./tables.js";

export type Key = string | number | Uint8Array;

export interface Change<T extends TableName = TableName> {
  readonly table: T;
  readonly key: Key;
  /** Undefined when the record was removed. */
  readonly value: Tables[T] | undefined;
}

/** Reads, from a snapshot outside a transaction, with the transaction's own writes inside one. Values are never shared: mutate freely. */
export interface Reader {
  get<T extends TableName>(table: T, key: Key): Tables[T] | undefined;
  /** Records in key order; `from` inclusive. */
  list<T extends TableName>(
    table: T,
    options?: { from?: Key; limit?: number; reverse?: boolean },
  ): { key: Key; value: Tables[T] }[];
  count(table: TableName): number;
}

export interface Transaction extends Reader {
  put<T extends TableName>(table: T, key: Key, value: Tables[T]): void;
  /** True when there was such a record. */
  remove(table: TableName, key: Key): boolean;
  /** The next integer id of a table, from 1; never given twice, not even after a delete. */
  nextId(table: TableName): number;
}

export interface Engine extends Reader {
  /**
   * Runs `body` in one transaction and resolves with its result once that is durable on disk. What `body` throws
   * rejects, and nothing is written. `body` must be synchronous; it may be called again after a failed commit.
   * Errors: STORE_FULL when the disk or the map has no room.
   */
  write<R>(body: (tx: Transaction) => R): Promise<R>;
  /** Calls `listener` after each durable commit, once a changed record, in commit order. Returns the way to stop it. */
  watch<T extends TableName>(table: T, listener: (change: Change<T>) => void): () => void;
  /** True while this box may act for `role` ("speaker", "bond:7"). One box alone always leads. */
  leads(role: string): boolean;
  close(): Promise<void>;
}
