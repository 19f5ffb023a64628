// PACKET_INs from the socket to what is sent back: before a switch is ready, beyond its rate, when it does not read, in turn
// with others; and the controller's own flows. The controller runs in this thread, on real sockets.

import { PassThrough } from "node:stream";
import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { OPENFLOW_DEFAULTS } from "../../../src/openflow/config.js";
import { Controller, type DatapathCounters } from "../../../src/openflow/controller.js";
import {
  PACKET_DEFAULTS,
  PACKET_FIELDS,
  type PacketConfig,
  packetConfig,
} from "../../../src/openflow/packet_config.js";
import { ownFlowRecords } from "../../../src/openflow/packet_flows.js";
import { TokenBucket } from "../../../src/openflow/packet_rate.js";
import { Turn } from "../../../src/openflow/turn.js";
import { RecordReader } from "../../../src/wasm/openflow_records.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { FakeSwitch, ofp, TYPE } from "../../helpers/fake_switch.js";
import { inWords, packetInMessage } from "../../helpers/learn_model.js";
import { until } from "../../helpers/wait.js";

const PACKET_OUT = 13;
const PORT_STATUS = 12;

interface SetUp {
  readonly controller: Controller;
  readonly port: number;
  readonly events: string[];
  counters(): DatapathCounters;
}

async function start(t: Teardown, packets: Partial<PacketConfig>): Promise<SetUp> {
  const events: string[] = [];
  const controller = new Controller(
    {
      ...OPENFLOW_DEFAULTS,
      listen: { host: "127.0.0.1", port: 0 },
      packets: { ...PACKET_DEFAULTS, hybrid: false, tableMiss: "leave", ...packets },
    },
    {
      up: () => events.push("up"),
      down: (_dpid, _address, reason) => events.push(`down ${reason}`),
      warned: (_dpid, reason) => events.push(`warned ${reason}`),
      refused: (_address, reason) => events.push(`refused ${reason}`),
    },
  );
  t.teardown(() => controller.close());
  const port = await controller.listen();
  return { controller, port, events, counters: () => controller.counters()[0] as DatapathCounters };
}

async function ready(t: Teardown, setUp: SetUp): Promise<FakeSwitch> {
  const fake = new FakeSwitch(t, setUp.port);
  await fake.shakeHands();
  await until(() => setUp.events.includes("up"), { what: "the switch" });
  return fake;
}

function packet(dst: number, src: number, type = 0x0800, bytes = 60): Buffer {
  const made = Buffer.alloc(bytes);
  made.writeUIntBE(dst, 0, 6);
  made.writeUIntBE(src, 6, 6);
  made.writeUInt16BE(type, 12);
  return made;
}

const outs = (fake: FakeSwitch): number => fake.received.filter(({ type }) => type === PACKET_OUT).length;
const broadcast = (inPort: number, src: number, bytes = 60): Buffer =>
  packetInMessage({ inPort, packet: packet(0xffffffffffff, src, 0x0800, bytes) });

t.test("before a switch is ready its packets are counted, and not answered", async (t) => {
  const setUp = await start(t, {});
  const early = new FakeSwitch(t, setUp.port);
  early.send(broadcast(1, 1));
  await until(() => early.ended, { what: "the end of who sends a PACKET_IN first" });
  t.match(setUp.events, [/^refused a PACKET_IN came before HELLO/]);

  const fake = new FakeSwitch(t, setUp.port);
  fake.send(ofp(TYPE.HELLO, 1));
  await fake.hears(TYPE.FEATURES_REQUEST);
  fake.send(broadcast(1, 1));
  await fake.shakeHands();
  await until(() => setUp.events.includes("up"), { what: "the switch" });
  fake.send(broadcast(1, 2));
  await until(() => outs(fake) === 1, { what: "the answer" });
  const words = inWords(fake.received.find(({ type }) => type === PACKET_OUT)?.bytes as Buffer);
  t.match(words, [/^out ffffffffffff000000000002.* from 1 to 4294967291$/], "the second packet's");
  t.equal(setUp.counters().packetIns, 2);
});

t.test("what is over the rate is ignored and counted", async (t) => {
  const setUp = await start(t, { packetInRate: 1, packetInBurst: 5 });
  const began = performance.now();
  const fake = await ready(t, setUp);
  fake.send(Buffer.concat(Array.from({ length: 20 }, (_, i) => broadcast(1, i + 1))), ofp(TYPE.ECHO_REQUEST, 77));
  await fake.hears(TYPE.ECHO_REPLY, ({ xid }) => xid === 77);
  const { packetIns, packetsLost, packetBytesLost } = setUp.counters();
  t.equal(packetBytesLost, packetsLost * broadcast(1, 1).length);
  const most = 5 + Math.ceil((performance.now() - began) / 1000);
  t.equal(packetIns, 20);
  t.equal(outs(fake) + packetsLost, 20);
  t.ok(outs(fake) >= 5 && outs(fake) <= most, `${outs(fake)} answered`);
});

t.test("a token bucket", async (t) => {
  const bucket = new TokenBucket(10, 5, 1_000);
  t.equal(bucket.available(1_000), 5, "full at first");
  bucket.spend(5);
  t.equal(bucket.available(1_050), 0, "half a token is none");
  t.equal(bucket.available(1_100), 1, "and is not lost");
  t.equal(bucket.available(1_000), 1, "a clock that goes back takes nothing");
  t.equal(bucket.available(60_000), 5, "no more than the burst");
});

