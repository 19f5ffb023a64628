// THE attribute table: one row an attribute, with its name, RFC, flags, and its JSON form both ways. The codes and flags
// are also in assembly/bgp/layout.ts, whose decoder judges what comes from peers; a test compares the two.

import { ATTR, FLAG } from "../wasm/bgp_numbers.js";
import { aigp } from "./aigp.js";
import { jsonContext, wireContext } from "./attribute_context.js";
import {
  type AttributeContext,
  address4,
  addressList,
  aggregator,
  asPath,
  bad,
  type Codec,
  communities,
  integer32,
  largeCommunities,
  listed,
  origin,
  presence,
  raw,
  sized,
} from "./attribute_values.js";
import { encodeAttribute, walkAttributes } from "./attribute_wire.js";
import { extCommunities } from "./ext_communities.js";
import { familyByNumbers } from "./families.js";
import { ipv6ExtCommunities } from "./ipv6_ext_communities.js";
import { linkState } from "./link_state/attribute.js";
import { addressHop } from "./nlri/codec.js";
import { pmsiTunnel } from "./pmsi_tunnel.js";
import { prefixSid } from "./prefix_sid.js";
import { tunnelEncaps } from "./tunnel_encaps.js";

export interface AttributeRow {
  readonly code: number;
  readonly name: string;
  readonly rfc: number;
  readonly flags: number;
  /** "path": encoded here. "mp": made from prefixes (update_json.ts). "derived": made by RFC 6793 when it is needed. */
  readonly kind: "path" | "mp" | "derived";
  readonly codec: Codec;
}

const WELL_KNOWN = FLAG.transitive;
const OPTIONAL = FLAG.optional;
const TRANSITIVE = FLAG.optional | FLAG.transitive;

/** MP_REACH_NLRI as a RIB keeps it: AFI, SAFI, length and next hop, without prefixes. */
const reach: Codec = {
  decode: (value) => {
    const hop = value.subarray(4, 4 + (value[3] ?? 0));
    if (value.length < 4 || hop.length !== value[3]) return value.toString("hex");
    const [afi, safi] = [value.readUInt16BE(0), value[2] as number];
    return { afi_safi: [afi, safi], ...(familyByNumbers(afi, safi)?.hop ?? addressHop).decode(hop) };
  },
  encode: (json) => bad(json, "an attribute that is made from prefixes"),
};

const octets1 = (codec: Codec) => sized(codec, (bytes) => bytes === 1);
const octets4 = (codec: Codec) => sized(codec, (bytes) => bytes === 4);
const aggregators = sized(aggregator, (bytes, asBytes) => bytes === asBytes + 4);

export const ATTRIBUTES: readonly AttributeRow[] = [
  { code: 1, name: "ORIGIN", rfc: 4271, flags: WELL_KNOWN, kind: "path", codec: octets1(origin) },
  { code: ATTR.asPath, name: "AS_PATH", rfc: 4271, flags: WELL_KNOWN, kind: "path", codec: asPath },
  { code: ATTR.nextHop, name: "NEXT_HOP", rfc: 4271, flags: WELL_KNOWN, kind: "path", codec: octets4(address4) },
  { code: 4, name: "MULTI_EXIT_DISC", rfc: 4271, flags: OPTIONAL, kind: "path", codec: octets4(integer32) },
  { code: ATTR.localPref, name: "LOCAL_PREF", rfc: 4271, flags: WELL_KNOWN, kind: "path", codec: octets4(integer32) },
  {
    code: 6,
    name: "ATOMIC_AGGREGATE",
    rfc: 4271,
    flags: WELL_KNOWN,
    kind: "path",
    codec: sized(presence, (bytes) => bytes === 0),
  },
  { code: ATTR.aggregator, name: "AGGREGATOR", rfc: 4271, flags: TRANSITIVE, kind: "path", codec: aggregators },
  { code: 8, name: "COMMUNITY", rfc: 1997, flags: TRANSITIVE, kind: "path", codec: listed(communities, 4) },
  { code: 9, name: "ORIGINATOR_ID", rfc: 4456, flags: OPTIONAL, kind: "path", codec: octets4(address4) },
  { code: 10, name: "CLUSTER_LIST", rfc: 4456, flags: OPTIONAL, kind: "path", codec: listed(addressList, 4) },
  { code: ATTR.mpReach, name: "MP_REACH_NLRI", rfc: 4760, flags: OPTIONAL, kind: "mp", codec: reach },
  { code: ATTR.mpUnreach, name: "MP_UNREACH_NLRI", rfc: 4760, flags: OPTIONAL, kind: "mp", codec: raw },
  {
    code: 16,
    name: "EXTENDED_COMMUNITIES",
    rfc: 4360,
    flags: TRANSITIVE,
    kind: "path",
    codec: listed(extCommunities, 8),
  },
  { code: 17, name: "AS4_PATH", rfc: 6793, flags: TRANSITIVE, kind: "derived", codec: asPath },
  { code: 18, name: "AS4_AGGREGATOR", rfc: 6793, flags: TRANSITIVE, kind: "derived", codec: aggregators },
  { code: 22, name: "PMSI_TUNNEL", rfc: 6514, flags: TRANSITIVE, kind: "path", codec: pmsiTunnel },
  { code: 23, name: "TUNNEL_ENCAPSULATION", rfc: 9012, flags: TRANSITIVE, kind: "path", codec: tunnelEncaps },
  {
    code: 25,
    name: "IPV6_EXTENDED_COMMUNITIES",
    rfc: 5701,
    flags: TRANSITIVE,
    kind: "path",
    codec: listed(ipv6ExtCommunities, 20),
  },
  { code: 26, name: "AIGP", rfc: 7311, flags: OPTIONAL, kind: "path", codec: aigp },
  { code: 29, name: "LINK_STATE", rfc: 9552, flags: OPTIONAL, kind: "path", codec: linkState },
  {
    code: 32,
    name: "LARGE_COMMUNITY",
    rfc: 8092,
    flags: TRANSITIVE,
    kind: "path",
    codec: listed(largeCommunities, 12),
  },
  { code: 35, name: "ONLY_TO_CUSTOMER", rfc: 9234, flags: TRANSITIVE, kind: "path", codec: octets4(integer32) },
  { code: 40, name: "PREFIX_SID", rfc: 8669, flags: TRANSITIVE, kind: "path", codec: prefixSid },
];

