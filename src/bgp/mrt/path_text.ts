// The attributes of one path as the columns of a line.

import { MrtFault } from "./decode.js";
import { type Ink, long, word } from "./ink.js";

const EXTENDED_LENGTH = 0x10;
const AS_TRANS = 23456;
const BAR = 124;
const BLANK = 32;

/** Part of an MP attribute: the prefixes from `at` to `end`. */
export interface MpPart {
  readonly afi: number;
  readonly safi: number;
  /** Where the next hop is in the attributes' bytes: 4 or 16 octets; -1 for none. */
  readonly hop: number;
  readonly wide: boolean;
  readonly at: number;
  readonly end: number;
}

/** Octets that an attribute has at least. */
const LEAST: Readonly<Record<number, number>> = { 1: 1, 3: 4, 4: 4, 5: 4, 14: 1, 15: 3, 18: 8 };
/** Codes whose place is kept. */
const CODES = 19;

/** Where the attributes of a path are. One object serves all paths of a file: read() fills it anew. */
export class PathText {
  reach: MpPart[] = [];
  unreach: MpPart[] = [];
  #bytes: Uint8Array = new Uint8Array();
  #asBytes: 2 | 4 = 4;
  /** By code: where its value begins, -1 when it is not there, and ends. */
  readonly #at = new Int32Array(CODES);
  readonly #end = new Int32Array(CODES);

  /** Reads the attributes from `at` to `end`. Throws MrtFault where they do not fit. */
  read(bytes: Buffer, at: number, end: number, asBytes: 2 | 4): void {
    this.#bytes = bytes;
    this.#asBytes = asBytes;
    this.#at.fill(-1);
    if (this.reach.length > 0) this.reach = [];
    if (this.unreach.length > 0) this.unreach = [];
    for (let next = at; next < end; ) {
      const flags = bytes[next] as number;
      const code = bytes[next + 1] as number;
      const extended = (flags & EXTENDED_LENGTH) !== 0;
      const from = next + (extended ? 4 : 3);
      if (from > end) throw new MrtFault("its attributes end within an attribute");
      next = from + (extended ? word(bytes, next + 2) : (bytes[next + 2] as number));
      if (next > end) throw new MrtFault(`attribute ${code} is longer than what is left of the attributes`);
      const least = code === 7 ? asBytes + 4 : (LEAST[code] ?? 0);
      if (next - from < least) throw new MrtFault(`attribute ${code} has ${next - from} bytes, fewer than ${least}`);
      if (code < CODES) {
        this.#at[code] = from;
        this.#end[code] = next;
      }
      if (code === 14) this.reach.push(reachPart(bytes, from, next));
      else if (code === 15) this.unreach.push(unreachPart(bytes, from, next));
    }
  }

