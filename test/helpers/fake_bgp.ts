// A BGP room that is none, behind its surfaces: peers and routes that a test makes up.

import { bgpSurface } from "../../src/api/bgp/rows.js";
import { type LookingGlassMode, lookingGlassSurfaces } from "../../src/api/looking_glass/rows.js";
import { AppError } from "../../src/base/errors.js";
import type { BgpHandle, PeerView } from "../../src/bgp/agent.js";
import { parsePeer } from "../../src/bgp/config.js";
import { noMessages } from "../../src/bgp/connection.js";
import { type EventFilter, EventHub } from "../../src/bgp/event_hub.js";
import type { EventInterest } from "../../src/bgp/events.js";
import type { PeerFigures, PeerState, RoomFigures, RoutePage, RouteQuery, RouteRow } from "../../src/bgp/protocol.js";
import { startFront } from "../../src/http/front.js";
import { http, type RestReply } from "./appliance.js";
import type { Teardown } from "./cleanup.js";
import { quietLog } from "./quiet.js";

export const FAKE_AUTH = { user: "admin", password: "right" };

export interface FakePeer {
  readonly address: string;
  readonly remoteAs: number;
  readonly description?: string;
  readonly fsm?: PeerFigures["fsm"];
  readonly figures?: Partial<PeerFigures>;
}

export interface FakeBgp {
  readonly port: number;
  /** What the surface has asked for. */
  readonly queries: RouteQuery[];
  /** What the event hub wants of a worker. */
  readonly interests: (EventInterest | null)[];
  readonly filters: EventFilter[];
  readonly hub: EventHub;
  get(path: string, options?: { auth?: false }): Promise<RestReply>;
}

const never = (): never => {
  throw new AppError("UNAVAILABLE", { what: "this", reason: "there is no speaker" });
};

function peerView({ address, remoteAs, description = "" }: FakePeer): PeerView {
  const given = { remote_addr: address, remote_as: remoteAs, local_as: 65_001, description };
  return { ...parsePeer(given, { path: "", localAs: 65_001, fault: never }), source: "file" };
}

const figuresOf = (peer: FakePeer): PeerFigures => ({
  address: peer.address,
  fsm: peer.fsm ?? "ESTABLISHED",
  stopped: false,
  remoteAs: peer.remoteAs,
  localAs: 65_001,
  uptimeSeconds: 8,
  flops: 0,
  queuedBytes: 0,
  statistic: { receive: noMessages(), send: noMessages() },
  received: { withdrawUpdates: 0, withdrawn: 0, discarded: 0, malformed: 0 },
  sent: { withdrawUpdates: 0, withdrawn: 0 },
  routes: [
    { family: "ipv4", received: 2, accepted: 2, advertised: 1 },
    { family: "evpn", received: 5, accepted: 4, advertised: 0 },
  ],
  ...peer.figures,
});

/** `routes` answers each query; the default pages through `rows`, at most `atOnce` an answer. */
export async function startFakeBgp(
  t: Teardown,
  options: {
    peers: readonly FakePeer[];
    rows?: readonly RouteRow[];
    atOnce?: number;
    routes?: (query: RouteQuery) => RoutePage;
    mode?: LookingGlassMode;
    /** In place of figures of a room without caches. */
    room?: Partial<RoomFigures>;
  },
): Promise<FakeBgp> {
  const { peers, rows = [], atOnce = 100, mode = "basic" } = options;
  const queries: RouteQuery[] = [];
  const interests: (EventInterest | null)[] = [];
  const filters: EventFilter[] = [];
  const hub = new EventHub((interest) => interests.push(interest));
  const page = (query: RouteQuery): RoutePage => {
    const from = query.cursor === "" ? 0 : Number(query.cursor);
    const to = Math.min(from + Math.min(query.limit, atOnce), rows.length);
    return { routes: rows.slice(from, to), cursor: to < rows.length ? String(to) : null };
  };
  const find = (address: string) => {
    const peer = peers.find((one) => one.address === address);
    if (!peer) throw new AppError("BGP_PEER_UNKNOWN", { address });
    return peer;
  };
  const state = (address: string): PeerState => {
    const peer = find(address);
    const capability = { four_bytes_as: true, route_refresh: true, afi_safi: [[1, 1]] };
    return {
      fsm: peer.fsm ?? "ESTABLISHED",
      remote_addr: address,
      remote_as: peer.remoteAs,
      local_addr: "192.0.2.1",
      local_as: 65_001,
      uptime: 8,
      last_notification: null,
      last_malformed: null,
      capability: { local: capability, remote: capability },
    };
  };
  const bgp: BgpHandle = {
    listening: null,
    peers: () => peers.map(peerView),
    peer: (address) => peerView(find(address)),
    addPeer: never,
    setPeer: never,
    removePeer: never,
    state,
    statistic: () => ({ receive: noMessages(), send: noMessages() }),
    version: never,
    manualStart: never,
    manualStop: never,
    manualReset: never,
    refresh: never,
    update: never,
    encode: never,
    sendBinary: never,
    lookup: never,
    async routes(query) {
      queries.push(query);
      return (options.routes ?? page)(query);
    },
    listen(filter, sink) {
      filters.push(filter);
      return hub.listen(filter, sink);
    },
    policies: never,
    policy: never,
    setPolicy: never,
    removePolicy: never,
    validate: never,
    snapshot: never,
    figures: async () => ({
      rpki: { caches: [], vrps: { ipv4: 0, ipv6: 0 }, changes: 0 },
      fib: null,
      feeds: { files: [], stations: [] },
      peers: peers.map(figuresOf),
      listening: null,
      strangersRefused: 0,
      memory: { heldBytes: 0, sets: 0, totalBytes: 0 },
      ...options.room,
    }),
    health: () => ({ status: "up", detail: "" }),
    close: async () => undefined,
  };
  const caller = { id: 1, name: "admin", superuser: true };
  const front = await startFront({
    host: "127.0.0.1",
    port: 0,
    adapter: "uws",
    surfaces: [bgpSurface(bgp), ...lookingGlassSurfaces(bgp, mode)],
    accounts: { password: (_, password) => (password === "right" ? caller : null), token: () => null },
    log: quietLog().log,
  });
  t.teardown(() => front.close());
  const get: FakeBgp["get"] = (path, { auth } = {}) =>
    http(`127.0.0.1:${front.port}`, "GET", path, { auth: auth === false ? false : FAKE_AUTH });
  return { port: front.port, queries, interests, filters, hub, get };
}

/** A route with the mandatory attributes. */
export function route(nlri: unknown, peer: string, more: Partial<RouteRow> = {}): RouteRow {
  const attr = { 1: 0, 2: [[2, [65_011]]], 3: "192.0.2.2" };
  return { nlri, peer, attr, best: true, eligible: true, stale: false, received: 0, ...more };
}
