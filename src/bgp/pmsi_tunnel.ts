// PMSI_TUNNEL (attribute 22, RFC 6514 §5): one row a tunnel type, with what its identifier holds.

import { bad, type Codec, unsigned } from "./attribute_values.js";
import {
  address4,
  addressRest,
  anyAddress,
  type ByteReader,
  comesBack,
  decodeAll,
  encodeOne,
  type Field,
  hexBytes,
  reserved,
  struct,
  u8,
  u16,
  u32,
} from "./fields.js";
import { fieldOf, labelOfField } from "./label_field.js";
import { members } from "./nlri/codec.js";
import { structured } from "./structured.js";

/** Two addresses of one family, half of the identifier each (PIM trees). */
const pair: Field = {
  decode: (from) => {
    const half = from.left / 2;
    if (half !== 4 && half !== 16) return bad(from.left, "8 or 32 octets");
    const address = (bytes: Buffer) => decodeAll(addressRest, bytes);
    return { source: address(from.take(half)), group: address(from.take(half)) };
  },
  encode: (json) => {
    const { source, group } = members(json, '{"source", "group"}');
    const [first, second] = [anyAddress(source), anyAddress(group)];
    return first.length === second.length ? Buffer.concat([first, second]) : bad(json, "addresses of one family");
  },
};

/** A P2MP or MP2MP FEC element (RFC 6388 §2.2): type, address family, root, opaque value. */
const mldp: Field = {
  decode: (from) => {
    const type = from.uint(1);
    const family = from.uint(2);
    const root = from.take(from.uint(1));
    if (root.length !== (family === 2 ? 16 : 4)) return bad(root.length, "a root address of the family");
    const opaque = from.take(from.uint(2));
    return { fec_type: type, root: decodeAll(addressRest, root), opaque: opaque.toString("hex") };
  },
  encode: (json) => {
    const fec = members(json, '{"fec_type", "root", "opaque"}');
    const root = anyAddress(fec["root"]);
    const opaque = hexBytes(fec["opaque"]);
    const head = Buffer.of(unsigned(fec["fec_type"], 255), 0, root.length === 16 ? 2 : 1, root.length);
    return Buffer.concat([head, root, encodeOne(u16, opaque.length), opaque]);
  },
};

/** No identifier: null. */
const none: Field = {
  decode: () => null,
  encode: (json) => (json === null || json === undefined ? Buffer.alloc(0) : bad(json, "null")),
};

/** By tunnel type (IANA "P-Multicast Service Interface Tunnel Tunnel Types"); others are hex digits. */
const IDENTIFIERS: ReadonlyMap<number, Field> = new Map([
  [0, none],
  // RSVP-TE P2MP.
  [1, struct(["extended_tunnel_id", address4], ["", reserved(2)], ["tunnel_id", u16], ["p2mp_id", u32])],
  // mLDP P2MP.
  [2, mldp],
  // PIM-SSM, PIM-SM and BIDIR-PIM trees.
  [3, pair],
  [4, pair],
  [5, pair],
  // Ingress replication.
  [6, addressRest],
  // mLDP MP2MP.
  [7, mldp],
  // Assisted replication (RFC 9574 §4).
  [10, addressRest],
  // BIER (RFC 8556 §2).
  [11, struct(["sub_domain_id", u8], ["bfr_id", u16], ["bfr_prefix", addressRest])],
]);

const LEAF_INFO_REQUIRED = 1;

function encodeIdentifier(type: number, json: unknown): Buffer {
  const field = IDENTIFIERS.get(type);
  const address = typeof json === "string" && /[.:]/.test(json);
  return field && (typeof json !== "string" || address) ? encodeOne(field, json) : hexBytes(json);
}

function decodeIdentifier(type: number, from: ByteReader): unknown {
  const bytes = from.rest();
  const field = IDENTIFIERS.get(type);
  const known =
    field &&
    comesBack(
      bytes,
      () => decodeAll(field, bytes),
      (json) => encodeIdentifier(type, json),
    );
  return known === undefined ? bytes.toString("hex") : known;
}

const single = (json: unknown) => (Array.isArray(json) && json.length === 1 ? (json[0] as unknown) : json);

/** The members of yabgp, and beside them `vni` and, when a bit but the lowest is set, `flags`. */
export const pmsiTunnel: Codec = structured({
  decode: (from, { vxlan }) => {
    const flags = from.uint(1);
    const type = from.uint(1);
    const label = from.uint(3);
    return {
      leaf_info_required: flags & LEAF_INFO_REQUIRED,
      ...(flags > LEAF_INFO_REQUIRED ? { flags } : {}),
      tunnel_type: type,
      mpls_label: [labelOfField(label, vxlan)],
      vni: [label],
      tunnel_id: decodeIdentifier(type, from),
    };
  },
  encode: (json, { vxlan }) => {
    const tunnel = members(json, '{"leaf_info_required", "tunnel_type", "mpls_label" or "vni", "tunnel_id"}');
    const leaf = unsigned(Number(tunnel["leaf_info_required"] ?? 0), 1);
    const type = unsigned(tunnel["tunnel_type"], 255);
    const head = Buffer.alloc(5);
    head[0] = unsigned(tunnel["flags"] ?? 0, 255) | leaf;
    head[1] = type;
    head.writeUIntBE(fieldOf(single(tunnel["mpls_label"]), single(tunnel["vni"]), vxlan) ?? 0, 2, 3);
    return Buffer.concat([head, encodeIdentifier(type, tunnel["tunnel_id"])]);
  },
});
