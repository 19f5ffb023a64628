// Everything that is derived from a node key. The key itself never crosses the wire: the node channel proves it with
// HMACs, and the tunnel's pre-shared key is derived from it at both ends (docs/node-channel.md).

import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

const NONCE_BYTES = 32;

/** A new node key: 160 random bits as 40 hex digits, short enough to be typed into a box. */
export function newNodeKey(): string {
  return randomBytes(20).toString("hex");
}

function derive(key: string, salt: Uint8Array, label: string): Buffer {
  return Buffer.from(hkdfSync("sha256", Buffer.from(key, "utf8"), salt, label, 32));
}

/** The public name of a node key: says which key without telling it. 32 hex digits. */
export function keyId(key: string): string {
  return derive(key, Buffer.alloc(0), "sennit node id v1").toString("hex").slice(0, 32);
}

/** The pre-shared key of a bond's tunnel, base64 of 32 bytes. */
export function bondPsk(key: string, bond: number): string {
  return derive(key, Buffer.alloc(0), `sennit bond psk v1 ${bond}`).toString("base64");
}

export interface SessionKeys {
  /** Authenticates what the node says. */
  readonly node: Buffer;
  /** Authenticates what the manager says. */
  readonly manager: Buffer;
}

/** The two keys of a session, from both ends' nonces (base64url). */
export function sessionKeys(key: string, nodeNonce: string, managerNonce: string): SessionKeys {
  const salt = Buffer.concat([Buffer.from(nodeNonce, "base64url"), Buffer.from(managerNonce, "base64url")]);
  return {
    node: derive(key, salt, "sennit node channel v1 node"),
    manager: derive(key, salt, "sennit node channel v1 manager"),
  };
}

/** A fresh nonce, base64url of 32 random bytes. */
export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString("base64url");
}

/** True when the text is a nonce as `newNonce` makes them. */
export function isNonce(text: unknown): text is string {
  return typeof text === "string" && text.length === 43 && /^[\w-]+$/.test(text);
}

/** HMAC-SHA256 over the parts, joined by line feeds; base64url. */
export function mac(key: Buffer, ...parts: readonly (string | Uint8Array)[]): string {
  const hmac = createHmac("sha256", key);
  parts.forEach((part, i) => {
    if (i > 0) hmac.update("\n");
    hmac.update(part);
  });
  return hmac.digest("base64url");
}

/** Compares two MACs in constant time. */
export function sameMac(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
