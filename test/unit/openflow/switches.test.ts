// Switches that behave badly, or well at the wrong moment. The controller runs in this thread, on real sockets.

import t from "tap";
import { flowQuery, printFlow, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { LIMITS } from "../../../src/base/limits.js";
import { OPENFLOW_DEFAULTS, type OpenFlowConfig } from "../../../src/openflow/config.js";
import { Controller } from "../../../src/openflow/controller.js";
import { PACKET_DEFAULTS } from "../../../src/openflow/packet_config.js";
import { MESSAGE } from "../../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { FakeSwitch, multipart, ofp, TYPE } from "../../helpers/fake_switch.js";
import { until } from "../../helpers/wait.js";

const DPID = "0000000000000001";

interface SetUp {
  controller: Controller;
  port: number;
  events: string[];
}

async function start(t: Teardown, config: Partial<OpenFlowConfig> = {}): Promise<SetUp> {
  const events: string[] = [];
  const listen = { host: "127.0.0.1", port: 0 };
  const packets = { ...PACKET_DEFAULTS, tableMiss: "leave" } as const;
  const controller = new Controller(
    { ...OPENFLOW_DEFAULTS, listen, packets, discoverySeconds: 0, ...config },
    {
      up: (dpid) => events.push(`up ${dpid}`),
      down: (dpid, _address, reason) => events.push(`down ${dpid} ${reason}`),
      warned: (dpid, reason) => events.push(`warned ${dpid} ${reason}`),
      refused: (_address, reason) => events.push(`refused ${reason}`),
    },
  );
  t.teardown(() => controller.close());
  return { controller, port: await controller.listen(), events };
}

async function connected(t: Teardown, setUp: SetUp, dpid = 1): Promise<FakeSwitch> {
  const before = setUp.events.length;
  const fake = new FakeSwitch(t, setUp.port);
  await fake.shakeHands(dpid);
  await until(() => setUp.events.slice(before).some((event) => event.startsWith("up ")), { what: "the switch" });
  return fake;
}

function flows(count: number): [Uint8Array, number] {
  const writer = new RecordWriter();
  for (let i = 0; i < count; i++) {
    writeFlow(writer, { priority: i, match: [{ in_port: 1 }], instructions: [] }, "POST");
  }
  return [writer.take(), count];
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

t.test("what cannot be served is hung up on, with an error where the protocol has one", async (t) => {
  const cases: [string, string, RegExp, number | null][] = [
    ["noise", "474554202f20485454502f312e310d0a0d0a", /length|HELLO/, null],
    ["a length below the header", "0400000000000001", /length/, null],
    ["no HELLO first", "0402000800000001", /HELLO/, null],
    ["1.1 alone", "0200000800000001", /no common version/, TYPE.ERROR],
    ["1.5 without 1.3 or 1.0 in its bitmap", "0600001000000001 0001000800000040", /no common version/, TYPE.ERROR],
    ["too short a FEATURES_REPLY", "0400000800000001 0406000800000002", /length/, TYPE.ERROR],
    ["another version later", "0400000800000001 0102000800000002", /version 1/, TYPE.ERROR],
    [
      "an auxiliary connection",
      `0400000800000001 0406002000000002 ${"00".repeat(13)}01${"00".repeat(10)}`,
      /auxiliary/,
      TYPE.ERROR,
    ],
  ];
  const setUp = await start(t);
  for (const [what, bytes, reason, answer] of cases) {
    const fake = new FakeSwitch(t, setUp.port);
    const before = setUp.events.length;
    fake.send(hex(bytes));
    await until(() => fake.ended, { what: `the end of: ${what}` });
    t.match(setUp.events.slice(before).join(), reason, what);
    if (answer !== null)
      t.ok(
        fake.received.some((message) => message.type === answer),
        `${what}: told`,
      );
  }
  const old = new FakeSwitch(t, setUp.port);
  old.send(hex("0200000800000001"));
  const error = await old.hears(TYPE.ERROR);
  t.equal(error.version, 2, "HELLO_FAILED in the switch's own version");
  t.equal(error.bytes.readUInt32BE(8), 0, "type HELLO_FAILED, code INCOMPATIBLE");
  t.same(setUp.controller.datapaths(), []);
});

t.test("a handshake that takes too long", async (t) => {
  const setUp = await start(t, { handshakeSeconds: 0.3 });
  const silent = new FakeSwitch(t, setUp.port);
  const slow = new FakeSwitch(t, setUp.port);
  slow.send(ofp(TYPE.HELLO, 1));
  await until(() => silent.ended && slow.ended, { what: "both to be hung up on" });
  t.match(setUp.events.sort(), [/\(features\)/, /\(hello\)/]);
});

t.test("bytes in any portions; echo requests are answered", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  const echo = ofp(TYPE.ECHO_REQUEST, 77, Buffer.from("hello"));
  for (const byte of echo) fake.send(Buffer.from([byte]));
  const reply = await fake.hears(TYPE.ECHO_REPLY);
  t.equal(reply.xid, 77);
  t.equal(reply.bytes.toString("utf8", 8), "hello");
});

t.test("a silent switch is asked, then given up", async (t) => {
  const setUp = await start(t, { echoSeconds: 0.3, deadSeconds: 0.9 });
  const fake = await connected(t, setUp);
  await fake.hears(TYPE.ECHO_REQUEST);
  await until(() => fake.ended, { what: "the end" });
  t.match(setUp.events.at(-1), /no message for/);
});

t.test("the newest of two connections with one datapath id stays", async (t) => {
  const setUp = await start(t);
  const first = await connected(t, setUp);
  first.barriers = false;
  const waiting = t.rejects(setUp.controller.changeFlows(DPID, ...flows(1), false), { code: "UNAVAILABLE" });
  const second = await connected(t, setUp);
  await until(() => first.ended, { what: "the first to be hung up on" });
  t.notOk(second.ended);
  t.equal(setUp.controller.datapaths().length, 1);
  await waiting;
  const done = setUp.controller.changeFlows(DPID, ...flows(1), false);
  t.same(await done, { failures: [], missing: [] });
  t.equal(setUp.controller.counters()[0]?.connections, 2);
});

t.test("changes of one turn share a barrier; an error goes to the change that caused it", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  fake.onMessage = ({ type, xid, bytes }) => {
    if (type !== TYPE.FLOW_MOD || bytes.readUInt16BE(30) !== 2) return;
    fake.send(ofp(TYPE.ERROR, xid, Buffer.concat([hex("00050001"), bytes.subarray(0, 64)])));
  };
  const results = await Promise.all([
    setUp.controller.changeFlows(DPID, ...flows(2), false),
    setUp.controller.changeFlows(DPID, ...flows(4), false),
    setUp.controller.changeFlows(DPID, ...flows(1), false),
  ]);
  t.same(results[0]?.failures, []);
  t.match(results[1]?.failures, [
    { index: 2, text: /FLOW_MOD_FAILED\/TABLE_FULL,#dataBytes=64,OFM-cause:\[V_1_3,FLOW_MOD,/ },
  ]);
  t.same(results[2]?.failures, []);
  t.equal(fake.received.filter(({ type }) => type === TYPE.BARRIER_REQUEST).length, 1);
  t.equal(fake.received.filter(({ type }) => type === TYPE.FLOW_MOD).length, 7);
});

t.test("every refused message of a large change is told, once", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  fake.onMessage = ({ type, xid, bytes }) => {
    if (type !== TYPE.FLOW_MOD) return;
    const error = ofp(TYPE.ERROR, xid, Buffer.concat([hex("00050001"), bytes.subarray(0, 64)]));
    fake.send(error, error);
  };
  const { failures } = await setUp.controller.changeFlows(DPID, ...flows(250), false);
  t.same(
    failures.map(({ index }) => index),
    Array.from({ length: 250 }, (_, i) => i),
  );
});

