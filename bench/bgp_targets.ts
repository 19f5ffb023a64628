// The speakers that are measured, each started alone with the same peers: feeders that announce, one sink that is sent
// everything. How each is asked what it has must cost it little, or the question would be measured.

import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { type GoBgpNeighbor, goBgpConfig, startGoBgp } from "../test/helpers/bgp_gobgp.js";
import { OPENBGPD, openBgpdConfig, startOpenBgpd } from "../test/helpers/bgp_openbgpd.js";
import { BGP_PORT, FRR_BGPD, startBird, startFrr } from "../test/helpers/bgp_peers.js";
import type { Teardown } from "../test/helpers/cleanup.js";
import { findProgram } from "../test/helpers/need.js";
import type { Neighbor, Setup, Target, TargetRow } from "./bgp_target.js";
import { startSennit } from "./bgp_target_sennit.js";

/** A process and what it has started. */
export function family(pid: number): number[] {
  const children = readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /s, "");
      return Number(stat.split(" ")[1]) === pid;
    } catch {
      return false;
    }
  });
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

/** BIRD's control socket: a question that costs it little, unlike counting a table or starting birdc each time. */
async function birdControl(t: Teardown, path: string): Promise<(command: string) => Promise<string>> {
  const socket = connect(path).setEncoding("utf8");
  t.teardown(() => socket.destroy());
  await once(socket, "data");
  return async (command) => {
    let answer = "";
    socket.write(`${command}\n`);
    while (!/^(0000|8\d\d\d|9\d\d\d) .*$/m.test(answer)) answer += String((await once(socket, "data"))[0]);
    return answer;
  };
}

async function bird(t: Teardown, { address, feeders, sink }: Setup): Promise<Target> {
  const protocol = (name: string, { address: theirs, as }: Neighbor, policy: string) => `protocol bgp ${name} {
  local ${address} port ${BGP_PORT} as 65002;
  neighbor ${theirs} as ${as};
  multihop;
  strict bind on;
  passive on;
  hold time 0;
  ipv4 { ${policy}; gateway recursive; };
}
`;
  const config = [
    "router id 10.0.0.2;\nprotocol device {}\n",
    ...feeders.map((feeder, i) => protocol(`feeder${i}`, feeder, "import all; export none")),
    sink ? protocol("sink", sink, "import none; export all") : "",
  ].join("");
  const { process, socket } = await startBird(t, config);
  const ask = await birdControl(t, socket);
  return {
    pids: [process.pid],
    async has(feeder, { prefixes }) {
      const i = feeders.indexOf(feeder);
      const match = /(\d+) imported/.exec(await ask(`show protocols all feeder${i}`));
      return Number(match?.[1] ?? 0) >= prefixes;
    },
  };
}

async function frr(t: Teardown, { address, feeders, sink }: Setup): Promise<Target> {
  const neighbors = [...feeders, ...(sink ? [sink] : [])];
  const config = [
    "router bgp 65002",
    ` bgp router-id ${address}`,
    " no bgp ebgp-requires-policy",
    " timers bgp 0 0",
    ...neighbors.flatMap(({ address: theirs, as }) => [
      ` neighbor ${theirs} remote-as ${as}`,
      ` neighbor ${theirs} disable-connected-check`,
      ` neighbor ${theirs} passive`,
      ` neighbor ${theirs} advertisement-interval 0`,
    ]),
    " address-family ipv4 unicast",
    ...feeders.map(({ address: theirs }) => `  neighbor ${theirs} route-map none out`),
    " exit-address-family",
    "route-map none deny 10",
    "",
  ].join("\n");
  const { process, json } = await startFrr(t, address, config);
  return {
    pids: [process.pid],
    async has(feeder, { prefixes }) {
      const { peers } = await json("show bgp ipv4 unicast summary json");
      return peers[feeder.address].pfxRcd >= prefixes;
    },
  };
}

async function openBgpd(t: Teardown, { address, feeders, sink }: Setup): Promise<Target> {
  const block = ({ address: theirs, as }: Neighbor, more: string[]) => ({
    address: theirs,
    as,
    announce: ["IPv4 unicast", "IPv6 none"],
    more: ["passive", "enforce neighbor-as no", ...more],
  });
  const neighbors = [...feeders.map((feeder) => block(feeder, ["export none"])), ...(sink ? [block(sink, [])] : [])];
  const { process, json } = await startOpenBgpd(t, openBgpdConfig(address, neighbors, ["holdtime 3600"]));
  return {
    pids: family(process.pid),
    async has(feeder, { prefixes }) {
      const { neighbors: found } = await json("show", "neighbor", feeder.address);
      return found[0].stats.prefixes.received >= prefixes;
    },
  };
}

async function goBgp(t: Teardown, { address, feeders, sink }: Setup): Promise<Target> {
  const neighbor = ({ address: theirs, as }: Neighbor): GoBgpNeighbor => ({
    address: theirs,
    as,
    families: ["ipv4"],
    passive: true,
    hold: 3_600,
  });
  const config = goBgpConfig(address, [...feeders, ...(sink ? [sink] : [])].map(neighbor));
  const { process, gobgp } = await startGoBgp(t, address, config);
  return {
    pids: [process.pid],
    // Its lists and counters hold a lock that takes routes in, too: one prefix is looked up instead.
    has: async (_feeder, { last }) => (await gobgp("global", "rib", last)).includes(last),
  };
}

const SECOND = 1_000;

export const TARGETS: readonly TargetRow[] = [
  {
    name: "Sennit",
    installed: () => true,
    rounds: 5,
    prefixesMax: Number.POSITIVE_INFINITY,
    pollMs: 10,
    timeoutMs: 60 * SECOND,
    start: startSennit,
  },
  {
    name: "BIRD",
    installed: () => findProgram("bird") !== null,
    rounds: 5,
    prefixesMax: Number.POSITIVE_INFINITY,
    pollMs: 10,
    timeoutMs: 60 * SECOND,
    start: bird,
  },
  {
    name: "FRR",
    installed: () => findProgram(FRR_BGPD) !== null && process.getuid?.() === 0,
    rounds: 1,
    prefixesMax: Number.POSITIVE_INFINITY,
    pollMs: 100,
    timeoutMs: 120 * SECOND,
    start: frr,
  },
  {
    name: "OpenBGPD",
    installed: () => findProgram(OPENBGPD) !== null && process.getuid?.() === 0,
    rounds: 1,
    prefixesMax: Number.POSITIVE_INFINITY,
    pollMs: 100,
    timeoutMs: 120 * SECOND,
    start: openBgpd,
  },
  {
    name: "GoBGP",
    installed: () => findProgram("gobgpd") !== null,
    rounds: 1,
    prefixesMax: 50_000,
    pollMs: 250,
    timeoutMs: 300 * SECOND,
    start: goBgp,
  },
];
