// Switches of OpenFlow 1.0 that behave badly, or well: the controller runs in this thread, on real sockets.

import t from "tap";
import { flowQuery, printFlow, writeFlow } from "../../../src/api/openflow/flow_view.js";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { OPENFLOW_DEFAULTS, type OpenFlowConfig } from "../../../src/openflow/config.js";
import { Controller } from "../../../src/openflow/controller.js";
import { PACKET_DEFAULTS } from "../../../src/openflow/packet_config.js";
import { OpenFlowCodec, VERSION_1_0 } from "../../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { FakeSwitch, ofp, TYPE } from "../../helpers/fake_switch.js";
import { until } from "../../helpers/wait.js";

const DPID = "0000000000000010";
/** Types that 1.0 numbers otherwise. */
const STATS_REQUEST = 16;
const STATS_REPLY = 17;
const BARRIER_REQUEST = 18;
const BARRIER_REPLY = 19;
const PORT_STATUS = 12;

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
      up: (dpid, _address, version) => events.push(`up ${dpid} ${version}`),
      down: (dpid, _address, reason) => events.push(`down ${dpid} ${reason}`),
      warned: () => undefined,
      refused: (_address, reason) => events.push(`refused ${reason}`),
    },
  );
  t.teardown(() => controller.close());
  return { controller, port: await controller.listen(), events };
}

const old = (type: number, xid: number, body?: Uint8Array): Buffer => ofp(type, xid, body, VERSION_1_0);

function stats(xid: number, type: number, body: Uint8Array, more = false): Buffer {
  return old(STATS_REPLY, xid, Buffer.concat([Buffer.from([0, type, 0, Number(more)]), body]));
}

function port(number: number, name: string): Buffer {
  const bytes = Buffer.alloc(48);
  bytes.writeUInt16BE(number, 0);
  bytes.write(name, 8, "latin1");
  return bytes;
}

function features(...ports: Buffer[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeBigUInt64BE(BigInt(`0x${DPID}`));
  head[12] = 1;
  return Buffer.concat([head, ...ports]);
}

/** Goes through the handshake as a 1.0 switch with two ports; answers no barriers by itself. */
async function connected(t: Teardown, { port: at, events }: SetUp): Promise<FakeSwitch> {
  const fake = new FakeSwitch(t, at);
  fake.barriers = false;
  fake.send(old(TYPE.HELLO, 1));
  const asked = await fake.hears(TYPE.FEATURES_REQUEST);
  fake.send(old(TYPE.FEATURES_REPLY, asked.xid, features(port(1, "one"), port(0xfffe, "local"))));
  const description = await fake.hears(STATS_REQUEST);
  fake.send(stats(description.xid, 0, Buffer.alloc(1056)));
  await until(() => events.some((event) => event.startsWith("up ")), { what: "the switch" });
  return fake;
}

function records(...flows: unknown[]): [Uint8Array, number] {
  const writer = new RecordWriter();
  for (const flow of flows) writeFlow(writer, flow, "POST", VERSION_1_0);
  return [writer.take(), flows.length];
}

t.test("a switch that knows nothing of bitmaps is spoken to in 1.0 alone", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  t.same(setUp.events, [`up ${DPID} 1`]);
  const [hello, ...rest] = fake.received;
  t.equal(hello?.version, 4, "the HELLO offers the best version");
  t.ok(rest.every(({ version }) => version === VERSION_1_0));
  t.same(
    rest.map(({ type }) => type),
    [TYPE.FEATURES_REQUEST, 9, STATS_REQUEST],
    "no PORT_DESC is asked for",
  );
  t.match(setUp.controller.ports(DPID), [
    { number: 1, name: "one" },
    { number: 0xfffffffe, name: "local" },
  ]);
  fake.send(old(PORT_STATUS, 0, Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), port(1, "one")])));
  await until(() => setUp.controller.ports(DPID).length === 1, { what: "the port to go" });
  fake.send(old(TYPE.ECHO_REQUEST, 9, Buffer.from("x")));
  t.equal((await fake.hears(TYPE.ECHO_REPLY)).version, VERSION_1_0);
  fake.send(old(TYPE.HELLO, 9));
  fake.send(old(TYPE.ECHO_REQUEST, 10));
  await fake.hears(TYPE.ECHO_REPLY, ({ xid }) => xid === 10);
  t.equal(fake.ended, false, "a second HELLO changes nothing");
});