t.test("who does not take the answers gets none, and is served again later", async (t) => {
  const setUp = await start(t, { packetInRate: 10_000_000, packetInBurst: 10_000_000 });
  const fake = await ready(t, setUp);
  fake.read(false);
  const many = Buffer.concat(Array.from({ length: 1_000 }, (_, i) => broadcast(1, i + 1, 1_400)));
  let sent = 0;
  for (; sent < 100 && setUp.counters().packetInsUnanswered === 0; sent++) {
    fake.send(many);
    await until(() => setUp.counters().packetIns === 1_000 * (sent + 1), { what: "the packets" });
  }
  const { packetInsUnanswered } = setUp.counters();
  t.ok(packetInsUnanswered > 0, `${packetInsUnanswered} of ${sent * 1_000} are not answered`);
  fake.read(true);
  await until(() => outs(fake) === sent * 1_000 - packetInsUnanswered, { what: "the other answers" });
  fake.send(broadcast(2, 5));
  await until(() => outs(fake) > sent * 1_000 - packetInsUnanswered, { what: "an answer as before" });
  t.same(setUp.events, ["up"], "the connection has lived on");
});

t.test("after many messages the others have their turn", async (t) => {
  const stream = new PassThrough();
  stream.resume();
  const turn = new Turn(stream as unknown as ConstructorParameters<typeof Turn>[0]);
  turn.spend(LIMITS.openflowFramesPerTurn - 1);
  t.notOk(stream.isPaused());
  turn.spend(1);
  t.ok(stream.isPaused());
  await new Promise((resolve) => setImmediate(resolve));
  t.notOk(stream.isPaused(), "and goes on after them");

  const setUp = await start(t, {});
  const fake = await ready(t, setUp);
  const count = 10 * LIMITS.openflowFramesPerTurn;
  fake.send(Buffer.concat(Array.from({ length: count }, (_, i) => broadcast(1 + (i % 3), 1 + (i % 3)))));
  await until(() => outs(fake) === count, { what: "all answers" });
  t.equal(setUp.counters().packetIns, count);
});

t.test("those who want to see packets see them, after the rate limit", async (t) => {
  const setUp = await start(t, { packetInRate: 1, packetInBurst: 2 });
  const seen: string[] = [];
  setUp.controller.tap.watch([0x0806], {
    packetIn: (session, frame, inPort) => seen.push(`${session.features.dpid} ${inPort} ${frame.length}`),
  });
  const fake = await ready(t, setUp);
  const arp = packetInMessage({ inPort: 7, packet: packet(0xffffffffffff, 1, 0x0806) });
  fake.send(broadcast(1, 9), arp, arp, arp, ofp(TYPE.ECHO_REQUEST, 77));
  await fake.hears(TYPE.ECHO_REPLY, ({ xid }) => xid === 77);
  t.ok(seen.length >= 1 && seen.length < 4, `${seen.length} of them`);
  t.equal(seen[0], "0000000000000001 7 60");
  t.equal(setUp.controller.session("0000000000000001").packets.newest().length, 4, "the newest are kept");
});

t.test("a port that goes takes its addresses and flows along", async (t) => {
  const setUp = await start(t, {});
  const fake = await ready(t, setUp);
  fake.send(broadcast(4, 1));
  fake.send(packetInMessage({ inPort: 5, packet: packet(1, 2) }));
  await until(() => outs(fake) === 2, { what: "the answers" });
  const status = Buffer.alloc(72);
  status[0] = 1;
  status.writeUInt32BE(4, 8);
  fake.send(ofp(PORT_STATUS, 0, status));
  const { bytes } = await fake.hears(TYPE.FLOW_MOD, ({ bytes }) => bytes[25] === 3);
  t.same(inWords(bytes), ["forget port 4"]);
  fake.send(packetInMessage({ inPort: 5, packet: packet(1, 2) }));
  await until(() => outs(fake) === 3, { what: "the next answer" });
  t.match(inWords(fake.received.at(-1)?.bytes as Buffer), [/to 4294967291$/], "flooded again");
});

t.test("the controller's own flows: what is sent, and a switch that refuses them", async (t) => {
  for (const [hybrid, version, commands] of [
    [true, 4, [3, 0, 0, 0, 0]],
    [false, 4, [3, 4, 4, 4, 0]],
    [true, 1, [0, 0, 0, 0]],
    [false, 1, [4, 4, 4, 0]],
  ] as const) {
    const reader = new RecordReader(ownFlowRecords(hybrid, version).records);
    const found: number[] = [];
    while (reader.next()) found.push(reader.command);
    t.same(found, commands, `hybrid ${hybrid}, version ${version}`);
  }
  const setUp = await start(t, { tableMiss: "install", hybrid: true });
  const fake = new FakeSwitch(t, setUp.port);
  fake.onMessage = ({ type, xid, bytes }) => {
    const badType = Buffer.concat([Buffer.from([0, 2, 0, 0]), bytes.subarray(0, 64)]);
    if (type === TYPE.FLOW_MOD) fake.send(ofp(TYPE.ERROR, xid, badType));
  };
  await fake.shakeHands();
  await until(() => setUp.events.length === 2, { what: "the warning" });
  t.match(setUp.events, ["up", /^warned the controller's own flows: .*BAD_ACTION\/BAD_TYPE.*FLOW_MOD/]);
});

t.test("configuration: the fields' fallbacks are the defaults", async (t) => {
  const values = Object.fromEntries(Object.entries(PACKET_FIELDS).map(([name, { fallback }]) => [name, fallback]));
  t.same(packetConfig(values as Parameters<typeof packetConfig>[0]), PACKET_DEFAULTS);
});
