// What must hold of every flow, whatever bytes it came from: for the targets of both versions and both directions.

import { printFlow, writeFlow } from "../../src/api/openflow/flow_view.js";
import { AppError } from "../../src/base/errors.js";
import { CodecError, type OpenFlowCodec } from "../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../src/wasm/openflow_records.js";

const METHODS = ["POST", "PUT", "DELETE"] as const;
const writer = new RecordWriter();

/** Runs a decoder on bytes that may be anything; its only error may be CodecError. */
export function decoded(run: () => Uint8Array): Uint8Array | null {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return null;
  }
}

function same(a: Uint8Array, b: Uint8Array, what: string): void {
  if (Buffer.compare(a, b) !== 0) throw new Error(`${what}: ${Buffer.from(a).toString("hex")}`);
}

/** A flow that was read can be sent, and reads as the same again. */
export function flowModHolds(codec: OpenFlowCodec, message: Uint8Array): void {
  const version = message[0] as number;
  const record = decoded(() => codec.unpackFlowMod(message));
  if (!record) return;
  same(codec.unpackFlowMod(codec.packFlowMods(record, 0, version)), record, "a FLOW_MOD does not survive");
  flowsPrint(record, version);
}

/** A removed flow that was read can be written, and reads as the same again. */
export function flowRemovedHolds(codec: OpenFlowCodec, message: Uint8Array): void {
  const record = decoded(() => codec.unpackFlowRemoved(message));
  if (record) same(codec.unpackFlowRemoved(codec.packFlowRemoved(record, 0, message[0])), record, "a FLOW_REMOVED");
}

/** The entries of a listing print as JSON, and the first one survives. */
export function flowStatsHold(codec: OpenFlowCodec, body: Uint8Array, version: number): void {
  const records = decoded(() => codec.unpackFlowStats(body, version));
  if (!records || records.length === 0) return;
  const reader = new RecordReader(records);
  reader.next();
  const first = records.subarray(reader.offset, reader.end);
  same(codec.unpackFlowStats(codec.packFlowStats(first, version), version), first, "an entry does not survive");
  flowsPrint(records, version);
}

function flowsPrint(records: Uint8Array, version: number): void {
  const reader = new RecordReader(records);
  while (reader.next()) JSON.parse(printFlow(reader, version));
}

/** A flow of any JSON is refused with an error of the catalogue, or packs and survives. */
export function flowJsonHolds(codec: OpenFlowCodec, flow: unknown, choice: number, version: number): void {
  try {
    writeFlow(writer, flow, METHODS[choice % METHODS.length] as "POST", version);
  } catch (error) {
    if (error instanceof AppError && writer.length === 0) return;
    throw error;
  }
  flowModHolds(codec, codec.packFlowMods(writer.take(), 1, version));
}
