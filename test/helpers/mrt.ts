// MRT files for tests: where the fixtures lie, and what is made of records.

import { fileURLToPath } from "node:url";
import { attributeRow, encodeAttribute, walkAttributes } from "../../src/bgp/attributes.js";
import { type Family, familyByNumbers } from "../../src/bgp/families.js";
import type { MrtContent } from "../../src/bgp/mrt/decode.js";
import type { MrtError, MrtRecord } from "../../src/bgp/mrt/framer.js";
import { readMrt } from "../../src/bgp/mrt/reader.js";
import { decodeItems, encodeItems } from "../../src/bgp/nlri/items.js";

/** The path of a fixture. */
export const mrtVector = (name: string) => fileURLToPath(new URL(`../../../test/vectors/mrt/${name}`, import.meta.url));

/** A record: header and body (RFC 6396 §2). */
export function mrtRecord(type: number, subtype: number, body: Uint8Array | readonly number[], time = 1_000): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(time, 0);
  head.writeUInt16BE(type, 4);
  head.writeUInt16BE(subtype, 6);
  head.writeUInt32BE(body.length, 8);
  return Buffer.concat([head, Uint8Array.from(body)]);
}

/** All records of a file that have something to say, and what was wrong with others. */
export async function readAll(file: string): Promise<{ contents: MrtContent[]; faults: MrtError[] }> {
  const contents: MrtContent[] = [];
  const faults: MrtError[] = [];
  await readMrt(file, {
    record: (_: MrtRecord, content) => contents.push(structuredCloneOf(content)),
    fault: (error) => faults.push(error),
  });
  return { contents, faults };
}

/** A content whose bytes outlive their chunk. */
function structuredCloneOf<T>(value: T): T {
  if (value instanceof Uint8Array) return Buffer.from(value) as T;
  if (Array.isArray(value)) return value.map(structuredCloneOf) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, structuredCloneOf(inner)])) as T;
}

/** The attribute lists of a record, with the width of their AS numbers. */
export function* attributeLists(content: MrtContent): Generator<{ bytes: Buffer; asBytes: 2 | 4; rib: boolean }> {
  if (content.kind === "routes") {
    for (const { attributes } of content.routes) yield { bytes: attributes, asBytes: content.asBytes, rib: true };
  } else if (content.kind === "message" && content.message[18] === 2) {
    const { message, asBytes } = content;
    const at = 21 + message.readUInt16BE(19);
    yield { bytes: message.subarray(at + 2, at + 2 + message.readUInt16BE(at)), asBytes, rib: false };
  }
}

/** The fields of prefixes of a record: of an UPDATE, of its MP attributes, of a RIB's record. */
export function* prefixFields(content: MrtContent): Generator<{ bytes: Buffer; afi: number; safi: number }> {
  if (content.kind === "routes") {
    for (const { nlri } of content.routes) yield { bytes: nlri, afi: content.afi, safi: content.safi };
  } else if (content.kind === "message" && content.message[18] === 2) {
    const { message } = content;
    const attributes = 21 + message.readUInt16BE(19);
    const nlri = attributes + 2 + message.readUInt16BE(attributes);
    yield { bytes: message.subarray(21, attributes), afi: 1, safi: 1 };
    yield { bytes: message.subarray(nlri), afi: 1, safi: 1 };
    for (const { code, value } of walkAttributes(message.subarray(attributes + 2, nlri))) {
      if (code !== 14 && code !== 15) continue;
      const numbers = { afi: value.readUInt16BE(0), safi: value[2] as number };
      if (code === 14) yield { bytes: value.subarray(5 + (value[3] as number)), ...numbers };
      if (code === 15) yield { bytes: value.subarray(3), ...numbers };
    }
  }
}

export interface Reencoded {
  attributes: number;
  prefixes: number;
  /** Attributes whose bytes came out otherwise, by the reason: "code: reason". */
  readonly other: Map<string, number>;
}

/** Decodes each attribute to JSON and encodes that again, and counts where bytes differ. */
export function reencode(content: MrtContent, into: Reencoded): void {
  const addPath = content.kind === "message" && content.addPath;
  for (const { bytes, afi, safi } of prefixFields(content)) {
    const family = familyByNumbers(afi, safi) as Family;
    const items = decodeItems(family, bytes, { addPath, withdraw: false });
    into.prefixes += items.length;
    const again = Buffer.concat(encodeItems(family, items, { addPath, withdraw: false }));
    if (!again.equals(bytes)) into.other.set("prefixes", (into.other.get("prefixes") ?? 0) + 1);
  }
  for (const { bytes, asBytes } of attributeLists(content)) {
    for (const { flags, code, value } of walkAttributes(bytes)) {
      const row = attributeRow(code);
      if (row.kind === "mp") continue;
      into.attributes++;
      const width = code === 17 || code === 18 ? 4 : asBytes;
      const count = (reason: string) => {
        const key = `${code}: ${reason}`;
        into.other.set(key, (into.other.get(key) ?? 0) + 1);
      };
      let again: Buffer;
      try {
        again = row.codec.encode(row.codec.decode(value, width), width);
      } catch (error) {
        count(error instanceof Error ? error.message : String(error));
        continue;
      }
      if (!again.equals(value)) count("value");
      const whole = encodeAttribute(row.flags, code, again);
      if ((flags & 0x10) !== ((whole[0] as number) & 0x10)) count("extended length");
      else if ((flags & 0x20) !== (row.flags & 0x20)) count("partial");
      else if (whole[0] !== flags) count("flags");
    }
  }
}
