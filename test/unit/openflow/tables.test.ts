// Tables and queues in both versions: os-ken's bytes (test/vectors/openflow/make_tables.py, make_v10.py) read here as there.

import { readFileSync } from "node:fs";
import t from "tap";
import { flowQuery, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { tableFeaturesView } from "../../../src/api/openflow/table_view.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import * as wire from "../../../src/openflow/messages.js";
import {
  queueConfigRequest,
  queueStatsRequest,
  readQueueConfig,
  unpackQueueStats,
} from "../../../src/openflow/queues.js";
import {
  packAggregateQuery,
  readAggregate,
  TABLE_PROPERTIES,
  unpackTableFeatures,
  unpackTableStats,
} from "../../../src/openflow/tables.js";
import { MESSAGE, multipartHeader, OpenFlowCodec, VERSION_1_0, VERSION_1_3 } from "../../../src/wasm/openflow.js";
import { RecordWriter } from "../../../src/wasm/openflow_records.js";

interface Vectors {
  xid: number;
  messages: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: what os-ken read of messages of many shapes
  replies: Record<string, { hex: string; says: any }>;
}

const codec = new OpenFlowCodec(CODEC_TABLES);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function load(name: string): Vectors {
  const file = new URL(`../../../../test/vectors/openflow/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Vectors;
}

/** A query with a match: the head of a listing's query before the match of a flow. */
function query(match: unknown, table: number, cookie: bigint | null, version: number, outPort?: number): Uint8Array {
  const writer = new RecordWriter();
  const out = outPort === undefined ? {} : { out_port: outPort };
  writeFlow(writer, { match, table_id: 0, ...out }, "POST", version);
  const record = writer.take();
  record.set(flowQuery(table, cookie).subarray(4, outPort === undefined ? 72 : 56), 4);
  return record;
}

for (const [name, version] of [
  ["tables", VERSION_1_3],
  ["v10", VERSION_1_0],
] as const) {
  const old = version === VERSION_1_0;
  const { xid, messages, replies } = load(name);
  const bytesOf = (reply: string): Buffer => Buffer.from(replies[reply]?.hex ?? "", "hex");
  const body = (reply: string): Buffer => bytesOf(reply).subarray(multipartHeader(version));
  const says = (reply: string) => replies[reply]?.says;
  const wide = (port: number): number => (old && port >= 0xff00 ? port + 0xffff0000 : port);

  t.test(`requests, version ${version}`, async (t) => {
    const ask = (type: number, asked?: Uint8Array) => wire.multipartRequest(type, xid, asked, version);
    const match = [{ eth_type: "ipv4" }, { ipv4_dst: "10.0.0.0/8" }];
    const covered = old ? query(match, 3, null, version, 7) : query(match, 200, 0x1234n, version);
    const made: Record<string, Uint8Array> = {
      aggregate_request: packAggregateQuery(codec, covered, xid, version),
      table_stats_request: ask(wire.MULTIPART.TABLE),
      queue_stats_request: ask(wire.MULTIPART.QUEUE, queueStatsRequest(3, 9, version)),
      queue_stats_request_all: ask(wire.MULTIPART.QUEUE, queueStatsRequest(null, null, version)),
      queue_get_config_request: wire.message(
        MESSAGE.QUEUE_GET_CONFIG_REQUEST,
        xid,
        queueConfigRequest(3, version),
        version,
      ),
      ...(old ? {} : { table_features_request: ask(wire.MULTIPART.TABLE_FEATURES) }),
    };
    for (const [request, bytes] of Object.entries(made)) t.equal(hex(bytes), messages[request], request);
  });

  t.test(`answers, version ${version}`, async (t) => {
    t.same(readAggregate(body("aggregate_reply")), says("aggregate_reply"));
    const tables = unpackTableStats(body("table_stats_reply"), version);
    t.match(tables, says("table_stats_reply"));
    if (!old) t.ok(tables.every((table) => table.name === null && table.maxEntries === null));
    const queues = unpackQueueStats(body("queue_stats_reply"), version);
    t.match(
      queues,
      says("queue_stats_reply").map((one: { port: number }) => ({ ...one, port: wide(one.port) })),
    );
    if (old) t.ok(queues.every(({ seconds, nanoseconds }) => seconds === null && nanoseconds === null));
    const config = bytesOf("queue_get_config_reply");
    t.equal(codec.scan(null, config), 1);
    t.equal(codec.frameType(0), MESSAGE.QUEUE_GET_CONFIG_REPLY);
    t.match(readQueueConfig(config), says("queue_get_config_reply"));
  });

  t.test(`what is cut off or too long is refused, version ${version}`, async (t) => {
    const refused = (run: () => unknown, what: string): void => {
      t.throws(run, { name: "CodecError" }, what);
    };
    refused(() => readAggregate(body("aggregate_reply").subarray(0, 23)), "aggregate");
    refused(() => unpackTableStats(body("table_stats_reply").subarray(1), version), "tables");
    refused(() => unpackQueueStats(body("queue_stats_reply").subarray(1), version), "queues");
    const config = bytesOf("queue_get_config_reply");
    for (let n = 17; n < config.length; n++) {
      if (n !== config.length - (old ? 8 : 16)) refused(() => readQueueConfig(config.subarray(0, n)), `${n} bytes`);
    }
    const spoiled = Buffer.from(config);
    spoiled.writeUInt16BE(0, old ? 26 : 34);
    refused(() => readQueueConfig(spoiled), "a property of no length");
    if (old) return;
    const features = body("table_features_reply");
    for (let n = 1; n < features.length; n++) {
      if (n !== features.length / 2) refused(() => unpackTableFeatures(features.subarray(0, n)), `${n} bytes`);
    }
    for (const [at, value] of [
      [66, 3],
      [66, 2_000],
      [70, 0],
    ] as const) {
      const wrong = Buffer.from(features);
      wrong.writeUInt16BE(value, at);
      refused(() => unpackTableFeatures(wrong), `${value} at ${at}`);
    }
  });
}

t.test("table features", async (t) => {
  const { replies } = load("tables");
  const reply = replies["table_features_reply"];
  const read = unpackTableFeatures(Buffer.from(reply?.hex ?? "", "hex").subarray(16));
  for (const [i, said] of reply?.says.entries() ?? []) {
    const table = read[i] as (typeof read)[0];
    const { id, name, config, maxEntries } = table;
    const metadata = { metadataMatch: String(table.metadataMatch), metadataWrite: String(table.metadataWrite) };
    const { properties, ...head } = said;
    t.same({ id, name, ...metadata, config, maxEntries }, head);
    t.same(
      table.properties.map(({ type }) => type),
      properties.map(({ type }: { type: number }) => type),
    );
    const shown = tableFeaturesView(table);
    for (const { type, ids, masked } of properties) {
      const row = TABLE_PROPERTIES.find((each) => each.type === type);
      const numbers = table.properties.find((each) => each.type === type)?.ids;
      if (row?.kind !== "fields") t.same(numbers, ids);
      else t.same(shown[row.name], ids);
      if (row?.name === "match") t.same(shown["match_masks"], masked);
    }
    t.match(shown, {
      instructions: ["goto_table", "apply_actions"],
      apply_actions_miss: ["output", "set_field"],
      metadata_match: "0xffffffffffffffff",
    });
  }
});
