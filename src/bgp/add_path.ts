// ADD-PATH as configured (RFC 7911): yabgp's words, `ipv4_send`, `ipv4_receive`, `ipv4_both`, for every family.

import type { Field } from "../base/config.js";
import { FAMILIES, type Family, familyByName } from "./families.js";

/** The capability's Send/Receive values. */
const MODES: Readonly<Record<string, number>> = { receive: 1, send: 2, both: 3 };

export interface AddPath {
  readonly family: Family;
  /** 1 receive, 2 send, 3 both. */
  readonly mode: number;
}

/** The meaning of one word, or null. */
export function readAddPath(word: string): AddPath | null {
  const at = word.lastIndexOf("_");
  const family = familyByName(word.slice(0, at));
  const mode = MODES[word.slice(at + 1)];
  return family && mode !== undefined ? { family, mode } : null;
}

/** What a peer's words mean together. */
export function addPaths(words: readonly string[]): AddPath[] {
  return words.map(readAddPath).filter((one): one is AddPath => one !== null);
}

/** A list of words; also yabgp's single word, and null or "" for none. One word a family. */
export const addPathField: Field<string[]> = {
  allowed: 'a list of words such as "ipv4_both", "ipv6_receive", "ipv4_send"; one a family',
  fallback: [],
  read(value) {
    const words = value === null || value === "" ? [] : typeof value === "string" ? [value] : value;
    if (!Array.isArray(words) || words.length > FAMILIES.length) return undefined;
    const meant = words.map((word) => (typeof word === "string" ? readAddPath(word) : null));
    if (meant.some((one) => one === null)) return undefined;
    return new Set(meant.map((one) => one?.family.name)).size === words.length ? [...words] : undefined;
  },
};
