// Actions (spec §7.2.5): TLVs to items and back, by the form that the action table gives each type. Types that the table
// does not know, lengths that do not fit the form and padding that is not zero are kept raw, so that nothing is lost.

import { loadU16, loadU32, storeU16, storeU32 } from "../mem/bytes";
import { ACTION_FORM, isZero, pad8, zero } from "./arena";
import { itemCopy, itemIsRaw, itemKind, itemSize } from "./item";
import {
  ERR_ITEM,
  ERR_LENGTH,
  FLAG_RAW,
  FORM_NONE,
  FORM_OUTPUT,
  FORM_OXM,
  FORM_RAW,
  FORM_U8,
  FORM_U16,
  FORM_U32,
  ITEM_ARG,
  ITEM_CODE,
  ITEM_HEAD,
  ITEM_LENGTH,
  KIND_ACTION,
} from "./layout";
import { oxmLength } from "./oxm";

function formOf(type: u32): u32 {
  return type < 64 ? load<u8>(ACTION_FORM + type) : FORM_RAW;
}

/** Turns the action at `p` (type, length checked) into an item; returns the address after it, 0 when only raw will do. */
function unpackKnown(p: usize, type: u32, length: usize, out: usize): usize {
  switch (formOf(type)) {
    case FORM_NONE:
      if (length != 8 || !isZero(p + 4, 4)) return 0;
      return itemCopy(out, KIND_ACTION, 0, type, 0, 0, 0);
    case FORM_U8:
      if (length != 8 || !isZero(p + 5, 3)) return 0;
      return itemCopy(out, KIND_ACTION, 0, type, load<u8>(p + 4), 0, 0);
    case FORM_U16:
      if (length != 8 || !isZero(p + 6, 2)) return 0;
      return itemCopy(out, KIND_ACTION, 0, type, loadU16(p + 4), 0, 0);
    case FORM_U32:
      if (length != 8) return 0;
      return itemCopy(out, KIND_ACTION, 0, type, loadU32(p + 4), 0, 0);
    case FORM_OUTPUT: {
      if (length != 16 || !isZero(p + 10, 6)) return 0;
      const next = itemCopy(out, KIND_ACTION, 0, type, loadU32(p + 4), p + 4, 4);
      store<u32>(out + ITEM_HEAD, loadU16(p + 8));
      return next;
    }
    case FORM_OXM: {
      const size = oxmLength(p + 4, p + length);
      if (size < 0 || pad8(4 + size) != length || !isZero(p + 4 + size, length - 4 - size)) return 0;
      return itemCopy(out, KIND_ACTION, 0, type, 0, p + 4, size);
    }
    default:
      return 0;
  }
}

/** Turns the actions between `p` and `end` into items at `out`; returns the address after them, or an error. */
export function unpackActions(p: usize, end: usize, out: usize): i32 {
  while (p < end) {
    if (p + 8 > end) return ERR_LENGTH;
    const type = loadU16(p);
    const length: usize = loadU16(p + 2);
    if (length < 8 || (length & 7) != 0 || p + length > end) return ERR_LENGTH;
    const next = unpackKnown(p, type, length, out);
    out = next != 0 ? next : itemCopy(out, KIND_ACTION, FLAG_RAW, type, 0, p + 4, length - 4);
    p += length;
  }
  return <i32>out;
}

/** Writes the action item at `item`; returns the address after it, or an error. */
function packAction(item: usize, out: usize): i32 {
  const type: u32 = load<u16>(item + ITEM_CODE);
  const size: usize = load<u16>(item + ITEM_LENGTH);
  const arg = load<u32>(item + ITEM_ARG);
  const start = out;
  storeU16(out, type);
  out += 4;
  const form: u32 = itemIsRaw(item) ? FORM_RAW : formOf(type);
  switch (form) {
    case FORM_NONE:
      out = zero(out, 4);
      break;
    case FORM_U8:
      store<u32>(out, arg & 0xff);
      out += 4;
      break;
    case FORM_U16:
      storeU16(out, arg);
      out = zero(out + 2, 2);
      break;
    case FORM_U32:
      storeU32(out, arg);
      out += 4;
      break;
    case FORM_OUTPUT:
      if (size != 4) return ERR_ITEM;
      storeU32(out, arg);
      storeU16(out + 4, load<u32>(item + ITEM_HEAD));
      out = zero(out + 6, 6);
      break;
    default:
      if (form == FORM_RAW && (size & 7) != 4) return ERR_ITEM;
      memory.copy(out, item + ITEM_HEAD, size);
      out = zero(out + size, pad8(4 + size) - 4 - size);
  }
  storeU16(start + 2, <u32>(out - start));
  return <i32>out;
}

/** Writes the action items from `item` on, up to the first that is none or `end`; returns the address after, or an error. */
export function packActions(item: usize, end: usize, out: usize): i32 {
  while (item < end && itemKind(item) == KIND_ACTION) {
    const next = packAction(item, out);
    if (next < 0) return next;
    out = next;
    item += itemSize(item);
  }
  return <i32>out;
}

/** Where the items that are not actions begin. */
export function afterActions(item: usize, end: usize): usize {
  while (item < end && itemKind(item) == KIND_ACTION) item += itemSize(item);
  return item;
}
