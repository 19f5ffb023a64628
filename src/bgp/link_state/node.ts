// TLVs of nodes (RFC 9552 §5.3.1, RFC 9085 §2.1, RFC 8814 §3, RFC 9514 §3.1).

import {
  address4,
  address6,
  type Field,
  flags,
  hexRest,
  listOf,
  orZero,
  reserved,
  struct,
  textRest,
  u8,
} from "../fields.js";
import { tlv } from "../tlv.js";
import { ranges, sidOrLabel } from "./segments.js";

const msd = struct(["type", u8], ["value", u8]);

/** SRLB (RFC 9085 §2.1.4): no flag is defined, so its JSON is the ranges alone. */
const localBlock: Field = {
  decode: (from, context) => {
    from.take(2);
    return ranges.decode(from, context);
  },
  encode: (json, context, whole) => Buffer.concat([Buffer.alloc(2), ranges.encode(json, context, whole)]),
};

export const NODE_TLVS = [
  tlv(266, "node_msd", listOf(msd, 1)),
  tlv(1024, "node_flags", flags(["O", "T", "E", "B", "R", "V"])),
  tlv(1025, "opa_node_attr", hexRest),
  tlv(1026, "node_name", textRest),
  tlv(1027, "isis_area_id", hexRest),
  tlv(1028, "local_router_id", address4),
  tlv(1029, "local_router_id_ipv6", address6),
  tlv(1030, "remote_router_id", address4),
  tlv(1031, "remote_router_id", address6),
  tlv(1034, "sr_capabilities", struct(["flag", orZero(flags(["I", "V"]), 1)], ["", reserved(1)], ["value", ranges])),
  tlv(1035, "sr_algorithm", listOf(u8)),
  tlv(1036, "srlb", localBlock),
  tlv(1038, "srv6_capabilities", struct(["flags", flags(["", "O"], 2)], ["", reserved(2)])),
  // The code point that implementations used before RFC 8814.
  tlv(1050, "node_msd", msd),
  tlv(1161, "sid_or_label", sidOrLabel),
];
