import t from "tap";
import { enabled, familiesOf, routesIn, runRows } from "../helpers/bgp_dialogue.js";
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
const IN = `neighbor ${pair.ours} adj-in -a ipv4`;
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
    // All families once: who dials makes no difference to them.
    const few = rows.filter(({ family }) => family === "ipv4");
    await runRows(t, passive ? rows : few, { room, address: pair.theirs, daemon, exact: true });

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

t.test("GoBGP: route target memberships, and the routes that they let through (RFC 4684)", async (t) => {
  if (!need.program(t, "gobgpd") || !need.program(t, "gobgp", "gobgpd")) return;
  const families = ["rtc", "vpnv4"];
  const room = await startRoom(t, { ...config, peer: [{ ...peer, afi_safi: families }] });
  const neighbor = { address: pair.ours, as: 65_001, families, passive: true };
  const gobgp = await startGoBgp(t, pair.theirs, goBgpConfig(pair.theirs, [neighbor]));
  await room.reaches(pair.theirs, "ESTABLISHED");
  const say = (command: string) => gobgp.gobgp(...command.split(" "));
  await say(GOBGP_RTC.announce);
  const theirs = await until(async () => (await routesIn(room, pair.theirs, "rtc"))[0], { what: "its membership" });
  const reach = { afi_safi: [1, 132], nexthop: pair.theirs };
  t.same(theirs, { nlri: GOBGP_RTC.nlri, attr: { 1: 0, 2: [[2, [65_002]]], 14: reach } });
  for (const target of [2, 3]) {
    await say(`global rib add -a vpnv4 10.${target}.0.0/24 label 200 rd 65000:1 rt 65000:${target} nexthop 192.0.2.2`);
  }
  const prefixes = async () => (await routesIn(room, pair.theirs, "vpnv4")).map(({ nlri }) => nlri);
  const membership = { origin_as: 65_001, route_target: "route-target:65000:2" };
  const attr = { 1: 0, 2: [[2, [65_001]]], 14: { afi_safi: [1, 132], nexthop: "192.0.2.1", nlri: [membership] } };
  await room.bgp.update(pair.theirs, { attr });
  await until(async () => (await prefixes()).length > 0, { what: "what the membership lets through" });
  t.same(await prefixes(), [{ label: [200], rd: "65000:1", prefix: "10.2.0.0/24" }]);
  t.match(await show(gobgp, "global rib -a rtc"), /65001:65000:2 +192\.0\.2\.1 +65001/);
  await room.bgp.update(pair.theirs, { attr: { 15: { afi_safi: [1, 132], withdraw: [membership] } } });
  await until(async () => (await prefixes()).length === 0, { what: "the end of both" });
  await say(GOBGP_RTC.withdraw);
  await until(async () => (await routesIn(room, pair.theirs, "rtc")).length === 0, { what: "the end of its own" });
});

