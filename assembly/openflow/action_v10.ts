// Actions of OpenFlow 1.0 (its spec §5.2.4) to the same items as 1.3's and back: what sets a header is a `set_field`,
// strip_vlan a `pop_vlan`, enqueue a `set_queue` with its port as payload. What that would lose bits of is kept raw.

import { loadU16, loadU32, storeU16, storeU32 } from "../mem/bytes";
import { ACTION_FORM, ACTION_V10, FIELD_V10, isZero, pad8, zero } from "./arena";
import { itemCopy, itemHead, itemIsRaw, itemKind, itemSize } from "./item";
import {
  ERR_ITEM,
  ERR_LENGTH,
  ERR_VERSION,
  FLAG_RAW,
  FORM_NONE,
  FORM_OUTPUT,
  FORM_OXM,
  FORM_U32,
  ITEM_ARG,
  ITEM_CODE,
  ITEM_HEAD,
  ITEM_LENGTH,
  KIND_ACTION,
  OXM_CLASS_BASIC,
  V10_BYTES,
  V10_FIELDS,
  V10_FORM,
  V10_IP_PROTO,
  V10_NONE,
  V10_OXM_BYTES,
  V10_SET,
  V10_SIZE,
} from "./layout";
import { fieldV10, portTo16, portTo32, valueFrom10, valueTo10 } from "./match_v10";

/** Where a value is turned there and back, to see whether it survives. */
const PROBE: usize = heap.alloc(16);

/** The 1.3 type of the action that 1.0 calls `type`; V10_NONE when it sets a field, or is unknown. */
function actionOf(type: u32): u32 {
  for (let code: u32 = 0; code < 64; code++) if (load<u8>(ACTION_V10 + code) == type) return code;
  return V10_NONE;
}

/** The table's entry of the field that the action `type` sets, for packets of this protocol when it says; 0 = none. */
function fieldSetBy(type: u32, protocol: u32): usize {
  let found: usize = 0;
  for (let code = 0; code < V10_FIELDS; code++) {
    const entry = FIELD_V10 + code * V10_SIZE;
    if (load<u8>(entry + V10_FORM) == 0 || load<u8>(entry + V10_SET) != type) continue;
    if (load<u8>(entry + V10_IP_PROTO) == protocol) return entry;
    if (found == 0) found = entry;
  }
  return found;
}

/** Turns an action that sets a header into a `set_field`; returns the address after it, 0 when only raw will do. */
function unpackSet(p: usize, type: u32, length: usize, protocol: u32, setField: u32, out: usize): usize {
  const entry = fieldSetBy(type, protocol);
  if (entry == 0) return 0;
  const wire: usize = load<u8>(entry + V10_BYTES);
  if (length != pad8(4 + wire) || !isZero(p + 4 + wire, length - 4 - wire)) return 0;
  const bytes: usize = load<u8>(entry + V10_OXM_BYTES);
  const size: usize = (<i32>bytes + 7) & ~3;
  const tlv = itemHead(out, KIND_ACTION, 0, setField, 4 + bytes, 0);
  zero(tlv, size);
  storeU16(tlv, OXM_CLASS_BASIC);
  store<u8>(tlv + 2, <u8>(((entry - FIELD_V10) / V10_SIZE) << 1));
  store<u8>(tlv + 3, <u8>bytes);
  valueFrom10(entry, p + 4, tlv + 4);
  if (valueTo10(entry, tlv + 4, PROBE) < 0 || memory.compare(PROBE, p + 4, wire) != 0) return 0;
  return tlv + size;
}

/** Turns the action at `p` (length checked) into an item; returns the address after it, 0 when only raw will do. */
function unpackKnown(p: usize, type: u32, length: usize, protocol: u32, setField: u32, out: usize): usize {
  const code = actionOf(type);
  if (code == V10_NONE) return unpackSet(p, type, length, protocol, setField, out);
  switch (<u32>load<u8>(ACTION_FORM + code)) {
    case FORM_NONE:
      if (length != 8 || !isZero(p + 4, 4)) return 0;
      return itemCopy(out, KIND_ACTION, 0, code, 0, 0, 0);
    case FORM_OUTPUT: {
      if (length != 8) return 0;
      const payload = itemHead(out, KIND_ACTION, 0, code, 4, portTo32(loadU16(p + 4)));
      store<u32>(payload, loadU16(p + 6));
      return payload + 4;
    }
    case FORM_U32: {
      if (length != 16 || !isZero(p + 6, 6)) return 0;
      const payload = itemHead(out, KIND_ACTION, 0, code, 4, loadU32(p + 12));
      store<u32>(payload, portTo32(loadU16(p + 4)));
      return payload + 4;
    }
    default:
      return 0;
  }
}

