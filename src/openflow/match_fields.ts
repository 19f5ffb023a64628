// The match field table: the 40 fields of OpenFlow 1.3 (spec §7.2.3.7), one row each, with the place of those that 1.0 has
// (1.0 spec §5.2.3). JSON parsing and printing, packing, unpacking, prerequisite checks and docs/openflow.md come from the
// row; a field that is not here stays visible as `oxm`.

import { AppError } from "../base/errors.js";
import { type FORMS_1_0, type Place10, VERSION_1_0, VERSION_1_3 } from "../wasm/openflow.js";
import { OXM_CLASS_BASIC, type RecordReader, type RecordWriter } from "../wasm/openflow_records.js";
import { badValue, beforeV13, bigEndian, KINDS, type Kind, type KindName, parsePort, portAllowed } from "./values.js";

/** A field that must be matched too, with one of these values (none listed: any but 0, as `vlan_vid` none). */
export type Need = readonly [field: string, ...values: number[]];

export interface MatchField {
  readonly name: string;
  /** OXM field number in class OPENFLOW_BASIC. */
  readonly code: number;
  readonly bytes: number;
  /** Bits in use. */
  readonly bits: number;
  readonly kind: KindName;
  readonly maskable: boolean;
  readonly needs: readonly Need[];
  /** Where OpenFlow 1.0 has it; null = it does not. */
  readonly v10: Place10 | null;
}

const IP: Need = ["eth_type", 0x0800, 0x86dd];
const IPV4: Need = ["eth_type", 0x0800];
const IPV6: Need = ["eth_type", 0x86dd];
const ARP: Need = ["eth_type", 0x0806];
const MPLS: Need = ["eth_type", 0x8847, 0x8848];
const ICMPV6: Need = ["ip_proto", 58];

/** Offset and bytes in ofp_match, bit in `wildcards`, form, and the action that sets the field. */
type In10 = [at: number, bytes: number, wildcard: number, form: keyof typeof FORMS_1_0, set?: number];
type Row = [
  name: string,
  code: number,
  bytes: number,
  bits: number,
  kind: KindName,
  mask: boolean,
  needs?: Need[],
  v10?: In10,
];

