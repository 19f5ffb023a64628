// One session over real sockets, against a peer made of bytes.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import t, { type Test } from "tap";
import { bodyFault, parsePeer } from "../../../src/bgp/config.js";
import { PeerMemory } from "../../../src/bgp/memory.js";
import { endOfRib, REFRESH } from "../../../src/bgp/messages.js";
import { type Dial, dialTcp, Session, type SessionEvents } from "../../../src/bgp/session.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import { MSG } from "../../../src/wasm/bgp_numbers.js";
import { KEEPALIVE, MANDATORY, message, open, RawPeer, update } from "../../helpers/bgp_raw.js";
import { until } from "../../helpers/wait.js";

const module = new BgpModule();
const WANTS_ALL = [1, 4, 0, 1, 0, 1, 2, 0, 70, 0, 6, 0, 65, 4, 0, 0, 0xfd, 0xea];

/** A session that dials a raw peer. `more`: options of the peer. */
async function pair(t: Test, more: Record<string, unknown> = {}, memory = new PeerMemory()) {
  const ours: Socket[] = [];
  const dial: Dial = (config) => {
    const socket = dialTcp(config);
    ours.push(socket);
    return socket;
  };
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  const raws: RawPeer[] = [];
  server.on("connection", (socket) => {
    sockets.push(socket);
    raws.push(new RawPeer(socket));
  });
  const { port } = server.address() as { port: number };
  const base = { remote_addr: "127.0.0.1", remote_as: 65002, port, idle_hold_time: 1, connect_retry_time: 1 };
  const config = parsePeer({ ...base, ...more }, { path: "", localAs: 65001, fault: bodyFault });
  const words: string[] = [];
  const rib = module.tables.createRib();
  const events: SessionEvents = {
    opened: () => true,
    batch: () => {
      const applied = module.applyBatch(rib);
      module.endBatch();
      return applied;
    },
    up: ({ negotiated }) => {
      words.push("up");
      const families = negotiated?.families.map((family) => family.rib) ?? [];
      module.tables.startSession(rib, { fourOctetAs: true, ibgp: false, families, extendedMessages: true });
    },
    down: ({ ended }) => {
      words.push(`down ${ended.kind} ${ended.notify.toString(16)}${ended.event ? `, event ${ended.event}` : ""}`);
    },
    refresh: (_, afi, safi) => words.push(`refresh ${afi}/${safi}`),
    refreshBegan: (_, family) => words.push(`began ${family}`),
    refreshEnded: (_, family) => words.push(`ended ${family}`),
    drained: () => words.push("drained"),
    lost: () => words.push("lost"),
    note: () => undefined,
  };
  const session = new Session({ module, routerId: 0x0a000001, dial }, config, rib, events, memory);
  t.teardown(() => {
    session.dispose(0x0602);
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  session.input({ kind: "start" });
  const raw = (n: number) => until(() => raws[n], { what: `connection ${n}` });
  const up = async (capabilities = WANTS_ALL) => {
    const peer = await raw(raws.length === 0 ? 0 : raws.length - 1);
    await peer.establish(65002, { capabilities });
    await until(() => session.state.name === "ESTABLISHED", { what: "the session" });
    return peer;
  };
  return { session, words, memory, raw, up, sockets, ours };
}

t.test("refreshes, plain and enhanced (RFC 7313)", async (t) => {
  const { session, words, up } = await pair(t);
  const peer = await up();
  const refresh = (subtype: number, safi = 1) => message(5, [0, 1, subtype, safi]);
  peer.send(refresh(0), refresh(1), refresh(2), refresh(9), refresh(1, 128), refresh(0, 128));
  await until(() => words.includes("refresh 1/128"), { what: "all of them", state: () => words });
  t.same(words, ["up", "refresh 1/1", "began 0", "ended 0", "refresh 1/128"]);
  const family = { afi: 1, safi: 1 };
  t.ok(session.sendRefresh(family, REFRESH.begin) && session.sendRefresh(family, REFRESH.end));
  t.ok(session.sendRefresh(family, REFRESH.ask));
  session.sendEndOfRib(family);
  session.sendEndOfRib({ afi: 2, safi: 1 });
  await until(() => peer.messages().filter(([type]) => type === 2).length === 2, { what: "End-of-RIB" });
  const sent = peer.messages().filter(([type]) => type === 5 || type === 2);
  t.same(
    sent.map(([type, body]) => [type, body.toString("hex")]),
    [
      [5, "00010101"],
      [5, "00010201"],
      [5, "00010001"],
      [2, "00000000"],
      [2, "00000006800f03000201"],
    ],
  );
  t.equal(endOfRib(family).length, 23);
  const wrong = message(5, [0, 1, 1, 1, 0]);
  peer.send(wrong);
  t.equal(await peer.notified(), `7/1 ${wrong.toString("hex")}`, "the whole message comes back");
  t.same(words.slice(-2), ["down local 701", "lost"]);
});

t.test("what was not negotiated is neither sent nor taken", async (t) => {
  const { session, words, up } = await pair(t, { enhanced_route_refresh: false });
  const peer = await up();
  peer.send(message(5, [0, 1, 1, 1]), message(5, [0, 1, 0, 1]));
  await until(() => words.includes("refresh 1/1"), { what: "the refresh" });
  t.same(words, ["up", "refresh 1/1"]);
  t.notOk(session.sendRefresh({ afi: 1, safi: 1 }, REFRESH.begin));
  const plain = await pair(t);
  await plain.up([1, 4, 0, 1, 0, 1]);
  t.notOk(plain.session.sendRefresh({ afi: 1, safi: 1 }, REFRESH.ask));
});

t.test("a tap sees every whole message, both ways", async (t) => {
  const { session, up } = await pair(t);
  const peer = await up();
  const seen: Buffer[][] = [[], []];
  if (session.connection) session.connection.tap = (sent, bytes) => void seen[sent ? 1 : 0]?.push(Buffer.from(bytes));
  const updates = [update({ attributes: MANDATORY, nlri: [8, 10] }), update({ attributes: MANDATORY, nlri: [8, 11] })];
  const bytes = Buffer.concat([...updates, KEEPALIVE, update({ withdrawn: [8, 10] })]);
  peer.send(bytes.subarray(0, 60));
  await until(() => (seen[0]?.length ?? 0) > 0, { what: "the first message" });
  peer.send(bytes.subarray(60));
  await until(() => Buffer.concat(seen[0] ?? []).length === bytes.length, { what: "the rest" });
  t.same(Buffer.concat(seen[0] ?? []), bytes, "in order, nothing twice");
  session.sendEndOfRib({ afi: 1, safi: 1 });
  t.same(Buffer.concat(seen[1] ?? []), endOfRib({ afi: 1, safi: 1 }));
  t.equal(session.openSent?.[18], 1);
  t.same(session.openReceived, open(65002, { capabilities: WANTS_ALL }));
});

t.test("stopping with a text, and what the peer says", async (t) => {
  const { session, words, memory, up } = await pair(t);
  const peer = await up();
  session.stop(0x0602, "back at nine");
  t.equal(await peer.notified(), `6/2 0c${Buffer.from("back at nine").toString("hex")}`);
  t.match(memory.last, { direction: "sent", text: "back at nine", sub_error: "Administrative shutdown" });
  t.same(words, ["up", "down local 602"]);
  const other = await pair(t);
  (await other.up()).send(message(3, [6, 4, 2, 104, 105]));
  await until(() => other.words.includes("lost"), { what: "the end" });
  t.match(other.memory.last, { direction: "received", text: "hi", sub_error: "Administrative reset" });
  t.same(other.words, ["up", "down remote 604", "lost"]);
});

t.test("a connection that ends without a word: by the peer, or because our end has given it up", async (t) => {
  const closed = await pair(t);
  (await closed.up()).end();
  const reset = await pair(t);
  await reset.up();
  reset.sockets[0]?.resetAndDestroy();
  const failed = await pair(t);
  await failed.up();
  // What Node does when the kernel says so: a real one takes a quarter of an hour.
  failed.ours[0]?.destroy(Object.assign(new Error("read ETIMEDOUT"), { code: "ETIMEDOUT" }));
  for (const [{ words }, down] of [
    [closed, "down lost 0"],
    [reset, "down lost 0"],
    [failed, "down lost 0, event 18"],
  ] as const) {
    await until(() => words.includes("lost"), { what: down });
    t.same(words, ["up", down, "lost"]);
  }
});

t.test("where routes outlive a NOTIFICATION, a stop is a hard reset (RFC 8538)", async (t) => {
  const { session, words, up } = await pair(t);
  const peer = await up([...WANTS_ALL, 64, 2, 0x40, 60]);
  session.stop(0x0602, "x");
  t.equal(await peer.notified(), "6/9 06020178");
  t.same(words, ["up", "down local 609"]);
});

t.test("too many prefixes end the session for a while, or for good", async (t) => {
  const { session, raw, up } = await pair(t, { max_prefix: 5, max_prefix_restart: 1 });
  const peer = await up();
  session.tooManyPrefixes({ afi: 1, safi: 1 });
  t.equal(await peer.notified(), "6/1 00010100000005");
  t.equal(session.state.stopped, false);
  await raw(1);
  const other = await pair(t, { max_prefix: 70_000 });
  const last = await other.up();
  other.session.tooManyPrefixes({ afi: 2, safi: 1 });
  t.equal(await last.notified(), "6/1 00020100011170");
  t.equal(other.session.state.stopped, true);
});

t.test("an old speaker is asked again without capabilities (RFC 5492)", async (t) => {
  const { session, raw, memory } = await pair(t);
  const first = await raw(0);
  t.ok((await first.gets(1)).length > 10);
  first.send(message(3, [2, 4]));
  first.end();
  const second = await raw(1);
  t.equal((await second.gets(1)).length, 10, "no parameter at all");
  await second.establish(65002, { capabilities: [] });
  await until(() => session.state.name === "ESTABLISHED", { what: "the session" });
  t.equal(session.negotiated?.fourOctetAs, false);
  t.equal(memory.withheld, "all");
});

t.test("DelayOpen lets the peer go first", async (t) => {
  const { session, raw } = await pair(t, { delay_open_time: 60 });
  const peer = await raw(0);
  await until(() => session.connected, { what: "the connection" });
  t.equal(session.state.name, "CONNECT");
  t.same(peer.messages(), []);
  peer.send(open(65002));
  await peer.gets(4);
  t.same(
    peer.messages().map(([type]) => type),
    [1, 4],
  );
  peer.send(KEEPALIVE);
  await until(() => session.state.name === "ESTABLISHED", { what: "the session" });
});

t.test("a peer that stops reading: the queue has marks, and an end (RFC 9687)", async (t) => {
  const { session, words, up, sockets } = await pair(t, { send_hold_time: 1 });
  const peer = await up();
  const alive = setInterval(() => peer.send(KEEPALIVE), 200);
  t.teardown(() => clearInterval(alive));
  const bulk = Buffer.concat(Array<Buffer>(1_000).fill(endOfRib({ afi: 1, safi: 1 })));
  const fill = () => {
    const { connection, state } = session;
    while (connection && state.name === "ESTABLISHED" && !connection.full) connection.send(MSG.update, bulk, 1_000);
  };
  sockets[0]?.pause();
  fill();
  t.equal(session.connection?.full, true);
  sockets[0]?.resume();
  await until(() => words.includes("drained"), { what: "room in the queue", state: () => words });
  t.equal(session.connection?.full, false);
  t.equal(session.state.name, "ESTABLISHED", "slow is not dead");
  sockets[0]?.pause();
  // Again and again: the kernel's buffers have grown meanwhile, and may take all of it at once.
  const filling = setInterval(fill, 50);
  t.teardown(() => clearInterval(filling));
  await until(() => words.includes("lost"), { what: "the end", state: () => words });
  t.same(
    words.filter((word) => word !== "drained"),
    ["up", "down local 800", "lost"],
  );
});

t.test("an extended message (RFC 8654)", async (t) => {
  const { session, words, up } = await pair(t);
  const peer = await up();
  t.equal(session.negotiated?.extendedMessages, true);
  const nlri = Array.from({ length: 15_000 }, (_, i) => [24, 10, i >> 8, i & 255]).flat();
  const long = update({ attributes: MANDATORY, nlri });
  t.ok(long.length > 60_000);
  peer.send(long, long.subarray(0, 40_000));
  peer.send(long.subarray(40_000), update({ withdrawn: [8, 10] }), message(5, [0, 1, 0, 1]));
  await until(() => words.includes("refresh 1/1"), { what: "all of it", state: () => words });
  t.equal(session.connection?.statistic.receive.Updates, 3);
  const huge = message(1, new Uint8Array(5_000));
  peer.send(huge);
  t.equal(await peer.notified(), "1/2 139b", "an OPEN never is one");
  const other = await pair(t, { extended_messages: false });
  t.equal((await other.up()) && other.session.negotiated?.extendedMessages, false);
});

t.test("a dynamic neighbour is who its OPEN says", async (t) => {
  const { session, up } = await pair(t, { remote_as: 65099 }, new PeerMemory((as) => as === 65002));
  await up();
  t.equal(session.config.remote_as, 65002);
  const other = await pair(t, { remote_as: 65099 }, new PeerMemory((as) => as === 65003));
  const stranger = await other.raw(0);
  stranger.send(open(65002));
  t.equal(await stranger.notified(), "2/2");
});

t.test("the last malformed UPDATE is kept to be read (RFC 7606 §8)", async (t) => {
  const { raw, up, memory } = await pair(t);
  await up();
  const peer = await raw(0);
  t.equal(memory.lastMalformed, null);
  const good = update({ attributes: MANDATORY, nlri: [8, 11] });
  const discarded = update({ attributes: [...MANDATORY, 0xc0, 7, 1, 0], nlri: [8, 10] });
  peer.send(good, discarded, good);
  const seen = () => until(() => memory.lastMalformed, { what: "a malformed UPDATE" });
  const hex = (bytes: Buffer) => bytes.toString("hex");
  t.match(await seen(), { verdict: "attribute-discard", attribute: 7, count: 1, message: hex(discarded) });
  const withdrawn = [0xc0, 8, 3, 1, 2, 3];
  const two = update({ attributes: [...MANDATORY, 0xc0, 7, 1, 0, ...withdrawn], nlri: [8, 10] });
  peer.send(discarded, two, KEEPALIVE);
  const next = await until(() => memory.malformedCount === 3 && memory.lastMalformed, { what: "two more" });
  t.match(next, { verdict: "treat-as-withdraw", attribute: 8, count: 3, length: two.length, message: hex(two) });
  peer.send(update({ attributes: MANDATORY.slice(4), nlri: [8, 10] }));
  await until(() => memory.malformedCount === 4, { what: "one without ORIGIN" });
  t.match(memory.lastMalformed, { verdict: "treat-as-withdraw", attribute: 1 });
  const padding = Array.from({ length: 5_000 }, () => 7);
  const long = update({ attributes: [...MANDATORY, 0xd0, 99, 5_000 >> 8, 5_000 & 255, ...padding], nlri: [33, 1] });
  peer.send(long);
  await until(() => memory.malformedCount === 5, { what: "one that resets the session" });
  const last = memory.lastMalformed;
  t.match(last, { verdict: "session-reset", attribute: null, length: long.length });
  t.equal(last?.message, hex(long.subarray(0, 4_096)), "no more than 4096 bytes of it");
});
