// EVPN routes (RFC 7432 §7, RFC 9136 §3): {"type", "value": {...}} in yabgp's members, one row a route type.
// A label field is shown twice, as `label` and as `vni` (label_field.ts). Either is taken on the way back; both must agree.

import { formatAddress, parsePrefix } from "../../base/ip.js";
import { type AttributeContext, bad, unsigned, ValueError } from "../attribute_values.js";
import {
  anyAddress,
  type ByteReader,
  comesBack,
  decodeAll,
  encodeOne,
  type Field,
  hexBytes,
  type Members,
  mac,
  u24,
  u32,
} from "../fields.js";
import { fieldOf, labelOfField } from "../label_field.js";
import { members, type NlriCodec } from "./codec.js";
import { esi } from "./esi.js";
import { RD_BYTES, rdText, readRd } from "./rd.js";

interface RouteType {
  readonly type: number;
  readonly decode: (from: ByteReader, context: AttributeContext) => Record<string, unknown>;
  readonly encode: (value: Members, encoding: Encoding) => Buffer[];
}

interface Encoding extends AttributeContext {
  /** Label fields need not be given: they are not part of the route's key. */
  readonly withdraw: boolean;
}

const rd: Field = { decode: (from) => rdText(from.take(RD_BYTES)), encode: readRd };

const member = (name: string, value: Members, encode: (json: unknown) => Buffer): Buffer => {
  try {
    return encode(value[name]);
  } catch (error) {
    throw error instanceof ValueError ? new ValueError(`${name}: ${error.message}`) : error;
  }
};

const rdOf = (value: Members) => member("rd", value, (json) => encodeOne(rd, json));
const esiOf = (value: Members) => member("esi", value, (json) => encodeOne(esi, json));
const tagOf = (value: Members) => member("eth_tag_id", value, (json) => encodeOne(u32, json));

/** An address with its length in bits before it; none for undefined. */
function addressOf(json: unknown): Buffer {
  if (json === undefined || json === null) return Buffer.of(0);
  const bytes = anyAddress(json);
  return Buffer.concat([Buffer.of(bytes.length * 8), bytes]);
}

function readAddress(from: ByteReader): string | undefined {
  const bits = from.uint(1);
  if (bits === 0) return undefined;
  return bits === 32 || bits === 128 ? formatAddress(from.take(bits / 8)) : bad(bits, "32 or 128 bits of address");
}

function readLabels(from: ByteReader, count: number, { vxlan }: AttributeContext): { label: number[]; vni: number[] } {
  const vni = Array.from({ length: count }, () => from.uint(3));
  return { label: vni.map((field) => labelOfField(field, vxlan)), vni };
}

/** The label fields, `most` at the most; one that is 0 when a withdrawal names none. */
function labelsOf(value: Members, most: number, { withdraw, vxlan }: Encoding): Buffer {
  const [shown, vni] = [value["label"], value["vni"]].map((json) => (typeof json === "number" ? [json] : json));
  // What says how to read a label, the communities, is not there in a withdrawal.
  const label = withdraw && vni !== undefined ? undefined : shown;
  if (label === undefined && vni === undefined && withdraw) return Buffer.alloc(3);
  for (const json of [label, vni]) {
    const fits = json === undefined || (Array.isArray(json) && json.length > 0 && json.length <= most);
    if (!fits) return bad(json, `label or vni: a list of 1 to ${most} numbers`);
  }
  const [labels, vnis] = [label, vni] as (unknown[] | undefined)[];
  const count = (vnis ?? labels ?? bad(value, "an object with label or vni")).length;
  if (labels && vnis && labels.length !== count) return bad({ label, vni }, "as many labels as vnis");
  return Buffer.concat(Array.from({ length: count }, (_, i) => encodeOne(u24, fieldOf(labels?.[i], vnis?.[i], vxlan))));
}

