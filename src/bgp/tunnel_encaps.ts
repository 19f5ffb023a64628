// TUNNEL_ENCAPSULATION (RFC 9012) with an SR policy in it (RFC 9830 §2.4), in yabgp's JSON: keys are sub-TLV types, and
// "0" says whose: "new" the registered ones, "old" those of early implementations. Whatever this JSON cannot say so that
// the same bytes come of it again, other tunnel types for instance, is written in hex.

import { formatAddress, parseAddress } from "../base/ip.js";
import { bad, type Codec, list, raw, u16, u32, unsigned } from "./attribute_values.js";
import { members } from "./nlri/codec.js";
import { segmentList } from "./sr_segments.js";
import { readTlv, shownTlv, type TlvForm, tlvs } from "./sr_tlv.js";

/** IANA: SR Policy. */
const TUNNEL_TYPE = 15;
const SEGMENT_LIST = 128;
const HEAD = Buffer.alloc(2);

const preference: TlvForm = {
  decode: (value) => value.readUInt32BE(2),
  encode: (json) => Buffer.concat([HEAD, u32(unsigned(json, 0xffffffff))]),
};

/** A label, "" for one that is left to the headend, or an SRv6 SID. */
const bindingSid: TlvForm = {
  decode: (value) => {
    if (value.length === 2) return "";
    return value.length === 18 ? formatAddress(value.subarray(2)) : value.readUInt32BE(2) >>> 12;
  },
  encode: (json) => {
    if (json === "") return HEAD;
    const sid = typeof json === "string" ? parseAddress(json) : null;
    if (sid?.length === 16) return Buffer.concat([HEAD, sid]);
    return Buffer.concat([HEAD, u32(unsigned(json, 0xfffff) * 4096)]);
  },
};

const srv6BindingSid: TlvForm = {
  decode: (value) => formatAddress(value.subarray(2, 18)),
  encode: (json) => {
    const sid = typeof json === "string" ? parseAddress(json) : null;
    return sid?.length === 16 ? Buffer.concat([HEAD, sid]) : bad(json, "an SRv6 SID");
  },
};

const ALL_AFI: readonly (readonly [name: string, afi: number, bytes: number])[] = [
  ["ipv4", 1, 4],
  ["ipv6", 2, 16],
];

/** RFC 9012 §3.1; its first four octets were an AS number in the drafts that yabgp follows. */
const endpoint: TlvForm = {
  decode: (value) => {
    const afi = ALL_AFI.find((row) => row[1] === value.readUInt16BE(4));
    return { asn: value.readUInt32BE(0), afi: afi?.[0], address: formatAddress(value.subarray(6)) };
  },
  encode: (json) => {
    const body = members(json, '{"asn", "afi", "address"}');
    const address = typeof body["address"] === "string" ? parseAddress(body["address"]) : null;
    const [, afi = 0] = ALL_AFI.find((row) => row[0] === body["afi"] && row[2] === address?.length) ?? [];
    if (afi === 0 || !address) return bad(json, "afi ipv4 or ipv6, and an address of it");
    return Buffer.concat([u32(unsigned(body["asn"] ?? 0, 0xffffffff)), u16(afi), address]);
  },
};

const enlp: TlvForm = {
  decode: (value) => value[2],
  encode: (json) => Buffer.concat([HEAD, Uint8Array.of(unsigned(json, 255))]),
};

const priority: TlvForm = {
  decode: (value) => value[0],
  encode: (json) => Buffer.of(unsigned(json, 255), 0),
};

const policyName: TlvForm = {
  decode: (value) => value.toString("utf8", 1),
  encode: (json) => (typeof json === "string" ? Buffer.from(`\0${json}`, "utf8") : bad(json, "a name")),
};

interface Dialect {
  /** Where preference and binding SID are. */
  readonly preference: number;
  readonly bindingSid: number;
  /** The keys under which they may be given, the first of those that are given counts. */
  readonly preferenceKeys: readonly number[];
  readonly bindingSidKeys: readonly number[];
  readonly forms: ReadonlyMap<number, TlvForm>;
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  new: {
    preference: 12,
    bindingSid: 13,
    preferenceKeys: [12],
    bindingSidKeys: [7, 13],
    forms: new Map([
      [12, preference],
      [13, bindingSid],
      [14, enlp],
      [15, priority],
      [20, srv6BindingSid],
      [129, policyName],
      [130, policyName],
      [6, endpoint],
      [SEGMENT_LIST, segmentList],
    ]),
  },
  old: {
    preference: 6,
    bindingSid: 7,
    preferenceKeys: [6, 12],
    bindingSidKeys: [7, 13],
    forms: new Map([
      [6, preference],
      [7, bindingSid],
      [SEGMENT_LIST, segmentList],
    ]),
  },
};

