// AIGP (attribute 26, RFC 7311 §3): TLVs whose length counts their head. The first one of type 1 is the metric.

import type { Codec } from "./attribute_values.js";
import { type Field, hexBytes, u8, u16, wide } from "./fields.js";
import { members } from "./nlri/codec.js";
import { structured } from "./structured.js";

const METRIC = 1;
const HEAD_BYTES = 3;
const metric = wide(8);

const field: Field = {
  decode: (from, context) => {
    const json: Record<string, unknown> = {};
    const others: unknown[] = [];
    while (from.left > 0) {
      const type = from.uint(1);
      const bytes = Math.max(from.uint(2) - HEAD_BYTES, 0);
      if (type === METRIC && json["metric"] === undefined && bytes === 8) json["metric"] = metric.decode(from, context);
      else others.push({ type, value: from.take(bytes).toString("hex") });
    }
    return others.length > 0 ? { ...json, tlvs: others } : json;
  },
  encode: (json, context) => {
    const whole = members(json, '{"metric": n}');
    const tlv = (type: unknown, value: Buffer) =>
      Buffer.concat([u8.encode(type, context, whole), u16.encode(value.length + HEAD_BYTES, context, whole), value]);
    const others = Array.isArray(whole["tlvs"]) ? (whole["tlvs"] as unknown[]) : [];
    return Buffer.concat([
      ...(whole["metric"] === undefined && others.length > 0
        ? []
        : [tlv(METRIC, metric.encode(whole["metric"], context, whole))]),
      ...others.map((item) => {
        const { type, value } = members(item, '{"type": n, "value": hex}');
        return tlv(type, hexBytes(value));
      }),
    ]);
  },
};

/** {"metric": n}, with `tlvs` for those that are not the metric. */
export const aigp: Codec = structured(field);
