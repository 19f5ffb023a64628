// The match of OpenFlow 1.0 (its spec §5.2.3): 40 bytes, to the same items as OXM and back. Where a field is and how it looks
// comes from the match field table. A field whose dl_type or nw_proto is not matched means nothing, and is not read.

import { loadU16, loadU32, storeU16, storeU32 } from "../mem/bytes";
import { FIELD_V10 } from "./arena";
import { itemHead, itemIsMasked, itemKind, itemSize } from "./item";
import {
  ERR_VERSION,
  FLAG_MASKED,
  ITEM_ARG,
  ITEM_CODE,
  ITEM_HEAD,
  KIND_MATCH,
  OXM_CLASS_BASIC,
  V10_AT,
  V10_BYTES,
  V10_ETH_TYPE,
  V10_FIELDS,
  V10_FORM,
  V10_FORM_COPY,
  V10_FORM_DSCP,
  V10_FORM_NUMBER,
  V10_FORM_PCP,
  V10_FORM_PORT,
  V10_FORM_PREFIX,
  V10_FORM_VLAN,
  V10_IP_PROTO,
  V10_OXM_BYTES,
  V10_SIZE,
  V10_WILDCARD,
} from "./layout";

export const MATCH_V10: usize = 40;
/** OFPFW_ALL: nothing is matched. */
const WILDCARDS: u32 = 0x3fffff;
const DL_TYPE: u32 = 1 << 4;
const NW_PROTO: u32 = 1 << 5;
const ETH_IPV4: u32 = 0x0800;
/** Of the fields of the table these are the last that 1.0 has any of (arp_tpa). */
const LAST: u32 = 23;
/** OFPVID_PRESENT, and OFP_VLAN_NONE of 1.0. */
const PRESENT: u32 = 0x1000;
const UNTAGGED: u32 = 0xffff;

/** The table's entry of a field of class OPENFLOW_BASIC, 0 when 1.0 does not have it. */
export function fieldV10(code: u32): usize {
  if (<i32>code >= V10_FIELDS) return 0;
  const entry = FIELD_V10 + code * V10_SIZE;
  return load<u8>(entry + V10_FORM) != 0 ? entry : 0;
}

/** A port of 1.3 in 16 bits, or ERR_VERSION: reserved ones are those from OFPP_MAX on. */
export function portTo16(port: u32): i32 {
  if (port < 0xff00) return port;
  return port >= 0xffffff00 ? port & 0xffff : ERR_VERSION;
}

export function portTo32(port: u32): u32 {
  return port < 0xff00 ? port : port | 0xffff0000;
}

/** Writes the OXM value at `value` as 1.0 has it; returns 0, or ERR_VERSION when 1.0 has no such value. */
export function valueTo10(entry: usize, value: usize, out: usize): i32 {
  const bytes: u32 = load<u8>(entry + V10_BYTES);
  switch (<u32>load<u8>(entry + V10_FORM)) {
    case V10_FORM_COPY:
    case V10_FORM_PREFIX:
      memory.copy(out, value, bytes);
      return 0;
    case V10_FORM_NUMBER: {
      const number: u32 = load<u8>(entry + V10_OXM_BYTES) == 1 ? <u32>load<u8>(value) : loadU16(value);
      if (bytes == 2) storeU16(out, number);
      else if (number > 0xff) return ERR_VERSION;
      else store<u8>(out, <u8>number);
      return 0;
    }
    case V10_FORM_PORT: {
      const port = portTo16(loadU32(value));
      if (port < 0) return port;
      storeU16(out, port);
      return 0;
    }
    case V10_FORM_VLAN: {
      const vid = loadU16(value);
      if (vid != 0 && (vid & PRESENT) == 0) return ERR_VERSION;
      storeU16(out, vid == 0 ? UNTAGGED : vid & 0xfff);
      return 0;
    }
    case V10_FORM_PCP:
      store<u8>(out, load<u8>(value));
      return 0;
    case V10_FORM_DSCP:
      store<u8>(out, load<u8>(value) << 2);
      return 0;
    default:
      return ERR_VERSION;
  }
}

