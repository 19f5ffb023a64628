// What is written is read again: messages, changes of state, snapshots; files follow one another by time and size.

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { MrtConfig } from "../../../../src/bgp/mrt/config.js";
import { MrtSnapshots } from "../../../../src/bgp/mrt/snapshot.js";
import { MrtWriter } from "../../../../src/bgp/mrt/writer.js";
import { fillPath, isPathTemplate } from "../../../../src/bgp/path_template.js";
import { KEEPALIVE, update } from "../../../helpers/bgp_raw.js";
import { readAll } from "../../../helpers/mrt.js";
import { announce, announce6, observedPeer, ribOf, route, SET4, SET6 } from "../../../helpers/observed.js";
import { tmpDir } from "../../../helpers/tmp.js";

const config = (dir: string, given: Partial<MrtConfig> = {}): MrtConfig => ({
  updates: join(dir, "updates.%Y%m%d.%H%M"),
  updates_interval: 60,
  updates_max_size: 1,
  updates_sent: false,
  rib: join(dir, "deep/rib.%Y%m%d.%H%M%S"),
  rib_interval: 0,
  ...given,
});

const NONE = () => undefined;

t.test("paths have the time in them, in UTC", async (t) => {
  t.equal(fillPath("/a/%Y-%m-%d_%H%M%S.%%", new Date(Date.UTC(2026, 0, 2, 3, 4, 5))), "/a/2026-01-02_030405.%");
  t.ok(isPathTemplate("a.%Y"));
  t.notOk(isPathTemplate("a.%q"));
  t.notOk(isPathTemplate("a.%"));
});

t.test("messages and changes of state", async (t) => {
  const dir = tmpDir(t, "mrt");
  const writer = new MrtWriter(config(dir), NONE, () => Date.UTC(2026, 0, 1, 12, 34, 56));
  const peer = observedPeer();
  writer.up(peer);
  writer.messages(peer, false, Buffer.concat([announce(1), KEEPALIVE, announce(2)]));
  writer.messages(peer, true, announce(3));
  writer.down(peer, {
    kind: "remote",
    notification: Buffer.concat([KEEPALIVE.subarray(0, 16), Buffer.of(0, 21, 3, 6, 2)]),
  });
  await writer.close();
  const { contents, faults } = await readAll(join(dir, "updates.20260101.1234"));
  t.same(faults, []);
  t.match(
    contents,
    [
      { kind: "message", asBytes: 4, sent: false, message: peer.openReceived },
      { kind: "state", from: 5, to: 6, peer: { as: 65_001 }, local: { as: 65_009 } },
      { kind: "message", message: announce(1), addPath: false },
      { kind: "message", message: KEEPALIVE },
      { kind: "message", message: announce(2), peer: { address: Buffer.of(192, 0, 2, 1) } },
      { kind: "message" },
      { kind: "state", from: 6, to: 1 },
    ],
    "what we send is not recorded unless told",
  );
  t.match(writer.counters, { records: 7, dropped: 0, failures: 0 });
});

t.test(
  "the subtype says how wide AS numbers are, who spoke, and whether path identifiers are in the message",
  async (t) => {
    const dir = tmpDir(t, "mrt");
    const writer = new MrtWriter(config(dir, { updates_sent: true }), NONE, () => Date.UTC(2026, 0, 1));
    const six = observedPeer({ address: "2001:db8::1", localAddress: "2001:db8::9", addPathIn: [1], addPathOut: [0] });
    const old = observedPeer({ fourOctetAs: false, localAs: 4_200_000_000 });
    writer.messages(six, false, announce6(1));
    writer.messages(six, false, announce(1));
    writer.messages(six, true, announce(1));
    writer.messages(six, true, announce6(1));
    writer.messages(six, false, KEEPALIVE);
    writer.messages(old, false, announce(1));
    writer.messages(old, true, announce(1));
    await writer.close();
    const { contents } = await readAll(join(dir, "updates.20260101.0000"));
    const ends = { peer: { address: Buffer.from("20010db8000000000000000000000001", "hex") } };
    t.match(contents, [
      { asBytes: 4, sent: false, addPath: true, ...ends },
      { asBytes: 4, sent: false, addPath: false, ...ends },
      { asBytes: 4, sent: true, addPath: true },
      { asBytes: 4, sent: true, addPath: false },
      { asBytes: 4, sent: false, addPath: false },
      { asBytes: 2, sent: false, addPath: false, local: { as: 23_456 } },
      { asBytes: 2, sent: true, addPath: false },
    ]);
  },
);

t.test("another file begins with each period, and when one is full", async (t) => {
  const dir = tmpDir(t, "mrt");
  let now = Date.UTC(2026, 0, 1, 0, 0, 30);
  const writer = new MrtWriter(config(dir), NONE, () => now);
  const peer = observedPeer();
  writer.messages(peer, false, announce(1));
  now += 20_000;
  writer.messages(peer, false, announce(2));
  await writer.close();
  now += 20_000;
  writer.messages(peer, false, announce(3));
  await writer.close();
  const count = async (name: string) => (await readAll(join(dir, name))).contents.length;
  t.same(readdirSync(dir).sort(), ["updates.20260101.0000", "updates.20260101.0001"]);
  t.equal(await count("updates.20260101.0000"), 2);
  t.equal(await count("updates.20260101.0001"), 1);
});

