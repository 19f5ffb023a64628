// One suite for all schedulers: a new row is tested the moment it is in the table.

import t from "tap";
import { schedulers } from "../../../src/bond/dataplane/schedulers.js";
import { pair, plain, TestEngine, udpPacket } from "../../helpers/bond_engine.js";

const PAYLOAD = 1200;

/** Saturates a bond for `ms` with packets of many flows; resolves with bytes sent by leg. */
function saturate(engine: TestEngine, ms: number, mbps: number): number[] {
  const sent: number[] = [];
  const perTick = Math.ceil((mbps * 1e6) / 8 / (PAYLOAD + 88) / 1000);
  for (let i = 0; i < ms; i++) {
    for (let k = 0; k < perTick; k++) {
      engine.tunRead(plain(udpPacket({ payload: Buffer.alloc(PAYLOAD), sourcePort: 1000 + (k % 32) })));
    }
    engine.now += 1e6;
    engine.serve();
    for (const { fd, bytes } of engine.takeSent()) sent[fd - 10] = (sent[fd - 10] ?? 0) + bytes.length;
  }
  return sent;
}

function bonded(speeds: readonly number[], scheduler: number): TestEngine {
  const engine = new TestEngine();
  const peer = new TestEngine();
  engine.bond(speeds, scheduler);
  peer.bond(speeds, scheduler);
  pair(engine, peer, speeds.length);
  return engine;
}

for (const { name, id } of schedulers) {
  // a flow that never pauses stays where it is: flowlets cannot follow the speeds
  const perPacket = name !== "flowlet";
  t.test(
    `${name}: shares under load follow the speeds`,
    { skip: !perPacket && "flows stay on their legs" },
    async (t) => {
      const speeds = [50, 20, 10];
      const sent = saturate(bonded(speeds, id), 1000, 160);
      const total = sent.reduce((sum, bytes) => sum + bytes, 0);
      speeds.forEach((mbps, i) => {
        const share = (sent[i] ?? 0) / total / (mbps / 80);
        t.ok(share > 0.95 && share < 1.05, `leg of ${mbps} Mbit/s carries ${share.toFixed(3)} of its share`);
      });
      t.ok(
        (total * 8) / 1e6 > 80 * 0.88,
        `${((total * 8) / 1e6).toFixed(1)} of 80 Mbit/s in frames without IP and UDP headers`,
      );
      t.ok((total * 8) / 1e6 < 80, "no leg is given more than its speed");
    },
  );

  t.test(`${name}: never a leg that may not send`, async (t) => {
    const engine = bonded([50, 50], id);
    engine.engine.setSending(0, 0, false);
    const sent = saturate(engine, 100, 100);
    t.equal(sent[0] ?? 0, 0);
    t.ok((sent[1] ?? 0) > 0);
  });

  t.test(`${name}: no leg at all drops and counts, and goes on when one is back`, async (t) => {
    const engine = bonded([50], id);
    engine.engine.setSending(0, 0, false);
    t.same(saturate(engine, 20, 50), []);
    engine.engine.setSending(0, 0, true);
    t.ok((saturate(engine, 20, 50)[0] ?? 0) > 0);
  });

  t.test(`${name}: failover legs carry only when no other can`, async (t) => {
    const engine = bonded([50, 50], id);
    engine.engine.setLeg(0, 1, { id: 101, fd: 11, bitsPerSecond: 50e6, failover: true, follows: false });
    const sent = saturate(engine, 50, 100);
    t.ok((sent[0] ?? 0) > 0);
    t.equal(sent[1] ?? 0, 0);
    engine.engine.setSending(0, 0, false);
    t.ok((saturate(engine, 50, 100)[1] ?? 0) > 0);
  });

  t.test(`${name}: what waits on a leg that goes down is sent by another`, async (t) => {
    const engine = bonded([1, 50], id);
    const total = 30;
    for (let i = 0; i < total; i++) engine.tunRead(plain(udpPacket({ payload: Buffer.alloc(PAYLOAD), id: i })));
    engine.serve();
    engine.engine.setSending(0, 0, false);
    for (let i = 0; i < 100; i++) {
      engine.now += 1e6;
      engine.serve();
    }
    t.equal(engine.takeSent().length, total);
  });
}

t.test("flowlet: a flow that does not pause keeps its leg, one that pauses may move", async (t) => {
  const engine = bonded([50, 50], schedulers.find(({ name }) => name === "flowlet")?.id as number);
  const legOf = (afterMs: number): number => {
    engine.now += afterMs * 1e6;
    engine.tunRead(plain(udpPacket({ payload: Buffer.alloc(PAYLOAD) })));
    engine.serve();
    return engine.takeSent()[0]?.fd as number;
  };
  const first = legOf(0);
  for (let i = 0; i < 20; i++) t.equal(legOf(20), first);
  engine.engine.setSending(0, first - 10, false);
  const second = legOf(20);
  t.not(second, first, "a dead leg is left at once");
  engine.engine.setSending(0, first - 10, true);
  t.equal(legOf(20), second);
});

t.test("idmpq keeps to the fastest leg while that suffices", async (t) => {
  const engine = bonded([50, 50], schedulers.find(({ name }) => name === "idmpq")?.id as number);
  // the other end says: the second leg is 30 ms later
  for (const [slot, owd] of [
    [0, 5_000],
    [1, 35_000],
  ] as const) {
    const leg = engine.engine.legAt(0, slot);
    engine.engine.view.setInt32(leg + 48, owd, true);
    engine.engine.view.setUint32(leg + 176, 1, true);
  }
  const light = saturate(engine, 300, 20);
  t.equal(light[1] ?? 0, 0);
  const heavy = saturate(engine, 1000, 120);
  t.ok((heavy[1] ?? 0) / (heavy[0] ?? 1) > 0.9, "under load both carry");
});
