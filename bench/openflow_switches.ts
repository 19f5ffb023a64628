// Switches that send nothing but PACKET_INs: the load of the learning bench, in a process of its own. It calls the system
// directly, so that it costs less than what it measures. Prints one line of JSON.

import koffi from "koffi";
import { packetInMessage } from "../test/helpers/learn_model.js";
import { cpuSeconds } from "./machine.js";

export interface SwitchesOptions {
  readonly port: number;
  readonly switches: number;
  readonly seconds: number;
  /** One packet under way a switch, or as many as a send buffer of 64 KiB takes. */
  readonly mode: "one" | "full";
  /** The controller's process, for its CPU time. */
  readonly pid: number;
}

export interface SwitchesResult {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Answers that were floods, and packets that were never answered: both must be 0 with one packet under way. */
  readonly floods: number;
  readonly lost: number;
  readonly flowMods: number;
}

const lib = koffi.load("libc.so.6");
const bind = (name: string, args: string[]): ((...args: unknown[]) => number) =>
  lib.func(name, "int", args) as unknown as (...args: unknown[]) => number;
const sys = {
  socket: bind("socket", ["int", "int", "int"]),
  connect: bind("connect", ["int", "void *", "uint"]),
  setsockopt: bind("setsockopt", ["int", "int", "int", "void *", "uint"]),
  poll: bind("poll", ["void *", "ulong", "int"]),
  recv: bind("recv", ["int", "void *", "size_t", "int"]),
  send: bind("send", ["int", "void *", "size_t", "int"]),
};
const DONTWAIT = 0x40;
const NOSIGNAL = 0x4000;
const POLLIN = 1;
const POLLOUT = 4;

const MACS = 64;
const PORTS = 4;
/** Packets of a switch that are prepared; a multiple of MACS. */
const PACKETS = 2_048;
const PACKET_BYTES = 60;
const RESEND_MS = 500;

function packetIn(id: number, src: number, dst: number): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES);
  packet.writeUIntBE(dst < 0 ? 0xffffffffffff : 0x020000000000 + id * 0x10000 + dst, 0, 6);
  packet.writeUIntBE(0x020000000000 + id * 0x10000 + src, 6, 6);
  packet.writeUInt16BE(0x0800, 12);
  return packetInMessage({ inPort: 1 + (src % PORTS), packet });
}

const MESSAGE_BYTES = packetIn(0, 0, 0).length;

