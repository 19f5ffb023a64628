// Paths of resources and records: written, matched, looked up.

import type { Context, Directory, StoredRecord } from "./context.js";
import type { Mount, Resource } from "./resource.js";

/** Base path of the surface. */
export const PREFIX = "/api/v4";

/** Params that an item of a mount has: the parent's key when there is one, then its own. */
export const itemParam = (mount: Mount): "x" | "y" => (mount.parent ? "y" : "x");

/** The item path of a mount. */
export const itemPath = (mount: Mount): string => `${mount.path}:${itemParam(mount)}/`;

interface Pattern {
  readonly expression: RegExp;
  readonly resource: string;
  readonly parent: string | undefined;
  readonly names: readonly string[];
}

function pattern(path: string, resource: string, parent?: string): Pattern {
  const names = [...path.matchAll(/:(\w+)/g)].map((found) => found[1] as string);
  return { expression: new RegExp(`^${PREFIX}${path.replace(/:\w+/g, "([^/]+)")}$`), resource, parent, names };
}

/** Finds records and writes paths for all resources of the table. */
export function createDirectory(resources: readonly Resource[]): Directory {
  const byName = new Map(resources.map((one) => [one.name, one]));
  const patterns = resources.flatMap((one) =>
    one.mounts.flatMap((mount) => [
      ...(mount.item.length > 0 ? [pattern(itemPath(mount), one.name, mount.parent)] : []),
      // A list is a URL of the surface too, but of no record.
      pattern(mount.path, ""),
    ]),
  );

  function byKey(resource: Resource, key: string, context: Context): StoredRecord | undefined {
    if (resource.key === "id") {
      return /^\d{1,15}$/.test(key) ? find(resource.name, Number(key), context) : undefined;
    }
    for (const { value } of context.reader.list(resource.table)) {
      const record = value as unknown as StoredRecord;
      if (record[resource.key] === key && resource.owns(record)) return record;
    }
    return undefined;
  }

  function find(name: string, id: unknown, context: Context): StoredRecord | undefined {
    const resource = byName.get(name);
    if (!resource || typeof id !== "number") return undefined;
    const record = context.reader.get(resource.table, id) as unknown as StoredRecord | undefined;
    return record && resource.owns(record) ? record : undefined;
  }

  return {
    find,
    pathTo(name, record, context) {
      const resource = byName.get(name);
      if (!resource) throw new Error(`no resource ${name}`);
      return PREFIX + resource.path(record, context);
    },
    match(path) {
      for (const { expression, resource, parent, names } of patterns) {
        const found = expression.exec(path);
        const params = found && Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? ""]));
        if (params) return { resource, ...(parent ? { parent } : {}), params };
      }
      return null;
    },
    lookup({ resource: name, parent, params }, context) {
      const resource = byName.get(name);
      if (!resource) return undefined;
      const child = params["y"] !== undefined;
      const record = byKey(resource, child ? (params["y"] as string) : (params["x"] ?? ""), context);
      if (!record || !child) return record;
      // A child belongs to the parent that its URL names, and that one is of the kind that the URL says.
      const owner = byName.get(parent ?? "");
      const mount = resource.mounts.find((one) => one.parent === parent);
      const found = owner && mount && byKey(owner, params["x"] ?? "", context);
      return found && record[mount.by as string] === found.id ? record : undefined;
    },
  };
}
