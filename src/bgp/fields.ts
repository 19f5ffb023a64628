// Fields: the pieces that structured values are made of, each both ways. A structure is a table of named fields, so that
// a TLV or a route type is one row; what its JSON cannot bring back byte for byte is told apart by comesBack().

import { formatAddress, parseAddress } from "../base/ip.js";
import { type AttributeContext, bad, ipv4, unsigned, ValueError } from "./attribute_values.js";
import { members } from "./nlri/codec.js";

/** Reads bytes front to back. Reading past the end throws ValueError. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Buffer {
    if (count > this.left) throw new ValueError(`${this.left} bytes where ${count} are needed`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** A big-endian unsigned integer of 1 to 6 bytes. */
  uint(bytes: number): number {
    return this.take(bytes).readUIntBE(0, bytes);
  }

  rest(): Buffer {
    return this.take(this.left);
  }
}

export type Members = Readonly<Record<string, unknown>>;

export interface Field {
  decode(from: ByteReader, context: AttributeContext): unknown;
  /** `whole`: the object that the value is a member of, for fields whose size hangs on another. Throws ValueError. */
  encode(json: unknown, context: AttributeContext, whole: Members): Buffer;
}

const NOTHING: Members = {};

/** What a field makes of all of some bytes. Throws ValueError when there are too few or too many. */
export function decodeAll(field: Field, bytes: Buffer, context: AttributeContext = {}): unknown {
  const from = new ByteReader(bytes);
  const json = field.decode(from, context);
  if (from.left > 0) throw new ValueError(`${from.left} bytes too many`);
  return json;
}

export function encodeOne(field: Field, json: unknown, context: AttributeContext = {}): Buffer {
  return field.encode(json, context, NOTHING);
}

/** The JSON of some bytes, or undefined when it would not come back as the same bytes: they are then kept in hex. */
export function comesBack<T>(bytes: Buffer, decode: () => T, encode: (json: T) => Buffer): T | undefined {
  try {
    const json = decode();
    return encode(json).equals(bytes) ? json : undefined;
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

/** Bytes from hex digits; yabgp's b'...' around them is taken, too. `count`: how many there must be. */
export function hexBytes(json: unknown, count?: number): Buffer {
  const digits = typeof json === "string" ? (/^(?:b'([^']*)'|([^']*))$/.exec(json)?.slice(1).join("") ?? "x") : "x";
  const good = /^([0-9a-f]{2})*$/i.test(digits) && (count === undefined || digits.length === count * 2);
  return good ? Buffer.from(digits, "hex") : bad(json, count === undefined ? "hex digits" : `${count * 2} hex digits`);
}

/** An unsigned integer of up to 6 bytes. */
export function uint(bytes: number): Field {
  return {
    decode: (from) => from.uint(bytes),
    encode: (json) => {
      const value = Buffer.alloc(bytes);
      value.writeUIntBE(unsigned(json, 256 ** bytes - 1), 0, bytes);
      return value;
    },
  };
}

export const u8 = uint(1);
export const u16 = uint(2);
export const u24 = uint(3);
export const u32 = uint(4);

/** An unsigned integer of more bytes than a JSON number holds exactly: a decimal string from 2^53 on. */
export function wide(bytes: number): Field {
  const most = 256n ** BigInt(bytes) - 1n;
  return {
    decode: (from) => {
      const value = BigInt(`0x${from.take(bytes).toString("hex")}`);
      return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
    },
    encode: (json) => {
      const digits = typeof json === "number" && Number.isSafeInteger(json) ? String(json) : json;
      const value = typeof digits === "string" && /^\d{1,40}$/.test(digits) ? BigInt(digits) : -1n;
      if (value < 0n || value > most) return bad(json, `an integer from 0 to ${most}, as a string from 2^53 on`);
      return Buffer.from(value.toString(16).padStart(bytes * 2, "0"), "hex");
    },
  };
}

/** IEEE 754 single precision. What JSON has no number for (NaN, infinities, -0) does not decode. */
export const float32: Field = {
  decode: (from) => {
    const value = from.take(4).readFloatBE(0);
    return Number.isFinite(value) && !Object.is(value, -0) ? value : bad(String(value), "a finite number");
  },
  encode: (json) => {
    const bytes = Buffer.alloc(4);
    if (typeof json !== "number" || !Number.isFinite(Math.fround(json))) return bad(json, "a number");
    bytes.writeFloatBE(json);
    return bytes;
  },
};

export const address4: Field = { decode: (from) => formatAddress(from.take(4)), encode: ipv4 };

export const address6: Field = {
  decode: (from) => formatAddress(from.take(16)),
  encode: (json) => {
    const bytes = typeof json === "string" ? parseAddress(json) : null;
    return bytes?.length === 16 ? Buffer.from(bytes) : bad(json, "an IPv6 address");
  },
};

/** The bytes of an address of either family. */
export function anyAddress(json: unknown): Buffer {
  const bytes = typeof json === "string" ? parseAddress(json) : null;
  return bytes ? Buffer.from(bytes) : bad(json, "an IPv4 or IPv6 address");
}

