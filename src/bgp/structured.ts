// Attributes that are made of fields. A value that is malformed, or that its JSON would not bring back, is hex digits.

import type { Codec } from "./attribute_values.js";
import { comesBack, decodeAll, encodeOne, type Field, hexBytes } from "./fields.js";

/** The codec of an attribute that one field fills. Hex digits are taken in place of the JSON form. */
export function structured(field: Field): Codec {
  const encode: Codec["encode"] = (json, _asBytes, context = {}) =>
    typeof json === "string" ? hexBytes(json) : encodeOne(field, json, context);
  return {
    decode: (value, asBytes, context = {}) => {
      const known = comesBack(
        value,
        () => decodeAll(field, value, context),
        (json) => encode(json, asBytes, context),
      );
      return known ?? value.toString("hex");
    },
    encode,
  };
}
