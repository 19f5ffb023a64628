// Instructions (spec §7.2.4): TLVs to items and back; the actions of an instruction are the action items after it.

import { loadU16, loadU32, storeU16, storeU32 } from "../mem/bytes";
import { afterActions, packActions, unpackActions } from "./action";
import { INSTRUCTION_FORM, isZero, zero } from "./arena";
import { itemCopy, itemIsRaw, itemKind, itemSize } from "./item";
import {
  ERR_ITEM,
  ERR_LENGTH,
  FLAG_RAW,
  FORM_ACTIONS,
  FORM_METADATA,
  FORM_RAW,
  FORM_U8,
  FORM_U32,
  ITEM_ARG,
  ITEM_CODE,
  ITEM_HEAD,
  ITEM_LENGTH,
  KIND_INSTRUCTION,
} from "./layout";

function formOf(type: u32): u32 {
  return type < 64 ? load<u8>(INSTRUCTION_FORM + type) : FORM_RAW;
}

/** Turns the instruction at `p` into items; returns the address after them, 0 when only raw will do, or an error. */
function unpackKnown(p: usize, type: u32, length: usize, out: usize): i32 {
  switch (formOf(type)) {
    case FORM_U8:
      if (length != 8 || !isZero(p + 5, 3)) return 0;
      return <i32>itemCopy(out, KIND_INSTRUCTION, 0, type, load<u8>(p + 4), 0, 0);
    case FORM_U32:
      if (length != 8) return 0;
      return <i32>itemCopy(out, KIND_INSTRUCTION, 0, type, loadU32(p + 4), 0, 0);
    case FORM_METADATA:
      if (length != 24 || !isZero(p + 4, 4)) return 0;
      return <i32>itemCopy(out, KIND_INSTRUCTION, 0, type, 0, p + 8, 16);
    case FORM_ACTIONS:
      if (!isZero(p + 4, 4)) return 0;
      return unpackActions(p + 8, p + length, itemCopy(out, KIND_INSTRUCTION, 0, type, 0, 0, 0));
    default:
      return 0;
  }
}

/** Turns the instructions between `p` and `end` into items at `out`; returns the address after them, or an error. */
export function unpackInstructions(p: usize, end: usize, out: usize): i32 {
  while (p < end) {
    if (p + 8 > end) return ERR_LENGTH;
    const type = loadU16(p);
    const length: usize = loadU16(p + 2);
    if (length < 8 || (length & 7) != 0 || p + length > end) return ERR_LENGTH;
    const next = unpackKnown(p, type, length, out);
    if (next < 0) return next;
    out = next != 0 ? <usize>next : itemCopy(out, KIND_INSTRUCTION, FLAG_RAW, type, 0, p + 4, length - 4);
    p += length;
  }
  return <i32>out;
}

/** Writes the instruction items (each with its actions) from `item` to `end`; returns the address after, or an error. */
export function packInstructions(item: usize, end: usize, out: usize): i32 {
  while (item < end) {
    if (itemKind(item) != KIND_INSTRUCTION) return ERR_ITEM;
    const type: u32 = load<u16>(item + ITEM_CODE);
    const size: usize = load<u16>(item + ITEM_LENGTH);
    const start = out;
    storeU16(out, type);
    const form: u32 = itemIsRaw(item) ? FORM_RAW : formOf(type);
    const arg = load<u32>(item + ITEM_ARG);
    let next = item + itemSize(item);
    if (form == FORM_U8) {
      store<u32>(out + 4, arg & 0xff);
      out += 8;
    } else if (form == FORM_U32) {
      storeU32(out + 4, arg);
      out += 8;
    } else if (form == FORM_ACTIONS) {
      const end_ = packActions(next, end, zero(out + 4, 4));
      if (end_ < 0) return end_;
      out = end_;
      next = afterActions(next, end);
    } else if (form == FORM_METADATA) {
      if (size != 16) return ERR_ITEM;
      memory.copy(zero(out + 4, 4), item + ITEM_HEAD, 16);
      out += 24;
    } else {
      if ((size & 7) != 4) return ERR_ITEM;
      memory.copy(out + 4, item + ITEM_HEAD, size);
      out += 4 + size;
    }
    storeU16(start + 2, <u32>(out - start));
    item = next;
  }
  return <i32>out;
}
