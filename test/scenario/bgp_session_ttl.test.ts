// Sockets of a session with FRR: GTSM, and keys on IPv6.

import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { tcpMd5Supported } from "../../src/system/tcp_md5.js";
import { makeCable } from "../helpers/bgp_cable.js";
import { FRR_BGPD, frrConfig, loopbackPair, startFrr, startRoomOf } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const frrIsHere = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr");

t.test("GTSM (RFC 5082), whoever dials", async (t) => {
  if (!frrIsHere(t)) return;
  for (const passive of [false, true]) {
    await t.test(passive ? "FRR dials" : "we dial", async (t) => {
      const pair = loopbackPair(passive ? 9 : 10);
      const n = `neighbor ${pair.ours}`;
      const lines = [
        `no ${n} disable-connected-check`,
        `${n} ttl-security hops 1`,
        ...(passive ? [] : [`${n} passive`]),
      ];
      const room = await startRoomOf(t, pair, { passive, ttl_security: 1 });
      const frr = await startFrr(t, pair.theirs, frrConfig(pair, lines));
      await room.reaches(pair.theirs, "ESTABLISHED");
      // Its packets now leave with a TTL that says that they may come from afar.
      await frr.vtysh("conf t", "router bgp 65002", `no ${n} ttl-security hops 1`, `${n} disable-connected-check`);
      await until(async () => (await room.bgp.state(pair.theirs)).fsm !== "ESTABLISHED", { what: "the end of it" });
      await sleep(3_000);
      t.not((await room.bgp.state(pair.theirs)).fsm, "ESTABLISHED", "they are dropped");
    });
  }
});

t.test("TCP MD5 and GTSM on IPv6, whoever dials", async (t) => {
  if (!frrIsHere(t) || !need.namespaces(t)) return;
  if (!need.that(t, tcpMd5Supported(), "needs a kernel with TCP MD5 signatures")) return;
  const cable = await makeCable(t);
  for (const passive of [false, true]) {
    await t.test(passive ? "FRR dials" : "we dial", async (t) => {
      const n = `neighbor ${cable.ours}`;
      const lines = [
        "bgp router-id 10.0.0.2",
        `no ${n} disable-connected-check`,
        `${n} ttl-security hops 1`,
        `${n} password secret-6`,
        ...(passive ? [] : [`${n} passive`]),
      ];
      const config = frrConfig(cable, lines).replace(` bgp router-id ${cable.theirs}\n`, "");
      const room = await startRoomOf(t, cable, { passive, md5: "secret-6", ttl_security: 1 });
      const frr = await startFrr(t, cable.theirs, config, { netns: cable.netns.name });
      await room.reaches(cable.theirs, "ESTABLISHED");
      await frr.vtysh("conf t", "router bgp 65002", `${n} password another`);
      await until(async () => (await room.bgp.state(cable.theirs)).fsm !== "ESTABLISHED", { what: "the end of it" });
      await sleep(2_500);
      t.not((await room.bgp.state(cable.theirs)).fsm, "ESTABLISHED", "another key does not get in");
      await frr.process.stop();
    });
  }
});