// The order is that of the field numbers: a match is sent in it, which puts prerequisites first.
const rows: Row[] = [
  ["in_port", 0, 4, 32, "port", false, [], [4, 2, 0, "port"]],
  ["in_phy_port", 1, 4, 32, "port", false, [["in_port"]]],
  ["metadata", 2, 8, 64, "hex", true],
  ["eth_dst", 3, 6, 48, "mac", true, [], [12, 6, 3, "copy", 5]],
  ["eth_src", 4, 6, 48, "mac", true, [], [6, 6, 2, "copy", 4]],
  ["eth_type", 5, 2, 16, "ethType", false, [], [22, 2, 4, "copy"]],
  ["vlan_vid", 6, 2, 13, "vlanVid", true, [], [18, 2, 1, "vlan", 1]],
  ["vlan_pcp", 7, 1, 3, "number", false, [["vlan_vid"]], [20, 1, 20, "pcp", 2]],
  ["ip_dscp", 8, 1, 6, "number", false, [IP], [24, 1, 21, "dscp", 8]],
  ["ip_ecn", 9, 1, 2, "number", false, [IP]],
  ["ip_proto", 10, 1, 8, "ipProto", false, [IP], [25, 1, 5, "copy"]],
  ["ipv4_src", 11, 4, 32, "ipv4", true, [IPV4], [28, 4, 8, "prefix", 6]],
  ["ipv4_dst", 12, 4, 32, "ipv4", true, [IPV4], [32, 4, 14, "prefix", 7]],
  ["tcp_src", 13, 2, 16, "number", false, [["ip_proto", 6]], [36, 2, 6, "copy", 9]],
  ["tcp_dst", 14, 2, 16, "number", false, [["ip_proto", 6]], [38, 2, 7, "copy", 10]],
  ["udp_src", 15, 2, 16, "number", false, [["ip_proto", 17]], [36, 2, 6, "copy", 9]],
  ["udp_dst", 16, 2, 16, "number", false, [["ip_proto", 17]], [38, 2, 7, "copy", 10]],
  ["sctp_src", 17, 2, 16, "number", false, [["ip_proto", 132]], [36, 2, 6, "copy", 9]],
  ["sctp_dst", 18, 2, 16, "number", false, [["ip_proto", 132]], [38, 2, 7, "copy", 10]],
  ["icmpv4_type", 19, 1, 8, "icmpv4Type", false, [IPV4, ["ip_proto", 1]], [36, 2, 6, "number"]],
  ["icmpv4_code", 20, 1, 8, "number", false, [IPV4, ["ip_proto", 1]], [38, 2, 7, "number"]],
  ["arp_op", 21, 2, 16, "number", false, [ARP], [25, 1, 5, "number"]],
  ["arp_spa", 22, 4, 32, "ipv4", true, [ARP], [28, 4, 8, "prefix"]],
  ["arp_tpa", 23, 4, 32, "ipv4", true, [ARP], [32, 4, 14, "prefix"]],
  ["arp_sha", 24, 6, 48, "mac", true, [ARP]],
  ["arp_tha", 25, 6, 48, "mac", true, [ARP]],
  ["ipv6_src", 26, 16, 128, "ipv6", true, [IPV6]],
  ["ipv6_dst", 27, 16, 128, "ipv6", true, [IPV6]],
  ["ipv6_flabel", 28, 4, 20, "hex", true, [IPV6]],
  ["icmpv6_type", 29, 1, 8, "icmpv6Type", false, [IPV6, ICMPV6]],
  ["icmpv6_code", 30, 1, 8, "number", false, [IPV6, ICMPV6]],
  ["ipv6_nd_target", 31, 16, 128, "ipv6", false, [["icmpv6_type", 135, 136]]],
  ["ipv6_nd_sll", 32, 6, 48, "mac", false, [["icmpv6_type", 135]]],
  ["ipv6_nd_tll", 33, 6, 48, "mac", false, [["icmpv6_type", 136]]],
  ["mpls_label", 34, 4, 20, "hex", false, [MPLS]],
  ["mpls_tc", 35, 1, 3, "number", false, [MPLS]],
  ["mpls_bos", 36, 1, 1, "number", false, [MPLS]],
  ["pbb_isid", 37, 3, 24, "hex", true, [["eth_type", 0x88e7]]],
  ["tunnel_id", 38, 8, 64, "hex", true],
  ["ipv6_exthdr", 39, 2, 9, "extensionHeaders", true, [IPV6]],
];

/** The value of prerequisite `name` that 1.0 takes, which has IPv4 alone where 1.3 has both; 0 = it needs none. */
function needed10(needs: readonly Need[], name: string): number {
  return needs.find(([field]) => field === name)?.[1] ?? 0;
}

function place10(needs: readonly Need[], v10: In10 | undefined): Place10 | null {
  if (!v10) return null;
  const [at, bytes, wildcard, form, set = null] = v10;
  const ipProto = needed10(needs, "ip_proto");
  const ethType = ipProto > 0 ? 0x0800 : needed10(needs, "eth_type");
  return { at, bytes, wildcard, form, set, ethType, ipProto };
}

export const MATCH_FIELDS: readonly MatchField[] = rows.map(
  ([name, code, bytes, bits, kind, maskable, needs = [], v10]) => ({
    name,
    code,
    bytes,
    bits,
    kind,
    maskable,
    needs,
    v10: place10(needs, v10),
  }),
);

const byName = new Map(MATCH_FIELDS.map((field) => [field.name, field]));

export function matchField(name: string): MatchField | undefined {
  return byName.get(name);
}

export function matchFieldByCode(code: number): MatchField | undefined {
  return MATCH_FIELDS[code];
}

