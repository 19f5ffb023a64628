// Frames end to end between two engines: what goes in comes out, and what is not authentic does not.

import fc from "fast-check";
import t from "tap";
import { AEAD } from "../../../src/wasm/bond.js";
import { BondReader } from "../../../src/wasm/bond_reader.js";
import { checksum, pair, plain, pseudoSum, TestEngine, tcpPacket, udpPacket } from "../../helpers/bond_engine.js";

const a = new TestEngine();
const b = new TestEngine();

function connect(speeds: readonly number[] = [1000], aead?: number): void {
  for (const end of [a, b]) {
    end.bond(speeds);
    end.takeSent();
    end.takeWritten();
  }
  pair(a, b, speeds.length, aead);
}

/** Lets everything that waits in `a` go; returns the frames. */
function frames(): Buffer[] {
  for (let i = 0; i < 100; i++) {
    a.serve();
    a.now += 1e6;
  }
  return a.takeSent().map(({ bytes }) => bytes);
}

const counters = (end: TestEngine) =>
  new BondReader({ buffer: end.engine.bytes.buffer } as WebAssembly.Memory, end.engine.addresses).counters(0);

t.test("a packet crosses unchanged, with either cipher", async (t) => {
  for (const aead of [undefined, AEAD.chacha20poly1305]) {
    connect([1000], aead);
    const packet = udpPacket({ payload: Buffer.from("hello") });
    a.tunRead(plain(packet));
    const sent = frames();
    t.equal(sent.length, 1);
    t.equal(sent[0]?.length, packet.length + 32, "the frame adds 32 bytes");
    t.notOk(sent[0]?.includes("hello"), "it cannot be read on the way");
    b.receive(sent[0] as Buffer);
    t.same(b.takeWritten(), [plain(packet)]);
  }
});

t.test("authentication without encryption: readable, and forged ones are still dropped", async (t) => {
  for (const cipher of [AEAD.aes256gcm, AEAD.chacha20poly1305]) {
    connect([1000], cipher | AEAD.authenticateOnly);
    const packet = udpPacket({ payload: Buffer.from("hello") });
    a.tunRead(plain(packet));
    const frame = frames()[0] as Buffer;
    t.ok(frame.includes("hello"));
    t.equal(frame.length, packet.length + 32);
    for (let at = 1; at < frame.length; at++) {
      const forged = Buffer.from(frame);
      forged[at] = (forged[at] as number) ^ 1;
      b.receive(forged);
    }
    t.same(b.takeWritten(), []);
    b.receive(frame);
    t.same(b.takeWritten(), [plain(packet)]);
  }
});

t.test("forged, truncated, replayed and reflected frames are counted drops", async (t) => {
  connect();
  a.tunRead(plain(udpPacket({ payload: Buffer.alloc(40) })));
  const frame = frames()[0] as Buffer;
  for (let at = 1; at < frame.length; at++) {
    const forged = Buffer.from(frame);
    forged[at] = (forged[at] as number) ^ 0x10;
    b.receive(forged);
  }
  for (let length = 0; length < frame.length; length++) b.receive(frame.subarray(0, length));
  t.same(b.takeWritten(), [], "nothing of that is delivered");
  b.receive(frame);
  t.equal(b.takeWritten().length, 1, "and the true frame still is");
  b.receive(frame);
  a.receive(frame);
  t.same([...b.takeWritten(), ...a.takeWritten()], []);
  t.equal(counters(b)["replay_drops"], 1);
  t.equal(counters(a)["auth_drops"], 1, "a reflected frame is not ours");
  t.ok((counters(b)["auth_drops"] as number) >= frame.length - 8);
});

/** What the kernel gives with TSO: one large packet, checksum left to the device. */
function large(payload: Buffer, size: number, flags = 0x18): Buffer {
  const packet = tcpPacket({ payload, flags, sequence: 0xffff_f000, id: 500 });
  packet.writeUInt16BE(pseudoSum(packet, 6), 36);
  const header = Buffer.alloc(10);
  header[0] = 1;
  header[1] = 1;
  header.writeUInt16LE(52, 2);
  header.writeUInt16LE(size, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(16, 8);
  return Buffer.concat([header, packet]);
}

/** Completes the checksum that a virtio_net_hdr leaves open; returns the packet. */
function complete(written: Buffer): Buffer {
  const packet = Buffer.from(written.subarray(10));
  if (written[0] !== 1) return packet;
  const start = written.readUInt16LE(6);
  packet.writeUInt16BE(checksum(packet.subarray(start)), start + written.readUInt16LE(8));
  return packet;
}

t.test("a large TCP packet is cut, crosses as frames of one size, and is joined again", async (t) => {
  connect();
  const payload = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7) & 0xff));
  const read = large(payload, 1388);
  a.tunRead(read);
  const sent = frames();
  t.equal(sent.length, Math.ceil(10_000 / 1388));
  for (const frame of sent.slice(0, -1)) t.equal(frame.length, 52 + 1388 + 32);
  const at = b.exports["receiveAddress"]?.() as number;
  const place = (i: number) => at + i * 2048;
  for (const [i, frame] of sent.entries()) b.engine.bytes.set(frame, place(i));
  for (const [i, frame] of sent.entries()) b.exports["frameInput"]?.(place(i), frame.length, BigInt(b.now));
  b.exports["flushDelivery"]?.();
  const written = b.takeWritten();
  t.equal(written.length, 1, "one write");
  t.same(complete(written[0] as Buffer), complete(read), "the same packet, with right checksums");
  t.equal(written[0]?.readUInt16LE(4), 1388, "and its segment size");
});

t.test("each segment alone is a right packet", async (t) => {
  connect();
  a.tunRead(large(Buffer.alloc(3000, 9), 1000, 0x19));
  const packets = frames().map((frame) => {
    b.receive(frame);
    return complete(b.takeWritten()[0] as Buffer);
  });
  t.equal(packets.length, 3);
  packets.forEach((packet, i) => {
    t.equal(checksum(packet.subarray(0, 20)), 0, "IP checksum");
    t.equal(checksum(packet.subarray(20), pseudoSum(packet, 6)), 0, "TCP checksum");
    t.equal(packet.readUInt16BE(4), 500 + i, "identification");
    t.equal(packet.readUInt32BE(24), (0xffff_f000 + i * 1000) % 2 ** 32, "sequence number");
    t.equal(packet[33], i === 2 ? 0x19 : 0x10, "FIN and PSH only on the last");
  });
});

t.test("whatever a device or a peer gives, nothing breaks", async (t) => {
  connect();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), (bytes, ip) => {
      const read = Buffer.from(bytes);
      if (ip && read.length > 10) read[10] = 0x45;
      a.tunRead(read);
      for (const frame of frames()) b.receive(frame);
      b.receive(bytes);
    }),
    { numRuns: 500 },
  );
  connect();
  a.tunRead(plain(udpPacket()));
  b.receive(frames()[0] as Buffer);
  t.equal(b.takeWritten().length, 1, "and it still works");
});

t.test("a socket that refuses segmentation is used without", async (t) => {
  connect();
  a.sendError = -5;
  a.tunRead(large(Buffer.alloc(5000), 1000));
  a.serve();
  a.sendError = 0;
  a.tunRead(large(Buffer.alloc(5000), 1000));
  t.ok(frames().length >= 5);
});
