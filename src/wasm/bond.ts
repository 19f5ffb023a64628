// Typed view of bond.wasm: the only place that knows where its records lie. `BondEngine` is the worker's side, which owns
// the instance; `BondReader` reads counters from any thread, since the memory is shared.

import { readFileSync } from "node:fs";
import * as L from "../../assembly/bond/layout.js";

export const TUNNEL_FRAME_OVERHEAD = L.FRAME_OVERHEAD;
export const FRAME_TYPES = { init: L.FRAME_INIT, response: L.FRAME_RESPONSE } as const;
export const AEAD = {
  aes256gcm: L.AEAD_AES256GCM,
  chacha20poly1305: L.AEAD_CHACHA20POLY1305,
  authenticateOnly: L.AEAD_AUTHENTICATE_ONLY,
} as const;
export const SCHEDULER_IDS = {
  idmpq: L.SCHEDULER_IDMPQ,
  weighted: L.SCHEDULER_WEIGHTED_ROUND_ROBIN,
  flowlet: L.SCHEDULER_FLOWLET,
} as const;
export const ENGINE_LIMITS = { bonds: L.BONDS_MAX, legs: L.LEGS_MAX, polled: L.POLL_MAX } as const;

/** Names of a bond's counters, in the order of COUNTER_* in assembly/bond/layout.ts. */
export const COUNTER_NAMES = [
  "tun_rx_packets",
  "tun_rx_bytes",
  "tun_tx_packets",
  "tun_tx_bytes",
  "in_order",
  "held",
  "late",
  "duplicate",
  "holes_lost",
  "holes_timed_out",
  "auth_drops",
  "replay_drops",
  "malformed_drops",
  "queue_drops",
  "tun_write_drops",
  "no_leg_drops",
  "tun_reads",
  "tun_writes",
  "udp_sends",
  "udp_receives",
  "leg_died_drops",
] as const;

const MEMORY_PAGES = 1536;
const SOURCE = new URL("../../../build/bond.wasm", import.meta.url);

/** System calls and sealing on the module's memory: pointers are offsets in it, failures -errno. */
export interface PacketHost {
  now(): number;
  seal(aead: number, text: number, length: number, ad: number, nonce: number, key: number): number;
  open(aead: number, text: number, length: number, ad: number, nonce: number, key: number): number;
  read(fd: number, buffer: number, length: number): number;
  writev(fd: number, iov: number, count: number): number;
  recvmmsg(fd: number, messages: number, count: number): number;
  sendmmsg(fd: number, messages: number, count: number): number;
  ppoll(fds: number, count: number, timespec: number): number;
  /** Puts a key where seal and open find it. */
  expandKey(aead: number, key: Uint8Array, at: number): void;
}

export interface EngineEvents {
  /** A handshake frame, with the sender's socket address and the local address that it was sent to (may be empty). */
  handshake(fd: number, frame: Uint8Array, from: Uint8Array, local: Uint8Array): void;
  /** The first authentic frame of a session that was pending. */
  confirmed(session: number): void;
}

export interface EngineAddresses {
  readonly bonds: number;
  readonly counters: number;
}

export interface LegSettings {
  readonly id: number;
  readonly fd: number;
  /** What this end sends at most, bit/s on the line. */
  readonly bitsPerSecond: number;
  readonly failover: boolean;
  /** Replies name their source address, and the other end may move. */
  readonly follows: boolean;
}

export interface LegFacts {
  /** Heartbeats heard since the leg was set up. */
  readonly heard: number;
  /** Since the last authentic frame; Infinity when there was none. */
  readonly silentMs: number;
  /** Error number of the last send, 0 when it went out. */
  readonly sendErrno: number;
  /** How long the other end had not heard us, as it last said; Infinity when it never did. */
  readonly peerSilentMs: number;
}

export interface SessionKeys {
  readonly aead: number;
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
  /** Index that the other end gave. */
  readonly remoteIndex: number;
}

export interface Polled {
  readonly fd: number;
  readonly kind: "wake" | "udp" | "tun";
  /** Place of the TUN device's bond. */
  readonly bond?: number;
}