t.test("a full file is followed by one with a number", async (t) => {
  const dir = tmpDir(t, "mrt");
  const writer = new MrtWriter(config(dir), NONE, () => Date.UTC(2026, 0, 1));
  const batch = Buffer.concat(new Array(6_000).fill(announce(1)));
  for (let i = 0; i < 7; i++) {
    writer.messages(observedPeer(), false, batch);
    await writer.close();
  }
  t.same(readdirSync(dir).sort(), ["updates.20260101.0000", "updates.20260101.0000.1", "updates.20260101.0000.2"]);
  const { contents, faults } = await readAll(join(dir, "updates.20260101.0000.1"));
  t.same([contents.length % 6_000, faults], [0, []], "no record is cut");
});

t.test("a disk that fails loses records, which are counted and told of once", async (t) => {
  const dir = tmpDir(t, "mrt");
  writeFileSync(join(dir, "file"), "");
  const notes: string[] = [];
  const writer = new MrtWriter(config(dir, { updates: join(dir, "file/updates") }), (text) => notes.push(text));
  const peer = observedPeer();
  writer.messages(peer, false, Buffer.concat([announce(1), announce(2)]));
  await writer.close();
  writer.messages(peer, false, announce(3));
  await writer.close();
  t.match(writer.counters, { records: 0, dropped: 3, failures: 1 }, "within a second the disk is not tried again");
  t.equal(notes.length, 1);
  t.match(notes[0], /MRT file of messages: it cannot be written: ENOTDIR/);
});

t.test("a full disk takes no part of a record", async (t) => {
  if (!existsSync("/dev/full")) return;
  const notes: string[] = [];
  const writer = new MrtWriter(config("", { updates: "/dev/full" }), (text) => notes.push(text));
  writer.messages(observedPeer(), false, announce(1));
  await writer.close();
  t.match(writer.counters, { records: 0, dropped: 1, failures: 1 });
  t.match(notes[0], /ENOSPC/);
});

t.test("snapshots", async (t) => {
  const dir = tmpDir(t, "mrt");
  const peers = [
    { address: "192.0.2.1", as: 65_001, id: 1 },
    { address: "2001:db8::2", as: 4_200_000_000, id: 2 },
    { address: "", as: 65_009, id: 9 },
  ];
  const six = { family: 1, attributes: SET6, nlri: Buffer.from([48, 0x20, 1, 0xd, 0xb8, 0, 1]) };
  const flow = { family: 8, nlri: Buffer.from([5, 1, 24, 10, 0, 0]), attributes: SET4.subarray(0, -7) };
  const routes = [
    route(1),
    route(1, { peer: "2001:db8::2" }),
    route(2, { peer: "" }),
    route(2, { peer: "192.0.2.77" }),
    route(3, { ...six, peer: "2001:db8::2" }),
    route(4, { ...six, pathId: 7 }),
    route(5, flow),
  ];
  const snapshots = new MrtSnapshots(config(dir), ribOf(routes, { peers, batch: 3 }), 0x0a000009, NONE);
  const first = snapshots.take();
  await t.rejects(snapshots.take(), { code: "UNAVAILABLE", message: /one is being taken/ });
  const { file, prefixes, routes: count } = await first;
  t.equal(count, 6);
  t.equal(prefixes, 4, "routes of one prefix in one batch share a record");
  t.equal(snapshots.counters.dropped, 1, "the route of a peer that is not in the table of peers");
  t.same(readdirSync(join(dir, "deep")), [file.split("/").at(-1)], "nothing is left beside it");
  const { contents, faults } = await readAll(file);
  t.same(faults, []);
  const hop = Buffer.concat([Buffer.of(0x80, 14, 17), SET6.subarray(6)]);
  t.match(contents, [
    { kind: "peers", collector: 0x0a000009, peers: [{ as: 65_001 }, { as: 4_200_000_000 }, { as: 65_009 }] },
    {
      kind: "routes",
      afi: 1,
      safi: 1,
      sequence: 0,
      routes: [
        { peer: { as: 65_001 }, nlri: Buffer.of(24, 10, 1, 1), originated: 1_001, attributes: SET4 },
        { peer: { as: 4_200_000_000 } },
      ],
    },
    { kind: "routes", routes: [{ peer: { as: 65_009, address: Buffer.alloc(4) } }] },
    { kind: "routes", afi: 2, safi: 1, addPath: true, routes: [{ attributes: hop }, { pathId: 7 }] },
    { kind: "routes", afi: 1, safi: 133, addPath: false, routes: [{ nlri: flow.nlri }] },
  ]);
  await snapshots.close();
});

t.test("a snapshot that cannot be written says why, and leaves nothing", async (t) => {
  const none = new MrtSnapshots(config("", { rib: "" }), ribOf([]), 1, NONE);
  await t.rejects(none.take(), { code: "UNAVAILABLE", message: /bgp\.mrt\.rib names no file/ });
  const dir = tmpDir(t, "mrt");
  const broken = ribOf([route(1)], { pause: () => Promise.reject(new Error("gone")) });
  const snapshots = new MrtSnapshots(config(dir), broken, 1, NONE);
  await t.rejects(snapshots.take(), { code: "UNAVAILABLE", message: /gone/ });
  t.same(readdirSync(join(dir, "deep")), []);
  t.equal(snapshots.counters.failures, 1);
  await t.rejects(snapshots.take(), { code: "UNAVAILABLE", message: /gone/ }, "the next may be taken");
});

t.test("an UPDATE that is no whole one is recorded as it came", async (t) => {
  const dir = tmpDir(t, "mrt");
  const writer = new MrtWriter(config(dir), NONE, () => Date.UTC(2026, 0, 1));
  const peer = observedPeer({ addPathIn: [0] });
  const bad = update({});
  bad.writeUInt16BE(0xffff, 19);
  writer.messages(peer, false, bad);
  await writer.close();
  t.match((await readAll(join(dir, "updates.20260101.0000"))).contents, [{ kind: "message", message: bad }]);
});
