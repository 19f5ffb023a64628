// An UPDATE message as yabgp records it: {"attr", "nlri", "withdraw", "afi_safi"}.

import { ATTR } from "../wasm/bgp_numbers.js";
import { attributeRow, walkAttributes } from "./attributes.js";
import { type Family, familyByNumbers } from "./families.js";

export interface UpdateRecord {
  readonly attr: Record<string, unknown>;
  readonly nlri: unknown[];
  readonly withdraw: unknown[];
  /** The name of the family that the message is about; null for a family without a name, and for an end of IPv4's RIB. */
  readonly afi_safi: string | null;
}

export interface RecordContext {
  readonly fourOctetAs: boolean;
  /** Indices of the families whose prefixes carry path identifiers in this direction. */
  readonly addPath: readonly number[];
}

const HEADER_BYTES = 19;

function prefixes(bytes: Buffer, family: Family | undefined, withPaths: boolean, withdraw: boolean): unknown[] {
  const prefixed = family && (family.safi === 1 || family.safi === 2);
  if (!prefixed) return bytes.length > 0 ? [bytes.toString("hex")] : [];
  const found: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const path = withPaths ? bytes.readUInt32BE(at) : 0;
    if (withPaths) at += 4;
    const end = at + 1 + (((bytes[at] as number) + 7) >> 3);
    if (end > bytes.length) throw new RangeError("a prefix ends behind the message");
    const json = family.nlri.decode(bytes.subarray(at, end), withdraw);
    found.push(withPaths ? { prefix: json, path_id: path } : json);
    at = end;
  }
  return found;
}

/** `message`: a whole UPDATE. Throws when it is malformed. */
export function updateRecord(message: Buffer, context: RecordContext): UpdateRecord {
  const family4 = familyByNumbers(1, 1);
  const paths = (family: Family | undefined) => family?.rib != null && context.addPath.includes(family.rib);
  const withdrawnEnd = HEADER_BYTES + 2 + message.readUInt16BE(HEADER_BYTES);
  const attributesEnd = withdrawnEnd + 2 + message.readUInt16BE(withdrawnEnd);
  const withdraw = prefixes(message.subarray(HEADER_BYTES + 2, withdrawnEnd), family4, paths(family4), true);
  const nlri = prefixes(message.subarray(attributesEnd), family4, paths(family4), false);
  const attr: Record<string, unknown> = {};
  let other: string | null = null;
  for (const { code, value } of walkAttributes(message.subarray(withdrawnEnd + 2, attributesEnd))) {
    if (code !== ATTR.mpReach && code !== ATTR.mpUnreach) {
      attr[code] = attributeRow(code).codec.decode(value, context.fourOctetAs ? 4 : 2);
      continue;
    }
    const numbers = [value.readUInt16BE(0), value[2] as number] as const;
    const family = familyByNumbers(...numbers);
    other ??= family?.name ?? null;
    if (code === ATTR.mpUnreach) {
      attr[code] = { afi_safi: numbers, withdraw: prefixes(value.subarray(3), family, paths(family), true) };
      continue;
    }
    const hopEnd = 4 + (value[3] as number);
    const hop = family?.hop.decode(value.subarray(4, hopEnd)) ?? { nexthop: value.toString("hex", 4, hopEnd) };
    // One reserved octet stands before the prefixes (RFC 4760 section 3).
    attr[code] = {
      afi_safi: numbers,
      ...hop,
      nlri: prefixes(value.subarray(hopEnd + 1), family, paths(family), false),
    };
  }
  return { attr, nlri, withdraw, afi_safi: nlri.length + withdraw.length > 0 ? "ipv4" : other };
}
