// Routes of one peer on their way to others, as BIRD and FRR show them.

import t, { type Test } from "tap";
import { addressOf, birdNode, frrNode, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { FRR_BGPD, loopbackPair, type Room, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";

const here = (t: Test) => need.root(t) && need.program(t, FRR_BGPD, "frr") && need.program(t, "bird", "bird2");

async function allUp(room: Room, ours: string, octets: readonly number[]): Promise<void> {
  for (const octet of octets) await room.reaches(addressOf(ours, octet), "ESTABLISHED");
}

t.test("an external peer's routes at external and internal peers", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(20);
  const room = await startRoom(
    t,
    nodesRoom(ours, [
      nodePeer(ours, 2, 65_002),
      nodePeer(ours, 3, 65_003, { export: "all" }),
      nodePeer(ours, 4, 65_001, { export: "all" }),
      nodePeer(ours, 5, 65_001, { export: "all", next_hop_self: true }),
    ]),
  );
  const routes = [
    "10.1.0.0/16 blackhole { bgp_community.add((65002,1)); bgp_large_community.add((65002,1,2)); }",
    "10.2.0.0/16 blackhole { bgp_community.add((65535,65281)); }",
    "10.3.0.0/16 blackhole { bgp_community.add((65535,65282)); }",
  ];
  const source = await birdNode(t, ours, 2, 65_002, { routes, out: "bgp_med = 77;" });
  const external = await frrNode(t, ours, 3, 65_003);
  const internal = await birdNode(t, ours, 4, 65_001);
  const self = await birdNode(t, ours, 5, 65_001);
  await allUp(room, ours, [2, 3, 4, 5]);

  const path = await external.shows("10.1.0.0/16", () => true);
  t.match(path, {
    aspath: { string: "65001 65002" },
    origin: "IGP",
    community: { string: "65002:1" },
    largeCommunity: { string: "65002:1:2" },
    nexthops: [{ ip: ours }],
  });
  t.notOk(path.metric, "MED is not passed on");
  const inside = await internal.shows("10.1.0.0/16", ["BGP.as_path: 65002\n", "BGP.local_pref: 100"]);
  t.match(inside, `BGP.next_hop: ${addressOf(ours, 2)}\n`);
  t.match(inside, "BGP.med: 77", "MED stays inside the AS");
  t.match(inside, "(65002,1)");
  await self.shows("10.1.0.0/16", [`BGP.next_hop: ${ours}\n`, "BGP.local_pref: 100"]);
  await internal.shows("10.2.0.0/16", ["(65535,65281)"]);
  t.same(await external.paths("10.2.0.0/16"), [], "NO_EXPORT stays inside the AS");
  t.same(await external.paths("10.3.0.0/16"), [], "NO_ADVERTISE goes nowhere");
  t.equal((await internal.route("10.3.0.0/16")).includes("BGP."), false);
  t.equal((await source.route("10.1.0.0/16")).includes("BGP.as_path"), false, "nothing goes back");

  await source.birdc("disable", "own");
  await external.lacks("10.1.0.0/16");
  await internal.shows("10.1.0.0/16", null);
  await self.shows("10.2.0.0/16", null);
  await source.birdc("enable", "own");
  await external.shows("10.1.0.0/16", () => true);
  await source.process.stop();
  await external.lacks("10.1.0.0/16");
  await internal.shows("10.1.0.0/16", null);
});

t.test("a route reflector", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(21);
  const client = { export: "all", route_reflector_client: true };
  const room = await startRoom(
    t,
    nodesRoom(ours, [
      nodePeer(ours, 2, 65_001, client),
      nodePeer(ours, 3, 65_001, client),
      nodePeer(ours, 4, 65_001, { export: "all" }),
      nodePeer(ours, 5, 65_001, { export: "all" }),
    ]),
  );
  const one = await birdNode(t, ours, 2, 65_001, { routes: ["10.1.0.0/16 blackhole { bgp_local_pref = 150; }"] });
  const two = await frrNode(t, ours, 3, 65_001);
  const other = await birdNode(t, ours, 4, 65_001, { routes: ["10.4.0.0/16 blackhole"] });
  const last = await birdNode(t, ours, 5, 65_001);
  await allUp(room, ours, [2, 3, 4, 5]);

  t.match(await two.shows("10.1.0.0/16", () => true), {
    aspath: { string: "Local" },
    locPrf: 150,
    originatorId: "10.0.0.2",
    clusterList: { list: ["10.0.0.1"] },
    nexthops: [{ ip: addressOf(ours, 2) }],
  });
  t.match(await two.shows("10.4.0.0/16", () => true), { originatorId: "10.0.0.4" });
  const reflected = ["BGP.originator_id: 10.0.0.2", "BGP.cluster_list: 10.0.0.1", "BGP.local_pref: 150"];
  await last.shows("10.1.0.0/16", reflected);
  await other.shows("10.1.0.0/16", reflected);
  await one.shows("10.4.0.0/16", ["BGP.originator_id: 10.0.0.4"]);
  t.equal((await last.route("10.4.0.0/16")).includes("BGP."), false, "not from one that is no client to another");
  await one.birdc("disable", "own");
  await two.lacks("10.1.0.0/16");
  await last.shows("10.1.0.0/16", null);
});

