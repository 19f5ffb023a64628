// What surrounds routes on a session with FRR: capabilities, texts of a Cease.

import t, { type Test } from "tap";
import { addressOf } from "../helpers/bgp_nodes.js";
import { BGP_PORT, FRR_BGPD, frrConfig, loopbackPair, startBird, startFrr, startRoomOf } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const frrIsHere = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr");

t.test("capabilities, as FRR and we see one another", async (t) => {
  if (!frrIsHere(t)) return;
  const pair = loopbackPair(7);
  const n = `neighbor ${pair.ours}`;
  const room = await startRoomOf(t, pair, {
    add_path: ["ipv4_both", "ipv6_receive"],
    graceful_restart: true,
    restart_time: 77,
    llgr_stale_time: 300,
  });
  const lines = [
    "bgp graceful-restart",
    "bgp graceful-restart restart-time 99",
    "bgp long-lived-graceful-restart stale-time 500",
  ];
  const frr = await startFrr(t, pair.theirs, frrConfig(pair, lines, [`${n} addpath-tx-all-paths`]));
  await room.reaches(pair.theirs, "ESTABLISHED");
  const { capability } = await room.bgp.state(pair.theirs);
  t.match(capability.remote, {
    four_bytes_as: true,
    route_refresh: true,
    enhanced_route_refresh: true,
    extended_messages: true,
    "6": "b''",
    graceful_restart: true,
    graceful_restart_state: { restart_time: 99 },
    afi_safi: [
      [1, 1],
      [2, 1],
    ],
    add_path: [
      { afi_safi: "ipv4", "send/receive": "both" },
      { afi_safi: "ipv6", "send/receive": "both" },
    ],
    LLGR: [
      { afi_safi: [1, 1], time: 500 },
      { afi_safi: [2, 1], time: 500 },
    ],
  });
  t.match(capability.remote["fqdn"], { hostname: String, domain: String });
  const seen = (await frr.json(`show bgp neighbors ${pair.ours} json`))[pair.ours];
  t.match(seen.neighborCapabilities, {
    "4byteAs": "advertisedAndReceived",
    extendedMessage: "advertisedAndReceived",
    enhancedRouteRefresh: "advertisedAndReceived",
    gracefulRestart: "advertisedAndReceived",
    longLivedGracefulRestart: "advertisedAndReceived",
    gracefulRestartRemoteTimerMsecs: 77_000,
    addPath: {
      ipv4Unicast: { txAdvertisedAndReceived: true, rxAdvertisedAndReceived: true },
      ipv6Unicast: Object,
    },
  });
});

t.test("FRR sees our End-of-RIBs, and routes that it asks for in brackets", async (t) => {
  if (!frrIsHere(t)) return;
  const pair = loopbackPair(14);
  const room = await startRoomOf(t, pair, { graceful_restart: true });
  const frr = await startFrr(t, pair.theirs, frrConfig(pair, ["bgp graceful-restart"]));
  await room.reaches(pair.theirs, "ESTABLISHED");
  const neighbor = async () => (await frr.json(`show bgp neighbors ${pair.ours} json`))[pair.ours];
  await until(
    async () => {
      const { endOfRibRecv } = (await neighbor()).gracefulRestartInfo ?? {};
      return endOfRibRecv?.ipv4Unicast === true && endOfRibRecv?.ipv6Unicast === true;
    },
    { what: "both End-of-RIBs" },
  );
  t.match((await neighbor()).gracefulRestartInfo, { remoteGrMode: "Restart", nBit: true, rBit: false });
  const attr = { 1: 0, 2: [[2, [65001]]] as [number, number[]][], 3: "192.0.2.9" };
  await room.bgp.update(pair.theirs, { attr, nlri: ["172.20.1.0/24"] });
  const before = (await room.bgp.statistic(pair.theirs)).send.RouteRefresh;
  await frr.vtysh(`clear bgp ipv4 unicast ${pair.ours} in`);
  await until(async () => (await room.bgp.statistic(pair.theirs)).send.RouteRefresh === before + 2, {
    what: "BoRR and EoRR",
  });
  const known = async () => (await frr.json("show bgp ipv4 unicast 172.20.1.0/24 json")).paths?.length;
  await until(async () => (await known()) === 1, { what: "our route, kept by FRR" });
  t.equal((await neighbor()).bgpState, "Established");
  // Both keep routes over a NOTIFICATION, so that a stop must say that it is meant.
  await room.bgp.manualStop(pair.theirs, "for good");
  await until(async () => (await neighbor()).bgpState !== "Established", { what: "FRR to see it" });
  t.match(await neighbor(), { lastErrorCodeSubcode: "0602", lastNotificationHardReset: true });
  t.match((await room.bgp.state(pair.theirs)).last_notification, { sub_error: "Hard Reset", text: "for good" });
});

