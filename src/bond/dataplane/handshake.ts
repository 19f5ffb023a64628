// Sessions of legs: who starts a handshake, what its messages carry, and which keys a leg uses when. The bonder starts;
// the aggregator keeps new keys apart until a frame sealed with them has come, so a replayed first message changes nothing.

import type { Sodium } from "../../system/sodium.js";
import { AEAD, type BondEngine, FRAME_TYPES } from "../../wasm/bond.js";
import { NOISE_OVERHEAD, NoiseHandshake } from "./noise.js";

const VERSION = 1;
const HEADER = 8;
const INIT_PAYLOAD = 20;
const RESPONSE_PAYLOAD = 14;
/** The keys before stay good for what is still on its way. */
const OLD_KEYS_MS = 10_000;
/** First messages that are remembered, so that a replay is seen; per bond. */
const SEEN_MAX = 256;
/** Messages that a worker opens in a second, forged ones too: a first one costs some hashes. */
const LOOKS_PER_SECOND = 5_000;
/** Authentic ones that it answers in a second: each costs two scalar multiplications. */
const ANSWERS_PER_SECOND = 500;
const PROLOGUE = Buffer.from("sennit tunnel 1");

export interface HandshakeLeg {
  readonly slot: number;
  readonly id: number;
  fd: number;
  /** MTU of the link that the leg leaves by; the bonder knows it and tells the aggregator. */
  mtu: number;
  /** Session that sends, as its place in the engine. */
  session: number | null;
  aead: number;
  /** When the session's keys were made. */
  keyedAt: number;
  old: { place: number; until: number }[];
  /** Bonder: the first message that waits for its answer. */
  attempt: { noise: NoiseHandshake; place: number; index: number } | null;
  /** Aggregator: answered, not yet confirmed, newest last. */
  pending: { place: number; aead: number; boot: string; mtu: number }[];
}

export interface HandshakeBond {
  readonly index: number;
  readonly id: number;
  readonly role: "aggregator" | "bonder";
  readonly psk: Uint8Array;
  /** False: frames are authenticated and stay readable. Both ends must want the same. */
  readonly encrypt: boolean;
  readonly remote: Uint8Array | null;
  readonly legs: ReadonlyMap<number, HandshakeLeg>;
  /** This end's life of the bond, 8 random bytes: its sequences started from 0 with it. */
  readonly boot: Uint8Array;
  /** The other end's life: a new one means that its sequences start from 0. */
  peerBoot: string;
  readonly seen: Set<string>;
}

export const newHandshakeLeg = (slot: number, id: number, fd: number, mtu: number): HandshakeLeg => ({
  slot,
  id,
  fd,
  mtu,
  session: null,
  aead: 0,
  keyedAt: 0,
  old: [],
  attempt: null,
  pending: [],
});

/** What is added to the ids of ciphers for this bond. */
const mode = (bond: HandshakeBond): number => (bond.encrypt ? 0 : AEAD.authenticateOnly);

/** Counts to a limit, anew every second. */
class PerSecond {
  readonly #limit: number;
  #second = 0;
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  allows(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    return ++this.#count <= this.#limit;
  }
}

export class Handshakes {
  readonly #engine: BondEngine;
  readonly #sodium: Sodium;
  readonly #bonds: ReadonlyMap<number, HandshakeBond>;
  readonly #looked = new PerSecond(LOOKS_PER_SECOND);
  readonly #answered = new PerSecond(ANSWERS_PER_SECOND);
  /** Counts of what was refused, for the log. */
  refused = 0;

  constructor(engine: BondEngine, sodium: Sodium, bonds: ReadonlyMap<number, HandshakeBond>) {
    this.#engine = engine;
    this.#sodium = sodium;
    this.#bonds = bonds;
  }

