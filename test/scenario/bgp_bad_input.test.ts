// What a peer sends that it should not, and what REST is asked to send that cannot be sent.

import t, { type Test } from "tap";
import { BGP_PORT, loopbackPair, type Room, startRoom } from "../helpers/bgp_peers.js";
import { KEEPALIVE, MANDATORY, message, open, type RawPeer, rawPeer, update } from "../helpers/bgp_raw.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair(21);
const peer = { remote_addr: pair.theirs, remote_as: 65002, passive: true, afi_safi: ["ipv4"], idle_hold_time: 1 };
const config = { listen: { host: pair.ours, port: BGP_PORT }, local_as: 65001, router_id: "10.0.0.1", peer: [peer] };

const PATH = [0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea];
const SIX = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1];
const ATTR = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };

async function session(t: Test, families = ["ipv4"]): Promise<{ room: Room; raw: RawPeer }> {
  const room = await startRoom(t, { ...config, peer: [{ ...peer, afi_safi: families }] });
  const raw = await (await rawPeer(t, pair.theirs, pair.ours, BGP_PORT)).establish();
  await room.reaches(pair.theirs, "ESTABLISHED");
  return { room, raw };
}

const lookup = async (room: Room, item: string, sent = false, family = "ipv4") =>
  (await room.bgp.lookup(pair.theirs, { sent, family, items: [item] }))[0];

const post = (room: Room, path: string, body: unknown) =>
  room.rest("POST", `/v1/peer/${pair.theirs}/${path}`, { body });

t.test("a family that was not negotiated does not end the session", async (t) => {
  const { room, raw } = await session(t);
  const reach = [0x80, 14, 28, 0, 2, 1, 16, ...SIX, 0, 48, 0x20, 1, 0xd, 0xb8, 0, 1];
  const unreach = [0x80, 15, 10, 0, 2, 1, 48, 0x20, 1, 0xd, 0xb8, 0, 1];
  const unknown = [0x80, 14, 14, 0x12, 0x34, 99, 4, 192, 0, 2, 1, 0, 24, 1, 2, 3, 4];
  for (const family of [reach, unreach, unknown]) raw.send(update({ attributes: [...PATH, ...family] }));
  raw.send(update({ attributes: MANDATORY, nlri: [24, 10, 1, 1] }));
  await until(() => lookup(room, "10.1.1.0/24"), { what: "the route behind them" });
  t.equal((await room.bgp.state(pair.theirs)).fsm, "ESTABLISHED");
  t.equal((await room.bgp.statistic(pair.theirs)).receive.Updates, 4, "all are counted");
});

t.test("host bits of prefixes are cleared, both ways", async (t) => {
  const { room, raw } = await session(t);
  raw.send(update({ attributes: MANDATORY, nlri: [20, 10, 1, 0x1f] }));
  const entry = await until(() => lookup(room, "10.1.16.0/20"), { what: "10.1.16.0/20" });
  t.equal(entry.prefix, "10.1.16.0/20");
  raw.send(update({ withdrawn: [20, 10, 1, 0x1a] }));
  await until(async () => (await lookup(room, "10.1.16.0/20")) === null, { what: "its withdrawal by other host bits" });
  t.same((await post(room, "send/update", { attr: ATTR, nlri: ["172.20.1.77/20"] })).json(), { status: true });
  const body = await raw.gets(2);
  t.equal(body.subarray(-4).toString("hex"), "14ac1400", "20 bits, three octets");
  t.ok(await lookup(room, "172.20.0.0/20", true));
});

t.test("next hops of the wrong family", async (t) => {
  const { room, raw } = await session(t, ["ipv4", "ipv6"]);
  for (const attr of [
    { ...ATTR, 3: "2001:db8::1" },
    { ...ATTR, 3: "nonsense" },
    { ...ATTR, 3: "" },
  ]) {
    const reply = await post(room, "send/update", { attr, nlri: ["172.20.1.0/24"] });
    t.match(reply.json(), { status: false, code: "failed when send this message out" }, `NEXT_HOP ${attr[3]}`);
  }
  const { 3: _, ...rest } = ATTR;
  const mp = (nexthop: unknown) => ({
    attr: { ...rest, 14: { afi_safi: [2, 1], nexthop, nlri: ["2001:db8:1::/48"] } },
  });
  for (const nexthop of ["192.0.2.1", "", 7, null]) {
    const reply = await post(room, "send/update", mp(nexthop));
    t.match(reply.json(), { status: false }, `an IPv6 prefix by ${nexthop}`);
  }
  t.same((await post(room, "send/update", mp("2001:db8::1"))).json(), { status: true });
  await raw.gets(2);
  t.equal(raw.messages().filter(([type]) => type === 2).length, 1, "none of the refused was sent");
  t.equal(await lookup(room, "172.20.1.0/24", true), null, "and none is in Adj-RIB-Out");
});

