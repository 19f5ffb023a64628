// Flow specifications (RFC 8955, RFC 8956), and their VPN forms behind a route distinguisher (RFC 8955 §8). JSON: one
// object a rule, components by type number, e.g. {"1": "10.0.0.0/24", "5": "=80|>=8080&<=8088"}; VPN rules have "rd".

import { parsePrefix } from "../../base/ip.js";
import { bad, unsigned } from "../attribute_values.js";
import { members, type NlriCodec, orHex } from "./codec.js";
import { bitmask, numeric, type OperatorForm, operatorsText, readOperators } from "./flow_operators.js";
import { prefixOctets, prefixText, readPrefix, type Width } from "./prefix.js";
import { RD_BYTES, rdText, readRd } from "./rd.js";

/** From this length on a rule has two length octets, the first with 0xf in its upper half (RFC 8955 §4.1). */
const LONG_FROM = 240;
const LENGTH_MAX = 0xfff;

interface Component {
  /** The value at the start of `bytes` and the octets it takes. RangeError when it is malformed. */
  decode(bytes: Buffer): { value: unknown; taken: number };
  encode(json: unknown): Uint8Array;
}

const prefix4: Component = {
  decode: (bytes) => {
    const bits = bytes.readUInt8(0);
    return { value: prefixText(bits, bytes.subarray(1), 4), taken: 1 + ((bits + 7) >> 3) };
  },
  encode: (json) => {
    const prefix = readPrefix(json, 4);
    return Buffer.concat([Uint8Array.of(prefix.length), prefixOctets(prefix)]);
  },
};

const toNumber = (bytes: Uint8Array) => BigInt(`0x0${Buffer.from(bytes).toString("hex")}`);
const toBytes = (value: bigint, octets: number) =>
  Buffer.from(
    value
      .toString(16)
      .padStart(octets * 2, "0")
      .slice(0, octets * 2),
    "hex",
  );

/** RFC 8956 §3.1: length, offset, and the bits from offset to length, left-aligned. */
const prefix6: Component = {
  decode: (bytes) => {
    const [bits, offset] = [bytes.readUInt8(0), bytes.readUInt8(1)];
    const octets = (bits - offset + 7) >> 3;
    checkPrefix6(bits, offset, bytes.length - 2 - octets);
    const pattern = toNumber(bytes.subarray(2, 2 + octets)) >> BigInt(octets * 8 - (bits - offset));
    const address = toBytes(pattern << BigInt(128 - bits), 16);
    return { value: { prefix: prefixText(bits, address, 16), offset }, taken: 2 + octets };
  },
  encode: (json) => {
    const body = typeof json === "string" ? { prefix: json, offset: 0 } : members(json, '{"prefix", "offset"}');
    const text = body["prefix"];
    const prefix = typeof text === "string" ? parsePrefix(text) : null;
    if (prefix?.bytes.length !== 16) return bad(text, "IPv6 prefixes x::/n");
    const offset = unsigned(body["offset"] ?? 0, Math.max(prefix.length - 1, 0));
    const bits = prefix.length - offset;
    const octets = (bits + 7) >> 3;
    const pattern = (toNumber(prefix.bytes) >> BigInt(128 - prefix.length)) & ((1n << BigInt(bits)) - 1n);
    return Buffer.concat([Uint8Array.of(prefix.length, offset), toBytes(pattern << BigInt(octets * 8 - bits), octets)]);
  },
};

function checkPrefix6(bits: number, offset: number, left: number): void {
  if (bits > 128 || (offset >= bits && bits + offset > 0) || left < 0) throw new RangeError("a prefix is malformed");
}

/** As drafts had it, and GoBGP and ExaBGP still have: all bits up to length, whatever the offset. */
const draftPrefix6: Component = {
  decode: (bytes) => {
    const [bits, offset] = [bytes.readUInt8(0), bytes.readUInt8(1)];
    const octets = (bits + 7) >> 3;
    checkPrefix6(bits, offset, bytes.length - 2 - octets);
    // What stands before the offset is not compared.
    const compared = (1n << BigInt(octets * 8 - offset)) - 1n;
    const address = toBytes(toNumber(bytes.subarray(2, 2 + octets)) & compared, octets);
    return { value: { prefix: prefixText(bits, address, 16), offset }, taken: 2 + octets };
  },
  encode: prefix6.encode,
};