t.test("GoBGP: several paths to a prefix, both ways (RFC 7911)", async (t) => {
  if (!need.program(t, "gobgpd") || !need.program(t, "gobgp", "gobgpd")) return;
  const both = ["ipv4", "ipv6"];
  const options = { afi_safi: both, add_path: ["ipv4_both", "ipv6_both"] };
  const room = await startRoom(t, { ...config, peer: [{ ...peer, ...options }] });
  const neighbor = { address: pair.ours, as: 65_001, families: both, passive: true, addPath: 4 };
  const gobgp = await startGoBgp(t, pair.theirs, goBgpConfig(pair.theirs, [neighbor]));
  await room.reaches(pair.theirs, "ESTABLISHED");
  const say = (command: string) => gobgp.gobgp(...command.split(" "));
  const paths = async (family: string) => {
    const { routes } = (await room.rest("GET", `/v1/peer/${pair.theirs}/adj-rib-in?afi_safi=${family}`)).json();
    return routes as { path_id: number; prefix: string; attr: Record<string, unknown> }[];
  };
  for (const id of [1, 2]) {
    await say(`global rib add -a ipv4 198.51.100.0/24 identifier ${id} nexthop 192.0.2.${id + 1} med ${id}`);
  }
  await say("global rib add -a ipv6 2001:db8:1::/48 identifier 1 nexthop 2001:db8::2");
  await until(async () => (await paths("ipv4")).length === 2, {
    what: "both paths",
    state: () => gobgp.process.output,
  });
  const byMed = (await paths("ipv4")).sort((a, b) => Number(a.attr["4"]) - Number(b.attr["4"]));
  const theirs = { 1: 2, 2: [[2, [65_002]]] };
  t.same(
    byMed.map(({ prefix, attr }) => [prefix, attr]),
    [1, 2].map((id) => ["198.51.100.0/24", { ...theirs, 3: `192.0.2.${id + 1}`, 4: id }]),
  );
  t.not(byMed[0]?.path_id, byMed[1]?.path_id);
  await until(async () => (await paths("ipv6")).length === 1, { what: "the IPv6 path" });
  t.ok((await paths("ipv6"))[0]?.path_id, "an identifier with IPv6, too");
  await say("global rib del -a ipv4 198.51.100.0/24 identifier 1");
  await until(async () => (await paths("ipv4")).length === 1, { what: "the end of one" });
  t.match(await paths("ipv4"), [{ path_id: byMed[1]?.path_id, attr: { 4: 2 } }]);
  await say("global rib del -a ipv4 198.51.100.0/24 identifier 2");
  await until(async () => (await paths("ipv4")).length === 0, { what: "the end of both" });

  for (const path_id of [5, 6]) {
    const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1", 4: path_id };
    await room.bgp.update(pair.theirs, { attr, nlri: [{ prefix: "172.20.1.0/24", path_id }] });
  }
  const has = async (med: number) => new RegExp(`172\\.20\\.1\\.0/24.*Med: ${med}`).test(await show(gobgp, IN));
  await until(async () => (await has(5)) && (await has(6)), {
    what: "both in GoBGP",
    state: () => gobgp.process.output,
  });
  await room.bgp.update(pair.theirs, { withdraw: [{ prefix: "172.20.1.0/24", path_id: 5 }] });
  await until(async () => !(await has(5)), { what: "the withdrawal of one" });
  t.ok(await has(6), "the other one stays");
});

t.test(
  "GoBGP has no extended messages (RFC 8654): what is too long for it is refused, and the session lives",
  async (t) => {
    if (!need.program(t, "gobgpd") || !need.program(t, "gobgp", "gobgpd")) return;
    const room = await startRoom(t, { ...config, peer: [{ ...peer, afi_safi: ["ipv4"] }] });
    const neighbor = { address: pair.ours, as: 65_001, families: ["ipv4"], passive: true };
    const gobgp = await startGoBgp(t, pair.theirs, goBgpConfig(pair.theirs, [neighbor]));
    await room.reaches(pair.theirs, "ESTABLISHED");
    const { capability } = await room.bgp.state(pair.theirs);
    t.equal(capability.local["extended_messages"], true);
    t.equal(capability.remote["extended_messages"], undefined);
    const route = (communities: number) => {
      const list = Array.from({ length: communities }, (_, i) => `65001:${i}`);
      return { attr: { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1", 8: list }, nlri: ["172.20.1.0/24"] };
    };
    const path = `/v1/peer/${pair.theirs}/send/update`;
    const refused = await room.rest("POST", path, { body: route(1_500) });
    t.match(refused.json(), { status: false, reason: "the attributes leave no room for a prefix in one message" });
    t.match((await room.rest("POST", path, { body: route(1_000) })).json(), { status: true });
    const found = async () => (await gobgp.json("global", "rib", "-a", "ipv4"))["172.20.1.0/24"]?.[0];
    const [kept] = [await until(found, { what: "the one that fits" })];
    const communities = kept.attrs.find(({ type }: { type: number }) => type === 8).communities;
    t.equal(communities.length, 1_000);
  },
);
