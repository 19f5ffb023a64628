// Groups (spec §7.3.4.2, §7.3.5.7, §7.3.5.8): built and read byte by byte, since they are few; their actions go through the codec.

import { AppError } from "../base/errors.js";
import { CodecError, MESSAGE, type OpenFlowCodec } from "../wasm/openflow.js";
import { MULTIPART, message } from "./messages.js";
import type { Session } from "./session.js";

export interface Bucket {
  readonly weight: number;
  readonly watchPort: number;
  readonly watchGroup: number;
  /** Action items (wasm/openflow_records.ts). */
  readonly actions: Uint8Array;
}

export interface Group {
  readonly id: number;
  /** Index in GROUP_TYPES. */
  readonly type: number;
  readonly buckets: readonly Bucket[];
}

export const GROUP_TYPES = ["all", "select", "indirect", "ff"] as const;
export const GROUP_COMMAND = { ADD: 0, MODIFY: 1, DELETE: 2 } as const;

const BUCKET_HEAD = 16;

function packBucket(bucket: Bucket, codec: OpenFlowCodec): Buffer {
  const actions = codec.packActions(bucket.actions);
  const head = Buffer.alloc(BUCKET_HEAD);
  head.writeUInt16BE(BUCKET_HEAD + actions.length, 0);
  head.writeUInt16BE(bucket.weight, 2);
  head.writeUInt32BE(bucket.watchPort, 4);
  head.writeUInt32BE(bucket.watchGroup, 8);
  return Buffer.concat([head, actions]);
}

/** GROUP_MOD. Throws CodecError. */
export function packGroupMod(command: number, group: Group, xid: number, codec: OpenFlowCodec): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(command, 0);
  head[2] = group.type;
  head.writeUInt32BE(group.id, 4);
  const body = Buffer.concat([head, ...group.buckets.map((bucket) => packBucket(bucket, codec))]);
  if (body.length + 8 > 0xffff) throw new CodecError(-4);
  return message(MESSAGE.GROUP_MOD, xid, body);
}

/** The buckets between `at` and `end`. Throws CodecError. */
function unpackBuckets(bytes: Buffer, at: number, end: number, codec: OpenFlowCodec): Bucket[] {
  const buckets: Bucket[] = [];
  while (at < end) {
    const length = at + BUCKET_HEAD <= end ? bytes.readUInt16BE(at) : 0;
    if (length < BUCKET_HEAD || at + length > end) throw new CodecError(-1);
    buckets.push({
      weight: bytes.readUInt16BE(at + 2),
      watchPort: bytes.readUInt32BE(at + 4),
      watchGroup: bytes.readUInt32BE(at + 8),
      actions: codec.unpackActions(bytes.subarray(at + BUCKET_HEAD, at + length)),
    });
    at += length;
  }
  return buckets;
}

/** The entries of a GROUP_DESC reply. Throws CodecError. */
export function unpackGroupDescriptions(body: Buffer, codec: OpenFlowCodec): Group[] {
  const groups: Group[] = [];
  for (let at = 0; at < body.length; ) {
    const length = at + 8 <= body.length ? body.readUInt16BE(at) : 0;
    if (length < 8 || at + length > body.length) throw new CodecError(-1);
    const buckets = unpackBuckets(body, at + 8, at + length, codec);
    groups.push({ type: body[at + 2] as number, id: body.readUInt32BE(at + 4), buckets });
    at += length;
  }
  return groups;
}

/** The group of a whole GROUP_MOD message and its command. Throws CodecError. */
export function unpackGroupMod(bytes: Buffer, codec: OpenFlowCodec): { command: number; group: Group } {
  if (bytes.length < 16) throw new CodecError(-1);
  const buckets = unpackBuckets(bytes, 16, bytes.length, codec);
  return {
    command: bytes.readUInt16BE(8),
    group: { type: bytes[10] as number, id: bytes.readUInt32BE(12), buckets },
  };
}

/** All groups of a switch. Errors: OPENFLOW_REFUSED, UNAVAILABLE. */
export async function groupDescriptions(session: Session, codec: OpenFlowCodec): Promise<Group[]> {
  const body = await session.collect(MULTIPART.GROUP_DESC);
  try {
    return unpackGroupDescriptions(body, codec);
  } catch (error) {
    throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: (error as Error).message });
  }
}

/** Adds, modifies or deletes a group and waits for the barrier. Errors: GROUP_NOT_FOUND, OPENFLOW_REFUSED. */
export async function changeGroup(
  session: Session,
  codec: OpenFlowCodec,
  command: number,
  group: Group,
): Promise<void> {
  // A switch takes the deletion of a group that it does not have without a word (spec §6.5).
  if (command === GROUP_COMMAND.DELETE) {
    const there = (await groupDescriptions(session, codec)).some(({ id }) => id === group.id);
    if (!there) throw new AppError("GROUP_NOT_FOUND", { id: group.id });
  }
  const { failures } = await session.changeOne((xid) => packGroupMod(command, group, xid, codec));
  const failure = failures[0];
  if (!failure) return;
  if (command === GROUP_COMMAND.MODIFY && failure.text.includes(`${UNKNOWN_GROUP},`)) {
    throw new AppError("GROUP_NOT_FOUND", { id: group.id });
  }
  throw new AppError("OPENFLOW_REFUSED", { text: failure.text });
}

const UNKNOWN_GROUP = "GROUP_MOD_FAILED/UNKNOWN_GROUP";

export interface GroupFeatures {
  /** Bits by group type. */
  readonly types: number;
  readonly capabilities: number;
  /** By type. */
  readonly maxGroups: readonly number[];
  /** Action bits by type. */
  readonly actions: readonly number[];
}

/** The body of a GROUP_FEATURES reply (spec §7.3.5.9), or null when it is too short. */
export function readGroupFeatures(body: Uint8Array): GroupFeatures | null {
  if (body.length < 40) return null;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const four = (at: number): number[] => [0, 4, 8, 12].map((i) => bytes.readUInt32BE(at + i));
  return {
    types: bytes.readUInt32BE(0),
    capabilities: bytes.readUInt32BE(4),
    maxGroups: four(8),
    actions: four(24),
  };
}
