// Values of path attributes: bytes to yabgp's JSON and back, a pair for each form. A value that cannot be encoded is
// told by throwing ValueError with what was wrong.

import { formatAddress, parseAddress } from "../base/ip.js";

/** A JSON value that is not the attribute's form. The text is for the reader. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** What the meaning of some values hangs on beside themselves. */
export interface AttributeContext {
  /** The Protocol-ID of the BGP-LS NLRI that the attributes belong to (RFC 9552 §5.2): flags differ between IGPs. */
  readonly protocolId?: number | undefined;
  /** EVPN routes whose encapsulation has 24-bit network identifiers in place of labels (RFC 8365 §5.1.3). */
  readonly vxlan?: boolean | undefined;
}

export interface Codec {
  /**
   * `asBytes`: 4, or 2 on a session without four-octet AS numbers. Any value decodes: one that is malformed, or that its
   * JSON would not bring back, reads as hex digits.
   */
  decode(value: Buffer, asBytes: 2 | 4, context?: AttributeContext): unknown;
  /** Throws ValueError. */
  encode(json: unknown, asBytes: 2 | 4, context?: AttributeContext): Buffer;
}

export function bad(json: unknown, allowed: string): never {
  throw new ValueError(`${JSON.stringify(json) ?? "nothing"} is not valid; allowed: ${allowed}`);
}

/** An integer from 0 to `max`. */
export function unsigned(json: unknown, max: number): number {
  const value = typeof json === "string" && /^\d+$/.test(json) ? Number(json) : json;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max) return value;
  return bad(json, `an integer from 0 to ${max}`);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A list, of `least` items at least. */
export function list(json: unknown, least: number): unknown[] {
  return Array.isArray(json) && json.length >= least ? json : bad(json, `a list of ${least} items or more`);
}

export function ipv4(json: unknown): Buffer {
  const bytes = typeof json === "string" ? parseAddress(json) : null;
  return bytes?.length === 4 ? Buffer.from(bytes) : bad(json, "an IPv4 address");
}

/** The codec for values whose length fits; others are hex digits. */
export function sized(codec: Codec, fits: (bytes: number, asBytes: 2 | 4) => boolean): Codec {
  return {
    decode: (value, asBytes, context) =>
      fits(value.length, asBytes) ? codec.decode(value, asBytes, context) : value.toString("hex"),
    encode: codec.encode,
  };
}

/** `sized` for a list of items of some bytes. */
export const listed = (codec: Codec, unit: number): Codec => sized(codec, (bytes) => bytes > 0 && bytes % unit === 0);

export const origin: Codec = {
  decode: (value) => value[0],
  encode: (json) => Buffer.of(unsigned(json, 2)),
};

export const integer32: Codec = {
  decode: (value) => value.readUInt32BE(0),
  encode: (json) => u32(unsigned(json, 0xffffffff)),
};

/** ATOMIC_AGGREGATE: yabgp writes it as "". */
export const presence: Codec = {
  decode: () => "",
  encode: (json) => (json === "" || json === null || json === true ? Buffer.alloc(0) : bad(json, '""')),
};

export const address4: Codec = {
  decode: (value) => formatAddress(value.subarray(0, 4)),
  encode: ipv4,
};

export const addressList: Codec = {
  decode: (value) => {
    const addresses: string[] = [];
    for (let at = 0; at + 4 <= value.length; at += 4) addresses.push(formatAddress(value.subarray(at, at + 4)));
    return addresses;
  },
  encode: (json) => Buffer.concat(list(json, 1).map(ipv4)),
};

const AS_TRANS = 23456;

function asNumber(json: unknown, asBytes: 2 | 4): Buffer {
  const as = unsigned(json, 0xffffffff);
  if (asBytes === 4) return u32(as);
  return u16(as > 0xffff ? AS_TRANS : as);
}

