// Which records are the same flow, which cover which, and which do the same.

import t from "tap";
import { writeFlow } from "../../../src/api/openflow/flow_view.js";
import { LIMITS } from "../../../src/base/limits.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { decodeFlow, encodeFlow, flowKey } from "../../../src/openflow/desired_record.js";
import {
  asDeleted,
  flowIdentity,
  matchCovers,
  sameHead,
  sameInstructions,
  withInstructions,
} from "../../../src/wasm/flow_identity.js";
import { OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";

const codec = new OpenFlowCodec(CODEC_TABLES);

function record(flow: object, method: "POST" | "PUT" | "DELETE" = "POST"): Buffer {
  const writer = new RecordWriter();
  writeFlow(writer, flow, method);
  return Buffer.from(writer.take());
}

/** A record whose match items are written as they stand. */
function raw(...fields: [code: number, value: number[], mask: number[] | null, oxmClass?: number][]): Buffer {
  const head = { table: 1, command: 0, priority: 0x0203, idleTimeout: 0, hardTimeout: 0, flags: 0, cookie: 0n };
  const writer = new RecordWriter();
  writer.begin({ ...head, cookieMask: 0n, bufferId: 0, outPort: 0, outGroup: 0 });
  for (const [code, value, mask, oxmClass] of fields) {
    writer.match(code, Uint8Array.from(value), mask && Uint8Array.from(mask), oxmClass);
  }
  writer.end();
  return Buffer.from(writer.take());
}

t.test("identity: the order of fields and the form of an exact match do not matter", async (t) => {
  const plain = flowIdentity(raw([0, [0, 0, 0, 7], null], [5, [8, 0], null]), 0);
  t.equal(plain.toString("hex"), "010203" + "80000004" + "00000007" + "80000a02" + "0800", "table, priority, OXMs");
  t.same(flowIdentity(raw([5, [8, 0], null], [0, [0, 0, 0, 7], null]), 0), plain);
  t.same(flowIdentity(raw([0, [0, 0, 0, 7], [255, 255, 255, 255]], [5, [8, 0], null]), 0), plain);
  t.same(flowIdentity(raw([0, [0, 0, 0, 7], null], [5, [8, 0], null], [3, [1], [0]]), 0), plain, "a mask of zeros");
  t.notSame(flowIdentity(raw([0, [0, 0, 0, 7], [255, 255, 255, 254]], [5, [8, 0], null]), 0), plain);
  t.notSame(flowIdentity(raw([0, [0, 0, 0, 7], null], [5, [8, 0], null, 1]), 0), plain, "another class");
});

t.test("identity: a match that is too long for a key is kept under its hash", async (t) => {
  const long = (last: number) =>
    raw(...[1, 2, 3, 4, 5].map((n): [number, number[], null, number] => [n, Array(250).fill(last), null, 0xffff]));
  const key = flowKey(long(1), 0);
  t.ok(key.length < 100);
  t.same(key, flowKey(long(1), 0));
  t.notSame(key, flowKey(long(2), 0));
  t.ok(flowIdentity(long(1), 0).length > LIMITS.storeKeyBytes);
});

t.test("a match covers those that ask for at least as much", async (t) => {
  const covers = (query: object[], match: object[]): boolean =>
    matchCovers(record({ match: query }), 0, record({ match }), 0);
  const ip = { eth_type: "ipv4" };
  t.ok(covers([], [ip]));
  t.ok(covers([ip], [{ ...ip }, { ipv4_src: "10.1.2.3" }]));
  t.notOk(covers([{ in_port: 1 }], [ip]));
  t.notOk(covers([{ in_port: 1 }], [{ in_port: 2 }]));
  t.ok(covers([ip, { ipv4_src: "10.0.0.0/8" }], [ip, { ipv4_src: "10.1.0.0/16" }]));
  t.notOk(covers([ip, { ipv4_src: "10.1.0.0/16" }], [ip, { ipv4_src: "10.0.0.0/8" }]));
  t.notOk(covers([ip, { ipv4_src: "10.1.2.3" }], [ip, { ipv4_src: "10.1.0.0/16" }]));
  t.ok(covers([{ vlan_vid: "present" }], [{ vlan_vid: 5 }]));
  t.ok(covers([{ metadata: "0x3", mask: "0x0" }], [ip]));
});

t.test("instructions: their order, empty lists and max_len of ports say nothing", async (t) => {
  const same = (a: object[], b: object[]): boolean =>
    sameInstructions(record({ instructions: a }), 0, record({ instructions: b, match: [{ in_port: 1 }] }), 0);
  const out = { apply_actions: [{ output: 1 }, { output: 2 }] };
  t.ok(same([], []));
  t.ok(same([out, { goto_table: 3 }], [{ goto_table: 3 }, out]));
  t.ok(same([{ apply_actions: [] }], []));
  t.notOk(same([out], [{ apply_actions: [{ output: 2 }, { output: 1 }] }]));
  t.notOk(same([out], [{ write_actions: [{ output: 1 }, { output: 2 }] }]));
  t.notOk(same([{ clear_actions: true }], []));
  const controller = (max_len: number) => [{ apply_actions: [{ output: "CONTROLLER", max_len }] }];
  t.ok(same(controller(64), controller(64)));
  t.notOk(same(controller(64), controller(65)));
  const writer = new RecordWriter();
  const head = { table: 0, command: 0, priority: 1, idleTimeout: 0, hardTimeout: 0, flags: 0, cookie: 0n };
  writer.begin({ ...head, cookieMask: 0n, bufferId: 0, outPort: 0, outGroup: 0 });
  writer.instruction(4);
  writer.output(0, 1, 128);
  writer.end();
  t.ok(sameInstructions(Buffer.from(writer.take()), 0, record({ actions: [{ output: 1 }] }), 0));
});

t.test("what MODIFY and DELETE make of a record", async (t) => {
  const flow = {
    priority: 7,
    cookie: "0x5",
    match: [{ in_port: 1 }],
    flow_mod_flags: ["send_flow_rem", "check_overlap"],
  };
  const kept = decodeFlow(encodeFlow(record({ ...flow, actions: [{ output: 1 }], buffer_id: 3, out_port: 2 }), 0));
  const changed = withInstructions(kept, record({ match: [], cookie: "0x9", actions: [{ output: 9 }] }, "PUT"), 0);
  t.same(changed, decodeFlow(encodeFlow(record({ ...flow, actions: [{ output: 9 }] }), 0)), "only the instructions");
  t.ok(sameHead(kept, 0, changed, 0));
  t.notOk(sameHead(kept, 0, record({ ...flow, cookie: "0x6" }), 0));
  t.notOk(sameHead(kept, 0, record({ ...flow, idle_timeout: 6 }), 0));
  t.notOk(sameHead(kept, 0, record({ ...flow, flow_mod_flags: [] }), 0));
  const wire = Buffer.from(codec.packFlowMods(asDeleted(kept, 0), 1));
  t.equal(wire[25], 4, "DELETE_STRICT");
  t.equal(wire.readUInt16BE(30), 7, "priority");
  t.equal(wire.length, 48 + 16, "with the match, without instructions");
});

t.test("the form on disk is pinned: another one needs another number and a migration", async (t) => {
  const value = encodeFlow(
    record({ priority: 7, cookie: "0x5", match: [{ in_port: 1 }], actions: [{ output: 2 }] }),
    0,
  );
  t.equal(
    value.toString("hex"),
    "01" +
      "74000000" + // size
      "00000700" + // table, command, priority
      "0000000000000000" + // timeouts, flags
      "0500000000000000" + // cookie
      "00".repeat(32) + // cookie mask, counters, duration
      "ff".repeat(12) + // buffer, out_port, out_group
      "00000000" +
      "10000100000004000080000000000001" + // in_port
      "0c0002000400000000000000" + // apply_actions
      "10000300000004000200000000000000", // output
  );
  const reader = new RecordReader(decodeFlow(value));
  t.ok(reader.next());
  t.equal(reader.priority, 7);
  t.throws(() => decodeFlow(Uint8Array.from([2, 0])), /form 2/);
});
