// What the methods do, for every row of the table alike. A write is one store transaction: what is refused inside it
// leaves nothing behind.

import { LIMITS } from "../../base/limits.js";
import type { Reply, Request } from "../../http/table.js";
import type { Engine, Transaction } from "../../store/engine.js";
import { asDictionary, type Body, parseBody } from "./body.js";
import type { Context, StoredRecord } from "./context.js";
import type { Field } from "./fields.js";
import { Invalid, MESSAGES, Refusal, refuse, say } from "./messages.js";
import { type Mirror, recordsOf } from "./mirror.js";
import { type Format, render } from "./negotiate.js";
import { excludedFields, filterRecords, orderRecords, takePage } from "./query.js";
import type { Mount, Resource, Unique } from "./resource.js";

/** One request to a resource, after its form was negotiated. */
export interface Call {
  readonly resource: Resource;
  readonly mount: Mount;
  readonly request: Request;
  readonly context: Context;
  readonly format: Format;
  readonly store: Engine;
  /** What the store has committed. */
  readonly mirror: Mirror;
}

type Values = Record<string, unknown>;

/** A record as it is shown. */
export function viewOf(
  resource: Resource,
  record: StoredRecord,
  context: Context,
  excluded: ReadonlySet<string> = new Set(),
): Values {
  const shown: Values = excluded.size === 0 ? { ...resource.blank } : {};
  for (const field of resource.fields) {
    if (field.writeOnly || excluded.has(field.name)) continue;
    shown[field.name] = field.secret && !context.mayWrite ? null : field.view(record, context);
  }
  return shown;
}

/** The parent that the URL names. Throws Refusal 404; null for resources without one. */
function parentOf({ mount, request, context }: Call): StoredRecord | null {
  if (!mount.parent) return null;
  const parent = context.directory.lookup(
    { resource: mount.parent, params: { x: request.params["x"] ?? "" } },
    context,
  );
  if (!parent) throw refuse(404, "notFound");
  return parent;
}

/** The record that the URL names. Throws Refusal 404. */
function recordOf({ resource, mount, request, context }: Call): StoredRecord {
  const place = { resource: resource.name, parent: mount.parent, params: request.params };
  const record = context.directory.lookup(place, context);
  if (!record) throw refuse(404, "notFound");
  return record;
}

function readField(field: Field, value: unknown, form: boolean, context: Context): unknown {
  const nothing = value === null || (value === "" && (form || field.type === "field") && field.nullable);
  if (nothing) {
    if (!field.nullable) throw new Invalid(MESSAGES.null);
    return null;
  }
  return field.read(value, context);
}

/** The values of a body. Throws Refusal 400 with all that is wrong. */
function readValues(call: Call, body: Body, before: StoredRecord | null, partial: boolean): Values {
  const { resource, context } = call;
  const given = asDictionary(body);
  const values: Values = {};
  const errors: Record<string, readonly string[]> = {};
  for (const field of resource.fields) {
    if (field.readOnly) continue;
    const { name } = field;
    try {
      if (Object.hasOwn(given, name)) {
        const value = readField(field, given[name], body.form, context);
        if (field.immutable && before && value !== before[name]) throw new Invalid(MESSAGES.immutable);
        values[name] = value;
      } else if (field.required && !partial && !(before && field.writeOnly)) throw new Invalid(MESSAGES.required);
      else if (!before) values[name] = "fallback" in field ? field.fallback : null;
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      errors[name] = error.messages;
    }
  }
  if (Object.keys(errors).length > 0) throw new Refusal(400, errors);
  return values;
}

function taken(unique: Unique, resource: Resource, record: StoredRecord, context: Context): boolean {
  const [first = "", ...more] = unique.members;
  return context.reader.having(resource.table, first, record[first]).some((other) => {
    if (other.id === record.id || !resource.owns(other)) return false;
    return more.every((member) => other[member] === record[member]);
  });
}

