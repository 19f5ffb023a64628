// Match fields (spec §7.2.2, §7.2.3): OXM TLVs to items and back, for any field: the table says only how long each is.

import { loadU16, storeU16 } from "../mem/bytes";
import { FIELD_BYTES, pad8, zero } from "./arena";
import { itemCopy, itemKind, itemSize } from "./item";
import {
  ERR_LENGTH,
  ERR_MATCH_TYPE,
  ERR_OXM_LENGTH,
  FLAG_MASKED,
  ITEM_ARG,
  ITEM_CODE,
  ITEM_FLAGS,
  ITEM_HEAD,
  ITEM_LENGTH,
  KIND_MATCH,
  OXM_CLASS_BASIC,
} from "./layout";

const OFPMT_OXM: u32 = 1;

/** Length of the OXM TLV at `p`, or an error when it does not end by `end` or has a known field's length wrong. */
export function oxmLength(p: usize, end: usize): i32 {
  if (p + 4 > end) return ERR_LENGTH;
  const length: u32 = load<u8>(p + 3);
  if (p + 4 + length > end) return ERR_LENGTH;
  if (loadU16(p) == OXM_CLASS_BASIC) {
    const field: u32 = load<u8>(p + 2);
    const known: u32 = load<u8>(FIELD_BYTES + (field >>> 1));
    if (known != 0 && length != known << (field & 1)) return ERR_OXM_LENGTH;
  }
  return 4 + length;
}

/** Turns the match at `p` into items at `out`; returns the address after them, or an error. */
export function unpackMatch(p: usize, end: usize, out: usize): i32 {
  if (p + 8 > end) return ERR_LENGTH;
  if (loadU16(p) != OFPMT_OXM) return ERR_MATCH_TYPE;
  const length: usize = loadU16(p + 2);
  if (length < 4 || p + pad8(length) > end) return ERR_LENGTH;
  const stop = p + length;
  p += 4;
  while (p < stop) {
    const size = oxmLength(p, stop);
    if (size < 0) return size;
    const field: u32 = load<u8>(p + 2);
    out = itemCopy(out, KIND_MATCH, field & 1, field >>> 1, loadU16(p), p + 4, size - 4);
    p += size;
  }
  return <i32>out;
}

/** Bytes of the (checked) match at `p`, with its padding. */
export function matchBytes(p: usize): usize {
  return pad8(loadU16(p + 2));
}

/** Writes the match items from `item` to `end` as one match; returns the address after it. */
export function packMatch(item: usize, end: usize, out: usize): usize {
  const start = out;
  storeU16(out, OFPMT_OXM);
  out += 4;
  while (item < end && itemKind(item) == KIND_MATCH) {
    const length: usize = load<u16>(item + ITEM_LENGTH);
    storeU16(out, load<u32>(item + ITEM_ARG));
    store<u8>(out + 2, <u8>((load<u16>(item + ITEM_CODE) << 1) | (load<u8>(item + ITEM_FLAGS) & FLAG_MASKED)));
    store<u8>(out + 3, <u8>length);
    memory.copy(out + 4, item + ITEM_HEAD, length);
    out += 4 + length;
    item += itemSize(item);
  }
  const length = out - start;
  storeU16(start + 2, <u32>length);
  return zero(out, pad8(length) - length);
}

/** Where the items that are not match fields begin. */
export function afterMatch(item: usize, end: usize): usize {
  while (item < end && itemKind(item) == KIND_MATCH) item += itemSize(item);
  return item;
}

/**
 * True when the match at `p` (checked) has exactly the fields of the items from `item` to `end`, in any order.
 * Both sides hold each field once (a switch refuses duplicates), so equal counts and inclusion suffice.
 */
export function matchEquals(p: usize, item: usize, end: usize): bool {
  const stop = p + loadU16(p + 2);
  let there = 0;
  for (let q = p + 4; q < stop; q += 4 + <usize>load<u8>(q + 3)) there++;
  let here = 0;
  while (item < end && itemKind(item) == KIND_MATCH) {
    if (!matchHas(p + 4, stop, item)) return false;
    here++;
    item += itemSize(item);
  }
  return here == there;
}

function matchHas(p: usize, stop: usize, item: usize): bool {
  const length: u32 = load<u16>(item + ITEM_LENGTH);
  const field: u32 = ((<u32>load<u16>(item + ITEM_CODE)) << 1) | (load<u8>(item + ITEM_FLAGS) & FLAG_MASKED);
  for (; p < stop; p += 4 + <usize>load<u8>(p + 3)) {
    if (load<u8>(p + 2) != field || load<u8>(p + 3) != length || loadU16(p) != load<u32>(item + ITEM_ARG)) continue;
    return memory.compare(p + 4, item + ITEM_HEAD, length) == 0;
  }
  return false;
}