t.test("queues are bounded", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  const [one] = flows(1);
  const tooMany = setUp.controller.changeFlows(DPID, one, LIMITS.openflowChanges + 1, false);
  await t.rejects(tooMany, { code: "OVERLOADED", status: 503 });
  const tooLong = setUp.controller.changeFlows(DPID, new Uint8Array(LIMITS.openflowSendBytes + 1), 1, false);
  await t.rejects(tooLong, { code: "OVERLOADED", status: 503 });
  const questions = Array.from({ length: LIMITS.openflowQueries + 1 }, () =>
    setUp.controller.flows(DPID, flowQuery(0, null), () => undefined).catch((error: { code: string }) => error.code),
  );
  t.equal(await questions.at(-1), "OVERLOADED");
  fake.drop();
  t.equal(await questions[0], "UNAVAILABLE");
  await Promise.all(questions);
});

t.test("a switch that answers no barrier, or goes", async (t) => {
  const setUp = await start(t, { requestSeconds: 0.4 });
  const fake = await connected(t, setUp);
  fake.barriers = false;
  await t.rejects(setUp.controller.changeFlows(DPID, ...flows(3), false), { code: "TIMED_OUT", status: 503 });
  await t.rejects(
    setUp.controller.flows(DPID, flowQuery(0, null), () => undefined),
    { code: "TIMED_OUT", status: 503 },
  );
  fake.barriers = true;
  t.same(
    (await setUp.controller.changeFlows(DPID, ...flows(1), false)).failures,
    [],
    "the next change is not confused",
  );
  fake.barriers = false;
  const requests: Promise<unknown>[] = [
    setUp.controller.changeFlows(DPID, ...flows(1), false),
    setUp.controller.changeFlows(DPID, ...flows(1), true),
    setUp.controller.flows(DPID, flowQuery(0, null), () => undefined),
  ];
  const waiting = requests.map((promise) => t.rejects(promise as Promise<never>, { code: "UNAVAILABLE", status: 503 }));
  fake.drop();
  await Promise.all(waiting);
  t.throws(() => setUp.controller.session(DPID), { code: "DATAPATH_NOT_FOUND" });
});

