import t from "tap";
import { BGP_PORT, loopbackPair, startBird, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair(4);

const bird = (more: string) => `router id 10.0.0.2;
ipv4 table master4;
ipv6 table master6;
protocol device {}
protocol static s4 { ipv4; route 203.0.113.0/24 blackhole; route 198.18.0.0/15 blackhole; }
protocol static s6 { ipv6; route 2001:db8:2::/48 blackhole; }
protocol bgp sennit {
  local ${pair.theirs} port ${BGP_PORT} as 4200000002;
  neighbor ${pair.ours} port ${BGP_PORT} as 4200000001;
  strict bind on;
  multihop;
  connect retry time 1; connect delay time 1; error wait time 1, 2;
  ${more}
  ipv4 { import all; export where source = RTS_STATIC; next hop self; gateway recursive; };
  ipv6 { import all; export where source = RTS_STATIC; next hop address 2001:db8::2; gateway recursive; };
}
`;

const peer = {
  remote_addr: pair.theirs,
  remote_as: 4_200_000_002,
  local_addr: pair.ours,
  port: BGP_PORT,
  afi_safi: ["ipv4", "ipv6"],
  connect_retry_time: 1,
  idle_hold_time: 1,
};
const config = {
  listen: { host: pair.ours, port: BGP_PORT },
  local_as: 4_200_000_001,
  router_id: "10.0.0.1",
  peer: [peer],
};

for (const [who, ours, theirs] of [
  ["we dial", {}, "passive on;"],
  ["BIRD dials", { passive: true }, ""],
  ["both dial", {}, ""],
] as const) {
  t.test(`BIRD: ${who}`, async (t) => {
    if (!need.program(t, "bird", "bird2")) return;
    const room = await startRoom(t, { ...config, peer: [{ ...peer, ...ours }] });
    const { birdc } = await startBird(t, bird(theirs));
    await room.reaches(pair.theirs, "ESTABLISHED");
    const lookup = async (family: string, item: string) =>
      (await room.bgp.lookup(pair.theirs, { sent: false, family, items: [item] }))[0];
    const entry = await until(() => lookup("ipv4", "203.0.113.9"), { what: "BIRD's route" });
    t.match(entry, { prefix: "203.0.113.0/24", attr: { 1: 0, 2: [[2, [4_200_000_002]]], 3: pair.theirs } });
    const six = await until(() => lookup("ipv6", "2001:db8:2::/48"), { what: "BIRD's IPv6 route" });
    t.match(six.attr["14"], { afi_safi: [2, 1], nexthop: "2001:db8::2" });

    const attr = { 1: 2, 2: [[2, [4_200_000_001]]], 3: "192.0.2.1", 4: 9, 8: ["65001:5"], 32: ["1:2:3"] };
    await room.bgp.update(pair.theirs, { attr, nlri: ["172.20.1.0/24"] });
    const seen = await until(
      async () => {
        const text = await birdc("show", "route", "172.20.1.0/24", "all");
        return text.includes("BGP.as_path") && text;
      },
      { what: "our route in BIRD" },
    );
    t.match(seen, /BGP.as_path: 4200000001\n/);
    t.match(seen, /BGP.community: \(65001,5\)/);
    t.match(seen, /BGP.large_community: \(1, 2, 3\)/);
    t.match(seen, /BGP.med: 9/);
    await birdc("reload", "out", "sennit");
    await birdc("reload", "in", "sennit");
    await until(async () => (await room.bgp.statistic(pair.theirs)).receive.RouteRefresh > 0, {
      what: "BIRD's refresh",
    });
    await birdc("disable", "s4");
    await until(async () => (await lookup("ipv4", "203.0.113.9")) === null, { what: "BIRD's withdrawal" });
    await room.bgp.update(pair.theirs, { withdraw: ["172.20.1.0/24"] });
    await until(async () => !(await birdc("show", "route")).includes("172.20.1.0/24"), { what: "our withdrawal" });
    await birdc("restart", "sennit");
    await until(async () => (await room.bgp.state(pair.theirs)).fsm !== "ESTABLISHED", {
      what: "the end of the session",
    });
    t.equal(await lookup("ipv6", "2001:db8:2::/48").catch(({ code }) => code), "BGP_PEER_STATE");
    await room.reaches(pair.theirs, "ESTABLISHED");
  });
}
