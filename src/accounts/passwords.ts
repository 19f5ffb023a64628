// Password hashing with scrypt (RFC 7914). The parameters stand in the stored text, so that they can be raised later.

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { AppError } from "../base/errors.js";

/** N = 2^15, r = 8: 32 MiB and about 60 ms a hash. */
const PARAMETERS = { N: 1 << 15, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Hashes under way: they take a core and 32 MiB each. */
const HASHES_AT_ONCE = 2;
const HASHES_WAITING = 64;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= HASHES_AT_ONCE) {
    if (waiting.length >= HASHES_WAITING) {
      throw new AppError("OVERLOADED", { what: "the log-in queue", limit: HASHES_WAITING });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

function derive(password: string, salt: Buffer, N: number, r: number, p: number): Promise<Buffer> {
  return inTurn(
    () =>
      new Promise((resolve, reject) => {
        scrypt(password, salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r + (1 << 20) }, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
}

/** The text to store: `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const { N, r, p } = PARAMETERS;
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, N, r, p);
  return ["scrypt", N, r, p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** True when `password` is the one that `stored` was made from. A text that is no hash matches nothing. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [kind, N, r, p, salt, hash] = stored.split("$");
  if (kind !== "scrypt" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64url");
  const got = await derive(password, Buffer.from(salt, "base64url"), Number(N), Number(r), Number(p));
  return expected.length === got.length && timingSafeEqual(expected, got);
}
