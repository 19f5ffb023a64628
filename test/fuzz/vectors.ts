// The messages of test/vectors as seeds.

import { readFileSync } from "node:fs";

/** All bytes that a vector file has under `hex`, and those of its `messages`. */
export function vectorsOf(name: string): Uint8Array[] {
  const file = new URL(`../../../test/vectors/${name}.json`, import.meta.url);
  const found: Uint8Array[] = [];
  const walk = (value: unknown, key: string): void => {
    if (typeof value === "string" && /^([0-9a-f]{2})+$/.test(value) && key === "hex") {
      found.push(Uint8Array.from(Buffer.from(value, "hex")));
    } else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) walk(inner, key === "messages" ? "hex" : name);
    }
  };
  walk(JSON.parse(readFileSync(file, "utf8")), "");
  return found;
}
