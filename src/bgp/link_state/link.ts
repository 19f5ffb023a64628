// TLVs of links (RFC 9552 §5.3.2, RFC 9085 §2.2, RFC 9086 §5, RFC 8571 §2, RFC 8814 §4, RFC 9514 §4).

import { bad } from "../attribute_values.js";
import {
  address4,
  type Field,
  flags,
  float32,
  hexRest,
  listOf,
  orZero,
  reserved,
  struct,
  systemId,
  textRest,
  u8,
  u16,
  u32,
} from "../fields.js";
import { type TlvRow, tlv, uintOfLength } from "../tlv.js";
import { igpFlags, isIsis, sid } from "./segments.js";
import { address6Sid, subTlvs } from "./srv6.js";

/** One {"type", "value"}, or a list of them when there are more (RFC 8814 §4). */
const msd = struct(["type", u8], ["value", u8]);
const msds = listOf(msd, 1);
const linkMsd: Field = {
  decode: (from, context) => (from.left === 2 ? msd : msds).decode(from, context),
  encode: (json, context, whole) => (Array.isArray(json) ? msds : msd).encode(json, context, whole),
};

/** Link protection type (RFC 5307 §1.2): one of these, or the number. */
const PROTECTION: readonly (readonly [number, string])[] = [
  [0x01, "Extra Traffic"],
  [0x02, "Unprotected"],
  [0x04, "Shared"],
  [0x08, "Dedicated 1:1"],
  [0x10, "Dedicated 1+1"],
  [0x20, "Enhanced"],
];
const protectionNames = new Map(PROTECTION);
const protectionNumbers = new Map(PROTECTION.map(([number, name]) => [name, number]));
const protection: Field = {
  decode: (from) => {
    const type = from.uint(1);
    from.take(1);
    return protectionNames.get(type) ?? type;
  },
  encode: (json, context, whole) => {
    const number = typeof json === "string" ? protectionNumbers.get(json) : json;
    return Buffer.concat([u8.encode(number, context, whole), Buffer.of(0)]);
  },
};

const eight = listOf(float32);
const unreserved: Field = {
  decode: eight.decode,
  encode: (json, context, whole) =>
    Array.isArray(json) && json.length === 8 ? eight.encode(json, context, whole) : bad(json, "a list of 8 numbers"),
};

const adjacencyFlags = orZero(igpFlags(["F", "B", "V", "L", "S", "P"], ["B", "V", "L", "G", "P"]), 1);
const peerFlags = orZero(flags(["V", "L", "B", "P"]), 1);
const endXFlags = orZero(flags(["B", "S", "P"]), 1);
const weight: readonly [string, Field] = ["weight", orZero(u8, 1)];
const peerSid = struct(["flags", peerFlags], weight, ["", reserved(2)], ["value", sid]);

/** An OSPF router or an IS-IS system: told apart by what is written. `fixed`: the octets that follow it, when they are known. */
function neighbor(rest: readonly number[]): Field {
  return {
    decode: (from, context) => {
      const isis = context.protocolId === undefined ? rest.includes(from.left - 6) : isIsis(context.protocolId);
      return (isis ? systemId : address4).decode(from, context);
    },
    encode: (json, context, whole) =>
      (typeof json === "string" && json.split(".").length === 3 ? systemId : address4).encode(json, context, whole),
  };
}

function endX(neighborId?: Field): Field {
  return struct(
    ["endpoint_behavior", u16],
    ["flags", endXFlags],
    ["algorithm", orZero(u8, 1)],
    weight,
    ["", reserved(1)],
    ...(neighborId ? ([["neighbor_id", neighborId]] as const) : []),
    ["sid", address6Sid],
    ["sub_tlvs", subTlvs],
  );
}

export const LINK_TLVS: readonly TlvRow[] = [
  tlv(258, "link_identifiers", struct(["local_identifier", u32], ["remote_identifier", u32])),
  tlv(267, "link_msd", linkMsd),
  tlv(1088, "admin_group", u32),
  tlv(1089, "max_bandwidth", float32),
  tlv(1090, "max_rsv_bandwidth", float32),
  tlv(1091, "unrsv_bandwidth", unreserved),
  tlv(
    1092,
    "te_metric",
    uintOfLength(() => 4),
  ),
  tlv(1093, "protection_type", protection),
  tlv(1094, "mpls_mask", flags(["L", "R"])),
  // RFC 9552 §5.3.2.4: one octet from old IS-IS, two from OSPF, three from IS-IS with wide metrics.
  tlv(
    1095,
    "igp_metric",
    uintOfLength((protocolId) => (protocolId === 3 || protocolId === 6 ? 2 : 3)),
  ),
  tlv(1096, "shared_risk_link_group", listOf(u32)),
  tlv(1097, "opa_link_attr", hexRest),
  tlv(1098, "link_name", textRest),
  tlv(1099, "adj_sid", struct(["flags", adjacencyFlags], weight, ["", reserved(2)], ["value", sid])),
  tlv(
    1100,
    "lan_adj_sid",
    struct(["flags", adjacencyFlags], weight, ["", reserved(2)], ["nei_or_sys_id", neighbor([3, 4])], ["value", sid]),
  ),
  tlv(1101, "peer_node_sid", peerSid),
  tlv(1102, "peer_adj_sid", peerSid),
  tlv(1103, "peer_set_sid", peerSid),
  tlv(1106, "srv6_end_x_sid", endX()),
  tlv(1107, "srv6_lan_end_x_sid", endX(systemId)),
  tlv(1108, "srv6_lan_end_x_sid", endX(address4)),
  // The code point that implementations used before RFC 8814.
  tlv(1110, "link_msd", linkMsd),
  // RFC 8571: delays in microseconds, their highest octet holds the A flag; bandwidths are IEEE 754 words. Written as
  // the 32 bits they are, as yabgp does.
  tlv(1114, "unidirect_link_delay", u32),
  tlv(1115, "min_max_unidirect_link_delay", struct(["min_link_delay", u32], ["max_link_delay", u32])),
  tlv(1116, "unidirect_delay_var", u32),
  tlv(1117, "unidirect_packet_loss", u32),
  tlv(1118, "unidirect_residual_bw", u32),
  tlv(1119, "unidirect_avail_bw", u32),
  tlv(1120, "unidirect_bw_util", u32),
  tlv(1173, "extended_admin_group", hexRest),
];
