// /neighbors and /summary: peers as `bgpctl -j show neighbor` and `show summary` print them.

import type { BgpHandle, PeerView } from "../../bgp/agent.js";
import type { MessageCounts } from "../../bgp/connection.js";
import type { PeerFigures, PeerState } from "../../bgp/protocol.js";
import { timeText } from "./values.js";

const STATES: Readonly<Record<PeerFigures["fsm"], string>> = {
  IDLE: "Idle",
  CONNECT: "Connect",
  ACTIVE: "Active",
  OPENSENT: "OpenSent",
  OPENCONFIRM: "OpenConfirm",
  ESTABLISHED: "Established",
};

/** AFI/SAFI by OpenBGPD's names; others by their numbers. */
const FAMILIES: Readonly<Record<string, string>> = {
  "1/1": "IPv4 unicast",
  "2/1": "IPv6 unicast",
  "1/128": "IPv4 vpn",
  "2/128": "IPv6 vpn",
  "1/133": "IPv4 flowspec",
  "2/133": "IPv6 flowspec",
  "25/70": "EVPN",
};

function capabilities(json: Record<string, unknown>) {
  const families = Array.isArray(json["afi_safi"]) ? (json["afi_safi"] as unknown[]) : [];
  return {
    as4byte: json["four_bytes_as"] === true,
    refresh: json["route_refresh"] === true,
    enhanced_refresh: json["enhanced_route_refresh"] === true,
    multiprotocol: families.map((pair) => {
      const key = (Array.isArray(pair) ? pair : []).join("/");
      return FAMILIES[key] ?? key;
    }),
    graceful_restart: { eor: true, restart: Boolean(json["graceful_restart"]) },
  };
}

function messages(counts: MessageCounts) {
  const { Opens, Notifications, Updates, Keepalives, RouteRefresh } = counts;
  return {
    open: Opens,
    notifications: Notifications,
    updates: Updates,
    keepalives: Keepalives,
    route_refresh: RouteRefresh,
    total: Opens + Notifications + Updates + Keepalives + RouteRefresh,
  };
}

/** What is known of a peer. */
export interface Neighbor {
  readonly config: PeerView;
  readonly figures: PeerFigures;
  readonly state: PeerState;
}

/** One peer's entry of /summary. */
export function summaryView({ config, figures }: Neighbor) {
  const seconds = figures.changedSeconds ?? (figures.fsm === "ESTABLISHED" ? figures.uptimeSeconds : null);
  return {
    // A number in a string: that is what it is there.
    remote_as: String(figures.remoteAs),
    description: config.description,
    remote_addr: config.remote_addr,
    bgpid: figures.remoteId ?? "0.0.0.0",
    state: STATES[figures.fsm],
    last_updown: timeText(seconds),
    last_updown_sec: Math.floor(seconds ?? 0),
  };
}

/**
 * One peer's entry of /neighbors. Readers take `stats.prefixes.received` and `sent` for numbers without a look, so they
 * are always there.
 */
export function neighborView(neighbor: Neighbor) {
  const { config, figures, state } = neighbor;
  const sum = (key: "received" | "advertised") => figures.routes.reduce((total, row) => total + row[key], 0);
  const [local, remote] = [capabilities(state.capability.local), capabilities(state.capability.remote)];
  const both = (key: "as4byte" | "refresh" | "enhanced_refresh") => local[key] && remote[key];
  return {
    ...summaryView(neighbor),
    config: {
      template: false,
      cloned: false,
      passive: config.passive,
      down: figures.stopped,
      holdtime: config.hold_time,
      min_holdtime: 0,
      announce_capabilities: true,
      capabilities: local,
    },
    stats: {
      prefixes: { sent: sum("advertised"), received: sum("received") },
      message: { sent: messages(figures.statistic.send), received: messages(figures.statistic.receive) },
    },
    ...(figures.fsm === "ESTABLISHED"
      ? {
          session: {
            holdtime: figures.holdSeconds ?? 0,
            keepalive: figures.keepaliveSeconds ?? 0,
            local: { address: state.local_addr, port: figures.localPort ?? 0, capabilities: local },
            remote: { address: config.remote_addr, port: figures.remotePort ?? 0, capabilities: remote },
            capabilities: {
              as4byte: both("as4byte"),
              refresh: both("refresh"),
              enhanced_refresh: both("enhanced_refresh"),
              multiprotocol: local.multiprotocol.filter((name) => remote.multiprotocol.includes(name)),
              graceful_restart: remote.graceful_restart,
            },
          },
        }
      : {}),
  };
}

/** All peers, or those that `wanted` names by address or description. */
export async function neighbors(bgp: BgpHandle, wanted: string | null): Promise<Neighbor[]> {
  const figures = new Map((await bgp.figures()).peers.map((peer) => [peer.address, peer]));
  const found: Neighbor[] = [];
  for (const config of bgp.peers()) {
    const { remote_addr: address, description } = config;
    const own = figures.get(address);
    if (!own || (wanted !== null && wanted !== address && wanted !== description)) continue;
    found.push({ config, figures: own, state: await bgp.state(address) });
  }
  return found;
}
