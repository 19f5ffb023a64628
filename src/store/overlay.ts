// Changes that are not committed yet, over something that can be read: a transaction over its batch, a batch over
// LMDB. Works on bytes; nothing here knows records or LMDB.

/** What an overlay lies on. Tables are numbers, keys are bytes in order. */
export interface Source {
  get(table: number, key: Buffer): Buffer | undefined;
  /** Entries in key order (`reverse`: falling), `from` inclusive. */
  range(table: number, options: RangeOptions): Entry[];
  count(table: number): number;
}

export interface RangeOptions {
  readonly from?: Buffer;
  readonly limit: number;
  readonly reverse: boolean;
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

interface Change {
  readonly key: Buffer;
  /** Null: the record goes. */
  readonly value: Buffer | null;
  /** Whether there is such a record below; undefined: nobody has asked. */
  there?: boolean;
}

/** One table's changes, by the key's bytes as latin1 text. */
type Changes = Map<string, Change>;

export class Overlay implements Source {
  readonly #under: Source;
  readonly #tables = new Map<number, Changes>();

  constructor(under: Source) {
    this.#under = under;
  }

  get(table: number, key: Buffer): Buffer | undefined {
    const change = this.#tables.get(table)?.get(key.toString("latin1"));
    return change ? (change.value ?? undefined) : this.#under.get(table, key);
  }

  /** Sets a record, without a look at what is below: records may come by the ten thousand. */
  set(table: number, key: Buffer, value: Buffer): void {
    this.#change(table, key, value);
  }

  /** Removes a record. Returns whether there was one. */
  remove(table: number, key: Buffer): boolean {
    const there = this.get(table, key) !== undefined;
    if (there) this.#change(table, key, null);
    return there;
  }

  #change(table: number, key: Buffer, value: Buffer | null): void {
    let changes = this.#tables.get(table);
    if (!changes) {
      changes = new Map();
      this.#tables.set(table, changes);
    }
    changes.set(key.toString("latin1"), { key, value });
  }

  count(table: number): number {
    let count = this.#under.count(table);
    for (const change of this.#tables.get(table)?.values() ?? []) {
      change.there ??= this.#under.get(table, change.key) !== undefined;
      count += Number(change.value !== null) - Number(change.there);
    }
    return count;
  }

  range(table: number, options: RangeOptions): Entry[] {
    const { from, limit, reverse } = options;
    const sign = reverse ? -1 : 1;
    const own = [...(this.#tables.get(table)?.values() ?? [])]
      .filter(({ key }) => !from || Buffer.compare(key, from) * sign >= 0)
      .sort((a, b) => Buffer.compare(a.key, b.key) * sign);
    // Each own change hides at most one entry below.
    const below = this.#under.range(table, { from, limit: limit + own.length, reverse });
    const merged: Entry[] = [];
    let o = 0;
    let b = 0;
    while (merged.length < limit && (o < own.length || b < below.length)) {
      const [change, entry] = [own[o], below[b]];
      const order = !change ? 1 : !entry ? -1 : Buffer.compare(change.key, entry.key) * sign;
      if (order <= 0 && change) {
        if (change.value) merged.push({ key: change.key, value: change.value });
        o += 1;
        if (order === 0) b += 1;
      } else if (entry) {
        merged.push(entry);
        b += 1;
      }
    }
    return merged;
  }

  /** All changes, in the order in which the records were first touched, tables apart. A record made and removed is none. */
  *changes(): Generator<{ readonly table: number } & Change> {
    for (const [table, changes] of this.#tables) {
      for (const { key, value } of changes.values()) {
        if (value !== null || this.#under.get(table, key) !== undefined) yield { table, key, value };
      }
    }
  }
}