function reply(type: number, xid: number, body: Uint8Array): Buffer {
  const head = Buffer.from([4, type, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(8 + body.length, 2);
  head.writeUInt32BE(xid, 4);
  return Buffer.concat([head, body]);
}

class Switch {
  readonly fd: number;
  readonly id: number;
  /** Its packets: each address once to all, then from each to one at another port. */
  readonly hello: Buffer;
  readonly packets: Buffer;
  readonly #in = Buffer.alloc(1 << 20);
  #have = 0;
  answers = 0;
  floods = 0;
  flowMods = 0;
  described = false;
  sentAt = 0;
  /** Where in `packets` it goes on. */
  at = 0;

  constructor(id: number, port: number) {
    this.id = id;
    this.hello = Buffer.concat(Array.from({ length: MACS }, (_, i) => packetIn(id, i, -1)));
    this.packets = Buffer.concat(
      Array.from({ length: PACKETS }, (_, i) => packetIn(id, i % MACS, (i * 5 + 1 + ((i / MACS) | 0) * 4) % MACS)),
    );
    this.fd = sys.socket(2, 1, 0);
    const address = Buffer.from([2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    if (sys.connect(this.fd, address, 16) < 0) throw new Error("the controller does not listen");
    const number = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer);
    // TCP_NODELAY; SO_SNDBUF
    sys.setsockopt(this.fd, 6, 1, number(1), 4);
    sys.setsockopt(this.fd, 1, 7, number(64 << 10), 4);
    this.send(reply(0, 1, Buffer.alloc(0)), 0);
  }

  /** Sends from `from` on what the socket takes; returns the bytes taken. */
  send(bytes: Buffer, from: number, to = bytes.length): number {
    return Math.max(0, sys.send(this.fd, bytes.subarray(from, to), to - from, DONTWAIT | NOSIGNAL));
  }

  /** Reads what there is and answers what must be answered. */
  receive(): void {
    const room = this.#in.length - this.#have;
    const got = sys.recv(this.fd, this.#in.subarray(this.#have), room, DONTWAIT);
    if (got === 0) throw new Error("the controller has hung up");
    if (got < 0) return;
    const end = this.#have + got;
    let at = 0;
    while (end - at >= 8) {
      const length = this.#in.readUInt16BE(at + 2);
      if (end - at < length) break;
      const type = this.#in[at + 1] as number;
      if (type === 14) this.flowMods++;
      else if (type === 13) {
        this.answers++;
        if (this.#in.readUInt32BE(at + 28) === 0xfffffffb) this.floods++;
      } else this.#control(type, this.#in.subarray(at, at + length));
      at += length;
    }
    this.#in.copyWithin(0, at, end);
    this.#have = end - at;
  }

  #control(type: number, message: Buffer): void {
    const xid = message.readUInt32BE(4);
    if (type === 1) throw new Error(`the controller sends an ERROR: ${message.toString("hex")}`);
    if (type === 2) this.send(reply(3, xid, message.subarray(8)), 0);
    if (type === 5) {
      const features = Buffer.alloc(24);
      features.writeBigUInt64BE(BigInt(this.id + 1));
      features[12] = 1;
      this.send(reply(6, xid, features), 0);
      this.described = true;
    }
    if (type === 7) this.send(reply(8, xid, Buffer.from([0, 0, 0xff, 0xff])), 0);
    if (type === 18) {
      const kind = message.readUInt16BE(8);
      const body = Buffer.alloc(8 + (kind === 0 ? 1_056 : kind === 13 ? 64 * PORTS : 0));
      body.writeUInt16BE(kind);
      for (let port = 0; kind === 13 && port < PORTS; port++) body.writeUInt32BE(port + 1, 8 + 64 * port);
      this.send(reply(19, xid, body), 0);
    }
    if (type === 20) this.send(reply(21, xid, Buffer.alloc(0)), 0);
    if (type === 24) this.send(reply(25, xid, message.subarray(8)), 0);
  }
}

class Load {
  readonly #switches: Switch[];
  readonly #fds: Buffer;
  readonly #options: SwitchesOptions;
  readonly latencies = new Float64Array(1 << 21);
  samples = 0;
  lost = 0;

  constructor(options: SwitchesOptions) {
    this.#options = options;
    this.#switches = Array.from({ length: options.switches }, (_, i) => new Switch(i, options.port));
    this.#fds = Buffer.alloc(8 * options.switches);
    for (const [i, { fd }] of this.#switches.entries()) this.#fds.writeInt32LE(fd, 8 * i);
  }

  sum(count: (one: Switch) => number): number {
    return this.#switches.reduce((sum, one) => sum + count(one), 0);
  }

  /** Waits for sockets; `ready` is called for each that can be read or, if wanted, written. */
  #turn(events: number, ready: (one: Switch) => void): void {
    const fds = this.#fds;
    for (let i = 0; i < this.#switches.length; i++) fds.writeInt32LE(events, 8 * i + 4);
    if (sys.poll(fds, this.#switches.length, 100) <= 0) return;
    for (let i = 0; i < this.#switches.length; i++) {
      const got = fds.readUInt16LE(8 * i + 6);
      if (got === 0) continue;
      const one = this.#switches[i] as Switch;
      if ((got & ~POLLOUT) !== 0) one.receive();
      ready(one);
    }
  }

  /** Until the controller has answered each address of each switch once: it then knows them all. */
  learn(): void {
    const deadline = performance.now() + 30_000;
    while (this.sum(({ described }) => Number(!described)) > 0) this.#turn(POLLIN, () => undefined);
    const settle = performance.now() + 1_500;
    while (performance.now() < settle) this.#turn(POLLIN, () => undefined);
    for (const one of this.#switches) {
      for (let i = 0; i < MACS; ) {
        const { answers } = one;
        const start = performance.now();
        if (start > deadline) throw new Error(`address ${i} of switch ${one.id} is not answered`);
        one.send(one.hello, i * MESSAGE_BYTES, (i + 1) * MESSAGE_BYTES);
        while (one.answers === answers && performance.now() < start + RESEND_MS) this.#turn(POLLIN, () => undefined);
        if (one.answers > answers) i++;
      }
    }
  }

  /** Sends the next packet if the one before was answered, or is lost. */
  #next(one: Switch, answered: boolean, now: number): void {
    if (answered && this.samples < this.latencies.length) this.latencies[this.samples++] = now - one.sentAt;
    if (!answered) this.lost++;
    one.send(one.packets, one.at, one.at + MESSAGE_BYTES);
    one.at = (one.at + MESSAGE_BYTES) % one.packets.length;
    one.sentAt = now;
  }

  /** Runs for `seconds`. */
  run(seconds: number): void {
    const end = performance.now() + seconds * 1000;
    const { mode } = this.#options;
    if (mode === "full") {
      while (performance.now() < end) this.#turn(POLLIN | POLLOUT, (one) => this.#fill(one));
      return;
    }
    const before = new Float64Array(this.#switches.length);
    for (const one of this.#switches) {
      if (one.sentAt === 0) this.#next(one, true, performance.now());
      before[one.id] = one.answers;
    }
    while (performance.now() < end) {
      this.#turn(POLLIN, (one) => {
        if (one.answers > (before[one.id] as number)) this.#next(one, true, performance.now());
        before[one.id] = one.answers;
      });
      for (const one of this.#switches) {
        const now = performance.now();
        if (now - one.sentAt > RESEND_MS) this.#next(one, false, now);
      }
    }
  }

  #fill(one: Switch): void {
    one.at = (one.at + one.send(one.packets, one.at)) % one.packets.length;
  }
}

function main(options: SwitchesOptions): SwitchesResult {
  const load = new Load(options);
  load.learn();
  load.run(1);
  load.samples = 0;
  load.lost = 0;
  const counts = (): number[] => [
    load.sum(({ answers }) => answers),
    load.sum(({ floods }) => floods),
    load.sum(({ flowMods }) => flowMods),
  ];
  const before = counts();
  const cpu = cpuSeconds(options.pid);
  const start = performance.now();
  load.run(options.seconds);
  const ms = performance.now() - start;
  const used = cpuSeconds(options.pid) - cpu;
  const [answers = 0, floods = 0, flowMods = 0] = counts().map((count, i) => count - (before[i] as number));
  const sorted = load.latencies.subarray(0, load.samples).sort();
  const at = (share: number): number => (sorted[Math.floor(sorted.length * share)] ?? 0) * 1000;
  const { lost } = load;
  const perSecond = (answers * 1000) / ms;
  const cpuMicros = (used * 1e6) / answers;
  return { perSecond, cpuMicros, p50Micros: at(0.5), p99Micros: at(0.99), floods, lost, flowMods };
}

console.log(JSON.stringify(main(JSON.parse(process.argv[2] ?? "{}") as SwitchesOptions)));
