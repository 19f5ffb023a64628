// Handshakes between two ends: who believes what, and when.

import { randomBytes } from "node:crypto";
import t from "tap";
import {
  type HandshakeBond,
  type HandshakeLeg,
  Handshakes,
  newHandshakeLeg,
} from "../../../src/bond/dataplane/handshake.js";
import { sodium } from "../../../src/system/sodium.js";
import { BondReader } from "../../../src/wasm/bond_reader.js";
import { plain, TestEngine, udpPacket } from "../../helpers/bond_engine.js";

class End {
  readonly bonds = new Map<number, HandshakeBond>();
  readonly net: TestEngine;
  readonly legs = new Map<number, HandshakeLeg>();
  bond: HandshakeBond;
  now = 1000;
  handshakes: Handshakes;

  constructor(role: "bonder" | "aggregator", legs = 2, psk = 7) {
    this.net = new TestEngine({
      handshake: (fd, frame, from, local) => this.handshakes.input(fd, frame, from, local, this.now),
      confirmed: (place) => void this.handshakes.confirmed(place, this.now),
    });
    this.net.bond(Array.from({ length: legs }, () => 100));
    const mtu = role === "bonder" ? 1492 : 1500;
    for (let slot = 0; slot < legs; slot++) this.legs.set(slot, newHandshakeLeg(slot, 100 + slot, 10 + slot, mtu));
    const remote = role === "bonder" ? new Uint8Array(16) : null;
    const key = Buffer.alloc(32, psk);
    this.bond = {
      index: 0,
      id: 7,
      role,
      psk: key,
      encrypt: true,
      remote,
      legs: this.legs,
      boot: randomBytes(8),
      peerBoot: "",
      seen: new Set(),
    };
    this.bonds.set(7, this.bond);
    this.handshakes = new Handshakes(this.net.engine, sodium, this.bonds);
  }

  /** Removes the bond and sets it up again, as its worker does. */
  remake(): void {
    for (const leg of this.legs.values()) this.handshakes.forget(this.bond, leg);
    this.net.bond(Array.from(this.legs, () => 100));
    this.bond = { ...this.bond, boot: randomBytes(8), peerBoot: "", seen: new Set() };
    this.bonds.set(7, this.bond);
  }

  leg(slot: number): HandshakeLeg {
    return this.legs.get(slot) as HandshakeLeg;
  }

  begin(slot: number): Buffer {
    this.handshakes.begin(this.bond, this.leg(slot));
    return this.net.takeSent()[0]?.bytes as Buffer;
  }

  /** Takes a frame; returns what it answers. */
  take(frame: Uint8Array): Buffer[] {
    this.net.receive(frame);
    return this.net.takeSent().map(({ bytes }) => bytes);
  }

  data(): Buffer {
    this.net.tunRead(plain(udpPacket({ payload: Buffer.from("data") })));
    this.net.now += 20e6;
    this.net.serve();
    return this.net.takeSent()[0]?.bytes as Buffer;
  }
}

/** A whole handshake on a leg; both ends have keys afterwards. */
function shake(bonder: End, aggregator: End, slot: number): void {
  const [answer] = aggregator.take(bonder.begin(slot));
  const [beat] = bonder.take(answer as Buffer);
  aggregator.take(beat as Buffer);
}

t.test("the aggregator uses new keys only after a frame that is sealed with them", async (t) => {
  const bonder = new End("bonder");
  const aggregator = new End("aggregator");
  const first = bonder.begin(0);
  const answers = aggregator.take(first);
  t.equal(answers.length, 1);
  t.equal(aggregator.leg(0).session, null, "not yet");
  t.same(aggregator.take(first), [], "the same first message again has no answer");
  const [beat] = bonder.take(answers[0] as Buffer);
  t.not(bonder.leg(0).session, null);
  aggregator.take(beat as Buffer);
  t.not(aggregator.leg(0).session, null, "now");
  t.equal(aggregator.leg(0).mtu, 1492, "and it knows the link's MTU");
  aggregator.take(bonder.data());
  t.equal(aggregator.net.takeWritten().length, 1);
  bonder.net.receive(aggregator.data());
  t.equal(bonder.net.takeWritten().length, 1);
});

t.test("what is not authentic gets no answer and changes nothing", async (t) => {
  const bonder = new End("bonder");
  const aggregator = new End("aggregator");
  const first = bonder.begin(0);
  for (let at = 1; at < first.length; at++) {
    const forged = Buffer.from(first);
    forged[at] = (forged[at] as number) ^ 1;
    t.same(aggregator.take(forged), [], `byte ${at}`);
  }
  for (let length = 0; length < first.length; length++) t.same(aggregator.take(first.subarray(0, length)), []);
  t.same(new End("aggregator", 2, 8).take(first), [], "another key");
  t.same(new End("aggregator", 0).take(first), [], "a leg that is not configured");
  t.equal(aggregator.take(first).length, 1, "the true one still has an answer");
  t.equal(aggregator.handshakes.refused > first.length, true);
});