const DIALECT_KEY = "0";
const ORDER_KEY = "order";

/** The sub-TLVs of a body by type. A binding SID that is not given is sent empty, as yabgp does; null leaves it out. */
function parts(body: Readonly<Record<string, unknown>>, dialect: Dialect): Map<number, Buffer> {
  const given = new Map<number, unknown>();
  const pick = (keys: readonly number[]) => keys.find((key) => String(key) in body);
  const [pref, sid] = [pick(dialect.preferenceKeys), pick(dialect.bindingSidKeys)];
  if (pref !== undefined) given.set(dialect.preference, body[pref]);
  given.set(dialect.bindingSid, sid === undefined ? "" : body[sid]);
  const taken = [...dialect.preferenceKeys, ...dialect.bindingSidKeys].map(String);
  const others = Object.keys(body).filter((key) => ![DIALECT_KEY, ORDER_KEY, ...taken].includes(key));
  for (const key of others) given.set(unsigned(key, 255), body[key]);
  const made = new Map<number, Buffer>();
  // The table's order first, then what is unknown.
  for (const type of new Set([...dialect.forms.keys(), ...given.keys()])) {
    const json = given.get(type);
    if (json === undefined || json === null) continue;
    const values = type === SEGMENT_LIST || Array.isArray(json) ? list(json, 0) : [json];
    made.set(type, Buffer.concat(values.map((value) => readTlv(type, value, dialect.forms.get(type)))));
  }
  return made;
}

function encodePolicy(json: unknown): Buffer {
  const body = members(json, 'an object with "0": "new" or "old", or hex digits');
  const dialect = DIALECTS[String(body[DIALECT_KEY])];
  if (!dialect) return bad(body[DIALECT_KEY], '"new" or "old" under the key "0"');
  const made = parts(body, dialect);
  const order = list(body[ORDER_KEY] ?? [], 0).map((type) => unsigned(type, 255));
  const types = new Set([...order, ...made.keys()]);
  const value = Buffer.concat([...types].map((type) => made.get(type) ?? Buffer.alloc(0)));
  return Buffer.concat([u16(TUNNEL_TYPE), u16(unsigned(value.length, 0xffff)), value]);
}

/** "old" when sub-TLVs 6 or 7 are what they were in the drafts, and none has a number that came later. */
function dialectOf(found: readonly { type: number; value: Buffer }[]): string {
  const later = found.some(({ type }) => type >= 12 && type <= 15);
  const early = found.some(({ type, value }) => type === 7 || (type === 6 && value.length === 6));
  return early && !later ? "old" : "new";
}

function decodePolicy(value: Buffer): Record<string, unknown> {
  const found = [...tlvs(value)];
  const name = dialectOf(found);
  const dialect = DIALECTS[name] as Dialect;
  const json: Record<string, unknown> = { [DIALECT_KEY]: name };
  for (const { type, value: one } of found) {
    const shown = shownTlv(one, dialect.forms.get(type));
    const before = json[type];
    if (type === SEGMENT_LIST || Array.isArray(before)) json[type] = [...((before as unknown[]) ?? []), shown];
    else json[type] = before === undefined ? shown : [before, shown];
  }
  if (json[dialect.bindingSid] === undefined) json[dialect.bindingSid] = null;
  else if (json[dialect.bindingSid] === "") delete json[dialect.bindingSid];
  const order = [...new Set(found.map(({ type }) => type))];
  const usual = [...parts(json, dialect).keys()];
  return order.some((type, i) => type !== usual[i]) ? { ...json, [ORDER_KEY]: order } : json;
}

export const tunnelEncaps: Codec = {
  decode: (value) => {
    try {
      if (value.readUInt16BE(0) === TUNNEL_TYPE && value.readUInt16BE(2) === value.length - 4) {
        const json = decodePolicy(value.subarray(4));
        if (encodePolicy(json).equals(value)) return json;
      }
    } catch {
      // it is written in hex
    }
    return raw.decode(value, 4);
  },
  encode: (json) => (typeof json === "string" ? raw.encode(json, 4) : encodePolicy(json)),
};
