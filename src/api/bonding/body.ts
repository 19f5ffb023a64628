// Bodies: JSON, and forms in both encodings, as the framework parses them.

import { LIMITS } from "../../base/limits.js";
import type { Request } from "../../http/table.js";
import { MESSAGES, pythonType, Refusal, refuse, say } from "./messages.js";
import { jsonFault } from "./python_json.js";

export interface Body {
  readonly value: unknown;
  /** True for forms, where "" stands for nothing. */
  readonly form: boolean;
}

type Parser = (request: Request, parameters: string) => Body;

/** Media types of bodies, in the order in which OPTIONS names them. */
export const PARSERS: Readonly<Record<string, Parser>> = {
  "application/json": (request) => ({ value: parseJson(request.body), form: false }),
  "application/x-www-form-urlencoded": (request) => ({ value: formFields(request.body), form: true }),
  "multipart/form-data": (request, parameters) => ({ value: multipart(request.body, parameters), form: true }),
};

/** The parsed body. No body at all is an empty one. Throws Refusal: 400, 415. */
export function parseBody(request: Request): Body {
  if (request.body.length === 0) return { value: {}, form: false };
  const [type = "", ...rest] = request.header("content-type").split(";");
  const media = type.trim().toLowerCase();
  const parser = Object.hasOwn(PARSERS, media) ? PARSERS[media] : undefined;
  if (!parser) throw refuse(415, "mediaType", { type: request.header("content-type").trim() });
  return parser(request, rest.join(";"));
}

/** The body as an object. Throws Refusal: 400 when it is anything else. */
export function asDictionary({ value }: Body): Readonly<Record<string, unknown>> {
  if (value === null || value === undefined) throw new Refusal(400, { non_field_errors: [MESSAGES.noData] });
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new Refusal(400, { non_field_errors: [say("notADictionary", { type: pythonType(value) })] });
  }
  return value as Readonly<Record<string, unknown>>;
}

const unreadable = (reason: string) => refuse(400, "parse", { reason });

function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable("'utf-8' codec can't decode the body");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(jsonFault(text) ?? (error instanceof RangeError ? "nested too deep" : "invalid JSON"));
  }
}

function collect(pairs: Iterable<readonly [string, string]>): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  let count = 0;
  for (const [name, value] of pairs) {
    if (++count > LIMITS.formFields) throw refuse(400, "full", { limit: LIMITS.formFields });
    // The last one of a name counts.
    fields[name] = value;
  }
  return fields;
}

function formFields(bytes: Buffer): Record<string, string> {
  return collect(new URLSearchParams(bytes.toString("utf8")));
}

const broken = (reason: string) => refuse(400, "multipart", { reason });

/** RFC 7578, fields only: a part with a file name is left out. */
function multipart(bytes: Buffer, parameters: string): Record<string, string> {
  const found = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(parameters);
  const boundary = found?.[1] ?? found?.[2] ?? "";
  if (boundary === "" || boundary.length > 70) throw broken(`Invalid boundary in multipart: ${boundary || "None"}`);
  const pairs: [string, string][] = [];
  // latin1 keeps every byte at its place; values are decoded at the end.
  const parts = bytes.toString("latin1").split(`--${boundary}`);
  for (const part of parts.slice(1)) {
    if (part.startsWith("--")) break;
    const head = part.indexOf("\r\n\r\n");
    if (head < 0) throw broken("a part has no end of its headers");
    const disposition = /^content-disposition:(.*)$/im.exec(part.slice(0, head))?.[1] ?? "";
    const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1];
    if (name === undefined || /[;\s]filename=/i.test(disposition)) continue;
    pairs.push([utf8(name), utf8(part.slice(head + 4).replace(/\r\n$/, ""))]);
    if (pairs.length > LIMITS.formFields) throw refuse(400, "full", { limit: LIMITS.formFields });
  }
  return collect(pairs);
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
