// The look-up tables of policy programs: prefixes by hash, AS numbers and communities in order.
// assembly/bgp/policy_match.ts reads them.

import * as n from "../../assembly/bgp/policy_layout.js";
import type { Automaton, Pattern, PrefixRange } from "./bgp_policy_types.js";

/** Bytes that grow; offsets are from the start, words are little-endian. */
export class ProgramBytes {
  #bytes = Buffer.alloc(4_096);
  #end = 0;

  /** Zeroed room for `bytes`; returns its offset, a multiple of 4. */
  room(bytes: number): number {
    const at = this.#end;
    this.#end += (bytes + 3) & ~3;
    if (this.#end > this.#bytes.length) {
      const wider = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#end));
      this.#bytes.copy(wider, 0, 0, at);
      this.#bytes = wider;
    }
    return at;
  }

  word(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value >>> 0, at);
  }

  readWord(at: number): number {
    return this.#bytes.readUInt32LE(at);
  }

  half(at: number, value: number): void {
    this.#bytes.writeUInt16LE(value, at);
  }

  copy(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at);
  }

  /** A list of words of its own; returns its offset. */
  words(values: readonly number[]): number {
    const at = this.room(values.length * 4);
    values.forEach((value, i) => {
      this.word(at + i * 4, value);
    });
    return at;
  }

  /** All of it. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(0, this.#end));
  }
}

const A = n.PREFIX_HASH_A;
const B = n.PREFIX_HASH_B;

function hash4(prefix: number, length: number): number {
  let h = Math.imul(prefix ^ length, A);
  h = Math.imul(h ^ (h >>> 15), B);
  return (h ^ (h >>> 13)) >>> 0;
}

function hash6(bytes: Uint8Array, length: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  let h = length;
  for (let i = 0; i < 16; i += 4) {
    h = Math.imul(h ^ view.getUint32(i, true), A);
    h ^= h >>> 15;
  }
  h = Math.imul(h, B);
  return (h ^ (h >>> 13)) >>> 0;
}

/** A table of ranges of one kind of address; 0 when there are none. */
export function prefixTable(program: ProgramBytes, ranges: readonly PrefixRange[]): number {
  const width = ranges[0]?.bytes.length;
  if (width === undefined) return 0;
  const seen = new Set<string>();
  const log2 = Math.max(1, Math.ceil(Math.log2(ranges.length * 2)));
  const maskWords = width === 4 ? n.PREFIX_MASK_WORDS_4 : n.PREFIX_MASK_WORDS_6;
  const lengthsBytes = (width * 8 + 1) * maskWords * 4;
  const stride = width + 4;
  const table = program.room(n.PREFIX_LENGTHS + lengthsBytes + stride * 2 ** log2);
  const slots = table + n.PREFIX_LENGTHS + lengthsBytes;
  program.word(table + n.PREFIX_SHIFT, 32 - log2);
  for (const { bytes, length, least, most } of ranges) {
    const key = `${Buffer.from(bytes).toString("latin1")}${length},${least},${most}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (let at = least; at <= most; at++) {
      const word = table + n.PREFIX_LENGTHS + (at * maskWords + (length >> 5)) * 4;
      program.word(word, program.readWord(word) | (1 << (length & 31)));
    }
    const address = Buffer.from(bytes);
    const hash = width === 4 ? hash4(address.readUInt32BE(0), length) : hash6(bytes, length);
    let slot = hash >>> (32 - log2);
    while (program.readWord(slots + slot * stride + width) !== 0) slot = (slot + 1) % 2 ** log2;
    if (width === 4) program.word(slots + slot * stride, address.readUInt32BE(0));
    else program.copy(slots + slot * stride, bytes);
    program.word(slots + slot * stride + width, length | (least << 8) | (most << 16) | (1 << 24));
  }
  return table;
}

/** A set of AS numbers; 0 when nothing is asked. */
export function asSet(program: ProgramBytes, numbers: readonly number[] | undefined): number {
  if (!numbers) return 0;
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return program.words([sorted.length, ...sorted]);
}

/** The 12 bytes in which the Wasm half compares an entry: its first octet is the highest. */
function comparable(entry: Uint8Array): Buffer {
  const source = Buffer.from(entry);
  const out = Buffer.alloc(n.PATTERN_BYTES);
  if (entry.length === 4) out.writeUInt32LE(source.readUInt32BE(0), 0);
  else out.writeBigUInt64LE(source.readBigUInt64BE(0), 0);
  if (entry.length === 12) out.writeUInt32LE(source.readUInt32BE(8), 8);
  return out;
}

export function patternTable(program: ProgramBytes, patterns: readonly Pattern[]): number {
  const isExact = ({ mask }: Pattern) => mask.every((byte) => byte === 0xff);
  const exact = [...new Set(patterns.filter(isExact).map(({ value }) => Buffer.from(value).toString("hex")))]
    .sort()
    .map((hex) => Buffer.from(hex, "hex"));
  const wild = patterns.filter((pattern) => !isExact(pattern));
  const at = program.room(n.PATTERNS_BYTES + exact.length * n.PATTERN_BYTES + wild.length * n.PATTERN_BYTES * 2);
  program.word(at + n.PATTERNS_EXACT, exact.length);
  program.word(at + n.PATTERNS_WILD, wild.length);
  let entry = at + n.PATTERNS_BYTES;
  const put = (bytes: Uint8Array) => {
    program.copy(entry, comparable(bytes));
    entry += n.PATTERN_BYTES;
  };
  for (const value of exact) put(value);
  for (const { mask, value } of wild) {
    put(mask);
    put(value.map((byte, i) => byte & (mask[i] as number)));
  }
  return at;
}

export function automatonTable(program: ProgramBytes, automaton: Automaton): number {
  const at = program.room(automaton.states.length * n.STATE_BYTES);
  automaton.states.forEach(({ match, matchAtEnd, dead, next }, i) => {
    const row = at + i * n.STATE_BYTES;
    const flags = (match ? n.STATE_MATCH : 0) | (matchAtEnd ? n.STATE_MATCH_AT_END : 0) | (dead ? n.STATE_DEAD : 0);
    program.word(row, flags);
    next.forEach((state, symbol) => {
      program.half(row + 4 + symbol * 2, state);
    });
  });
  return at;
}
