// The Noise protocol Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b (The Noise Protocol Framework, revision 34): two messages,
// both ends prove the bond's pre-shared key, and the keys of a session cannot be had from it later.
//   -> psk, e
//   <- e, ee

import { randomBytes } from "node:crypto";
import type { Sodium } from "../../system/sodium.js";

const PROTOCOL = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b";
const HASHLEN = 64;
const BLOCKLEN = 128;
const DHLEN = 32;
const TAGLEN = 16;
const EMPTY = new Uint8Array(0);

/** Bytes that the handshake adds to each message's payload. */
export const NOISE_OVERHEAD = DHLEN + TAGLEN;

export interface TransportKeys {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
}

/** CipherState, SymmetricState and HandshakeState (§5) of this one pattern. Each object serves one handshake. */
export class NoiseHandshake {
  readonly #sodium: Sodium;
  readonly #initiator: boolean;
  readonly #psk: Uint8Array;
  readonly #secret: Uint8Array;
  readonly #public = new Uint8Array(DHLEN);
  #chain: Uint8Array;
  #hash: Uint8Array;
  #key: Uint8Array | null = null;
  #nonce = 0;

  /** `secret`: the ephemeral key, given only by tests that compare with vectors. */
  constructor(
    sodium: Sodium,
    initiator: boolean,
    psk: Uint8Array,
    prologue: Uint8Array,
    secret: Uint8Array = randomBytes(DHLEN),
  ) {
    this.#sodium = sodium;
    this.#initiator = initiator;
    this.#psk = psk;
    this.#secret = secret;
    // §5.2: a protocol name of at most HASHLEN bytes is padded with zeros
    this.#hash = new Uint8Array(HASHLEN);
    this.#hash.set(Buffer.from(PROTOCOL));
    this.#chain = this.#hash;
    this.#mixHash(prologue);
  }

  /** First message, by the initiator. */
  writeInit(payload: Uint8Array): Uint8Array {
    this.#mixKeyAndHash(this.#psk);
    return this.#writeEphemeral(payload);
  }

  /** The first message's payload, or null when it is not authentic. */
  readInit(message: Uint8Array): Uint8Array | null {
    this.#mixKeyAndHash(this.#psk);
    this.#mixEphemeral(message.subarray(0, DHLEN));
    return this.#decryptAndHash(message.subarray(DHLEN));
  }

  /** The ephemeral public key: made when it is sent, so that a forged first message costs hashes only. */
  #makePublic(): void {
    this.#sodium.scalarMultBase(this.#public, this.#secret);
  }

  /** Second message, by the responder; `init` is the first one. Null when the other's key is unusable. */
  writeResponse(init: Uint8Array, payload: Uint8Array): Uint8Array | null {
    this.#makePublic();
    this.#mixHash(this.#public);
    this.#mixKey(this.#public);
    if (!this.#mixShared(init.subarray(0, DHLEN))) return null;
    return Buffer.concat([this.#public, this.#encryptAndHash(payload)]);
  }

  /** The second message's payload, or null when it is not authentic: the true one is then still waited for. */
  readResponse(message: Uint8Array): Uint8Array | null {
    const before = { chain: this.#chain, hash: this.#hash, key: this.#key, nonce: this.#nonce };
    this.#mixEphemeral(message.subarray(0, DHLEN));
    const shared = this.#mixShared(message.subarray(0, DHLEN));
    const payload = shared ? this.#decryptAndHash(message.subarray(DHLEN)) : null;
    if (!payload) {
      this.#chain = before.chain;
      this.#hash = before.hash;
      this.#key = before.key;
      this.#nonce = before.nonce;
    }
    return payload;
  }

  /** Split() (§5.2): keys of the two directions. */
  split(): TransportKeys {
    const [first, second] = this.#hkdf(EMPTY, 2);
    const [toResponder, toInitiator] = [first as Uint8Array, second as Uint8Array].map((key) => key.slice(0, 32));
    return this.#initiator
      ? { send: toResponder as Uint8Array, receive: toInitiator as Uint8Array }
      : { send: toInitiator as Uint8Array, receive: toResponder as Uint8Array };
  }

  #writeEphemeral(payload: Uint8Array): Uint8Array {
    this.#makePublic();
    this.#mixHash(this.#public);
    this.#mixKey(this.#public);
    return Buffer.concat([this.#public, this.#encryptAndHash(payload)]);
  }

  /** §9.2: with a PSK modifier an "e" token is mixed into the key as well. */
  #mixEphemeral(ephemeral: Uint8Array): void {
    this.#mixHash(ephemeral);
    this.#mixKey(ephemeral);
  }

  #mixShared(remote: Uint8Array): boolean {
    const shared = new Uint8Array(DHLEN);
    if (remote.length !== DHLEN || !this.#sodium.scalarMult(shared, this.#secret, remote)) return false;
    this.#mixKey(shared);
    return true;
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = this.#sodium.hash([this.#hash, data]);
  }

  #mixKey(material: Uint8Array): void {
    const [chain, key] = this.#hkdf(material, 2);
    this.#chain = chain as Uint8Array;
    this.#setKey(key as Uint8Array);
  }

  #mixKeyAndHash(material: Uint8Array): void {
    const [chain, hash, key] = this.#hkdf(material, 3);
    this.#chain = chain as Uint8Array;
    this.#mixHash(hash as Uint8Array);
    this.#setKey(key as Uint8Array);
  }

  #setKey(key: Uint8Array): void {
    this.#key = key.slice(0, 32);
    this.#nonce = 0;
  }

  #encryptAndHash(payload: Uint8Array): Uint8Array {
    const sealed = this.#sodium.seal(this.#key as Uint8Array, this.#nextNonce(), this.#hash, payload);
    this.#mixHash(sealed);
    return sealed;
  }

  #decryptAndHash(sealed: Uint8Array): Uint8Array | null {
    const payload = this.#sodium.open(this.#key as Uint8Array, this.#nextNonce(), this.#hash, sealed);
    if (payload) this.#mixHash(sealed);
    return payload;
  }

  #nextNonce(): Uint8Array {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32LE(this.#nonce++, 4);
    return nonce;
  }

  /** HKDF (§4.3) on the chaining key. */
  #hkdf(material: Uint8Array, outputs: number): Uint8Array[] {
    const temp = this.#hmac(this.#chain, [material]);
    const results: Uint8Array[] = [];
    for (let i = 1; i <= outputs; i++) {
      const previous = results.at(-1) ?? EMPTY;
      results.push(this.#hmac(temp, [previous, Uint8Array.of(i)]));
    }
    return results;
  }

  /** HMAC (RFC 2104) with BLAKE2b, whose block is 128 bytes; the key here is always HASHLEN bytes. */
  #hmac(key: Uint8Array, data: readonly Uint8Array[]): Uint8Array {
    const inner = new Uint8Array(BLOCKLEN).fill(0x36);
    const outer = new Uint8Array(BLOCKLEN).fill(0x5c);
    key.forEach((byte, i) => {
      inner[i] = (inner[i] as number) ^ byte;
      outer[i] = (outer[i] as number) ^ byte;
    });
    return this.#sodium.hash([outer, this.#sodium.hash([inner, ...data])]);
  }
}
