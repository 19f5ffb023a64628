// Replay window and order of delivery, against models.

import fc from "fast-check";
import t from "tap";
import { pair, plain, TestEngine, udpPacket } from "../../helpers/bond_engine.js";

const engine = new TestEngine();
const { replayFresh, replayMark, expandSequence } = engine.exports as Record<
  string,
  (session: number, sequence: bigint | number) => bigint | number
>;

function freshSession(): number {
  engine.bond([100]);
  const { place } = engine.engine.openSession(0, 0) as { place: number };
  return engine.exports["sessionsAddress"]?.() + place * 1408;
}

t.test("the replay window takes each sequence once", async () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: -2100, max: 200 }), fc.integer({ min: 0, max: 5000 })), {
    maxLength: 400,
  });
  fc.assert(
    fc.property(steps, (moves) => {
      const session = freshSession();
      const seen = new Set<bigint>();
      let newest = -1n;
      for (const move of moves) {
        const sequence = newest + BigInt(move);
        if (sequence < 0n) continue;
        const fresh = replayFresh?.(session, sequence) === 1;
        if (seen.has(sequence) && fresh) return false;
        // what is within the window and was not seen must be taken
        if (!seen.has(sequence) && newest - sequence < 1900n && !fresh) return false;
        if (fresh) {
          replayMark?.(session, sequence);
          seen.add(sequence);
          if (sequence > newest) newest = sequence;
        }
      }
      engine.exports["freeSession"]?.((session - engine.exports["sessionsAddress"]?.()) / 1408);
      return true;
    }),
    { numRuns: 200 },
  );
});

t.test("the low half of a sequence is enough to tell the whole", async () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 60n }),
      fc.bigInt({ min: -(2n ** 31n) + 2n, max: 2n ** 31n - 2n }),
      (at, off) => {
        const sequence = at + off;
        if (sequence < 0n) return true;
        const session = freshSession();
        engine.engine.view.setBigUint64(session + 24, at, true);
        const told = expandSequence?.(session, Number(sequence & 0xffff_ffffn));
        engine.exports["freeSession"]?.((session - engine.exports["sessionsAddress"]?.()) / 1408);
        return told === sequence;
      },
    ),
  );
});

const a = new TestEngine();
const b = new TestEngine();

/** Frames of `count` packets of one flow, each with the leg that it was sent by. */
function burst(count: number, legs: number): { leg: number; bytes: Buffer; id: number }[] {
  for (const end of [a, b]) {
    end.bond(
      Array.from({ length: legs }, () => 5),
      2,
    );
    end.takeSent();
    end.takeWritten();
  }
  pair(a, b, legs);
  for (let i = 0; i < count; i++) a.tunRead(plain(udpPacket({ payload: Buffer.alloc(1000), id: i })));
  const out: { leg: number; bytes: Buffer; id: number }[] = [];
  for (let i = 0; i < 3000; i++) {
    a.serve();
    a.now += 1e6;
    for (const { fd, bytes } of a.takeSent()) out.push({ leg: fd - 10, bytes, id: out.length });
  }
  return out;
}

const idsOf = (written: Buffer[]) => written.map((bytes) => bytes.readUInt16BE(14));

t.test("packets of a flow come out in order, whatever the legs' delays are", async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 3, maxLength: 3 }), (delays) => {
      const arrivals = burst(60, 3)
        .map((frame, i) => ({ ...frame, at: i + (delays[frame.leg] as number) }))
        .sort((x, y) => x.at - y.at || x.id - y.id);
      t.equal(arrivals.length, 60);
      for (const { bytes } of arrivals) b.receive(bytes);
      const ids = idsOf(b.takeWritten());
      return ids.length === 60 && ids.every((id, i) => id === i);
    }),
    { numRuns: 20 },
  );
});

const release = () => {
  b.exports["releaseHoles"]?.(b.engine.bondAt(0), BigInt(Math.round(b.now)));
  b.exports["flushDelivery"]?.();
};

t.test("a lost packet holds the others until it is certain that it is lost", async (t) => {
  const sent = burst(12, 2);
  const lost = sent.findIndex(({ leg }) => leg === 0);
  const before = sent.filter(({ id }) => id !== lost);
  const [first, ...rest] = before.filter(({ leg }) => leg === 1);
  b.receive(first?.bytes as Buffer);
  release();
  t.same(idsOf(b.takeWritten()), [], "leg 0 may still bring it");
  for (const frame of rest) b.receive(frame.bytes);
  release();
  t.same(b.takeWritten(), []);
  for (const frame of before.filter(({ leg }) => leg === 0)) b.receive(frame.bytes);
  release();
  const ids = idsOf(b.takeWritten());
  t.same(
    ids,
    before.map(({ id }) => id),
    "leg 0 has delivered later ones: no wait for the deadline",
  );
});

t.test("the deadline is fixed when the hole appears: later packets do not move it", async (t) => {
  const sent = burst(40, 2);
  const lost = sent.findIndex(({ leg }) => leg === 0);
  const rest = sent.filter(({ id, leg }) => id > lost && leg === 1);
  const opened = b.now;
  let delivered = Number.POSITIVE_INFINITY;
  for (const frame of rest) {
    b.receive(frame.bytes);
    b.now += 5e6;
    release();
    if (b.takeWritten().length > 0) {
      delivered = b.now;
      break;
    }
  }
  t.ok(delivered - opened >= 30e6 && delivered - opened <= 40e6, `released after ${(delivered - opened) / 1e6} ms`);
});