/** An address of either family that takes what is left. */
export const addressRest: Field = {
  decode: (from) => (from.left === 16 ? address6 : address4).decode(from, {}),
  encode: anyAddress,
};

/** What is left, in hex. */
export const hexRest: Field = { decode: (from) => from.rest().toString("hex"), encode: (json) => hexBytes(json) };

/** What is left, as text. */
export const textRest: Field = {
  decode: (from) => from.rest().toString("utf8"),
  encode: (json) => (typeof json === "string" ? Buffer.from(json) : bad(json, "a text")),
};

/** Octets that are 0 when sent. */
export function reserved(bytes: number): Field {
  return {
    decode: (from) => {
      from.take(bytes);
      return undefined;
    },
    encode: () => Buffer.alloc(bytes),
  };
}

/** Named bits from the highest down ("" for one that is not assigned), 0 or 1 each; `unassigned` is there when one of the others is set. */
export function flags(names: readonly string[], bytes = 1): Field {
  const bit = (at: number) => 2 ** (bytes * 8 - 1 - at);
  return {
    decode: (from) => {
      const word = from.uint(bytes);
      const json: Record<string, number> = {};
      let others = word;
      names.forEach((name, at) => {
        if (name === "") return;
        json[name] = (word & bit(at)) === 0 ? 0 : 1;
        others &= ~bit(at);
      });
      if (others !== 0) json["unassigned"] = others;
      return json;
    },
    encode: (json) => {
      let word = typeof json === "number" ? unsigned(json, 256 ** bytes - 1) : 0;
      if (typeof json !== "number") {
        for (const [name, value] of Object.entries(members(json, "an object of flags"))) {
          const at = name === "" ? -1 : names.indexOf(name);
          if (name === "unassigned") word |= unsigned(value, 256 ** bytes - 1);
          else if (at < 0) bad(name, `flags ${names.filter(Boolean).join(", ")}`);
          else if (unsigned(Number(value), 1) === 1) word |= bit(at);
        }
      }
      return uint(bytes).encode(word, {}, NOTHING);
    },
  };
}

/** Takes the octets as 0 when the member is not given. */
export function orZero(field: Field, bytes: number): Field {
  return {
    decode: field.decode,
    encode: (json, context, whole) => (json === undefined ? Buffer.alloc(bytes) : field.encode(json, context, whole)),
  };
}

/** Items until the bytes end, at least `least`. */
export function listOf(field: Field, least = 0): Field {
  return {
    decode: (from, context) => {
      const items: unknown[] = [];
      while (from.left > 0) items.push(field.decode(from, context));
      return items;
    },
    encode: (json, context) => {
      if (!Array.isArray(json) || json.length < least) return bad(json, `a list of ${least} items or more`);
      return Buffer.concat(json.map((item) => field.encode(item, context, NOTHING)));
    },
  };
}

/** An object of fields in wire order. A field with the name "" has no member (reserved octets). */
export function struct(...fields: readonly (readonly [string, Field])[]): Field {
  return {
    decode: (from, context) => {
      const json: Record<string, unknown> = {};
      for (const [name, field] of fields) {
        const value = field.decode(from, context);
        if (name !== "") json[name] = value;
      }
      return json;
    },
    encode: (json, context) => {
      const whole = members(
        json,
        `an object with ${fields
          .map(([name]) => name)
          .filter(Boolean)
          .join(", ")}`,
      );
      return Buffer.concat(
        fields.map(([name, field]) => {
          try {
            return field.encode(whole[name], context, whole);
          } catch (error) {
            throw error instanceof ValueError && name !== "" ? new ValueError(`${name}: ${error.message}`) : error;
          }
        }),
      );
    },
  };
}

/** One field or another, as the protocol of a BGP-LS NLRI has it. */
export function byProtocol(choose: (protocolId: number | undefined) => Field): Field {
  return {
    decode: (from, context) => choose(context.protocolId).decode(from, context),
    encode: (json, context, whole) => choose(context.protocolId).encode(json, context, whole),
  };
}

/** A MAC address: upper-case with dashes, taken with colons too. */
export const mac: Field = {
  decode: (from) => (from.take(6).toString("hex").toUpperCase().match(/../g) as string[]).join("-"),
  encode: (json) =>
    typeof json === "string" && /^[0-9a-f]{2}([-:][0-9a-f]{2}){5}$/i.test(json)
      ? Buffer.from(json.replace(/[-:]/g, ""), "hex")
      : bad(json, "a MAC address, six hex pairs with dashes or colons"),
};

/** An IS-IS system identifier, "0000.0000.0001". */
export const systemId: Field = {
  decode: (from) => (from.take(6).toString("hex").match(/..../g) as string[]).join("."),
  encode: (json) =>
    typeof json === "string" && /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(json)
      ? Buffer.from(json.replaceAll(".", ""), "hex")
      : bad(json, 'an IS-IS system identifier, "0000.0000.0001"'),
};
