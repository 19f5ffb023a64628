// An overlay must read as if its changes had been made below it.

import fc from "fast-check";
import t from "tap";
import { type Entry, Overlay, type Source } from "../../../src/store/overlay.js";

/** A table as a plain sorted array: the model that overlays are held against. */
class Model implements Source {
  readonly entries = new Map<string, string>();

  get(_table: number, key: Buffer): Buffer | undefined {
    const value = this.entries.get(key.toString("latin1"));
    return value === undefined ? undefined : Buffer.from(value);
  }

  count(): number {
    return this.entries.size;
  }

  range(_table: number, { from, limit, reverse }: Parameters<Source["range"]>[1]): Entry[] {
    const sign = reverse ? -1 : 1;
    return [...this.entries]
      .map(([key, value]) => ({ key: Buffer.from(key, "latin1"), value: Buffer.from(value) }))
      .sort((a, b) => Buffer.compare(a.key, b.key) * sign)
      .filter(({ key }) => !from || Buffer.compare(key, from) * sign >= 0)
      .slice(0, limit);
  }
}

const key = fc.string({ minLength: 1, maxLength: 2, unit: fc.constantFrom("a", "b", "c", "\xff") });
const change = fc.record({ key, value: fc.option(fc.string()) });
const query = fc.record({ from: fc.option(key, { nil: undefined }), limit: fc.nat(8), reverse: fc.boolean() });

const text = (entries: Entry[]) => entries.map(({ key, value }) => `${key.toString("latin1")}=${value}`).join();

/** Sets or, with null, removes; returns whether a record was removed. */
function put(overlay: Overlay, table: number, key: Buffer, value: Buffer | null): boolean {
  if (value === null) return overlay.remove(table, key);
  overlay.set(table, key, value);
  return false;
}

t.test("two overlays read like the table with all changes made", async (t) => {
  fc.assert(
    fc.property(
      fc.array(change),
      fc.array(change),
      fc.array(change),
      query,
      (base, lower, upper, { from, ...rest }) => {
        const under = new Model();
        const made = new Model();
        for (const { key, value } of base) if (value !== null) under.entries.set(key, value);
        for (const [key, value] of under.entries) made.entries.set(key, value);
        const batch = new Overlay(under);
        const own = new Overlay(batch);
        for (const [layer, changes] of [[batch, lower] as const, [own, upper] as const]) {
          for (const { key, value } of changes) {
            const there = put(layer, 0, Buffer.from(key, "latin1"), value === null ? null : Buffer.from(value));
            if (value === null && there !== made.entries.has(key)) return false;
            // Counted in between, too: a count must not stick.
            if (layer.count(0) < 0) return false;
            if (value === null) made.entries.delete(key);
            else made.entries.set(key, value);
          }
        }
        const options = { ...rest, ...(from === undefined ? {} : { from: Buffer.from(from, "latin1") }) };
        // Changes of the upper one, put into the lower one, leave nothing different.
        const range = text(own.range(0, options));
        const count = own.count(0);
        for (const { table, key, value } of [...own.changes()]) put(batch, table, key, value);
        return (
          range === text(made.range(0, options)) &&
          text(batch.range(0, options)) === range &&
          count === made.entries.size &&
          batch.count(0) === made.entries.size
        );
      },
    ),
  );
  t.pass("for all changes and ranges");
});

t.test("a record made and removed within one overlay is no change", async (t) => {
  const overlay = new Overlay(new Model());
  overlay.set(0, Buffer.from("a"), Buffer.from("1"));
  overlay.remove(0, Buffer.from("a"));
  t.equal([...overlay.changes()].length, 0);
});
