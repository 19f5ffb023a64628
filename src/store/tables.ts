// All tables of the store, one row each: name, record type, what it keeps. Records are plain objects (msgpack on disk).
// Changing a record's shape needs a numbered migration in migrate.ts.

export interface UserRecord {
  id: number;
  username: string;
  email: string;
  /** scrypt$N$r$p$salt$hash, base64url. */
  password: string;
  active: boolean;
  superuser: boolean;
  created: string;
}

export interface TokenRecord {
  /** The key is the SHA-256 of the token, so that a stolen store holds no tokens. */
  user: number;
  surface: "token" | "x-auth-token";
  created: string;
  /** Epoch ms; 0 = never. */
  expires: number;
}

export interface Tables {
  users: UserRecord;
  tokens: TokenRecord;
}

export type TableName = keyof Tables;

/** Table names in their on-disk form; the order has no meaning. */
export const TABLES: readonly TableName[] = ["users", "tokens"];
