// Which form an answer takes: `Accept`, `?format=`, `.json` at the path's end; and the answer in that form.

import { json, type Reply, type Request } from "../../http/table.js";
import { browsePage } from "./browse.js";
import type { LinkStyle } from "./context.js";
import { Refusal, refuse } from "./messages.js";

/** Forms of answers: the name that `?format=` takes, and the media type. */
export const RENDERERS = [
  { format: "json", type: "application/json" },
  { format: "api", type: "text/html" },
] as const;

export type Format = (typeof RENDERERS)[number]["format"];

/** More specific types come first: with parameters, without, `type/*`, any. */
function precedence(type: string): number {
  const [media = ""] = type.split(";");
  if (media === "*/*") return 0;
  if (media.endsWith("/*")) return 1;
  return type.includes(";") ? 3 : 2;
}

function accepts(accepted: string, type: string): boolean {
  const [media = ""] = accepted.split(";");
  const [main, sub] = media.trim().toLowerCase().split("/");
  const [wantMain, wantSub] = type.split("/");
  return (main === "*" || main === wantMain) && (sub === "*" || sub === wantSub);
}

export interface Negotiated {
  readonly format: Format;
  readonly style: LinkStyle;
}

/** Throws Refusal: 404 for an unknown format, 406 when no form is acceptable. `suffix`: the path ended in `.json`. */
export function negotiate(request: Pick<Request, "query" | "header">, suffix: boolean): Negotiated {
  const named = suffix ? "json" : request.query.get("format");
  const offered = named === null || named === "" ? RENDERERS : RENDERERS.filter((one) => one.format === named);
  if (offered.length === 0) throw refuse(404, "notFound");
  const style: LinkStyle = suffix ? "suffix" : named ? "query" : "plain";
  const header = request.header("accept") || "*/*";
  const wanted = header
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "")
    .sort((a, b) => precedence(b) - precedence(a));
  for (const level of [3, 2, 1, 0]) {
    const group = wanted.filter((one) => precedence(one) === level);
    const found = offered.find(({ type }) => group.some((one) => accepts(one, type)));
    if (found) return { format: found.format, style };
  }
  throw refuse(406, "notAcceptable");
}

/** A value in the form that was negotiated. */
export function render(
  format: Format,
  status: number,
  value: unknown,
  request: Pick<Request, "method" | "path">,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  if (format === "json") return json(status, value, headers);
  const body = browsePage(`${request.method} ${request.path}`, status, value);
  return { status, headers: { "content-type": "text/html; charset=utf-8", ...headers }, body };
}

/** The answer of a handler, or of the refusal that it threw. */
export async function settle(work: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return json(error.status, error.body);
    throw error;
  }
}
