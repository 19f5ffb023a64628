// Routes by GET: the Loc-RIB and each peer's Adj-RIBs, a page at a time. A large page is put together from several
// bounded answers of the worker and streamed, so that neither thread is held up and nothing large is kept.

import { LIMITS } from "../../base/limits.js";
import type { BgpHandle } from "../../bgp/agent.js";
import type { RoutePage, RouteQuery, RouteRow } from "../../bgp/protocol.js";
import type { Reply, Request, Route } from "../../http/table.js";
import { badQuery, familyOf, flag, knownOnly, oneOf, wholeNumber } from "./query.js";

const PAGE = 1_000;
const CURSOR_CHARACTERS = 512;
/** Answers of the worker without a row that one page may take: a filter that matches little must end, too. */
const EMPTY_CALLS = 200;

const COMMON = ["afi_safi", "prefix", "longer", "limit", "cursor"];

/** One route's JSON: `prefix` where the NLRI is one, else `nlri`. */
export function routeView(row: RouteRow): Record<string, unknown> {
  const { nlri, path_id, ...rest } = row;
  return {
    ...(typeof nlri === "string" ? { prefix: nlri } : { nlri }),
    ...(path_id === undefined ? {} : { path_id }),
    ...rest,
  };
}

/** Errors: BODY_INVALID with the parameter, its value and what is allowed. */
function commonQuery(query: URLSearchParams): Omit<RouteQuery, "view"> {
  const family = familyOf(query, "afi_safi") ?? "ipv4";
  const prefix = query.get("prefix");
  const longer = flag(query, "longer");
  if (longer && prefix === null) badQuery("longer", "1", "only together with prefix");
  if (prefix !== null && !/^[0-9A-Fa-f.:]{2,45}(\/\d{1,3})?$/.test(prefix)) {
    badQuery("prefix", prefix, "a prefix, or an address for its longest match");
  }
  const cursor = query.get("cursor") ?? "";
  if (cursor.length > CURSOR_CHARACTERS) badQuery("cursor", "it", "what an answer before gave as cursor");
  return {
    family,
    ...(prefix === null ? {} : { prefix, longer }),
    cursor,
    limit: wholeNumber(query, "limit", 1, LIMITS.bgpRoutesPerPage, PAGE),
  };
}

/** The page that the worker's answers make up together, as JSON text, piece by piece. */
async function* pageText(bgp: BgpHandle, query: RouteQuery, first: RoutePage): AsyncGenerator<string> {
  let page = first;
  let left = query.limit;
  let before = '{"routes":[';
  for (let empty = 0; ; ) {
    const rows = page.routes;
    left -= rows.length;
    empty = rows.length === 0 ? empty + 1 : 0;
    const text = rows.map((row) => JSON.stringify(routeView(row))).join(",");
    if (text !== "") {
      yield before + text;
      before = ",";
    }
    const { cursor } = page;
    if (cursor === null || left <= 0 || empty >= EMPTY_CALLS) {
      yield `${before === "," ? "" : before}],"cursor":${JSON.stringify(cursor)},"status":true}`;
      return;
    }
    page = await bgp.routes({ ...query, cursor, limit: Math.min(left, LIMITS.bgpRoutesPerCall) });
  }
}

/** The first answer comes before the status line: what is wrong with the query is told as an error. */
async function listing(bgp: BgpHandle, query: RouteQuery): Promise<Reply> {
  const first = await bgp.routes({ ...query, limit: Math.min(query.limit, LIMITS.bgpRoutesPerCall) });
  return { status: 200, headers: { "content-type": "application/json" }, stream: pageText(bgp, query, first) };
}

export function ribRoutes(bgp: BgpHandle): Route[] {
  const adjRib = (view: "in" | "out"): Route => ({
    method: "GET",
    path: `/v1/peer/:ip/adj-rib-${view}`,
    handle(request: Request) {
      const { remote_addr: address } = bgp.peer(request.params["ip"] ?? "");
      knownOnly(request.query, COMMON);
      return listing(bgp, { view, address, ...commonQuery(request.query) });
    },
  });
  return [
    adjRib("in"),
    adjRib("out"),
    {
      method: "GET",
      path: "/v1/rib",
      handle({ query }) {
        knownOnly(query, [...COMMON, "view", "peer"]);
        const view = oneOf(query, "view", ["best", "all"], "best");
        const peer = query.get("peer");
        const address = peer === null ? {} : { address: bgp.peer(peer).remote_addr };
        return listing(bgp, { view, ...address, ...commonQuery(query) });
      },
    },
  ];
}
