// A value of a policy's JSON or TOML with the place where it stands, so that every fault names path, value and what
// is allowed.

import { LIMITS } from "../../base/limits.js";

/** Tells where a value is wrong and what is allowed, by throwing (src/bgp/config.ts has two). */
export type PolicyFault = (path: string, value: unknown, allowed: string) => never;

/** What all values of one policy share. */
interface Shared {
  readonly fault: PolicyFault;
  entries: number;
}

const SHOWN_CHARS = 200;

export class Source {
  readonly value: unknown;
  readonly path: string;
  readonly #shared: Shared;

  constructor(value: unknown, path: string, shared: PolicyFault | Shared) {
    this.value = value;
    this.path = path;
    this.#shared = typeof shared === "function" ? { fault: shared, entries: 0 } : shared;
  }

  fail(allowed: string): never {
    const text = typeof this.value === "string" ? this.value : (JSON.stringify(this.value) ?? "");
    // A list of a hundred thousand prefixes is no help to a reader.
    const shown = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}...` : this.value;
    return this.#shared.fault(this.path, shown, allowed);
  }

  /** Counts entries against what one policy may have. */
  spend(entries: number): void {
    this.#shared.entries += entries;
    if (this.#shared.entries > LIMITS.bgpPolicyEntries) {
      this.fail(`policies of at most ${LIMITS.bgpPolicyEntries} prefixes, AS numbers and communities`);
    }
  }

  get isObject(): boolean {
    return typeof this.value === "object" && this.value !== null && !Array.isArray(this.value);
  }

  /** The values of an object with only these keys, those that are there. */
  object(keys: readonly string[]): Map<string, Source> {
    if (!this.isObject) this.fail(`an object with the keys ${keys.join(", ")}`);
    const found = new Map<string, Source>();
    for (const [key, value] of Object.entries(this.value as Record<string, unknown>)) {
      const source = new Source(value, this.path === "" ? key : `${this.path}.${key}`, this.#shared);
      if (!keys.includes(key)) source.fail(`only the keys ${keys.join(", ")}`);
      if (value !== undefined) found.set(key, source);
    }
    return found;
  }

  /** The items of a list of at least `least` and at most `most`. */
  list(least = 0, most = Number.POSITIVE_INFINITY): Source[] {
    const { value } = this;
    const upTo = most === Number.POSITIVE_INFINITY ? "" : ` and at most ${most}`;
    if (!Array.isArray(value)) return this.fail("a list");
    if (value.length < least || value.length > most) return this.fail(`a list of at least ${least}${upTo} items`);
    return value.map((one, i) => new Source(one, `${this.path}[${i}]`, this.#shared));
  }

  /** The items of a list that is not empty, or the one value that stands for it. */
  items(): Source[] {
    const items = Array.isArray(this.value) ? this.list(1) : [this];
    this.spend(items.length);
    return items;
  }

  integer(least: number, most: number): number {
    const { value } = this;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.fail(`a whole number from ${least} to ${most}`);
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("text");
  }

  /** What a name of the table stands for. */
  choice<T>(table: Readonly<Record<string, T>>): T {
    const { value } = this;
    if (typeof value === "string" && Object.hasOwn(table, value)) return table[value] as T;
    return this.fail(Object.keys(table).join(", "));
  }
}

/** A number, or {ge, le}: both ends are within. */
export function readRange(source: Source, most: number): { least: number; most: number } {
  if (!source.isObject) {
    const exact = source.integer(0, most);
    return { least: exact, most: exact };
  }
  const given = source.object(["ge", "le"]);
  const range = { least: given.get("ge")?.integer(0, most) ?? 0, most: given.get("le")?.integer(0, most) ?? most };
  if (given.size === 0 || range.least > range.most) source.fail("a number, or {ge, le} with ge not above le");
  return range;
}
