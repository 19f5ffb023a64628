// Regular expressions over AS paths, in the dialect of Cisco and FRR: POSIX extended ones over the path's text
// ("65001 65002 {65003,65004}"), with "_" for the start, the end, a space, a comma, a brace or a parenthesis.

import { LIMITS } from "../../base/limits.js";
import { SYMBOL } from "../../wasm/bgp_policy_program.js";

/** A set of symbols is a number with a bit for each. */
export type Expression =
  | { readonly type: "symbol"; readonly set: number }
  | { readonly type: "start" | "end" }
  | { readonly type: "sequence" | "choice"; readonly parts: readonly Expression[] }
  | { readonly type: "repeat"; readonly part: Expression; readonly least: number; readonly most: number };

/** What is wrong with an expression, and where. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

const ANY = 0xffff;

/** The symbol of a character, -1 when no path's text has it. */
export function symbolOf(character: string): number {
  if (/^\d$/.test(character)) return Number(character);
  return (SYMBOL as Readonly<Record<string, number>>)[character] ?? -1;
}

const BREAKS = Object.values(SYMBOL).reduce((set, symbol) => set | (1 << symbol), 0);

/** "_" */
const BREAK: Expression = {
  type: "choice",
  parts: [{ type: "start" }, { type: "end" }, { type: "symbol", set: BREAKS }],
};

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #fail(reason: string): never {
    throw new ExpressionError(`${reason} at character ${this.#at + 1}`);
  }

  get #next(): string {
    return this.#text[this.#at] ?? "";
  }

  #take(character: string): boolean {
    if (this.#next !== character || character === "") return false;
    this.#at++;
    return true;
  }

  whole(): Expression {
    const found = this.#choice();
    return this.#at < this.#text.length ? this.#fail('")" without "("') : found;
  }

  #choice(): Expression {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    return parts.length === 1 ? (parts[0] as Expression) : { type: "choice", parts };
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (this.#at < this.#text.length && this.#next !== "|" && this.#next !== ")") parts.push(this.#repeated());
    return { type: "sequence", parts };
  }

  #repeated(): Expression {
    let part = this.#atom();
    for (;;) {
      const [least, most] = this.#times();
      if (least < 0) return part;
      part = { type: "repeat", part, least, most };
    }
  }

  /** How often the atom before may stand there; [-1, -1] when nothing is said. */
  #times(): [number, number] {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    const braces = /^\{(\d{1,3})(,(\d{1,3})?)?\}/.exec(this.#text.slice(this.#at));
    if (!braces) return [-1, -1];
    const least = Number(braces[1]);
    const last = braces[3] === undefined ? Number.POSITIVE_INFINITY : Number(braces[3]);
    const most = braces[2] === undefined ? least : last;
    if (least > most || least > 255 || (most > 255 && most !== Number.POSITIVE_INFINITY)) this.#fail("bad repetition");
    this.#at += braces[0].length;
    return [least, most];
  }

  #atom(): Expression {
    if (this.#take("(")) {
      const inner = this.#choice();
      return this.#take(")") ? inner : this.#fail('")" is missing');
    }
    if (this.#take("^")) return { type: "start" };
    if (this.#take("$")) return { type: "end" };
    if (this.#take("_")) return BREAK;
    if (this.#take(".")) return { type: "symbol", set: ANY };
    if (this.#take("[")) return this.#bracket();
    if (/[*+?]/.test(this.#next)) this.#fail("nothing to repeat");
    this.#take("\\");
    return { type: "symbol", set: 1 << this.#symbol() };
  }

  #symbol(): number {
    const symbol = symbolOf(this.#next);
    if (symbol < 0) this.#fail(this.#next === "" ? "the end" : `${JSON.stringify(this.#next)} is in no AS path`);
    this.#at++;
    return symbol;
  }

  #bracket(): Expression {
    const negated = this.#take("^");
    let set = 0;
    do {
      const from = this.#symbol();
      if (this.#next === "-" && this.#text[this.#at + 1] !== "]") {
        this.#at++;
        const to = this.#symbol();
        if (from > 9 || to > 9 || from > to) this.#fail("bad range");
        for (let digit = from; digit <= to; digit++) set |= 1 << digit;
      } else set |= 1 << from;
    } while (this.#next !== "]" && this.#next !== "");
    if (!this.#take("]")) this.#fail('"]" is missing');
    return { type: "symbol", set: negated ? ANY & ~set : set };
  }
}

/** Throws ExpressionError. */
export function parseExpression(text: string): Expression {
  if (text.length === 0 || text.length > LIMITS.bgpPolicyExpressionChars) {
    throw new ExpressionError(`it must have 1 to ${LIMITS.bgpPolicyExpressionChars} characters`);
  }
  return new Parser(text).whole();
}