  /** The columns behind the prefix, with the end of the line. `part`: whose next hop counts; null: NEXT_HOP. */
  columns(to: Ink, part: MpPart | null): void {
    const bytes = this.#bytes;
    const at = this.#at;
    const number = (code: number) => ((at[code] as number) < 0 ? 0 : long(bytes, at[code] as number));
    const as4 = this.#as4Due();
    this.#path(to, as4);
    const origin = (at[1] as number) < 0 ? 2 : bytes[at[1] as number];
    to.ascii(origin === 0 ? "|IGP|" : origin === 1 ? "|EGP|" : "|INCOMPLETE|");
    const hop = part ? part.hop : (at[3] as number);
    if (part?.wide) to.address6(bytes, hop);
    else if (hop >= 0) to.address4(bytes, hop);
    else to.ascii("255.255.255.255");
    to.octet(BAR).number(number(5)).octet(BAR).number(number(4)).octet(BAR);
    if ((at[8] as number) >= 0) to.communities(bytes, at[8] as number, this.#end[8] as number);
    to.ascii((at[6] as number) < 0 ? "|NAG|" : "|AG|");
    this.#aggregator(to, as4);
    to.ascii("|\n");
  }

  /** AS4_AGGREGATOR counts, and with it AS4_PATH, unless AGGREGATOR has an AS of its own (RFC 6793 §4.2.3). */
  #as4Due(): boolean {
    if (this.#asBytes === 4) return false;
    const own = this.#at[7] as number;
    return own < 0 || (this.#at[18] as number) < 0 || word(this.#bytes, own) === AS_TRANS;
  }

  #aggregator(to: Ink, as4: boolean): void {
    const own = this.#at[7] as number;
    if (own < 0) return;
    const bytes = this.#bytes;
    const newer = this.#at[18] as number;
    if (as4 && newer >= 0)
      to.number(long(bytes, newer))
        .octet(BLANK)
        .address4(bytes, newer + 4);
    else {
      to.number(this.#asBytes === 4 ? long(bytes, own) : word(bytes, own)).octet(BLANK);
      to.address4(bytes, own + this.#asBytes);
    }
  }

  /** The path, with AS4_PATH brought in where it is due. */
  #path(to: Ink, as4: boolean): void {
    const bytes = this.#bytes;
    const [at, end] = [this.#at[2] as number, this.#end[2] as number];
    if (at < 0) return;
    const from = to.length;
    const whole = to.asPath(bytes, at, end, this.#asBytes);
    if (!whole) to.ascii("! Error !");
    const [newAt, newEnd] = [this.#at[17] as number, this.#end[17] as number];
    if (!whole || !as4 || newAt < 0) return;
    const keep = pathLength(bytes, at, end, 2) - pathLength(bytes, newAt, newEnd, 4);
    if (keep < 0) return;
    const old = to.length;
    // Behind the old path, so that a malformed new one leaves that as it is.
    leading(to, bytes, at, end, keep);
    if (to.length > old && newEnd > newAt) to.octet(BLANK);
    if (!to.asPath(bytes, newAt, newEnd, 4)) {
      to.length = old;
      return;
    }
    to.bytes.copyWithin(from, old, to.length);
    to.length -= old - from;
  }
}

/** ASes of a path as RFC 6793 §4.2.3 counts them: a set is one. */
function pathLength(bytes: Uint8Array, from: number, end: number, asBytes: 2 | 4): number {
  let length = 0;
  for (let at = from; at + 2 <= end; at += 2 + (bytes[at + 1] as number) * asBytes) {
    const set = bytes[at] === 1 || bytes[at] === 4;
    length += set ? 1 : (bytes[at + 1] as number);
  }
  return length;
}

/** Writes the first `count` ASes of a path with two-octet numbers. */
function leading(to: Ink, bytes: Uint8Array, from: number, end: number, count: number): void {
  const parts: Uint8Array[] = [];
  let left = count;
  for (let at = from; at < end && left > 0; ) {
    const [type, length] = [bytes[at] as number, bytes[at + 1] as number];
    const set = type === 1 || type === 4;
    const taken = set ? length : Math.min(length, left);
    parts.push(Uint8Array.of(type, taken), bytes.subarray(at + 2, at + 2 + taken * 2));
    left -= set ? 1 : length;
    at += 2 + length * 2;
  }
  const whole = Buffer.concat(parts);
  to.asPath(whole, 0, whole.length, 2);
}

/** A next hop of `size` octets at `at`: of two addresses the first, the other is link-local. */
const hopOf = (at: number, size: number) => ({ hop: size >= 4 ? at : -1, wide: size >= 16 });

/** MP_REACH_NLRI, whole or, as in a RIB's record, nothing but the next hop (RFC 6396 §4.3.4). */
function reachPart(bytes: Buffer, at: number, end: number): MpPart {
  const bare = bytes[at] as number;
  if (end - at === 1 + bare) return { afi: 0, safi: 0, ...hopOf(at + 1, bare), at: end, end };
  if (end - at < 5) throw new MrtFault(`attribute 14 has ${end - at} bytes`);
  const size = bytes[at + 3] as number;
  const hopEnd = at + 4 + size;
  if (hopEnd >= end) throw new MrtFault("the next hop of attribute 14 is longer than the attribute");
  // One reserved octet follows, once the number of SNPAs (RFC 4760 §3).
  return { afi: word(bytes, at), safi: bytes[at + 2] as number, ...hopOf(at + 4, size), at: hopEnd + 1, end };
}

function unreachPart(bytes: Buffer, at: number, end: number): MpPart {
  return { afi: word(bytes, at), safi: bytes[at + 2] as number, hop: -1, wide: false, at: at + 3, end };
}