t.test("frames that come before there are keys are not taken, whatever they are sealed with", async (t) => {
  const bonder = new End("bonder");
  const first = bonder.begin(0);
  const index = bonder.leg(0).attempt?.index as number;
  t.ok(first);
  const frame = Buffer.alloc(8 + 8 + 20 + 16);
  frame.writeUInt32BE(((3 << 24) | index) >>> 0, 0);
  const text = Buffer.alloc(28);
  const sealed = sodium.seal(Buffer.alloc(32), Buffer.alloc(12), frame.subarray(0, 8), text);
  frame.set(sealed, 8);
  bonder.net.receive(frame);
  t.same(bonder.net.takeWritten(), []);
  t.equal(bonder.leg(0).session, null);
});

t.test("an end that starts anew resets order and the other legs' keys; new keys alone do not", async (t) => {
  const bonder = new End("bonder");
  const aggregator = new End("aggregator");
  shake(bonder, aggregator, 0);
  shake(bonder, aggregator, 1);
  for (let i = 0; i < 5; i++) aggregator.take(bonder.data());
  t.equal(aggregator.net.takeWritten().length, 5);

  const before = aggregator.leg(0).session;
  shake(bonder, aggregator, 0);
  t.not(aggregator.leg(0).session, before, "rekeyed");
  t.equal(aggregator.leg(0).old.length, 1, "old keys stay good for a while");
  t.not(aggregator.leg(1).session, null);
  aggregator.take(bonder.data());
  t.equal(aggregator.net.takeWritten().length, 1, "in order: the sequence went on");
  aggregator.handshakes.expire(aggregator.bond, aggregator.leg(0), aggregator.now + 20_000);
  t.equal(aggregator.leg(0).old.length, 0);

  const again = new End("bonder");
  shake(again, aggregator, 0);
  t.equal(aggregator.leg(1).session, null, "the other leg's keys are gone with the process that had them");
  aggregator.take(again.data());
  t.equal(aggregator.net.takeWritten().length, 1, "sequence 0 is the next one");
});

t.test("a forged answer does not spoil the true one", async (t) => {
  const bonder = new End("bonder");
  const aggregator = new End("aggregator");
  const [answer] = aggregator.take(bonder.begin(0)) as [Buffer];
  for (let at = 8; at < answer.length; at++) {
    const forged = Buffer.from(answer);
    forged[at] = (forged[at] as number) ^ 1;
    bonder.take(forged);
  }
  t.equal(bonder.leg(0).session, null);
  bonder.take(answer);
  t.not(bonder.leg(0).session, null);
});

t.test("an answer that is lost: the next attempt works, the first one's keys are forgotten", async (t) => {
  const bonder = new End("bonder");
  const aggregator = new End("aggregator");
  for (let i = 0; i < 5; i++) aggregator.take(bonder.begin(0));
  t.ok(aggregator.leg(0).pending.length <= 2);
  shake(bonder, aggregator, 0);
  t.not(aggregator.leg(0).session, null);
  t.equal(aggregator.leg(0).pending.length, 0);
});

t.test("a bond that was removed and set up again starts order anew at the other end", async (t) => {
  const bonder = new End("bonder", 1);
  const aggregator = new End("aggregator", 1);
  shake(bonder, aggregator, 0);
  for (let i = 0; i < 5; i++) aggregator.take(bonder.data());
  const order = () => {
    const { late, in_order } = new BondReader(
      { buffer: aggregator.net.engine.bytes.buffer } as WebAssembly.Memory,
      aggregator.net.engine.addresses,
    ).counters(0);
    return { late, in_order };
  };
  t.same(order(), { late: 0, in_order: 5 });
  bonder.remake();
  shake(bonder, aggregator, 0);
  for (let i = 0; i < 5; i++) aggregator.take(bonder.data());
  t.same(order(), { late: 0, in_order: 10 }, "its sequences start from 0 and are not taken for late ones");
});

t.test("forged handshake messages cost no scalar multiplication, or a bounded number", async (t) => {
  let multiplications = 0;
  const counting = {
    ...sodium,
    scalarMult: (...args: Parameters<typeof sodium.scalarMult>) => {
      multiplications++;
      return sodium.scalarMult(...args);
    },
    scalarMultBase: (...args: Parameters<typeof sodium.scalarMultBase>) => {
      multiplications++;
      sodium.scalarMultBase(...args);
    },
  };
  const bonder = new End("bonder", 1);
  const aggregator = new End("aggregator", 1);
  aggregator.handshakes = new Handshakes(aggregator.net.engine, counting, aggregator.bonds);
  const first = bonder.begin(0);
  for (let i = 0; i < 300; i++) {
    const forged = Buffer.from(first);
    forged.writeUInt32LE(i, 8);
    aggregator.take(forged);
  }
  t.equal(multiplications, 0, "first messages");
  const [answer] = aggregator.take(first);
  t.equal(multiplications, 2, "an authentic one costs two");

  bonder.handshakes = new Handshakes(bonder.net.engine, counting, bonder.bonds);
  multiplications = 0;
  for (let i = 0; i < 6_000; i++) {
    const forged = Buffer.from(answer as Buffer);
    forged.writeUInt32LE(i + 1, 8);
    bonder.take(forged);
  }
  t.ok(multiplications <= 5_000, `${multiplications} for 6,000 answers within a second`);
  bonder.now += 1_000;
  t.equal(bonder.take(answer as Buffer).length, 1, "the true answer is taken a second later");
});
