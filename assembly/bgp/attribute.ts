// Path attributes one at a time: flags, length and value against the number table of layout.ts, with the verdicts of
// RFC 7606. Contract: the walk in update.ts has checked that `bytes` bytes are inside the message.

import { loadU16, loadU32 } from "../mem/bytes";
import {
  AS_CONFED_SET,
  AS_SET,
  ATTR_AGGREGATOR,
  ATTR_AIGP,
  ATTR_AS_PATH,
  ATTR_AS4_AGGREGATOR,
  ATTR_AS4_PATH,
  ATTR_ATOMIC_AGGREGATE,
  ATTR_CLUSTER_LIST,
  ATTR_COMMUNITY,
  ATTR_EXT_COMMUNITY,
  ATTR_IPV6_EXT_COMMUNITY,
  ATTR_LARGE_COMMUNITY,
  ATTR_LINK_STATE,
  ATTR_LOCAL_PREF,
  ATTR_MED,
  ATTR_MP_REACH,
  ATTR_MP_UNREACH,
  ATTR_NEXT_HOP,
  ATTR_ORIGIN,
  ATTR_ORIGINATOR_ID,
  ATTR_OTC,
  ATTR_PMSI_TUNNEL,
  ATTR_PREFIX_SID,
  ATTR_TUNNEL_ENCAPSULATION,
  CHECK_AGGREGATOR,
  CHECK_AS_PATH,
  CHECK_AS4_PATH,
  CHECK_EXACT,
  CHECK_LEAST,
  CHECK_LIST,
  CHECK_MP_REACH,
  CHECK_MP_UNREACH,
  CHECK_ORIGIN,
  ROW_AGGREGATOR,
  ROW_AIGP,
  ROW_AS_PATH,
  ROW_AS4_AGGREGATOR,
  ROW_AS4_PATH,
  ROW_ATOMIC_AGGREGATE,
  ROW_CLUSTER_LIST,
  ROW_COMMUNITY,
  ROW_EXT_COMMUNITY,
  ROW_IPV6_EXT_COMMUNITY,
  ROW_LARGE_COMMUNITY,
  ROW_LINK_STATE,
  ROW_LOCAL_PREF,
  ROW_MED,
  ROW_MP_REACH,
  ROW_MP_UNREACH,
  ROW_NEXT_HOP,
  ROW_ORIGIN,
  ROW_ORIGINATOR_ID,
  ROW_OTC,
  ROW_PMSI_TUNNEL,
  ROW_PREFIX_SID,
  ROW_TUNNEL_ENCAPSULATION,
} from "./layout";

const rows: usize = memory.data(256 * 4);

function row(code: u32, packed: u32): void {
  store<u32>(rows + ((<usize>code) << 2), packed);
}

row(ATTR_ORIGIN, ROW_ORIGIN);
row(ATTR_AS_PATH, ROW_AS_PATH);
row(ATTR_NEXT_HOP, ROW_NEXT_HOP);
row(ATTR_MED, ROW_MED);
row(ATTR_LOCAL_PREF, ROW_LOCAL_PREF);
row(ATTR_ATOMIC_AGGREGATE, ROW_ATOMIC_AGGREGATE);
row(ATTR_AGGREGATOR, ROW_AGGREGATOR);
row(ATTR_COMMUNITY, ROW_COMMUNITY);
row(ATTR_ORIGINATOR_ID, ROW_ORIGINATOR_ID);
row(ATTR_CLUSTER_LIST, ROW_CLUSTER_LIST);
row(ATTR_MP_REACH, ROW_MP_REACH);
row(ATTR_MP_UNREACH, ROW_MP_UNREACH);
row(ATTR_EXT_COMMUNITY, ROW_EXT_COMMUNITY);
row(ATTR_AS4_PATH, ROW_AS4_PATH);
row(ATTR_AS4_AGGREGATOR, ROW_AS4_AGGREGATOR);
row(ATTR_PMSI_TUNNEL, ROW_PMSI_TUNNEL);
row(ATTR_TUNNEL_ENCAPSULATION, ROW_TUNNEL_ENCAPSULATION);
row(ATTR_IPV6_EXT_COMMUNITY, ROW_IPV6_EXT_COMMUNITY);
row(ATTR_AIGP, ROW_AIGP);
row(ATTR_LINK_STATE, ROW_LINK_STATE);
row(ATTR_OTC, ROW_OTC);
row(ATTR_PREFIX_SID, ROW_PREFIX_SID);
row(ATTR_LARGE_COMMUNITY, ROW_LARGE_COMMUNITY);

/** The packed row of an attribute code, 0 when the code is not known here. */
export function attributeRow(code: u32): u32 {
  return load<u32>(rows + ((<usize>code & 0xff) << 2));
}

/** True when the segments fill the value exactly, none is empty or of unknown type, and no AS is 0 (RFC 7606 §7.2, RFC 7607). */
function asPathOk(p: usize, bytes: u32, asBytes: u32): bool {
  const end = p + bytes;
  while (p < end) {
    if (p + 2 > end) return false;
    const type = load<u8>(p);
    const count = <usize>load<u8>(p, 1);
    if (type < <u32>AS_SET || type > <u32>AS_CONFED_SET || count == 0) return false;
    p += 2;
    const next = p + count * asBytes;
    if (next > end) return false;
    if (asBytes == 4) {
      for (; p < next; p += 4) if (load<u32>(p) == 0) return false;
    } else {
      for (; p < next; p += 2) if (load<u16>(p) == 0) return false;
    }
  }
  return true;
}

/** True when the value is well-formed. MP attributes are checked where their prefixes are read. */
export function valueOk(check: u32, param: u32, p: usize, bytes: u32, fourOctet: bool): bool {
  switch (check) {
    case CHECK_EXACT:
      return bytes == param;
    case CHECK_LEAST:
      return bytes >= param;
    case CHECK_LIST:
      // COMMUNITY's own case: a division costs as much as the rest of a judgement.
      return bytes != 0 && (param == 4 ? (bytes & 3) == 0 : bytes % param == 0);
    case CHECK_ORIGIN:
      return bytes == 1 && load<u8>(p) <= 2;
    case CHECK_AS_PATH:
      return asPathOk(p, bytes, fourOctet ? 4 : 2);
    case CHECK_AS4_PATH:
      return asPathOk(p, bytes, 4);
    case CHECK_AGGREGATOR:
      // RFC 7607 §2: an AGGREGATOR with AS 0 is malformed.
      return fourOctet ? bytes == 8 && loadU32(p) != 0 : bytes == 6 && loadU16(p) != 0;
    case CHECK_MP_REACH:
      return bytes >= 5;
    case CHECK_MP_UNREACH:
      return bytes >= 3;
    default:
      return true;
  }
}
