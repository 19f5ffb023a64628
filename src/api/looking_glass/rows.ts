// The looking glass: the speaker's peers and routes in the form of OpenBGPD's bgplgd, which looking-glass front ends
// such as Alice-LG read. Read-only. At the root, where bgplgd has its paths, and under /lg.

import { AppError } from "../../base/errors.js";
import { parseAddress, parsePrefix } from "../../base/ip.js";
import { LIMITS } from "../../base/limits.js";
import type { BgpHandle } from "../../bgp/agent.js";
import type { RoomFigures, RouteQuery } from "../../bgp/protocol.js";
import { json, type Reply, type Request, type Route, type Surface } from "../../http/table.js";
import { badQuery, flag, knownOnly, oneOf, wholeNumber } from "../bgp/query.js";
import { type Neighbor, neighbors, neighborView, summaryView } from "./neighbors.js";
import { covering, type RibFilter, ribText } from "./rib.js";
import { memoryView, rtrView, setsView } from "./room.js";

/** `basic`: for those who have credentials. */
export type LookingGlassMode = "off" | "basic" | "open";

/** bgplgd's paths at the root. */
const PATHS = ["/neighbors", "/summary", "/rib", "/memory", "/rtr", "/sets", "/nexthops", "/interfaces"];
const FAMILIES = ["ipv4", "ipv6", "vpnv4", "vpnv6"] as const;
const TABLES = { "Loc-RIB": "rib", "Adj-RIB-In": "in", "Adj-RIB-Out": "out" } as const;
const RIB_KEYS = ["neighbor", "as", "prefix", "community", "ext-community", "large-community", "af", "rib", "ovs"];
const FLAGS = ["best", "all", "or-shorter", "error"];

type Table = "rib" | "in" | "out";

/** The prefixes that the query names, undefined for all of a table. Errors: BODY_INVALID. */
function prefixesOf(query: URLSearchParams): { prefix: string; longer: boolean }[] | null {
  const prefix = query.get("prefix");
  const [longer, shorter] = [flag(query, "all"), flag(query, "or-shorter")];
  if (prefix === null) return null;
  if (!parsePrefix(prefix) && !parseAddress(prefix)) badQuery("prefix", prefix, "a prefix or an address");
  if (!shorter) return [{ prefix, longer }];
  const bits = prefix.includes(":") ? 128 : 32;
  return covering(prefix.includes("/") ? prefix : `${prefix}/${bits}`).map((one) => ({ prefix: one, longer: false }));
}

/** The families to look through: those that can have the prefix. */
function familiesOf(query: URLSearchParams): readonly string[] {
  const prefix = query.get("prefix");
  const all = prefix === null ? FAMILIES : prefix.includes(":") ? (["ipv6"] as const) : (["ipv4"] as const);
  return query.has("af") ? [oneOf(query, "af", FAMILIES, "ipv4")] : all;
}

/** Errors: BODY_INVALID. */
function filterOf(query: URLSearchParams, path: Table, peers: readonly Neighbor[]): RibFilter {
  const table = query.has("rib")
    ? TABLES[oneOf(query, "rib", Object.keys(TABLES) as (keyof typeof TABLES)[], "Loc-RIB")]
    : path;
  const wanted = query.get("neighbor");
  const addresses = peers
    .filter(({ config }) => wanted === null || wanted === config.remote_addr || wanted === config.description)
    .map(({ config }) => config.remote_addr);
  const view = table === "rib" ? (flag(query, "best") ? "best" : "all") : table;
  // What a peer sent or got is a table of its own; elsewhere a peer is a filter, and none means all.
  const whose: (string | null)[] = view === "in" || view === "out" || wanted !== null ? addresses : [null];
  const prefixes = prefixesOf(query) ?? [null];
  const queries: Omit<RouteQuery, "cursor" | "limit">[] = [];
  // No route is kept that was in error: it is treated as withdrawn.
  if (!flag(query, "error")) {
    for (const address of whose) {
      for (const family of familiesOf(query)) {
        for (const prefix of prefixes) {
          queries.push({ view, family, ...(address === null ? {} : { address }), ...(prefix ?? {}) });
        }
      }
    }
  }
  return {
    queries,
    as: query.has("as") ? wholeNumber(query, "as", 0, 4_294_967_295, 0) : null,
    community: query.get("community"),
    extCommunity: query.get("ext-community"),
    largeCommunity: query.get("large-community"),
    ovs: query.has("ovs") ? oneOf(query, "ovs", ["valid", "invalid", "not-found"], "valid") : null,
  };
}

