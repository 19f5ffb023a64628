// A bond engine without sockets or devices: a clock that the test moves, frames and packets caught as bytes.

import { nativeAddress } from "../../src/bond/dataplane/packet_host.js";
import { packetCipher, sodium } from "../../src/system/sodium.js";
import { AEAD, BondEngine, type EngineEvents, makeEngineMemory } from "../../src/wasm/bond.js";

export interface SentFrame {
  readonly fd: number;
  readonly bytes: Buffer;
}

// biome-ignore lint/suspicious/noExplicitAny: the module's exports are functions of numbers
export type RawExports = Record<string, (...args: any[]) => any>;

const nothing: EngineEvents = { handshake: () => undefined, confirmed: () => undefined };

export class TestEngine {
  readonly engine: BondEngine;
  readonly exports: RawExports;
  /** Nanoseconds. */
  now = 1e9;
  /** Frames sent, one each, as the network would see them. */
  sent: SentFrame[] = [];
  /** What was written to TUN devices: virtio_net_hdr and packet. */
  written: Buffer[] = [];
  /** Answer of the next sends, instead of taking them: -errno. */
  sendError = 0;

  constructor(events: EngineEvents = nothing) {
    const memory = makeEngineMemory();
    const bytes = new Uint8Array(memory.buffer);
    const view = new DataView(memory.buffer);
    const cipher = packetCipher(bytes, nativeAddress(memory));
    // the engine's native base is 0 here, so an iovec's address is an offset
    const gather = (iov: number, count: number): Buffer => {
      const parts: Uint8Array[] = [];
      for (let i = 0; i < count; i++) {
        const at = Number(view.getBigUint64(iov + i * 16, true));
        parts.push(bytes.slice(at, at + view.getUint32(iov + i * 16 + 8, true)));
      }
      return Buffer.concat(parts);
    };
    const host = {
      now: () => this.now,
      ...cipher,
      read: () => -11,
      writev: (_fd: number, iov: number, count: number) => {
        this.written.push(gather(iov, count));
        return 1;
      },
      recvmmsg: () => -11,
      sendmmsg: (fd: number, messages: number, count: number) => {
        if (this.sendError) return this.sendError;
        for (let i = 0; i < count; i++) {
          const iov = Number(view.getBigUint64(messages + i * 64 + 16, true));
          const pieces = Number(view.getBigUint64(messages + i * 64 + 24, true));
          for (let k = 0; k < pieces; k++) this.sent.push({ fd, bytes: gather(iov + k * 16, 1) });
        }
        return count;
      },
      ppoll: () => 0,
    };
    this.engine = new BondEngine(memory, 0, host, events);
    this.exports = this.engine.exports as RawExports;
    this.engine.setBondsUsed(1);
  }

  /** Sets up bond 0 with id 7 and legs whose descriptors are 10, 11, …, at these speeds in Mbit/s. */
  bond(speeds: readonly number[], scheduler = 1, holdMs = 250): void {
    this.engine.clearBond(0);
    const legs = speeds.length;
    this.engine.setBond(0, { id: 7, tunFd: 5, scheduler, holdMs, legs, queueBytes: 8 << 20, quantum: 3000 });
    for (const [slot, mbps] of speeds.entries()) {
      const leg = { id: 100 + slot, fd: 10 + slot, bitsPerSecond: mbps * 1e6, failover: false, follows: false };
      this.engine.setLeg(0, slot, leg);
      this.engine.setRemote(0, slot, new Uint8Array(16));
      this.engine.setSending(0, slot, true);
      this.engine.setReceiving(0, slot, true);
    }
  }

  /** Gives a TUN read to the engine: virtio_net_hdr and packet. */
  tunRead(bytes: Uint8Array): void {
    const at = this.exports["tunBufferAddress"]?.() as number;
    this.engine.bytes.set(bytes, at);
    this.exports["tunInput"]?.(this.engine.bondAt(0), at, bytes.length);
  }

  /** Lets queued packets go as far as the legs' pace allows now. */
  serve(): void {
    this.exports["serveBond"]?.(this.engine.bondAt(0), BigInt(Math.round(this.now)));
  }

