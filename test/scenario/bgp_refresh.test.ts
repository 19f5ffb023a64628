// Enhanced route refresh (RFC 7313) with BIRD and FRR: a withdrawal is lost on the way between us, either way, and a
// refresh finds out.

import t, { type Test } from "tap";
import { addressOf, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { BGP_PORT, FRR_BGPD, loopbackPair, type Room, startBird, startFrr, startRoom } from "../helpers/bgp_peers.js";
import { type BgpProxy, bgpProxy, type Passing } from "../helpers/bgp_proxy.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

/** A daemon with routes of its own behind a proxy. */
interface Far {
  /** Begins or ceases to announce 10.2.0.0/16; 10.1.0.0/16 is always announced. */
  second(on: boolean): Promise<unknown>;
  /** Asks us for our routes. */
  ask(): Promise<unknown>;
  /** What it shows of a prefix of ours. */
  show(prefix: string): Promise<string>;
}

type Start = (t: Test, address: string, neighbor: string) => Promise<Far>;

const bird: Start = async (t, address, neighbor) => {
  const { birdc } = await startBird(
    t,
    `router id 10.0.0.2;
ipv4 table master4;
protocol device {}
protocol static one { ipv4; route 10.1.0.0/16 blackhole; }
protocol static two { ipv4; route 10.2.0.0/16 blackhole; }
protocol bgp sennit {
  local ${address} port ${BGP_PORT} as 65002;
  neighbor ${neighbor} as 65001;
  strict bind on; multihop; passive on;
  ipv4 { import all; export where source = RTS_STATIC; next hop self; gateway recursive; };
}
`,
  );
  return {
    second: (on) => birdc(on ? "enable" : "disable", "two"),
    ask: () => birdc("reload", "in", "sennit"),
    show: (prefix) => birdc("show", "route", prefix, "all").catch(() => ""),
  };
};

const frr: Start = async (t, address, neighbor) => {
  const n = `neighbor ${neighbor}`;
  const config = [
    "router bgp 65002",
    " bgp allow-martian-nexthop",
    " bgp router-id 10.0.0.2",
    // Without it FRR marks what is stale at BoRR, but does not remove it at EoRR.
    " bgp graceful-restart",
    " no bgp ebgp-requires-policy",
    " no bgp network import-check",
    ` ${n} remote-as 65001`,
    ` ${n} disable-connected-check`,
    ` ${n} passive`,
    ` ${n} advertisement-interval 0`,
    " address-family ipv4 unicast",
    "  network 10.1.0.0/16",
    "  network 10.2.0.0/16",
    "",
  ].join("\n");
  const { vtysh } = await startFrr(t, address, config);
  const network = (no: string) =>
    vtysh("conf t", "router bgp 65002", "address-family ipv4 unicast", `${no}network 10.2.0.0/16`);
  return {
    second: (on) => network(on ? "" : "no "),
    ask: () => vtysh(`clear bgp ipv4 unicast ${neighbor} in`),
    show: (prefix) => vtysh(`show bgp ipv4 unicast ${prefix}`),
  };
};

/** An UPDATE that only withdraws. */
const withdraws = (from: Passing["from"]) => (message: Passing) =>
  message.from === from && message.type === 2 && message.body.readUInt16BE(0) > 0;

/** From a message on: a refresh in words, with the UPDATEs of the one who answers. */
function said(proxy: BgpProxy, since: number, answers: Passing["from"]): string {
  const words: Readonly<Record<number, string>> = { 0: "asks", 1: "begins", 2: "ends" };
  return proxy.passed
    .slice(since)
    .filter(({ from, type }) => type === 5 || (type === 2 && from === answers))
    .map(({ from, type, body }) => `${from} ${type === 2 ? "updates" : words[body[2] as number]}`)
    .filter((word, i, all) => word !== all[i - 1])
    .join(", ");
}

const has = (room: Room, at: string) => async () => {
  const query = { view: "in" as const, address: at, family: "ipv4", cursor: "", limit: 10 };
  const { routes } = await room.bgp.routes(query);
  // FRR sends our own routes back.
  const theirs = routes.filter(({ nlri }) => String(nlri).startsWith("10."));
  return theirs.map(({ nlri, stale }) => `${nlri}${stale ? " stale" : ""}`).sort();
};

async function losses(t: Test, index: number, start: Start): Promise<void> {
  const { ours } = loopbackPair(index);
  const [at, as, far] = [2, 3, 4].map((octet) => addressOf(ours, octet)) as [string, string, string];
  const daemon = await start(t, far, as);
  const proxy = await bgpProxy(t, { listen: at, as, to: far, port: BGP_PORT });
  const room = await startRoom(t, nodesRoom(ours, [nodePeer(ours, 2, 65_002, { graceful_restart: true })]));
  await room.reaches(at, "ESTABLISHED");
  const routes = has(room, at);
  const become = (expected: readonly string[], what: string) =>
    until(async () => String(await routes()) === String(expected), { what, state: routes });
  await become(["10.1.0.0/16", "10.2.0.0/16"], "both routes");

  let lost = proxy.lose(withdraws("listener"));
  await daemon.second(false);
  await lost;
  t.same(await routes(), ["10.1.0.0/16", "10.2.0.0/16"], "nobody has told us");
  let since = proxy.passed.length;
  const body = { afi: 1, safi: 1, res: 0 };
  t.match((await room.rest("POST", `/v1/peer/${at}/send/route-refresh`, { body })).json(), { status: true });
  await become(["10.1.0.0/16"], "the end of the route that was left out");
  t.equal(said(proxy, since, "listener"), "dialler asks, listener begins, listener updates, listener ends");

  // The other way: what we have withdrawn is still in the daemon, until it asks.
  const attr = { 1: 0, 2: [[2, [65_001]]] as [number, number[]][], 3: ours };
  await room.bgp.update(at, { attr, nlri: ["172.20.1.0/24", "172.20.2.0/24"] });
  const seen = async (prefix: string) => (await daemon.show(prefix)).includes("65001");
  const both = async () => `${await seen("172.20.1.0/24")} ${await seen("172.20.2.0/24")}`;
  await until(async () => (await both()) === "true true", { what: "both of ours", state: both });
  lost = proxy.lose(withdraws("dialler"));
  await room.bgp.update(at, { withdraw: ["172.20.2.0/24"] });
  await lost;
  t.equal(await both(), "true true", "nobody has told it");
  since = proxy.passed.length;
  await daemon.ask();
  await until(async () => (await both()) === "true false", {
    what: "the end of one of ours",
    state: async () => [await both(), said(proxy, since, "dialler")],
  });
  t.equal(said(proxy, since, "dialler"), "listener asks, dialler begins, dialler updates, dialler ends");
  t.equal((await room.bgp.statistic(at)).send.Opens, 1, "in one session");

  await daemon.second(true);
  await become(["10.1.0.0/16", "10.2.0.0/16"], "the second route again");
  since = proxy.passed.length;
  await room.bgp.refresh(at, body);
  const refreshes = async () => (await room.bgp.statistic(at)).receive.RouteRefresh;
  await until(async () => (await refreshes()) === 5, { what: "BoRR and EoRR twice, and a request", state: refreshes });
  await become(["10.1.0.0/16", "10.2.0.0/16"], "what has come again, fresh");
}

t.test("BIRD", async (t) => {
  if (!need.program(t, "bird", "bird2")) return;
  await losses(t, 37, bird);
});

t.test("FRR", async (t) => {
  if (!need.root(t) || !need.program(t, FRR_BGPD, "frr")) return;
  await losses(t, 38, frr);
});