  /** Sends a first message on a leg of a bonder; an unanswered earlier one is forgotten. */
  begin(bond: HandshakeBond, leg: HandshakeLeg): void {
    if (!bond.remote) return;
    this.#forgetAttempt(bond, leg);
    const opened = this.#engine.openSession(bond.index, leg.slot);
    if (!opened) return;
    const header = Buffer.alloc(HEADER);
    header.writeUInt32BE((FRAME_TYPES.init << 24) | (bond.id & 0xffffff), 0);
    header.writeUInt32BE(bond.id, 4);
    const noise = new NoiseHandshake(this.#sodium, true, bond.psk, Buffer.concat([PROLOGUE, header]));
    const payload = Buffer.alloc(INIT_PAYLOAD);
    payload.writeUInt8(VERSION, 0);
    payload.writeUInt8(this.#ciphers() | mode(bond), 1);
    payload.writeUInt32BE(leg.id, 2);
    payload.writeUInt32BE(opened.index, 6);
    payload.set(bond.boot, 10);
    payload.writeUInt16BE(leg.mtu, 18);
    leg.attempt = { noise, ...opened };
    const frame = Buffer.concat([header, noise.writeInit(payload)]);
    this.#engine.sendDatagram(leg.fd, frame, bond.remote, new Uint8Array());
  }

  /** Takes a handshake frame. Whatever is wrong with it, it only counts. */
  input(fd: number, frame: Uint8Array, from: Uint8Array, local: Uint8Array, now: number): void {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    const taken = bytes[0] === FRAME_TYPES.init ? this.#answer(fd, bytes, from, local, now) : this.#finish(bytes, now);
    if (!taken) this.refused++;
  }

  /** A session was proven by its first authentic frame (aggregator). */
  confirmed(place: number, now: number): { bond: HandshakeBond; leg: HandshakeLeg } | null {
    for (const bond of this.#bonds.values()) {
      for (const leg of bond.legs.values()) {
        const found = leg.pending.find((pending) => pending.place === place);
        if (!found) continue;
        for (const other of leg.pending) if (other !== found) this.#close(bond, leg, other.place);
        leg.pending = [];
        leg.mtu = found.mtu;
        this.#adopt(bond, leg, found.place, found.aead, found.boot, now);
        return { bond, leg };
      }
    }
    return null;
  }

  /** Forgets keys that were replaced a while ago. */
  expire(bond: HandshakeBond, leg: HandshakeLeg, now: number): void {
    const due = leg.old.filter((old) => old.until <= now);
    if (due.length === 0) return;
    leg.old = leg.old.filter((old) => old.until > now);
    for (const old of due) this.#close(bond, leg, old.place);
  }

  /** Forgets all keys of a leg. */
  forget(bond: HandshakeBond, leg: HandshakeLeg): void {
    this.#forgetAttempt(bond, leg);
    for (const { place } of [...leg.old, ...leg.pending]) this.#close(bond, leg, place);
    if (leg.session !== null) this.#close(bond, leg, leg.session);
    leg.old = [];
    leg.pending = [];
    leg.session = null;
  }

  #ciphers(): number {
    return (this.#sodium.aes ? AEAD.aes256gcm : 0) | AEAD.chacha20poly1305;
  }

  #answer(fd: number, frame: Buffer, from: Uint8Array, local: Uint8Array, now: number): boolean {
    if (frame.length !== HEADER + NOISE_OVERHEAD + INIT_PAYLOAD) return false;
    const bond = this.#bonds.get(frame.readUInt32BE(4));
    if (bond?.role !== "aggregator" || !this.#looked.allows(now)) return false;
    const ephemeral = frame.toString("base64", HEADER, HEADER + 32);
    if (bond.seen.has(ephemeral)) return false;
    const prologue = Buffer.concat([PROLOGUE, frame.subarray(0, HEADER)]);
    const noise = new NoiseHandshake(this.#sodium, false, bond.psk, prologue);
    const message = frame.subarray(HEADER);
    const sealed = noise.readInit(message);
    if (!sealed) return false;
    const payload = Buffer.from(sealed);
    const leg = [...bond.legs.values()].find(({ id }) => id === payload.readUInt32BE(2));
    const offered = payload.readUInt8(1);
    const aead = (offered & AEAD.authenticateOnly) === mode(bond) ? this.#chooseAead(offered, bond) : 0;
    if (payload.readUInt8(0) !== VERSION || !leg || !aead) return false;
    if (!this.#answered.allows(now)) return false;
    bond.seen.add(ephemeral);
    if (bond.seen.size > SEEN_MAX) bond.seen.delete(bond.seen.values().next().value as string);
    const opened = this.#engine.openSession(bond.index, leg.slot);
    if (!opened) return false;
    const reply = Buffer.alloc(RESPONSE_PAYLOAD);
    reply.writeUInt8(VERSION, 0);
    reply.writeUInt8(aead, 1);
    reply.writeUInt32BE(opened.index, 2);
    reply.set(bond.boot, 6);
    const response = noise.writeResponse(message, reply);
    if (!response) {
      this.#close(bond, leg, opened.place);
      return false;
    }
    const remoteIndex = payload.readUInt32BE(6) & 0xffffff;
    this.#engine.setKeys(opened.place, { aead, ...noise.split(), remoteIndex });
    leg.pending.push({
      place: opened.place,
      aead,
      boot: payload.toString("hex", 10, 18),
      mtu: payload.readUInt16BE(18),
    });
    if (leg.pending.length > 2) this.#close(bond, leg, (leg.pending.shift() as { place: number }).place);
    const header = Buffer.alloc(HEADER);
    header.writeUInt32BE(((FRAME_TYPES.response << 24) | remoteIndex) >>> 0, 0);
    this.#engine.sendDatagram(fd, Buffer.concat([header, response]), from, local);
    return true;
  }

  #finish(frame: Buffer, now: number): boolean {
    if (frame.length !== HEADER + NOISE_OVERHEAD + RESPONSE_PAYLOAD) return false;
    const index = frame.readUIntBE(1, 3);
    for (const bond of this.#bonds.values()) {
      for (const leg of bond.legs.values()) {
        // an index can be guessed, and a forged answer costs a scalar multiplication
        if (leg.attempt?.index === index) return this.#looked.allows(now) && this.#complete(bond, leg, frame, now);
      }
    }
    return false;
  }

  #complete(bond: HandshakeBond, leg: HandshakeLeg, frame: Buffer, now: number): boolean {
    const attempt = leg.attempt as NonNullable<HandshakeLeg["attempt"]>;
    const sealed = attempt.noise.readResponse(frame.subarray(HEADER));
    if (!sealed) return false;
    leg.attempt = null;
    const payload = Buffer.from(sealed);
    const aead = payload.readUInt8(1);
    if (payload.readUInt8(0) !== VERSION || aead === 0 || aead !== this.#chooseAead(aead, bond)) {
      this.#close(bond, leg, attempt.place);
      return false;
    }
    const remoteIndex = payload.readUInt32BE(2) & 0xffffff;
    this.#engine.setKeys(attempt.place, { aead, ...attempt.noise.split(), remoteIndex });
    this.#adopt(bond, leg, attempt.place, aead, payload.toString("hex", 6, 14), now);
    // the aggregator takes the keys into use when it sees a frame that is sealed with them
    this.#engine.beat(bond.index, leg.slot);
    return true;
  }

  #adopt(bond: HandshakeBond, leg: HandshakeLeg, place: number, aead: number, boot: string, now: number): void {
    if (boot !== bond.peerBoot) {
      bond.peerBoot = boot;
      for (const other of bond.legs.values()) {
        if (other.session !== null) this.#close(bond, other, other.session);
        for (const old of other.old) this.#close(bond, other, old.place);
        other.session = null;
        other.old = [];
      }
      this.#engine.resetOrder(bond.index);
    }
    if (leg.session !== null) leg.old.push({ place: leg.session, until: now + OLD_KEYS_MS });
    leg.session = place;
    leg.aead = aead;
    leg.keyedAt = now;
    this.#engine.useSession(bond.index, leg.slot, place);
  }

  /** AES-256-GCM when both ends' CPUs do it, else ChaCha20-Poly1305. */
  #chooseAead(offered: number, bond: HandshakeBond): number {
    const common = offered & this.#ciphers();
    const cipher = common & AEAD.aes256gcm ? AEAD.aes256gcm : common & AEAD.chacha20poly1305;
    return cipher && cipher | mode(bond);
  }

  #forgetAttempt(bond: HandshakeBond, leg: HandshakeLeg): void {
    if (leg.attempt) this.#close(bond, leg, leg.attempt.place);
    leg.attempt = null;
  }

  #close(bond: HandshakeBond, leg: HandshakeLeg, place: number): void {
    this.#engine.closeSession(bond.index, leg.slot, place);
  }
}