t.test("an auxiliary connection is told that it may not, and does not disturb the main one", async (t) => {
  const setUp = await start(t);
  const main = await connected(t, setUp);
  const auxiliary = new FakeSwitch(t, setUp.port);
  auxiliary.send(hex(`0400000800000001 0406002000000002 0000000000000001 00000000fe01 ${"00".repeat(10)}`));
  const error = await auxiliary.hears(TYPE.ERROR);
  t.equal(error.bytes.readUInt32BE(8), 0x0001_0005, "BAD_REQUEST/EPERM");
  await until(() => auxiliary.ended, { what: "the auxiliary connection to end" });
  t.notOk(main.ended);
  t.equal(setUp.controller.datapaths().length, 1);
});

t.test("strangers who say nothing keep no switch out", async (t) => {
  const setUp = await start(t);
  const served = await connected(t, setUp, 1);
  const strangers = Array.from({ length: LIMITS.openflowSwitches }, () => new FakeSwitch(t, setUp.port));
  await until(() => setUp.events.some((event) => /^refused others wait/.test(event)), {
    what: "the first stranger to be hung up on",
  });
  const late = await connected(t, setUp, 2);
  await until(() => strangers.filter(({ ended }) => ended).length >= 2, { what: "the strangers that made room" });
  t.notOk(served.ended || late.ended);
  t.equal(setUp.controller.datapaths().length, 2);
});

t.test("a second HELLO changes nothing; bad lengths and garbage of a served switch end its connection", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  fake.send(ofp(TYPE.HELLO, 9), hex("0100000800000003"), ofp(TYPE.ECHO_REQUEST, 4));
  await fake.hears(TYPE.ECHO_REPLY);
  t.same((await setUp.controller.changeFlows(DPID, ...flows(1), false)).failures, [], "it is served as before");
  const bad: [string, string][] = [
    ["a header that is too short", "0402000700000001"],
    ["a PACKET_IN that is too short", "040a000c0000000100000000"],
    ["a PORT_STATUS that is too short", "040c000c0000000100000000"],
    ["an ERROR that is too short", "0401000a000000010000"],
    ["garbage", "ffffffffffffffffffffffffffffffff"],
    ["a ROLE_REPLY that is too short", "0419000c0000000100000000"],
  ];
  for (const [what, bytes] of bad) {
    const one = await connected(t, setUp);
    one.send(hex(bytes));
    if (what === "garbage") one.send(Buffer.alloc(0xffff, 0xff));
    await until(() => one.ended, { what: `the end after ${what}` });
    t.match(setUp.events.at(-1), /^down 0000000000000001 (malformed message|a message of version 255)/, what);
    t.equal(one.received.at(-1)?.type, TYPE.ERROR, `${what}: told`);
  }
  t.same(setUp.controller.datapaths(), []);
});

t.test("an answer that stops in the middle, or is of another kind", async (t) => {
  const setUp = await start(t, { requestSeconds: 0.4 });
  const fake = await connected(t, setUp);
  const late = { code: "TIMED_OUT", status: 503 };
  fake.onMessage = ({ type, xid, bytes }) => {
    if (type === TYPE.MULTIPART_REQUEST && bytes.readUInt16BE(8) === 1) fake.send(multipart(xid, 1, entry(1), true));
    if (type === TYPE.ROLE_REQUEST) fake.send(ofp(MESSAGE.GET_CONFIG_REPLY, xid, Buffer.alloc(4)));
  };
  const pieces: Uint8Array[] = [];
  const listing = setUp.controller.flows(DPID, flowQuery(0, null), (piece) => pieces.push(piece));
  const role = setUp.controller.session(DPID).ask(MESSAGE.ROLE_REQUEST, MESSAGE.ROLE_REPLY, Buffer.alloc(16));
  await Promise.all([t.rejects(listing, late), t.rejects(role, late)]);
  t.equal(pieces.length, 1);
  const lost = setUp.controller.session(DPID).ask(MESSAGE.ROLE_REQUEST, MESSAGE.ROLE_REPLY, Buffer.alloc(16));
  fake.drop();
  await t.rejects(lost, { code: "UNAVAILABLE", status: 503 });
});