/** A memory for one engine: shared, so that it never moves and any thread may read it. */
export function makeEngineMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
}

interface Exports {
  layoutVersion(): number;
  init(base: number): number;
  bondsAddress(): number;
  sessionsAddress(): number;
  countersAddress(): number;
  pollAddress(): number;
  pollKindsAddress(): number;
  receiveAddress(): number;
  tunBufferAddress(): number;
  setBondsUsed(count: number): void;
  clearBond(index: number): void;
  clearLeg(index: number, slot: number): void;
  stopLeg(leg: number): void;
  resetBond(bond: number): void;
  allocSession(): number;
  freeSession(index: number): void;
  turn(count: number): number;
  sendHeartbeat(leg: number, now: bigint): void;
  scratchAddress(): number;
  scratchLegAddress(): number;
  sendDatagram(length: number): void;
  [name: string]: unknown;
}

/** The worker's side of the module. */
export class BondEngine {
  readonly addresses: EngineAddresses;
  /** Raw exports and memory, for unit tests of single functions. */
  readonly exports: Exports;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly #host: PacketHost;
  readonly #sessions: number;
  #polled = 0;

  constructor(memory: WebAssembly.Memory, base: number, host: PacketHost, events: EngineEvents) {
    this.#host = host;
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    const imports = {
      env: { memory, abort: () => undefined },
      host: {
        ...host,
        handshake: (fd: number, at: number, n: number, name: number, nameN: number, local: number, localN: number) =>
          events.handshake(fd, this.#copy(at, n), this.#copy(name, nameN), this.#copy(local, localN)),
        confirmed: (session: number) => events.confirmed((session - this.#sessions) / L.SES_SIZE),
      },
    };
    const module = new WebAssembly.Module(readFileSync(SOURCE));
    this.exports = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    if (this.exports.layoutVersion() !== L.LAYOUT_VERSION) throw new Error("build/bond.wasm is of another version");
    if (this.exports.init(base) !== 0) throw new Error("the tunnel's memory is too small");
    this.#sessions = this.exports.sessionsAddress();
    this.addresses = { bonds: this.exports.bondsAddress(), counters: this.exports.countersAddress() };
  }

  /** Serves packets until there is a command ("woken") or the slow tick is due. */
  turn(): "woken" | "tick" {
    return this.exports.turn(this.#polled) === L.TURN_WOKEN ? "woken" : "tick";
  }

  /** What is waited for. At most ENGINE_LIMITS.polled. */
  setPolled(polled: readonly Polled[]): void {
    const kinds = { wake: L.POLL_WAKE, udp: L.POLL_UDP, tun: L.POLL_TUN };
    this.#polled = Math.min(polled.length, L.POLL_MAX);
    for (let i = 0; i < this.#polled; i++) {
      const { fd, kind, bond } = polled[i] as Polled;
      const at = this.exports.pollAddress() + i * 8;
      this.view.setInt32(at, fd, true);
      this.view.setInt16(at + 4, 1, true); // POLLIN
      this.view.setInt16(at + 6, 0, true);
      const kindAt = this.exports.pollKindsAddress() + i * 8;
      this.view.setUint32(kindAt, kinds[kind], true);
      this.view.setUint32(kindAt + 4, bond === undefined ? 0 : this.bondAt(bond), true);
    }
  }

  setBondsUsed(count: number): void {
    this.exports.setBondsUsed(count);
  }

  clearBond(index: number): void {
    this.exports.clearBond(index);
  }

  /** Settings of a bond that may change while it runs. */
  setBond(
    index: number,
    bond: {
      id: number;
      tunFd: number;
      scheduler: number;
      holdMs: number;
      legs: number;
      queueBytes: number;
      quantum: number;
    },
  ): void {
    const at = this.bondAt(index);
    this.view.setUint32(at + L.BOND_ID, bond.id, true);
    this.view.setInt32(at + L.BOND_TUN_FD, bond.tunFd, true);
    this.view.setUint32(at + L.BOND_SCHEDULER, bond.scheduler, true);
    this.view.setBigInt64(at + L.BOND_HOLD, BigInt(Math.round(bond.holdMs * 1e6)), true);
    this.view.setUint32(at + L.BOND_LEGS, bond.legs, true);
    this.view.setUint32(at + L.BOND_Q_BYTES_MAX, bond.queueBytes, true);
    this.view.setUint32(at + L.BOND_QUANTUM, bond.quantum, true);
    this.view.setUint32(at + L.BOND_USED, 1, true);
  }

  /** Settings of a leg that may change while it runs. */
  setLeg(index: number, slot: number, leg: LegSettings): void {
    const at = this.legAt(index, slot);
    this.view.setUint32(at + L.LEG_USED, 1, true);
    this.view.setUint32(at + L.LEG_ID, leg.id, true);
    this.view.setInt32(at + L.LEG_FD, leg.fd, true);
    this.view.setUint32(at + L.LEG_SLOT, slot, true);
    this.view.setUint32(at + L.LEG_BOND, this.bondAt(index), true);
    // 1.5 % stay free: the line's own framing, and its queue must not fill
    this.view.setFloat64(at + L.LEG_RATE, (leg.bitsPerSecond * 0.985) / 8e9, true);
    const own = L.LEG_FAILOVER | L.LEG_PKTINFO;
    const wanted = (leg.failover ? L.LEG_FAILOVER : 0) | (leg.follows ? L.LEG_PKTINFO : 0);
    this.#setFlags(at, own, wanted);
  }

  clearLeg(index: number, slot: number): void {
    this.exports.clearLeg(index, slot);
  }

  /** Where the leg's frames go: sockaddr bytes, and with `local` the address that they leave from. */
  setRemote(index: number, slot: number, remote: Uint8Array, local: Uint8Array = new Uint8Array()): void {
    const at = this.legAt(index, slot);
    this.bytes.set(remote, at + L.LEG_REMOTE);
    this.view.setUint32(at + L.LEG_REMOTE_LEN, remote.length, true);
    this.bytes.set(local, at + L.LEG_LOCAL);
    this.view.setUint32(at + L.LEG_LOCAL_LEN, local.length, true);
  }

  /** Whether data may be sent on the leg. What waits on a leg that may no longer send goes to the others. */
  setSending(index: number, slot: number, sending: boolean): void {
    const at = this.legAt(index, slot);
    if (sending) this.#setFlags(at, L.LEG_TX, L.LEG_TX);
    else this.exports.stopLeg(at);
  }

  /** Whether the other end's data may still come on the leg: a dead leg proves nothing about losses. */
  setReceiving(index: number, slot: number, receiving: boolean): void {
    this.#setFlags(this.legAt(index, slot), L.LEG_RX, receiving ? L.LEG_RX : 0);
  }

  setHeartbeat(index: number, slot: number, everyMs: number): void {
    this.view.setUint32(this.legAt(index, slot) + L.LEG_HB_EVERY, everyMs * 1000, true);
  }

  /** Sends a heartbeat now; the leg must have a session. */
  beat(index: number, slot: number): void {
    this.exports.sendHeartbeat(this.legAt(index, slot), BigInt(Math.round(this.#host.now())));
  }

  legFacts(index: number, slot: number): LegFacts {
    const at = this.legAt(index, slot);
    const last = Number(this.view.getBigInt64(at + L.LEG_LAST_RX, true));
    const peerSilent = this.view.getUint32(at + L.LEG_PEER_SILENT, true);
    return {
      heard: this.view.getUint32(at + L.LEG_HEARD, true),
      silentMs: last === 0 ? Number.POSITIVE_INFINITY : (this.#host.now() - last) / 1e6,
      sendErrno: this.view.getUint32(at + L.LEG_TX_ERRNO, true),
      peerSilentMs: peerSilent === 0xffffffff ? Number.POSITIVE_INFINITY : peerSilent / 1000,
    };
  }

  /**
   * Makes a session for a leg. Returns its place and the index that the other end must put into frames, whose low byte
   * is that of the bond's id; or null when all places are taken. It takes no frames before `setKeys`.
   */
  openSession(index: number, slot: number): { place: number; index: number } | null {
    const place = this.exports.allocSession();
    if (place < 0) return null;
    const at = this.#sessions + place * L.SES_SIZE;
    const bond = this.bondAt(index);
    const localIndex = place * 256 + (this.view.getUint32(bond + L.BOND_ID, true) & 0xff);
    this.view.setUint32(at + L.SES_BOND, bond, true);
    this.view.setUint32(at + L.SES_LEG, this.legAt(index, slot), true);
    this.view.setUint32(at + L.SES_LOCAL_INDEX, localIndex, true);
    this.view.setUint32(at + L.SES_STATE, L.SESSION_RESERVED, true);
    return { place, index: localIndex };
  }

  /** Gives a session its keys: it takes frames, and is pending until the first authentic one or `useSession`. */
  setKeys(place: number, keys: SessionKeys): void {
    const at = this.#sessions + place * L.SES_SIZE;
    this.view.setUint32(at + L.SES_AEAD, keys.aead, true);
    this.view.setUint32(at + L.SES_REMOTE_INDEX, keys.remoteIndex, true);
    this.#host.expandKey(keys.aead, keys.send, at + L.SES_TX_KEY);
    this.#host.expandKey(keys.aead, keys.receive, at + L.SES_RX_KEY);
    this.view.setUint32(at + L.SES_STATE, L.SESSION_PENDING, true);
  }

  /** From now on the leg sends with this session. */
  useSession(index: number, slot: number, place: number): void {
    const at = this.legAt(index, slot);
    this.view.setUint32(this.#sessions + place * L.SES_SIZE + L.SES_STATE, L.SESSION_LIVE, true);
    this.view.setUint32(at + L.LEG_SESSION, this.#sessions + place * L.SES_SIZE, true);
    this.view.setUint32(at + L.LEG_LOSS_HIGHEST, 0, true);
    this.view.setUint32(at + L.LEG_LOSS_RECEIVED, 0, true);
    this.view.setBigInt64(at + L.LEG_HB_NEXT, 0n, true);
  }

  /** Forgets a session; a leg that sends with it stops. */
  closeSession(index: number, slot: number, place: number): void {
    const leg = this.legAt(index, slot);
    if (this.view.getUint32(leg + L.LEG_SESSION, true) === this.#sessions + place * L.SES_SIZE) {
      this.view.setUint32(leg + L.LEG_SESSION, 0, true);
    }
    this.exports.freeSession(place);
  }

  /** Sends one datagram outside the queues (handshakes), from the address `local` when one is given. */
  sendDatagram(fd: number, frame: Uint8Array, remote: Uint8Array, local: Uint8Array): void {
    const leg = this.exports.scratchLegAddress();
    this.bytes.fill(0, leg, leg + L.LEG_SIZE);
    this.view.setInt32(leg + L.LEG_FD, fd, true);
    this.view.setUint32(leg + L.LEG_FLAGS, local.length > 0 ? L.LEG_PKTINFO : 0, true);
    this.bytes.set(remote, leg + L.LEG_REMOTE);
    this.view.setUint32(leg + L.LEG_REMOTE_LEN, remote.length, true);
    this.bytes.set(local, leg + L.LEG_LOCAL);
    this.view.setUint32(leg + L.LEG_LOCAL_LEN, local.length, true);
    this.bytes.set(frame, this.exports.scratchAddress());
    this.exports.sendDatagram(frame.length);
  }

  /** Whether the bond's TUN device is still there. */
  hasTun(index: number): boolean {
    return this.view.getInt32(this.bondAt(index) + L.BOND_TUN_FD, true) >= 0;
  }

  /** The other end has started anew: order counts from 0 in both directions. */
  resetOrder(index: number): void {
    this.exports.resetBond(this.bondAt(index));
  }

  bondAt(index: number): number {
    return this.addresses.bonds + index * L.BOND_SIZE;
  }

  legAt(index: number, slot: number): number {
    return this.bondAt(index) + L.BOND_LEG_TABLE + slot * L.LEG_SIZE;
  }

  #setFlags(leg: number, mask: number, flags: number): void {
    const before = this.view.getUint32(leg + L.LEG_FLAGS, true);
    this.view.setUint32(leg + L.LEG_FLAGS, (before & ~mask) | flags, true);
  }

  #copy(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, at + length);
  }
}