/** AS_PATH: [[type, [as, …]], …]. More numbers than a segment holds (255) go into several. */
export const asPath: Codec = {
  decode: (value, asBytes) => {
    if (value.length === 1) return value.toString("hex");
    const segments: [number, number[]][] = [];
    for (let at = 0; at + 2 <= value.length; ) {
      const type = value[at] as number;
      const numbers: number[] = [];
      const end = at + 2 + (value[at + 1] as number) * asBytes;
      if (end > value.length || end + 1 === value.length) return value.toString("hex");
      for (at += 2; at < end; at += asBytes) numbers.push(value.readUIntBE(at, asBytes));
      segments.push([type, numbers]);
    }
    return segments;
  },
  encode: (json, asBytes) => {
    const parts: Buffer[] = [];
    for (const segment of list(json, 0)) {
      const [type, numbers] = list(segment, 2);
      const code = unsigned(type, 4) || bad(type, "a segment type from 1 to 4");
      const all = list(numbers, 1).map((as) => asNumber(as, asBytes));
      for (let at = 0; at < all.length; at += 255) {
        const some = all.slice(at, at + 255);
        parts.push(Buffer.of(code, some.length), ...some);
      }
    }
    return Buffer.concat(parts);
  },
};

/** AGGREGATOR: [as, "address"]. */
export const aggregator: Codec = {
  decode: (value, asBytes) => [value.readUIntBE(0, asBytes), formatAddress(value.subarray(asBytes, asBytes + 4))],
  encode: (json, asBytes) => {
    const [as, address] = list(json, 2);
    return Buffer.concat([asNumber(as, asBytes), ipv4(address)]);
  },
};

/** THE table of well-known communities (IANA). */
const COMMUNITY_NAMES: readonly (readonly [number, string])[] = [
  [0xffff0000, "PLANNED_SHUT"],
  [0xffff0001, "ACCEPT_OWN"],
  [0xffff0002, "ROUTE_FILTER_TRANSLATED_v4"],
  [0xffff0003, "ROUTE_FILTER_v4"],
  [0xffff0004, "ROUTE_FILTER_TRANSLATED_v6"],
  [0xffff0005, "ROUTE_FILTER_v6"],
  [0xffff029a, "BLACKHOLE"],
  [0xffffff01, "NO_EXPORT"],
  [0xffffff02, "NO_ADVERTISE"],
  [0xffffff03, "NO_EXPORT_SUBCONFED"],
  [0xffffff04, "NOPEER"],
];
const nameOfCommunity = new Map(COMMUNITY_NAMES);
const communityOfName = new Map(COMMUNITY_NAMES.map(([value, name]) => [name.toUpperCase(), value]));

function community(json: unknown): Buffer {
  const allowed = 'a well-known name or "n:n" with numbers up to 65535';
  if (typeof json !== "string") return bad(json, allowed);
  const named = communityOfName.get(json.trim().toUpperCase());
  if (named !== undefined) return u32(named);
  const parts = json.trim().split(":");
  if (parts.length !== 2) return bad(json, allowed);
  return Buffer.concat(parts.map((part) => u16(unsigned(part, 0xffff))));
}

export const communities: Codec = {
  decode: (value) => {
    const result: string[] = [];
    for (let at = 0; at + 4 <= value.length; at += 4) {
      const name = nameOfCommunity.get(value.readUInt32BE(at));
      result.push(name ?? `${value.readUInt16BE(at)}:${value.readUInt16BE(at + 2)}`);
    }
    return result;
  },
  encode: (json) => Buffer.concat(list(json, 1).map(community)),
};

/** LARGE_COMMUNITY (RFC 8092): "n:n:n". */
export const largeCommunities: Codec = {
  decode: (value) => {
    const result: string[] = [];
    for (let at = 0; at + 12 <= value.length; at += 12) {
      result.push([0, 4, 8].map((offset) => value.readUInt32BE(at + offset)).join(":"));
    }
    return result;
  },
  encode: (json) => {
    const one = (item: unknown) => {
      const parts = typeof item === "string" ? item.split(":") : [];
      if (parts.length !== 3) return bad(item, '"n:n:n" with numbers up to 4294967295');
      return Buffer.concat(parts.map((part) => u32(unsigned(part, 0xffffffff))));
    };
    return Buffer.concat(list(json, 1).map(one));
  },
};

/** An attribute without a form of its own: its value in hex. */
export const raw: Codec = {
  decode: (value) => value.toString("hex"),
  encode: (json) =>
    typeof json === "string" && /^([0-9a-f]{2})*$/i.test(json)
      ? Buffer.from(json, "hex")
      : bad(json, "hex digits, two a byte"),
};