t.test("what is too long for a message is cut, or refused when it cannot be", async (t) => {
  const { room, raw } = await session(t);
  const nlri = Array.from({ length: 3_000 }, (_, i) => `100.${64 + (i >> 8)}.${i & 255}.0/24`);
  t.same((await post(room, "send/update", { attr: ATTR, nlri })).json(), { status: true });
  await until(() => raw.messages().filter(([type]) => type === 2).length >= 3, { what: "several UPDATEs" });
  t.ok(
    raw.messages().every(([, body]) => body.length + 19 <= 4_096),
    "none over 4096 bytes",
  );
  const communities = Array.from({ length: 1_100 }, (_, i) => `65001:${i}`);
  const reply = await post(room, "send/update", { attr: { ...ATTR, 8: communities }, nlri: ["172.20.1.0/24"] });
  t.match(reply.json(), { status: false }, "attributes over 4096 bytes");
  t.equal(await lookup(room, "172.20.1.0/24", true), null);
  const oversized = Buffer.concat([message(2, [0, 0, 0, 0]), Buffer.alloc(5_000)]);
  oversized.writeUInt16BE(oversized.length, 16);
  const binary = await post(room, "send/bin_update", { binary_data: oversized.toString("hex") });
  t.match(binary.json(), { status: false }, "one message of 5023 bytes by bin_update");
  t.equal((await room.bgp.state(pair.theirs)).fsm, "ESTABLISHED");
});

t.test("many commands at once: each is answered, the last of a prefix counts", async (t) => {
  const { room, raw } = await session(t);
  const prefixes = Array.from({ length: 40 }, (_, i) => `172.20.${i}.0/24`);
  const bodies = prefixes.flatMap((prefix, i) => [
    { attr: { ...ATTR, 4: 1 }, nlri: [prefix] },
    { attr: { ...ATTR, 4: 2 }, nlri: [prefix] },
    ...(i % 2 === 0 ? [{ withdraw: [prefix] }] : []),
  ]);
  // Over one connection each, so that the order among them is anybody's: what must agree is the wire and Adj-RIB-Out.
  const replies = await Promise.all(bodies.map((body) => post(room, "send/update", body)));
  t.ok(
    replies.every((reply) => reply.status === 200 && reply.json().status === true),
    "all were taken",
  );
  const received = new Map<string, number | null>();
  const count = () => raw.messages().filter(([type]) => type === 2).length;
  const { send } = await room.bgp.statistic(pair.theirs);
  await until(() => count() === send.Updates, { what: "all UPDATEs", state: () => [count(), send.Updates] });
  for (const [type, body] of raw.messages()) {
    if (type !== 2) continue;
    const withdrawn = body.readUInt16BE(0);
    const attributes = body.readUInt16BE(2 + withdrawn);
    const med = body.subarray(4 + withdrawn, 4 + withdrawn + attributes).indexOf(Buffer.of(0x80, 4, 4));
    const value = med < 0 ? null : body.readUInt32BE(4 + withdrawn + med + 3);
    const each = (bytes: Buffer, met: number | null) => {
      for (let p = 0; p < bytes.length; p += 4) received.set(`172.20.${bytes[p + 3]}.0/24`, met);
    };
    each(body.subarray(2, 2 + withdrawn), null);
    each(body.subarray(4 + withdrawn + attributes), value);
  }
  for (const prefix of prefixes) {
    const entry = await lookup(room, prefix, true);
    t.equal(received.get(prefix) ?? null, (entry?.attr["4"] as number | undefined) ?? null, prefix);
  }
});

t.test("slow OPENs by the dozen do not keep the good one out", async (t) => {
  const room = await startRoom(t, { ...config, peer: [{ ...peer, open_time: 2 }] });
  const slow = await Promise.all(
    Array.from({ length: 30 }, () => rawPeer(t, pair.theirs, pair.ours, BGP_PORT).catch(() => null)),
  );
  const bytes = open(65_002);
  let at = 0;
  const timer = setInterval(() => {
    for (const one of slow) if (one && !one.destroyed) one.send(bytes.subarray(at, at + 1));
    at++;
  }, 150);
  t.teardown(() => clearInterval(timer));
  await until(() => slow.every((one) => one === null || one.destroyed || one.closed), {
    what: "the end of all slow ones",
    timeoutMs: 15_000,
  });
  clearInterval(timer);
  const good = await until(
    async () => {
      const raw = await rawPeer(t, pair.theirs, pair.ours, BGP_PORT);
      return raw.establish();
    },
    { what: "a good session", timeoutMs: 15_000 },
  );
  await room.reaches(pair.theirs, "ESTABLISHED");
  good.send(KEEPALIVE);
  t.pass("it is in");
});

t.test("garbage in an established session", async (t) => {
  const { room, raw } = await session(t);
  raw.send(update({ attributes: MANDATORY, nlri: [24, 10, 1, 1] }), Buffer.alloc(10_000, 0x41));
  t.equal(await raw.notified(), "1/1");
  await until(async () => (await room.bgp.state(pair.theirs)).fsm !== "ESTABLISHED", { what: "the end" });
  t.equal((await room.bgp.figures()).peers[0]?.routes[0]?.received, 0, "its routes are gone");
});
