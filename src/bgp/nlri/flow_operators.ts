// Operator and value lists of flow specifications (RFC 8955 §4.2.1): items joined by "|" (or) and "&" (and).
// Numeric: "=80", "!=80", ">80", ">=80", "<80", "<=80"; "><=n" is the operator that always matches, "n" the one that
// never does. Bitmask: "n" any of the bits, "=n" all of them (MATCH), "!n" and "!=n" the same negated (NOT).

import { bad, unsigned } from "../attribute_values.js";

const END = 0x80;
const AND = 0x40;
const LENGTH_SHIFT = 4;
const OPERATOR = 7;
const LESS = 4;
const GREATER = 2;
const EQUAL = 1;
/** In bitmask operators. */
const NOT = 2;
const MATCH = 1;

/** How one component writes its items. */
export interface OperatorForm {
  /** Octets of a value at least; more are taken when it needs them. */
  readonly least: 1 | 2 | 4 | 8;
  /** The operator bits of a text, null when it is none that can be sent. */
  readonly operators: ReadonlyMap<string, number>;
  /** Operator bits to text; the bits that are not its keys are ignored (RFC 8955: reserved). */
  readonly texts: readonly string[];
  /** Names of bits, in lower case. */
  readonly bits: ReadonlyMap<string, number>;
  readonly allowed: string;
}

const NUMERIC_TEXTS = ["", "=", ">", ">=", "<", "<=", "!=", "><="];

/** A number with relations. yabgp's "><n" for "not equal" is taken, too. */
export function numeric(least: 1 | 4 = 1): OperatorForm {
  const operators = new Map(NUMERIC_TEXTS.map((text, bits) => [text, bits]));
  // Without an operator it would be a rule that never matches, which nobody means.
  operators.delete("");
  operators.set("><", LESS | GREATER).set("<>", LESS | GREATER);
  operators
    .set("=>", GREATER | EQUAL)
    .set("=<", LESS | EQUAL)
    .set("==", EQUAL);
  const allowed = 'numbers with =, !=, >, >=, < or <= before them, joined by "|" and "&"';
  return { least, operators, texts: NUMERIC_TEXTS, bits: new Map(), allowed };
}

const BITMASK_TEXTS = ["", "=", "!", "!=", "", "=", "!", "!="];

/** Bits, as a number or as names joined by "+". yabgp's ">n" and ">=n" for the negated ones are taken, too. */
export function bitmask(names: readonly (readonly [string, number])[]): OperatorForm {
  const operators = new Map([
    ["", 0],
    ["=", MATCH],
    ["!", NOT],
    ["!=", NOT | MATCH],
    [">", NOT],
    [">=", NOT | MATCH],
  ]);
  const allowed = `numbers, or ${[...new Set(names.map(([name]) => name))].join(", ")} joined by "+", with =, ! or != before them, joined by "|" and "&"`;
  return { least: 1, operators, texts: BITMASK_TEXTS, bits: new Map(names), allowed };
}

/** The list at the start of `bytes`: its text and how many octets it takes. RangeError when it does not end. */
export function operatorsText(form: OperatorForm, bytes: Buffer): { text: string; taken: number } {
  let text = "";
  for (let at = 0; ; ) {
    const operator = bytes.readUInt8(at++);
    const length = 1 << ((operator >> LENGTH_SHIFT) & 3);
    const value = length === 8 ? bytes.readBigUInt64BE(at) : bytes.readUIntBE(at, length);
    at += length;
    if (text !== "") text += (operator & AND) !== 0 ? "&" : "|";
    text += `${form.texts[operator & OPERATOR]}${value}`;
    if ((operator & END) !== 0) return { text, taken: at };
  }
}

function bitsOf(form: OperatorForm, names: string): number | null {
  let bits = 0;
  for (const name of names.split("+")) {
    const bit = form.bits.get(name.trim());
    if (bit === undefined) return null;
    bits |= bit;
  }
  return bits;
}

function item(form: OperatorForm, text: string, flags: number): Buffer {
  const [, sign = "", name = ""] = /^\s*([=!<>]*)\s*(\S.*)$/.exec(text.toLowerCase()) ?? [];
  const operator = form.operators.get(sign);
  const number = /^\d{1,20}$/.test(name.trim()) ? BigInt(name.trim()) : bitsOf(form, name);
  if (operator === undefined || number === null) return bad(text, form.allowed);
  const value = BigInt(number);
  if (value >= 1n << 64n) return bad(text, "numbers below 2^64");
  let log = Math.log2(form.least);
  while (value >= 1n << BigInt(8 << log)) log++;
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(value);
  return Buffer.concat([Uint8Array.of(flags | (log << LENGTH_SHIFT) | operator), octets.subarray(8 - (1 << log))]);
}

/** The wire form of a text, each value in the fewest octets. Throws ValueError. */
export function readOperators(form: OperatorForm, json: unknown): Buffer {
  const text = typeof json === "number" ? String(unsigned(json, Number.MAX_SAFE_INTEGER)) : json;
  if (typeof text !== "string" || text.trim() === "") return bad(json, form.allowed);
  const alternatives = text.split("|").map((group) => group.split("&"));
  const last = alternatives.length - 1;
  return Buffer.concat(
    alternatives.flatMap((group, i) =>
      group.map((one, j) => {
        const end = i === last && j === group.length - 1;
        return item(form, one, (end ? END : 0) | (j > 0 ? AND : 0));
      }),
    ),
  );
}
