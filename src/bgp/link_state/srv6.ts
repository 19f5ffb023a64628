// TLVs of SRv6 SIDs (RFC 9514 §7, §8), and the sub-TLVs that other SRv6 TLVs carry.

import { bad, ipv4 } from "../attribute_values.js";
import { address6, type Field, flags, listOf, orZero, reserved, struct, u8, u16, u32 } from "../fields.js";
import { TlvTable, tlv } from "../tlv.js";

/** An SRv6 SID. */
export const address6Sid: Field = address6;

const structure = struct(
  ["locator_block_length", u8],
  ["locator_node_length", u8],
  ["function_length", u8],
  ["argument_length", u8],
);

/** An AS number in two decimal halves, "0.65001" (RFC 5396 asdot+), as yabgp writes it; a number is taken, too. */
const dottedAs: Field = {
  decode: (from) => `${from.uint(2)}.${from.uint(2)}`,
  encode: (json, context, whole) => {
    if (typeof json === "number") return u32.encode(json, context, whole);
    const halves = typeof json === "string" ? json.split(".") : [];
    if (halves.length !== 2) return bad(json, '"n.n" with numbers up to 65535');
    return Buffer.concat(halves.map((half) => u16.encode(half, context, whole)));
  },
};

/** A BGP identifier as a number, as yabgp writes it; a dotted quad is taken, too. */
const identifier: Field = {
  decode: u32.decode,
  encode: (json, context, whole) =>
    typeof json === "string" && json.includes(".") ? ipv4(json) : u32.encode(json, context, whole),
};

export const SRV6_SID_TLVS = [
  tlv(1250, "srv6_endpoint_behavior", struct(["endpoint_behavior", u16], ["flags", orZero(u8, 1)], ["algorithm", u8])),
  tlv(
    1251,
    "srv6_bgp_peer_node_sid",
    struct(
      ["flags", orZero(flags(["B", "S", "P"]), 1)],
      ["weight", orZero(u8, 1)],
      ["", reserved(2)],
      ["peer_as_number", dottedAs],
      ["peer_bgp_identifier", identifier],
    ),
  ),
  tlv(1252, "srv6_sid", structure),
];

const items = listOf(new TlvTable([tlv(1252, "srv6_sid", structure)]));

/** Sub-TLVs to the end of their TLV; none may be left out. */
export const subTlvs: Field = {
  decode: items.decode,
  encode: (json, context, whole) => items.encode(json ?? [], context, whole),
};
