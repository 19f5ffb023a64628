// Segment lists of SR policies (RFC 9830 §2.4.4, RFC 9831), as yabgp writes them:
// {"9": weight, "1": [{"1": {"label": 2000}}, {"3": {"node": "10.1.1.1", "SID": {"label": 3000}}}, …]}.

import { formatAddress, parseAddress } from "../base/ip.js";
import { bad, ipv4, list, u32, unsigned } from "./attribute_values.js";
import { members } from "./nlri/codec.js";
import { readTlv, shownTlv, type TlvForm, tlvs } from "./sr_tlv.js";

const WEIGHT = 9;
const SEGMENTS = "1";

/** A label as a 32-bit word: label, TC, S, TTL (RFC 9830 §2.4.4.2.1). */
function labelJson(word: number): Record<string, number> {
  return { label: word >>> 12, TC: (word >> 9) & 7, S: (word >> 8) & 1, TTL: word & 255 };
}

function labelWord(json: unknown): Buffer {
  const body = members(json, '{"label", "TC", "S", "TTL"}');
  const label = unsigned(body["label"], 0xfffff);
  const low =
    (unsigned(body["TC"] ?? 0, 7) << 9) | (unsigned(body["S"] ?? 0, 1) << 8) | unsigned(body["TTL"] ?? 255, 255);
  return u32(label * 4096 + low);
}

const HEAD = Buffer.alloc(2);
const optionalSid = (json: unknown) => (json === undefined ? Buffer.alloc(0) : labelWord(json));
const sidAt = (value: Buffer, at: number) => (value.length > at ? { SID: labelJson(value.readUInt32BE(at)) } : {});

function ipv6(json: unknown): Buffer {
  const bytes = typeof json === "string" ? parseAddress(json) : null;
  return bytes?.length === 16 ? Buffer.from(bytes) : bad(json, "an IPv6 address");
}

/** THE table of segments, by sub-TLV type. Values start with flags and a reserved octet. */
const SEGMENT_FORMS: ReadonlyMap<number, TlvForm> = new Map([
  [
    1, // A: a label
    {
      decode: (value) => labelJson(value.readUInt32BE(2)),
      encode: (json) => Buffer.concat([HEAD, labelWord(json)]),
    },
  ],
  [
    3, // C: an IPv4 node
    {
      decode: (value) => ({ node: formatAddress(value.subarray(2, 6)), ...sidAt(value, 6) }),
      encode: (json) => {
        const body = members(json, '{"node", "SID"}');
        return Buffer.concat([HEAD, ipv4(body["node"]), optionalSid(body["SID"])]);
      },
    },
  ],
  [
    5, // E: an interface of an IPv4 node
    {
      decode: (value) => ({
        interface: value.readUInt32BE(2),
        node: formatAddress(value.subarray(6, 10)),
        ...sidAt(value, 10),
      }),
      encode: (json) => {
        const body = members(json, '{"interface", "node", "SID"}');
        const local = u32(unsigned(body["interface"], 0xffffffff));
        return Buffer.concat([HEAD, local, ipv4(body["node"]), optionalSid(body["SID"])]);
      },
    },
  ],
  [
    6, // F: an adjacency between IPv4 addresses
    {
      decode: (value) => ({
        local: formatAddress(value.subarray(2, 6)),
        remote: formatAddress(value.subarray(6, 10)),
        ...sidAt(value, 10),
      }),
      encode: (json) => {
        const body = members(json, '{"local", "remote", "SID"}');
        return Buffer.concat([HEAD, ipv4(body["local"]), ipv4(body["remote"]), optionalSid(body["SID"])]);
      },
    },
  ],
  [
    13, // B: an SRv6 SID
    {
      decode: (value) => ({ sid: formatAddress(value.subarray(2, 18)) }),
      encode: (json) => Buffer.concat([HEAD, ipv6(members(json, '{"sid"}')["sid"])]),
    },
  ],
]);

const weight: TlvForm = {
  decode: (value) => value.readUInt32BE(2),
  encode: (json) => Buffer.concat([HEAD, u32(unsigned(json, 0xffffffff))]),
};

function readSegment(json: unknown): Buffer {
  const entries = Object.entries(members(json, "segments {type: value}"));
  const [type, value] = entries[0] ?? [];
  if (entries.length !== 1 || type === undefined) return bad(json, "segments of one type each");
  const code = unsigned(type, 255);
  if (code === WEIGHT) return bad(json, "the weight beside the segments");
  return readTlv(code, value, SEGMENT_FORMS.get(code));
}

/** The value of a segment list sub-TLV. The decoder throws RangeError when the weight is not its first part. */
export const segmentList: TlvForm = {
  decode: (value) => {
    const json: Record<string, unknown> = {};
    const segments: unknown[] = [];
    for (const { type, value: part } of tlvs(value.subarray(1))) {
      if (type === WEIGHT) json[WEIGHT] = shownTlv(part, weight);
      else segments.push({ [type]: shownTlv(part, SEGMENT_FORMS.get(type)) });
    }
    return { ...json, [SEGMENTS]: segments };
  },
  encode: (json) => {
    const body = members(json, '{"9": weight, "1": [segments]}');
    const parts: Buffer[] = [Buffer.alloc(1)];
    if (String(WEIGHT) in body) parts.push(readTlv(WEIGHT, body[WEIGHT], weight));
    return Buffer.concat([...parts, ...list(body[SEGMENTS], 0).map(readSegment)]);
  },
};
