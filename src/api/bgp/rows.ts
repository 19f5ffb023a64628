// The BGP surface, /v1: one row a route. Names and answers are yabgp's where it has the route.

import { AppError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import type { BgpHandle } from "../../bgp/agent.js";
import { json, jsonText, type Reply, type Request, type Route, type Surface } from "../../http/table.js";
import { eventRoute } from "./event_rows.js";
import { bgpProblem } from "./problem.js";
import { badQuery } from "./query.js";
import { ribRoutes } from "./rib_rows.js";
import { roomRoutes } from "./room_rows.js";
import {
  binaryBody,
  binaryView,
  jsonBody,
  objectBody,
  peerView,
  stateText,
  statisticView,
  updateBody,
  VERSION_BODY,
} from "./view.js";

const DONE = { status: true };
const ip = (request: Request) => request.params["ip"] ?? "";
const human = (request: Request) => request.query.get("format") === "human";

/** Makes an answer of a value, at once when it is there. */
function settled<T>(value: T | Promise<T>, view: (value: T) => Reply): Reply | Promise<Reply> {
  return value instanceof Promise ? value.then(view) : view(value);
}

/** Errors: BGP_POST_DATA. */
/** Prefixes and addresses, and in other families NLRI: what REST shows as `nlri`. */
function lookupItems(request: Request): unknown[] {
  const { data } = objectBody(request);
  const isItem = (item: unknown) => typeof item === "string" || (typeof item === "object" && item !== null);
  if (!Array.isArray(data) || !data.every(isItem)) {
    throw new AppError("BGP_POST_DATA", { reason: "data is not a list of prefixes, addresses or NLRI" });
  }
  if (data.length > LIMITS.bgpPrefixesPerLookup) {
    throw new AppError("BGP_POST_DATA", { reason: `more than ${LIMITS.bgpPrefixesPerLookup} items` });
  }
  return data;
}

/** A text for the peer (RFC 9003). Errors: BODY_INVALID. */
function reasonText(text: unknown): string {
  const most = LIMITS.bgpShutdownTextBytes;
  if (typeof text === "string" && Buffer.byteLength(text) <= most) return text;
  return badQuery("reason", "it", `text of at most ${most} bytes of UTF-8`);
}

/** By what was asked for; an NLRI by its JSON text. */
function byItem(items: readonly unknown[], value: (i: number) => unknown): Record<string, unknown> {
  return Object.fromEntries(items.map((item, i) => [typeof item === "string" ? item : JSON.stringify(item), value(i)]));
}

function peerRoutes(bgp: BgpHandle): Route[] {
  const created = (status: number, peer: ReturnType<typeof peerView>) => json(status, { status: true, peer });
  const set = async (request: Request, merge: boolean) => {
    const { peer, created: fresh } = await bgp.setPeer(ip(request), objectBody(request), merge);
    return created(fresh ? 201 : 200, peerView(peer));
  };
  return [
    { method: "GET", path: "/v1/peers", handle: () => json(200, { peers: bgp.peers().map(peerView) }) },
    {
      method: "POST",
      path: "/v1/peers",
      handle: async (request) => created(201, peerView(await bgp.addPeer(objectBody(request)))),
    },
    {
      method: "GET",
      path: "/v1/peer/:ip",
      handle: (request) => json(200, { peer: peerView(bgp.peer(ip(request))) }),
    },
    { method: "PUT", path: "/v1/peer/:ip", handle: (request) => set(request, false) },
    { method: "PATCH", path: "/v1/peer/:ip", handle: (request) => set(request, true) },
    {
      method: "DELETE",
      path: "/v1/peer/:ip",
      async handle(request) {
        await bgp.removePeer(ip(request));
        return json(200, DONE);
      },
    },
  ];
}

function stateRoutes(bgp: BgpHandle): Route[] {
  return [
    {
      method: "GET",
      path: "/v1/peer/:ip/state",
      handle: (request) => settled(bgp.state(ip(request)), (peer) => jsonText(200, stateText(peer))),
    },
    {
      method: "GET",
      path: "/v1/peer/:ip/version/:action",
      handle(request) {
        bgp.peer(ip(request));
        const action = request.params["action"];
        if (action !== "send" && action !== "received") throw new AppError("BGP_ACTION");
        return settled(bgp.version(ip(request), action === "send"), (version) => json(200, { version }));
      },
    },
    {
      method: "GET",
      path: "/v1/peer/:ip/statistic",
      handle: (request) => settled(bgp.statistic(ip(request)), (statistic) => json(200, statisticView(statistic))),
    },
    {
      method: "GET",
      path: "/v1/peer/:ip/manual-start",
      async handle(request) {
        await bgp.manualStart(ip(request));
        return json(200, DONE);
      },
    },
    {
      method: "GET",
      path: "/v1/peer/:ip/manual-stop",
      async handle(request) {
        await bgp.manualStop(ip(request), reasonText(request.query.get("reason") ?? ""));
        return json(200, DONE);
      },
    },
    {
      method: "POST",
      path: "/v1/peer/:ip/manual-reset",
      async handle(request) {
        const { remote_addr } = bgp.peer(ip(request));
        const { reason = "" } = request.body.length === 0 ? {} : objectBody(request);
        await bgp.manualReset(remote_addr, reasonText(reason));
        return json(200, DONE);
      },
    },
  ];
}

function sendRoutes(bgp: BgpHandle): Route[] {
  /** yabgp's order: JSON (400 also when the peer is down), the peer's state, what the body says. */
  const post = (path: string, handle: (request: Request, address: string) => Promise<Reply>): Route => ({
    method: "POST",
    path: `/v1/peer/:ip/${path}`,
    async handle(request) {
      const { remote_addr } = bgp.peer(ip(request));
      jsonBody(request);
      const { fsm } = await bgp.state(remote_addr);
      if (fsm !== "ESTABLISHED") throw new AppError("BGP_PEER_STATE");
      return handle(request, remote_addr);
    },
  });
  return [
    post("send/route-refresh", async (request, address) => {
      await bgp.refresh(address, objectBody(request));
      return json(200, DONE);
    }),
    post("send/update", async (request, address) => {
      await bgp.update(address, updateBody(request));
      return json(200, DONE);
    }),
    post("json_to_bin", async (request, address) =>
      json(200, binaryView(await bgp.encode(address, updateBody(request)), human(request))),
    ),
    post("send/bin_update", async (request, address) => {
      await bgp.sendBinary(address, binaryBody(request), request.query.get("force") === "1");
      return json(200, DONE);
    }),
    post("adj-rib-in", async (request, address) => {
      const items = lookupItems(request);
      const family = request.query.get("afi_safi") ?? "ipv4";
      const found = await bgp.lookup(address, { sent: false, family, items });
      const data = byItem(items, (i) => found[i] ?? {});
      return json(200, { data, status: true });
    }),
    post("adj-rib-out", async (request, address) => {
      const items = lookupItems(request);
      const family = request.query.get("afi_safi") ?? "ipv4";
      const found = await bgp.lookup(address, { sent: true, family, items });
      const data = byItem(items, (i) => found[i]?.attr ?? null);
      return json(200, { data, status: true });
    }),
  ];
}

/** All routes of /v1 over a running BGP room. */
export function bgpSurface(bgp: BgpHandle): Surface {
  const version = () => json(200, VERSION_BODY);
  return {
    name: "bgp",
    prefix: "/v1",
    auth: ["basic"],
    // yabgp says 404 and 405 before it asks who one is.
    authBefore: "handler",
    routes: [
      { method: "GET", path: "/v1", open: true, handle: version },
      { method: "GET", path: "/v1/", open: true, handle: version },
      ...peerRoutes(bgp),
      ...stateRoutes(bgp),
      ...sendRoutes(bgp),
      ...ribRoutes(bgp),
      ...roomRoutes(bgp),
      eventRoute(bgp),
    ],
    problem: (error) => bgpProblem(error),
  };
}
