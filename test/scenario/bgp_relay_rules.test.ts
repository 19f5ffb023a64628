// Import and export policies of the configuration, as the daemons see what they do; roles and ONLY_TO_CUSTOMER.

import t from "tap";
import { addressOf, birdNode, frrNode, nodePeer, nodesRoom } from "../helpers/bgp_nodes.js";
import { FRR_BGPD, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const POLICY = [
  {
    name: "in",
    default: "reject",
    rules: [
      { if: { communities: ["65002:666"] }, then: { action: "reject" } },
      {
        if: { prefix: ["10.0.0.0/8 ge 16 le 24"] },
        then: { communities: { remove: ["65002:*"], add: ["65001:100"] }, local_pref: 300, action: "accept" },
      },
    ],
  },
  {
    name: "out",
    default: "reject",
    rules: [
      { if: { prefix: ["10.1.0.0/16"] }, then: { prepend: ["self", 2], med: 42, communities: { set: ["65001:7"] } } },
      { if: { prefix: ["10.2.2.0/24"] }, then: { action: "reject" } },
      { if: { communities: ["65001:*"] }, then: { action: "accept" } },
    ],
  },
];

t.test("policies between BIRD and FRR", async (t) => {
  if (!need.root(t) || !need.program(t, FRR_BGPD, "frr") || !need.program(t, "bird", "bird2")) return;
  const { ours } = loopbackPair(24);
  const room = await startRoom(
    t,
    nodesRoom(
      ours,
      [
        nodePeer(ours, 2, 65_002, { import: "in" }),
        nodePeer(ours, 3, 65_003, { export: "out" }),
        nodePeer(ours, 4, 65_001, { export: "all" }),
      ],
      { policy: POLICY },
    ),
  );
  const routes = [
    "10.0.0.0/8 blackhole",
    "10.1.0.0/16 blackhole { bgp_community.add((65002,5)); bgp_community.add((65009,1)); }",
    "10.2.1.0/24 blackhole { bgp_community.add((65002,5)); bgp_community.add((65009,1)); }",
    "10.2.2.0/24 blackhole",
    "10.3.3.0/25 blackhole",
    "10.6.0.0/16 blackhole { bgp_community.add((65002,666)); }",
    "192.0.2.0/24 blackhole",
  ];
  const bird = await birdNode(t, ours, 2, 65_002, { routes });
  const frr = await frrNode(t, ours, 3, 65_003);
  const inside = await birdNode(t, ours, 4, 65_001);
  for (const octet of [2, 3, 4]) await room.reaches(addressOf(ours, octet), "ESTABLISHED");

  t.match(await frr.shows("10.1.0.0/16", () => true), {
    aspath: { string: "65001 65001 65001 65002" },
    metric: 42,
    community: { string: "65001:7" },
  });
  t.match(await frr.shows("10.2.1.0/24", () => true), {
    aspath: { string: "65001 65002" },
    community: { string: "65001:100 65009:1" },
  });
  const prefixes = async () => Object.keys((await frr.json("show bgp ipv4 unicast json")).routes).sort();
  t.same(await prefixes(), ["10.1.0.0/16", "10.2.1.0/24"]);
  await inside.shows("10.2.2.0/24", ["BGP.local_pref: 300", "(65001,100)"]);
  for (const prefix of ["10.0.0.0/8", "10.3.3.0/25", "10.6.0.0/16", "192.0.2.0/24"]) {
    t.notMatch(await inside.birdc("show", "route", "all"), new RegExp(`^${prefix}`, "m"), `${prefix} is not let in`);
  }
  await bird.birdc("disable", "own");
  await until(async () => (await prefixes()).length === 0, { what: "all to go", state: prefixes });
});

t.test("ONLY_TO_CUSTOMER (RFC 9234) between peers with roles", async (t) => {
  if (!need.program(t, "bird", "bird2")) return;
  const { ours } = loopbackPair(25);
  const room = await startRoom(
    t,
    nodesRoom(ours, [
      nodePeer(ours, 2, 65_002, { export: "all", role: "customer" }),
      nodePeer(ours, 3, 65_003, { export: "all", role: "peer" }),
      nodePeer(ours, 4, 65_004, { export: "all", role: "provider" }),
      nodePeer(ours, 5, 65_005, { export: "all" }),
    ]),
  );
  const node = (octet: number, role: string, routes: string[]) =>
    birdNode(t, ours, octet, 65_000 + octet, { routes, session: role === "" ? "" : `local role ${role};` });
  const provider = await node(2, "provider", ["10.2.0.0/16 blackhole"]);
  const peer = await node(3, "peer", ["10.3.0.0/16 blackhole"]);
  const customer = await node(4, "customer", ["10.4.0.0/16 blackhole", "10.14.0.0/16 blackhole { bgp_otc = 65009; }"]);
  const other = await node(5, "", []);
  for (const octet of [2, 3, 4, 5]) await room.reaches(addressOf(ours, octet), "ESTABLISHED");

  await customer.shows("10.2.0.0/16", ["BGP.otc: 65002"]);
  await customer.shows("10.3.0.0/16", ["BGP.otc: 65003"]);
  await other.shows("10.2.0.0/16", ["BGP.otc: 65002"]);
  await provider.shows("10.4.0.0/16", ["BGP.as_path: 65001 65004\n"]);
  await peer.shows("10.4.0.0/16", ["BGP.otc: 65001"]);
  for (const [node, prefix] of [
    [provider, "10.3.0.0/16"],
    [peer, "10.2.0.0/16"],
    [provider, "10.14.0.0/16"],
    [other, "10.14.0.0/16"],
  ] as const) {
    t.equal((await node.route(prefix)).includes("BGP."), false, `${prefix} is a leak there`);
  }
  const leak = await room.bgp.lookup(addressOf(ours, 4), { sent: false, family: "ipv4", items: ["10.14.0.0/16"] });
  t.match(leak, [{ prefix: "10.14.0.0/16", attr: { 35: Number } }], "it is kept, but not used");
  const { routes } = await room.bgp.routes({
    view: "all",
    family: "ipv4",
    prefix: "10.14.0.0/16",
    cursor: "",
    limit: 9,
  });
  t.match(routes, [{ eligible: false, best: false }]);
});