/** A field's value and mask in network order; a null mask matches all bits. */
export interface FieldValue {
  readonly field: MatchField;
  readonly value: Uint8Array;
  readonly mask: Uint8Array | null;
}

/**
 * Reads one field of a match from JSON: the value, and the sibling `mask` when there is one (else undefined). A mask of
 * all ones is dropped, one of all zeros makes the field match anything: null. Bits of the value outside the mask are cleared.
 * Errors: OPENFLOW_VALUE, OPENFLOW_BEFORE_1_3.
 */
export function parseField(
  field: MatchField,
  value: unknown,
  mask: unknown,
  version: number = VERSION_1_3,
): FieldValue | null {
  if (version === VERSION_1_0 && !field.v10) throw beforeV13(field.name);
  const kind: Kind = KINDS[field.kind];
  const parsed = version === VERSION_1_0 ? parse10(field, value) : kind.parse(value, field);
  if (!parsed) throw badValue(field.name, value, kind.allowed);
  let bits = parsed.mask;
  if (mask !== undefined) {
    const own = kind.parseMask ? kind.parseMask(mask, field) : (kind.parse(mask, field)?.value ?? null);
    if (!own || bits) throw badValue(`${field.name} mask`, mask, bits ? "no mask beside such a value" : kind.allowed);
    bits = own;
  }
  if (!bits) return { field, value: parsed.value, mask: null };
  if (bits.every((byte) => byte === 0)) return null;
  if (isAllOnes(bits, field.bits)) return { field, value: parsed.value, mask: null };
  if (!field.maskable)
    throw badValue(`${field.name} mask`, mask ?? value, "no mask: OpenFlow 1.3 has none for this field");
  if (version === VERSION_1_0 && !(field.v10?.form === "prefix" && isPrefix(bits))) {
    throw beforeV13(`${field.name} mask ${JSON.stringify(mask ?? value).slice(0, 100)}`);
  }
  const masked = parsed.value.map((byte, i) => byte & (bits[i] as number));
  return { field, value: masked, mask: bits };
}

/** A value as far as 1.0 has it: ports of 16 bits, ARP operations of eight. Errors: OPENFLOW_VALUE. */
function parse10(field: MatchField, value: unknown): ReturnType<Kind["parse"]> {
  if (field.kind === "port") {
    const port = parsePort(value, VERSION_1_0);
    if (port === null) throw badValue(field.name, value, portAllowed(VERSION_1_0));
    return { value: bigEndian(port, 4) };
  }
  const parsed = (KINDS[field.kind] as Kind).parse(value, field);
  const narrow = field.v10?.form === "number" && field.v10.bytes < field.bytes;
  if (narrow && parsed && parsed.value[0] !== 0) throw badValue(field.name, value, "a number 0..255 in OpenFlow 1.0");
  return parsed;
}

/** True for a mask whose ones all stand before its zeros. */
function isPrefix(mask: Uint8Array): boolean {
  const free = ~Buffer.from(mask).readUInt32BE(0) >>> 0;
  return (free & (free + 1)) === 0;
}

function isAllOnes(mask: Uint8Array, bits: number): boolean {
  const full = bigEndian((1n << BigInt(bits)) - 1n, mask.length);
  return mask.every((byte, i) => byte === full[i]);
}

/** Reads a value for `set_field`: no mask. Errors: OPENFLOW_VALUE, OPENFLOW_BEFORE_1_3. */
export function parseSetField(name: string, value: unknown, version: number = VERSION_1_3): FieldValue {
  const field = byName.get(name);
  if (!field) throw badValue("set_field", name, "a match field's name");
  if (version === VERSION_1_0 && (field.v10?.set ?? null) === null) throw beforeV13(`set_field ${name}`);
  const parsed = parseField(field, value, undefined, version);
  if (!parsed || parsed.mask) throw badValue(`set_field ${name}`, value, KINDS[field.kind].allowed);
  return parsed;
}

