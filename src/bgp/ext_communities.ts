// EXTENDED COMMUNITIES (attribute 16, RFC 4360): "name:value", by the rows of ext_community_rows.ts. What is in no row, or
// would not come back the same, reads and writes as "unknown:<16 hex digits>".

import { bad, type Codec, list, u16 } from "./attribute_values.js";
import { EXT_COMMUNITY_ROWS, type ExtCommunityRow } from "./ext_community_rows.js";
import { comesBack } from "./fields.js";

const byType = new Map<number, ExtCommunityRow[]>();
const byName = new Map<string, ExtCommunityRow[]>();
for (const row of EXT_COMMUNITY_ROWS) {
  byType.set(row.type, [...(byType.get(row.type) ?? []), row]);
  byName.set(row.name, [...(byName.get(row.name) ?? []), row]);
}

const text = (row: ExtCommunityRow, value: string) => (value === "" ? row.name : `${row.name}:${value}`);

function show(bytes: Buffer): string {
  for (const row of byType.get(bytes.readUInt16BE(0)) ?? []) {
    const shown = comesBack(bytes, () => text(row, row.show(bytes.subarray(2))), read);
    if (shown !== undefined) return shown;
  }
  return `unknown:${bytes.toString("hex")}`;
}

/** One item of the JSON list; a comma separates several values of one name, as in "route-target:1:1,2:2". */
function read(item: unknown): Buffer {
  if (typeof item !== "string") return bad(item, '"name:value"');
  const [, name = "", value = ""] = /^\s*([^:]*?)\s*(?::\s*(.*?))?\s*$/s.exec(item.toLowerCase()) ?? [];
  if (name === "unknown" && /^[0-9a-f]{16}$/.test(value)) return Buffer.from(value, "hex");
  const rows = byName.get(name);
  if (!rows)
    return bad(item, `"name:value" with a name of ${[...byName.keys()].join(", ")}, or unknown:<16 hex digits>`);
  const values = name === "traffic-action" ? [value] : value.split(",");
  return Buffer.concat(
    values.map((one) => {
      for (const row of rows) {
        const bytes = row.read(one.trim());
        if (bytes) return Buffer.concat([u16(row.type), bytes]);
      }
      return bad(item, `a value of ${name}`);
    }),
  );
}

export const extCommunities: Codec = {
  decode: (value) => {
    const result: string[] = [];
    for (let at = 0; at + 8 <= value.length; at += 8) result.push(show(value.subarray(at, at + 8)));
    return result;
  },
  encode: (json) => Buffer.concat(list(json, 1).map(read)),
};
