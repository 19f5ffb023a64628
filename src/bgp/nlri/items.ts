// Lists of NLRI in JSON, with their path identifiers (RFC 7911): a text becomes {"prefix": text, "path_id": n}, an
// object gets "path_id".

import { LIMITS } from "../../base/limits.js";
import { type AttributeContext, bad, u32, unsigned } from "../attribute_values.js";
import type { Family } from "../families.js";
import { members } from "./codec.js";
import { cutNlri } from "./cut.js";

export interface ItemOptions {
  /** The prefixes of the session's family carry path identifiers. */
  readonly addPath: boolean;
  /** They stand in a withdrawal. */
  readonly withdraw: boolean;
  /** What the attributes beside them say. */
  readonly context?: AttributeContext | undefined;
}

/** One NLRI's JSON with its path identifier. */
export function withPathId(json: unknown, pathId: number | null): unknown {
  if (pathId === null) return json;
  return typeof json === "object" && json !== null ? { ...json, path_id: pathId } : { prefix: json, path_id: pathId };
}

/** The JSON of all NLRI of a field. RangeError at one that is not whole. */
export function decodeItems(family: Family, field: Buffer, { addPath, withdraw, context }: ItemOptions): unknown[] {
  const items: unknown[] = [];
  for (const { pathId, wire } of cutNlri(family, field, addPath)) {
    items.push(withPathId(family.nlri.decode(wire, withdraw, context), pathId));
  }
  return items;
}

function splitPathId(item: unknown): { plain: unknown; pathId: unknown } {
  if (typeof item !== "object" || item === null || !("path_id" in item)) return { plain: item, pathId: undefined };
  const { path_id: pathId, ...plain } = item;
  return { plain, pathId };
}

/** The wire form of each item of a list, or of one object; path identifier included: 0 where none is given. Throws ValueError. */
export function encodeItems(family: Family, json: unknown, { addPath, withdraw, context }: ItemOptions): Buffer[] {
  const items = Array.isArray(json) ? json : [members(json, "a list, or one object")];
  if (items.length > LIMITS.bgpPrefixesPerUpdate) {
    bad(items.length, `${LIMITS.bgpPrefixesPerUpdate} prefixes in one call`);
  }
  return items.map((item: unknown) => {
    const { plain, pathId } = splitPathId(item);
    const wire = family.nlri.encode(plain, withdraw, context);
    if (addPath) return Buffer.concat([u32(unsigned(pathId ?? 0, 0xffffffff)), wire]);
    if (pathId !== undefined) bad(pathId, "path_id only where the session sends path identifiers");
    return wire;
  });
}
