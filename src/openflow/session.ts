// Drives one switch's connection: framing of what comes, the channel's state machine, requests, ports and counters.

import type { Socket } from "node:net";
import { AppError, reasonOf } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import { CodecError, MESSAGE, type OpenFlowCodec, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import { describe, gather } from "./answers.js";
import { newCounters } from "./counters.js";
import { BAD_REQUEST, ERROR_TYPE, errorName, errorText, HELLO_INCOMPATIBLE } from "./error_codes.js";
import {
  type ChannelInput,
  type ChannelOutput,
  type ChannelState,
  type ChannelTimers,
  newChannel,
  step,
} from "./fsm.js";
import * as wire from "./messages.js";
import { Outbox } from "./outbox.js";
import type { PacketPath } from "./packet_path.js";
import { PacketRing } from "./packet_ring.js";
import { type ChangeResult, type Multipart, Requests } from "./requests.js";
import { Turn } from "./turn.js";

/** What a session tells its controller. */
export interface SessionListener {
  ready(session: Session): void;
  /** Called once; `reason` says why. */
  closed(session: Session, reason: string): void;
  portChanged(session: Session, reason: number, port: wire.Port): void;
  /** The codec's scanned frame `frame` is a FLOW_REMOVED. */
  flowRemoved(session: Session, frame: number): void;
  /** An ERROR; `name` is TYPE/CODE, `text` the whole of it as HP writes it. */
  refused(session: Session, name: string, text: string): void;
}

export interface SessionTimes {
  readonly channel: ChannelTimers;
  readonly requestMs: number;
}

/** A multipart answer may take so many times as long as one part of it. */
const WHOLE_ANSWER = 30;
const NO_CHANGE: ChangeResult = { failures: [] };

export class Session {
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly ports = new Map<number, wire.Port>();
  readonly counters = newCounters();
  features: wire.Features = { version: VERSION_1_3, dpid: "", buffers: 0, tables: 0, auxiliaryId: 0, capabilities: 0 };
  description: wire.Description = wire.NO_DESCRIPTION;
  /** Epoch ms. */
  readyAt = 0;
  lastMessageAt = Date.now();
  /** The newest PACKET_INs, for rooms that look at packets. */
  readonly packets = new PacketRing();
  /** The newest messages that nothing here understands. */
  readonly strange = new PacketRing();
  /** Where PACKET_INs go once the switch is ready. */
  path: PacketPath | null = null;
  readonly requests = new Requests();
  readonly #codec: OpenFlowCodec;
  readonly #listener: SessionListener;
  readonly #times: SessionTimes;
  readonly #outbox: Outbox;
  #state: ChannelState = newChannel(performance.now());
  #carry: Buffer | null = null;
  #gone: AppError | null = null;

  constructor(socket: Socket, codec: OpenFlowCodec, times: SessionTimes, listener: SessionListener) {
    this.#codec = codec;
    this.#times = times;
    this.#listener = listener;
    this.#outbox = new Outbox(socket, this.requests, times.requestMs, this.counters);
    this.address = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    this.port = socket.remotePort ?? 0;
    this.localAddress = (socket.localAddress ?? "").replace(/^::ffff:/, "");
    socket.setNoDelay(true);
    const turn = new Turn(socket);
    socket.on("data", (chunk) => turn.spend(this.#receive(chunk)));
    socket.on("error", (error) => this.close(reasonOf(error)));
    socket.on("close", () => this.close("the switch closed the connection"));
    this.#step({ kind: "connected" });
  }

  get phase(): ChannelState["phase"] {
    return this.#state.phase;
  }

  /** The header's version that HELLO has agreed on; until then 1.3's, in which we begin. */
  get version(): number {
    return this.#state.version || VERSION_1_3;
  }

  /** Ends the connection; everything that waits fails with 503. */
  close(reason: string): void {
    if (this.#gone) return;
    this.#state = { ...this.#state, phase: "closed" };
    const gone = new AppError("UNAVAILABLE", { what: `datapath ${wire.dpidText(this.features.dpid)}`, reason });
    this.#gone = gone;
    this.#outbox.close(gone);
    this.requests.failAll(gone);
    this.#listener.closed(this, reason);
  }

  /** Time passes: liveness and deadlines. */
  tick(now: number): void {
    this.#step({ kind: "tick" });
    this.requests.expire(now, this.#times.requestMs / 1000);
  }

  /** Queues a message that is no change. */
  send(bytes: Uint8Array): void {
    this.#outbox.push(bytes);
  }

  /** Writes at once, ahead of what is queued. */
  write(bytes: Uint8Array): void {
    this.#outbox.write(bytes);
  }

  /** Bytes that the switch has not taken yet. */
  get unsentBytes(): number {
    return this.#outbox.unsentBytes;
  }

  /** Sends the records as FLOW_MODs; resolves once the switch has passed the barrier after them. */
  changeFlows(records: Uint8Array, count: number): Promise<ChangeResult> {
    if (count === 0) return Promise.resolve(NO_CHANGE);
    const sent = (): void => {
      this.counters.flowMessagesSent += count;
    };
    return this.#outbox.change(
      count,
      records.length,
      (xid) => this.#codec.packFlowMods(records, xid, this.version),
      sent,
    );
  }

  /** Sends one message of another kind (GROUP_MOD, METER_MOD, PORT_MOD) with a barrier. */
  changeOne(pack: (xid: number) => Uint8Array): Promise<ChangeResult> {
    // Its length is not known yet; how many there are at a time is bounded by the front end.
    return this.#outbox.change(1, 0, pack, () => undefined);
  }

  /** Sends a multipart request that `pack` builds; `part` sees each part of the answer, which may throw. */
  query(type: number, pack: (xid: number) => Uint8Array, part: (frame: number) => void): Promise<void> {
    return this.#asks((xid, due, done, failed) => {
      const end = due + (WHOLE_ANSWER - 1) * this.#times.requestMs;
      const multipart: Multipart = { type, due, end, part, done, failed };
      const bytes = pack(xid);
      this.requests.addMultipart(xid, multipart);
      this.send(bytes);
    });
  }

  /**
   * Sends a message that one message of type `reply` answers; resolves with a copy of that.
   * Errors: OPENFLOW_REFUSED, TIMED_OUT, UNAVAILABLE (the switch is gone), OVERLOADED.
   */
  ask(type: number, reply: number, body?: Uint8Array): Promise<Uint8Array> {
    return this.#asks((xid, due, done, failed) => {
      this.requests.addQuestion(xid, { reply, due, done: (frame) => done(frame.slice()), failed });
      this.send(wire.message(type, xid, body, this.version));
    });
  }

  #asks<T>(
    begin: (xid: number, due: number, done: (value: T) => void, failed: (error: AppError) => void) => void,
  ): Promise<T> {
    if (this.#gone) return Promise.reject(this.#gone);
    if (this.requests.queriesInFlight >= LIMITS.openflowQueries) {
      return Promise.reject(
        new AppError("OVERLOADED", { what: "the switch's request queue", limit: LIMITS.openflowQueries }),
      );
    }
    const xid = this.requests.take(1);
    return new Promise((resolve, reject) => begin(xid, performance.now() + this.#times.requestMs, resolve, reject));
  }

  /** Sends a message that is answered only when it is refused; resolves after the barrier. Errors: OPENFLOW_REFUSED. */
  async set(type: number, body: Uint8Array): Promise<void> {
    const { failures } = await this.changeOne((xid) => wire.message(type, xid, body, this.version));
    if (failures[0]) throw new AppError("OPENFLOW_REFUSED", { text: failures[0].text });
  }

  /** A multipart request for small answers: all parts' bodies as one. */
  collect(type: number, body?: Uint8Array): Promise<Buffer> {
    return this.gather(type, (xid) => wire.multipartRequest(type, xid, body, this.version));
  }

  /** The same for a request that `pack` builds. */
  gather(type: number, pack: (xid: number) => Uint8Array): Promise<Buffer> {
    return gather(this, this.#codec, type, pack);
  }

  #step(input: ChannelInput): void {
    const [state, outputs] = step(this.#state, input, performance.now(), this.#times.channel);
    this.#state = state;
    for (const output of outputs) this.#act(output);
  }

  #act(output: ChannelOutput): void {
    switch (output.kind) {
      case "send-hello":
        this.send(wire.hello(this.requests.take(1)));
        break;
      case "send-hello-failed": {
        const text = Buffer.from(output.text);
        this.send(wire.error(output.version, 0, ERROR_TYPE.HELLO_FAILED, HELLO_INCOMPATIBLE, text));
        break;
      }
      case "send-bad-request":
        this.send(wire.error(this.version, 0, ERROR_TYPE.BAD_REQUEST, BAD_REQUEST[output.code], Buffer.alloc(0)));
        break;
      case "send-features-request":
        this.#outbox.version = this.version;
        this.send(wire.message(MESSAGE.FEATURES_REQUEST, this.requests.take(1), undefined, this.version));
        break;
      case "send-descriptions":
        this.send(wire.setConfig(this.requests.take(1), this.version));
        describe(this, {
          description: (description) => {
            this.description = description;
          },
          port: (port) => this.#putPort(port),
          answered: () => this.#step({ kind: "described" }),
        });
        break;
      case "send-echo":
        this.send(wire.message(MESSAGE.ECHO_REQUEST, this.requests.take(1), undefined, this.version));
        break;
      case "ready":
        this.readyAt = Date.now();
        this.#listener.ready(this);
        break;
      case "close":
        this.close(output.reason);
        break;
    }
  }

  #putPort(port: wire.Port): void {
    if (this.ports.size < LIMITS.openflowPorts || this.ports.has(port.number)) this.ports.set(port.number, port);
  }

  /** Handles what came; returns how many messages that were. */
  #receive(chunk: Buffer): number {
    this.lastMessageAt = Date.now();
    this.#step({ kind: "heard" });
    const before = this.counters.messagesIn;
    const piece = this.#codec.scanBytes / 2;
    try {
      for (let at = 0; at < chunk.length && !this.#gone; at += piece) this.#scan(chunk.subarray(at, at + piece));
    } catch (error) {
      this.#step({ kind: "malformed", reason: `malformed message: ${reasonOf(error)}` });
    }
    return this.counters.messagesIn - before;
  }

  #scan(chunk: Buffer): void {
    const codec = this.#codec;
    const carried = this.#carry?.length ?? 0;
    const frames = codec.scan(this.#carry, chunk);
    const { scanned, scanProblem } = codec;
    let packetIns = 0;
    for (let i = 0; i < frames && !this.#gone; i++) {
      if (codec.frameType(i) === MESSAGE.PACKET_IN && codec.frameVersion(i) === this.version) {
        packetIns++;
        this.counters.packetInBytes += codec.frameLength(i);
      } else this.#dispatch(i);
    }
    if (packetIns > 0) this.#packetIns(frames, packetIns);
    if (this.#gone) return;
    if (scanProblem) this.#step({ kind: "malformed", reason: `malformed message: ${scanProblem}` });
    // What is left is the beginning of one message, under 64 KiB; it may reach back into the last carry.
    else if (scanned >= carried) {
      const left = chunk.subarray(scanned - carried);
      this.#carry = left.length > 0 ? Buffer.from(left) : null;
    } else this.#carry = Buffer.concat([(this.#carry as Buffer).subarray(scanned), chunk]);
    // Noise whose length field promises more would otherwise stay until the handshake is over.
    if (this.#state.phase === "hello" && (this.#carry?.[1] ?? MESSAGE.HELLO) > MESSAGE.ERROR) {
      this.#step({ kind: "other", name: `a message of type ${this.#carry?.[1]}` });
    }
  }

  /** PACKET_INs before the switch is ready are counted and not answered. */
  #packetIns(frames: number, count: number): void {
    if (this.#state.phase === "hello") this.#step({ kind: "other", name: "a PACKET_IN" });
    this.counters.messagesIn += count;
    if (this.path) this.path.take(frames, count);
    else this.counters.packetIns += count;
  }

  #dispatch(i: number): void {
    const codec = this.#codec;
    const type = codec.frameType(i);
    this.counters.messagesIn++;
    if (type !== MESSAGE.HELLO && type !== MESSAGE.ERROR && codec.frameVersion(i) !== this.#state.version) {
      if (this.#state.phase === "hello") {
        this.#step({ kind: "other", name: `a message of type ${type}` });
        return;
      }
      this.send(
        wire.error(this.version, codec.frameXid(i), ERROR_TYPE.BAD_REQUEST, BAD_REQUEST.BAD_VERSION, codec.frame(i)),
      );
      this.close(`a message of version ${codec.frameVersion(i)} after version ${this.version} was agreed`);
      return;
    }
    if (type === MESSAGE.HELLO) {
      this.#step({ kind: "hello", version: codec.frameVersion(i), versions: wire.helloVersions(codec.frame(i)) });
    } else if (type === MESSAGE.ERROR) this.#onError(i);
    else if (this.#state.phase === "hello") this.#step({ kind: "other", name: `a message of type ${type}` });
    else if (type === MESSAGE.MULTIPART_REPLY) this.#onMultipart(i);
    else this.#onOther(i, type);
  }

  #onOther(i: number, type: number): void {
    const codec = this.#codec;
    switch (type) {
      case MESSAGE.ECHO_REQUEST:
        this.send(wire.echoReply(codec.frame(i)));
        break;
      case MESSAGE.FEATURES_REPLY:
        if (this.#state.phase === "features") {
          this.features = wire.readFeatures(codec.frame(i));
          if (this.version === VERSION_1_0)
            for (const port of wire.readFeaturesPorts(codec.frame(i))) this.#putPort(port);
        }
        this.#step({ kind: "features", auxiliaryId: wire.readFeatures(codec.frame(i)).auxiliaryId });
        break;
      case MESSAGE.BARRIER_REPLY:
        this.requests.barrier(codec.frameXid(i));
        break;
      case MESSAGE.FLOW_REMOVED:
        this.counters.flowsRemoved++;
        this.#listener.flowRemoved(this, i);
        break;
      case MESSAGE.PORT_STATUS: {
        const { reason, port } = wire.readPortStatus(codec.frame(i));
        if (reason === wire.PORT_REASON.DELETE) this.ports.delete(port.number);
        else this.#putPort(port);
        if (reason === wire.PORT_REASON.DELETE || wire.portIsDown(port)) this.path?.portGone(port.number);
        this.#listener.portChanged(this, reason, port);
        break;
      }
      case MESSAGE.ROLE_REPLY:
      case MESSAGE.GET_CONFIG_REPLY:
      case MESSAGE.GET_ASYNC_REPLY:
      case MESSAGE.QUEUE_GET_CONFIG_REPLY:
        this.requests.answer(codec.frameXid(i), type, codec.frame(i));
        break;
      case MESSAGE.ECHO_REPLY:
        break;
      default:
        this.strange.put(codec, i);
    }
  }

  #onError(i: number): void {
    const frame = this.#codec.frame(i);
    if (frame.length < 12) throw new CodecError(-1);
    this.counters.errors++;
    const text = errorText(frame);
    const { type, code } = wire.errorTypeAndCode(frame);
    const name = errorName(type, code, frame[0]);
    this.#listener.refused(this, name, text);
    if (!this.requests.fail(this.#codec.frameXid(i), text)) this.#step({ kind: "error", name });
  }

  #onMultipart(i: number): void {
    const xid = this.#codec.frameXid(i);
    const frame = this.#codec.frame(i);
    const multipart = this.requests.multipart(xid);
    // Late parts of a request that was given up are dropped.
    if (!multipart || multipart.type !== wire.multipartType(frame)) return;
    multipart.due = Math.min(performance.now() + this.#times.requestMs, multipart.end);
    try {
      multipart.part(i);
    } catch (error) {
      this.requests.endMultipart(xid);
      const reason = reasonOf(error);
      const answer = new AppError("UNAVAILABLE", { what: "the switch's answer", reason });
      multipart.failed(error instanceof AppError ? error : answer);
      if (error instanceof AppError) return;
      throw error;
    }
    if (wire.multipartHasMore(frame)) return;
    this.requests.endMultipart(xid);
    multipart.done();
  }
}
