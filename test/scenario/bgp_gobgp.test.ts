import t from "tap";
import { enabled, familiesOf, includes, routesIn, runRows } from "../helpers/bgp_dialogue.js";
import { API_PORT, type GoBgp, goBgpConfig, startGoBgp } from "../helpers/bgp_gobgp.js";
import { BGP_PORT, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { GOBGP_ROWS, GOBGP_RTC } from "../helpers/bgp_rows_gobgp.js";
import { GOBGP_API } from "../helpers/family_routes.js";
import { addPath, deletePath } from "../helpers/gobgp_api.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair(12);
const rows = enabled(GOBGP_ROWS);
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

/** Answers "received AFI/SAFI" with the routes that it has counted, anything else is a command. */
async function show(gobgp: GoBgp, question: string): Promise<string> {
  const counted = /^received (\d+)\/(\d+)$/.exec(question);
  if (!counted) return gobgp.gobgp(...question.split(" "));
  const [neighbor] = await gobgp.json("neighbor", pair.ours).then((found) => (Array.isArray(found) ? found : [found]));
  const [afi, safi] = [Number(counted[1]), Number(counted[2])];
  const found = neighbor.afi_safis.find(
    ({ state }: { state: { family: { afi: number; safi: number } } }) =>
      state.family.afi === afi && state.family.safi === safi,
  );
  return String(found?.state.received ?? 0);
}

/** "api add N" and "api del N" are calls with a route of GOBGP_API, anything else is a command. */
function say(gobgp: GoBgp, address: string, command: string): Promise<unknown> {
  const [, verb, index] = /^api (add|del) (\d+)$/.exec(command) ?? [];
  if (verb === undefined) return gobgp.gobgp(...command.split(" "));
  const call = verb === "add" ? addPath : deletePath;
  return (GOBGP_API[Number(index)] as (typeof GOBGP_API)[number]).add(`${address}:${API_PORT}`, call);
}

for (const [who, ours, passive] of [
  ["we dial", {}, true],
  ["GoBGP dials", { passive: true }, false],
] as const) {
  t.test(`GoBGP: ${who}`, async (t) => {
    if (!need.program(t, "gobgpd") || !need.program(t, "gobgp", "gobgpd")) return;
    const room = await startRoom(t, { ...config, peer: [{ ...peer, ...ours }] });
    const neighbor = { address: pair.ours, as: 65_001, families, passive };
    const gobgp = await startGoBgp(t, pair.theirs, goBgpConfig(pair.theirs, [neighbor]));
    await room.reaches(pair.theirs, "ESTABLISHED");
    const daemon = {
      say: (command: string) => say(gobgp, pair.theirs, command),
      show: (question: string) => show(gobgp, question),
    };
    await runRows(t, rows, { room, address: pair.theirs, daemon, exact: true });

    await t.test("GoBGP answers our route refresh", async (t) => {
      await daemon.say("global rib add -a ipv4 198.51.100.0/24 nexthop 192.0.2.2");
      const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };
      await room.bgp.update(pair.theirs, { attr, nlri: ["172.20.2.0/24"] });
      await until(async () => (await show(gobgp, "global rib -a ipv4")).includes("172.20.2.0/24"), { what: "ours" });
      const updates = (await room.bgp.statistic(pair.theirs)).receive.Updates;
      await room.bgp.refresh(pair.theirs, { afi: 1, safi: 1, res: 0 });
      await until(async () => (await room.bgp.statistic(pair.theirs)).receive.Updates > updates, {
        what: "its answer",
      });
      t.pass("again");
    });

    await t.test("the counters are GoBGP's", async (t) => {
      const pairs = async () => {
        const { receive, send } = await room.bgp.statistic(pair.theirs);
        const found = await gobgp.json("neighbor", pair.ours);
        const { messages } = (Array.isArray(found) ? found[0] : found).state;
        return [
          [receive.Opens, messages.sent.open ?? 0],
          [receive.Updates, messages.sent.update ?? 0],
          [receive.Keepalives, messages.sent.keepalive ?? 0],
          [receive.Notifications, messages.sent.notification ?? 0],
          [send.Opens, messages.received.open ?? 0],
          [send.Updates, messages.received.update ?? 0],
          [send.Keepalives, messages.received.keepalive ?? 0],
          [send.RouteRefresh, messages.received.refresh ?? 0],
        ];
      };
      await until(async () => (await pairs()).every(([a, b]) => a === b), { what: "equal counters", state: pairs });
      t.ok((await room.bgp.statistic(pair.theirs)).receive.Updates > 0);
    });

    // GoBGP takes its time until it speaks again: once is enough.
    if (!passive) return;
    await t.test("a session that GoBGP closes comes back with the routes of both", async (t) => {
      await daemon.say(`neighbor ${pair.ours} disable`);
      await until(async () => (await room.bgp.state(pair.theirs)).fsm !== "ESTABLISHED", { what: "the end" });
      await daemon.say(`neighbor ${pair.ours} enable`);
      await room.reaches(pair.theirs, "ESTABLISHED");
      await until(async () => (await show(gobgp, "global rib -a ipv4")).includes("172.20.2.0/24"), { what: "ours" });
      const items = ["198.51.100.0/24"];
      const lookup = () => room.bgp.lookup(pair.theirs, { sent: false, family: "ipv4", items });
      await until(async () => (await lookup())[0], { what: "GoBGP's route again" });
      t.pass("back");
    });
  });
}

if (enabled([{ family: "rtc", what: "" }]).length > 0) {
  t.test("GoBGP: route target memberships", async (t) => {
    if (!need.program(t, "gobgpd") || !need.program(t, "gobgp", "gobgpd")) return;
    const room = await startRoom(t, { ...config, peer: [{ ...peer, afi_safi: ["rtc"] }] });
    const neighbor = { address: pair.ours, as: 65_001, families: ["rtc"], passive: true };
    const gobgp = await startGoBgp(t, pair.theirs, goBgpConfig(pair.theirs, [neighbor]));
    await room.reaches(pair.theirs, "ESTABLISHED");
    await gobgp.gobgp(...GOBGP_RTC.announce.split(" "));
    const found = async () =>
      (await routesIn(room, pair.theirs, "rtc")).some(({ nlri }) => includes(nlri, GOBGP_RTC.nlri));
    await until(found, { what: "the membership" });
    t.pass("it is there");
  });
}
