// The bonding tables as they are committed, decoded once and kept by the change feed, with the look-ups that views
// need: what a request shows costs what it shows, however many records there are.

import type { Change, Engine, Key, Transaction } from "../../store/engine.js";
import type { TableName, Tables } from "../../store/tables.js";

/** Any record of the bonding tables, as the generic code sees it. */
export type StoredRecord = Readonly<Record<string, unknown>> & { readonly id: number };

/** Where a request reads records: the mirror, or the transaction that is under way. */
export interface Records {
  get<T extends TableName>(table: T, id: Key): Readonly<Tables[T]> | undefined;
  /** All records, in the order of their ids. */
  list<T extends TableName>(table: T): readonly { readonly value: Readonly<Tables[T]> }[];
  /** The records whose `member` has the value, in the order of their ids. */
  having(table: TableName, member: string, value: unknown): readonly StoredRecord[];
}

type Group = Map<number, StoredRecord>;
type Groups = Map<unknown, Group>;

const byId = (a: StoredRecord, b: StoredRecord) => a.id - b.id;

/** One table. Its records are shared by all readers, and frozen for that. */
class Shelf {
  readonly #records: Group = new Map();
  /** By member; made when it is first asked for. */
  readonly #groups = new Map<string, Groups>();
  /** What `list` gives, until a record changes. */
  #listed: readonly { readonly value: StoredRecord }[] | null = null;

  put(id: number, value: StoredRecord | undefined): void {
    const before = this.#records.get(id);
    for (const [member, groups] of this.#groups) {
      if (before && before[member] !== value?.[member]) drop(groups, before[member], id);
      if (value) into(groups, value[member], value);
    }
    if (value) this.#records.set(id, Object.freeze(value));
    else this.#records.delete(id);
    this.#listed = null;
  }

  get(id: number): StoredRecord | undefined {
    return this.#records.get(id);
  }

  list(): readonly { readonly value: StoredRecord }[] {
    this.#listed ??= [...this.#records.values()].sort(byId).map((value) => ({ value }));
    return this.#listed;
  }

  having(member: string, value: unknown): readonly StoredRecord[] {
    const group = this.#grouped(member).get(value);
    return group ? [...group.values()].sort(byId) : [];
  }

  #grouped(member: string): Groups {
    let groups = this.#groups.get(member);
    if (!groups) {
      groups = new Map();
      for (const record of this.#records.values()) into(groups, record[member], record);
      this.#groups.set(member, groups);
    }
    return groups;
  }
}

function into(groups: Groups, value: unknown, record: StoredRecord): void {
  const group = groups.get(value);
  if (group) group.set(record.id, record);
  else groups.set(value, new Map([[record.id, record]]));
}

function drop(groups: Groups, value: unknown, id: number): void {
  const group = groups.get(value);
  group?.delete(id);
  if (group?.size === 0) groups.delete(value);
}

/** What /api/v4 shows records of. */
const MIRRORED = ["users", "spaces", "nodes", "ethernet_interfaces", "bonds", "legs"] as const satisfies TableName[];

export class Mirror implements Records {
  readonly #shelves = new Map<TableName, Shelf>();

  /** Reads the tables once and follows their changes from then on. */
  constructor(store: Engine) {
    for (const table of MIRRORED) {
      const shelf = new Shelf();
      this.#shelves.set(table, shelf);
      for (const { value } of store.list(table)) shelf.put(value.id, value as unknown as StoredRecord);
      store.watch(table, ({ key, value }: Change) => shelf.put(Number(key), value as unknown as StoredRecord));
    }
  }

  #shelf(table: TableName): Shelf {
    const shelf = this.#shelves.get(table);
    if (!shelf) throw new TypeError(`the table ${table} is not mirrored`);
    return shelf;
  }

  get<T extends TableName>(table: T, id: Key): Readonly<Tables[T]> | undefined {
    return this.#shelf(table).get(Number(id)) as unknown as Readonly<Tables[T]> | undefined;
  }

  list<T extends TableName>(table: T): readonly { readonly value: Readonly<Tables[T]> }[] {
    return this.#shelf(table).list() as unknown as readonly { readonly value: Readonly<Tables[T]> }[];
  }

  having(table: TableName, member: string, value: unknown): readonly StoredRecord[] {
    return this.#shelf(table).having(member, value);
  }
}

/** A transaction's records, its own writes among them. */
export function recordsOf(tx: Transaction): Records {
  return {
    get: (table, id) => tx.get(table, id),
    list: (table) => tx.list(table),
    having: (table, member, value) =>
      tx
        .list(table)
        .map((one) => one.value as unknown as StoredRecord)
        .filter((record) => record[member] === value),
  };
}
