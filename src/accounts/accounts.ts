// One set of users for all surfaces: password checks, tokens, the first administrator.

import { createHash, createHmac, randomBytes } from "node:crypto";
import { AppError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { Engine } from "../store/engine.js";
import type { TokenRecord, UserRecord } from "../store/tables.js";
import { FailureLimiter } from "./limiter.js";
import { hashPassword, verifyPassword } from "./passwords.js";

export interface Account {
  readonly id: number;
  readonly name: string;
  readonly superuser: boolean;
}

export interface Login {
  /** 32 hex digits. */
  readonly token: string;
  /** Epoch ms; 0 = does not expire. */
  readonly expiresMs: number;
  readonly account: Account;
}

interface Verified {
  readonly user: number;
  /** The stored hash that was verified: a changed password has another. */
  readonly hash: string;
  readonly until: number;
}

/** How long, and for how many clients, right credentials are known by themselves. */
const KEYS_MS = 5_000;
const KEYS = 64;

/** Who tries: an address, or what has one: it is then read only when it is needed. */
type Origin = string | { readonly address: string };

const accountOf = (user: UserRecord): Account => ({ id: user.id, name: user.username, superuser: user.superuser });
const tokenKey = (token: string) => createHash("sha256").update(token).digest("hex");

export class Accounts {
  readonly #store: Engine;
  readonly #limiter = new FailureLimiter(LIMITS.failedLoginsPerMinute);
  readonly #users = new Map<number, UserRecord>();
  readonly #byName = new Map<string, number>();
  /** Credentials that were verified a short while ago, so that Basic does not pay for scrypt at each request. */
  readonly #verified = new Map<string, Verified>();
  /** The keys of #verified by what they were made from, for some seconds: a busy client does not pay for an HMAC, either. */
  readonly #keys = new Map<string, string>();
  #keysUntil = 0;
  readonly #verifying = new Map<string, Promise<Account | null>>();
  readonly #cacheKey = randomBytes(32);
  /** What is checked for a name that does not exist, so that the answer takes as long. */
  #decoy = "";

  private constructor(store: Engine) {
    this.#store = store;
    for (const { value } of store.list("users")) this.#learn(value.id, value);
    store.watch("users", ({ key, value }) => this.#learn(Number(key), value));
  }

  /**
   * Opens the accounts. When there is no user yet, makes the administrator with `password`, or with a random one that
   * is returned so that it can be printed once.
   */
  static async open(
    store: Engine,
    admin: { user: string; password: string },
  ): Promise<{ accounts: Accounts; firstPassword: string | null }> {
    const accounts = new Accounts(store);
    accounts.#decoy = await hashPassword(randomBytes(16).toString("hex"));
    if (store.count("users") > 0) return { accounts, firstPassword: null };
    const password = admin.password === "" ? randomBytes(15).toString("base64url") : admin.password;
    const hash = await hashPassword(password);
    const record = await store.write((tx) => {
      const user: UserRecord = {
        id: tx.nextId("users"),
        username: admin.user,
        email: admin.user.includes("@") ? admin.user : `${admin.user}@localhost`,
        password: hash,
        active: true,
        superuser: true,
        created: new Date().toISOString(),
      };
      tx.put("users", user.id, user);
      return user;
    });
    accounts.#learn(record.id, record);
    return { accounts, firstPassword: admin.password === "" ? password : null };
  }

  /**
   * Who `name` (user name or e-mail) is if `password` is right, else null; at once when the same credentials were
   * verified a short while ago. Errors: LOGIN_LIMITED after too many failures from the address, OVERLOADED.
   */
  password(name: string, password: string, from: Origin): Account | null | Promise<Account | null> {
    const now = Date.now();
    const key = this.#keyOf(name, password, now);
    const known = this.#verified.get(key);
    if (known) {
      const user = this.#users.get(known.user);
      if (user?.active && user.password === known.hash && known.until > now) {
        this.#remember(name, password, key);
        return accountOf(user);
      }
      this.#verified.delete(key);
    }
    const address = typeof from === "string" ? from : from.address;
    const seconds = this.#limiter.waitSeconds(address);
    if (seconds > 0) throw new AppError("LOGIN_LIMITED", { address, seconds });
    // Many requests with the same credentials at once pay for one hash.
    const running = this.#verifying.get(key);
    if (running) return running;
    const check = this.#verify(key, name, password, address).finally(() => this.#verifying.delete(key));
    this.#verifying.set(key, check);
    return check;
  }

  /** What stands for credentials in memory. */
  #keyOf(name: string, password: string, now: number): string {
    if (now > this.#keysUntil) {
      this.#keys.clear();
      this.#keysUntil = now + KEYS_MS;
    }
    const known = this.#keys.get(`${name}\0${password}`);
    if (known !== undefined) return known;
    return createHmac("sha256", this.#cacheKey).update(name).update("\0").update(password).digest("base64");
  }

  /** Only of credentials that are right. */
  #remember(name: string, password: string, key: string): void {
    if (this.#keys.size < KEYS) this.#keys.set(`${name}\0${password}`, key);
  }

  /** Who holds the token, or null. */
  token(token: string, surface: TokenRecord["surface"]): Account | null {
    const record = token.length > 0 && token.length <= 128 ? this.#store.get("tokens", tokenKey(token)) : undefined;
    if (!record || record.surface !== surface || (record.expires !== 0 && record.expires < Date.now())) return null;
    const user = this.#users.get(record.user);
    return user?.active ? accountOf(user) : null;
  }

  /** A new token for right credentials, else null. Errors as `password`. */
  async login(name: string, password: string, address: string, surface: TokenRecord["surface"]): Promise<Login | null> {
    const account = await this.password(name, password, address);
    const proved = account && this.#users.get(account.id);
    if (!proved) return null;
    const token = randomBytes(16).toString("hex");
    const expires = surface === "x-auth-token" ? Date.now() + LIMITS.tokenLifetimeMs : 0;
    const made = await this.#store.write((tx) => {
      // The password may be changed, or the user be gone, by a write before this one: then nothing was proved.
      const user = tx.get("users", account.id);
      if (!user?.active || user.password !== proved.password) return false;
      const own = tx.list("tokens").filter(({ value }) => value.user === account.id);
      const stale = own.filter(({ value }) => value.expires !== 0 && value.expires < Date.now());
      const live = own
        .filter((one) => !stale.includes(one))
        .sort((a, b) => (a.value.created < b.value.created ? -1 : 1));
      const surplus = live.slice(0, Math.max(0, live.length + 1 - LIMITS.tokensPerUser));
      for (const { key } of [...stale, ...surplus]) tx.remove("tokens", key);
      tx.put("tokens", tokenKey(token), { user: account.id, surface, created: new Date().toISOString(), expires });
      return true;
    });
    return made ? { token, expiresMs: expires, account } : null;
  }

  /** True when there was such a token; it is gone after that. */
  logout(token: string): Promise<boolean> {
    return this.#store.write((tx) => tx.remove("tokens", tokenKey(token)));
  }

  async #verify(key: string, name: string, password: string, address: string): Promise<Account | null> {
    const user = this.#users.get(this.#byName.get(name.toLowerCase()) ?? 0);
    const bounded = Buffer.byteLength(password) <= LIMITS.passwordBytes;
    const right = await verifyPassword(bounded ? password : "", user?.password ?? this.#decoy);
    if (!user?.active || !right || !bounded) {
      this.#limiter.failed(address);
      return null;
    }
    // The user as it is now: the hash took a while, in which the password may have been changed.
    const now = this.#users.get(user.id);
    if (!now?.active || now.password !== user.password) return null;
    if (this.#verified.size >= LIMITS.verifiedPasswordCacheEntries) {
      this.#verified.delete(this.#verified.keys().next().value as string);
    }
    this.#verified.set(key, { user: user.id, hash: user.password, until: Date.now() + LIMITS.verifiedPasswordCacheMs });
    return accountOf(now);
  }

  #learn(id: number, user: UserRecord | undefined): void {
    const before = this.#users.get(id);
    if (before) for (const name of [before.username, before.email]) this.#byName.delete(name.toLowerCase());
    this.#users.delete(id);
    if (!user) return;
    this.#users.set(id, user);
    for (const name of [user.username, user.email]) if (name !== "") this.#byName.set(name.toLowerCase(), id);
  }
}
