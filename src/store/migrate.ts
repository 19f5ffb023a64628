// Numbered migrations: what must be done to records that an older sennit wrote. A store's schema version is the number
// of the last migration that it has been through. Each runs in one durable transaction with its new version.

import type { Key } from "./engine.js";

/** Records of any shape, by table name: a migration may know tables that are no more. */
export interface MigrationStore {
  list(table: string): { key: Key; value: Record<string, unknown> }[];
  put(table: string, key: Key, value: Record<string, unknown>): void;
  remove(table: string, key: Key): void;
}

export interface Migration {
  readonly version: number;
  readonly what: string;
  run(store: MigrationStore): void;
}

/** In rising order without gaps. Never change one that has been released: add the next. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, what: "first schema: every table starts empty", run: () => undefined },
];

export const SCHEMA_VERSION = MIGRATIONS.length;
