// A switch's tables: what they hold and have done (spec §7.3.5.3, §7.3.5.4; 1.0 spec §5.3.5), and what each can do (§7.3.5.5).
// Read byte by byte, since they are few. Counters are JavaScript numbers: exact to 2^53.

import { AppError } from "../base/errors.js";
import { CodecError, type OpenFlowCodec, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import { fixedText, MULTIPART } from "./messages.js";
import type { Session } from "./session.js";
import { u64 } from "./stats.js";

export interface Aggregate {
  readonly packets: number;
  readonly bytes: number;
  readonly flows: number;
}

export interface TableStats {
  readonly id: number;
  /** Null: 1.3 does not say them here, but in the table's features. */
  readonly name: string | null;
  readonly maxEntries: number | null;
  readonly active: number;
  readonly lookups: number;
  readonly matched: number;
}

/** What a property of a table's features lists. */
export type PropertyKind = "instructions" | "tables" | "actions" | "fields";

export interface TableProperty {
  /** A row of TABLE_PROPERTIES, by its type; undefined for a property that is not there. */
  readonly type: number;
  /** Instruction types, table ids or action types; fields: OXM class, field and mask bit, and no length. */
  readonly ids: readonly number[];
}

export interface TableFeatures {
  readonly id: number;
  readonly name: string;
  readonly metadataMatch: bigint;
  readonly metadataWrite: bigint;
  readonly config: number;
  readonly maxEntries: number;
  readonly properties: readonly TableProperty[];
}

/** OFPTFPT_*: the one after each is the same for a table-miss flow. */
export const TABLE_PROPERTIES: readonly {
  readonly type: number;
  readonly name: string;
  readonly kind: PropertyKind;
}[] = [
  { type: 0, name: "instructions", kind: "instructions" },
  { type: 1, name: "instructions_miss", kind: "instructions" },
  { type: 2, name: "next_tables", kind: "tables" },
  { type: 3, name: "next_tables_miss", kind: "tables" },
  { type: 4, name: "write_actions", kind: "actions" },
  { type: 5, name: "write_actions_miss", kind: "actions" },
  { type: 6, name: "apply_actions", kind: "actions" },
  { type: 7, name: "apply_actions_miss", kind: "actions" },
  { type: 8, name: "match", kind: "fields" },
  { type: 10, name: "wildcards", kind: "fields" },
  { type: 12, name: "write_setfield", kind: "fields" },
  { type: 13, name: "write_setfield_miss", kind: "fields" },
  { type: 14, name: "apply_setfield", kind: "fields" },
  { type: 15, name: "apply_setfield_miss", kind: "fields" },
];
const kinds = new Map(TABLE_PROPERTIES.map(({ type, kind }) => [type, kind]));

const AGGREGATE = 24;
const TABLE = 24;
const TABLE_1_0 = 64;
const FEATURES = 64;
const EXPERIMENTER = 0xffff;

function buffer(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** The body of an AGGREGATE reply, the same in both versions. Throws CodecError. */
export function readAggregate(body: Uint8Array): Aggregate {
  if (body.length < AGGREGATE) throw new CodecError(-1);
  const bytes = buffer(body);
  return { packets: u64(bytes, 0), bytes: u64(bytes, 8), flows: bytes.readUInt32BE(16) };
}

/** The AGGREGATE request for the flows that a record covers, as a listing's query has it. Throws CodecError. */
export function packAggregateQuery(codec: OpenFlowCodec, query: Uint8Array, xid: number, version: number): Uint8Array {
  const request = codec.packFlowQuery(query, xid, version);
  request[9] = MULTIPART.AGGREGATE;
  return request;
}

/** Asks a switch what the flows that `query` covers have carried together. Errors: OPENFLOW_REFUSED, UNAVAILABLE. */
export async function aggregate(session: Session, codec: OpenFlowCodec, query: Uint8Array): Promise<Aggregate> {
  const body = await session.gather(MULTIPART.AGGREGATE, (xid) =>
    packAggregateQuery(codec, query, xid, session.version),
  );
  try {
    return readAggregate(body);
  } catch (error) {
    throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: (error as Error).message });
  }
}

/** The entries of a TABLE reply. Throws CodecError. */
export function unpackTableStats(body: Uint8Array, version: number = VERSION_1_3): TableStats[] {
  const bytes = buffer(body);
  const old = version === VERSION_1_0;
  const size = old ? TABLE_1_0 : TABLE;
  if (bytes.length % size !== 0) throw new CodecError(-1);
  return Array.from({ length: bytes.length / size }, (_, i) => {
    const at = i * size;
    // What both have stands at the end of the entry.
    const counters = at + size - 20;
    return {
      id: bytes[at] as number,
      name: old ? fixedText(bytes, at + 4, 32) : null,
      maxEntries: old ? bytes.readUInt32BE(at + 40) : null,
      active: bytes.readUInt32BE(counters),
      lookups: u64(bytes, counters + 4),
      matched: u64(bytes, counters + 12),
    };
  });
}

/** The entries of a TABLE_FEATURES reply. Throws CodecError. */
export function unpackTableFeatures(body: Uint8Array): TableFeatures[] {
  const bytes = buffer(body);
  const tables: TableFeatures[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + FEATURES <= bytes.length ? bytes.readUInt16BE(at) : 0;
    if (length < FEATURES || (length & 7) !== 0 || at + length > bytes.length) throw new CodecError(-1);
    tables.push({
      id: bytes[at + 2] as number,
      name: fixedText(bytes, at + 8, 32),
      metadataMatch: bytes.readBigUInt64BE(at + 40),
      metadataWrite: bytes.readBigUInt64BE(at + 48),
      config: bytes.readUInt32BE(at + 56),
      maxEntries: bytes.readUInt32BE(at + 60),
      properties: unpackProperties(bytes, at + FEATURES, at + length),
    });
    at += length;
  }
  return tables;
}

function unpackProperties(bytes: Buffer, at: number, end: number): TableProperty[] {
  const properties: TableProperty[] = [];
  while (at < end) {
    const length = at + 4 <= end ? bytes.readUInt16BE(at + 2) : 0;
    if (length < 4 || at + length > end) throw new CodecError(-1);
    const type = bytes.readUInt16BE(at);
    const kind = kinds.get(type);
    if (kind) properties.push({ type, ids: unpackIds(bytes, at + 4, at + length, kind) });
    // Properties end on eight bytes; the length does not count that.
    at += (length + 7) & ~7;
  }
  return properties;
}

function unpackIds(bytes: Buffer, at: number, end: number, kind: PropertyKind): number[] {
  const ids: number[] = [];
  while (at < end) {
    if (kind === "tables") {
      ids.push(bytes[at++] as number);
      continue;
    }
    if (at + 4 > end) throw new CodecError(-1);
    const type = bytes.readUInt16BE(at);
    if (kind === "fields") {
      ids.push(bytes.readUInt32BE(at) >>> 8);
      // The id of an experimenter's class follows.
      at += type === EXPERIMENTER ? 8 : 4;
    } else {
      ids.push(type);
      const length = bytes.readUInt16BE(at + 2);
      if (length < 4) throw new CodecError(-1);
      at += length;
    }
  }
  return ids;
}