/** What a field needs in a version: 1.0 has IPv4 alone where 1.3 has both, and a priority without a VLAN id. */
function needsIn({ needs, v10 }: MatchField, version: number): readonly Need[] {
  if (version !== VERSION_1_0 || !v10) return needs;
  return needs.flatMap(([name, ...values]): Need[] => (values.length > 0 ? [[name, values[0] as number]] : []));
}

/** Checks that each field's prerequisites (spec §7.2.3.6) are in the match. Errors: OPENFLOW_VALUE. */
export function checkNeeds(match: readonly FieldValue[], version: number = VERSION_1_3): void {
  for (const { field } of match) {
    for (const [name, ...values] of needsIn(field, version)) {
      const other = match.find((entry) => entry.field.name === name);
      const number = other ? Buffer.from(other.value).readUIntBE(0, Math.min(other.value.length, 4)) : 0;
      if (other && (values.length > 0 ? values.includes(number) : number !== 0)) continue;
      const kind: Kind = KINDS[(byName.get(name) as MatchField).kind];
      const bytes = (byName.get(name) as MatchField).bytes;
      const wanted = values.map((v) => kind.print(Buffer.from(bigEndian(v, bytes)), 0, bytes)).join(" or ");
      const reason = `${field.name}: its prerequisite is missing; match ${name}${wanted ? ` ${wanted}` : ""} too`;
      throw new AppError("OPENFLOW_VALUE", { reason });
    }
  }
}

/** Writes one field's item. */
export function writeField(writer: RecordWriter, { field, value, mask }: FieldValue): void {
  writer.match(field.code, value, mask);
}

/** JSON text of the match item that the reader stands at: `{"ipv4_src":"10.0.0.0","mask":"255.0.0.0"}`. */
export function printMatchItem(reader: RecordReader): string {
  const field = reader.arg === OXM_CLASS_BASIC ? MATCH_FIELDS[reader.code] : undefined;
  const at = reader.payload;
  const length = reader.payloadLength;
  if (!field) return `{"oxm":"0x${oxmHex(reader)}"}`;
  const kind: Kind = KINDS[field.kind];
  if (!reader.masked) return `{"${field.name}":${kind.print(reader.bytes, at, length)}}`;
  const half = length / 2;
  const both = kind.printBoth?.(reader.bytes, at, half) ?? null;
  if (both !== null) return `{"${field.name}":${both}}`;
  const mask = (kind.printMask ?? kind.print)(reader.bytes, at + half, half);
  return `{"${field.name}":${kind.print(reader.bytes, at, half)},"mask":${mask}}`;
}

/** Hex of the whole OXM TLV of a field that the table does not have. */
function oxmHex(reader: RecordReader): string {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(reader.arg);
  head[2] = (reader.code << 1) | Number(reader.masked);
  head[3] = reader.payloadLength;
  return head.toString("hex") + reader.bytes.toString("hex", reader.payload, reader.payload + reader.payloadLength);
}

/** Writes a field that the table does not have, from the hex of its OXM TLV. Errors: OPENFLOW_VALUE. */
export function writeRawField(writer: RecordWriter, hex: unknown): void {
  const bytes =
    typeof hex === "string" && /^0x([0-9a-fA-F]{2}){4,259}$/.test(hex) ? Buffer.from(hex.slice(2), "hex") : null;
  const masked = bytes ? ((bytes[2] as number) & 1) !== 0 : false;
  if (!bytes || bytes.length !== 4 + (bytes[3] as number) || (masked && bytes.length % 2 !== 0)) {
    throw badValue("oxm", hex, "0x and the hex digits of one OXM TLV");
  }
  const value = bytes.subarray(4);
  const half = masked ? value.length / 2 : value.length;
  const mask = masked ? value.subarray(half) : null;
  const row = MATCH_FIELDS[(bytes[2] as number) >> 1];
  if (row && bytes.readUInt16BE(0) === OXM_CLASS_BASIC)
    throw badValue("oxm", hex, `this field's own name, ${row.name}`);
  writer.match((bytes[2] as number) >> 1, value.subarray(0, half), mask, bytes.readUInt16BE(0));
}
