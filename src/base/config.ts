// Configuration: flags win over environment, which wins over the TOML file, which wins over defaults. A field says how
// it is read and what is allowed; rooms declare their fields, src/config.ts puts them together.
// An unknown key or a bad value stops the start with the key's path, the value and what is allowed.

import { readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import { AppError, reasonOf } from "./errors.js";
import { formatAddress, parseAddress, parseHostPort, parsePrefix } from "./ip.js";

export interface Field<T> {
  /** What is allowed, for error texts and help. */
  readonly allowed: string;
  /** The value, or undefined when it is not allowed. Text (from flags and environment) and TOML values alike. */
  read(value: unknown, path: string): T | undefined;
  readonly fallback?: T;
  readonly env?: string;
  /** Name of the command-line option, without dashes, in camel case as the parser gives it. */
  readonly flag?: string;
}

type Options<T> = Pick<Field<T>, "fallback" | "env" | "flag">;
export type Fields = Readonly<Record<string, Field<unknown>>>;
// biome-ignore lint/suspicious/noExplicitAny: F is invariant in its field types
export type Values<F extends Record<string, Field<any>>> = {
  [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** `most`: bytes in UTF-8. */
export function text({
  most = Number.POSITIVE_INFINITY,
  ...options
}: Options<string> & { most?: number } = {}): Field<string> {
  const read = (value: unknown) => (typeof value === "string" && Buffer.byteLength(value) <= most ? value : undefined);
  return { allowed: most === Number.POSITIVE_INFINITY ? "text" : `text of at most ${most} bytes`, read, ...options };
}

export function integer(least: number, most: number, options: Options<number> = {}): Field<number> {
  const read = (value: unknown) => {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    return Number.isInteger(number) && (number as number) >= least && (number as number) <= most
      ? (number as number)
      : undefined;
  };
  return { allowed: `a whole number from ${least} to ${most}`, read, ...options };
}

export function boolean(options: Options<boolean> = {}): Field<boolean> {
  const words: Record<string, boolean> = { true: true, false: false };
  return { allowed: "true or false", read: (value) => words[String(value)], ...options };
}

export function choice<const T extends string>(values: readonly T[], options: Options<T> = {}): Field<T> {
  return { allowed: values.join(", "), read: (value) => values.find((one) => one === value), ...options };
}

/** An IPv4 or IPv6 address, read into its canonical form. */
export function address(options: Options<string> = {}): Field<string> {
  const read = (value: unknown) => {
    const bytes = typeof value === "string" ? parseAddress(value) : null;
    return bytes ? formatAddress(bytes) : undefined;
  };
  return { allowed: "an IPv4 or IPv6 address", read, ...options };
}

/** An IPv4 or IPv6 prefix in CIDR form without host bits. */
export function prefix(options: Options<string> = {}): Field<string> {
  const read = (value: unknown) => (typeof value === "string" && parsePrefix(value, true) ? value : undefined);
  return { allowed: "a prefix such as 198.18.0.0/15, without host bits", read, ...options };
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** Where to listen: HOST:PORT, or "off" (null) when `off` is true. */
export function listen(off: true, options?: Options<Listen | null>): Field<Listen | null>;
export function listen(off: false, options?: Options<Listen>): Field<Listen>;
export function listen(off: boolean, options: Options<Listen | null> = {}): Field<Listen | null> {
  const read = (value: unknown) => {
    if (off && value === "off") return null;
    return typeof value === "string" ? (parseHostPort(value) ?? undefined) : undefined;
  };
  return { allowed: `HOST:PORT, [IPV6]:PORT or :PORT${off ? ", or off" : ""}`, read, ...options };
}

export function list<T>(of: Field<T>, options: Options<readonly T[]> = {}): Field<readonly T[]> {
  const read = (value: unknown, path: string) => {
    if (!Array.isArray(value)) return undefined;
    return value.map((one, i) => readField(of, one, `${path}[${i}]`));
  };
  return { allowed: `a list of: ${of.allowed}`, read, ...options };
}

/** A TOML table with fields of its own. */
export function table<F extends Fields>(fields: F): Field<Values<F>> {
  return { allowed: "a table", read: (value, path) => readTable(fields, value, path) };
}

/** An array of TOML tables (`[[bgp.peer]]`). */
export function tables<F extends Fields>(fields: F): Field<readonly Values<F>[]> {
  return { ...list(table(fields)), allowed: "an array of tables", fallback: [] };
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function readField<T>(field: Field<T>, value: unknown, path: string): T {
  const read = field.read(value, path);
  if (read === undefined) throw new AppError("CONFIG", { path, value: show(value), allowed: field.allowed });
  return read;
}

function readTable<F extends Fields>(fields: F, value: unknown, path: string): Values<F> | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const given = value as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(fields, key)) {
      const at = path === "" ? key : `${path}.${key}`;
      throw new AppError("CONFIG_UNKNOWN", { path: at, allowed: Object.keys(fields).join(", ") });
    }
  }
  const values: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const at = path === "" ? key : `${path}.${key}`;
    values[key] = Object.hasOwn(given, key) ? readField(field, given[key], at) : missing(field, at);
  }
  return values as Values<F>;
}

/** What a key that was not given stands for: its default, or a table of defaults, or nothing (undefined). */
function missing(field: Field<unknown>, path: string): unknown {
  if ("fallback" in field) return field.fallback;
  return field.allowed === "a table" ? field.read({}, path) : undefined;
}

/** Puts flags and environment over the TOML document, at the places that the fields name. */
function overlay(
  fields: Fields,
  document: Record<string, unknown>,
  path: string,
  sources: { flags: Readonly<Record<string, unknown>>; env: NodeJS.ProcessEnv },
  origins: Map<string, string>,
): void {
  for (const [key, field] of Object.entries(fields)) {
    const at = path === "" ? key : `${path}.${key}`;
    const fromEnv = field.env === undefined ? undefined : sources.env[field.env];
    const fromFlag = field.flag === undefined ? undefined : sources.flags[field.flag];
    if (fromFlag !== undefined) {
      document[key] = fromFlag;
      origins.set(at, `--${(field.flag as string).replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);
    } else if (fromEnv !== undefined && fromEnv !== "") {
      document[key] = fromEnv;
      origins.set(at, field.env as string);
    }
  }
}

/**
 * Reads a configuration. `groups` are the top-level tables, `""` the keys above all tables.
 * Errors: CONFIG, CONFIG_UNKNOWN; the path names the flag or variable when the value came from there.
 */
export function readConfig<G extends Readonly<Record<string, Fields>>>(
  groups: G,
  sources: { file: string | undefined; flags: Readonly<Record<string, unknown>>; env: NodeJS.ProcessEnv },
): { [K in keyof G]: Values<G[K]> } {
  const document = sources.file === undefined ? {} : readToml(sources.file);
  const origins = new Map<string, string>();
  const top: Record<string, Field<unknown>> = { ...(groups[""] ?? {}) };
  overlay(top, document, "", sources, origins);
  for (const [name, fields] of Object.entries(groups)) {
    if (name === "") continue;
    top[name] = table(fields);
    const inner = document[name] ?? {};
    document[name] = inner;
    if (inner !== null && typeof inner === "object") {
      overlay(fields, inner as Record<string, unknown>, name, sources, origins);
    }
  }
  try {
    const values = readTable(top, document, "") as Record<string, unknown>;
    return { ...values, "": values } as { [K in keyof G]: Values<G[K]> };
  } catch (error) {
    if (error instanceof AppError && error.code === "CONFIG") {
      const path = String(error.details["path"]);
      throw new AppError("CONFIG", { ...error.details, path: origins.get(path) ?? path });
    }
    throw error;
  }
}

function readToml(file: string): Record<string, unknown> {
  try {
    return parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (error) {
    const reason = error instanceof TomlError ? (error.message.split("\n")[0] as string) : reasonOf(error);
    throw new AppError("CONFIG", { path: "--config", value: file, allowed: `a readable TOML file (${reason})` });
  }
}
