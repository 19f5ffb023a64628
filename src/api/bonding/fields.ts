// Kinds of fields: how each is read from a body, shown, described by OPTIONS and filtered by. A resource's table is a
// list of these (rows.ts); a new kind is one function here.

import ipaddr from "ipaddr.js";
import { formatAddress, parseAddress } from "../../base/ip.js";
import type { Context, StoredRecord } from "./context.js";
import { Invalid, invalid, pythonText, pythonType } from "./messages.js";
import { resolveRelation } from "./relations.js";

export interface Field {
  readonly name: string;
  /** What OPTIONS calls it. */
  readonly type: string;
  readonly label: string;
  readonly readOnly: boolean;
  readonly required: boolean;
  readonly nullable: boolean;
  /** What a record gets when the field was not given. */
  readonly fallback?: unknown;
  /** Limits and choices, as OPTIONS shows them. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** True: `?name=value` filters lists by it. */
  readonly filter: boolean;
  /** True: only those who may write see it. */
  readonly secret: boolean;
  /** True: taken, never shown. */
  readonly writeOnly: boolean;
  /** True: set at creation, refused when it is to be changed. */
  readonly immutable: boolean;
  /** The stored value of a body's value. Throws Invalid. */
  read(value: unknown, context: Context): unknown;
  /** What is shown. Default: the record's member of that name. */
  view(record: StoredRecord, context: Context): unknown;
  /** The stored value that `?name=text` asks for; undefined: not a filter after all. Throws Invalid. */
  match?(text: string, context: Context): unknown;
}

export interface Options {
  readonly label?: string;
  readonly readOnly?: boolean;
  readonly required?: boolean;
  readonly nullable?: boolean;
  readonly fallback?: unknown;
  readonly filter?: boolean;
  readonly secret?: boolean;
  readonly writeOnly?: boolean;
  readonly immutable?: boolean;
}

/** `down_speed` → `Down speed`, as the framework makes labels. */
export function labelOf(name: string): string {
  const words = name.replace(/_/g, " ");
  return name === "id" ? "ID" : words.charAt(0).toUpperCase() + words.slice(1);
}

function field(name: string, type: string, options: Options, rest: Partial<Field>): Field {
  const optional = options.readOnly || "fallback" in options || options.nullable;
  return {
    name,
    type,
    label: options.label ?? labelOf(name),
    readOnly: options.readOnly ?? false,
    required: options.required ?? !optional,
    nullable: options.nullable ?? false,
    ...("fallback" in options ? { fallback: options.fallback } : options.nullable ? { fallback: null } : {}),
    facts: {},
    filter: options.filter ?? false,
    secret: options.secret ?? false,
    writeOnly: options.writeOnly ?? false,
    immutable: options.immutable ?? false,
    read: (value) => value,
    view: (record) => record[name] ?? null,
    match: (text) => text,
    ...rest,
  };
}

interface TextOptions extends Options {
  readonly max?: number;
  readonly min?: number;
  readonly blank?: boolean;
  readonly trim?: boolean;
  /** Throws Invalid; gives the text to store. */
  readonly check?: (text: string) => string;
}

/** Text: trimmed; numbers are taken as their digits. Optional texts may be blank. */
export function text(name: string, options: TextOptions = {}): Field {
  const { max = 255, min = 0, blank = options.fallback === "", trim = true, check } = options;
  return field(name, "string", options, {
    facts: { ...(min > 0 ? { min_length: min } : {}), max_length: max },
    read(value) {
      if (typeof value !== "string" && typeof value !== "number") throw invalid("notAString");
      const given = trim ? String(value).trim() : String(value);
      if (given === "") {
        if (blank) return "";
        throw invalid("blank");
      }
      const wrong: string[] = [];
      const length = [...given].length;
      if (length > max) wrong.push(invalid("maxLength", { limit: max }).message);
      if (length < min) wrong.push(invalid("minLength", { limit: min }).message);
      if (given.includes("\0")) wrong.push(invalid("nulCharacter").message);
      const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(given);
      if (lone) {
        const code = lone[0].charCodeAt(0).toString(16).toUpperCase();
        wrong.push(invalid("surrogate", { code }).message);
      }
      if (wrong.length > 0) throw new Invalid(...wrong);
      return check ? check(given) : given;
    },
  });
}

export function slug(name: string, options: TextOptions = {}): Field {
  return text(name, {
    max: 50,
    ...options,
    check(given) {
      if (!/^[\w-]+$/.test(given)) throw invalid("slug");
      return given;
    },
  });
}

export function email(name: string, options: TextOptions = {}): Field {
  const made = text(name, {
    max: 254,
    ...options,
    check(given) {
      // One "@", no white space or controls, a host part of labels: what a mail server could take.
      if (!/^[^\s@\p{Cc}]{1,64}@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/iu.test(given)) throw invalid("email");
      return given;
    },
  });
  return { ...made, type: "email" };
}

interface NumberOptions extends Options {
  readonly min?: number;
  readonly max?: number;
}

