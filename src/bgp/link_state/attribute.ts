// LINK_STATE (attribute 29, RFC 9552 §5.3): a list of TLVs. The tables by kind are in the files beside this one.

import type { Codec } from "../attribute_values.js";
import { listOf } from "../fields.js";
import { structured } from "../structured.js";
import { TlvTable } from "../tlv.js";
import { LINK_TLVS } from "./link.js";
import { NODE_TLVS } from "./node.js";
import { PREFIX_TLVS } from "./prefix.js";
import { SRV6_SID_TLVS } from "./srv6.js";

/** All TLVs of the attribute. */
export const LINK_STATE_TLVS = [...NODE_TLVS, ...LINK_TLVS, ...PREFIX_TLVS, ...SRV6_SID_TLVS];

export const linkState: Codec = structured(listOf(new TlvTable(LINK_STATE_TLVS)));
