// TLVs of prefixes (RFC 9552 §5.3.3, RFC 9085 §2.3, RFC 9514 §5.1).

import { addressRest, byProtocol, flags, hexRest, listOf, orZero, reserved, struct, u8, u32, wide } from "../fields.js";
import { tlv, uintOfLength } from "../tlv.js";
import { igpFlags, isIsis, sid } from "./segments.js";
import { subTlvs } from "./srv6.js";

const isisLocator = flags(["D"]);

export const PREFIX_TLVS = [
  tlv(1152, "igp_flags", flags(["D", "N", "L", "P"])),
  tlv(1153, "igp_route_tag_list", listOf(u32)),
  tlv(1154, "ext_igp_route_tag_list", listOf(wide(8))),
  tlv(1155, "prefix_metric", u32),
  tlv(1156, "ospf_forwarding_address", addressRest),
  tlv(1157, "opa_prefix_attr", hexRest),
  tlv(
    1158,
    "prefix_sid",
    struct(
      ["flags", orZero(igpFlags(["R", "N", "P", "E", "V", "L"], ["", "NP", "M", "E", "V", "L"]), 1)],
      ["algorithm", orZero(u8, 1)],
      ["", reserved(2)],
      ["sid", sid],
    ),
  ),
  tlv(
    1162,
    "srv6_locator",
    struct(
      [
        "flags",
        orZero(
          byProtocol((protocolId) => (isIsis(protocolId) ? isisLocator : u8)),
          1,
        ),
      ],
      ["algorithm", orZero(u8, 1)],
      ["", reserved(2)],
      ["metric", u32],
      ["sub_tlvs", subTlvs],
    ),
  ),
  tlv(
    1170,
    "prefix_igp_attr",
    uintOfLength(() => 1),
  ),
  tlv(1171, "source_router_id", addressRest),
];
