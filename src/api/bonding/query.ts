// Lists: filters, `search`, `ordering`, `page`/`page_size`, `exclude_fields`, as the framework does them.

import { LIMITS } from "../../base/limits.js";
import type { Context, StoredRecord } from "./context.js";
import type { Field } from "./fields.js";
import { Invalid, Refusal, refuse } from "./messages.js";
import type { Resource } from "./resource.js";

/** A parameter's value: the last one of a name counts; "" for none. */
function lastOf(query: URLSearchParams, name: string): string {
  return query.getAll(name).at(-1) ?? "";
}

/** The records that the query's filters leave. Throws Refusal 400 for a value that is no choice. */
export function filterRecords(
  records: readonly StoredRecord[],
  resource: Resource,
  query: URLSearchParams,
  context: Context,
): readonly StoredRecord[] {
  const errors: Record<string, readonly string[]> = {};
  const wanted: [Field, unknown][] = [];
  for (const field of resource.fields) {
    const text = lastOf(query, field.name);
    if (!field.filter || !field.match || text === "") continue;
    try {
      const value = field.match(text, context);
      if (value !== undefined) wanted.push([field, value]);
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      errors[field.name] = error.messages;
    }
  }
  if (Object.keys(errors).length > 0) throw new Refusal(400, errors);
  const left = wanted.length === 0 ? records : records.filter((one) => wanted.every(([f, v]) => one[f.name] === v));
  return search(left, resource, lastOf(query, "search"), context);
}

/** Every word must be in one of the texts that the resource is searched by. */
function search(
  records: readonly StoredRecord[],
  resource: Resource,
  text: string,
  context: Context,
): readonly StoredRecord[] {
  const { search: textsOf } = resource;
  const words = text
    .replace(/\0/g, "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .slice(0, LIMITS.searchTerms);
  if (!textsOf || words.length === 0) return records;
  return records.filter((record) => {
    const texts = textsOf(record, context).map((one) => (one ?? "").toLowerCase());
    return words.every((word) => texts.some((one) => one.includes(word)));
  });
}

function compare(a: unknown, b: unknown): number {
  const none = (value: unknown) => value === null || value === undefined;
  if (none(a) || none(b)) return Number(none(a)) - Number(none(b));
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  const left = String(a);
  const right = String(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Orders by the named fields; unknown names are passed over. Records come by id otherwise. */
export function orderRecords(
  records: readonly StoredRecord[],
  resource: Resource,
  query: URLSearchParams,
  context: Context,
): readonly StoredRecord[] {
  const visible = new Map(resource.fields.filter((one) => !one.writeOnly && !one.secret).map((one) => [one.name, one]));
  const terms = lastOf(query, "ordering")
    .split(",")
    .slice(0, LIMITS.orderingTerms)
    .map((term) => term.trim())
    .map((term) => ({ field: visible.get(term.replace(/^-/, "")), sign: term.startsWith("-") ? -1 : 1 }))
    .filter((term) => term.field !== undefined);
  if (terms.length === 0) return records;
  const keyed = records.map((record) => ({
    record,
    // What is stored orders relations by id; what is worked out orders by what is shown.
    keys: terms.map(({ field }) => {
      const name = (field as Field).name;
      return name in record ? record[name] : (field as Field).view(record, context);
    }),
  }));
  keyed.sort((a, b) => {
    for (let i = 0; i < terms.length; i++) {
      const order = compare(a.keys[i], b.keys[i]) * (terms[i]?.sign ?? 1);
      if (order !== 0) return order;
    }
    return a.record.id - b.record.id;
  });
  return keyed.map(({ record }) => record);
}

export interface Page {
  readonly records: readonly StoredRecord[];
  /** What is around the results; null: the bare list was asked for. */
  readonly frame: { readonly count: number; readonly next: string | null; readonly previous: string | null } | null;
}

function pageLink(base: string, query: URLSearchParams, page: number): string {
  const changed = new URLSearchParams(query);
  if (page === 1) changed.delete("page");
  else changed.set("page", String(page));
  changed.sort();
  const text = changed.toString();
  return text === "" ? base : `${base}?${text}`;
}

/** The page that is asked for, or all. Throws Refusal 404 for a page that is not there. */
export function takePage(records: readonly StoredRecord[], query: URLSearchParams, base: string): Page {
  const given = lastOf(query, "page_size");
  const size = /^\s*\+?\d{1,9}\s*$/.test(given) ? Number(given) : 0;
  if (size === 0) return { records, frame: null };
  const last = Math.max(1, Math.ceil(records.length / size));
  const text = lastOf(query, "page") || "1";
  const page = text === "last" ? last : /^\s*\+?\d{1,9}\s*$/.test(text) ? Number(text) : 0;
  if (page < 1 || page > last) throw refuse(404, "invalidPage");
  return {
    records: records.slice((page - 1) * size, page * size),
    frame: {
      count: records.length,
      next: page < last ? pageLink(base, query, page + 1) : null,
      previous: page > 1 ? pageLink(base, query, page - 1) : null,
    },
  };
}

/** Names of fields that `exclude_fields` leaves out: repeated, or with commas. */
export function excludedFields(query: URLSearchParams): ReadonlySet<string> {
  return new Set(query.getAll("exclude_fields").flatMap((text) => text.split(",")));
}
