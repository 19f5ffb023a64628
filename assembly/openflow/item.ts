// Items of a record: reading position and writing. Contract: readers trust ITEM_SIZE, which records from outside this
// process never carry; `checkItems` in index.ts proves it once for each record that TypeScript hands in.

import {
  FLAG_MASKED,
  FLAG_RAW,
  ITEM_ARG,
  ITEM_CODE,
  ITEM_FLAGS,
  ITEM_HEAD,
  ITEM_KIND,
  ITEM_LENGTH,
  ITEM_SIZE,
} from "./layout";

/** Writes an item's head; returns where its payload goes. */
export function itemHead(out: usize, kind: u32, flags: u32, code: u32, length: usize, arg: u32): usize {
  store<u16>(out + ITEM_SIZE, <u16>((ITEM_HEAD + <i32>length + 3) & ~3));
  store<u8>(out + ITEM_KIND, <u8>kind);
  store<u8>(out + ITEM_FLAGS, <u8>flags);
  store<u16>(out + ITEM_CODE, <u16>code);
  store<u16>(out + ITEM_LENGTH, <u16>length);
  store<u32>(out + ITEM_ARG, arg);
  return out + ITEM_HEAD;
}

/** Writes an item with a payload copied from `from`; returns the address after it. */
export function itemCopy(out: usize, kind: u32, flags: u32, code: u32, arg: u32, from: usize, length: usize): usize {
  const payload = itemHead(out, kind, flags, code, length, arg);
  // Padding is cleared: records are compared as bytes.
  if (length != 0) store<u32>(payload + ((length + 3) & ~3) - 4, 0);
  memory.copy(payload, from, length);
  return out + itemSize(out);
}

export function itemSize(p: usize): usize {
  return load<u16>(p + ITEM_SIZE);
}

export function itemKind(p: usize): u32 {
  return load<u8>(p + ITEM_KIND);
}

export function itemIsRaw(p: usize): bool {
  return (load<u8>(p + ITEM_FLAGS) & FLAG_RAW) != 0;
}

export function itemIsMasked(p: usize): bool {
  return (load<u8>(p + ITEM_FLAGS) & FLAG_MASKED) != 0;
}

/** True when the items between `p` and `end` tile that space exactly. */
export function itemsTile(p: usize, end: usize): bool {
  while (p + ITEM_HEAD <= end) {
    const size = itemSize(p);
    if (<i32>size < ITEM_HEAD || (size & 3) != 0 || <i32>load<u16>(p + ITEM_LENGTH) > <i32>size - ITEM_HEAD)
      return false;
    p += size;
  }
  return p == end;
}
