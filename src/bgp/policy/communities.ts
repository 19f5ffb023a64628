// Community patterns of all three kinds: exact ones in the forms of /v1, and wildcards.

import { parseAddress } from "../../base/ip.js";
import { LIMITS } from "../../base/limits.js";
import type { CommunityAttribute, Pattern } from "../../wasm/bgp_policy_types.js";
import { type Codec, communities, largeCommunities, ValueError } from "../attribute_values.js";
import { extCommunities } from "../ext_communities.js";
import type { Source } from "./source.js";

interface Kind {
  readonly codec: Codec;
  readonly allowed: string;
  /** Patterns of a text with "*" in it; null when it is none. */
  wildcard(text: string): Pattern[] | null;
}

/** A number of so many bytes, or "*": the bytes of its mask and of its value; null when it is neither. */
function part(text: string, bytes: number): { mask: number[]; value: number[] } | null {
  if (text === "*") return { mask: new Array<number>(bytes).fill(0), value: new Array<number>(bytes).fill(0) };
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number < 2 ** (8 * bytes))) return null;
  const value = Array.from({ length: bytes }, (_, i) => Math.floor(number / 2 ** (8 * (bytes - 1 - i))) % 256);
  return { mask: new Array<number>(bytes).fill(0xff), value };
}

function pattern(parts: readonly ({ mask: number[]; value: number[] } | null)[]): Pattern | null {
  if (parts.some((one) => one === null)) return null;
  const all = parts as { mask: number[]; value: number[] }[];
  return {
    mask: Uint8Array.from(all.flatMap(({ mask }) => mask)),
    value: Uint8Array.from(all.flatMap(({ value }) => value)),
  };
}

/** "n:*" and so on: as many parts as there are widths. */
function byParts(text: string, widths: readonly number[]): Pattern[] | null {
  const texts = text.split(":");
  if (texts.length !== widths.length) return null;
  const found = pattern(widths.map((width, i) => part((texts[i] as string).trim(), width)));
  return found ? [found] : null;
}

const SUBTYPES: Readonly<Record<string, number>> = { "route-target": 2, "route-origin": 3 };

/** "route-target:65001:*", "route-target:*" in each of the shapes that can have it (RFC 4360 §3, RFC 5668). */
function byShape(subtype: number, text: string): Pattern[] | null {
  const at = text.lastIndexOf(":");
  const admin = at < 0 ? text : text.slice(0, at);
  const number = at < 0 ? "*" : text.slice(at + 1);
  if (at < 0 && text !== "*") return null;
  const type = (high: number) => ({ mask: [0xff, 0xff], value: [high, subtype] });
  const address = parseAddress(admin);
  const asAddress = address?.length === 4 ? { mask: [255, 255, 255, 255], value: [...address] } : null;
  const shapes = [
    pattern([type(0), part(admin, 2), part(number, 4)]),
    pattern([type(1), admin === "*" ? part("*", 4) : asAddress, part(number, 2)]),
    pattern([type(2), part(admin, 4), part(number, 2)]),
  ];
  const found = shapes.filter((shape) => shape !== null);
  return found.length === 0 ? null : found;
}

/** "unknown:0002fde8********": hex digits, each of which may be "*". */
function byDigits(text: string): Pattern[] | null {
  if (!/^[0-9a-f*]{16}$/i.test(text)) return null;
  const hex = (digits: string) => Uint8Array.from(Buffer.from(digits, "hex"));
  return [{ mask: hex(text.replace(/[^*]/g, "f").replace(/\*/g, "0")), value: hex(text.replace(/\*/g, "0")) }];
}

function extendedWildcard(text: string): Pattern[] | null {
  const at = text.indexOf(":");
  const name = text.slice(0, at).trim().toLowerCase();
  const rest = text.slice(at + 1).trim();
  if (name === "unknown") return byDigits(rest);
  const subtype = SUBTYPES[name];
  return subtype === undefined ? null : byShape(subtype, rest);
}

const KINDS: Readonly<Record<CommunityAttribute, Kind>> = {
  communities: {
    codec: communities,
    allowed: '"n:n" with numbers up to 65535, either of which may be "*", or a well-known name',
    wildcard: (text) => byParts(text, [2, 2]),
  },
  extended_communities: {
    codec: extCommunities,
    allowed: '"name:value", "route-target:n:*", "route-origin:*" or "unknown:" and 16 hex digits, some of them "*"',
    wildcard: extendedWildcard,
  },
  large_communities: {
    codec: largeCommunities,
    allowed: '"n:n:n" with numbers up to 4294967295, any of which may be "*"',
    wildcard: (text) => byParts(text, [4, 4, 4]),
  },
};

/** The wire form of one or more exact communities. */
function exact(source: Source, kind: Kind): Buffer {
  try {
    return kind.codec.encode([source.value], 4);
  } catch (error) {
    if (error instanceof ValueError) return source.fail(kind.allowed);
    throw error;
  }
}

const WIDTHS: Readonly<Record<CommunityAttribute, number>> = {
  communities: 4,
  extended_communities: 8,
  large_communities: 12,
};

const tooMany = `at most ${LIMITS.bgpPolicyListed} communities here`;

/** Communities to add: exact ones, one after another on the wire. */
export function readCommunities(source: Source, attribute: CommunityAttribute): Uint8Array {
  const bytes = Uint8Array.from(Buffer.concat(source.items().map((item) => exact(item, KINDS[attribute]))));
  if (bytes.length > LIMITS.bgpPolicyListed * WIDTHS[attribute]) source.fail(tooMany);
  return bytes;
}

/**
 * Communities to look for, a group an item: a wildcard may stand for several shapes of one thing, any of which will do.
 */
export function readGroups(source: Source, attribute: CommunityAttribute): Pattern[][] {
  const kind = KINDS[attribute];
  const width = WIDTHS[attribute];
  const groups = source.items().flatMap((item): Pattern[][] => {
    if (typeof item.value === "string" && item.value.includes("*")) {
      return [kind.wildcard(item.value.trim()) ?? item.fail(kind.allowed)];
    }
    const bytes = exact(item, kind);
    return Array.from({ length: bytes.length / width }, (_, i) => [
      { mask: new Uint8Array(width).fill(0xff), value: Uint8Array.from(bytes.subarray(i * width, (i + 1) * width)) },
    ]);
  });
  const wild = groups.flat().filter(({ mask }) => mask.some((byte) => byte !== 0xff)).length;
  if (wild > LIMITS.bgpPolicyWildcards) source.fail(`at most ${LIMITS.bgpPolicyWildcards} wildcards in a list`);
  return groups;
}

/** Communities that must all be there, in groups. */
export function readAll(source: Source, attribute: CommunityAttribute): Pattern[][] {
  const groups = readGroups(source, attribute);
  return groups.length > LIMITS.bgpPolicyListed ? source.fail(tooMany) : groups;
}

/** Communities to remove. */
export function readPatterns(source: Source, attribute: CommunityAttribute): Pattern[] {
  return readGroups(source, attribute).flat();
}
