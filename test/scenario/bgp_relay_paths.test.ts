// Several paths of a prefix (RFC 7911), to and from BIRD and FRR.

import t, { type Test } from "tap";
import { addressOf, birdNode, frrNode, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { BGP_PORT, FRR_BGPD, loopbackPair, startBird, startRoom } from "../helpers/bgp_peers.js";
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
  const ids = (await room.rest("GET", `/v1/peer/${addressOf(ours, 4)}/adj-rib-out`)).json().routes;
  const received = (await frr.vtysh("show bgp ipv4 unicast 10.1.0.0/16")).matchAll(/AddPath ID: RX (\d+)/g);
  t.same(
    [...received].map(([, id]) => Number(id)).sort(),
    ids.map(({ path_id }: { path_id: number }) => path_id).sort(),
    "FRR shows the identifiers that REST shows",
  );
  t.equal(count(await plain.route("10.1.0.0/16")), 1, "one path without ADD-PATH");
  await second.birdc("disable", "own");
  await become("65001:2", 1);
  await second.birdc("enable", "own");
  await become("65001:2 65001:3", 2);
  await first.process.stop();
  await become("65001:3", 1);
});

t.test("several paths from BIRD are kept", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(27);
  const room = await startRoom(t, nodesRoom(ours, [nodePeer(ours, 2, 65_002, { export: "all", ...both })]));
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
});

/** BIRD at an octet that feeds a prefix to FRR, with a community of its own. */
const feeder = (ours: string, to: string, octet: number) => `router id 10.0.0.${octet};
ipv4 table master4;
protocol device {}
protocol static { ipv4; route 10.1.0.0/16 blackhole; }
protocol bgp feed {
  local ${addressOf(ours, octet)} port ${BGP_PORT} as ${65_000 + octet};
  neighbor ${to} port ${BGP_PORT} as 65005;
  strict bind on; multihop; connect delay time 1; error wait time 1, 2;
  ipv4 { import none; next hop self; export filter { bgp_community.add((65001,${octet})); accept; }; };
}
`;

t.test("three paths of a prefix from FRR, by their identifiers", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(36);
  const at = addressOf(ours, 5);
  const room = await startRoom(t, nodesRoom(ours, [nodePeer(ours, 5, 65_005, both)]));
  const octets = [2, 3];
  const frr = await frrNode(t, ours, 5, 65_005, {
    networks: ["10.1.0.0/16", "10.9.0.0/16"],
    lines: octets.flatMap((octet) => [
      `neighbor ${addressOf(ours, octet)} remote-as ${65_000 + octet}`,
      `neighbor ${addressOf(ours, octet)} disable-connected-check`,
      `neighbor ${addressOf(ours, octet)} passive`,
    ]),
    family: [
      `neighbor ${ours} addpath-tx-all-paths`,
      ...octets.map((octet) => `neighbor ${addressOf(ours, octet)} activate`),
    ],
  });
  const [, bird] = await Promise.all(octets.map((octet) => startBird(t, feeder(ours, at, octet))));
  await room.reaches(at, "ESTABLISHED");
  type Shown = { path_id: number; prefix: string; attr: Record<string, unknown> };
  const shown = async (path: string) =>
    ((await room.rest("GET", path)).json().routes as Shown[]).filter(({ prefix }) => prefix === "10.1.0.0/16");
  const ways = (routes: readonly Shown[]) => routes.map(({ attr }) => JSON.stringify([attr["2"], attr["8"]])).sort();
  const way = (path: readonly number[], communities?: readonly string[]) => JSON.stringify([[[2, path]], communities]);
  const third = way([65_005, 65_003], ["65001:3"]);
  const all = [way([65_005, 65_002], ["65001:2"]), third, way([65_005])];
  const adjIn = `/v1/peer/${at}/adj-rib-in`;
  const become = (expected: readonly string[]) =>
    until(async () => String(ways(await shown(adjIn))) === String([...expected].sort()), {
      what: `${expected.length} paths from FRR`,
      state: async () => [await shown(adjIn), await frr.vtysh("show bgp summary", "show bgp ipv4 unicast")],
    });
  await become(all);
  // FRR says which identifier it gives to which path.
  const given = (await frr.vtysh("show bgp ipv4 unicast 10.1.0.0/16")).matchAll(/TX-All (\d+)/g);
  const ids = (routes: readonly Shown[]) => routes.map(({ path_id }) => path_id).sort((a, b) => a - b);
  t.same(
    ids(await shown(adjIn)),
    [...given].map(([, id]) => Number(id)).sort((a, b) => a - b),
  );
  t.equal(new Set(ids(await shown(adjIn))).size, 3);
  t.same(ways(await shown("/v1/rib?view=all")), [...all].sort(), "GET /v1/rib has them, too");
  const kept = (await shown(adjIn)).filter((route) => ways([route])[0] !== third);
  await bird?.birdc("disable", "feed");
  await become(all.filter((one) => one !== third));
  t.same(ids(await shown(adjIn)), ids(kept), "the others keep theirs");
  await bird?.birdc("enable", "feed");
  await become(all);
});