t.test("a peer that negotiates no capabilities", async (t) => {
  if (!frrIsHere(t)) return;
  const pair = loopbackPair(8);
  const room = await startRoomOf(t, pair);
  await startFrr(t, pair.theirs, frrConfig(pair, [`neighbor ${pair.ours} dont-capability-negotiate`]));
  await room.reaches(pair.theirs, "ESTABLISHED");
  t.same((await room.bgp.state(pair.theirs)).capability.remote, {});
  await until(
    async () => (await room.bgp.lookup(pair.theirs, { sent: false, family: "ipv4", items: ["192.0.2.0/24"] }))[0],
    { what: "an IPv4 route" },
  );
});

t.test("texts of a Cease (RFC 9003), both ways", async (t) => {
  if (!frrIsHere(t)) return;
  const pair = loopbackPair(11);
  const n = `neighbor ${pair.ours}`;
  const room = await startRoomOf(t, pair, { graceful_restart: false });
  const frr = await startFrr(t, pair.theirs, frrConfig(pair));
  await room.reaches(pair.theirs, "ESTABLISHED");
  t.equal((await room.bgp.state(pair.theirs)).last_notification, null);
  await frr.vtysh("conf t", "router bgp 65002", `${n} shutdown message bei uns wird gewählt`);
  await until(async () => (await room.bgp.state(pair.theirs)).fsm !== "ESTABLISHED", { what: "the end of it" });
  t.match((await room.bgp.state(pair.theirs)).last_notification, {
    code: 6,
    subcode: 2,
    error: "Cease",
    sub_error: "Administrative shutdown",
    text: "bei uns wird gewählt",
    direction: "received",
  });
  await frr.vtysh("conf t", "router bgp 65002", `no ${n} shutdown`);
  await room.reaches(pair.theirs, "ESTABLISHED");
  await room.bgp.manualStop(pair.theirs, "back at nine €");
  const neighbor = async () => (await frr.json(`show bgp neighbors ${pair.ours} json`))[pair.ours];
  await until(async () => (await neighbor()).bgpState !== "Established", { what: "FRR to see it" });
  t.match(await neighbor(), { lastErrorCodeSubcode: "0602", lastShutdownDescription: "back at nine \\xe2\\x82\\xac" });
  t.match((await room.bgp.state(pair.theirs)).last_notification, { direction: "sent", text: "back at nine €" });
});

t.test("messages of more than 4096 bytes, both ways (RFC 8654)", async (t) => {
  if (!frrIsHere(t) || !need.program(t, "bird", "bird2")) return;
  const pair = loopbackPair(13);
  const room = await startRoomOf(t, pair);
  // FRR takes no line that long: the route comes to it from BIRD.
  const source = addressOf(pair.ours, 3);
  const n = `neighbor ${source}`;
  const lines = ["bgp allow-martian-nexthop", `${n} remote-as 65003`, `${n} disable-connected-check`, `${n} passive`];
  const frr = await startFrr(t, pair.theirs, frrConfig(pair, lines, [`${n} activate`]));
  const add = Array.from({ length: 1_500 }, (_, i) => `bgp_community.add((${i + 1},7));`).join("\n");
  const bird = `router id 10.0.0.3;
ipv4 table master4;
protocol device {}
protocol static { ipv4; route 10.1.0.0/16 blackhole; }
filter many { ${add} accept; }
protocol bgp feed {
  local ${source} as 65003;
  neighbor ${pair.theirs} port ${BGP_PORT} as 65002;
  multihop; enable extended messages on; connect delay time 1; error wait time 1, 2;
  ipv4 { import none; export filter many; next hop self; };
}
`;
  await startBird(t, bird);
  await room.reaches(pair.theirs, "ESTABLISHED");
  const query = { sent: false, family: "ipv4", items: ["10.1.0.0/16"] };
  const route = await until(async () => (await room.bgp.lookup(pair.theirs, query))[0], {
    what: "FRR's route",
    state: () => frr.vtysh("show bgp summary", "show bgp ipv4 unicast"),
  });
  t.equal((route.attr["8"] as string[]).length, 1_500);
  t.match(route.attr, { 2: [[2, [65002, 65003]]] });
  const communities = Array.from({ length: 1_400 }, (_, i) => `65001:${i}`);
  const attr = { 1: 0, 2: [[2, [65001]]] as [number, number[]][], 3: pair.ours, 8: communities };
  await room.bgp.update(pair.theirs, { attr, nlri: ["172.20.1.0/24"] });
  const shown = async () => (await frr.json("show bgp ipv4 unicast 172.20.1.0/24 json")).paths?.[0];
  const path = await until(shown, { what: "our route in FRR" });
  t.same(path.community.list, communities);
  t.equal((await room.bgp.state(pair.theirs)).fsm, "ESTABLISHED");
});
