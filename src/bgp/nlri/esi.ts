// The Ethernet segment identifier (RFC 7432 §5): ten octets, of which the first says what the others are.

import { bad, ipv4, unsigned } from "../attribute_values.js";
import {
  comesBack,
  decodeAll,
  encodeOne,
  type Field,
  hexBytes,
  mac,
  reserved,
  struct,
  u16,
  u24,
  u32,
  wide,
} from "../fields.js";
import { members } from "./codec.js";

/** A router identifier: the number that yabgp writes; a dotted quad is taken, too. */
const routerId: Field = {
  decode: u32.decode,
  encode: (json) => (typeof json === "string" && json.includes(".") ? ipv4(json) : encodeOne(u32, json)),
};

/** By type: what the nine octets hold. A type that is not here is kept in hex. */
const VALUES: readonly Field[] = [
  wide(9),
  struct(["ce_mac_addr", mac], ["ce_port_key", u16], ["", reserved(1)]),
  struct(["rb_mac_addr", mac], ["rb_priority", u16], ["", reserved(1)]),
  struct(["sys_mac_addr", mac], ["ld_value", u24]),
  struct(["router_id", routerId], ["ld_value", u32], ["", reserved(1)]),
  struct(["as_num", u32], ["ld_value", u32], ["", reserved(1)]),
];

function encodeValue(type: number, json: unknown): Buffer {
  const field = VALUES[type];
  if (!field || (type !== 0 && typeof json === "string")) return hexBytes(json, 9);
  return encodeOne(field, json);
}

/** {"type", "value"}; a plain number is a value of type 0, and ten octets with colons are taken as they are. */
export const esi: Field = {
  decode: (from) => {
    const type = from.uint(1);
    const bytes = from.take(9);
    const field = VALUES[type];
    const value =
      field &&
      comesBack(
        bytes,
        () => decodeAll(field, bytes),
        (json) => encodeValue(type, json),
      );
    return { type, value: value ?? bytes.toString("hex") };
  },
  encode: (json) => {
    if (typeof json === "number") return Buffer.concat([Buffer.of(0), encodeValue(0, json)]);
    if (typeof json === "string") {
      return /^[0-9a-f]{2}(:[0-9a-f]{2}){9}$/i.test(json)
        ? Buffer.from(json.replaceAll(":", ""), "hex")
        : bad(json, "ten octets in hex with colons");
    }
    const { type, value } = members(json, '{"type": 0 to 5, "value": ...}, or a number');
    const code = unsigned(type, 255);
    return Buffer.concat([Buffer.of(code), encodeValue(code, value)]);
  },
};
