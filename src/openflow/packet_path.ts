// What happens to the PACKET_INs of a switch: rate limit, learning switch, and who else is shown them. All packets of one
// read are handled by one call of Wasm and answered by one write; no object stands for a packet.

import { LIMITS } from "../base/limits.js";
import { MESSAGE, type OpenFlowCodec } from "../wasm/openflow.js";
import { Learner, NO_SLOT } from "../wasm/openflow_learn.js";
import type { SessionCounters } from "./counters.js";
import type { PacketConfig } from "./packet_config.js";
import { TokenBucket } from "./packet_rate.js";
import { PACKETS_KEPT, type PacketRing } from "./packet_ring.js";
import type { PacketSource, PacketTap } from "./packet_tap.js";

/** The session of a switch, as far as the packet path needs it. */
export interface PacketEnd extends PacketSource {
  readonly counters: SessionCounters;
  readonly packets: PacketRing;
  /** Bytes that the switch has not taken. */
  readonly unsentBytes: number;
  /** Writes at once, ahead of what is queued. */
  write(bytes: Uint8Array): void;
}

/** What the packet paths of all switches share. */
export class PacketPaths {
  readonly config: PacketConfig;
  readonly codec: OpenFlowCodec;
  readonly learner: Learner;
  readonly tap: PacketTap;

  constructor(config: PacketConfig, codec: OpenFlowCodec, tap: PacketTap) {
    this.config = config;
    this.codec = codec;
    this.tap = tap;
    this.learner = new Learner(codec, config.macAgeSeconds, config.learntIdleSeconds);
    tap.onWatch((type, on) => this.learner.watch(type, on));
  }

  /** The path of a switch that is ready. Close it when the switch goes. */
  open(end: PacketEnd): PacketPath {
    return new PacketPath(this, end);
  }
}

export class PacketPath {
  readonly #shared: PacketPaths;
  readonly #end: PacketEnd;
  readonly #bucket: TokenBucket;
  #slot: number;

  constructor(shared: PacketPaths, end: PacketEnd) {
    const { config, learner } = shared;
    this.#shared = shared;
    this.#end = end;
    this.#bucket = new TokenBucket(config.packetInRate, config.packetInBurst, performance.now());
    this.#slot = !config.hybrid && config.forwarding === "learning" ? learner.take() : NO_SLOT;
  }

  /** Addresses that have been learnt from this switch. */
  get learnt(): number {
    return this.#shared.learner.count(this.#slot);
  }

  /** Handles the `packetIns` PACKET_INs among the `frames` frames of the codec's last scan. */
  take(frames: number, packetIns: number): void {
    const { learner } = this.#shared;
    const end = this.#end;
    const now = performance.now();
    end.counters.packetIns += packetIns;
    const stuck = this.#slot !== NO_SLOT && end.unsentBytes > LIMITS.openflowAnswerBytes;
    const slot = stuck ? NO_SLOT : this.#slot;
    const answers = learner.walk(slot, frames, this.#bucket.available(now), Math.floor(now / 1000));
    const { taken } = learner;
    this.#bucket.spend(taken);
    end.counters.packetsLost += learner.ignored;
    end.counters.packetBytesLost += learner.ignoredBytes;
    end.counters.flowMessagesSent += learner.added;
    if (stuck) end.counters.packetInsUnanswered += taken;
    // A copy: the socket may keep it, and the codec's memory is used again.
    if (answers.length > 0) end.write(Buffer.from(answers));
    this.#keep(frames, packetIns);
    if (learner.shown > 0) this.#show();
  }

  /** A port is gone or down: what was learnt there is forgotten, here and in the switch. */
  portGone(port: number): void {
    if (this.#slot === NO_SLOT) return;
    const message = this.#shared.learner.forgetPort(this.#slot, port, this.#end.version);
    if (message.length === 0) return;
    this.#end.send(message);
    this.#end.counters.flowMessagesSent++;
  }

  /** The switch is gone. */
  close(): void {
    this.#shared.learner.release(this.#slot);
    this.#slot = NO_SLOT;
  }

  /** Keeps the newest packets of a read. */
  #keep(frames: number, packetIns: number): void {
    const { codec } = this.#shared;
    let skip = packetIns - PACKETS_KEPT;
    for (let i = 0; i < frames; i++) {
      if (codec.frameType(i) === MESSAGE.PACKET_IN && skip-- <= 0) this.#end.packets.put(codec, i);
    }
  }

  #show(): void {
    const { codec, learner, tap } = this.#shared;
    // Copies: who is shown a packet may use the codec, and then the frames are no more.
    const messages = Array.from({ length: learner.shown }, (_, i) => Buffer.from(codec.frame(learner.shownFrame(i))));
    for (const message of messages) tap.show(this.#end, message);
  }
}
