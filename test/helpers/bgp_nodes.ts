// Several daemons around our room, each with its own routes: who gets whose, and how they look there.

import { BGP_PORT, type Bird, type Frr, startBird, startFrr } from "./bgp_peers.js";
import type { Teardown } from "./cleanup.js";
import { until } from "./wait.js";

/** Our AS, and our address' last octet: 1. Nodes are told by their own last octet. */
export const OUR_AS = 65_001;

/** The addresses of a test: `net` is loopbackPair()'s, with `.1` ours. */
export function addressOf(ours: string, octet: number): string {
  return ours.replace(/\.1$/, `.${octet}`);
}

/** A peer of our configuration, quick to come back. */
export function nodePeer(ours: string, octet: number, as: number, more: Record<string, unknown> = {}) {
  return {
    remote_addr: addressOf(ours, octet),
    remote_as: as,
    local_addr: ours,
    port: BGP_PORT,
    connect_retry_time: 1,
    idle_hold_time: 1,
    damp_peer_oscillations: false,
    ...more,
  };
}

/** Our room's table with such peers. */
export function nodesRoom(ours: string, peers: readonly unknown[], more: Record<string, unknown> = {}) {
  return {
    listen: { host: ours, port: BGP_PORT },
    local_as: OUR_AS,
    router_id: "10.0.0.1",
    peer: peers,
    ...more,
  };
}

export interface BirdNode extends Bird {
  /** The text of `show route PREFIX all`; "" when there is none. */
  route(prefix: string): Promise<string>;
  /** Resolves with that text once it has all of `words`, or with "" for null once the route is gone. */
  shows(prefix: string, words: readonly string[] | null): Promise<string>;
}

/**
 * BIRD at an octet. `routes` are lines of a static protocol `own`; `session` and `channel` go into the BGP protocol, `out` into its
 * export filter, which alone can set a MED. */
export async function birdNode(
  t: Teardown,
  ours: string,
  octet: number,
  as: number,
  options: { routes?: readonly string[]; session?: string; channel?: string; more?: string; out?: string } = {},
): Promise<BirdNode> {
  const { routes = [], session = "", channel = "", more = "", out = "" } = options;
  const bird = await startBird(
    t,
    `router id 10.0.0.${octet};
ipv4 table master4;
protocol device {}
protocol static own { ipv4; ${routes.map((route) => `route ${route};`).join("\n")} }
${more}
protocol bgp sennit {
  local ${addressOf(ours, octet)} port ${BGP_PORT} as ${as};
  neighbor ${ours} port ${BGP_PORT} as ${OUR_AS};
  strict bind on; multihop;
  connect retry time 1; connect delay time 1; error wait time 1, 2;
  ${session}
  ipv4 { import all; export filter { if source != RTS_STATIC then reject; ${out} accept; }; next hop self; gateway recursive; ${channel} };
}
`,
  );
  const route = (prefix: string) => bird.birdc("show", "route", prefix, "all").catch(() => "");
  return {
    ...bird,
    route,
    async shows(prefix, words) {
      let text = "";
      await until(
        async () => {
          text = await route(prefix);
          return words === null ? !text.includes("BGP.") : words.every((word) => text.includes(word));
        },
        { what: `${prefix} at BIRD .${octet}: ${words ?? "gone"}`, state: () => text },
      );
      return text;
    },
  };
}

export interface FrrNode extends Frr {
  /** The paths of a prefix, [] for none. */
  // biome-ignore lint/suspicious/noExplicitAny: FRR's JSON has no types
  paths(prefix: string): Promise<any[]>;
  /** Resolves with the only path once `holds` says so. */
  // biome-ignore lint/suspicious/noExplicitAny: FRR's JSON has no types
  shows(prefix: string, holds: (path: any) => boolean): Promise<any>;
  /** Resolves once there is no path. */
  lacks(prefix: string): Promise<void>;
}

/** FRR at an octet. `lines` go under `router bgp`, `family` under IPv4 unicast, `more` behind them. */
export async function frrNode(
  t: Teardown,
  ours: string,
  octet: number,
  as: number,
  options: { networks?: readonly string[]; lines?: readonly string[]; family?: readonly string[]; more?: string } = {},
): Promise<FrrNode> {
  const { networks = [], lines = [], family = [], more = "" } = options;
  const address = addressOf(ours, octet);
  const n = `neighbor ${ours}`;
  const config = [
    `router bgp ${as}`,
    // Loopback addresses are what we have.
    " bgp allow-martian-nexthop",
    ` bgp router-id 10.0.0.${octet}`,
    " no bgp ebgp-requires-policy",
    " no bgp network import-check",
    " no bgp default ipv4-unicast",
    ` ${n} remote-as ${OUR_AS}`,
    ` ${n} port ${BGP_PORT}`,
    ` ${n} disable-connected-check`,
    ` ${n} update-source ${address}`,
    ` ${n} timers connect 1`,
    ` ${n} advertisement-interval 0`,
    ...lines.map((line) => ` ${line}`),
    " address-family ipv4 unicast",
    `  ${n} activate`,
    ...networks.map((network) => `  network ${network}`),
    ...family.map((line) => `  ${line}`),
    " exit-address-family",
    more,
    "",
  ].join("\n");
  const frr = await startFrr(t, address, config);
  const paths: FrrNode["paths"] = async (prefix) =>
    (await frr.json(`show bgp ipv4 unicast ${prefix} json`)).paths ?? [];
  return {
    ...frr,
    paths,
    async shows(prefix, holds) {
      let found: unknown[] = [];
      await until(
        async () => {
          found = await paths(prefix);
          return found.length === 1 && holds(found[0]);
        },
        { what: `${prefix} at FRR .${octet}`, state: () => JSON.stringify(found) },
      );
      return found[0];
    },
    async lacks(prefix) {
      await until(async () => (await paths(prefix)).length === 0, { what: `${prefix} to go from FRR .${octet}` });
    },
  };
}