function within(value: number, { min, max }: NumberOptions): number {
  if (max !== undefined && value > max) throw invalid("maximum", { limit: max });
  if (min !== undefined && value < min) throw invalid("minimum", { limit: min });
  return value;
}

function range({ min, max }: NumberOptions): Record<string, number> {
  return { ...(min === undefined ? {} : { min_value: min }), ...(max === undefined ? {} : { max_value: max }) };
}

function matchNumber(given: string): number {
  const value = Number(given);
  if (given.trim() === "" || !Number.isFinite(value)) throw invalid("filterNumber");
  return value;
}

export function integer(name: string, options: NumberOptions = {}): Field {
  return field(name, "integer", options, {
    facts: range(options),
    match: matchNumber,
    read(value) {
      if (typeof value === "string" && value.length > 1_000) throw invalid("tooLongText");
      const digits =
        typeof value === "number" || typeof value === "string" ? String(value).replace(/\.0*\s*$/, "") : "";
      if (!/^\s*[-+]?\d+(?:_\d+)*\s*$/.test(digits)) throw invalid("notAnInteger");
      const number = Number(digits.replace(/_/g, ""));
      return within(Number.isSafeInteger(number) ? number : Math.sign(number) * Number.MAX_SAFE_INTEGER, options);
    },
  });
}

export function number(name: string, options: NumberOptions = {}): Field {
  return field(name, "float", options, {
    facts: range(options),
    match: matchNumber,
    read(value) {
      if (typeof value === "string" && value.length > 1_000) throw invalid("tooLongText");
      const plain = typeof value === "number" || (typeof value === "string" && /^\s*[-+]?[\d.]/.test(value));
      const given = plain ? Number(value) : Number.NaN;
      if (!Number.isFinite(given)) throw invalid("notANumber");
      return within(given, options);
    },
  });
}

const TRUE = new Set(["t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1"]);
const FALSE = new Set(["f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0"]);
/** What a boolean filter takes; anything else is no filter. */
const FILTER_WORDS: Readonly<Record<string, boolean>> = { true: true, false: false };

export function boolean(name: string, options: Options = {}): Field {
  return field(name, "boolean", options, {
    match: (given) => FILTER_WORDS[given.toLowerCase()],
    read(value) {
      const word = typeof value === "object" ? "" : String(value);
      if (TRUE.has(word)) return true;
      if (FALSE.has(word)) return false;
      throw invalid("notABoolean");
    },
  });
}

/** One of a list of codes, each with the name that people read. */
export function choice(name: string, choices: Readonly<Record<string, string>>, options: Options = {}): Field {
  return field(name, "choice", options, {
    facts: { choices: Object.entries(choices).map(([value, display_name]) => ({ value, display_name })) },
    match(given) {
      if (!Object.hasOwn(choices, given)) throw invalid("filterChoice", { input: given });
      return given;
    },
    read(value) {
      const given = pythonText(value);
      if (!Object.hasOwn(choices, given)) throw invalid("choice", { input: given });
      return given;
    },
  });
}

/** An address, normalised (RFC 5952). `version` 0: either. */
export function ip(name: string, version: 0 | 4 | 6, options: Options = {}): Field {
  const wrong = version === 4 ? "ipv4" : version === 6 ? "ipv6" : "ip";
  return field(name, "string", options, {
    read(value) {
      const bytes = typeof value === "string" && ipaddr.isValid(value.trim()) ? parseAddress(value.trim()) : null;
      if (!bytes || (version !== 0 && bytes.length !== (version === 4 ? 4 : 16))) throw invalid(wrong);
      return formatAddress(bytes);
    },
  });
}

/**
 * A link to a record of one of `resources` (the first is the one that links are made for). A URL, a path, or an object
 * with `url`, `id` or `key` is taken.
 */
export function relation(
  name: string,
  resources: readonly string[],
  options: Options & { readonly nested?: (record: StoredRecord, context: Context) => unknown } = {},
): Field {
  const find = (id: unknown, context: Context) => context.relation(resources[0] as string, id);
  return field(name, "field", options, {
    match(given, context) {
      const id = /^\d+$/.test(given) && find(Number(given), context) ? Number(given) : undefined;
      if (id === undefined) throw invalid("filterRelation");
      return id;
    },
    read(value, context) {
      const link = value !== null && typeof value === "object" && !Array.isArray(value);
      if (typeof value !== "string" && !link) throw invalid("linkType", { type: pythonType(value) });
      return resolveRelation(value as string | Record<string, unknown>, resources, context);
    },
    view(record, context) {
      const target = record[name] === null ? undefined : find(record[name], context);
      if (!target) return null;
      return options.nested ? options.nested(target, context) : context.linkTo(resources[0] as string, target);
    },
  });
}

/** A value that is worked out, never taken. */
export function computed(name: string, type: string, view: Field["view"], options: Options = {}): Field {
  return field(name, type, { ...options, readOnly: true }, { view });
}

/** A value that the appliance sets and shows as it is stored. */
export function fixed(name: string, type: string, options: Options = {}): Field {
  return field(name, type, { ...options, readOnly: true }, type === "integer" ? { match: matchNumber } : {});
}
