// A peer dies and comes back: its routes stay, are marked, and nobody else notices (RFC 4724, RFC 8538, RFC 9494).

import t, { type Test } from "tap";
import { addressOf, type BirdNode, birdNode, frrNode, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { FRR_BGPD, loopbackPair, type Room, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const here = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr") && need.program(t, "bird", "bird2");
const graceful = { graceful_restart: true, restart_time: 30 };

/** The row of a prefix in GET /v1/rib. */
async function shown(room: Room, prefix: string) {
  const { routes } = (await room.rest("GET", `/v1/rib?prefix=${encodeURIComponent(prefix)}`)).json();
  return routes[0] as { stale: boolean; attr: Record<string, unknown> } | undefined;
}

const becomes = (room: Room, prefix: string, stale: boolean | null) =>
  until(async () => ((await shown(room, prefix))?.stale ?? null) === stale, {
    what: `${prefix} to be ${stale === null ? "gone" : stale ? "stale" : "fresh"}`,
    timeoutMs: 20_000,
    state: async () => [await shown(room, prefix), room.quiet.lines.slice(-4).map((line) => line["msg"])],
  });

/** How many routes BIRD has been told to forget. */
async function withdrawals(bird: BirdNode): Promise<number> {
  const text = await bird.birdc("show", "protocols", "all", "sennit");
  return Number(/Import withdraws:\s+(\d+)/.exec(text)?.[1]);
}

const FRR_RESTARTS = [
  "bgp graceful-restart",
  "bgp graceful-restart preserve-fw-state",
  "bgp graceful-restart restart-time 30",
];

t.test("FRR is killed and comes back with fewer routes", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(28);
  const peers = [nodePeer(ours, 2, 65_002, graceful), nodePeer(ours, 3, 65_003, { export: "all" })];
  const room = await startRoom(t, nodesRoom(ours, peers));
  const before = await frrNode(t, ours, 2, 65_002, { networks: ["10.1.0.0/16", "10.2.0.0/16"], lines: FRR_RESTARTS });
  const bird = await birdNode(t, ours, 3, 65_003);
  await room.reaches(addressOf(ours, 2), "ESTABLISHED");
  await room.reaches(addressOf(ours, 3), "ESTABLISHED");
  for (const prefix of ["10.1.0.0/16", "10.2.0.0/16"]) await bird.shows(prefix, ["BGP.as_path: 65001 65002\n"]);
  t.equal((await shown(room, "10.1.0.0/16"))?.stale, false);

  await before.process.stop("SIGKILL");
  await becomes(room, "10.1.0.0/16", true);
  await becomes(room, "10.2.0.0/16", true);
  await bird.shows("10.1.0.0/16", ["BGP.as_path: 65001 65002\n"]);
  t.equal(await withdrawals(bird), 0, "others have not noticed");

  await frrNode(t, ours, 2, 65_002, { networks: ["10.1.0.0/16"], lines: FRR_RESTARTS });
  await becomes(room, "10.1.0.0/16", false);
  await becomes(room, "10.2.0.0/16", null);
  await bird.shows("10.2.0.0/16", null);
  t.equal(await withdrawals(bird), 1, "only what has not come again");
  await bird.shows("10.1.0.0/16", ["BGP.as_path: 65001 65002\n"]);
});

t.test("FRR does not come back in time", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(29);
  const peers = [nodePeer(ours, 2, 65_002, graceful), nodePeer(ours, 3, 65_003, { export: "all" })];
  const room = await startRoom(t, nodesRoom(ours, peers));
  const lines = [...FRR_RESTARTS.slice(0, 2), "bgp graceful-restart restart-time 2"];
  const frr = await frrNode(t, ours, 2, 65_002, { networks: ["10.1.0.0/16"], lines });
  const bird = await birdNode(t, ours, 3, 65_003);
  await bird.shows("10.1.0.0/16", ["BGP.as_path"]);
  await frr.process.stop("SIGKILL");
  await becomes(room, "10.1.0.0/16", true);
  await becomes(room, "10.1.0.0/16", null);
  await bird.shows("10.1.0.0/16", null);
});

