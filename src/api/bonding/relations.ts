// From what a body says of another record to that record's id.

import type { Context } from "./context.js";
import { type Invalid, invalid } from "./messages.js";

/** The path of a link: absolute URLs, paths, with or without the format's suffix or query. */
function pathOf(link: string): string {
  const path = link.replace(/^https?:\/\/[^/]*/i, "").replace(/[?#].*$/, "");
  return path.endsWith(".json") ? `${path.slice(0, -5)}/` : path;
}

/** The id of the record that a body names, by URL or by an object with `url`, `id` or `key`. Throws Invalid. */
export function resolveRelation(
  value: string | Readonly<Record<string, unknown>>,
  resources: readonly string[],
  context: Context,
): number {
  if (typeof value === "object") return resolveObject(value, resources, context);
  const found = context.directory.match(pathOf(value));
  if (!found) throw invalid("linkNoMatch");
  if (!resources.includes(found.resource)) throw invalid("linkWrongMatch");
  const record = context.directory.lookup(found, context);
  if (!record) throw invalid("linkMissing");
  return record.id;
}

function resolveObject(
  value: Readonly<Record<string, unknown>>,
  resources: readonly string[],
  context: Context,
): number {
  const { url, id, key } = value;
  if (typeof url === "string") return resolveRelation(url, resources, context);
  const missing = (): Invalid => invalid("linkMissing");
  for (const resource of resources) {
    const record =
      typeof id === "number"
        ? context.directory.find(resource, id, context)
        : typeof key === "string"
          ? context.directory.lookup({ resource, params: { x: key } }, context)
          : undefined;
    if (record) return record.id;
  }
  if (typeof id !== "number" && typeof key !== "string") throw invalid("linkType", { type: "dict" });
  throw missing();
}
