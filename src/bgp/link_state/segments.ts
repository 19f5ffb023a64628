// What TLVs of segment routing share: SIDs of both lengths, label ranges, and flags that differ between IGPs.

import { bad } from "../attribute_values.js";
import { byProtocol, type Field, flags, listOf, type Members, struct, u16, u24, u32 } from "../fields.js";
import { members } from "../nlri/codec.js";

/** Protocol-IDs of IS-IS, level 1 and 2 (RFC 9552 §5.2). All others are read as OSPF, as yabgp does. */
export const isIsis = (protocolId: number | undefined): boolean => protocolId === 1 || protocolId === 2;

/** A label of three octets when the flags say so by their V bit, an index of four otherwise (RFC 8667 §2.1.1.1). */
export const sid: Field = {
  decode: (from) => (from.left === 3 ? u24 : u32).decode(from, {}),
  encode: (json, context, whole) => {
    const set = members(whole["flags"] ?? {}, "flags: an object");
    return (Number(set["V"] ?? 0) === 1 ? u24 : u32).encode(json, context, whole);
  },
};

/** Flags by the names of the protocol. */
export function igpFlags(isis: readonly string[], ospf: readonly string[]): Field {
  const [first, second] = [flags(isis), flags(ospf)];
  return byProtocol((protocolId) => (isIsis(protocolId) ? first : second));
}

/** SID/Label sub-TLV (RFC 9085 §2.1.1): three octets are a label, four a SID. */
const label: Field = struct(["", literal(1161)], ["", literal(3)], ["label", u24]);
const index: Field = struct(["", literal(1161)], ["", literal(4)], ["sid", u32]);

/** Two octets that must be `value`. */
function literal(value: number): Field {
  return {
    decode: (from) => (from.uint(2) === value ? undefined : bad("these octets", `${value}`)),
    encode: (_json, context, whole) => u16.encode(value, context, whole),
  };
}

/** {"range_size", "label"} or {"range_size", "sid"} (RFC 9085 §2.1.2). */
const range: Field = {
  decode: (from, context) => {
    const size = from.uint(3);
    const tlv = from.take(4);
    const bytes = tlv.readUInt16BE(2);
    if (tlv.readUInt16BE(0) !== 1161 || (bytes !== 3 && bytes !== 4)) return bad("a range", "a SID/Label sub-TLV");
    const value = (bytes === 3 ? u24 : u32).decode(from, context);
    return { range_size: size, [bytes === 3 ? "label" : "sid"]: value };
  },
  encode: (json, context, whole) => {
    const item = members(json, 'an object with "range_size" and "label" or "sid"');
    const size = u24.encode(item["range_size"], context, whole);
    return Buffer.concat([size, (item["label"] === undefined ? index : label).encode(item, context, item)]);
  },
};

export const ranges: Field = listOf(range, 1);

/** {"type": "label" | "sid", "value"}: which one is told by the length. */
export const sidOrLabel: Field = {
  decode: (from, context) =>
    from.left === 3
      ? { type: "label", value: u24.decode(from, context) }
      : { type: "sid", value: u32.decode(from, context) },
  encode: (json, context, whole) => {
    const { type, value }: Members = members(json, '{"type": "label" | "sid", "value": n}');
    if (type !== "label" && type !== "sid") return bad(type, '"label" or "sid"');
    return (type === "label" ? u24 : u32).encode(value, context, whole);
  },
};
