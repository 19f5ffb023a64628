// What a row of the bonding table is (rows.ts has the rows, verbs.ts makes them answer).

import type { Method } from "../../http/table.js";
import type { Transaction } from "../../store/engine.js";
import type { TableName, Tables } from "../../store/tables.js";
import type { Context, StoredRecord } from "./context.js";
import type { Field } from "./fields.js";

/** Where a resource is found. A child's `:x` is its parent's key; the item's own is the next letter. */
export interface Mount {
  /** The list's path below /api/v4, with slashes at both ends: `/bonds/:x/interface_legs/`. */
  readonly path: string;
  /** Children: the resource that `:x` names. */
  readonly parent?: string;
  /** Children: the member of a record that holds the parent's id. */
  readonly by?: string;
  readonly list: readonly Method[];
  /** Empty: there are no item URLs here. */
  readonly item: readonly Method[];
}

export interface Unique {
  readonly members: readonly string[];
  /** Default: the framework's text. */
  readonly message?: string;
}

export interface Row<T extends TableName = TableName> {
  readonly name: string;
  /** What OPTIONS calls one of it. */
  readonly title: string;
  readonly description: string;
  readonly table: T;
  /** Several resources may share a table: which records are this one's. */
  readonly owns?: (record: Tables[T]) => boolean;
  /** The member that URLs name a record by. Default `id`. */
  readonly key?: string;
  readonly fields: readonly Field[];
  readonly mounts: readonly Mount[];
  /** Path of a record's own URL below /api/v4. */
  readonly path: (record: Tables[T], context: Context) => string;
  readonly unique?: readonly Unique[];
  /** Texts that `?search=` looks into. */
  readonly search?: (record: Tables[T], context: Context) => readonly (string | null | undefined)[];
  /** Default LIMITS.bondingRecords. */
  readonly limit?: number;
  /** Fills in a body's values with what cannot be done inside a transaction. `fresh`: the record is a new one. */
  readonly prepare?: (values: Record<string, unknown>, context: Context, fresh: boolean) => Promise<void>;
  /** Completes and checks a new record, before it is stored, in the same transaction. Refuses by throwing. */
  readonly creating?: (record: Tables[T], tx: Transaction, context: Context) => void;
  /** Checks a changed record and does what follows from the change. */
  readonly updating?: (after: Tables[T], before: Tables[T], tx: Transaction, context: Context) => void;
  /** Refuses by throwing, or removes what belongs to the record. */
  readonly removing?: (record: Tables[T], tx: Transaction, context: Context) => void;
}

/** A row as the generic code handles it. */
export interface Resource {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly table: TableName;
  readonly key: string;
  readonly fields: readonly Field[];
  /** What an answer is filled into: every field that is shown, in its order. */
  readonly blank: Readonly<Record<string, null>>;
  readonly mounts: readonly Mount[];
  readonly unique: readonly Unique[];
  readonly limit: number | undefined;
  owns(record: StoredRecord): boolean;
  path(record: StoredRecord, context: Context): string;
  readonly search: ((record: StoredRecord, context: Context) => readonly (string | null | undefined)[]) | undefined;
  readonly prepare: Row["prepare"];
  creating(record: StoredRecord, tx: Transaction, context: Context): void;
  updating(after: StoredRecord, before: StoredRecord, tx: Transaction, context: Context): void;
  removing(record: StoredRecord, tx: Transaction, context: Context): void;
}

/**
 * Parsed, because V8 gives an object that is built name by name a hash table after some twelve members, and one that
 * is parsed (and its copies) a hidden class: large lists are made and written twice as fast.
 */
function blankOf(fields: readonly Field[]): Readonly<Record<string, null>> {
  const shown = fields.filter((field) => !field.writeOnly);
  return JSON.parse(`{${shown.map(({ name }) => `${JSON.stringify(name)}:null`).join()}}`);
}

/** Closes a row: inside it, records have their table's type; outside, all rows are alike. */
export function resource<T extends TableName>(row: Row<T>): Resource {
  type Stored = Tables[T];
  const typed = (record: StoredRecord) => record as unknown as Stored;
  const { search } = row;
  return {
    name: row.name,
    title: row.title,
    description: row.description,
    table: row.table,
    key: row.key ?? "id",
    fields: row.fields,
    blank: blankOf(row.fields),
    mounts: row.mounts,
    unique: row.unique ?? [],
    limit: row.limit,
    prepare: row.prepare,
    owns: (record) => row.owns?.(typed(record)) ?? true,
    path: (record, context) => row.path(typed(record), context),
    search: search && ((record, context) => search(typed(record), context)),
    creating: (record, tx, context) => row.creating?.(typed(record), tx, context),
    updating: (after, before, tx, context) => row.updating?.(typed(after), typed(before), tx, context),
    removing: (record, tx, context) => row.removing?.(typed(record), tx, context),
  };
}
