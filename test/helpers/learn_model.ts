// The learning switch in plain TypeScript, by the book: what openflow.wasm must do, without its bound on addresses. Says in
// words what is sent for a PACKET_IN, and reads what was sent back into those words.

import { etherType, readPacketIn } from "../../src/openflow/packet_in.js";

const FLOOD = 0xfffffffb;
const LOCAL = 0xfffffffe;
const NO_BUFFER = 0xffffffff;
const OWN_COOKIE = 0xffff000000000000n;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The outermost tag: -1 without one. */
function vlanOf(packet: Buffer): number {
  return [0x8100, 0x88a8, 0x9100].includes(packet.readUInt16BE(12)) ? packet.readUInt16BE(14) & 0xfff : -1;
}

/** Tags without room for what they must hold. */
function isCut(packet: Buffer): boolean {
  if (packet.length < 14) return true;
  for (let at = 12, tags = 0; tags < 2 && [0x8100, 0x88a8, 0x9100].includes(packet.readUInt16BE(at)); tags++) {
    if (at + 6 > packet.length) return true;
    at += 4;
  }
  return false;
}

export class LearnModel {
  readonly #places = new Map<string, { port: number; seen: number }>();
  readonly #maxAge: number;

  constructor(maxAge: number) {
    this.#maxAge = maxAge;
  }

  /** What a PACKET_IN message is answered with; `now` in seconds. */
  answer(message: Buffer, now: number): string[] {
    const read = readPacketIn(message);
    const packet = read && Buffer.from(read.data);
    if (!read || !packet || isCut(packet)) return [];
    if (read.reason !== 0 && read.cookie !== OWN_COOKIE) return [];
    const buffered = read.bufferId !== NO_BUFFER;
    const what = buffered ? `buffer ${read.bufferId}` : hex(packet);
    const out = (port: number): string => `out ${what} from ${read.inPort} to ${port}`;
    const dst = hex(packet.subarray(0, 6));
    const src = hex(packet.subarray(6, 12));
    if (/^0180c200000./.test(dst) || [0x88cc, 0x8999].includes(etherType(packet))) return buffered ? [out(0)] : [];
    const vlan = vlanOf(packet);
    const network = Math.max(vlan, 0);
    const sent: string[] = [];
    const isPort = read.inPort > 0 && (read.inPort <= 0xffffff00 || read.inPort === LOCAL);
    if (isPort && src !== "000000000000" && ((packet[6] as number) & 1) === 0) {
      const before = this.#places.get(`${src} ${network}`);
      if (before && before.port !== read.inPort) sent.push(`forget ${src}${network > 0 ? ` vlan ${network}` : ""}`);
      this.#places.set(`${src} ${network}`, { port: read.inPort, seen: now });
    }
    const place = ((packet[0] as number) & 1) === 0 ? this.#places.get(`${dst} ${network}`) : undefined;
    if (!place || now - place.seen > this.#maxAge) {
      if (buffered || packet.length >= message.readUInt16BE(12)) sent.push(out(FLOOD));
      return sent;
    }
    place.seen = now;
    const to = place.port === read.inPort ? 0 : place.port;
    sent.push(`flow from ${read.inPort} dst ${dst} vlan ${vlan} to ${to}${buffered ? ` ${what}` : ""}`);
    if (!buffered && to !== 0 && packet.length >= message.readUInt16BE(12)) sent.push(out(to));
    return sent;
  }

  /** A port is gone. */
  portGone(port: number): void {
    for (const [key, place] of this.#places) if (place.port === port) this.#places.delete(key);
  }
}

/** The fields of a match of in_port, eth_dst and vlan_vid. */
function readMatch(message: Buffer): { fields: Map<number, Buffer>; end: number } {
  const length = message.readUInt16BE(50);
  const fields = new Map<number, Buffer>();
  for (let at = 52; at < 48 + length; at += 4 + (message[at + 3] as number)) {
    fields.set((message[at + 2] as number) >> 1, message.subarray(at + 4, at + 4 + (message[at + 3] as number)));
  }
  return { fields, end: 48 + ((length + 7) & ~7) };
}

function flowModInWords(message: Buffer): string {
  const { fields, end } = readMatch(message);
  const dst = hex(fields.get(3) ?? Buffer.alloc(0));
  const vid = fields.get(6)?.readUInt16BE() ?? 0;
  if (message[25] === 3) {
    const port = message.readUInt32BE(36);
    if (port !== NO_BUFFER) return `forget port ${port}`;
    return `forget ${dst}${vid === 0 ? "" : ` vlan ${vid & 0xfff}`}`;
  }
  const buffer = message.readUInt32BE(32);
  const to = end < message.length ? message.readUInt32BE(end + 12) : 0;
  const vlan = vid === 0 ? -1 : vid & 0xfff;
  const from = fields.get(0)?.readUInt32BE() ?? 0;
  return `flow from ${from} dst ${dst} vlan ${vlan} to ${to}${buffer === NO_BUFFER ? "" : ` buffer ${buffer}`}`;
}

/** Messages as the model words them. */
export function inWords(bytes: Uint8Array): string[] {
  const words: string[] = [];
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; at += all.readUInt16BE(at + 2)) {
    const message = all.subarray(at, at + all.readUInt16BE(at + 2));
    if (message[1] === 14) words.push(flowModInWords(message));
    else {
      const buffer = message.readUInt32BE(8);
      const actions = message.readUInt16BE(16);
      const what = buffer === NO_BUFFER ? hex(message.subarray(24 + actions)) : `buffer ${buffer}`;
      words.push(`out ${what} from ${message.readUInt32BE(12)} to ${actions === 0 ? 0 : message.readUInt32BE(28)}`);
    }
  }
  return words;
}

export interface PacketInParts {
  readonly inPort: number;
  readonly packet: Uint8Array;
  readonly bufferId?: number;
  readonly reason?: number;
  readonly cookie?: bigint;
  /** What the packet's length was in the switch. */
  readonly totalLength?: number;
  readonly xid?: number;
}

/** A PACKET_IN of 1.3. */
export function packetInMessage(parts: PacketInParts): Buffer {
  const head = Buffer.alloc(42);
  head[0] = 4;
  head[1] = 10;
  head.writeUInt16BE(42 + parts.packet.length, 2);
  head.writeUInt32BE(parts.xid ?? 0, 4);
  head.writeUInt32BE(parts.bufferId ?? NO_BUFFER, 8);
  head.writeUInt16BE(parts.totalLength ?? parts.packet.length, 12);
  head[14] = parts.reason ?? 0;
  head.writeBigUInt64BE(parts.cookie ?? OWN_COOKIE, 16);
  head.writeUInt32BE(0x0001000c, 24);
  head.writeUInt32BE(0x80000004, 28);
  head.writeUInt32BE(parts.inPort, 32);
  return Buffer.concat([head, parts.packet]);
}
