// The event stream, from a switch that a test plays to WebSocket clients: forms, filters, bad filters, slow clients.

import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { type EventBatch, EventStream } from "../../../src/openflow/events.js";
import { FakeSwitch, ofp, TYPE } from "../../helpers/fake_switch.js";
import { startOpenFlowRoom } from "../../helpers/openflow_room.js";
import { until } from "../../helpers/wait.js";
import { openSocket, type WsClient } from "../../helpers/ws_client.js";

/** A FLOW_REMOVED of a flow that matches everything. */
function removed(reason: number, priority = 5): Buffer {
  const body = Buffer.alloc(48);
  body.writeBigUInt64BE(0x1234n, 0);
  body.writeUInt16BE(priority, 8);
  body[10] = reason;
  body[11] = 3;
  body.writeUInt32BE(60, 12);
  body.writeBigUInt64BE(7n, 24);
  body.writeBigUInt64BE(700n, 32);
  body.writeUInt16BE(1, 40);
  body.writeUInt16BE(4, 42);
  return ofp(TYPE.FLOW_REMOVED, 0, body);
}

function portStatus(reason: number, number: number): Buffer {
  const body = Buffer.alloc(72);
  body[0] = reason;
  body.writeUInt32BE(number, 8);
  body.write("eth1", 8 + 16);
  return ofp(TYPE.PORT_STATUS, 0, body);
}

t.test("what is told", async (t) => {
  const room = await startOpenFlowRoom(t);
  const port = Number(new URL(room.base).port);
  const open = (query: string): Promise<WsClient> =>
    openSocket(t, port, `/sdn/v2.0/events${query}`, { "x-auth-token": room.token });
  const all = await open("");
  const narrow = await open('?type=switch,error&dpid="00:00:00:00:00:00:00:02"');
  t.equal(all.status, 101);

  const one = new FakeSwitch(t, room.port);
  await one.shakeHands(1);
  t.match(await all.next(), {
    type: "switch",
    event: "up",
    dpid: "00:00:00:00:00:00:00:01",
    address: /^127\.0\.0\.1:/,
  });
  one.send(portStatus(0, 9), removed(1), ofp(TYPE.ERROR, 0, Buffer.from([0, 3, 0, 2])), portStatus(1, 9));
  const added = await all.next();
  t.match(added, { type: "port", event: "add", port: { id: 9, name: "eth1" } });
  t.ok(Math.abs(added.t - Date.now() / 1000) < 60, "seconds");
  t.match(await all.next(), {
    type: "flow_removed",
    event: "hard_timeout",
    flow: { cookie: "0x1234", priority: 5, table_id: 3, packet_count: 7, byte_count: 700, duration_sec: 60, match: [] },
  });
  t.match(await all.next(), {
    type: "error",
    event: "BAD_INSTRUCTION/BAD_TABLE_ID",
    message: /^\{ofm:\[V_1_3,ERROR,12,0\]/,
  });
  t.match(await all.next(), { type: "port", event: "delete" });

  const two = new FakeSwitch(t, room.port);
  await two.shakeHands(2);
  t.match(await narrow.next(), { type: "switch", event: "up", dpid: "00:00:00:00:00:00:00:02" });
  two.drop();
  t.match(await narrow.next(), { type: "switch", event: "down", reason: /./ });
  new FakeSwitch(t, room.port).send(Buffer.from("GET / HTTP/1.1\r\n"));
  await until(() => all.texts.some((text) => text.includes('"refused"')), { what: "the stranger" });
  t.same(narrow.texts, []);

  for (const query of ["?type=weather", "?peer=1"]) t.equal((await open(query)).status, 400, query);
  t.equal((await room.call("GET", "/events")).status, 426, "no WebSocket");
  t.equal((await open("?dpid=nonsense")).status, 404);
  t.equal((await openSocket(t, port, "/sdn/v2.0/events", {})).status, 401);
});

t.test("a client that does not read is told what it missed; others miss nothing", async (t) => {
  const room = await startOpenFlowRoom(t);
  const port = Number(new URL(room.base).port);
  const open = (): Promise<WsClient> =>
    openSocket(t, port, "/sdn/v2.0/events?type=flow_removed", { "x-auth-token": room.token });
  const [slow, quick] = [await open(), await open()];
  const fake = new FakeSwitch(t, room.port);
  await fake.shakeHands(1);
  slow.socket.pause();
  const rounds = 60;
  const each = 1_000;
  for (let round = 1; round <= rounds; round++) {
    fake.send(...Array.from({ length: each }, (_, i) => removed(0, i)));
    await until(() => quick.texts.length >= round * each, { what: `${each} events`, state: () => quick.texts.length });
  }
  t.equal(quick.texts.length, rounds * each);
  slow.socket.resume();
  const told = () => slow.texts.map((text) => JSON.parse(text)).filter(({ type }) => type === "dropped");
  await until(() => told().length > 0, { what: "the slow one to be told" });
  const missed = told().reduce((sum, { count }) => sum + count, 0);
  await until(() => slow.texts.length - told().length + missed === rounds * each, {
    what: "every event, had or told of",
  });
});

t.test("control that does not take: what is over the bound is counted", async (t) => {
  const batches: EventBatch[] = [];
  const events = new EventStream((batch) => batches.push(batch));
  let made = 0;
  const put = (count: number): void => {
    for (let i = 0; i < count; i++) {
      events.put("error", "1", () => {
        made++;
        return { event: "X/Y", message: "" };
      });
    }
  };
  put(3);
  t.equal(made, 0, "nothing is made while nobody listens");
  events.subscribe(["error"]);
  put(LIMITS.eventsPending + 5);
  await until(() => batches.length === 1, { what: "a batch" });
  t.equal(made, LIMITS.eventsPending);
  t.match(batches[0], { dropped: 5 });
  events.taken(LIMITS.eventsPending);
  put(1);
  await until(() => batches.length === 2, { what: "the next batch" });
  t.match(batches[1], { events: [{ type: "error" }], dropped: 0 });
  events.close();
});
