// OpenFlow 1.0 by os-ken (test/vectors/openflow/make_v10.py): JSON packs to its bytes, they print as that JSON, and what a
// switch says reads here as it reads there.

import { readFileSync } from "node:fs";
import t, { type Test as Tap } from "tap";
import { type FlowMethod, printFlow, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { ACTIONS, CODEC_TABLES } from "../../../src/openflow/actions.js";
import { ERROR_TYPE, errorName, errorText } from "../../../src/openflow/error_codes.js";
import { MATCH_FIELDS } from "../../../src/openflow/match_fields.js";
import * as wire from "../../../src/openflow/messages.js";
import { readPacketIn } from "../../../src/openflow/packet_in.js";
import { packPacketOut } from "../../../src/openflow/packet_out.js";
import { portModBody } from "../../../src/openflow/ports.js";
import { portStatsRequest, unpackPortStats } from "../../../src/openflow/stats.js";
import { MESSAGE, multipartHeader, OpenFlowCodec, VERSION_1_0 } from "../../../src/wasm/openflow.js";
import { ANY, NO_BUFFER, RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";

interface Vectors {
  xid: number;
  flows: { name: string; flow: Record<string, unknown>; more?: Record<string, unknown>; hex: string }[];
  messages: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: what os-ken read of messages of many shapes
  replies: Record<string, { hex: string; says: any }>;
}

const file = new URL("../../../../test/vectors/openflow/v10.json", import.meta.url);
const { xid, flows, messages, replies } = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const codec = new OpenFlowCodec(CODEC_TABLES);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function record(flow: unknown, method: FlowMethod = "POST"): Uint8Array {
  const writer = new RecordWriter();
  writeFlow(writer, flow, method, VERSION_1_0);
  return writer.take();
}

for (const { name, flow, more, hex: expected } of flows) {
  t.test(name, async (t) => {
    const sent = { ...flow, ...more };
    t.equal(hex(codec.packFlowMods(record(sent), xid, VERSION_1_0)), expected, "JSON packs to os-ken's bytes");
    const unpacked = codec.unpackFlowMod(Buffer.from(expected, "hex"));
    t.equal(hex(codec.packFlowMods(unpacked, xid, VERSION_1_0)), expected, "bytes survive the record");
    const reader = new RecordReader(unpacked);
    reader.next();
    const printed = JSON.parse(printFlow(reader, VERSION_1_0)) as Record<string, unknown>;
    for (const [key, value] of Object.entries(flow)) t.same(printed[key], value, `${key} prints as it was sent`);
    t.equal(printed["instructions"], undefined);
    t.equal(printed["flow_mod_flags"], undefined);
    const again = record({ ...printed, ...more });
    t.equal(hex(codec.packFlowMods(again, xid, VERSION_1_0)), expected, "what is printed can be sent again");
  });
}

t.test("every row that 1.0 has is in a vector", async (t) => {
  const names = new Set(flows.map(({ name }) => name));
  const old = MATCH_FIELDS.filter(({ v10 }) => v10);
  t.equal(old.length, 21, "the 19 of HP's controller, and what ARP has in nw_src and nw_dst");
  for (const { name, v10 } of old) {
    t.ok(names.has(`match ${name} exact`), name);
    if (v10?.form === "prefix") t.ok(names.has(`match ${name} masked`), `${name} with a mask`);
    if (v10?.set) t.ok(names.has(`set_field ${name}`), `set_field ${name}`);
  }
  for (const { name, v10 } of ACTIONS) if (v10 !== undefined) t.ok(names.has(`action ${name}`), name);
});

t.test("what a controller says", async (t) => {
  const items = (...actions: unknown[]): Uint8Array => record({ actions }).slice(72 + 12);
  const empty = Buffer.alloc(0);
  const made: Record<string, Uint8Array> = {
    hello: wire.message(MESSAGE.HELLO, xid, empty, VERSION_1_0),
    error: wire.error(VERSION_1_0, xid, ERROR_TYPE.BAD_REQUEST, 6, empty),
    echo_request: wire.message(MESSAGE.ECHO_REQUEST, xid, empty, VERSION_1_0),
    echo_reply: wire.echoReply(wire.message(MESSAGE.ECHO_REQUEST, xid, Buffer.from("hello"), VERSION_1_0)),
    features_request: wire.message(MESSAGE.FEATURES_REQUEST, xid, empty, VERSION_1_0),
    get_config_request: wire.message(MESSAGE.GET_CONFIG_REQUEST, xid, empty, VERSION_1_0),
    set_config: wire.setConfig(xid, VERSION_1_0),
    barrier_request: wire.message(MESSAGE.BARRIER_REQUEST, xid, empty, VERSION_1_0),
    desc_request: wire.multipartRequest(wire.MULTIPART.DESC, xid, empty, VERSION_1_0),
    flow_stats_request: codec.packFlowQuery(
      record({ match: [{ eth_type: "ipv4" }, { ipv4_dst: "10.0.0.0/8" }] }, "DELETE"),
      xid,
      VERSION_1_0,
    ),
    port_stats_request: wire.multipartRequest(
      wire.MULTIPART.PORT_STATS,
      xid,
      portStatsRequest(3, VERSION_1_0),
      VERSION_1_0,
    ),
    port_stats_request_all: wire.multipartRequest(
      wire.MULTIPART.PORT_STATS,
      xid,
      portStatsRequest(null, VERSION_1_0),
      VERSION_1_0,
    ),
    port_mod: wire.message(MESSAGE.PORT_MOD, xid, portModBody(3, "aa:55:aa:55:00:01", false, VERSION_1_0), VERSION_1_0),
    packet_out: packPacketOut(
      {
        bufferId: NO_BUFFER,
        inPort: ANY,
        actions: items({ output: "FLOOD" }),
        data: Buffer.from(Array.from({ length: 60 }, (_, i) => i)),
      },
      xid,
      codec,
      VERSION_1_0,
    ),
    packet_out_buffered: packPacketOut(
      { bufferId: 77, inPort: 4, actions: items({ pop_vlan: true }, { output: 2 }), data: Buffer.from("not sent") },
      xid,
      codec,
      VERSION_1_0,
    ),
  };
  for (const [name, bytes] of Object.entries(made)) t.equal(hex(bytes), messages[name], name);
});

/** A reply's bytes as a frame of the codec, which must find it whole; and the 1.3 number of its type. */
function frame(name: string): { bytes: Buffer; type: number } {
  const bytes = Buffer.from((replies[name] as { hex: string }).hex, "hex");
  t.equal(codec.scan(null, bytes), 1, `${name} is one frame`);
  t.equal(codec.frameVersion(0), VERSION_1_0);
  return { bytes, type: codec.frameType(0) };
}
const says = (name: string) => replies[name]?.says;
/** os-ken's 16 bits of a port in 32. */
const wide = (port: number): number => (port < 0xff00 ? port : port + 0xffff0000);

// biome-ignore lint/suspicious/noExplicitAny: os-ken's reading
function samePort(t: Tap, port: wire.Port, said: any): void {
  const { number, mac, name, config, state } = port;
  t.same(
    { number, mac, name, config, state },
    { ...pick(said, ["mac", "name", "config", "state"]), number: wide(said.number) },
  );
  // Feature bits by name: 1.3 has four rates more before copper.
  const moved = (bits: number): number => (bits & 0x7f) + Math.floor(bits / 128) * 2048;
  t.same(
    [port.current, port.advertised, port.supported, port.peer],
    [said.curr, said.advertised, said.supported, said.peer].map(moved),
  );
}

function pick(from: Record<string, unknown>, names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

t.test("features, ports and configuration", async (t) => {
  const { bytes, type } = frame("features_reply");
  t.equal(type, MESSAGE.FEATURES_REPLY);
  const features = wire.readFeatures(bytes);
  const said = says("features_reply");
  t.match(features, { ...pick(said, ["dpid", "buffers", "tables", "capabilities"]), version: 1, auxiliaryId: 0 });
  const ports = wire.readFeaturesPorts(bytes);
  t.equal(ports.length, 2);
  for (const [i, port] of ports.entries()) samePort(t, port, said.ports[i]);
  const status = wire.readPortStatus(frame("port_status").bytes);
  t.equal(status.reason, says("port_status").reason);
  samePort(t, status.port, says("port_status").port);
  t.equal(frame("barrier_reply").type, MESSAGE.BARRIER_REPLY);
  t.equal(frame("get_config_reply").type, MESSAGE.GET_CONFIG_REPLY);
  t.equal(frame("vendor").type, MESSAGE.EXPERIMENTER);
});

t.test("packets, removed flows and errors", async (t) => {
  const packet = readPacketIn(frame("packet_in").bytes);
  const { buffer, in_port, reason, data } = says("packet_in");
  t.match(packet, { bufferId: buffer, inPort: wide(in_port), reason, tableId: 0, cookie: 0n });
  t.equal(hex(packet?.data ?? Buffer.alloc(0)), data);
  const { bytes } = frame("flow_removed");
  const removed = codec.unpackFlowRemoved(bytes);
  const reader = new RecordReader(removed);
  reader.next();
  const { cookie, priority, command, seconds, nanoseconds, idleTimeout, packets, byteCount } = reader;
  t.same(
    { cookie, priority, reason: command, seconds, nanoseconds, idle: idleTimeout, packets, bytes: byteCount },
    says("flow_removed"),
  );
  t.equal(hex(codec.packFlowRemoved(removed, xid, VERSION_1_0)), hex(bytes));
  const error = frame("error_reply").bytes;
  t.same(wire.errorTypeAndCode(error), says("error_reply"));
  t.equal(errorName(3, 2, VERSION_1_0), "FLOW_MOD_FAILED/EPERM");
  t.match(
    errorText(error),
    /^\{ofm:\[V_1_0,ERROR,76,\d+\],FLOW_MOD_FAILED\/EPERM,#dataBytes=64,OFM-cause:\[V_1_0,FLOW_MOD,72,\d+\]\}$/,
  );
});

t.test("statistics", async (t) => {
  const { bytes, type } = frame("flow_stats_reply");
  t.equal(type, MESSAGE.MULTIPART_REPLY);
  t.equal(wire.multipartType(bytes), wire.MULTIPART.FLOW);
  t.equal(wire.multipartHasMore(bytes), true);
  const body = bytes.subarray(multipartHeader(VERSION_1_0));
  const reader = new RecordReader(codec.unpackFlowStats(body, VERSION_1_0));
  const said = says("flow_stats_reply").flows;
  const packed: Uint8Array[] = [];
  for (const flow of said) {
    reader.next();
    const { table, seconds, nanoseconds, priority, idleTimeout, hardTimeout, cookie, packets, byteCount } = reader;
    const read = {
      table,
      seconds,
      nanoseconds,
      priority,
      idle: idleTimeout,
      hard: hardTimeout,
      cookie,
      packets,
      bytes: byteCount,
    };
    t.same(read, pick(flow, Object.keys(read)));
    packed.push(codec.packFlowStats(reader.bytes.subarray(reader.offset, reader.end), VERSION_1_0));
    const printed = JSON.parse(printFlow(reader, VERSION_1_0));
    if (flow.actions.length === 0) t.match(printed, { match: [], actions: [] });
    else t.match(printed.actions, [{ set_field: { udp_dst: 54 } }, { set_queue: 2, port: 1 }]);
  }
  t.equal(reader.next(), false);
  t.equal(hex(Buffer.concat(packed)), hex(body), "entries survive the record");
  const description = wire.readDescription(frame("desc_reply").bytes.subarray(12));
  t.same(description, says("desc_reply"));
  const ports = unpackPortStats(frame("port_stats_reply").bytes.subarray(12), VERSION_1_0);
  t.same(
    ports.map(({ port, counters }) => ({ port, counters })),
    says("port_stats_reply").map(({ port, counters }: { port: number; counters: number[] }) => ({
      port: wide(port),
      counters,
    })),
  );
  t.ok(ports.every(({ seconds, nanoseconds }) => seconds === 0xffffffff && nanoseconds === 0xffffffff));
});
