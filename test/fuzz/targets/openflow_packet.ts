// PACKET_INs through the learning switch: what is sent must be whole messages of the right kinds, and what the model sends.

import { CODEC_TABLES } from "../../../src/openflow/actions.js";
import { etherType, readPacketIn } from "../../../src/openflow/packet_in.js";
import { MESSAGE, OpenFlowCodec } from "../../../src/wasm/openflow.js";
import { LEARN_ENTRIES, Learner } from "../../../src/wasm/openflow_learn.js";
import { inWords, LearnModel, packetInMessage } from "../../helpers/learn_model.js";

const codec = new OpenFlowCodec(CODEC_TABLES);
const learner = new Learner(codec, 300, 60);
for (const type of [0x0806, 0x88cc]) learner.watch(type, true);
/** Fewer packets than a bucket has room for: the model forgets nothing by lack of it. */
const COMPARED = 8;

const arp = "ffffffffffff00000000000a0806000108000604000100000000000a0a0000010000000000000a000002";
const v10 = "010a00420000000000000005003c00010000";
const ip = "00000000000a00000000000b8100002a08004500001400000000400000000a0000010a000002";

/** The kinds of message in an answer; throws when they are not whole. */
function kinds(answer: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < answer.length; ) {
    const length = at + 8 <= answer.length ? answer.readUInt16BE(at + 2) : 0;
    if (length < 16 || at + length > answer.length) throw new Error(`a cut message at ${at}`);
    found.push(answer[at + 1] as number);
    at += length;
  }
  return found;
}

export default {
  name: "openflow_packet",
  seeds: [arp, ip].map((hex, i) => {
    const message = packetInMessage({ inPort: i + 1, packet: Buffer.from(hex, "hex") });
    const buffered = packetInMessage({ inPort: 2, packet: Buffer.from(ip, "hex"), bufferId: 7 });
    return Buffer.concat([message, buffered, Buffer.from(v10, "hex"), Buffer.from(arp, "hex"), Buffer.alloc(6)]);
  }),
  run(bytes: Uint8Array): void {
    const frames = codec.scan(null, bytes.subarray(0, codec.scanBytes));
    const messages = Array.from({ length: frames }, (_, i) => Buffer.from(codec.frame(i))).filter(
      (message) => (message[0] === 4 || message[0] === 1) && message[1] === MESSAGE.PACKET_IN,
    );
    const slot = learner.take();
    const answer = Buffer.from(learner.walk(slot, frames, frames, 1));
    const sent = kinds(answer);
    if (learner.taken !== messages.length) throw new Error(`${learner.taken} of ${messages.length} were taken`);
    if (sent.filter((kind) => kind === MESSAGE.FLOW_MOD).length !== learner.added)
      throw new Error("FLOW_MODs miscounted");
    const wanted = messages.filter((message) => {
      const read = readPacketIn(message);
      return read && [0x0806, 0x88cc].includes(etherType(read.data));
    });
    if (wanted.length !== learner.shown) throw new Error(`${learner.shown} of ${wanted.length} are shown`);
    if (learner.count(slot) > LEARN_ENTRIES) throw new Error("more addresses than there is room for");
    // The model speaks 1.3.
    if (messages.length <= COMPARED && messages.every((message) => message[0] === 4)) {
      const model = new LearnModel(300);
      const modelled = messages.flatMap((message) => model.answer(message, 1)).join("\n");
      if (inWords(answer).join("\n") !== modelled) throw new Error(`sent ${inWords(answer)}; wanted ${modelled}`);
    }
    learner.release(slot);
  },
};
