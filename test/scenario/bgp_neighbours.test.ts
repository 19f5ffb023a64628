// Who may be a peer and how much it may say: prefix limits, ranges of neighbours, reasons of a stop; against FRR and BIRD.

import t, { type Test } from "tap";
import { neighbors } from "../../src/api/looking_glass/neighbors.js";
import { addressOf, birdNode, frrNode, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { FRR_BGPD, loopbackPair, type Room, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const frrIsHere = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr");
const birdIsHere = (t: Test) => need.program(t, "bird", "bird2");

const fsm = async (room: Room, address: string) => (await room.bgp.state(address)).fsm;

t.test("FRR announces more than it may", async (t) => {
  if (!frrIsHere(t)) return;
  const { ours } = loopbackPair(33);
  const at = addressOf(ours, 2);
  const limits = { max_prefix: 2, max_prefix_warn: 50, max_prefix_restart: 3, graceful_restart: false };
  const room = await startRoom(t, nodesRoom(ours, [nodePeer(ours, 2, 65_002, limits)]));
  const frr = await frrNode(t, ours, 2, 65_002, { networks: ["10.1.0.0/16", "10.2.0.0/16"] });
  await room.reaches(at, "ESTABLISHED");
  const told = () => room.quiet.lines.some((line) => String(line["msg"]).includes("2 of at most 2 prefixes of ipv4"));
  await until(told, { what: "the warning" });
  const network = (text: string) =>
    frr.vtysh("conf t", "router bgp 65002", "address-family ipv4 unicast", `${text} 10.3.0.0/16`);
  await network("network");
  await until(async () => (await fsm(room, at)) !== "ESTABLISHED", { what: "the end of the session" });
  const lost = Date.now();
  const neighbor = async () => (await frr.json(`show bgp neighbors ${ours} json`))[ours];
  await until(async () => (await neighbor()).lastErrorCodeSubcode === "0601", {
    what: "FRR to see it",
    state: neighbor,
  });
  t.match((await room.bgp.state(at)).last_notification, {
    code: 6,
    subcode: 1,
    direction: "sent",
    error: "Cease",
  });
  await network("no network");
  await room.reaches(at, "ESTABLISHED");
  t.ok(Date.now() - lost >= 2_500, "not before its time");
  const kept = async () =>
    (await room.bgp.routes({ view: "in", address: at, family: "ipv4", cursor: "", limit: 9 })).routes.length;
  await until(async () => (await kept()) === 2, { what: "its two routes", state: kept });
});

t.test("BIRD out of a range comes and goes", async (t) => {
  if (!birdIsHere(t)) return;
  const { ours } = loopbackPair(34);
  const range = addressOf(ours, 0);
  const room = await startRoom(
    t,
    nodesRoom(ours, [nodePeer(ours, 20, 65_020, { passive: true })], {
      dynamic: [
        { prefix: `${range}/29`, remote_as: [65_001, 65_002], max_peers: 2, export: "all", description: "a range" },
      ],
    }),
  );
  const peers = async () => (await room.rest("GET", "/v1/peers")).json().peers.map(shortly);
  const shortly = (peer: { remote_addr: string; remote_as: number; source: string }) =>
    `${peer.remote_addr.split(".").at(-1)} ${peer.remote_as} ${peer.source}`;
  t.same(await peers(), ["20 65020 file"]);
  const first = await birdNode(t, ours, 2, 65_002, { routes: ["10.2.0.0/16 blackhole"] });
  await until(async () => (await peers()).includes("2 65002 dynamic"), { what: "the first", state: peers });
  const second = await birdNode(t, ours, 3, 65_001, { routes: ["10.3.0.0/16 blackhole"] });
  await second.shows("10.2.0.0/16", ["BGP.as_path: 65002\n", "BGP.local_pref: 100"]);
  await first.shows("10.3.0.0/16", ["BGP.as_path: 65001\n"]);
  t.same((await peers()).slice(1).sort(), ["2 65002 dynamic", "3 65001 dynamic"]);
  const glass = await neighbors(room.bgp, "a range");
  t.match(glass.map(({ state }) => [state.remote_as, state.fsm]).sort(), [
    [65_001, "ESTABLISHED"],
    [65_002, "ESTABLISHED"],
  ]);
  const { routes } = (await room.rest("GET", `/v1/peer/${addressOf(ours, 2)}/adj-rib-in`)).json();
  t.match(routes, [{ prefix: "10.2.0.0/16" }]);

  const third = await birdNode(t, ours, 4, 65_002, { routes: ["10.4.0.0/16 blackhole"] });
  const said = () => third.birdc("show", "protocols", "all", "sennit");
  await until(async () => /Connection rejected|Received: /.test(await said()), { what: "a refusal", state: said });
  await first.process.stop();
  await second.shows("10.2.0.0/16", null);
  await until(async () => (await peers()).includes("4 65002 dynamic"), {
    what: "the third in the first one's place",
    timeoutMs: 20_000,
    state: async () => [await peers(), await said()],
  });
  t.notOk((await peers()).includes("2 65002 dynamic"));
  await second.shows("10.4.0.0/16", ["BGP.as_path: 65002\n"]);
});

t.test("a stop and its reason over REST", async (t) => {
  if (!frrIsHere(t)) return;
  const { ours } = loopbackPair(35);
  const at = addressOf(ours, 2);
  const room = await startRoom(t, nodesRoom(ours, [nodePeer(ours, 2, 65_002, { graceful_restart: false })]));
  const frr = await frrNode(t, ours, 2, 65_002, { lines: [`neighbor ${ours} passive`] });
  await room.reaches(at, "ESTABLISHED");
  const reason = encodeURIComponent("new line card, back at 9");
  t.same((await room.rest("GET", `/v1/peer/${at}/manual-stop?reason=${reason}`)).json(), { status: true });
  const neighbor = async () => (await frr.json(`show bgp neighbors ${ours} json`))[ours];
  await until(async () => (await neighbor()).lastShutdownDescription === "new line card, back at 9", {
    what: "FRR to show it",
    state: neighbor,
  });
  t.equal((await neighbor()).lastErrorCodeSubcode, "0602");
  t.equal(await fsm(room, at), "IDLE");
  t.same((await room.rest("GET", `/v1/peer/${at}/manual-start`)).json(), { status: true });
  await room.reaches(at, "ESTABLISHED");
});
