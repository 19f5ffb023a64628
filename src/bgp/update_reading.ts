// An UPDATE's bytes in yabgp's JSON: {"attr", "nlri", "withdraw", "afi_safi"}.

import { ValueError } from "./attribute_values.js";
import { attributeRow } from "./attributes.js";
import { type Family, familyByNumbers } from "./families.js";
import { nlriLength } from "./mrt/nlri_length.js";
import { rawNlri } from "./nlri/codec.js";

const HEADER = 19;
const EXTENDED_LENGTH = 0x10;
const MP_REACH = 14;
const MP_UNREACH = 15;

/** What a session has negotiated that changes how an UPDATE reads. */
export interface UpdateReading {
  readonly asBytes: 2 | 4;
  /** True when prefixes of the family carry path identifiers (RFC 7911). */
  addPath(afi: number, safi: number): boolean;
}

export interface UpdateJson {
  attr: Record<string, unknown>;
  nlri: unknown[];
  withdraw: unknown[];
  afi_safi: string | null;
}

/** Prefixes one after another. Throws ValueError where one does not fit. */
function prefixes(bytes: Buffer, numbers: [number, number], reading: UpdateReading, withdraw: boolean): unknown[] {
  const [afi, safi] = numbers;
  const codec = familyByNumbers(afi, safi)?.nlri ?? rawNlri;
  const addPath = reading.addPath(afi, safi);
  const items: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const id = addPath && at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    if (addPath) at += 4;
    const length = nlriLength(afi, safi, bytes.subarray(at));
    if (length < 0) throw new ValueError(`a prefix at byte ${at} that is none`);
    const item = codec.decode(bytes.subarray(at, at + length), withdraw);
    at += length;
    if (!addPath) items.push(item);
    else items.push(typeof item === "string" ? { prefix: item, path_id: id } : { ...(item as object), path_id: id });
  }
  return items;
}

/** MP_REACH_NLRI or MP_UNREACH_NLRI (RFC 4760 §3 and §4). */
function mp(code: number, value: Buffer, reading: UpdateReading): Record<string, unknown> {
  const numbers: [number, number] = [value.readUInt16BE(0), value.readUInt8(2)];
  if (code === MP_UNREACH) return { afi_safi: numbers, withdraw: prefixes(value.subarray(3), numbers, reading, true) };
  const end = 4 + value.readUInt8(3);
  if (end >= value.length) throw new ValueError("a next hop that is longer than its attribute");
  const family: Family | undefined = familyByNumbers(...numbers);
  const hop = value.subarray(4, end);
  const next = family?.hop.decode(hop) ?? { nexthop: hop.toString("hex") };
  return { afi_safi: numbers, ...next, nlri: prefixes(value.subarray(end + 1), numbers, reading, false) };
}

/** Attributes into `attr`, in the order that they came in. Throws ValueError or RangeError at the first bad one. */
function attributes(bytes: Buffer, reading: UpdateReading, attr: Record<string, unknown>): void {
  for (let at = 0; at < bytes.length; ) {
    const flags = bytes.readUInt8(at);
    const code = bytes.readUInt8(at + 1);
    const extended = (flags & EXTENDED_LENGTH) !== 0;
    const length = extended ? bytes.readUInt16BE(at + 2) : bytes.readUInt8(at + 2);
    const from = at + (extended ? 4 : 3);
    at = from + length;
    if (at > bytes.length) throw new ValueError(`attribute ${code} is longer than what is left`);
    const value = bytes.subarray(from, at);
    attr[code] =
      code === MP_REACH || code === MP_UNREACH
        ? mp(code, value, reading)
        : attributeRow(code).codec.decode(value, code === 17 || code === 18 ? 4 : reading.asBytes);
  }
}

/** "ipv4" when the message itself has prefixes, else the family of its MP attribute, else null. */
function familyName({ attr, nlri, withdraw }: UpdateJson): string | null {
  if (nlri.length > 0 || withdraw.length > 0) return "ipv4";
  const body = (attr[MP_REACH] ?? attr[MP_UNREACH]) as { afi_safi: [number, number] } | undefined;
  return body ? (familyByNumbers(...body.afi_safi)?.name ?? body.afi_safi.join("/")) : null;
}

/**
 * A whole UPDATE message. `fault` says what is wrong with it, null for nothing; `json` then has what was read before.
 */
export function updateJson(message: Buffer, reading: UpdateReading): { json: UpdateJson; fault: string | null } {
  const json: UpdateJson = { attr: {}, nlri: [], withdraw: [], afi_safi: null };
  let fault: string | null = null;
  try {
    const withdrawnEnd = HEADER + 2 + message.readUInt16BE(HEADER);
    const attributesEnd = withdrawnEnd + 2 + message.readUInt16BE(withdrawnEnd);
    if (attributesEnd > message.length) throw new ValueError("its parts are longer than it");
    json.withdraw = prefixes(message.subarray(HEADER + 2, withdrawnEnd), [1, 1], reading, true);
    json.nlri = prefixes(message.subarray(attributesEnd), [1, 1], reading, false);
    attributes(message.subarray(withdrawnEnd + 2, attributesEnd), reading, json.attr);
  } catch (error) {
    if (!(error instanceof ValueError || error instanceof RangeError)) throw error;
    fault = error.message;
  }
  json.afi_safi = familyName(json);
  return { json, fault };
}
