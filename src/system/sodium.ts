// libsodium: the system's library through koffi, which can work on native addresses, or else the sodium-native package.
// Sealing and opening are in place: the tag (16 bytes) follows the text.

import koffi, { type LibraryHandle } from "koffi";
import native from "sodium-native";

const AES256GCM = 1;
/** Added to an AEAD's id: the text stays readable and is authenticated as additional data. */
const AUTHENTICATE_ONLY = 16;

export interface Sodium {
  /** "libsodium" or "sodium-native". */
  readonly provider: string;
  /** Whether the CPU does AES-256-GCM. */
  readonly aes: boolean;
  /** BLAKE2b, 64 bytes. */
  hash(parts: readonly Uint8Array[]): Uint8Array;
  /** X25519. False when the other's public key gives the all-zero secret. */
  scalarMult(out: Uint8Array, secret: Uint8Array, publicKey: Uint8Array): boolean;
  scalarMultBase(out: Uint8Array, secret: Uint8Array): void;
  /** ChaCha20-Poly1305 (IETF) for the handshake: the sealed text with its tag. */
  seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, text: Uint8Array): Uint8Array;
  /** The opened text, or null when it is not authentic. */
  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array | null;
}

/** Sealing of packets in a memory whose native address is `base`; offsets are in that memory. */
export interface PacketCipher {
  /** Bytes that an expanded key takes at most. */
  seal(aead: number, text: number, length: number, ad: number, nonce: number, key: number): number;
  open(aead: number, text: number, length: number, ad: number, nonce: number, key: number): number;
  /** Puts a key of 32 bytes into its place (512 bytes, 16-aligned) in the form that `seal` wants. */
  expandKey(aead: number, key: Uint8Array, at: number): void;
}

type Call = (...args: (number | Uint8Array | null)[]) => number;

function loadSystem(): LibraryHandle | null {
  if (process.env["SENNIT_SODIUM"] === "native") return null;
  for (const name of ["libsodium.so.23", "libsodium.so.26", "libsodium.so"]) {
    try {
      return koffi.load(name);
    } catch {
      // the next name, or the package
    }
  }
  return null;
}

const system = loadSystem();

function systemSodium(lib: LibraryHandle): Sodium {
  const bind = (name: string, args: string[]): Call => lib.func(name, "int", args) as unknown as Call;
  bind("sodium_init", [])();
  const b = "void *";
  const init = bind("crypto_generichash_init", [b, b, "size_t", "size_t"]);
  const update = bind("crypto_generichash_update", [b, b, "uint64_t"]);
  const final = bind("crypto_generichash_final", [b, b, "size_t"]);
  const mult = bind("crypto_scalarmult", [b, b, b]);
  const base = bind("crypto_scalarmult_base", [b, b]);
  const aead = [b, b, b, "uint64_t", b, "uint64_t", b, b, b];
  const encrypt = bind("crypto_aead_chacha20poly1305_ietf_encrypt", aead);
  const decrypt = bind("crypto_aead_chacha20poly1305_ietf_decrypt", [b, b, b, b, "uint64_t", b, "uint64_t", b, b]);
  // crypto_generichash_state wants 64-byte alignment
  const pool = new Uint8Array(1024);
  const skew = Number(koffi.address(pool) % 64n);
  const state = pool.subarray((64 - skew) % 64, ((64 - skew) % 64) + 512);
  return {
    provider: "libsodium",
    aes: bind("crypto_aead_aes256gcm_is_available", [])() === 1,
    hash(parts) {
      const out = new Uint8Array(64);
      init(state, null, 0, 64);
      for (const part of parts) update(state, part, part.length);
      final(state, out, 64);
      return out;
    },
    scalarMult: (out, secret, publicKey) => mult(out, secret, publicKey) === 0,
    scalarMultBase: (out, secret) => void base(out, secret),
    seal(key, nonce, ad, text) {
      const out = new Uint8Array(text.length + 16);
      encrypt(out, null, text, text.length, ad, ad.length, null, nonce, key);
      return out;
    },
    open(key, nonce, ad, sealed) {
      if (sealed.length < 16) return null;
      const out = new Uint8Array(sealed.length - 16);
      return decrypt(out, null, null, sealed, sealed.length, ad, ad.length, nonce, key) === 0 ? out : null;
    },
  };
}

function packageSodium(): Sodium {
  return {
    provider: "sodium-native",
    aes: false,
    hash(parts) {
      const out = Buffer.alloc(64);
      native.crypto_generichash_batch(
        out,
        parts.map((part) => Buffer.from(part)),
      );
      return out;
    },
    scalarMult(out, secret, publicKey) {
      try {
        native.crypto_scalarmult(out as Buffer, secret as Buffer, publicKey as Buffer);
        return true;
      } catch {
        return false;
      }
    },
    scalarMultBase: (out, secret) => void native.crypto_scalarmult_base(out as Buffer, secret as Buffer),
    seal(key, nonce, ad, text) {
      const out = Buffer.alloc(text.length + 16);
      native.crypto_aead_chacha20poly1305_ietf_encrypt(
        out,
        text as Buffer,
        ad as Buffer,
        null,
        nonce as Buffer,
        key as Buffer,
      );
      return out;
    },
    open(key, nonce, ad, sealed) {
      if (sealed.length < 16) return null;
      const out = Buffer.alloc(sealed.length - 16);
      try {
        native.crypto_aead_chacha20poly1305_ietf_decrypt(
          out,
          null,
          sealed as Buffer,
          ad as Buffer,
          nonce as Buffer,
          key as Buffer,
        );
        return out;
      } catch {
        return null;
      }
    },
  };
}

