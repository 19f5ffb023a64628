// A whole UPDATE as yabgp records it: {"attr", "nlri", "withdraw", "afi_safi"}. For reading by people and programs: the
// message log, the event stream and the printing of dumps. Nothing here decides what happens to a route.

import { ATTR, FLAG, HEADER_BYTES } from "../wasm/bgp_numbers.js";
import { wireContext } from "./attribute_context.js";
import type { AttributeContext } from "./attribute_values.js";
import { attributeRow } from "./attributes.js";
import { FAMILIES, type Family, familyByNumbers } from "./families.js";
import { addressHop } from "./nlri/codec.js";
import { decodeItems } from "./nlri/items.js";

export interface ViewContext {
  /** AS numbers in AS_PATH and AGGREGATOR have four octets. */
  readonly fourOctetAs: boolean;
  /** True for a family, by its place in FAMILIES, whose prefixes come with path identifiers. */
  readonly addPath: (familyIndex: number) => boolean;
}

/** A message's: with what its attributes say of each other. */
interface MessageContext extends ViewContext {
  readonly values: AttributeContext;
}

/** A well-formed UPDATE (yabgp's record type 2). */
export interface UpdateRecord {
  readonly attr: Record<string, unknown>;
  readonly nlri: unknown[];
  readonly withdraw: unknown[];
  /** The family's name; "afi/safi" for one without a row in FAMILIES; null for an empty UPDATE. */
  readonly afi_safi: string | null;
}

/** A malformed one (yabgp's record type 6): what was decoded before the first fault, and the body's bytes. */
export interface MalformedRecord {
  readonly attr: Record<string, unknown>;
  readonly nlri: unknown[];
  readonly withdraw: unknown[];
  readonly hex: string;
}

export function isMalformed(record: UpdateRecord | MalformedRecord): record is MalformedRecord {
  return "hex" in record;
}

const ipv4 = FAMILIES[0] as Family;

const AS4_PATH = 17;
const AS4_AGGREGATOR = 18;
const ORIGIN_MAX = 2;
const SEGMENT_TYPE_MAX = 4;

/** Octets of a value: exactly so many, or a list of items of so many; `as` counts one AS number more. */
interface Length {
  readonly exact?: number;
  readonly unit?: number;
  readonly as?: true;
}

/** The lengths that values of fixed form must have, by code; yabgp calls an UPDATE malformed when one has not. */
const LENGTHS: ReadonlyMap<number, Length> = new Map<number, Length>([
  [1, { exact: 1 }],
  [ATTR.nextHop, { unit: 4 }],
  [4, { exact: 4 }],
  [ATTR.localPref, { exact: 4 }],
  [6, { exact: 0 }],
  [ATTR.aggregator, { exact: 4, as: true }],
  [8, { unit: 4 }],
  [9, { exact: 4 }],
  [10, { unit: 4 }],
  [16, { unit: 8 }],
  [AS4_AGGREGATOR, { exact: 8 }],
  [32, { unit: 12 }],
]);

function checkPath(value: Buffer, asBytes: number): void {
  let at = 0;
  while (at < value.length) {
    const type = value.readUInt8(at);
    if (type === 0 || type > SEGMENT_TYPE_MAX) throw new RangeError("an AS_PATH segment of unknown type");
    at += 2 + value.readUInt8(at + 1) * asBytes;
  }
  if (at !== value.length) throw new RangeError("an AS_PATH segment is cut off");
}

/** RangeError for a value that the attribute's decoder would misread. */
function check(code: number, value: Buffer, asBytes: number): void {
  const { exact, unit, as } = LENGTHS.get(code) ?? {};
  const whole = exact === undefined ? undefined : exact + (as ? asBytes : 0);
  if (whole !== undefined && value.length !== whole) throw new RangeError(`attribute ${code} has a wrong length`);
  if (unit !== undefined && (value.length === 0 || value.length % unit !== 0)) {
    throw new RangeError(`attribute ${code} has a wrong length`);
  }
  if (code === 1 && (value[0] as number) > ORIGIN_MAX) throw new RangeError("ORIGIN is unknown");
  if (code === ATTR.asPath) checkPath(value, asBytes);
  if (code === AS4_PATH) checkPath(value, 4);
}

/** The NLRI of an MP attribute from an offset on; those of an unknown family cannot be told apart: hex digits. */
function mpItems(family: Family | undefined, field: Buffer, context: MessageContext, withdraw: boolean): unknown[] {
  if (!family) return field.length === 0 ? [] : [field.toString("hex")];
  return decodeItems(family, field, {
    addPath: context.addPath(FAMILIES.indexOf(family)),
    withdraw,
    context: context.values,
  });
}

