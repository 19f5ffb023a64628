import t from "tap";
import { tcpMd5Supported } from "../../src/system/tcp_md5.js";
import { BGP_PORT, FRR_BGPD, frrConfig, loopbackPair, startFrr, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair();
const peer = {
  remote_addr: pair.theirs,
  remote_as: 65002,
  local_addr: pair.ours,
  port: BGP_PORT,
  afi_safi: ["ipv4", "ipv6"],
  connect_retry_time: 1,
  idle_hold_time: 1,
};
const config = {
  listen: { host: pair.ours, port: BGP_PORT },
  local_as: 65001,
  router_id: "10.0.0.1",
  peer: [peer],
};

t.test("a session with FRR over REST", async (t) => {
  if (!need.root(t) || !need.program(t, FRR_BGPD, "frr")) return;
  const room = await startRoom(t, config);
  const frr = await startFrr(t, pair.theirs, frrConfig(pair));
  const at = `/v1/peer/${pair.theirs}`;
  const post = async (path: string, body: unknown) => (await room.rest("POST", `${at}/${path}`, { body })).json();
  const received = async (item: string, family = "ipv4") =>
    (await post(`adj-rib-in?afi_safi=${family}`, { data: [item] })).data[item];
  const theirs = async (prefix: string, family = "ipv4") =>
    (await frr.json(`show bgp ${family} unicast ${prefix} json`)).paths?.[0];
  await room.reaches(pair.theirs, "ESTABLISHED");

  await t.test("state, capabilities", async (t) => {
    const { peer: state } = (await room.rest("GET", `${at}/state`)).json();
    t.match(state, { fsm: "ESTABLISHED", local_addr: pair.ours, local_as: 65001, remote_as: 65002 });
    t.ok(state.uptime > 0 && state.uptime < 60);
    t.same(state.capability.remote.afi_safi, [
      [1, 1],
      [2, 1],
    ]);
    t.equal(state.capability.remote.four_bytes_as, true);
  });

  await t.test("what FRR announces and withdraws is in adj-rib-in", async (t) => {
    const route = await until(
      async () => Object.keys((await received("192.0.2.0/24")) ?? {}).length > 0 && received("192.0.2.0/24"),
      { what: "192.0.2.0/24" },
    );
    t.same(route, {
      attr: { 1: 0, 2: [[2, [65002]]], 3: pair.theirs, 4: 0 },
      prefix: "192.0.2.0/24",
    });
    t.match(await received("198.51.100.77"), { prefix: "198.51.100.0/25" }, "longest match");
    t.same(await received("8.8.8.8"), {});
    const six = await until(
      async () => (await received("2001:db8:1::/48", "ipv6")).prefix && received("2001:db8:1::/48", "ipv6"),
      { what: "2001:db8:1::/48" },
    );
    t.match(six, { prefix: "2001:db8:1::/48", attr: { 14: { afi_safi: [2, 1] } } });
    await frr.vtysh("conf t", "router bgp 65002", "address-family ipv4 unicast", "no network 192.0.2.0/24");
    await until(async () => (await received("192.0.2.0/24")).prefix === undefined, { what: "the withdrawal" });
    const { version } = (await room.rest("GET", `${at}/version/received`)).json();
    t.equal(version.ipv4, 3, "two new, one withdrawn");
  });

  await t.test("what REST announces and withdraws is in FRR", async (t) => {
    const attr = {
      1: 0,
      2: [[2, [65001, 4_200_000_000]]],
      3: "192.0.2.1",
      4: 50,
      6: "",
      7: [65001, "192.0.2.9"],
      8: ["NO_EXPORT", "65001:7"],
      16: ["route-target:65001:5"],
      32: ["65001:1:4294967295"],
    };
    t.same(await post("send/update", { attr, nlri: ["172.20.1.0/24", "172.20.2.0/24"] }), { status: true });
    const path = await until(() => theirs("172.20.2.0/24"), { what: "172.20.2.0/24 in FRR" });
    t.match(path, {
      aspath: { string: "65001 4200000000" },
      origin: "IGP",
      metric: 50,
      atomicAggregate: true,
      aggregatorAs: 65001,
      aggregatorId: "192.0.2.9",
      community: { string: "65001:7 no-export" },
      extendedCommunity: { string: "RT:65001:5" },
      largeCommunity: { string: "65001:1:4294967295" },
    });
    t.match(await post("adj-rib-out", { data: ["172.20.1.0/24"] }), {
      data: { "172.20.1.0/24": { 4: 50, 8: ["NO_EXPORT", "65001:7"] } },
    });
    t.same(await post("send/update", { withdraw: ["172.20.1.0/24"] }), { status: true });
    await until(async () => (await theirs("172.20.1.0/24")) === undefined, { what: "the withdrawal in FRR" });
    t.ok(await theirs("172.20.2.0/24"), "the other is still there");
  });

  await t.test("IPv6 over MP_REACH and MP_UNREACH", async (t) => {
    const prefix = "2001:db8:77::/48";
    const reach = { afi_safi: [2, 1], nexthop: "2001:db8::1", nlri: [prefix] };
    t.same(await post("send/update", { attr: { 1: 0, 2: [[2, [65001]]], 14: reach } }), { status: true });
    const path = await until(() => theirs(prefix, "ipv6"), { what: "the prefix in FRR" });
    t.equal(path.nexthops[0].ip, "2001:db8::1");
    t.same(await post("send/update", { attr: { 15: { afi_safi: [2, 1], withdraw: [prefix] } } }), { status: true });
    await until(async () => (await theirs(prefix, "ipv6")) === undefined, { what: "the withdrawal" });
  });

  await t.test("ten thousand prefixes in one call", async (t) => {
    const nlri = Array.from({ length: 10_000 }, (_, i) => `100.${64 + (i >> 8)}.${i & 255}.0/24`);
    const attr = { 1: 0, 2: [[2, [65001]]], 3: "192.0.2.1" };
    t.same(await post("send/update", { attr, nlri }), { status: true });
    const count = async () => (await frr.json("show bgp ipv4 unicast summary json")).peers[pair.ours].pfxRcd;
    await until(async () => (await count()) === 10_001, { what: "10001 prefixes in FRR", state: count });
    t.same(await post("send/update", { withdraw: nlri }), { status: true });
    await until(async () => (await count()) === 1, { what: "all but one gone" });
  });

  await t.test("route refresh, both ways", async (t) => {
    t.same(await post("send/route-refresh", { afi: 1, safi: 1, res: 0 }), { status: true });
    t.same(await post("send/route-refresh", { afi: 1, safi: 128 }), {
      code: "address family unsupported, afi=1,safi=128",
      status: false,
    });
    await frr.vtysh(`clear bgp ipv4 unicast ${pair.ours} in`);
    await until(async () => (await room.bgp.statistic(pair.theirs)).receive.RouteRefresh > 0, {
      what: "FRR's route refresh",
    });
    t.ok(await theirs("172.20.2.0/24"), "the route was sent again");
  });

  await t.test("the counters are FRR's", async (t) => {
    const ours = async () => (await room.rest("GET", `${at}/statistic`)).json();
    const pairs = async () => {
      const { receive, send } = await ours();
      const stats = (await frr.json(`show bgp neighbors ${pair.ours} json`))[pair.ours].messageStats;
      return [
        [receive.Opens, stats.opensSent],
        [receive.Updates, stats.updatesSent],
        [receive.Keepalives, stats.keepalivesSent],
        [receive.Notifications, stats.notificationsSent],
        [receive["Route Refresh"], stats.routeRefreshSent],
        [receive.RouteRefresh, stats.routeRefreshSent],
        [send.Opens, stats.opensRecv],
        [send.Updates, stats.updatesRecv],
        [send.Keepalives, stats.keepalivesRecv],
        [send.Notifications, stats.notificationsRecv],
        [send["Route Refresh"], stats.routeRefreshRecv],
      ];
    };
    await until(async () => (await pairs()).every(([a, b]) => a === b), { what: "equal counters", state: pairs });
    const { receive, send } = await ours();
    t.ok(receive.Updates > 0 && send.Updates > 0);
  });

  await t.test("manual stop and start", async (t) => {
    t.same((await room.rest("GET", `${at}/manual-start`)).json(), { code: "peer already established", status: false });
    t.same((await room.rest("GET", `${at}/manual-stop`)).json(), { status: true });
    t.match((await room.rest("GET", `${at}/state`)).json(), { peer: { fsm: "IDLE", uptime: 0 } });
    const neighbor = async () => (await frr.json(`show bgp neighbors ${pair.ours} json`))[pair.ours];
    await until(async () => (await neighbor()).bgpState !== "Established", { what: "FRR to see it" });
    t.equal((await neighbor()).lastErrorCodeSubcode, "0602", "administrative shutdown");
    t.same(await post("send/update", { withdraw: ["172.20.2.0/24"] }), {
      code: "Please check the peer's state",
      status: false,
    });
    t.same((await room.rest("GET", `${at}/manual-stop`)).json(), { status: true }, "twice is fine");
    t.same((await room.rest("GET", `${at}/manual-start`)).json(), { status: true });
    await room.reaches(pair.theirs, "ESTABLISHED");
    await until(() => theirs("172.20.2.0/24"), { what: "our route in FRR again" });
    await until(async () => (await received("198.51.100.0/25")).prefix, { what: "FRR's route again" });
  });
});

t.test("FRR opens the connection", async (t) => {
  if (!need.root(t) || !need.program(t, FRR_BGPD, "frr")) return;
  const room = await startRoom(t, { ...config, peer: [{ ...peer, passive: true }] });
  await startFrr(t, pair.theirs, frrConfig(pair));
  await room.reaches(pair.theirs, "ESTABLISHED");
  t.pass("established");
});

t.test("TCP MD5, whoever dials", async (t) => {
  if (!need.root(t) || !need.program(t, FRR_BGPD, "frr")) return;
  if (!need.that(t, tcpMd5Supported(), "needs a kernel with TCP MD5 signatures")) return;
  for (const passive of [false, true]) {
    await t.test(passive ? "FRR dials" : "we dial", async (t) => {
      const net = loopbackPair(passive ? 5 : 6);
      const md5 = { ...peer, remote_addr: net.theirs, local_addr: net.ours, md5: "a-secret", passive };
      const room = await startRoom(t, { ...config, listen: { host: net.ours, port: BGP_PORT }, peer: [md5] });
      const lines = [`neighbor ${net.ours} password a-secret`, ...(passive ? [] : [`neighbor ${net.ours} passive`])];
      const frr = await startFrr(t, net.theirs, frrConfig(net, lines));
      await room.reaches(net.theirs, "ESTABLISHED");
      await frr.vtysh("conf t", "router bgp 65002", `neighbor ${net.ours} password another`);
      await until(async () => (await room.bgp.state(net.theirs)).fsm !== "ESTABLISHED", { what: "the end of it" });
      const neighbor = async () => (await frr.json(`show bgp neighbors ${net.ours} json`))[net.ours].bgpState;
      t.not(await neighbor(), "Established", "another key does not get in");
    });
  }
});
