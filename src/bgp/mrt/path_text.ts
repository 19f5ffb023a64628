// The attributes of one path as the columns of a line.

import { MrtFault } from "./decode.js";
import { address, address4, asPath, communities, long, pathLength, word } from "./text.js";

const EXTENDED_LENGTH = 0x10;
const AS_TRANS = 23456;
const ORIGINS: Readonly<Record<number, string>> = { 0: "IGP", 1: "EGP" };

/** Part of an MP attribute: the prefixes from `at` to `end`. */
export interface MpPart {
  readonly afi: number;
  readonly safi: number;
  readonly hop: string;
  readonly at: number;
  readonly end: number;
}

interface Place {
  at: number;
  end: number;
}

/** The columns. One object serves all paths of a file: read() fills it anew. */
export class PathText {
  asPath = "";
  origin = "INCOMPLETE";
  /** NEXT_HOP; what bgpdump prints where there is none. */
  hop = "255.255.255.255";
  localPref = 0;
  med = 0;
  communities = "";
  atomic = false;
  aggregator = "";
  reach: MpPart[] = [];
  unreach: MpPart[] = [];
  #aggregatorAs = 0;
  #path: Place | null = null;
  #as4Path: Place | null = null;
  #as4Aggregator: Place | null = null;

  /** Reads the attributes from `at` to `end`. Throws MrtFault where they do not fit. */
  read(bytes: Buffer, at: number, end: number, asBytes: 2 | 4): void {
    this.#reset();
    for (let next = at; next < end; ) {
      const flags = bytes[next] as number;
      const code = bytes[next + 1] as number;
      const extended = (flags & EXTENDED_LENGTH) !== 0;
      const from = next + (extended ? 4 : 3);
      if (from > end) throw new MrtFault("its attributes end within an attribute");
      next = from + (extended ? word(bytes, next + 2) : (bytes[next + 2] as number));
      if (next > end) throw new MrtFault(`attribute ${code} is longer than what is left of the attributes`);
      this.#one(bytes, code, from, next, asBytes);
    }
    this.#finish(bytes, asBytes);
  }

  #reset(): void {
    this.asPath = "";
    this.origin = "INCOMPLETE";
    this.hop = "255.255.255.255";
    this.localPref = 0;
    this.med = 0;
    this.communities = "";
    this.atomic = false;
    this.aggregator = "";
    if (this.reach.length > 0) this.reach = [];
    if (this.unreach.length > 0) this.unreach = [];
    this.#path = this.#as4Path = this.#as4Aggregator = null;
  }

  #one(bytes: Buffer, code: number, at: number, end: number, asBytes: 2 | 4): void {
    const least = LEAST[code] ?? (code === 7 ? asBytes + 4 : 0);
    if (end - at < least) throw new MrtFault(`attribute ${code} has ${end - at} bytes, fewer than ${least}`);
    if (code === 1) this.origin = ORIGINS[bytes[at] as number] ?? "INCOMPLETE";
    else if (code === 2) this.#path = { at, end };
    else if (code === 3) this.hop = address4(bytes, at);
    else if (code === 4) this.med = long(bytes, at);
    else if (code === 5) this.localPref = long(bytes, at);
    else if (code === 6) this.atomic = true;
    else if (code === 7) this.#aggregator(bytes, at, asBytes);
    else if (code === 8) this.communities = communities(bytes, at, end);
    else if (code === 14) this.reach.push(reachPart(bytes, at, end));
    else if (code === 15) this.unreach.push(unreachPart(bytes, at, end));
    else if (code === 17) this.#as4Path = { at, end };
    else if (code === 18) this.#as4Aggregator = { at, end };
  }

  #aggregator(bytes: Buffer, at: number, asBytes: 2 | 4): void {
    this.#aggregatorAs = asBytes === 4 ? long(bytes, at) : word(bytes, at);
    this.aggregator = `${this.#aggregatorAs} ${address4(bytes, at + asBytes)}`;
  }

  /** The path, with AS4_PATH and AS4_AGGREGATOR brought in where both ends did not speak four octets (RFC 6793 §4.2.3). */
  #finish(bytes: Buffer, asBytes: 2 | 4): void {
    const old = this.#path;
    if (!old) return;
    const text = asPath(bytes, old.at, old.end, asBytes);
    this.asPath = text ?? "! Error !";
    if (asBytes === 4) return;
    const aggregator = this.#as4Aggregator;
    if (this.aggregator !== "" && aggregator) {
      if (this.#aggregatorAs !== AS_TRANS) return;
      this.aggregator = `${long(bytes, aggregator.at)} ${address4(bytes, aggregator.at + 4)}`;
    }
    const as4 = this.#as4Path;
    const newer = as4 && asPath(bytes, as4.at, as4.end, 4);
    if (!as4 || text === null || newer === null) return;
    const keep = pathLength(bytes, old.at, old.end, 2) - pathLength(bytes, as4.at, as4.end, 4);
    if (keep < 0) return;
    const head = leading(bytes, old, keep);
    this.asPath = head === "" || newer === "" ? head + newer : `${head} ${newer}`;
  }
}

/** Octets that an attribute has at least. */
const LEAST: Readonly<Record<number, number>> = { 1: 1, 3: 4, 4: 4, 5: 4, 14: 1, 15: 3, 18: 8 };

/** The first `count` ASes of a path with two-octet numbers. */
function leading(bytes: Buffer, { at: from, end }: Place, count: number): string {
  const parts: Buffer[] = [];
  let left = count;
  for (let at = from; at < end && left > 0; ) {
    const [type, length] = [bytes[at] as number, bytes[at + 1] as number];
    const set = type === 1 || type === 4;
    const taken = set ? length : Math.min(length, left);
    parts.push(Buffer.of(type, taken), bytes.subarray(at + 2, at + 2 + taken * 2));
    left -= set ? 1 : length;
    at += 2 + length * 2;
  }
  const whole = Buffer.concat(parts);
  return asPath(whole, 0, whole.length, 2) ?? "";
}

/** MP_REACH_NLRI, whole or, as in a RIB's record, nothing but the next hop (RFC 6396 §4.3.4). */
function reachPart(bytes: Buffer, at: number, end: number): MpPart {
  if (end - at === 1 + (bytes[at] as number))
    return { afi: 0, safi: 0, hop: hopText(bytes, at + 1, end), at: end, end };
  if (end - at < 5) throw new MrtFault(`attribute 14 has ${end - at} bytes`);
  const hopEnd = at + 4 + (bytes[at + 3] as number);
  if (hopEnd >= end) throw new MrtFault("the next hop of attribute 14 is longer than the attribute");
  const hop = hopText(bytes, at + 4, hopEnd);
  // One reserved octet follows, once the number of SNPAs (RFC 4760 §3).
  return { afi: word(bytes, at), safi: bytes[at + 2] as number, hop, at: hopEnd + 1, end };
}

/** The first address of a next hop: a link-local one may follow the global one. */
function hopText(bytes: Buffer, at: number, end: number): string {
  const size = end - at;
  return address(bytes.subarray(at, at + (size < 16 ? 4 : 16)));
}

function unreachPart(bytes: Buffer, at: number, end: number): MpPart {
  return { afi: word(bytes, at), safi: bytes[at + 2] as number, hop: "", at: at + 3, end };
}
