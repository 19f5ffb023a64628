// Type-length-value lists whose types and lengths are 16 bits wide: {"type": name, "value": ...} from a table of rows, one
// row a TLV. What no row knows, or what would not come back byte for byte, is {"type": number, "value": hex}.

import { type AttributeContext, bad, u16, unsigned, ValueError } from "./attribute_values.js";
import { type ByteReader, comesBack, decodeAll, type Field, hexBytes } from "./fields.js";
import { members } from "./nlri/codec.js";

export interface TlvRow extends Field {
  readonly type: number;
  readonly name: string;
}

/** The row of a TLV. Types that share a name are told apart by the form of their value, or by `code`. */
export function tlv(type: number, name: string, field: Field): TlvRow {
  return { type, name, decode: field.decode, encode: field.encode };
}

function framed(type: number, value: Buffer): Buffer {
  if (value.length > 0xffff) bad(value.length, "a TLV of up to 65535 octets");
  return Buffer.concat([u16(type), u16(value.length), value]);
}

export class TlvTable implements Field {
  readonly #byType: ReadonlyMap<number, TlvRow>;
  readonly #byName = new Map<string, TlvRow[]>();

  constructor(rows: readonly TlvRow[]) {
    this.#byType = new Map(rows.map((row) => [row.type, row]));
    for (const row of rows) this.#byName.set(row.name, [...(this.#byName.get(row.name) ?? []), row]);
  }

  /** The next TLV. */
  readonly decode = (from: ByteReader, context: AttributeContext): unknown => {
    const type = from.uint(2);
    const value = from.take(from.uint(2));
    const row = this.#byType.get(type);
    return (row && this.#named(row, value, context)) ?? { type, value: value.toString("hex") };
  };

  /** The named form in the shortest way that comes back: alone, with `code`, with `length`. */
  #named(row: TlvRow, value: Buffer, context: AttributeContext): unknown {
    const wire = framed(row.type, value);
    const read = () => decodeAll(row, value, context);
    const back = (json: unknown) => this.encode(json, context);
    const { type: code, name } = row;
    return (
      comesBack(wire, () => ({ type: name, value: read() }), back) ??
      comesBack(wire, () => ({ type: name, code, value: read() }), back) ??
      comesBack(wire, () => ({ type: name, length: value.length, value: read() }), back)
    );
  }

  readonly encode = (json: unknown, context: AttributeContext): Buffer => {
    const whole = members(json, '{"type", "value"}');
    const { type, code, value } = whole;
    if (typeof type === "number") return framed(unsigned(type, 0xffff), hexBytes(value));
    const rows = (typeof type === "string" && this.#byName.get(type)) || [];
    const candidates = code === undefined ? rows : rows.filter((row) => row.type === code);
    let first: ValueError | null = null;
    for (const row of candidates) {
      try {
        return framed(row.type, row.encode(value, context, whole));
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        first ??= new ValueError(`${row.name}: ${error.message}`);
      }
    }
    throw first ?? new ValueError(`${JSON.stringify(type) ?? "nothing"} is no TLV; allowed: a number, ${this.names()}`);
  };

  /** The names of all rows, for a reader. */
  names(): string {
    return [...this.#byName.keys()].join(", ");
  }
}

/** An unsigned integer whose TLV comes in several lengths; `length` beside it tells the one that is not usual. */
export function uintOfLength(usual: (protocolId: number | undefined) => number): Field {
  return {
    decode: (from) => (from.left >= 1 && from.left <= 6 ? from.uint(from.left) : bad(from.left, "1 to 6 octets")),
    encode: (json, context, whole) => {
      const bytes = whole["length"] === undefined ? usual(context.protocolId) : unsigned(whole["length"], 6);
      const value = Buffer.alloc(bytes || bad(0, "1 to 6 octets"));
      value.writeUIntBE(unsigned(json, 256 ** bytes - 1), 0, bytes);
      return value;
    },
  };
}
