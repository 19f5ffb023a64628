// /rib: routes as `bgpctl -j show rib detail` prints them, filtered as bgplgd's query says.

import { formatAddress, parsePrefix } from "../../base/ip.js";
import { LIMITS } from "../../base/limits.js";
import type { BgpHandle } from "../../bgp/agent.js";
import type { RouteQuery, RouteRow } from "../../bgp/protocol.js";
import type { Neighbor } from "./neighbors.js";
import { communityMatches, extendedText, ORIGINS, pathText, sourceAs, texts, timeText } from "./values.js";

export interface RibFilter {
  /** Where routes are looked for: one query after another. */
  readonly queries: readonly Omit<RouteQuery, "cursor" | "limit">[];
  readonly as: number | null;
  readonly community: string | null;
  readonly extCommunity: string | null;
  readonly largeCommunity: string | null;
  readonly ovs: string | null;
}

const number = (value: unknown, fallback: number) => (typeof value === "number" ? value : fallback);

function nextHop(attr: Record<string, unknown>): string {
  const reach = attr["14"] as Record<string, unknown> | undefined;
  const hop = attr["3"] ?? reach?.["nexthop"];
  if (typeof hop === "string") return hop;
  return typeof hop === "object" && hop !== null ? String((hop as Record<string, unknown>)["str"] ?? "") : "";
}

function prefixText({ nlri }: RouteRow): string {
  if (typeof nlri === "string") return nlri;
  const prefix = (nlri as Record<string, unknown> | null)?.["prefix"];
  return typeof prefix === "string" ? prefix : JSON.stringify(nlri);
}

/** One route. `peers`: what is known of the peers, by address. */
export function routeView(row: RouteRow, peers: ReadonlyMap<string, Neighbor>, now: number) {
  const { attr } = row;
  const peer = peers.get(row.peer);
  const seconds = row.received > 0 ? Math.max(0, Math.floor(now - row.received)) : null;
  const own = row.peer === "";
  const internal = own || (peer !== undefined && peer.figures.remoteAs === peer.figures.localAs);
  const hop = nextHop(attr);
  return {
    prefix: prefixText(row),
    aspath: pathText(attr["2"]),
    exit_nexthop: hop,
    true_nexthop: hop,
    neighbor: {
      description: own ? "LOCAL" : (peer?.config.description ?? ""),
      remote_addr: own ? "???" : row.peer,
      bgp_id: peer?.figures.remoteId ?? "0.0.0.0",
    },
    valid: row.eligible,
    ...(row.best ? { best: true } : {}),
    ...(row.stale ? { stale: true } : {}),
    source: internal ? "internal" : "external",
    ...(own ? { announced: true } : {}),
    ovs: row.origin_validation ?? "not-found",
    origin: ORIGINS[number(attr["1"], 2)] ?? "incomplete",
    metric: number(attr["4"], 0),
    // Readers take it for a number without a look. 100 is what a route without one is worth.
    localpref: number(attr["5"], 100),
    weight: 0,
    last_update: timeText(seconds),
    last_update_sec: seconds ?? 0,
    ...(attr["8"] === undefined ? {} : { communities: texts(attr["8"]) }),
    ...(attr["16"] === undefined ? {} : { extended_communities: texts(attr["16"]).map(extendedText) }),
    ...(attr["32"] === undefined ? {} : { large_communities: texts(attr["32"]) }),
  };
}

function matches(filter: RibFilter, { attr, origin_validation }: RouteRow): boolean {
  if (filter.as !== null && sourceAs(attr["2"]) !== filter.as) return false;
  if (filter.ovs !== null && (origin_validation ?? "not-found") !== filter.ovs) return false;
  const has = (wanted: string | null, list: string[]) =>
    wanted === null || list.some((one) => communityMatches(wanted, one));
  return (
    has(filter.community, texts(attr["8"])) &&
    has(filter.extCommunity, texts(attr["16"]).map(extendedText)) &&
    has(filter.largeCommunity, texts(attr["32"]))
  );
}

/** The prefixes that cover `prefix`, itself first. */
export function covering(prefix: string): string[] {
  const parsed = parsePrefix(prefix);
  if (!parsed) return [];
  return Array.from({ length: parsed.length + 1 }, (_, i) => {
    const shorter = parsePrefix(`${formatAddress(parsed.bytes)}/${parsed.length - i}`);
    return `${formatAddress(shorter?.bytes ?? parsed.bytes)}/${parsed.length - i}`;
  });
}

/**
 * The answer's text, piece by piece: bounded work of the worker a piece, and a bounded number of routes looked at;
 * `truncated` says that there are more.
 */
export async function* ribText(
  bgp: BgpHandle,
  filter: RibFilter,
  peers: ReadonlyMap<string, Neighbor>,
): AsyncGenerator<string> {
  let before = '{"rib":[';
  let left: number = LIMITS.lookingGlassRoutes;
  const now = Date.now() / 1_000;
  for (const query of filter.queries) {
    let cursor: string | null = "";
    while (cursor !== null && left > 0) {
      const page = await bgp.routes({ ...query, cursor, limit: LIMITS.bgpRoutesPerCall });
      cursor = page.cursor;
      // An answer without rows counts, too: the scan must end.
      left -= Math.max(1, page.routes.length);
      const rows = page.routes.filter((row) => matches(filter, row));
      if (rows.length === 0) continue;
      yield before + rows.map((row) => JSON.stringify(routeView(row, peers, now))).join(",");
      before = ",";
    }
  }
  yield `${before === "," ? "" : before}]${left > 0 ? "" : ',"truncated":true'}}`;
}
