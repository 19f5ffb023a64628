// Why a body is no JSON, in the words of Python's json module, which this API's clients know. Only run on bodies that
// JSON.parse refused.

interface Fault {
  readonly text: string;
  readonly at: number;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const CONSTANTS = /NaN|-?Infinity/y;
const WORDS = /null|true|false/y;

/** Deeper than this, JSON.parse and Python give up alike. */
const DEPTH = 1_000;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fault(): Fault | string | null {
    try {
      this.#skip();
      this.#value(0);
      this.#skip();
      return this.#at === this.#text.length ? null : { text: "Extra data", at: this.#at };
    } catch (thrown) {
      return thrown as Fault | string;
    }
  }

  #take(expression: RegExp): string | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text);
    if (!found) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #skip(): void {
    this.#take(SPACE);
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #value(depth: number): void {
    if (depth > DEPTH) throw "maximum recursion depth exceeded while decoding a JSON document";
    const next = this.#peek();
    if (next === '"') this.#string();
    else if (next === "{") this.#object(depth);
    else if (next === "[") this.#array(depth);
    else this.#word();
  }

  #word(): void {
    const constant = this.#take(CONSTANTS);
    if (constant) throw `Out of range float values are not JSON compliant: '${constant}'`;
    if (this.#take(WORDS) === null && this.#take(NUMBER) === null) throw { text: "Expecting value", at: this.#at };
  }

  #string(): void {
    const begin = this.#at++;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) throw { text: "Unterminated string starting at", at: begin };
      if (code === 0x22) break;
      if (code < 0x20) throw { text: "Invalid control character at", at: this.#at };
      if (code === 0x5c) this.#escape(begin);
      else this.#at++;
    }
    this.#at++;
  }

  #escape(begin: number): void {
    const backslash = this.#at++;
    const kind = this.#peek();
    if (kind === undefined) throw { text: "Unterminated string starting at", at: begin };
    if (kind === "u") {
      if (!/^[0-9a-fA-F]{4}/.test(this.#text.slice(this.#at + 1, this.#at + 5))) {
        throw { text: "Invalid \\uXXXX escape", at: this.#at };
      }
      this.#at += 5;
    } else if ('"\\/bfnrt'.includes(kind)) this.#at++;
    else throw { text: "Invalid \\escape", at: backslash };
  }

  #object(depth: number): void {
    this.#at++;
    this.#skip();
    if (this.#peek() === "}") {
      this.#at++;
      return;
    }
    for (;;) {
      if (this.#peek() !== '"') throw { text: "Expecting property name enclosed in double quotes", at: this.#at };
      this.#string();
      this.#skip();
      if (this.#peek() !== ":") throw { text: "Expecting ':' delimiter", at: this.#at };
      this.#at++;
      this.#skip();
      this.#value(depth + 1);
      if (this.#ended("}")) return;
    }
  }

  #array(depth: number): void {
    this.#at++;
    this.#skip();
    if (this.#peek() === "]") {
      this.#at++;
      return;
    }
    for (;;) {
      this.#value(depth + 1);
      if (this.#ended("]")) return;
    }
  }

  /** After a member: true at the end of the object or list, false after a comma. */
  #ended(close: string): boolean {
    this.#skip();
    const next = this.#peek();
    if (next !== close && next !== ",") throw { text: "Expecting ',' delimiter", at: this.#at };
    this.#at++;
    if (next === close) return true;
    this.#skip();
    return false;
  }
}

/** `Expecting value: line 1 column 1 (char 0)`, or null when nothing is wrong with the text. */
export function jsonFault(text: string): string | null {
  if (text.startsWith("\ufeff")) return "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)";
  const fault = new Reader(text).fault();
  if (fault === null || typeof fault === "string") return fault;
  const before = text.slice(0, fault.at);
  const line = before.split("\n").length;
  const column = fault.at - before.lastIndexOf("\n");
  return `${fault.text}: line ${line} column ${column} (char ${fault.at})`;
}
