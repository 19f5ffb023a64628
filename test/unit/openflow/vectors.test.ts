// Bytes made by os-ken (test/vectors/openflow/make.py): JSON packs to them, and they print as that JSON.

import { readFileSync } from "node:fs";
import t from "tap";
import { flowQuery, printFlow, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { parseGroup, parseMeter } from "../../../src/api/openflow/group_view.js";
import { ACTIONS, CODEC_TABLES, INSTRUCTIONS } from "../../../src/openflow/actions.js";
import { packGroupMod, unpackGroupMod } from "../../../src/openflow/groups.js";
import { MATCH_FIELDS } from "../../../src/openflow/match_fields.js";
import * as wire from "../../../src/openflow/messages.js";
import { packMeterMod } from "../../../src/openflow/meters.js";
import { portModBody } from "../../../src/openflow/ports.js";
import { MESSAGE, OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";

interface FlowVector {
  name: string;
  flow: Record<string, unknown>;
  hex: string;
}

function load<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../../../test/vectors/openflow/${name}.json`, import.meta.url), "utf8"),
  ) as T;
}

const { xid, flows } = load<{ xid: number; flows: FlowVector[] }>("flows");
const { messages } = load<{ messages: Record<string, string> }>("messages");
const codec = new OpenFlowCodec(CODEC_TABLES);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function record(flow: unknown): Uint8Array {
  const writer = new RecordWriter();
  writeFlow(writer, flow, "POST");
  return writer.take();
}

for (const vector of flows) {
  t.test(vector.name, async (t) => {
    t.equal(hex(codec.packFlowMods(record(vector.flow), xid)), vector.hex, "JSON packs to os-ken's bytes");
    const unpacked = codec.unpackFlowMod(Buffer.from(vector.hex, "hex"));
    t.equal(hex(codec.packFlowMods(unpacked, xid)), vector.hex, "bytes survive the record");
    const reader = new RecordReader(unpacked);
    reader.next();
    const printed = JSON.parse(printFlow(reader)) as Record<string, unknown>;
    for (const [key, value] of Object.entries(vector.flow)) t.same(printed[key], value, `${key} prints as it was sent`);
    t.equal(hex(codec.packFlowMods(record(printed), xid)), vector.hex, "what is printed can be sent again");
  });
}

t.test("every row of the tables has a vector", async (t) => {
  const names = new Set(flows.map(({ name }) => name));
  for (const field of MATCH_FIELDS) {
    t.ok(names.has(`match ${field.name} exact`), field.name);
    if (field.maskable) t.ok(names.has(`match ${field.name} masked`), `${field.name} with a mask`);
  }
  for (const { name } of ACTIONS) t.ok(names.has(`action ${name}`), name);
  for (const { name } of INSTRUCTIONS) if (name !== "experimenter") t.ok(names.has(`instruction ${name}`), name);
  t.equal(MATCH_FIELDS.length, 40);
  t.ok(
    MATCH_FIELDS.every(({ code }, i) => code === i),
    "the table's order is that of the codes",
  );
});

t.test("control messages", async (t) => {
  const made: Record<string, Uint8Array> = {
    hello: wire.hello(xid),
    features_request: wire.message(MESSAGE.FEATURES_REQUEST, xid),
    set_config: wire.setConfig(xid),
    barrier_request: wire.message(MESSAGE.BARRIER_REQUEST, xid),
    desc_request: wire.multipartRequest(wire.MULTIPART.DESC, xid),
    port_desc_request: wire.multipartRequest(wire.MULTIPART.PORT_DESC, xid),
    group_desc_request: wire.multipartRequest(wire.MULTIPART.GROUP_DESC, xid),
    meter_config_request: wire.multipartRequest(
      wire.MULTIPART.METER_CONFIG,
      xid,
      Buffer.from("ffffffff00000000", "hex"),
    ),
    port_mod: wire.message(MESSAGE.PORT_MOD, xid, portModBody(3, "aa:55:aa:55:00:01", false)),
    group_mod: packGroupMod(
      1,
      parseGroup({
        id: 9,
        type: "select",
        buckets: [
          { weight: 1, watch_port: 2, watch_group: 3, actions: [{ output: 1 }] },
          { weight: 2, watch_port: "ANY", watch_group: 4294967295, actions: [{ pop_vlan: true }, { output: 1 }] },
        ],
      }),
      xid,
      codec,
    ),
    meter_mod: packMeterMod(
      0,
      parseMeter({
        id: 1,
        flags: ["kbps", "burst", "stats"],
        bands: [
          { burst_size: 1000, rate: 1500, mtype: "drop" },
          { burst_size: 1000, rate: 100, mtype: "dscp_remark", prec_level: 1 },
        ],
      }),
      xid,
    ),
  };
  const query = record({
    table_id: 200,
    match: [{ eth_type: "ipv4" }, { ipv4_dst: "10.0.0.0", mask: "255.0.0.0" }],
  });
  // The head of a listing's query (table, cookie and its mask) before the match of a flow.
  query.set(flowQuery(200, 0x1234n).subarray(4, 72), 4);
  made["flow_stats_request"] = codec.packFlowQuery(query, xid);
  for (const [name, bytes] of Object.entries(messages)) t.equal(hex(made[name] ?? Buffer.alloc(0)), bytes, name);

  const group = unpackGroupMod(Buffer.from(messages["group_mod"] as string, "hex"), codec);
  t.equal(hex(packGroupMod(group.command, group.group, xid, codec)), messages["group_mod"], "group survives");
  t.same(wire.helloVersions(Buffer.from(messages["hello"] as string, "hex")), [1, 4], "bitmap is read");
});