const TYPES: readonly RouteType[] = [
  {
    // Ethernet auto-discovery.
    type: 1,
    decode: (from, context) => ({
      rd: rd.decode(from, {}),
      esi: esi.decode(from, {}),
      eth_tag_id: from.uint(4),
      ...readLabels(from, 1, context),
    }),
    encode: (value, encoding) => [rdOf(value), esiOf(value), tagOf(value), labelsOf(value, 1, encoding)],
  },
  {
    // MAC/IP advertisement.
    type: 2,
    decode: (from, context) => {
      const json: Record<string, unknown> = {
        rd: rd.decode(from, {}),
        esi: esi.decode(from, {}),
        eth_tag_id: from.uint(4),
      };
      if (from.uint(1) !== 48) bad("a MAC address", "48 bits");
      json["mac"] = mac.decode(from, {});
      const ip = readAddress(from);
      if (ip !== undefined) json["ip"] = ip;
      return { ...json, ...readLabels(from, from.left === 6 ? 2 : 1, context) };
    },
    encode: (value, encoding) => [
      rdOf(value),
      esiOf(value),
      tagOf(value),
      Buffer.of(48),
      member("mac", value, (json) => encodeOne(mac, json)),
      member("ip", value, addressOf),
      labelsOf(value, 2, encoding),
    ],
  },
  {
    // Inclusive multicast Ethernet tag.
    type: 3,
    decode: (from) => ({
      rd: rd.decode(from, {}),
      eth_tag_id: from.uint(4),
      ip: readAddress(from) ?? bad("", "an address"),
    }),
    encode: (value) => [
      rdOf(value),
      tagOf(value),
      member("ip", value, (json) => addressOf(json ?? bad(json, "an address"))),
    ],
  },
  {
    // Ethernet segment.
    type: 4,
    decode: (from) => ({
      rd: rd.decode(from, {}),
      esi: esi.decode(from, {}),
      ip: readAddress(from) ?? bad("", "an address"),
    }),
    encode: (value) => [
      rdOf(value),
      esiOf(value),
      member("ip", value, (json) => addressOf(json ?? bad(json, "an address"))),
    ],
  },
  {
    // IP prefix (RFC 9136 §3.1): 34 or 58 octets, prefix and gateway of one family.
    type: 5,
    decode: (from, context) => {
      const bytes = from.left === 58 ? 16 : 4;
      const json = { rd: rd.decode(from, {}), esi: esi.decode(from, {}), eth_tag_id: from.uint(4) };
      const bits = from.uint(1);
      const prefix = `${formatAddress(from.take(bytes))}/${bits}`;
      return { ...json, prefix, gateway: formatAddress(from.take(bytes)), ...readLabels(from, 1, context) };
    },
    encode: (value, encoding) => {
      const prefix = typeof value["prefix"] === "string" ? parsePrefix(value["prefix"]) : null;
      if (!prefix) return bad(value["prefix"], "prefix: a.b.c.d/n or x::/n");
      const none = prefix.bytes.length === 4 ? "0.0.0.0" : "::";
      const gateway = member("gateway", value, (json) => anyAddress(json ?? none));
      if (gateway.length !== prefix.bytes.length) bad(value["gateway"], "a gateway of the prefix's family");
      return [
        rdOf(value),
        esiOf({ esi: value["esi"] ?? 0 }),
        tagOf(value),
        Buffer.concat([Buffer.of(prefix.length), prefix.bytes]),
        gateway,
        labelsOf(value, 1, encoding),
      ];
    },
  },
];

const byType = new Map(TYPES.map((row) => [row.type, row]));

function encode(json: unknown, withdraw: boolean, context: AttributeContext = {}): Buffer {
  const { type, value } = members(json, '{"type": 1 to 5, "value": {...}}');
  const code = unsigned(type, 255);
  const row = byType.get(code);
  const body =
    typeof value === "string" || !row
      ? hexBytes(value)
      : Buffer.concat(row.encode(members(value, "value: an object"), { ...context, withdraw }));
  if (body.length > 255) bad(body.length, "a route of up to 255 octets");
  return Buffer.concat([Buffer.of(code, body.length), body]);
}

/** One EVPN route. A type that is not known, or one that would not come back the same, is {"type", "value": hex}. */
export const evpnNlri: NlriCodec = {
  decode: (wire, _withdraw, context = {}) => {
    const type = wire[0] ?? 0;
    const body = wire.subarray(2);
    const row = byType.get(type);
    const known =
      row &&
      comesBack(
        wire,
        () => ({ type, value: decodeRoute(row, body, context) }),
        (json) => encode(json, false, context),
      );
    return known ?? { type, value: body.toString("hex") };
  },
  encode,
};

const decodeRoute = (row: RouteType, body: Buffer, context: AttributeContext): unknown =>
  decodeAll({ decode: row.decode, encode: () => body }, body, context);