t.test("a route server", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(22);
  const client = { export: "all", route_server_client: true };
  const room = await startRoom(
    t,
    nodesRoom(ours, [nodePeer(ours, 2, 65_002, client), nodePeer(ours, 3, 65_003, client)]),
  );
  const bird = await birdNode(t, ours, 2, 65_002, { routes: ["10.1.0.0/16 blackhole"], out: "bgp_med = 5;" });
  const frr = await frrNode(t, ours, 3, 65_003, { networks: ["10.3.0.0/16"] });
  await allUp(room, ours, [2, 3]);
  t.match(await frr.shows("10.1.0.0/16", () => true), {
    aspath: { string: "65002" },
    metric: 5,
    nexthops: [{ ip: addressOf(ours, 2) }],
  });
  await bird.shows("10.3.0.0/16", ["BGP.as_path: 65003\n", `BGP.next_hop: ${addressOf(ours, 3)}\n`]);
});

t.test("the best path changes when a better one comes and goes", async (t) => {
  if (!here(t)) return;
  const { ours } = loopbackPair(23);
  const policy = [
    {
      name: "prefer",
      default: "accept",
      rules: [{ if: { prefix: ["10.1.0.0/16"] }, then: { local_pref: 200 } }],
    },
  ];
  const room = await startRoom(
    t,
    nodesRoom(
      ours,
      [
        nodePeer(ours, 2, 65_002),
        nodePeer(ours, 3, 65_002, { import: "prefer" }),
        nodePeer(ours, 4, 65_004, { export: "all" }),
        nodePeer(ours, 5, 65_001, { export: "all" }),
      ],
      { policy },
    ),
  );
  const routes = (who: number, path: string) => [
    `10.1.0.0/16 blackhole { bgp_community.add((65002,${who})); }`,
    `10.2.0.0/16 blackhole { bgp_community.add((65002,${who})); ${path} }`,
    `10.3.0.0/16 blackhole { bgp_community.add((65002,${who})); }`,
  ];
  const med = (value: number) => `if net = 10.3.0.0/16 then bgp_med = ${value};`;
  const first = await birdNode(t, ours, 2, 65_002, { routes: routes(2, ""), out: med(50) });
  const second = await birdNode(t, ours, 3, 65_002, {
    routes: routes(3, "bgp_path.prepend(65002);"),
    out: med(10),
  });
  const frr = await frrNode(t, ours, 4, 65_004);
  const inside = await birdNode(t, ours, 5, 65_001);
  await allUp(room, ours, [2, 3, 4, 5]);
  const best = async (...who: number[]) => {
    for (const [at, one] of who.entries()) {
      const prefix = `10.${at + 1}.0.0/16`;
      await frr.shows(prefix, (path) => path.community?.string === `65002:${one}`);
      await inside.shows(prefix, [`(65002,${one})`]);
    }
  };
  await best(3, 2, 3);
  await inside.shows("10.1.0.0/16", ["BGP.local_pref: 200"]);
  await inside.shows("10.3.0.0/16", ["BGP.med: 10", "BGP.local_pref: 100"]);
  await second.birdc("disable", "own");
  await best(2, 2, 2);
  await second.birdc("enable", "own");
  await best(3, 2, 3);
  await first.birdc("disable", "own");
  await best(3, 3, 3);
  t.equal((await frr.shows("10.2.0.0/16", () => true)).aspath.string, "65001 65002 65002");
  await first.birdc("enable", "own");
  await best(3, 2, 3);
  await second.process.stop();
  await best(2, 2, 2);
});