t.test("a NOTIFICATION that leaves the routes, and a Hard Reset that does not", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(30);
  const peers = [nodePeer(ours, 2, 65_002, graceful), nodePeer(ours, 3, 65_003, { export: "all" })];
  const room = await startRoom(t, nodesRoom(ours, peers));
  const lines = [...FRR_RESTARTS, "no bgp hard-administrative-reset"];
  const frr = await frrNode(t, ours, 2, 65_002, { networks: ["10.1.0.0/16"], lines });
  const bird = await birdNode(t, ours, 3, 65_003);
  await bird.shows("10.1.0.0/16", ["BGP.as_path"]);
  const cleared = async (times: number) => {
    await frr.vtysh("clear bgp *");
    await until(async () => (await room.bgp.figures()).peers[0]?.flops === times, { what: "the session to end" });
    await room.reaches(addressOf(ours, 2), "ESTABLISHED");
    await becomes(room, "10.1.0.0/16", false);
  };
  await cleared(1);
  t.match((await room.bgp.state(addressOf(ours, 2))).last_notification, { code: 6, subcode: 4, direction: "received" });
  t.equal(await withdrawals(bird), 0, "the routes have stayed");
  await frr.vtysh("conf t", "router bgp 65002", "bgp hard-administrative-reset");
  await cleared(2);
  t.match((await room.bgp.state(addressOf(ours, 2))).last_notification, { sub_error: "Hard Reset" });
  t.equal(await withdrawals(bird), 1, "a Hard Reset has taken them");
});

t.test("routes of BIRD that are kept for long", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(31);
  const long = { ...graceful, llgr_stale_time: 60 };
  const room = await startRoom(
    t,
    nodesRoom(ours, [
      nodePeer(ours, 2, 65_002, long),
      nodePeer(ours, 3, 65_003, { export: "all", ...long }),
      nodePeer(ours, 4, 65_004, { export: "all", graceful_restart: false }),
    ]),
  );
  const routes = ["10.1.0.0/16 blackhole", "10.2.0.0/16 blackhole { bgp_community.add((65535,7)); }"];
  const session =
    "graceful restart on; graceful restart time 1; long lived graceful restart on; long lived stale time 40;";
  const bird = await birdNode(t, ours, 2, 65_002, { routes, session });
  const lines = ["bgp graceful-restart", "bgp long-lived-graceful-restart stale-time 100"];
  const frr = await frrNode(t, ours, 3, 65_003, { lines });
  const plain = await birdNode(t, ours, 4, 65_004, { session: "long lived graceful restart off;" });
  await frr.shows("10.1.0.0/16", () => true);
  await frr.shows("10.2.0.0/16", () => true);
  await plain.shows("10.1.0.0/16", ["BGP.as_path"]);

  await bird.process.stop("SIGKILL");
  await frr.shows("10.1.0.0/16", (path) => path.community?.string === "llgr-stale");
  await plain.shows("10.1.0.0/16", null);
  await becomes(room, "10.1.0.0/16", true);
  await frr.lacks("10.2.0.0/16");
  t.equal(await shown(room, "10.2.0.0/16"), undefined, "NO_LLGR is not kept for long");

  await birdNode(t, ours, 2, 65_002, { routes, session });
  await becomes(room, "10.1.0.0/16", false);
  await frr.shows("10.1.0.0/16", (path) => path.community === undefined);
  await plain.shows("10.1.0.0/16", ["BGP.as_path"]);
  await frr.shows("10.2.0.0/16", () => true);
});

t.test("a route refresh that both bracket loses nothing (RFC 7313)", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(32);
  const peers = [nodePeer(ours, 2, 65_002), nodePeer(ours, 3, 65_003, { export: "all" })];
  const room = await startRoom(t, nodesRoom(ours, peers));
  const frr = await frrNode(t, ours, 2, 65_002, { networks: ["10.1.0.0/16", "10.2.0.0/16"] });
  const bird = await birdNode(t, ours, 3, 65_003);
  await bird.shows("10.2.0.0/16", ["BGP.as_path"]);
  const at = addressOf(ours, 2);
  const body = { afi: 1, safi: 1, res: 0 };
  t.match((await room.rest("POST", `/v1/peer/${at}/send/route-refresh`, { body })).json(), { status: true });
  await until(async () => (await room.bgp.statistic(at)).receive.RouteRefresh === 2, { what: "BoRR and EoRR of FRR" });
  await becomes(room, "10.1.0.0/16", false);
  await becomes(room, "10.2.0.0/16", false);
  await bird.birdc("reload", "in", "sennit");
  await until(async () => (await room.bgp.statistic(addressOf(ours, 3))).receive.RouteRefresh === 1, {
    what: "BIRD's request",
  });
  await bird.shows("10.1.0.0/16", ["BGP.as_path"]);
  t.equal(await withdrawals(bird), 0);
  t.ok((await frr.json("show bgp summary json")).ipv4Unicast);
});