function checkUnique(resource: Resource, record: StoredRecord, before: StoredRecord | null, context: Context): void {
  for (const unique of resource.unique) {
    const [first = "", ...more] = unique.members;
    const touched = !before || unique.members.some((member) => before[member] !== record[member]);
    if (!touched || !taken(unique, resource, record, context)) continue;
    const text = more.length > 0 ? say("uniqueTogether", { fields: unique.members.join(", ") }) : MESSAGES.unique;
    throw new Refusal(400, { [more.length > 0 ? "non_field_errors" : first]: [unique.message ?? text] });
  }
}

/** Runs `body` in a transaction, with the context reading from it; afterwards the context reads what is committed. */
async function inTransaction<R>({ context, store, mirror }: Call, body: (tx: Transaction) => R): Promise<R> {
  try {
    return await store.write((tx) => {
      context.refresh(recordsOf(tx));
      return body(tx);
    });
  } finally {
    context.refresh(mirror);
  }
}

export function list(call: Call): Reply {
  const { resource, mount, request, context } = call;
  const parent = parentOf(call);
  const { reader } = context;
  const all = parent
    ? reader.having(resource.table, mount.by as string, parent.id)
    : reader.list(resource.table).map(({ value }) => value as unknown as StoredRecord);
  const filtered = filterRecords(
    all.filter((one) => resource.owns(one)),
    resource,
    request.query,
    context,
  );
  const ordered = orderRecords(filtered, resource, request.query, context);
  const { records, frame } = takePage(ordered, request.query, context.origin + request.path);
  const excluded = excludedFields(request.query);
  const results = records.map((record) => viewOf(resource, record, context, excluded));
  return render(call.format, 200, frame ? { ...frame, results } : results, request);
}

export function retrieve(call: Call): Reply {
  const view = viewOf(call.resource, recordOf(call), call.context, excludedFields(call.request.query));
  return render(call.format, 200, view, call.request);
}

export async function create(call: Call): Promise<Reply> {
  const { resource, mount, request, context } = call;
  parentOf(call);
  const body = parseBody(request);
  // Read twice: here what needs no lock (and is refused without a transaction), below what must hold at the write.
  const prepared = readValues(call, body, null, false);
  await resource.prepare?.(prepared, context, true);
  const record = await inTransaction(call, (tx) => {
    const parent = parentOf(call);
    readValues(call, body, null, false);
    const limit = resource.limit ?? LIMITS.bondingRecords;
    if (tx.count(resource.table) >= limit) throw new Refusal(400, { non_field_errors: [say("full", { limit })] });
    const made: StoredRecord = {
      id: tx.nextId(resource.table),
      ...prepared,
      ...(parent ? { [mount.by as string]: parent.id } : {}),
      created: new Date().toISOString(),
    };
    checkUnique(resource, made, null, context);
    resource.creating(made, tx, context);
    tx.put(resource.table, made.id, made as never);
    return made;
  });
  const location = context.linkTo(resource.name, record);
  return render(call.format, 201, viewOf(resource, record, context), request, { location });
}

const same = (a: StoredRecord, b: StoredRecord) => Object.keys(b).every((key) => a[key] === b[key]);

export async function update(call: Call, partial: boolean): Promise<Reply> {
  const { resource, request, context } = call;
  const seen = recordOf(call);
  const body = parseBody(request);
  const prepared = readValues(call, body, seen, partial);
  await resource.prepare?.(prepared, context, false);
  // A change to what is there already needs no transaction: scripts that repeat themselves are cheap.
  if (same(seen, { ...seen, ...prepared })) {
    return render(call.format, 200, viewOf(resource, seen, context), request);
  }
  const record = await inTransaction(call, (tx) => {
    const before = recordOf(call);
    readValues(call, body, before, partial);
    const after: StoredRecord = { ...before, ...prepared };
    checkUnique(resource, after, before, context);
    resource.updating(after, before, tx, context);
    tx.put(resource.table, after.id, after as never);
    return after;
  });
  return render(call.format, 200, viewOf(resource, record, context), request);
}

export async function remove(call: Call): Promise<Reply> {
  const { resource, context } = call;
  recordOf(call);
  await inTransaction(call, (tx) => {
    const record = recordOf(call);
    resource.removing(record, tx, context);
    tx.remove(resource.table, record.id);
  });
  return { status: 204, headers: {} };
}
