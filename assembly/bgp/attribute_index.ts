// Where each attribute of a list stands, by code, and a writer that makes a new list within bounds. One list and one
// output at a time: nothing here is re-entrant.

import { loadU16, storeU16 } from "../mem/bytes";
import { FLAG_EXTENDED_LENGTH } from "./layout";

const starts: usize = memory.data(256 * 4);
// One bit a code.
const present: usize = memory.data(32);

/** Finds the attributes of a list. Of two with one code the first counts (RFC 7606 §3g). False: they do not fill it. */
export function indexAttributes(p: usize, bytes: u32): bool {
  store<u64>(present, 0);
  store<u64>(present, 0, 8);
  store<u64>(present, 0, 16);
  store<u64>(present, 0, 24);
  const end = p + bytes;
  while (p < end) {
    if (end - p < 4 && (end - p < 3 || load<u8>(p, 2) != 0 || (load<u8>(p) & FLAG_EXTENDED_LENGTH) != 0)) return false;
    const size = attributeBytes(p);
    if (size > <u32>(end - p)) return false;
    const code = <u32>load<u8>(p, 1);
    const word = present + ((<usize>code >> 6) << 3);
    const bit = (<u64>1) << (code & 63);
    const found = load<u64>(word);
    if ((found & bit) == 0) {
      store<u64>(word, found | bit);
      store<u32>(starts + ((<usize>code) << 2), <u32>p);
    }
    p += size;
  }
  return true;
}

/** The attribute with this code, 0 when there is none. */
export function attributeAt(code: u32): usize {
  const found = (load<u64>(present + ((<usize>code >> 6) << 3)) >> (code & 63)) & 1;
  return found != 0 ? load<u32>(starts + ((<usize>code) << 2)) : <u32>0;
}

/** The codes from 64 * `word` on that are there, a bit each. */
export function codesPresent(word: usize): u64 {
  return load<u64>(present + (word << 3));
}

/** All of an attribute: head and value. */
export function attributeBytes(start: usize): u32 {
  return (load<u8>(start) & FLAG_EXTENDED_LENGTH) != 0 ? 4 + loadU16(start + 2) : 3 + <u32>load<u8>(start, 2);
}

export function valueAt(start: usize): usize {
  return start + ((load<u8>(start) & FLAG_EXTENDED_LENGTH) != 0 ? 4 : 3);
}

export function valueBytes(start: usize): u32 {
  return (load<u8>(start) & FLAG_EXTENDED_LENGTH) != 0 ? loadU16(start + 2) : <u32>load<u8>(start, 2);
}

let begin: usize = 0;
let at: usize = 0;
let end: usize = 0;
let full: bool = false;

/** Starts a list of at most `most` bytes at `out`. */
export function openList(out: usize, most: u32): void {
  begin = out;
  at = out;
  end = out + most;
  full = false;
}

/** The bytes of the finished list, or -1 when it did not fit. */
export function closeList(): i32 {
  return full ? -1 : <i32>(at - begin);
}

/** Makes the list fail: what it should hold cannot be written. */
export function failList(): void {
  full = true;
}

export function copyAttribute(start: usize): void {
  const bytes = attributeBytes(start);
  if (<u32>(end - at) < bytes) {
    full = true;
    return;
  }
  memory.copy(at, start, bytes);
  at += bytes;
}

/** The same with other flags; the length form stays. */
export function copyWithFlags(start: usize, flags: u32): void {
  const to = at;
  copyAttribute(start);
  if (!full) store<u8>(to, flags | (<u32>load<u8>(start) & FLAG_EXTENDED_LENGTH));
}

/** Room for a value of at most `most` bytes, which endValue() closes; 0 when there is none. */
export function beginValue(most: u32): usize {
  if (most > 0xffff || <u32>(end - at) < most + 4) {
    full = true;
    return 0;
  }
  return at + 4;
}

/** Puts the head before the value that stands where beginValue() said. */
export function endValue(flags: u32, code: u32, bytes: u32): void {
  if (bytes > 255) {
    store<u8>(at, flags | FLAG_EXTENDED_LENGTH);
    store<u8>(at, code, 1);
    storeU16(at + 2, bytes);
    at += 4 + bytes;
    return;
  }
  store<u8>(at, flags & ~FLAG_EXTENDED_LENGTH);
  store<u8>(at, code, 1);
  store<u8>(at, bytes, 2);
  memory.copy(at + 3, at + 4, bytes);
  at += 3 + bytes;
}

/** A four-octet value as it lies in memory. */
export function writeWord(flags: u32, code: u32, word: u32): void {
  const value = beginValue(4);
  if (value == 0) return;
  store<u32>(value, word);
  endValue(flags, code, 4);
}