t.test("an answer whose parts never end", async (t) => {
  const setUp = await start(t, { requestSeconds: 0.1 });
  const fake = await connected(t, setUp);
  let parts = 0;
  fake.onMessage = ({ type, xid, bytes }) => {
    if (type !== TYPE.MULTIPART_REQUEST || bytes.readUInt16BE(8) !== 1) return;
    const timer = setInterval(() => {
      parts++;
      fake.send(multipart(xid, 1, Buffer.alloc(0), true));
    }, 10);
    t.teardown(() => clearInterval(timer));
  };
  const listing = setUp.controller.flows(DPID, flowQuery(0, null), () => undefined);
  await t.rejects(listing, { code: "TIMED_OUT", status: 503 });
  t.ok(parts > 0);
  t.notOk(fake.ended);
});

/** A flow statistics entry: priority, no match, no instructions. */
function entry(priority: number): Buffer {
  const bytes = Buffer.alloc(56);
  bytes.writeUInt16BE(56, 0);
  bytes.writeUInt16BE(priority, 12);
  bytes.writeUInt32BE(0x00010004, 48);
  return bytes;
}

t.test("listings in parts, with echoes between; a wrong one ends the connection", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  const asked = (fake_: FakeSwitch): Promise<number> =>
    fake_.hears(TYPE.MULTIPART_REQUEST, ({ bytes }) => bytes.readUInt16BE(8) === 1).then(({ xid }) => xid);
  const pieces: Uint8Array[] = [];
  const listing = setUp.controller.flows(DPID, flowQuery(255, null), (piece) => pieces.push(piece));
  const xid = await asked(fake);
  fake.send(multipart(xid, 1, Buffer.concat([entry(1), entry(2)]), true), ofp(TYPE.ECHO_REQUEST, 5));
  await fake.hears(TYPE.ECHO_REPLY);
  fake.send(multipart(xid, 1, Buffer.alloc(0), true), multipart(xid, 1, entry(3)));
  const priorities: number[] = [];
  await listing;
  for (const piece of pieces) {
    const reader = new RecordReader(piece);
    while (reader.next()) priorities.push(JSON.parse(printFlow(reader)).priority);
  }
  t.same(priorities, [1, 2, 3]);

  fake.send(multipart(999, 1, entry(1)), multipart(xid, 13, Buffer.alloc(3)));
  t.equal(setUp.controller.datapaths().length, 1, "answers to nothing are dropped");

  const broken = setUp.controller.flows(DPID, flowQuery(254, null), () => undefined);
  const isSecond = ({ bytes }: { bytes: Buffer }): boolean => bytes.readUInt16BE(8) === 1 && bytes[16] === 254;
  const second = await fake.hears(TYPE.MULTIPART_REQUEST, isSecond);
  const bad = entry(1);
  bad.writeUInt16BE(57, 0);
  fake.send(multipart(second.xid, 1, bad));
  await t.rejects(broken, { code: "UNAVAILABLE" });
  await until(() => fake.ended, { what: "the end" });
  t.match(setUp.events.at(-1), /malformed message: a length does not fit/);
});

t.test("PUT and DELETE ask first", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  const there = entry(7);
  fake.onMessage = ({ type, xid, bytes }) => {
    if (type === TYPE.MULTIPART_REQUEST && bytes.readUInt16BE(8) === 1) fake.send(multipart(xid, 1, there));
  };
  const writer = new RecordWriter();
  for (const priority of [6, 7, 8]) writeFlow(writer, { priority, match: [] }, "DELETE");
  writeFlow(writer, { priority: 7, match: [{ in_port: 1 }] }, "DELETE");
  const result = await setUp.controller.changeFlows(DPID, writer.take(), 4, true);
  t.same(result, { failures: [], missing: [0, 2, 3] });
  const sent = fake.received.filter(({ type }) => type === TYPE.FLOW_MOD);
  t.equal(sent.length, 1);
  t.equal(sent[0]?.bytes.readUInt16BE(30), 7);
  t.equal(sent[0]?.bytes[25], 4, "DELETE_STRICT");
});
