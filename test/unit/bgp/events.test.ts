// The event stream from the worker's observer to a listener: what becomes an event, what is filtered, what is dropped
// and told.

import { setImmediate as turn } from "node:timers/promises";
import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { type EventFilter, EventHub } from "../../../src/bgp/event_hub.js";
import { EVENT_TYPES, type EventBatch, type EventInterest, EventStream } from "../../../src/bgp/events.js";
import type { ObservedPeer } from "../../../src/bgp/observer.js";
import { KEEPALIVE, MANDATORY, message, update } from "../../helpers/bgp_raw.js";
import { until } from "../../helpers/wait.js";

const peer = (address: string): ObservedPeer => ({
  address,
  remoteAs: 65002,
  localAs: 65001,
  localAddress: "192.0.2.1",
  localPort: 179,
  remotePort: 4000,
  remoteId: 0x0a000002,
  ibgp: false,
  fourOctetAs: true,
  addPathIn: [],
  addPathOut: [],
  openSent: new Uint8Array(),
  openReceived: new Uint8Array(),
});
const all: EventInterest = { types: EVENT_TYPES, received: true, sent: true, peers: null };
const announce = update({ attributes: MANDATORY, nlri: [24, 198, 51, 100] });
const CEASE = message(3, [6, 2, 1, 2]);

function stream() {
  const batches: EventBatch[] = [];
  const events = new EventStream((batch) => batches.push(batch));
  // biome-ignore lint/suspicious/noExplicitAny: events have many shapes
  const records = (): any[] => batches.flatMap((batch) => batch.events.map(({ text }) => JSON.parse(text)));
  return { events, batches, records };
}

t.test("nothing happens while nobody listens", async (t) => {
  const { events, batches } = stream();
  t.equal(events.wantsMessages, false);
  events.messages(peer("192.0.2.2"), false, announce);
  events.up(peer("192.0.2.2"));
  await turn();
  t.same(batches, []);
  events.subscribe({ ...all, types: ["session"] });
  t.equal(events.wantsMessages, false, "sessions need no messages");
  events.subscribe(all);
  t.equal(events.wantsMessages, true);
});

t.test("the forms of events", async (t) => {
  const { events, batches, records } = stream();
  events.subscribe(all);
  const one = peer("192.0.2.2");
  events.up(one);
  events.messages(one, false, Buffer.concat([KEEPALIVE, announce, update({ withdrawn: [8, 10] }), CEASE]));
  events.messages(one, true, message(5, [0, 1, 0, 1]));
  events.messages(one, false, message(2, [0, 0, 0, 9, 1]));
  events.down(one, { kind: "remote", notification: CEASE });
  events.down(one, { kind: "lost", notification: null });
  await turn();
  t.equal(batches.length, 1, "one batch a turn");
  const found = records();
  t.ok(found.every(({ t: time, peer: who }) => time > 1.7e9 && who === "192.0.2.2"));
  t.match(found[0], { type: "session", fsm: "ESTABLISHED", reason: null, remote_as: 65002, local_as: 65001 });
  t.match(found[1], {
    type: 2,
    direction: "received",
    msg: {
      attr: { 1: 0, 2: [[2, [65002]]], 3: "192.0.2.1" },
      nlri: ["198.51.100.0/24"],
      withdraw: [],
      afi_safi: "ipv4",
    },
  });
  t.match(found[2], { type: 2, msg: { attr: {}, nlri: [], withdraw: ["10.0.0.0/8"], afi_safi: "ipv4" } });
  t.match(found[3], { type: 3, msg: { error: "Cease", sub_error: "Administrative shutdown", data: "b'\\x01\\x02'" } });
  t.match(found[4], { type: 5, direction: "sent", msg: { afi: 1, res: 0, safi: 1 } });
  t.match(found[5], { type: 6, msg: { hex: "0000000901" } }, "a malformed UPDATE by its bytes");
  t.match(found[6], { fsm: "IDLE", reason: "remote", code: 6, subcode: 2, sub_error: "Administrative shutdown" });
  t.match(found[7], { fsm: "IDLE", reason: "lost" });
  t.equal(found.length, 8, "a KEEPALIVE is no event");
});

