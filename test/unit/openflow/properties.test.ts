// Whatever bytes or JSON come: no crash, no hang, only errors of the catalogue; and framing does not depend on the cut.

import fc from "fast-check";
import t from "tap";
import { printFlow, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { AppError } from "../../../src/base/errors.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { MATCH_FIELDS } from "../../../src/openflow/match_fields.js";
import { CodecError, OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";

const codec = new OpenFlowCodec(CODEC_TABLES);

/** Runs a decoder on bytes; its only error may be CodecError. Null then. */
function decode(run: () => Uint8Array): Uint8Array | null {
  try {
    return run();
  } catch (error) {
    if (error instanceof CodecError) return null;
    throw error;
  }
}

/** Big-endian structure-aware noise: TLV-like pieces make deep paths likely. */
const pieces = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 64 })).map(([type, length]) => {
        return Uint8Array.from([0, type, 0, length, 0, 0, 0, 0]);
      }),
      fc.tuple(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 16 })).map(([field, length]) => {
        return Uint8Array.from([0x80, 0, field << 1, length]);
      }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.concat(parts));

t.test("decoders take any bytes", async (t) => {
  fc.assert(
    fc.property(pieces, (noise) => {
      const entry = Buffer.concat([Buffer.alloc(48), Buffer.from([0, 1, 0, 4, 0, 0, 0, 0]), noise]);
      entry.writeUInt16BE(entry.length, 0);
      for (const bytes of [entry, noise]) {
        const records = decode(() => codec.unpackFlowStats(bytes));
        if (records) {
          const reader = new RecordReader(records);
          while (reader.next()) JSON.parse(printFlow(reader));
        }
        const flowMod = decode(() => codec.unpackFlowMod(bytes));
        if (flowMod) {
          const again = codec.packFlowMods(flowMod, 0);
          t.same(Buffer.from(codec.unpackFlowMod(again)), Buffer.from(flowMod), "decoded flows survive");
        }
        decode(() => codec.unpackFlowRemoved(bytes));
        decode(() => codec.unpackActions(bytes));
        decode(() => codec.unpackMatch(bytes));
      }
    }),
    { numRuns: 500 },
  );
});

t.test("frames do not depend on how the stream was cut", async (t) => {
  const message = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.uint8Array({ maxLength: 40 })).map(([type, body]) => {
    const bytes = Buffer.alloc(80 + body.length);
    bytes[0] = 4;
    bytes[1] = type;
    bytes.writeUInt16BE(bytes.length, 2);
    bytes.set(body, 80);
    return bytes;
  });
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 200 }), (all, cut) => {
      const stream = Buffer.concat(all);
      const found: string[] = [];
      let carry: Buffer | null = null;
      for (let at = 0; at < stream.length; at += cut) {
        const chunk = stream.subarray(at, at + cut);
        const whole: Buffer = carry ? Buffer.concat([carry, chunk]) : chunk;
        const frames = codec.scan(carry, chunk);
        for (let i = 0; i < frames; i++) found.push(Buffer.from(codec.frame(i)).toString("hex"));
        t.equal(codec.scanProblem, null);
        carry = Buffer.from(whole.subarray(codec.scanned));
      }
      t.same(
        found,
        all.map((bytes) => bytes.toString("hex")),
      );
    }),
    { numRuns: 100 },
  );
});

t.test("wrong lengths stop the scan", async (t) => {
  for (const [hex, frames] of [
    ["0400000700000000", 0],
    ["0400000800000000" + "0400000000000000", 1],
    ["0406000800000000", 0],
    ["040c000800000000", 0],
  ] as const) {
    t.equal(codec.scan(null, Buffer.from(hex, "hex")), frames);
    t.match(codec.scanProblem, /length/);
  }
});

t.test("any JSON is a flow or a catalogue error", async () => {
  const names = fc.constantFrom(...MATCH_FIELDS.map(({ name }) => name), "mask", "oxm", "nothing");
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.integer({ min: -1, max: 300 }),
    fc.constantFrom(
      "10.0.0.1",
      "::1",
      "0x10",
      "tcp",
      "ipv4",
      "LOCAL",
      "none",
      "present",
      "ff:ff:ff:ff:ff:ff",
      "10.0.0.0/8",
    ),
  );
  const object = fc.dictionary(names, value, { maxKeys: 2 });
  const action = fc.oneof(
    fc.dictionary(fc.constantFrom("output", "set_field", "group", "push_vlan", "raw", "experimenter"), value),
    fc.record({ set_field: object }),
  );
  const instruction = fc.dictionary(
    fc.constantFrom("apply_actions", "write_actions", "goto_table", "meter", "write_metadata", "raw"),
    fc.oneof(value, fc.array(action, { maxLength: 3 })),
    { maxKeys: 2 },
  );
  const flow = fc.record(
    {
      match: fc.oneof(fc.array(object, { maxLength: 4 }), fc.jsonValue()),
      instructions: fc.oneof(fc.array(instruction, { maxLength: 3 }), fc.jsonValue()),
      priority: value,
      table_id: value,
      cookie: value,
      flow_mod_flags: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(flow, fc.jsonValue()), fc.constantFrom("POST", "PUT", "DELETE"), (json, method) => {
      const writer = new RecordWriter();
      try {
        writeFlow(writer, json, method as "POST");
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return writer.length === 0 && writer.count === 0;
      }
      const record = writer.take();
      const message = codec.packFlowMods(record, 1);
      const back = new RecordReader(codec.unpackFlowMod(message));
      back.next();
      JSON.parse(printFlow(back));
      return true;
    }),
    { numRuns: 2_000 },
  );
});
