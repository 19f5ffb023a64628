// What surrounds routes on a session with FRR: capabilities, texts of a Cease.

import t, { type Test } from "tap";
import { BGP_PORT, FRR_BGPD, frrConfig, loopbackPair, startFrr, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const frrIsHere = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr");
type Pair = { ours: string; theirs: string };

const peerOf = (pair: Pair, more: Record<string, unknown> = {}) => ({
  remote_addr: pair.theirs,
  remote_as: 65002,
  local_addr: pair.ours,
  port: BGP_PORT,
  afi_safi: ["ipv4", "ipv6"],
  connect_retry_time: 1,
  idle_hold_time: 1,
  damp_peer_oscillations: false,
  ...more,
});
const roomOf = (t: Test, pair: Pair, more: Record<string, unknown> = {}) =>
  startRoom(t, {
    listen: { host: pair.ours, port: BGP_PORT },
    local_as: 65001,
    router_id: "10.0.0.1",
    peer: [peerOf(pair, more)],
  });

t.test("capabilities, as FRR and we see one another", async (t) => {
  if (!frrIsHere(t)) return;
  const pair = loopbackPair(7);
  const n = `neighbor ${pair.ours}`;
  const room = await roomOf(t, pair, {
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

t.test("a peer that negotiates no capabilities", async (t) => {
  if (!frrIsHere(t)) return;
  const pair = loopbackPair(8);
  const room = await roomOf(t, pair);
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
  const room = await roomOf(t, pair, { graceful_restart: false });
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