t.test("what nobody wants is not rendered", async (t) => {
  const { events, records } = stream();
  events.subscribe({ types: ["update"], received: false, sent: true, peers: ["192.0.2.2"] });
  events.messages(peer("192.0.2.2"), false, announce);
  events.messages(peer("192.0.2.3"), true, announce);
  events.messages(peer("192.0.2.2"), true, Buffer.concat([CEASE, announce]));
  events.up(peer("192.0.2.2"));
  await turn();
  t.same(
    records().map(({ type, peer: who, direction }) => [type, who, direction]),
    [[2, "192.0.2.2", "sent"]],
  );
});

t.test("control that is behind bounds what is kept, and the gap is counted", async (t) => {
  const { events, batches } = stream();
  events.subscribe(all);
  const burst = Buffer.concat(Array.from({ length: 100 }, () => announce));
  for (let i = 0; i < LIMITS.eventsPending / 100 + 5; i++) events.messages(peer("192.0.2.2"), false, burst);
  await turn();
  t.equal(batches[0]?.events.length, LIMITS.eventsPending);
  t.equal(batches[0]?.dropped, 500);
  events.messages(peer("192.0.2.2"), false, burst);
  await turn();
  t.equal(batches.length, 1, "nothing more until control has taken some");
  events.taken(LIMITS.eventsPending);
  events.messages(peer("192.0.2.2"), false, announce);
  await turn();
  t.same([batches[1]?.events.length, batches[1]?.dropped], [1, 100]);
});

t.test("listeners get what they asked for, and are told what they missed", async (t) => {
  const interests: (EventInterest | null)[] = [];
  const hub = new EventHub((interest) => interests.push(interest));
  const filter: EventFilter = { types: ["update"], received: true, sent: false, peer: null, family: null };
  const got: Record<string, string[]> = { any: [], one: [], six: [] };
  let room = true;
  const ends = [
    hub.listen(filter, (text) => got["any"]?.push(text) !== undefined),
    hub.listen({ ...filter, types: ["update", "session"], peer: "192.0.2.2" }, (text) => {
      if (room) got["one"]?.push(text);
      return room;
    }),
    hub.listen({ ...filter, family: "ipv6" }, (text) => got["six"]?.push(text) !== undefined),
  ];
  t.same(interests.at(-1), { types: ["update", "session"], received: true, sent: false, peers: null });
  const event = { type: "update", peer: "192.0.2.2", sent: false, family: "ipv4", text: "A" } as const;
  const session = { ...event, type: "session", family: null, text: "S" } as const;
  hub.take({ events: [event, { ...event, peer: "192.0.2.3", text: "B" }, session], dropped: 0 });
  hub.take({
    events: [
      { ...event, sent: true, text: "sent" },
      { ...event, family: "ipv6", text: "6" },
    ],
    dropped: 0,
  });
  t.same(got, { any: ["A", "B", "6"], one: ["A", "S", "6"], six: ["6"] });
  room = false;
  hub.take({ events: [event, session], dropped: 3 });
  t.match(
    JSON.parse(got["six"]?.at(-1) ?? ""),
    { type: "dropped", count: 3 },
    "what the worker dropped is told to all",
  );
  room = true;
  await until(() => got["one"]?.length === 4, { what: "a listener with room again to be told without a new event" });
  t.match(JSON.parse(got["one"]?.at(-1) ?? ""), { type: "dropped", count: 5 });
  hub.take({ events: [event], dropped: 0 });
  t.equal(got["one"]?.at(-1), "A");
  ends[0]?.();
  ends[2]?.();
  t.same(interests.at(-1)?.peers, ["192.0.2.2"]);
  ends[1]?.();
  t.equal(interests.at(-1), null);
});
