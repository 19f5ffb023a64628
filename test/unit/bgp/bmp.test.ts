// BMP: messages octet by octet as RFC 7854 has them, and a sender against stations that come, go and do not read.

import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import type { StationConfig } from "../../../src/bgp/bmp/config.js";
import { BmpSender } from "../../../src/bgp/bmp/sender.js";
import type { StationHost } from "../../../src/bgp/bmp/station.js";
import { KEEPALIVE, message, update } from "../../helpers/bgp_raw.js";
import { BmpListener } from "../../helpers/bmp_listener.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { announce, announce6, observedPeer, ribOf, route, SET6 } from "../../helpers/observed.js";
import { until } from "../../helpers/wait.js";

const soon = (condition: () => boolean) => until(condition, { what: "what the station is told" });
const NOW = 1_700_000_000_250;

const stationOf = (port: number, given: Partial<StationConfig> = {}): StationConfig => ({
  host: "127.0.0.1",
  port,
  retry: 1,
  statistics: 0,
  name: "box",
  ...given,
});

function hostOf(given: Partial<StationHost> = {}): StationHost & { notes: string[] } {
  const notes: string[] = [];
  const none = () => null;
  return {
    rib: ribOf([]),
    description: "Sennit 1.2",
    statistics: none,
    note: (text) => notes.push(text),
    now: () => NOW,
    notes,
    ...given,
  };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Per-peer header of 192.0.2.1 (RFC 7854 §4.2), with flags. */
const peerHeader = (flags = "00", address = `${"0".repeat(24)}c0000201`) =>
  `00${flags}${"0".repeat(16)}${address}0000fde90a000001${"6553f100"}${"0003d090"}`;

async function started(t: Teardown, host: StationHost, given: Partial<StationConfig> = {}) {
  const listener = new BmpListener(t);
  const port = await listener.listen();
  const sender = new BmpSender([stationOf(port, given)], host);
  t.teardown(() => sender.close());
  await soon(() => sender.wantsMessages);
  return { listener, sender, port };
}

t.test("a session from its beginning to its end", async (t) => {
  const { listener, sender } = await started(t, hostOf());
  const peer = observedPeer();
  const notification = message(3, [6, 2]);
  sender.up(peer);
  sender.messages(peer, false, Buffer.concat([announce(1), KEEPALIVE, announce(2)]));
  sender.messages(peer, true, announce(3));
  sender.down(peer, { kind: "remote", notification });
  sender.messages(peer, false, announce(4));
  await soon(() => listener.types().length >= 5);
  const [initiation, up, one, two, down, ...more] = listener.messages().map(({ type, body }) => [type, hex(body)]);
  t.same(initiation?.[0], 4);
  t.match(initiation?.[1], new RegExp(`^00020003${hex(Buffer.from("box"))}0001....${hex(Buffer.from("Sennit "))}`));
  const ends = `${"0".repeat(24)}c0000209${"8235"}${"00b3"}`;
  t.same(up, [3, peerHeader() + ends + hex(peer.openSent) + hex(peer.openReceived)]);
  t.same(one, [0, peerHeader() + hex(announce(1))]);
  t.same(two, [0, peerHeader() + hex(announce(2))], "KEEPALIVEs and what we send are not told of");
  t.same(down, [2, `${peerHeader()}03${hex(notification)}`]);
  t.same(more, []);
});

t.test("flags: IPv6 peers, and AS paths with two octets", async (t) => {
  const { listener, sender } = await started(t, hostOf());
  const peer = observedPeer({ address: "2001:db8::1", localAddress: "2001:db8::9", fourOctetAs: false });
  sender.up(peer);
  sender.messages(peer, false, announce6(1));
  await soon(() => listener.types().length >= 3);
  const header = peerHeader("a0", "20010db8000000000000000000000001");
  t.equal(hex(listener.messages()[2]?.body as Buffer), header + hex(announce6(1)));
});

t.test("why a session ended", async (t) => {
  const { listener, sender } = await started(t, hostOf());
  const peer = observedPeer();
  const notification = message(3, [4, 0]);
  const cases = [
    [{ kind: "local", notification }, `01${hex(notification)}`],
    [{ kind: "local", notification: null }, "020000"],
    [{ kind: "remote", notification }, `03${hex(notification)}`],
    [{ kind: "remote", notification: null }, "04"],
    [{ kind: "lost", notification: null }, "04"],
    [{ kind: "lost", notification: null, event: 18 }, "020012"],
    [{ kind: "deconfigured", notification }, "05"],
  ] as const;
  for (const [reason] of cases) {
    sender.up(peer);
    sender.down(peer, reason);
  }
  await soon(() => listener.types().filter((type) => type === 2).length === cases.length);
  t.same(
    listener
      .messages()
      .filter(({ type }) => type === 2)
      .map(({ body }) => hex(body.subarray(42))),
    cases.map(([, data]) => data),
  );
});

t.test("a station that comes late is told of all peers and of what they have announced", async (t) => {
  const six = { family: 1, attributes: SET6, nlri: Buffer.from([48, 0x20, 1, 0xd, 0xb8, 0, 1]) };
  const routes = [route(1), route(2), route(3, six), route(4, { peer: "192.0.2.2" })];
  const host = hostOf({ rib: ribOf(routes) });
  const listener = new BmpListener(t);
  const port = await listener.listen();
  const sender = new BmpSender([stationOf(port)], host);
  t.teardown(() => sender.close());
  const old = observedPeer({ fourOctetAs: false });
  sender.up(old);
  sender.up(observedPeer({ address: "192.0.2.2" }));
  await soon(() => listener.types().length >= 10);
  const all = listener.messages();
  t.same(
    all.map(({ type }) => type),
    [4, 3, 3, 0, 0, 0, 0, 0, 0, 0],
  );
  const dumped = all.slice(3).map(({ body }) => hex(body));
  // The RIB has four-octet AS numbers, whatever its session sends: the flag says so message by message.
  const both = update({ attributes: [...route(1).attributes], nlri: [24, 10, 1, 1, 24, 10, 1, 2] });
  t.equal(dumped[0], peerHeader("00") + hex(both), "prefixes with the same attributes share a message");
  t.match(dumped[1], /900e001c0002011020010db8.{24}003020010db80001/);
  t.equal(dumped[2], peerHeader("00") + hex(update({})), "End-of-RIB of IPv4");
  t.equal(dumped[3], peerHeader("00") + hex(update({ attributes: [0x80, 15, 3, 0, 2, 1] })), "and of IPv6");
  t.match(dumped[4], /180a0104$/);
});

t.test("path identifiers of a session are in what is rebuilt", async (t) => {
  const listener = new BmpListener(t);
  const sender = new BmpSender(
    [stationOf(await listener.listen())],
    hostOf({ rib: ribOf([route(1, { pathId: 5 }), route(1, { pathId: 6 })]) }),
  );
  t.teardown(() => sender.close());
  sender.up(observedPeer({ addPathIn: [0] }));
  await soon(() => listener.types().length >= 5);
  t.match(hex(listener.messages()[2]?.body as Buffer), /00000005180a010100000006180a0101$/);
});

t.test("a peer that goes while a station is told of it", async (t) => {
  let release = () => undefined as void;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const rib = ribOf([route(1), route(2)], { batch: 1, pause: () => gate });
  const { listener, sender } = await (async () => {
    const listener = new BmpListener(t);
    const sender = new BmpSender([stationOf(await listener.listen())], hostOf({ rib }));
    t.teardown(() => sender.close());
    return { listener, sender };
  })();
  const peer = observedPeer();
  sender.up(peer);
  await soon(() => listener.types().length === 2);
  sender.down(peer, { kind: "lost", notification: null });
  release();
  sender.up(observedPeer({ address: "192.0.2.3" }));
  await soon(() => listener.types().length === 4);
  t.same(listener.types(), [4, 3, 2, 3], "no route comes behind its Peer Down");
});

t.test("reports", async (t) => {
  const figures = {
    adjRibIn: [
      { afi: 1, safi: 1, routes: 1_000_000 },
      { afi: 2, safi: 1, routes: 2 },
    ],
    treatedAsWithdraw: 3,
  };
  const { listener, sender } = await started(t, hostOf({ statistics: () => figures }), { statistics: 1 });
  sender.up(observedPeer());
  await soon(() => listener.types().includes(1));
  const report = listener.messages().find(({ type }) => type === 1)?.body as Buffer;
  t.equal(
    hex(report.subarray(42)),
    `00000004${"0007000800000000000f4242"}${"0009000b00010100000000000f4240"}${"0009000b0002010000000000000002"}${"000b000400000003"}`,
  );
});

t.test("a station is dialled again, and told once that it is away", async (t) => {
  const listener = new BmpListener(t);
  const port = await listener.listen();
  const host = hostOf();
  await new Promise((resolve) => listener.server.close(resolve));
  const sender = new BmpSender([stationOf(port)], host);
  t.teardown(() => sender.close());
  await soon(() => sender.counters[0]?.failures === 1);
  await listener.listen(port);
  await soon(() => sender.wantsMessages);
  listener.sockets[0]?.destroy();
  await soon(() => !sender.wantsMessages);
  await soon(() => sender.wantsMessages);
  t.match(sender.counters, [{ connections: 2, dropped: 0 }]);
  t.equal(host.notes.filter((note) => note.includes("cannot be reached")).length, 1);
  t.match(host.notes[0], /^BMP station 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/);
});

t.test("a station that does not read loses its connection, and memory does not grow", async (t) => {
  const host = hostOf();
  const listener = new BmpListener(t);
  listener.reading = false;
  const sender = new BmpSender([stationOf(await listener.listen(), { retry: 700 })], host);
  t.teardown(() => sender.close());
  await soon(() => sender.wantsMessages);
  const peer = observedPeer();
  sender.up(peer);
  const batch = Buffer.concat(new Array(20_000).fill(announce(1)));
  let batches = 0;
  while (sender.wantsMessages && batches < 200) {
    sender.messages(peer, false, batch);
    batches++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(batches * batch.length * 2 < LIMITS.bgpBmpQueueBytes * 2, `${batches} batches`);
  t.match(sender.counters, [{ dropped: 1, connected: false }]);
  t.match(host.notes.at(-1), /the connection has ended: it does not read: \d+ bytes wait/);
});

t.test("the last word", async (t) => {
  const { listener, sender } = await started(t, hostOf());
  await sender.close();
  await soon(() => listener.types().length >= 2);
  const last = listener.messages().at(-1);
  t.same([last?.type, hex(last?.body as Buffer)], [5, "000100020000"]);
});
