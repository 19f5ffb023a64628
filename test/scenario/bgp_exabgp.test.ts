import t from "tap";
import { enabled, familiesOf, runRows } from "../helpers/bgp_dialogue.js";
import { type ExaBgp, startExaBgp } from "../helpers/bgp_exabgp.js";
import { BGP_PORT, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { EXABGP_ROWS } from "../helpers/bgp_rows_exabgp.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair(14);
const rows = enabled(EXABGP_ROWS);
const families = familiesOf(rows);
const peer = {
  remote_addr: pair.theirs,
  remote_as: 65002,
  local_addr: pair.ours,
  port: BGP_PORT,
  afi_safi: families,
  connect_retry_time: 1,
  idle_hold_time: 1,
  // ExaBGP 4.2 announces the capability, but an error in its code ends the session when it is to send BoRR.
  enhanced_route_refresh: false,
};
const config = { listen: { host: pair.ours, port: BGP_PORT }, local_as: 65001, router_id: "10.0.0.1", peer: [peer] };

/** The newest UPDATE with a text in it, unless it withdraws. */
function show(exabgp: ExaBgp, text: string): string {
  const update = exabgp
    .heard()
    .map((event) => event.neighbor?.message?.update)
    .filter((found) => found && JSON.stringify(found).includes(text))
    .at(-1);
  return update?.announce ? JSON.stringify(update) : "";
}

for (const [who, ours, passive] of [
  ["we dial", {}, true],
  ["ExaBGP dials", { passive: true }, false],
] as const) {
  t.test(`ExaBGP: ${who}`, async (t) => {
    if (!need.program(t, "exabgp")) return;
    const room = await startRoom(t, { ...config, peer: [{ ...peer, ...ours }] });
    const exabgp = await startExaBgp(t, pair.theirs, { address: pair.ours, as: 65_001, families, passive });
    await room.reaches(pair.theirs, "ESTABLISHED");
    const daemon = {
      say: (command: string) => exabgp.say(command),
      show: (text: string) => show(exabgp, text),
    };
    // All families once: who dials makes no difference to them.
    const few = rows.filter(({ family }) => family === "ipv4");
    await runRows(t, passive ? rows : few, { room, address: pair.theirs, daemon, exact: true });

    await t.test("its counters are those of what it has heard and said", async (t) => {
      exabgp.say("announce route 198.51.100.0/24 next-hop 192.0.2.2");
      const items = ["198.51.100.0/24"];
      const lookup = () => room.bgp.lookup(pair.theirs, { sent: false, family: "ipv4", items });
      await until(async () => (await lookup())[0], { what: "its route" });
      const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };
      await room.bgp.update(pair.theirs, { attr, nlri: ["172.20.2.0/24"] });
      const updates = () => exabgp.heard().filter(({ type }) => type === "update").length;
      await until(async () => (await room.bgp.statistic(pair.theirs)).send.Updates === updates(), {
        what: "equal counters",
        state: () => [updates(), exabgp.heard().slice(-3)],
      });
      t.ok(updates() > 0);
    });

    await t.test("ExaBGP repeats its routes when we ask for a refresh", async (t) => {
      const now = async () => (await room.bgp.statistic(pair.theirs)).receive.Updates;
      const before = await now();
      await room.bgp.refresh(pair.theirs, { afi: 1, safi: 1, res: 0 });
      await until(async () => (await now()) > before, { what: "its answer" });
      t.pass("repeated");
    });

    await t.test("we repeat ours when it asks", async (t) => {
      const announced = () => exabgp.heard().filter((event) => JSON.stringify(event).includes("172.20.2.0/24")).length;
      const before = announced();
      exabgp.say("announce route-refresh ipv4 unicast");
      await until(() => announced() > before, { what: "our route again" });
      const refreshes = async () => (await room.bgp.statistic(pair.theirs)).receive.RouteRefresh;
      t.ok(await until(async () => (await refreshes()) === 1, { what: "its request in the statistic" }));
    });

    await t.test("a NOTIFICATION of its user ends the session", async (t) => {
      exabgp.say(`neighbor ${pair.ours} teardown 4`);
      await until(async () => (await room.bgp.figures()).peers[0]?.flops === 1, { what: "the end of the session" });
      // A new connection has new counters: the one that ExaBGP makes at once would hide the NOTIFICATION.
      const notified = async () => (await room.bgp.statistic(pair.theirs)).receive.Notifications === 1;
      t.ok(!passive || (await until(notified, { what: "the NOTIFICATION in the statistic" })));
      await room.reaches(pair.theirs, "ESTABLISHED");
    });
  });
}
