// The learning switch in Wasm beside a model in plain TypeScript, its bounds, and its messages beside os-ken's bytes.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import t from "tap";
import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { LEARN_ENTRIES, LEARN_SLOTS, Learner, NO_SLOT } from "../../../src/wasm/openflow_learn.js";
import { inWords, LearnModel, packetInMessage } from "../../helpers/learn_model.js";

const MAX_AGE = 300;
const ALL_OF_THEM = 1_000_000;
const codec = new OpenFlowCodec(CODEC_TABLES);
const learner = new Learner(codec, MAX_AGE, 60);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Scans messages and walks them; returns the answers. */
function walk(slot: number, messages: readonly Uint8Array[], now: number, budget = ALL_OF_THEM): Buffer {
  const frames = codec.scan(null, Buffer.concat(messages));
  return Buffer.from(learner.walk(slot, frames, budget, now));
}

// As many addresses as a bucket has room for: nothing is forgotten but by age.
const macs = ["00000000000a", "00000000000b", "02fedcba9876", "0200000000c0", "00e0b1000001"];
const addresses = fc.constantFrom(...macs, "ffffffffffff", "01005e000001", "0180c200000e", "000000000000");
const tags = fc.constantFrom("", "", "8100002a", "81000000", "88a80007", "81002007", "88a8000781000008");
const types = fc.constantFrom("0800", "0806", "88cc", "8999", "86dd", "0026");
const packets = fc
  .tuple(addresses, addresses, tags, types, fc.uint8Array({ maxLength: 20 }))
  .map(([dst, src, tag, type, rest]) => Buffer.concat([Buffer.from(`${dst}${src}${tag}${type}`, "hex"), rest]));
const packetIns = fc
  .record({
    inPort: fc.constantFrom(1, 2, 3, 3, 0, 0xfffffffe, 0xfffffffd, 0xffffff00),
    packet: packets,
    bufferId: fc.constantFrom(0xffffffff, 0xffffffff, 7),
    reason: fc.constantFrom(0, 0, 1),
    cookie: fc.constantFrom(0xffff000000000000n, 0n, 5n),
    more: fc.constantFrom(0, 0, 0, 40),
  })
  .map(({ more, ...parts }) => packetInMessage({ ...parts, totalLength: parts.packet.length + more }));
const steps = fc.array(
  fc.record({
    messages: fc.array(packetIns, { minLength: 1, maxLength: 6 }),
    wait: fc.constantFrom(0, 0, 1, 150, 299, 301),
    gone: fc.constantFrom(0, 0, 0, 1, 3),
  }),
  { maxLength: 12 },
);

t.test("what is sent is what the model sends", async (t) => {
  fc.assert(
    fc.property(steps, (steps) => {
      const slot = learner.take();
      const model = new LearnModel(MAX_AGE);
      let now = 1_000;
      for (const { messages, wait, gone } of steps) {
        now += wait;
        if (gone !== 0) {
          model.portGone(gone);
          if (inWords(learner.forgetPort(slot, gone, 4))[0] !== `forget port ${gone}`) throw new Error("port");
        }
        const wanted = messages.flatMap((message) => model.answer(message, now));
        const words = inWords(walk(slot, messages, now));
        if (JSON.stringify(words) !== JSON.stringify(wanted)) {
          throw new Error(`sent\n${words.join("\n")}\nwanted\n${wanted.join("\n")}`);
        }
      }
      learner.release(slot);
    }),
    { numRuns: 2_000 },
  );
  t.pass("2,000 runs");
});

t.test("the messages are os-ken's, byte by byte, in both versions", async (t) => {
  const file = new URL("../../../../test/vectors/openflow/packets.json", import.meta.url);
  const { learnt } = JSON.parse(readFileSync(file, "utf8")) as {
    learnt: { name: string; in: string[]; out: string[] }[];
  };
  for (const vector of learnt) {
    const slot = learner.take();
    const messages = vector.in.map((each) => Buffer.from(each, "hex"));
    t.equal(hex(walk(slot, messages, 1)), vector.out.join(""), vector.name);
    const mods = vector.out.filter((message) => message.slice(2, 4) === "0e");
    t.equal(learner.added, mods.length, `${vector.name}: FLOW_MODs`);
    if (vector.name.startsWith("1.0")) t.equal(learner.forgetPort(slot, 1, 1).length, 0, "1.0 deletes nothing");
    learner.release(slot);
  }
});