  /** Gives one frame to the engine, and writes what it delivers. */
  receive(frame: Uint8Array): void {
    const at = this.exports["receiveAddress"]?.() as number;
    this.engine.bytes.set(frame, at);
    this.exports["frameInput"]?.(at, frame.length, BigInt(Math.round(this.now)));
    this.exports["flushDelivery"]?.();
  }

  /** Takes what was sent since the last call. */
  takeSent(): SentFrame[] {
    const sent = this.sent;
    this.sent = [];
    return sent;
  }

  takeWritten(): Buffer[] {
    const written = this.written;
    this.written = [];
    return written;
  }
}

/** Gives two engines fixed keys for each of `legs` legs, so that each opens what the other seals. */
export function pair(a: TestEngine, b: TestEngine, legs: number, aead?: number): void {
  const cipher = aead ?? (sodium.aes ? AEAD.aes256gcm : AEAD.chacha20poly1305);
  for (let slot = 0; slot < legs; slot++) {
    const ab = Buffer.alloc(32, 2 * slot + 1);
    const ba = Buffer.alloc(32, 2 * slot + 2);
    const atA = a.engine.openSession(0, slot) as { place: number; index: number };
    const atB = b.engine.openSession(0, slot) as { place: number; index: number };
    a.engine.setKeys(atA.place, { aead: cipher, send: ab, receive: ba, remoteIndex: atB.index });
    b.engine.setKeys(atB.place, { aead: cipher, send: ba, receive: ab, remoteIndex: atA.index });
    a.engine.useSession(0, slot, atA.place);
    b.engine.useSession(0, slot, atB.place);
  }
}

/** One's complement checksum of bytes, as RFC 1071. */
export function checksum(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface PacketOptions {
  readonly payload?: Uint8Array;
  readonly sourcePort?: number;
  readonly sequence?: number;
  readonly id?: number;
  /** TCP flags, default ACK. */
  readonly flags?: number;
}

/** Sum of the IPv4 pseudo header, not complemented. */
export function pseudoSum(packet: Buffer, protocol: number): number {
  const pseudo = Buffer.concat([packet.subarray(12, 20), Buffer.from([0, protocol, 0, 0])]);
  pseudo.writeUInt16BE(packet.length - 20, 10);
  return ~checksum(pseudo) & 0xffff;
}

function ipv4(protocol: number, transport: Buffer, id: number): Buffer {
  const packet = Buffer.concat([Buffer.alloc(20), transport]);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt16BE(id, 4);
  packet.writeUInt16BE(0x4000, 6);
  packet[8] = 64;
  packet[9] = protocol;
  packet.set([10, 255, 0, 1, 10, 255, 0, 0], 12);
  packet.writeUInt16BE(checksum(packet.subarray(0, 20)), 10);
  return packet;
}

/** An IPv4 UDP packet with right checksums. */
export function udpPacket({ payload = new Uint8Array(), sourcePort = 1000, id = 1 }: PacketOptions = {}): Buffer {
  const udp = Buffer.concat([Buffer.alloc(8), payload]);
  udp.writeUInt16BE(sourcePort, 0);
  udp.writeUInt16BE(9, 2);
  udp.writeUInt16BE(udp.length, 4);
  const packet = ipv4(17, udp, id);
  packet.writeUInt16BE(checksum(packet.subarray(20), pseudoSum(packet, 17)), 26);
  return packet;
}

/** An IPv4 TCP packet with time stamps, with right checksums. */
export function tcpPacket(options: PacketOptions = {}): Buffer {
  const { payload = new Uint8Array(), sourcePort = 1000, sequence = 1, id = 1, flags = 0x10 } = options;
  const tcp = Buffer.concat([Buffer.alloc(32), payload]);
  tcp.writeUInt16BE(sourcePort, 0);
  tcp.writeUInt16BE(80, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp.writeUInt32BE(77, 8);
  tcp[12] = 0x80;
  tcp[13] = flags;
  tcp.writeUInt16BE(500, 14);
  tcp.set([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2], 20);
  const packet = ipv4(6, tcp, id);
  packet.writeUInt16BE(checksum(packet.subarray(20), pseudoSum(packet, 6)), 36);
  return packet;
}

/** virtio_net_hdr of a packet whose checksum is right. */
export const plain = (packet: Uint8Array): Buffer => Buffer.concat([Buffer.alloc(10), packet]);