/** The type of `set_field`: the one action whose value is an OXM. */
function setFieldType(): u32 {
  for (let code: u32 = 0; code < 64; code++) if (load<u8>(ACTION_FORM + code) == FORM_OXM) return code;
  return V10_NONE;
}

/** Turns the actions between `p` and `end` into items at `out`; returns the address after them, or an error. */
export function unpackActions10(p: usize, end: usize, protocol: u32, out: usize): i32 {
  const setField = setFieldType();
  while (p < end) {
    if (p + 8 > end) return ERR_LENGTH;
    const type = loadU16(p);
    const length: usize = loadU16(p + 2);
    if (length < 8 || (length & 7) != 0 || p + length > end) return ERR_LENGTH;
    const next = <i32>type < V10_NONE ? unpackKnown(p, type, length, protocol, setField, out) : 0;
    out = next != 0 ? next : itemCopy(out, KIND_ACTION, FLAG_RAW, type, 0, p + 4, length - 4);
    p += length;
  }
  return <i32>out;
}

/** Writes a `set_field` as the action that 1.0 has for its field; returns the address after it, or an error. */
function packSet(tlv: usize, size: usize, out: usize): i32 {
  if (size < 4 || loadU16(tlv) != OXM_CLASS_BASIC) return ERR_VERSION;
  const entry = fieldV10(load<u8>(tlv + 2) >>> 1);
  if (entry == 0 || load<u8>(entry + V10_SET) == V10_NONE) return ERR_VERSION;
  if ((load<u8>(tlv + 2) & 1) != 0 || size != 4 + <usize>load<u8>(entry + V10_OXM_BYTES)) return ERR_VERSION;
  const wire: usize = load<u8>(entry + V10_BYTES);
  const length = pad8(4 + wire);
  storeU16(out, load<u8>(entry + V10_SET));
  storeU16(out + 2, <u32>length);
  zero(out + 4, length - 4);
  const failed = valueTo10(entry, tlv + 4, out + 4);
  return failed < 0 ? failed : <i32>(out + length);
}

function packRaw(type: u32, payload: usize, size: usize, out: usize): i32 {
  if ((size & 7) != 4) return ERR_ITEM;
  storeU16(out, type);
  storeU16(out + 2, 4 + <u32>size);
  memory.copy(out + 4, payload, size);
  return <i32>(out + 4 + size);
}

/** Writes the action item at `item`; returns the address after it, or an error. */
function packAction10(item: usize, out: usize): i32 {
  const code: u32 = load<u16>(item + ITEM_CODE);
  const size: usize = load<u16>(item + ITEM_LENGTH);
  if (itemIsRaw(item)) return packRaw(code, item + ITEM_HEAD, size, out);
  if (code >= 64) return ERR_VERSION;
  const form: u32 = load<u8>(ACTION_FORM + code);
  if (form == FORM_OXM) return packSet(item + ITEM_HEAD, size, out);
  const type: u32 = load<u8>(ACTION_V10 + code);
  if (type == V10_NONE) return ERR_VERSION;
  storeU16(out, type);
  storeU16(out + 2, 8);
  if (form == FORM_NONE) return <i32>zero(out + 4, 4);
  // Both others have a payload of four bytes: max_len, or the port of the queue.
  if (size != 4) return ERR_VERSION;
  const other = load<u32>(item + ITEM_HEAD);
  const port = portTo16(form == FORM_OUTPUT ? load<u32>(item + ITEM_ARG) : other);
  if (port < 0) return port;
  storeU16(out + 4, port);
  if (form == FORM_OUTPUT) {
    storeU16(out + 6, other);
    return <i32>(out + 8);
  }
  storeU16(out + 2, 16);
  zero(out + 6, 6);
  storeU32(out + 12, load<u32>(item + ITEM_ARG));
  return <i32>(out + 16);
}

/** Writes the action items from `item` on, up to the first that is none or `end`; returns the address after, or an error. */
export function packActions10(item: usize, end: usize, out: usize): i32 {
  while (item < end && itemKind(item) == KIND_ACTION) {
    const next = packAction10(item, out);
    if (next < 0) return next;
    out = next;
    item += itemSize(item);
  }
  return <i32>out;
}