const operatorList = (form: OperatorForm): Component => ({
  decode: (bytes) => {
    const { text, taken } = operatorsText(form, bytes);
    return { value: text, taken };
  },
  encode: (json) => readOperators(form, json),
});

const number = operatorList(numeric());

/** RFC 9293 §3.1; the ninth bit stands in the first octet of a two-octet value. */
const TCP_FLAGS = bitmask([
  ["fin", 1],
  ["syn", 2],
  ["rst", 4],
  ["psh", 8],
  ["push", 8],
  ["ack", 16],
  ["urg", 32],
  ["urgent", 32],
  ["ece", 64],
  ["cwr", 128],
  ["ns", 256],
]);

/** RFC 8955 §4.2.2.12. */
const FRAGMENTS = bitmask([
  ["dont-fragment", 1],
  ["is-fragment", 2],
  ["first-fragment", 4],
  ["last-fragment", 8],
]);

/** THE component table: by type, in the order in which a rule has them (RFC 8955 §4.2.2, RFC 8956 §3). */
function components(prefix: Component): ReadonlyMap<number, Component> {
  const rows: [number, Component][] = [
    [1, prefix], // destination
    [2, prefix], // source
    [3, number], // protocol, upper-layer protocol
    [4, number], // port
    [5, number], // destination port
    [6, number], // source port
    [7, number], // ICMP type
    [8, number], // ICMP code
    [9, operatorList(TCP_FLAGS)],
    [10, number], // packet length
    [11, number], // DSCP
    [12, operatorList(FRAGMENTS)],
  ];
  // Flow label (RFC 8956 §3.7): values should be in four octets.
  return new Map(prefix === prefix4 ? rows : [...rows, [13, operatorList(numeric(4))]]);
}

/** The rule's octets without its length; RangeError when the length is not theirs. */
function ruleOf(wire: Buffer): Buffer {
  const long = wire.readUInt8(0) >= LONG_FROM;
  const length = long ? wire.readUInt16BE(0) & LENGTH_MAX : wire.readUInt8(0);
  const rule = wire.subarray(long ? 2 : 1);
  if (rule.length !== length) throw new RangeError("a flow specification is malformed");
  return rule;
}

function withLength(rule: Buffer): Buffer {
  if (rule.length > LENGTH_MAX) return bad(`a rule of ${rule.length} octets`, `${LENGTH_MAX} octets in a rule`);
  const length = rule.length < LONG_FROM ? [rule.length] : [0xf0 | (rule.length >> 8), rule.length & 255];
  return Buffer.concat([Uint8Array.from(length), rule]);
}

/** The JSON of a rule. RangeError when it is malformed, or has components that the table has not. */
function ruleJson(rule: Buffer, table: ReadonlyMap<number, Component>, vpn: boolean): Record<string, unknown> {
  const json: Record<string, unknown> = vpn ? { rd: rdText(rule) } : {};
  let before = 0;
  for (let at = vpn ? RD_BYTES : 0; at < rule.length; ) {
    const type = rule.readUInt8(at++);
    const component = table.get(type);
    if (!component || type <= before) throw new RangeError("a flow specification is malformed");
    const { value, taken } = component.decode(rule.subarray(at));
    json[type] = value;
    at += taken;
    before = type;
  }
  return json;
}

/** The flow specifications of a family. `vpn`: with a route distinguisher. */
export function flowspec(width: Width, vpn: boolean): NlriCodec {
  const table = components(width === 4 ? prefix4 : prefix6);
  const draftTable = width === 4 ? null : components(draftPrefix6);
  const allowed = `components ${[...table.keys()].join(", ")}${vpn ? " and rd" : ""}`;
  return orHex({
    decode: (wire) => {
      const rule = ruleOf(wire);
      try {
        return ruleJson(rule, table, vpn);
      } catch (error) {
        if (!draftTable) throw error;
        return ruleJson(rule, draftTable, vpn);
      }
    },
    encode: (json) => {
      const body = members(json, `an object with ${allowed}`);
      const keys = Object.keys(body).filter((key) => !(vpn && key === "rd"));
      const unknown = keys.find((key) => !table.has(Number(key)));
      if (unknown !== undefined) return bad(unknown, allowed);
      if (keys.length === 0) return bad(json, `an object with ${allowed}`);
      const parts: Uint8Array[] = vpn ? [readRd(body["rd"])] : [];
      for (const [type, component] of table) {
        if (String(type) in body) parts.push(Uint8Array.of(type), component.encode(body[type]));
      }
      return withLength(Buffer.concat(parts));
    },
  });
}