function reachJson(value: Buffer, context: MessageContext): Record<string, unknown> {
  const [afi, safi, hopBytes] = [value.readUInt16BE(0), value.readUInt8(2), value.readUInt8(3)];
  const family = familyByNumbers(afi, safi);
  if (5 + hopBytes > value.length) throw new RangeError("MP_REACH_NLRI is cut off");
  const hop = (family?.hop ?? addressHop).decode(value.subarray(4, 4 + hopBytes));
  const nlri = mpItems(family, value.subarray(5 + hopBytes), context, false);
  return { afi_safi: [afi, safi], ...hop, nlri };
}

function unreachJson(value: Buffer, context: MessageContext): Record<string, unknown> {
  const [afi, safi] = [value.readUInt16BE(0), value.readUInt8(2)];
  return { afi_safi: [afi, safi], withdraw: mpItems(familyByNumbers(afi, safi), value.subarray(3), context, true) };
}

function attributeJson(code: number, value: Buffer, context: MessageContext): unknown {
  if (code === ATTR.mpReach) return reachJson(value, context);
  if (code === ATTR.mpUnreach) return unreachJson(value, context);
  const asBytes = context.fourOctetAs || code === AS4_PATH || code === AS4_AGGREGATOR ? 4 : 2;
  check(code, value, asBytes);
  return attributeRow(code).codec.decode(value, asBytes, context.values);
}

function nameOf(mp: unknown): string | null {
  if (mp === undefined) return null;
  const [afi, safi] = (mp as { afi_safi: [number, number] }).afi_safi;
  return familyByNumbers(afi, safi)?.name ?? `${afi}/${safi}`;
}

/** The three fields of an UPDATE's body (RFC 4271 §4.3), each cut off where the body ends; `whole`: none is. */
function fields(body: Buffer): { withdrawn: Buffer; attributes: Buffer; nlri: Buffer; whole: boolean } {
  const none = body.subarray(0, 0);
  if (body.length < 4) return { withdrawn: none, attributes: none, nlri: none, whole: false };
  const attributesAt = 4 + body.readUInt16BE(0);
  if (attributesAt > body.length) return { withdrawn: none, attributes: none, nlri: none, whole: false };
  const nlriAt = attributesAt + body.readUInt16BE(attributesAt - 2);
  const whole = nlriAt <= body.length;
  return {
    withdrawn: body.subarray(2, attributesAt - 2),
    attributes: body.subarray(attributesAt, nlriAt),
    nlri: whole ? body.subarray(nlriAt) : none,
    whole,
  };
}

/**
 * The attributes one by one, of those that come twice the first (RFC 7606 §3 g). RangeError at one that is cut off, and
 * at a second MP_REACH_NLRI or MP_UNREACH_NLRI.
 */
function* wholeAttributes(bytes: Buffer): Generator<{ code: number; value: Buffer }> {
  const codes = new Set<number>();
  for (let at = 0; at < bytes.length; ) {
    const code = bytes.readUInt8(at + 1);
    const long = (bytes.readUInt8(at) & FLAG.extendedLength) !== 0;
    const length = long ? bytes.readUInt16BE(at + 2) : bytes.readUInt8(at + 2);
    at += long ? 4 : 3;
    if (at + length > bytes.length) throw new RangeError("an attribute is cut off");
    const again = codes.has(code);
    if (again && (code === ATTR.mpReach || code === ATTR.mpUnreach))
      throw new RangeError("an MP attribute comes twice");
    codes.add(code);
    if (!again) yield { code, value: bytes.subarray(at, at + length) };
    at += length;
  }
}

/**
 * The record of a whole UPDATE message, header included. Throws nothing: what cannot be read makes it a
 * MalformedRecord, though a session may well survive it (RFC 7606).
 */
export function updateView(message: Uint8Array, context: ViewContext): UpdateRecord | MalformedRecord {
  const body = Buffer.from(message.buffer, message.byteOffset, message.length).subarray(HEADER_BYTES);
  const { withdrawn, attributes, nlri: announced, whole } = fields(body);
  let fault = !whole;
  /** Runs one step of decoding. Whatever it throws, what came before it is kept: a reader must not end a session. */
  const attempt = <T>(step: () => T): T | undefined => {
    try {
      return step();
    } catch {
      fault = true;
      return undefined;
    }
  };
  const items = (field: Buffer, withdraw: boolean) =>
    attempt(() => decodeItems(ipv4, field, { addPath: context.addPath(0), withdraw })) ?? [];
  const withdraw = items(withdrawn, true);
  const nlri = items(announced, false);
  const attr: Record<string, unknown> = {};
  attempt(() => {
    const message = { ...context, values: wireContext(attributes) };
    for (const { code, value } of wholeAttributes(attributes)) attr[code] = attributeJson(code, value, message);
  });
  if (fault) return { attr, nlri, withdraw, hex: body.toString("hex") };
  const afi_safi = nlri.length + withdraw.length > 0 ? ipv4.name : (nameOf(attr["14"]) ?? nameOf(attr["15"]));
  return { attr, nlri, withdraw, afi_safi };
}
