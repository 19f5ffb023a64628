// An end that has the keys and means harm, clocks that are far apart, and one bond that floods its worker.

import t from "tap";
import { sodium } from "../../../src/system/sodium.js";
import { AEAD } from "../../../src/wasm/bond.js";
import { BondReader } from "../../../src/wasm/bond_reader.js";
import { pair, plain, TestEngine, udpPacket } from "../../helpers/bond_engine.js";

const SLOTS = 16_384;
const FRONT_QUEUE_OFFSET = 44;
const SPREAD_OFFSET = 72;
/** Heartbeats tell microseconds in 32 bits. */
const WRAP_NS = 2 ** 32 * 1000;

function two(speeds: readonly number[]): { a: TestEngine; b: TestEngine } {
  const a = new TestEngine();
  const b = new TestEngine();
  for (const end of [a, b]) end.bond(speeds);
  pair(a, b, speeds.length, AEAD.chacha20poly1305);
  return { a, b };
}

const counters = (end: TestEngine) =>
  new BondReader({ buffer: end.engine.bytes.buffer } as WebAssembly.Memory, end.engine.addresses).counters(0);

/** A frame with any packet in it, sealed with the keys of `pair`'s first leg as its first end would. */
function seal(like: Buffer, sequence: number, packet: Buffer): Buffer {
  const header = Buffer.from(like.subarray(0, 8));
  header.writeUInt32BE(sequence, 4);
  const inner = Buffer.alloc(8);
  inner.writeUInt32BE(sequence, 4);
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32LE(sequence, 4);
  return Buffer.concat([header, sodium.seal(Buffer.alloc(32, 1), nonce, header, Buffer.concat([inner, packet]))]);
}

t.test("a packet that is longer than any the tunnel carries is dropped, not held", async (t) => {
  const { a, b } = two([100]);
  a.engine.beat(0, 0);
  const like = a.takeSent()[0]?.bytes as Buffer;
  const free = b.exports["slotsFree"]?.();
  b.receive(seal(like, 5, udpPacket({ payload: Buffer.alloc(1_872) })));
  t.equal(counters(b)["held"], 1, "the longest one that is allowed, behind a hole");
  b.receive(seal(like, 7, udpPacket({ payload: Buffer.alloc(1_873) })));
  b.receive(seal(like, 9, udpPacket({ payload: Buffer.alloc(60_000, 0xff) })));
  t.equal(counters(b)["held"], 1);
  t.equal(counters(b)["malformed_drops"], 2);
  t.equal(b.exports["slotsFree"]?.(), free - 1);
});

t.test("a flood of many flows leaves packet memory for other bonds, and does not drop a sparse flow", async (t) => {
  const { a } = two([1]);
  for (let i = 0; i < 60_000; i++) {
    a.tunRead(plain(udpPacket({ payload: Buffer.alloc(1_000), sourcePort: 1_000 + (i % 250) })));
  }
  const free: number = a.exports["slotsFree"]?.();
  t.ok(free >= SLOTS / 2 - 1, `${free} of ${SLOTS} places are free`);
  const waiting = a.engine.view.getUint32(a.engine.bondAt(0) + FRONT_QUEUE_OFFSET, true);
  t.ok(waiting > SLOTS / 4, `${waiting} packets wait`);
  const ping = udpPacket({ payload: Buffer.from("sparse"), sourcePort: 9 });
  a.tunRead(plain(ping));
  const lengths: number[] = [];
  for (let i = 0; i < 600; i++) {
    a.now += 10e6;
    a.serve();
    lengths.push(...a.takeSent().map(({ bytes }) => bytes.length));
  }
  t.ok(lengths.includes(ping.length + 32), "the sparse flow's packet is not what was dropped");
});

t.test("an end that was silent for 71 minutes is not taken for one that was heard just now", async (t) => {
  const { a, b } = two([100]);
  a.engine.beat(0, 0);
  b.receive(a.takeSent()[0]?.bytes as Buffer);
  b.now += WRAP_NS;
  b.engine.beat(0, 0);
  a.receive(b.takeSent()[0]?.bytes as Buffer);
  const { peerSilentMs } = a.engine.legFacts(0, 0);
  t.ok(peerSilentMs > 60_000, `it says ${peerSilentMs} ms`);
});

t.test("clocks that differ by half a turn of the heartbeat's clock change no delay and no choice", async (t) => {
  const { a, b } = two([50, 50]);
  b.now = a.now + WRAP_NS / 2 - 10e6;
  const beat = (from: TestEngine, to: TestEngine, slot: number) => {
    from.engine.beat(0, slot);
    to.receive(from.takeSent()[0]?.bytes as Buffer);
  };
  beat(a, b, 0);
  b.now += 20e6;
  beat(a, b, 1);
  const spread = Number(b.engine.view.getBigInt64(b.engine.bondAt(0) + SPREAD_OFFSET, true)) / 1e6;
  t.equal(spread, 20, "one leg is 20 ms slower");
  for (const slot of [0, 1]) beat(b, a, slot);
  const used = new Set<number>();
  for (let i = 0; i < 400; i++) {
    a.tunRead(plain(udpPacket({ payload: Buffer.alloc(1_200), sourcePort: 1_000 + (i % 16) })));
    a.now += 0.1e6;
    a.serve();
    for (const { fd } of a.takeSent()) used.add(fd);
  }
  t.same([...used].sort(), [10, 11], "both legs are used");
});
