// Where one NLRI of a family ends and the next begins.

import type { Family } from "../families.js";

/** Octets of the NLRI at the start of `bytes`, its length octets included. RangeError when a length octet is missing. */
type Cut = (bytes: Buffer) => number;

/** A length in bits (RFC 4760 §5). */
const bits: Cut = (bytes) => 1 + ((bytes.readUInt8(0) + 7) >> 3);

/** A prefix and nothing else: its length has a bound. */
const prefix =
  (most: number): Cut =>
  (bytes) => {
    if (bytes.readUInt8(0) > most) throw new RangeError("a prefix is too long");
    return bits(bytes);
  };

/** RFC 8955 §4.1. */
const flow: Cut = (bytes) => {
  const first = bytes.readUInt8(0);
  return first < 0xf0 ? 1 + first : 2 + (bytes.readUInt16BE(0) & 0xfff);
};

/** RFC 7432 §7: type and length of one octet each. */
const evpn: Cut = (bytes) => 2 + bytes.readUInt8(1);

/** RFC 9552 §5.2: type and length of two octets each. */
const linkState: Cut = (bytes) => 4 + bytes.readUInt16BE(2);

const BY_SAFI: ReadonlyMap<number, Cut> = new Map([
  [70, evpn],
  [71, linkState],
  [133, flow],
  [134, flow],
]);

const prefix4 = prefix(32);
const prefix6 = prefix(128);

function cutOf({ afi, safi }: Family): Cut {
  if (safi === 1 || safi === 2) return afi === 1 ? prefix4 : prefix6;
  return BY_SAFI.get(safi) ?? bits;
}

export interface OneNlri {
  /** RFC 7911; null on a session without path identifiers. */
  readonly pathId: number | null;
  /** Its length octets included, the path identifier not. */
  readonly wire: Buffer;
}

/** The NLRI of a field one by one. RangeError at one that is not whole. */
export function* cutNlri(family: Family, field: Buffer, addPath: boolean): Generator<OneNlri> {
  const cut = cutOf(family);
  for (let at = 0; at < field.length; ) {
    const pathId = addPath ? field.readUInt32BE(at) : null;
    if (addPath) at += 4;
    const bytes = cut(field.subarray(at));
    if (at + bytes > field.length) throw new RangeError("an NLRI is cut off");
    yield { pathId, wire: field.subarray(at, at + bytes) };
    at += bytes;
  }
}
