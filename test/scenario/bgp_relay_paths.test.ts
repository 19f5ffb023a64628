// Several paths of a prefix (RFC 7911), to and from BIRD and FRR.

import t, { type Test } from "tap";
import { addressOf, birdNode, frrNode, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { FRR_BGPD, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const here = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr") && need.program(t, "bird", "bird2");
const both = { add_path: ["ipv4_both"] };
const all = { export: "all", ...both };
const routes = (who: number) => [`10.1.0.0/16 blackhole { bgp_community.add((65001,${who})); }`];
/** Paths in the text of `show route`. */
const count = (text: string) => text.split("BGP.as_path").length - 1;

t.test("all paths go to BIRD and FRR, and go away one by one", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(26);
  const room = await startRoom(
    t,
    nodesRoom(ours, [
      nodePeer(ours, 2, 65_002),
      nodePeer(ours, 3, 65_003),
      nodePeer(ours, 4, 65_004, all),
      nodePeer(ours, 5, 65_005, all),
      nodePeer(ours, 6, 65_006, { export: "all" }),
    ]),
  );
  const first = await birdNode(t, ours, 2, 65_002, { routes: routes(2) });
  const second = await birdNode(t, ours, 3, 65_003, { routes: routes(3) });
  const frr = await frrNode(t, ours, 4, 65_004);
  const bird = await birdNode(t, ours, 5, 65_005, { channel: "add paths on;" });
  const plain = await birdNode(t, ours, 6, 65_006);
  for (const octet of [2, 3, 4, 5, 6]) await room.reaches(addressOf(ours, octet), "ESTABLISHED");
  const communities = async () =>
    (await frr.paths("10.1.0.0/16"))
      .map((path) => path.community?.string)
      .sort()
      .join(" ");
  const become = async (seen: string, paths: number) => {
    await until(async () => (await communities()) === seen, { what: `${seen} in FRR`, state: communities });
    await until(async () => count(await bird.route("10.1.0.0/16")) === paths, {
      what: `${paths} paths in BIRD`,
      state: () => bird.route("10.1.0.0/16"),
    });
  };
  await become("65001:2 65001:3", 2);
  t.equal(count(await plain.route("10.1.0.0/16")), 1, "one path without ADD-PATH");
  await second.birdc("disable", "own");
  await become("65001:2", 1);
  await second.birdc("enable", "own");
  await become("65001:2 65001:3", 2);
  await first.process.stop();
  await become("65001:3", 1);
});

t.test("several paths from BIRD and FRR are kept", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(27);
  const room = await startRoom(
    t,
    nodesRoom(ours, [nodePeer(ours, 2, 65_002, { export: "all", ...both }), nodePeer(ours, 5, 65_005, both)]),
  );
  // What comes of our ADD-PATH neighbour: it has two ways to the prefix, by its own statics of different preference.
  const more = `protocol static spare { ipv4 { preference 150; }; route 10.1.0.0/16 unreachable; }`;
  const bird = await birdNode(t, ours, 2, 65_002, { routes: routes(2), more, channel: "add paths on;" });
  await room.reaches(addressOf(ours, 2), "ESTABLISHED");
  const query = { view: "in" as const, address: addressOf(ours, 2), family: "ipv4", cursor: "", limit: 10 };
  const kept = async () => (await room.bgp.routes(query)).routes;
  await until(async () => (await kept()).length === 2, { what: "two paths", state: kept });
  const ids = (await kept()).map((row) => row.path_id);
  t.equal(new Set(ids).size, 2);
  t.ok(ids.every((id) => typeof id === "number"));
  const shown = (await room.rest("GET", "/v1/rib?afi_safi=ipv4")).json();
  t.ok(JSON.stringify(shown).includes("path_id"), "GET /v1/rib tells them apart");
  await bird.birdc("disable", "spare");
  await until(async () => (await kept()).length === 1, { what: "one path", state: kept });

  const lines = ["bgp bestpath as-path multipath-relax"];
  const frr = await frrNode(t, ours, 5, 65_005, {
    networks: ["10.9.0.0/16"],
    lines,
    family: [`neighbor ${ours} addpath-tx-all-paths`],
  });
  await room.reaches(addressOf(ours, 5), "ESTABLISHED");
  const fromFrr = async () => (await room.bgp.routes({ ...query, address: addressOf(ours, 5) })).routes;
  await until(async () => (await fromFrr()).length === 1, { what: "FRR's path", state: fromFrr });
  t.match(await fromFrr(), [{ nlri: "10.9.0.0/16", path_id: Number }]);
  await frr.process.stop();
});