/** Writes 1.0's value at `p` as OXM has it; bits that 1.0 leaves unused are not looked at. */
export function valueFrom10(entry: usize, p: usize, out: usize): void {
  const bytes: u32 = load<u8>(entry + V10_BYTES);
  switch (<u32>load<u8>(entry + V10_FORM)) {
    case V10_FORM_NUMBER: {
      const number: u32 = bytes == 1 ? <u32>load<u8>(p) : loadU16(p);
      if (load<u8>(entry + V10_OXM_BYTES) == 1) store<u8>(out, <u8>number);
      else storeU16(out, number);
      break;
    }
    case V10_FORM_PORT:
      storeU32(out, portTo32(loadU16(p)));
      break;
    case V10_FORM_VLAN: {
      const vid = loadU16(p);
      storeU16(out, vid == UNTAGGED ? 0 : (vid & 0xfff) | PRESENT);
      break;
    }
    case V10_FORM_PCP:
      store<u8>(out, load<u8>(p) & 7);
      break;
    case V10_FORM_DSCP:
      store<u8>(out, load<u8>(p) >> 2);
      break;
    default:
      memory.copy(out, p, bytes);
  }
}

/** How many low bits of the mask at `p` are zero, when it is a prefix; else ERR_VERSION. */
function wildBits(p: usize): i32 {
  const free = ~loadU32(p);
  return (free & (free + 1)) == 0 ? 32 - clz(free) : ERR_VERSION;
}

/** Writes the match items from `item` to `end`; returns the address after the match, or ERR_VERSION. */
export function packMatch10(item: usize, end: usize, out: usize): i32 {
  memory.fill(out, 0, MATCH_V10);
  let wildcards = WILDCARDS;
  for (; item < end && itemKind(item) == KIND_MATCH; item += itemSize(item)) {
    const entry = fieldV10(load<u16>(item + ITEM_CODE));
    if (entry == 0 || load<u32>(item + ITEM_ARG) != OXM_CLASS_BASIC) return ERR_VERSION;
    const failed = valueTo10(entry, item + ITEM_HEAD, out + load<u8>(entry + V10_AT));
    if (failed < 0) return failed;
    const shift: u32 = load<u8>(entry + V10_WILDCARD);
    if (load<u8>(entry + V10_FORM) == V10_FORM_PREFIX) {
      const wild = itemIsMasked(item) ? wildBits(item + ITEM_HEAD + 4) : 0;
      if (wild < 0) return wild;
      wildcards = (wildcards & ~(63 << shift)) | (wild << shift);
    } else if (itemIsMasked(item)) return ERR_VERSION;
    else wildcards &= ~(1 << shift);
  }
  storeU32(out, wildcards);
  return <i32>(out + MATCH_V10);
}

/** The nw_proto that the match at `p` asks for, 0 when it is no IPv4 match or leaves it open. */
export function matchProtocol(p: usize): u32 {
  const wildcards = loadU32(p);
  const open = (wildcards & (DL_TYPE | NW_PROTO)) != 0;
  return !open && loadU16(p + 22) == ETH_IPV4 ? <u32>load<u8>(p + 25) : 0;
}

/** Turns the match at `p` into items at `out`, by field number; returns the address after them. */
export function unpackMatch10(p: usize, out: usize): usize {
  const wildcards = loadU32(p);
  const type: u32 = (wildcards & DL_TYPE) != 0 ? 0 : loadU16(p + 22);
  const protocol = matchProtocol(p);
  for (let code: u32 = 0; code <= LAST; code++) {
    const entry = fieldV10(code);
    if (entry == 0) continue;
    const ethType: u32 = load<u16>(entry + V10_ETH_TYPE);
    const ipProto: u32 = load<u8>(entry + V10_IP_PROTO);
    if ((ethType != 0 && ethType != type) || (ipProto != 0 && ipProto != protocol)) continue;
    const shift: u32 = load<u8>(entry + V10_WILDCARD);
    const bytes: u32 = load<u8>(entry + V10_OXM_BYTES);
    const from = p + load<u8>(entry + V10_AT);
    if (load<u8>(entry + V10_FORM) == V10_FORM_PREFIX) {
      const wild = (wildcards >>> shift) & 63;
      if (wild < 32) out = prefixItem(out, code, loadU32(from), wild);
    } else if (((wildcards >>> shift) & 1) == 0) {
      const value = itemHead(out, KIND_MATCH, 0, code, bytes, OXM_CLASS_BASIC);
      store<u32>(value + ((bytes + 3) & ~3) - 4, 0);
      valueFrom10(entry, from, value);
      out = value + ((bytes + 3) & ~3);
    }
  }
  return out;
}

function prefixItem(out: usize, code: u32, address: u32, wild: u32): usize {
  const value = itemHead(out, KIND_MATCH, wild > 0 ? FLAG_MASKED : 0, code, wild > 0 ? 8 : 4, OXM_CLASS_BASIC);
  const mask: u32 = 0xffffffff << wild;
  storeU32(value, address & mask);
  if (wild == 0) return value + 4;
  storeU32(value + 4, mask);
  return value + 8;
}