const packet = (dst: number, src: number): Buffer => {
  const bytes = Buffer.alloc(60);
  bytes.writeUIntBE(dst, 0, 6);
  bytes.writeUIntBE(src, 6, 6);
  bytes.writeUInt16BE(0x0800, 12);
  return bytes;
};

t.test("more addresses than there is room for", async (t) => {
  const slot = learner.take();
  const other = learner.take();
  walk(other, [packetInMessage({ inPort: 9, packet: packet(2, 7) })], 1);
  const count = 4 * LEARN_ENTRIES;
  for (let from = 0; from < count; from += 500) {
    const some = Array.from({ length: 500 }, (_, i) => {
      const mac = 0x020000000000 + from + i;
      return packetInMessage({ inPort: 1 + (mac % 7), packet: packet(0xffffffffffff, mac) });
    });
    walk(slot, some, 1 + from / 500);
  }
  const kept = learner.count(slot);
  t.ok(kept <= LEARN_ENTRIES && kept > LEARN_ENTRIES * 0.99, `${kept} of ${LEARN_ENTRIES} are kept`);
  // The newest are there, and where they were seen; who was forgotten is flooded to.
  for (let i = 0; i < 100; i++) {
    const mac = 0x020000000000 + count - 1 - i;
    const [flow] = inWords(walk(slot, [packetInMessage({ inPort: 8, packet: packet(mac, 0x060000000000) })], 70));
    t.ok(flow?.endsWith(` to ${1 + (mac % 7)}`), flow ?? "");
  }
  const [flood] = inWords(walk(slot, [packetInMessage({ inPort: 8, packet: packet(0x020000000000, 4) })], 70));
  t.ok(flood?.endsWith(` to ${0xfffffffb}`), "the oldest is flooded to");
  const [flow] = inWords(walk(other, [packetInMessage({ inPort: 8, packet: packet(7, 4) })], 70));
  t.ok(flow?.endsWith(" to 9"), "another switch's table is its own");
  learner.release(slot);
  learner.release(other);
  const again = learner.take();
  t.equal(learner.count(again), 0, "a slot that is given back is empty");
  learner.release(again);
});

t.test("slots have an end; who has none is not answered", async (t) => {
  const all = Array.from({ length: LEARN_SLOTS }, () => learner.take());
  t.equal(new Set(all).size, LEARN_SLOTS);
  t.equal(learner.take(), NO_SLOT);
  t.equal(walk(NO_SLOT, [packetInMessage({ inPort: 1, packet: packet(2, 1) })], 1).length, 0);
  t.equal(learner.taken, 1, "counted all the same");
  for (const slot of all) learner.release(slot);
});

t.test("beyond the budget nothing is answered, learnt or shown", async (t) => {
  const slot = learner.take();
  learner.watch(0x0800, true);
  const messages = [1, 2, 3, 4].map((mac) => packetInMessage({ inPort: mac, packet: packet(0xffffffffffff, mac) }));
  t.equal(inWords(walk(slot, messages, 1, 3)).length, 3);
  t.same([learner.taken, learner.ignored, learner.shown, learner.count(slot)], [3, 1, 3, 3]);
  t.same([learner.shownFrame(0), learner.shownFrame(2)], [0, 2]);
  t.equal(walk(slot, messages, 1, 0).length, 0);
  t.same([learner.taken, learner.ignored, learner.shown], [0, 4, 0]);
  learner.release(slot);
});

t.test("the answers of a whole scan fit", async (t) => {
  const slot = learner.take();
  walk(slot, [packetInMessage({ inPort: 1, packet: packet(9, 1) })], 1);
  // The smallest packets make the most of their bytes: each moves its source, is answered by a flow and is sent.
  const small = [packet(1, 2).subarray(0, 14), packet(1, 2).subarray(0, 14)];
  const two = small.map((bytes, i) => packetInMessage({ inPort: 2 + i, packet: bytes }));
  const count = Math.floor((codec.scanBytes * 0.75) / 112);
  walk(slot, Array.from({ length: count }, () => two).flat(), 1);
  t.equal(learner.taken, 2 * count);
  t.equal(learner.ignored, 0);
  t.equal(learner.added, 4 * count - 1, "a flow each, and all but the first have moved");
  learner.release(slot);
});
