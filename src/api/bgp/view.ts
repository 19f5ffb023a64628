// The BGP surface's JSON: request bodies in, the room's values out. Nothing here knows the room's insides.

import { AppError } from "../../base/errors.js";
import type { PeerView } from "../../bgp/agent.js";
import type { MessageCounts, Statistic } from "../../bgp/connection.js";
import type { PeerState } from "../../bgp/protocol.js";
import type { Request } from "../../http/table.js";

/** What `GET /v1` says of this version of the API. */
export const VERSION_BODY = { status: "stable", updated: "2015-01-22T00:00:00Z", version: "v1" };

/** The body's JSON, whatever it is. Errors: BODY_NOT_JSON (400). */
export function jsonBody(request: Request): unknown {
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch (error) {
    throw new AppError("BODY_NOT_JSON", { reason: error instanceof Error ? error.message : "" });
  }
}

/** A JSON body that is an object. Errors: BODY_NOT_JSON (400), BGP_POST_DATA for JSON of another kind. */
export function objectBody(request: Request): Record<string, unknown> {
  const value = jsonBody(request);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("BGP_POST_DATA", { reason: "the body is not an object" });
  }
  return value as Record<string, unknown>;
}

function isList(value: unknown): boolean {
  return value === undefined || value === null || Array.isArray(value);
}

/** The body of send/update and json_to_bin. Errors: BGP_POST_DATA. */
export function updateBody(request: Request) {
  const { attr, nlri, withdraw } = objectBody(request);
  if (!isList(nlri) || !isList(withdraw))
    throw new AppError("BGP_POST_DATA", { reason: "nlri or withdraw is no list" });
  if (attr !== undefined && attr !== null && (typeof attr !== "object" || Array.isArray(attr))) {
    throw new AppError("BGP_POST_DATA", { reason: "attr is not an object" });
  }
  return {
    ...(attr ? { attr: attr as Record<string, unknown> } : {}),
    ...(nlri ? { nlri: nlri as unknown[] } : {}),
    ...(withdraw ? { withdraw: withdraw as unknown[] } : {}),
  };
}

/** The bytes of bin_update: hex, or with `human` a list of hex texts with blanks. Errors: yabgp's. */
export function binaryBody(request: Request): Uint8Array {
  const { binary_data: data } = objectBody(request);
  const human = request.query.get("format") === "human";
  if (data === undefined || data === null || data === "") throw new AppError("BGP_HEX_EMPTY");
  const parts = human && Array.isArray(data) ? data : [data];
  if (!parts.every((part) => typeof part === "string")) throw new AppError("BGP_POST_DATA");
  const text = human ? parts.join("").replace(/\s+/g, "") : String(data);
  if (text === "") throw new AppError("BGP_HEX_EMPTY");
  if (!/^([0-9a-f]{2})+$/i.test(text)) throw new AppError("BGP_HEX_ODD");
  return Buffer.from(text, "hex");
}

/** A message's hex; `human`: texts of eight bytes, each full one ending in a blank, the last with the rest. */
export function binaryView(bytes: Uint8Array, human: boolean): { bin: string | string[] } {
  const hex = Buffer.from(bytes).toString("hex");
  if (!human) return { bin: hex };
  const pairs = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at + 8 <= pairs.length; at += 8) lines.push(`${pairs.slice(at, at + 8).join(" ")} `);
  lines.push(pairs.slice(pairs.length - (pairs.length % 8)).join(" "));
  return { bin: lines };
}

/** Both spellings of the route refresh counter: the API's document has a blank in it, the program has none. */
function countsView(counts: MessageCounts) {
  return {
    Keepalives: counts.Keepalives,
    Notifications: counts.Notifications,
    Opens: counts.Opens,
    "Route Refresh": counts.RouteRefresh,
    RouteRefresh: counts.RouteRefresh,
    Updates: counts.Updates,
  };
}

/** By identity: a peer's capabilities are one object until they change. */
const capabilityTexts = new WeakMap<object, string>();

/** The body of `state` as JSON text; asked for often, and capabilities are most of it. */
export function stateText(peer: PeerState): string {
  const { capability, ...rest } = peer;
  const text = capabilityTexts.get(capability) ?? JSON.stringify(capability);
  capabilityTexts.set(capability, text);
  return `{"peer":{"capability":${text},${JSON.stringify(rest).slice(1)}}`;
}

export function statisticView(statistic: Statistic) {
  return { receive: countsView(statistic.receive), send: countsView(statistic.send) };
}

/** A peer's configuration; the key itself is never shown. */
export function peerView(peer: PeerView) {
  const { md5, ...rest } = peer;
  return { ...rest, md5: md5 === "" ? "" : "***" };
}
