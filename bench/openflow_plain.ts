// The baseline of the packing bench: FLOW_MODs from the same records in plain JavaScript, as one would write it by hand.

import type { RecordReader } from "../src/wasm/openflow_records.js";

/** Writes the record at which the reader stands; returns the message's length. Forms that the bench uses only. */
function packOne(reader: RecordReader, out: Uint8Array, view: DataView, at: number, xid: number): number {
  const source = reader.bytes;
  const head = reader.offset;
  view.setUint16(at, 0x040e);
  view.setUint32(at + 4, xid);
  for (let i = 0; i < 16; i++) out[at + 8 + i] = source[head + 16 + (i < 8 ? 7 - i : 23 - i)] as number;
  out[at + 24] = reader.table;
  out[at + 25] = reader.command;
  view.setUint16(at + 26, reader.idleTimeout);
  view.setUint16(at + 28, reader.hardTimeout);
  view.setUint16(at + 30, reader.priority);
  view.setUint32(at + 32, source.readUInt32LE(head + 56));
  view.setUint32(at + 36, source.readUInt32LE(head + 60));
  view.setUint32(at + 40, source.readUInt32LE(head + 64));
  view.setUint16(at + 44, reader.flags);
  view.setUint16(at + 46, 0);
  view.setUint16(at + 48, 1);
  let p = at + 52;
  let instruction = 0;
  let matching = true;
  const endMatch = (): void => {
    const length = p - at - 48;
    view.setUint16(at + 50, length);
    while ((p - at) % 8 !== 0) out[p++] = 0;
    matching = false;
  };
  while (reader.nextItem()) {
    const length = reader.payloadLength;
    if (reader.kind === "match") {
      view.setUint16(p, reader.arg);
      out[p + 2] = (reader.code << 1) | Number(reader.masked);
      out[p + 3] = length;
      for (let i = 0, from = reader.payload; i < length; i++) out[p + 4 + i] = source[from + i] as number;
      p += 4 + length;
      continue;
    }
    if (matching) endMatch();
    if (reader.kind === "instruction") {
      if (instruction) view.setUint16(instruction + 2, p - instruction);
      instruction = p;
      view.setUint16(p, reader.code);
      view.setUint32(p + 4, 0);
      p += 8;
    } else {
      view.setUint16(p, reader.code);
      view.setUint16(p + 2, 16);
      view.setUint32(p + 4, reader.arg);
      view.setUint16(p + 8, reader.maxLength);
      out.fill(0, p + 10, p + 16);
      p += 16;
    }
  }
  if (matching) endMatch();
  if (instruction) view.setUint16(instruction + 2, p - instruction);
  view.setUint16(at + 2, p - at);
  return p - at;
}

/** FLOW_MODs of all the reader's records into `out`; returns the bytes written. */
export function packPlain(reader: RecordReader, out: Uint8Array, xid: number): number {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  let at = 0;
  for (let i = 0; reader.next(); i++) at += packOne(reader, out, view, at, xid + i);
  return at;
}