t.test("what ends a 1.0 connection, with an error where there is one", async (t) => {
  const short = (type: number, length: number): Buffer => old(type, 5, Buffer.alloc(length - 8));
  const cases: [string, Buffer, RegExp][] = [
    ["a message of 1.3", ofp(TYPE.ECHO_REQUEST, 5), /version 4 after version 1 was agreed/],
    ["too short a STATS_REPLY", short(STATS_REPLY, 11), /length/],
    ["too short a FLOW_REMOVED", short(11, 87), /length/],
    ["too short a PORT_STATUS", short(PORT_STATUS, 63), /length/],
    ["too short a PACKET_IN", short(10, 17), /length/],
    ["a length below the header", Buffer.from([1, 2, 0, 7, 0, 0, 0, 0]), /length/],
  ];
  for (const [what, bytes, reason] of cases) {
    const setUp = await start(t);
    const fake = await connected(t, setUp);
    fake.send(bytes);
    await until(() => fake.ended, { what: `the end of: ${what}` });
    t.match(setUp.events.at(-1), reason, what);
    const error = fake.received.find(({ type }) => type === TYPE.ERROR);
    t.equal(error?.version, VERSION_1_0, `${what}: told in 1.0`);
  }
});

t.test("changes: the barrier of 1.0, and whose error it is", async (t) => {
  const setUp = await start(t);
  const fake = await connected(t, setUp);
  const flows = [1, 2, 3].map((priority) => ({ priority, match: [{ in_port: 1 }], actions: [{ output: 2 }] }));
  const changed = setUp.controller.changeFlows(DPID, ...records(...flows), false);
  const barrier = await fake.hears(BARRIER_REQUEST);
  const mods = fake.received.filter(({ type }) => type === TYPE.FLOW_MOD);
  t.equal(mods.length, 3);
  const second = mods[1]?.bytes as Buffer;
  fake.send(
    old(TYPE.ERROR, second.readUInt32BE(4), Buffer.concat([Buffer.from([0, 3, 0, 0]), second.subarray(0, 64)])),
  );
  fake.send(old(BARRIER_REPLY, barrier.xid));
  t.match(await changed, {
    failures: [{ index: 1, text: /\[V_1_0,ERROR,76,\d+\],FLOW_MOD_FAILED\/ALL_TABLES_FULL,.*\[V_1_0,FLOW_MOD,80,/ }],
  });
});

t.test("a listing in parts; only the cookie that was asked for; what is cut off is an error", async (t) => {
  const setUp = await start(t, { requestSeconds: 2 });
  const fake = await connected(t, setUp);
  const codec = new OpenFlowCodec(CODEC_TABLES);
  const entry = (cookie: string, output: number): Uint8Array =>
    codec.packFlowStats(records({ match: [{ vlan_vid: 5 }], cookie, actions: [{ output }] })[0], VERSION_1_0);
  const list = async (query: Uint8Array): Promise<unknown[]> => {
    const found: unknown[] = [];
    await setUp.controller.flows(DPID, query, (piece) => {
      const reader = new RecordReader(piece);
      while (reader.next()) found.push(JSON.parse(printFlow(reader, VERSION_1_0)));
    });
    return found;
  };
  const asked = () => fake.hears(STATS_REQUEST, ({ bytes }) => bytes[9] === 1 && !seen.has(bytes.readUInt32BE(4)));
  const seen = new Set<number>();
  for (const [cookie, outputs] of [
    [null, [1, 2, 3]],
    [0x77n, [1, 3]],
  ] as const) {
    const answer = list(flowQuery(255, cookie));
    const { xid } = await asked();
    seen.add(xid);
    fake.send(stats(xid, 1, Buffer.concat([entry("77", 1), entry("78", 2)]), true), stats(xid, 1, entry("77", 3)));
    t.match(
      await answer,
      outputs.map((output) => ({ match: [{ vlan_vid: 5 }], actions: [{ output }] })),
    );
    t.equal((await answer).length, outputs.length);
  }
  const broken = list(flowQuery(255, null));
  const { xid } = await asked();
  fake.send(stats(xid, 1, entry("1", 1).subarray(0, 90)));
  await t.rejects(broken, { code: "UNAVAILABLE" });
  await until(() => fake.ended, { what: "the end" });
});
