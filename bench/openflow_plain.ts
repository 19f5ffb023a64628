// The baseline of the packing bench: FLOW_MODs from the same records in plain JavaScript, as one would write it by hand.

import type { RecordReader } from "../src/wasm/openflow_records.js";

/** Writes the record at which the reader stands; returns the message's length. Forms that the bench uses only. */
function packOne(reader: RecordReader, out: Buffer, at: number, xid: number): number {
  const source = reader.bytes;
  const head = reader.offset;
  out.writeUInt16BE(0x040e, at);
  out.writeUInt32BE(xid, at + 4);
  for (let i = 0; i < 16; i++) out[at + 8 + i] = source[head + 16 + (i < 8 ? 7 - i : 23 - i)] as number;
  out[at + 24] = reader.table;
  out[at + 25] = reader.command;
  out.writeUInt16BE(reader.idleTimeout, at + 26);
  out.writeUInt16BE(reader.hardTimeout, at + 28);
  out.writeUInt16BE(reader.priority, at + 30);
  out.writeUInt32BE(source.readUInt32LE(head + 56), at + 32);
  out.writeUInt32BE(source.readUInt32LE(head + 60), at + 36);
  out.writeUInt32BE(source.readUInt32LE(head + 64), at + 40);
  out.writeUInt16BE(reader.flags, at + 44);
  out.writeUInt16BE(0, at + 46);
  out.writeUInt16BE(1, at + 48);
  let p = at + 52;
  let instruction = 0;
  let matching = true;
  const endMatch = (): void => {
    const length = p - at - 48;
    out.writeUInt16BE(length, at + 50);
    while ((p - at) % 8 !== 0) out[p++] = 0;
    matching = false;
  };
  while (reader.nextItem()) {
    const length = reader.payloadLength;
    if (reader.kind === "match") {
      out.writeUInt16BE(reader.arg, p);
      out[p + 2] = (reader.code << 1) | Number(reader.masked);
      out[p + 3] = length;
      source.copy(out, p + 4, reader.payload, reader.payload + length);
      p += 4 + length;
      continue;
    }
    if (matching) endMatch();
    if (reader.kind === "instruction") {
      if (instruction) out.writeUInt16BE(p - instruction, instruction + 2);
      instruction = p;
      out.writeUInt16BE(reader.code, p);
      out.writeUInt32BE(0, p + 4);
      p += 8;
    } else {
      out.writeUInt16BE(reader.code, p);
      out.writeUInt16BE(16, p + 2);
      out.writeUInt32BE(reader.arg, p + 4);
      out.writeUInt16BE(reader.maxLength, p + 8);
      out.fill(0, p + 10, p + 16);
      p += 16;
    }
  }
  if (matching) endMatch();
  if (instruction) out.writeUInt16BE(p - instruction, instruction + 2);
  out.writeUInt16BE(p - at, at + 2);
  return p - at;
}

/** FLOW_MODs of all the reader's records into `out`; returns the bytes written. */
export function packPlain(reader: RecordReader, out: Buffer, xid: number): number {
  let at = 0;
  for (let i = 0; reader.next(); i++) at += packOne(reader, out, at, xid + i);
  return at;
}
