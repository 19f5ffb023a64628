import t from "tap";
import { enabled, familiesOf, runRows } from "../helpers/bgp_dialogue.js";
import { OPENBGPD, openBgpdConfig, startOpenBgpd } from "../helpers/bgp_openbgpd.js";
import { BGP_PORT, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { OPENBGPD_FAMILIES, OPENBGPD_ROWS } from "../helpers/bgp_rows_openbgpd.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair(13);
const rows = enabled(OPENBGPD_ROWS);
const families = familiesOf(rows);
const peer = {
  remote_addr: pair.theirs,
  remote_as: 65002,
  local_addr: pair.ours,
  port: BGP_PORT,
  afi_safi: families,
  connect_retry_time: 1,
  idle_hold_time: 1,
};
const config = { listen: { host: pair.ours, port: BGP_PORT }, local_as: 65001, router_id: "10.0.0.1", peer: [peer] };
const announce = families.map((family) => OPENBGPD_FAMILIES[family] as string);

for (const [who, ours, more] of [
  ["we dial", {}, ["passive"]],
  ["OpenBGPD dials", { passive: true }, []],
  ["both dial", {}, []],
] as const) {
  t.test(`OpenBGPD: ${who}`, async (t) => {
    if (!need.root(t) || !need.program(t, OPENBGPD, "openbgpd")) return;
    const room = await startRoom(t, { ...config, peer: [{ ...peer, ...ours }] });
    const neighbor = { address: pair.ours, as: 65_001, announce, more };
    const openbgpd = await startOpenBgpd(t, openBgpdConfig(pair.theirs, [neighbor]));
    await room.reaches(pair.theirs, "ESTABLISHED");
    const bgpctl = (words: string) => openbgpd.bgpctl(...words.split(" "));
    await runRows(t, rows, { room, address: pair.theirs, daemon: { say: bgpctl, show: bgpctl } });

    await t.test("route refresh, both ways", async (t) => {
      await bgpctl("network add 198.51.100.0/24");
      await room.bgp.update(pair.theirs, {
        attr: { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" },
        nlri: ["172.20.2.0/24"],
      });
      await until(async () => (await bgpctl("show rib 172.20.2.0/24")).includes("172.20.2.0/24"), {
        what: "our route",
      });
      const { receive, send } = await room.bgp.statistic(pair.theirs);
      await bgpctl(`neighbor ${pair.ours} refresh`);
      const now = () => room.bgp.statistic(pair.theirs);
      await until(async () => (await now()).receive.RouteRefresh > receive.RouteRefresh, { what: "its refresh" });
      await until(async () => (await now()).send.Updates > send.Updates, { what: "ours again" });
      await room.bgp.refresh(pair.theirs, { afi: 1, safi: 1, res: 0 });
      // 7.7 takes the request, counts it and then leaves it: its RDE says that the family was not negotiated.
      const requests = async () =>
        (await openbgpd.json("show", "neighbor", pair.ours)).neighbors[0].stats["route-refresh"].received.request;
      await until(async () => (await requests()) === 1, { what: "our request" });
      t.match(await bgpctl("show rib 172.20.2.0/24"), "172.20.2.0/24");
    });

    await t.test("the counters are OpenBGPD's", async (t) => {
      const pairs = async () => {
        const { receive, send } = await room.bgp.statistic(pair.theirs);
        const { neighbors } = await openbgpd.json("show", "neighbor", pair.ours);
        const { message } = neighbors[0].stats;
        return [
          [receive.Opens, message.sent.open],
          [receive.Updates, message.sent.updates],
          [receive.Keepalives, message.sent.keepalives],
          [receive.Notifications, message.sent.notifications],
          [receive.RouteRefresh, message.sent.route_refresh],
          [send.Opens, message.received.open],
          [send.Updates, message.received.updates],
          [send.Keepalives, message.received.keepalives],
          [send.Notifications, message.received.notifications],
          [send.RouteRefresh, message.received.route_refresh],
        ];
      };
      const equal = async () => (await pairs()).every(([a, b]) => a === b);
      // A connection that lost the collision is in the daemon's counters, not in ours.
      if (who !== "both dial") await until(equal, { what: "equal counters", state: pairs });
      t.ok((await room.bgp.statistic(pair.theirs)).receive.Updates > 0);
    });

    await t.test("a session that OpenBGPD closes comes back with the routes of both", async (t) => {
      await bgpctl(`neighbor ${pair.ours} down`);
      await until(async () => (await room.bgp.state(pair.theirs)).fsm !== "ESTABLISHED", { what: "the end" });
      await bgpctl(`neighbor ${pair.ours} up`);
      await room.reaches(pair.theirs, "ESTABLISHED");
      await until(async () => (await bgpctl("show rib 172.20.2.0/24")).includes("172.20.2.0/24"), {
        what: "our route",
      });
      const items = ["198.51.100.0/24"];
      const lookup = () => room.bgp.lookup(pair.theirs, { sent: false, family: "ipv4", items });
      await until(async () => (await lookup())[0], { what: "its route again" });
      t.pass("back");
    });
  });
}
