// PREFIX_SID (attribute 40, RFC 8669 §3, RFC 9252 §2 and §3): a list of {name: value}, each level by its own table. What a
// table does not know, or would not bring back, is {"type": n, "value": hex}.

import { type AttributeContext, bad, type Codec, unsigned } from "./attribute_values.js";
import {
  address6,
  type ByteReader,
  comesBack,
  decodeAll,
  encodeOne,
  type Field,
  hexBytes,
  listOf,
  orZero,
  reserved,
  struct,
  u8,
  u16,
  u24,
  u32,
} from "./fields.js";
import { members } from "./nlri/codec.js";
import { structured } from "./structured.js";

interface Row {
  readonly type: number;
  readonly name: string;
  readonly field: Field;
}

/** A list of TLVs with one octet of type and two of length. */
function tlvs(rows: readonly Row[]): Field {
  const byType = new Map(rows.map((row) => [row.type, row]));
  const byName = new Map(rows.map((row) => [row.name, row]));
  const encode = (json: unknown, context: AttributeContext): Buffer => {
    const whole = members(json, "an object");
    const names = Object.keys(whole).filter((name) => byName.has(name));
    const row = names.length === 1 ? byName.get(names[0] as string) : undefined;
    if (!row && whole["type"] === undefined) return bad(json, `one of ${[...byName.keys()].join(", ")}, or type`);
    const type = row ? row.type : unsigned(whole["type"], 255);
    const value = row ? row.field.encode(whole[row.name], context, whole) : hexBytes(whole["value"]);
    return Buffer.concat([Buffer.of(type), encodeOne(u16, value.length), value]);
  };
  const decode = (from: ByteReader, context: AttributeContext): unknown => {
    const type = from.uint(1);
    const value = from.take(from.uint(2));
    const row = byType.get(type);
    const wire = Buffer.concat([Buffer.of(type), encodeOne(u16, value.length), value]);
    const known =
      row &&
      comesBack(
        wire,
        () => ({ [row.name]: decodeAll(row.field, value, context) }),
        (json) => encode(json, context),
      );
    return known ?? { type, value: value.toString("hex") };
  };
  return listOf({ decode, encode });
}

/** May be left out on the way to the wire. */
function optional(list: Field): Field {
  return { decode: list.decode, encode: (json, context, whole) => list.encode(json ?? [], context, whole) };
}

/** RFC 9252 §3.2.1. */
const structure = struct(
  ["locator_block_length", u8],
  ["locator_node_length", u8],
  ["function_length", u8],
  ["argument_length", u8],
  ["transposition_length", u8],
  ["transposition_offset", u8],
);

/** RFC 9252 §3.1. */
const sidInformation = struct(
  ["", reserved(1)],
  ["srv6_sid_value", address6],
  ["srv6_service_sid_flags", orZero(u8, 1)],
  ["srv6_endpoint_behavior", u16],
  ["", reserved(1)],
  ["srv6_service_data_sub_sub_tlvs", optional(tlvs([{ type: 1, name: "srv6_sid_structure", field: structure }]))],
);

/** RFC 9252 §2. */
const service = struct(
  ["", reserved(1)],
  ["srv6_service_sub_tlvs", tlvs([{ type: 1, name: "srv6_sid_information", field: sidInformation }])],
);

const TLVS: readonly Row[] = [
  // RFC 8669 §3.1 and §3.2.
  {
    type: 1,
    name: "label_index",
    field: struct(["", reserved(1)], ["flags", orZero(u16, 2)], ["label_index", u32]),
  },
  {
    type: 3,
    name: "originator_srgb",
    field: struct(["flags", orZero(u16, 2)], ["srgb", listOf(struct(["base", u24], ["range", u24]), 1)]),
  },
  { type: 5, name: "srv6_l3_service", field: service },
  { type: 6, name: "srv6_l2_service", field: service },
];

export const prefixSid: Codec = structured(tlvs(TLVS));