/** What has no parameters. Next hops and interfaces are the kernel's here: their lists are empty. */
function roomRoutes(bgp: BgpHandle, base: string): Route[] {
  const views: Readonly<Record<string, (figures: RoomFigures) => unknown>> = {
    memory: memoryView,
    rtr: rtrView,
    sets: (figures) => setsView(figures, Date.now() / 1_000),
    nexthops: () => ({ nexthops: [] }),
    interfaces: () => ({ interfaces: [] }),
  };
  return Object.entries(views).map(([name, view]) => ({
    method: "GET",
    path: `${base}/${name}`,
    async handle({ query }) {
      knownOnly(query, []);
      return json(200, view(await bgp.figures()));
    },
  }));
}

function routes(bgp: BgpHandle, base: string): Route[] {
  let listings = 0;
  async function* counted(text: AsyncGenerator<string>): AsyncGenerator<string> {
    listings++;
    try {
      yield* text;
    } finally {
      listings--;
    }
  }
  const rib = async ({ query }: Request, table: Table): Promise<Reply> => {
    knownOnly(query, [...RIB_KEYS, ...FLAGS]);
    const peers = await neighbors(bgp, null);
    const filter = filterOf(query, table, peers);
    if (listings >= LIMITS.lookingGlassListings) {
      throw new AppError("OVERLOADED", { what: "the looking glass", limit: LIMITS.lookingGlassListings });
    }
    const known = new Map(peers.map((peer) => [peer.config.remote_addr, peer]));
    return {
      status: 200,
      headers: { "content-type": "application/json" },
      stream: counted(ribText(bgp, filter, known)),
    };
  };
  return [
    {
      method: "GET",
      path: `${base}/neighbors`,
      async handle({ query }) {
        knownOnly(query, ["neighbor"]);
        return json(200, { neighbors: (await neighbors(bgp, query.get("neighbor"))).map(neighborView) });
      },
    },
    {
      method: "GET",
      path: `${base}/summary`,
      async handle({ query }) {
        knownOnly(query, []);
        return json(200, { neighbors: (await neighbors(bgp, null)).map(summaryView) });
      },
    },
    { method: "GET", path: `${base}/rib`, handle: (request) => rib(request, "rib") },
    { method: "GET", path: `${base}/rib/in`, handle: (request) => rib(request, "in") },
    { method: "GET", path: `${base}/rib/out`, handle: (request) => rib(request, "out") },
    ...roomRoutes(bgp, base),
  ];
}

/** The surfaces of the looking glass: bgplgd's paths at the root, and all of them under /lg. */
export function lookingGlassSurfaces(bgp: BgpHandle, mode: LookingGlassMode): Surface[] {
  if (mode === "off") return [];
  const surface = (prefix: string, rows: Route[]): Surface => ({
    name: "looking_glass",
    prefix,
    auth: mode === "open" ? [] : ["basic"],
    routes: rows.map((row) => ({ ...row, open: mode === "open" })),
    problem: (error) =>
      json(
        error.status,
        { error: error.message },
        error.code === "UNAUTHENTICATED" ? { "www-authenticate": 'Basic realm="looking glass"' } : {},
      ),
  });
  const root = routes(bgp, "");
  const under = (prefix: string) => root.filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`));
  return [...PATHS.map((prefix) => surface(prefix, under(prefix))), surface("/lg", routes(bgp, "/lg"))];
}