export const sodium: Sodium = system ? systemSodium(system) : packageSodium();

/** The cipher for packets that lie in `memory`, whose native address is `base`. */
export function packetCipher(memory: Uint8Array, base: number): PacketCipher {
  return system ? systemCipher(system, memory, base) : packageCipher(memory);
}

function systemCipher(lib: LibraryHandle, memory: Uint8Array, base: number): PacketCipher {
  const p = "uintptr_t";
  const bind = (name: string, args: string[]): Call => lib.func(name, "int", args) as unknown as Call;
  const seal = [p, p, p, "size_t", p, "size_t", p, p, p];
  const open = [p, p, p, p, "size_t", p, "size_t", p, p];
  const sealAes = bind("crypto_aead_aes256gcm_encrypt_afternm", seal);
  const openAes = bind("crypto_aead_aes256gcm_decrypt_afternm", open);
  const sealChaCha = bind("crypto_aead_chacha20poly1305_ietf_encrypt", seal);
  const openChaCha = bind("crypto_aead_chacha20poly1305_ietf_decrypt", open);
  const expandAes = bind("crypto_aead_aes256gcm_beforenm", [p, "void *"]);
  return {
    seal(aead, text, length, ad, nonce, key) {
      const at = base + text;
      const call = (aead & 15) === AES256GCM ? sealAes : sealChaCha;
      // the additional data lies right before the text
      if (aead & AUTHENTICATE_ONLY) {
        return call(at + length, 0, at, 0, base + ad, 8 + length, 0, base + nonce, base + key);
      }
      return call(at, 0, at, length, base + ad, 8, 0, base + nonce, base + key);
    },
    open(aead, text, length, ad, nonce, key) {
      const at = base + text;
      const call = (aead & 15) === AES256GCM ? openAes : openChaCha;
      if (aead & AUTHENTICATE_ONLY) {
        const tag = at + length - 16;
        return call(tag, 0, 0, tag, 16, base + ad, 8 + length - 16, base + nonce, base + key);
      }
      return call(at, 0, 0, at, length, base + ad, 8, base + nonce, base + key);
    },
    expandKey(aead, key, at) {
      if ((aead & 15) === AES256GCM) expandAes(base + at, key);
      else memory.set(key, at);
    },
  };
}

/** Slower: the package takes Buffers that are not shared, so each packet is copied out and back. */
function packageCipher(memory: Uint8Array): PacketCipher {
  const text = Buffer.alloc(2048);
  const out = Buffer.alloc(2048);
  const ad = Buffer.alloc(2048);
  const nonce = Buffer.alloc(12);
  const key = Buffer.alloc(32);
  const fill = (adAt: number, adLength: number, nonceAt: number, keyAt: number) => {
    ad.set(memory.subarray(adAt, adAt + adLength));
    nonce.set(memory.subarray(nonceAt, nonceAt + 12));
    key.set(memory.subarray(keyAt, keyAt + 32));
  };
  /** How much is sealed, and how much more is only authenticated. */
  const split = (aead: number, length: number) =>
    (aead & AUTHENTICATE_ONLY ? [0, length] : [length, 0]) as [number, number];
  return {
    seal(aead, at, length, adAt, nonceAt, keyAt) {
      const [hidden, open] = split(aead, length);
      fill(adAt, 8 + open, nonceAt, keyAt);
      text.set(memory.subarray(at, at + hidden));
      const sealed = out.subarray(0, hidden + 16);
      const known = ad.subarray(0, 8 + open);
      native.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, text.subarray(0, hidden), known, null, nonce, key);
      memory.set(sealed, at + open);
      return 0;
    },
    open(aead, at, length, adAt, nonceAt, keyAt) {
      if (length < 16 || length > 2000) return -1;
      const [hidden, open] = split(aead, length - 16);
      fill(adAt, 8 + open, nonceAt, keyAt);
      text.set(memory.subarray(at + open, at + length));
      const opened = out.subarray(0, hidden);
      const known = ad.subarray(0, 8 + open);
      try {
        native.crypto_aead_chacha20poly1305_ietf_decrypt(
          opened,
          null,
          text.subarray(0, hidden + 16),
          known,
          nonce,
          key,
        );
      } catch {
        return -1;
      }
      memory.set(opened, at + open);
      return 0;
    },
    expandKey(_aead, bytes, at) {
      memory.set(bytes, at);
    },
  };
}
