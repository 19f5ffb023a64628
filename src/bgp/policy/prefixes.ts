// Prefix lists: "10.0.0.0/8" (just this one), "10.0.0.0/8{9,24}" as BIRD writes it, "10.0.0.0/8 ge 9 le 24" as FRR
// does, and {prefix, ge, le}.

import { parseAddress, parsePrefix } from "../../base/ip.js";
import type { PrefixRange } from "../../wasm/bgp_policy_types.js";
import type { Source } from "./source.js";

const ALLOWED =
  'a prefix without host bits, also as "10.0.0.0/8{9,24}", "10.0.0.0/8 ge 9 le 24", "10.0.0.0/8+" or {prefix, ge, le}';

/** Lengths: neither given means just the prefix; `ge` alone goes up to the longest, `le` alone begins at the prefix. */
function rangeOf(source: Source, text: string, ge: number | undefined, le: number | undefined): PrefixRange {
  const prefix = parsePrefix(text, true);
  if (!prefix) return source.fail(ALLOWED);
  const { bytes, length } = prefix;
  const least = ge ?? length;
  const most = le ?? (ge === undefined ? length : bytes.length * 8);
  if (least < length || most < least || most > bytes.length * 8) {
    source.fail(`lengths from ${length} to ${bytes.length * 8}, the first not above the second`);
  }
  return { bytes, length, least, most };
}

const number = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits));

function readText(source: Source, text: string): PrefixRange {
  const braces = /^(\S+?)\s*\{\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\}$/.exec(text);
  if (braces) return rangeOf(source, braces[1] as string, number(braces[2]), number(braces[3]));
  if (text.endsWith("+")) {
    const prefix = parsePrefix(text.slice(0, -1), true);
    return prefix ? rangeOf(source, text.slice(0, -1), prefix.length, undefined) : source.fail(ALLOWED);
  }
  const words = /^(\S+)(?:\s+ge\s+(\d{1,3}))?(?:\s+le\s+(\d{1,3}))?$/.exec(text);
  return words ? rangeOf(source, words[1] as string, number(words[2]), number(words[3])) : source.fail(ALLOWED);
}

function readOne(source: Source): PrefixRange {
  if (typeof source.value === "string") return readText(source, source.value.trim());
  if (!source.isObject) source.fail(ALLOWED);
  const given = source.object(["prefix", "ge", "le"]);
  const text = given.get("prefix");
  if (!text) return source.fail(ALLOWED);
  return rangeOf(text, text.text(), given.get("ge")?.integer(0, 128), given.get("le")?.integer(0, 128));
}

/** A list of prefixes, or one. */
export function readPrefixes(source: Source): PrefixRange[] {
  return source.items().map(readOne);
}

/** Where next hops may lie: prefixes, all of whose addresses match, or single addresses. */
export function readNetworks(source: Source): PrefixRange[] {
  return source.items().map((item) => {
    const text = typeof item.value === "string" ? item.value : item.fail("an address or a prefix");
    const address = parseAddress(text);
    const prefix = address ? { bytes: address, length: address.length * 8 } : parsePrefix(text, true);
    if (!prefix) return item.fail("an address, or a prefix without host bits");
    const bits = prefix.bytes.length * 8;
    return { ...prefix, least: bits, most: bits };
  });
}