export { encodeAttribute, walkAttributes } from "./attribute_wire.js";

const rows = new Map(ATTRIBUTES.map((row) => [row.code, row]));

/** The row of a code; an unknown one is optional transitive and written in hex. */
export function attributeRow(code: number): AttributeRow {
  return rows.get(code) ?? { code, name: `ATTRIBUTE_${code}`, rfc: 0, flags: TRANSITIVE, kind: "path", codec: raw };
}

/** A RIB's attribute bytes (always with four-octet AS numbers) as yabgp's `attr` object. */
export function attributesJson(bytes: Buffer, context: AttributeContext = wireContext(bytes)): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const { code, value } of walkAttributes(bytes)) json[code] = attributeRow(code).codec.decode(value, 4, context);
  return json;
}

/** True when an AS_PATH or AGGREGATOR in JSON names an AS that two octets cannot hold. */
function needsFourOctets(json: unknown): boolean {
  return Array.isArray(json) ? json.some(needsFourOctets) : Number(json) > 0xffff;
}

/** A path for AS4_PATH: confederation segments (types 3 and 4) must not be in it (RFC 6793 §3). */
const withoutConfederations = (path: unknown) => (path as [unknown, unknown][]).filter(([type]) => Number(type) < 3);

/**
 * A RIB's attribute bytes for a session with two-octet AS numbers: AS_PATH and AGGREGATOR rewritten, with AS4_PATH and
 * AS4_AGGREGATOR where they are due, all others byte for byte.
 */
export function narrowAttributes(bytes: Buffer): Buffer {
  const parts = [...walkAttributes(bytes)].map(({ flags, code, value }) => {
    if (code !== ATTR.asPath && code !== ATTR.aggregator) {
      return encodeAttribute(flags & ~FLAG.extendedLength, code, value);
    }
    return encodeAttributes({ [code]: attributeRow(code).codec.decode(value, 4) }, false);
  });
  return Buffer.concat(parts);
}

/**
 * The wire form of an `attr` object, in the order of the codes, without 14 and 15. On a session with two-octet AS
 * numbers AS4_PATH and AS4_AGGREGATOR are added where RFC 6793 §4.2.2 wants them. Throws ValueError.
 */
export function encodeAttributes(
  attr: Readonly<Record<string, unknown>>,
  fourOctetAs: boolean,
  context: AttributeContext = jsonContext(attr),
): Buffer {
  const parts: [number, Buffer][] = [];
  const add = (code: number, json: unknown, asBytes: 2 | 4) => {
    const row = attributeRow(code);
    parts.push([code, encodeAttribute(row.flags, code, row.codec.encode(json, asBytes, context))]);
  };
  for (const [key, json] of Object.entries(attr)) {
    const code = Number(key);
    if (!/^\d{1,3}$/.test(key) || code === 0 || code > 255) bad(key, "attribute codes from 1 to 255 as keys");
    if (attributeRow(code).kind !== "path") continue;
    add(code, json, fourOctetAs ? 4 : 2);
    if (!fourOctetAs && code === ATTR.asPath && needsFourOctets(json)) add(17, withoutConfederations(json), 4);
    if (!fourOctetAs && code === ATTR.aggregator && needsFourOctets((json as unknown[])[0])) add(18, json, 4);
  }
  return Buffer.concat(parts.sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
}
