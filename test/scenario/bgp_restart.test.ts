// We start, and tell nobody of routes before those who restart gracefully have told theirs (RFC 4724 §4.1).

import t, { type Test } from "tap";
import { addressOf, birdNode, frrNode, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { FRR_BGPD, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const here = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr") && need.program(t, "bird", "bird2");
const IPV4 = { afi_safi: ["ipv4"] };

t.test("routes wait for a peer that is late", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(40);
  const peers = [
    nodePeer(ours, 2, 65_002, IPV4),
    nodePeer(ours, 3, 65_003, { ...IPV4, export: "all", graceful_restart: true }),
    nodePeer(ours, 4, 65_004, IPV4),
    nodePeer(ours, 5, 65_005, { ...IPV4, graceful_restart: false }),
  ];
  const room = await startRoom(t, nodesRoom(ours, peers, { select_defer_time: 600 }));
  await frrNode(t, ours, 2, 65_002, { networks: ["10.1.0.0/16"], lines: ["bgp graceful-restart"] });
  const bird = await birdNode(t, ours, 3, 65_003);
  for (const octet of [2, 3]) await room.reaches(addressOf(ours, octet), "ESTABLISHED");
  t.match(await bird.birdc("show", "protocols", "all", "sennit"), /Restart recovery/, "the R bit");
  const there = async () => (await room.rest("GET", "/v1/rib?prefix=10.1.0.0%2F16")).json().routes.length === 1;
  await until(there, { what: "FRR's route" });
  // A route of its own comes after whatever was sent before it.
  const own = { attr: { 1: 0, 2: [], 3: ours }, nlri: ["10.9.0.0/16"] };
  const sent = await room.rest("POST", `/v1/peer/${addressOf(ours, 3)}/send/update`, { body: own });
  t.equal(sent.json().status, true, "what an operator sends waits for nobody");
  await bird.shows("10.9.0.0/16", ["BGP.as_path"]);
  t.equal(await bird.route("10.1.0.0/16"), "", "but BIRD is not told");

  await birdNode(t, ours, 4, 65_004, { routes: ["10.2.0.0/16 blackhole"] });
  await bird.shows("10.1.0.0/16", ["BGP.as_path: 65001 65002\n"]);
  await bird.shows("10.2.0.0/16", ["BGP.as_path: 65001 65004\n"]);
});

t.test("routes wait no longer than they may", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(41);
  const peers = [2, 3, 4].map((octet) => nodePeer(ours, octet, 65_000 + octet, { ...IPV4, export: "all" }));
  const room = await startRoom(t, nodesRoom(ours, peers, { select_defer_time: 4 }));
  await birdNode(t, ours, 2, 65_002, { routes: ["10.1.0.0/16 blackhole"] });
  const bird = await birdNode(t, ours, 3, 65_003);
  await room.reaches(addressOf(ours, 2), "ESTABLISHED");
  await bird.shows("10.1.0.0/16", ["BGP.as_path: 65001 65002\n"]);
  await bird.birdc("restart", "sennit");
  await bird.shows("10.1.0.0/16", ["BGP.as_path: 65001 65002\n"]);
  t.notMatch(
    await bird.birdc("show", "protocols", "all", "sennit"),
    /Restart recovery/,
    "nobody is waited for any more",
  );
});
