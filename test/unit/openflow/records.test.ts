// Flow records: the same bytes whatever room the writer began with, and many records through one packing call.

import t from "tap";
import { writeFlow } from "../../../src/api/openflow/flow_view.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";

const FLOW = {
  cookie: "0xffffffffffffffff",
  match: [{ in_port: 1 }, { eth_dst: "00:00:00:00:00:01", mask: "00:00:00:00:00:ff" }],
  instructions: [
    { write_metadata: "0x1", mask: "0x3" },
    {
      apply_actions: [
        { set_field: { eth_src: "02:00:00:00:00:01" } },
        { output: 7 },
        { output: "CONTROLLER", max_len: 128 },
      ],
    },
    { goto_table: 9 },
  ],
};

t.test("a writer that must grow loses nothing", async (t) => {
  const roomy = new RecordWriter(4096);
  writeFlow(roomy, FLOW, "POST");
  const expected = Buffer.from(roomy.take()).toString("hex");
  for (let room = 1; room < 400; room += 7) {
    const writer = new RecordWriter(room);
    writeFlow(writer, FLOW, "POST");
    t.equal(Buffer.from(writer.take()).toString("hex"), expected, `room ${room}`);
  }
});

t.test("a record that is given up leaves those before it", async (t) => {
  const writer = new RecordWriter();
  writeFlow(writer, FLOW, "POST");
  const { length, count } = writer;
  t.throws(() => writeFlow(writer, { ...FLOW, match: [{ in_port: 1 }, { tcp_dst: 1 }] }, "POST"));
  t.equal(writer.length, length);
  t.equal(writer.count, count);
});

t.test("more records than the arena holds are packed piece by piece", async (t) => {
  const codec = new OpenFlowCodec(CODEC_TABLES);
  const writer = new RecordWriter();
  const count = 10_000;
  for (let i = 0; i < count; i++) writeFlow(writer, { ...FLOW, priority: i }, "POST");
  t.equal(writer.count, count);
  const messages = Buffer.from(codec.packFlowMods(writer.take(), 5));
  let seen = 0;
  for (let at = 0; at < messages.length; at += messages.readUInt16BE(at + 2), seen++) {
    if (messages.readUInt32BE(at + 4) !== 5 + seen) t.fail(`xid of message ${seen}`);
    if (messages.readUInt16BE(at + 30) !== seen) t.fail(`priority of message ${seen}`);
  }
  t.equal(seen, count);
});

t.test("spoiled records are refused", async (t) => {
  const codec = new OpenFlowCodec(CODEC_TABLES);
  const writer = new RecordWriter();
  writeFlow(writer, FLOW, "POST");
  const record = writer.take();
  for (const [at, value] of [
    [0, 0],
    [0, 255],
    [2, 255],
    [72, 0],
    [72, 255],
    [78, 255],
  ] as const) {
    const spoiled = record.slice();
    spoiled[at] = value;
    t.throws(() => codec.packFlowMods(spoiled, 1), { name: "CodecError" }, `byte ${at} = ${value}`);
  }
});

t.test("counters beyond 2^53 print exactly", async (t) => {
  const writer = new RecordWriter();
  writeFlow(writer, FLOW, "POST");
  const record = Buffer.from(writer.take());
  for (const value of [0n, 1n, 0xffffffffn, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    record.writeBigUInt64LE(value, 32);
    const reader = new RecordReader(record);
    reader.next();
    t.equal(reader.packets, String(value));
  }
});
