// What comes over the wire from those who cannot or will not speak BGP: the right NOTIFICATION, no crash.

import { once } from "node:events";
import { createServer } from "node:net";
import t from "tap";
import { BGP_PORT, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { KEEPALIVE, MANDATORY, message, open, RawPeer, rawPeer, update } from "../helpers/bgp_raw.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair(1);
const peer = {
  remote_addr: pair.theirs,
  remote_as: 65002,
  passive: true,
  afi_safi: ["ipv4", "ipv6"],
  idle_hold_time: 1,
  // One address plays many peers here, each worse than the last.
  damp_peer_oscillations: false,
};
const config = { listen: { host: pair.ours, port: BGP_PORT }, local_as: 65001, router_id: "10.0.0.1", peer: [peer] };

t.test("before and while a session opens", async (t) => {
  const room = await startRoom(t, config);
  const from = (address: string) => rawPeer(t, address, pair.ours, BGP_PORT);

  const stranger = await from(pair.theirs.replace(/2$/, "9"));
  t.equal(await stranger.notified(), "6/5", "an unknown address is refused");
  t.equal((await room.bgp.figures()).strangersRefused, 1);

  const talker = await from(pair.theirs.replace(/2$/, "9"));
  const talk = setInterval(() => talker.send(KEEPALIVE), 100);
  t.teardown(() => clearInterval(talk));
  await until(() => talker.destroyed, { what: "the end of one that goes on talking", timeoutMs: 5_000 });
  clearInterval(talk);

  const bad = (offset: number, value: number) => {
    const bytes = Buffer.from(open(65002));
    bytes[offset] = value;
    return bytes;
  };
  const cases: [string, Uint8Array[], string][] = [
    ["text", [Buffer.from("GET / HTTP/1.1\r\n\r\n")], "1/1"],
    ["a wrong byte in the marker", [bad(7, 0)], "1/1"],
    ["length 18", [bad(17, 18)], "1/2 0012"],
    ["length 5000", [Buffer.concat([Buffer.alloc(16, 0xff), Buffer.from([0x13, 0x88, 1])])], "1/2 1388"],
    ["an OPEN too short", [message(1, [4, 0, 1])], "1/2 0016"],
    ["type 9", [message(9)], "1/3 09"],
    ["version 3", [bad(19, 3)], "2/1 0004"],
    ["the wrong AS", [open(65003)], "2/2"],
    ["identifier 0", [open(65002, { id: 0 })], "2/3"],
    ["an unknown parameter", [message(1, [4, 0xfd, 0xea, 0, 90, 1, 1, 1, 1, 4, 9, 2, 0, 0])], "2/4"],
    ["hold time 1", [open(65002, { hold: 1 })], "2/6"],
    ["a parameter that overruns", [message(1, [4, 0xfd, 0xea, 0, 90, 1, 1, 1, 1, 3, 2, 9, 1])], "2/0"],
    ["a KEEPALIVE before the OPEN", [KEEPALIVE], "5/1"],
    ["an UPDATE in OPENCONFIRM", [open(65002), update({})], "5/2"],
    ["a KEEPALIVE of 20 bytes", [open(65002), message(4, [0])], "1/2 0014"],
  ];
  for (const [what, bytes, answer] of cases) {
    const raw = await from(pair.theirs);
    raw.send(...bytes);
    t.equal(await raw.notified(), answer, what);
  }

  const cut = await from(pair.theirs);
  cut.send(open(65002).subarray(0, 25));
  cut.end();
  await until(() => cut.closed, { what: "the end" });
  const late = await (await from(pair.theirs)).establish();
  t.ok(late, "a good session after all that");
  const second = await from(pair.theirs);
  t.equal(await second.notified(), "6/7", "a second connection of an established peer");
});

t.test("an OPEN that does not come, KEEPALIVEs that stay out", async (t) => {
  const room = await startRoom(t, { ...config, peer: [{ ...peer, open_time: 1, hold_time: 3 }] });
  const slow = await rawPeer(t, pair.theirs, pair.ours, BGP_PORT);
  slow.send(open(65002).subarray(0, 20));
  t.equal(await slow.notified(), "4/0");
  const silent = await (await rawPeer(t, pair.theirs, pair.ours, BGP_PORT)).establish();
  await room.reaches(pair.theirs, "ESTABLISHED");
  t.equal(await silent.notified(), "4/0", "the hold timer");
  t.ok(silent.messages().filter(([type]) => type === 4).length >= 2, "we sent ours");
});

t.test("UPDATEs that are wrong", async (t) => {
  const room = await startRoom(t, config);
  const establish = async () => {
    const raw = await (await rawPeer(t, pair.theirs, pair.ours, BGP_PORT)).establish();
    await room.reaches(pair.theirs, "ESTABLISHED");
    return raw;
  };
  const has = async (item: string) =>
    (await room.bgp.lookup(pair.theirs, { sent: false, family: "ipv4", items: [item] }))[0] !== null;
  const nlri = [24, 10, 1, 1];
  const keptCases: [string, readonly number[]][] = [
    ["ORIGIN 9", [0x40, 1, 1, 9, ...MANDATORY.slice(4)]],
    ["no NEXT_HOP", MANDATORY.slice(0, 13)],
    ["a COMMUNITY of 3 bytes", [...MANDATORY, 0xc0, 8, 3, 1, 2, 3]],
    ["wrong flags", [0xc0, ...MANDATORY.slice(1)]],
    ["an attribute cut short", [...MANDATORY, 0xc0, 8, 9, 1]],
    ["AS 0 in the path", [...MANDATORY.slice(0, 4), 0x40, 2, 6, 2, 1, 0, 0, 0, 0, ...MANDATORY.slice(13)]],
  ];
  const raw = await establish();
  for (const [what, attributes] of keptCases) {
    raw.send(update({ attributes: MANDATORY, nlri }));
    await until(() => has("10.1.1.0/24"), { what: "the good route" });
    raw.send(update({ attributes, nlri }));
    await until(async () => !(await has("10.1.1.0/24")), { what: `${what} to be treated as withdraw` });
  }
  raw.send(update({ attributes: [...MANDATORY, 0xc0, 7, 3, 1, 2, 3, 0x40, 5, 4, 0, 0, 0, 9], nlri }));
  await until(() => has("10.1.1.0/24"), { what: "the route without AGGREGATOR" });
  const [entry] = await room.bgp.lookup(pair.theirs, { sent: false, family: "ipv4", items: ["10.1.1.0/24"] });
  t.same(
    Object.keys(entry?.attr ?? {}),
    ["1", "2", "3"],
    "a malformed AGGREGATOR and a foreign LOCAL_PREF are discarded",
  );
  t.equal((await room.bgp.state(pair.theirs)).fsm, "ESTABLISHED", "the session has lived through all of it");
  raw.destroy();
  await room.reaches(pair.theirs, "ACTIVE");

  const resets: [string, Uint8Array, string][] = [
    ["attribute length past the end", message(2, [0, 0, 0, 99]), "3/1"],
    ["withdrawn length past the end", message(2, [0, 99, 0, 0]), "3/1"],
    ["prefix length 33", update({ attributes: MANDATORY, nlri: [33, 1, 2, 3, 4, 5] }), "3/10"],
    ["a prefix cut short", update({ attributes: MANDATORY, nlri: [24, 1] }), "3/10"],
    ["an unknown well-known attribute", update({ attributes: [...MANDATORY, 0x40, 99, 1, 7], nlri }), "3/2 40630107"],
    ["MP_REACH twice", update({ attributes: [0x80, 14, 5, 0, 2, 1, 0, 0, 0x80, 14, 5, 0, 2, 1, 0, 0] }), "3/1"],
    ["a next hop of 5 bytes", update({ attributes: [0x80, 14, 10, 0, 2, 1, 5, 1, 2, 3, 4, 5, 0] }), "3/9"],
    ["a second OPEN", open(65002), "5/3"],
  ];
  for (const [what, bytes, answer] of resets) {
    const one = await establish();
    one.send(bytes);
    t.equal(await one.notified(), answer, what);
  }
});

t.test("two connections at once: the one of the higher identifier stays", async (t) => {
  for (const [id, keptIsOurs] of [
    [0x01010101, true],
    [0xdfdfdfdf, false],
  ] as const) {
    await t.test(`identifier ${id.toString(16)}`, async (t) => {
      const net = loopbackPair(id === 0x01010101 ? 2 : 3);
      const server = createServer();
      server.listen(BGP_PORT, net.theirs);
      await once(server, "listening");
      t.teardown(() => server.close());
      const dialled = once(server, "connection");
      const room = await startRoom(t, {
        ...config,
        listen: { host: net.ours, port: BGP_PORT },
        peer: [{ ...peer, remote_addr: net.theirs, local_addr: net.ours, port: BGP_PORT, passive: false }],
      });
      const [socket] = await dialled;
      t.teardown(() => socket.destroy());
      const theirDial = new RawPeer(socket);
      await theirDial.gets(1);
      const ourDial = await rawPeer(t, net.theirs, net.ours, BGP_PORT);
      await ourDial.gets(1);
      // Both OPENs are there before either is confirmed.
      theirDial.send(open(65002, { id }));
      await theirDial.gets(4);
      ourDial.send(open(65002, { id }));
      const [kept, lost] = keptIsOurs ? [theirDial, ourDial] : [ourDial, theirDial];
      t.equal(await lost.notified(), "6/7");
      await kept.gets(4);
      kept.send(KEEPALIVE);
      await room.reaches(net.theirs, "ESTABLISHED");
    });
  }
});

t.test("of two connections the one that fails does not take the other with it", async (t) => {
  for (const broken of ["ours", "theirs"] as const) {
    await t.test(`${broken} sends garbage`, async (t) => {
      const net = loopbackPair(broken === "ours" ? 9 : 10);
      const server = createServer();
      server.listen(BGP_PORT, net.theirs);
      await once(server, "listening");
      t.teardown(() => server.close());
      const dialled = once(server, "connection");
      const room = await startRoom(t, {
        ...config,
        listen: { host: net.ours, port: BGP_PORT },
        peer: [{ ...peer, remote_addr: net.theirs, local_addr: net.ours, port: BGP_PORT, passive: false }],
      });
      const [socket] = await dialled;
      t.teardown(() => socket.destroy());
      const first = new RawPeer(socket);
      await first.gets(1);
      const second = await rawPeer(t, net.theirs, net.ours, BGP_PORT);
      await second.gets(1);
      const [bad, good] = broken === "ours" ? [first, second] : [second, first];
      bad.send(Buffer.from("garbage"));
      t.equal(await bad.notified(), "1/1");
      await good.establish();
      await room.reaches(net.theirs, "ESTABLISHED");
      good.send(update({ attributes: MANDATORY, nlri: [24, 10, 1, 1] }));
      await until(async () => (await room.bgp.figures()).peers[0]?.routes[0]?.received === 1, { what: "its route" });
    });
  }
});

t.test("a connection that stays silent does not keep the other from the session", async (t) => {
  const net = loopbackPair(11);
  const server = createServer();
  server.listen(BGP_PORT, net.theirs);
  await once(server, "listening");
  t.teardown(() => server.close());
  const dialled = once(server, "connection");
  const room = await startRoom(t, {
    ...config,
    listen: { host: net.ours, port: BGP_PORT },
    peer: [{ ...peer, remote_addr: net.theirs, local_addr: net.ours, port: BGP_PORT, passive: false }],
  });
  const [socket] = await dialled;
  t.teardown(() => socket.destroy());
  const silent = new RawPeer(socket);
  await silent.gets(1);
  await (await rawPeer(t, net.theirs, net.ours, BGP_PORT)).establish();
  await room.reaches(net.theirs, "ESTABLISHED");
  t.equal(await silent.notified(), "6/7");
});
