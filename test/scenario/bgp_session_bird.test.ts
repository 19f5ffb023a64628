// What surrounds routes on a session with BIRD: roles, capabilities, long messages, link-local addresses.

import t from "tap";
import { tcpMd5Supported } from "../../src/system/tcp_md5.js";
import { makeCable } from "../helpers/bgp_cable.js";
import { BGP_PORT, loopbackPair, type Pair, startBird, startRoom, startRoomOf } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

/** BIRD with one neighbour. `session` goes into its protocol, `channel` into both channels, `more` beside it. */
const birdConfig = (pair: Pair, session: string, channel = "", more = "") => `router id 10.0.0.2;
ipv4 table master4;
ipv6 table master6;
protocol device {}
${more}
protocol bgp sennit {
  local ${pair.theirs} port ${BGP_PORT} as 65002;
  neighbor ${pair.ours} port ${BGP_PORT} as 65001;
  connect retry time 1; connect delay time 1; error wait time 1, 2;
  ${session}
  ipv4 { import all; export where source = RTS_STATIC; next hop self; gateway recursive; ${channel} };
  ipv6 { import all; export where source = RTS_STATIC; next hop address 2001:db8::2; gateway recursive; ${channel} };
}
`;

t.test("roles (RFC 9234)", async (t) => {
  if (!need.program(t, "bird", "bird2")) return;
  const cases = [
    ["provider", "local role customer;", "customer"],
    ["rs-client", "local role rs_server;", "rs"],
    ["provider", "local role peer;", null],
    ["peer", "", "none"],
  ] as const;
  for (const [at, [role, theirs, answer]] of cases.entries()) {
    await t.test(`${role} with ${theirs}`, async (t) => {
      const pair = loopbackPair(12 + at);
      const strict = answer === "none";
      const room = await startRoomOf(t, pair, { role, role_strict: strict });
      await startBird(t, birdConfig(pair, `strict bind on; multihop; ${theirs}`));
      if (answer !== null && !strict) {
        await room.reaches(pair.theirs, "ESTABLISHED");
        t.equal((await room.bgp.state(pair.theirs)).capability.remote["role"], answer);
        return;
      }
      const last = await until(async () => (await room.bgp.state(pair.theirs)).last_notification, {
        what: "a NOTIFICATION",
        timeoutMs: 20_000,
      });
      t.match(last, { code: 2, subcode: 11, sub_error: "Role Mismatch", ...(strict ? { direction: "sent" } : {}) });
    });
  }
});

t.test("capabilities as BIRD and we see one another", async (t) => {
  if (!need.program(t, "bird", "bird2")) return;
  const pair = loopbackPair(3);
  const room = await startRoomOf(t, pair, {
    add_path: ["ipv4_receive", "ipv6_send"],
    ext_nexthop: ["ipv4"],
    graceful_restart: true,
    restart_time: 55,
    llgr_stale_time: 66,
    role: "peer",
  });
  const session =
    "strict bind on; multihop; enable extended messages on; graceful restart on; long lived graceful restart on;" +
    " graceful restart time 44; local role peer;";
  const bird = await startBird(t, birdConfig(pair, session, "add paths on;"));
  await room.reaches(pair.theirs, "ESTABLISHED");
  const text = (await bird.birdc("show", "protocols", "all", "sennit")).replace(/\s+/g, " ");
  const seen = text.slice(text.indexOf("Neighbor capabilities"), text.indexOf("Session:"));
  for (const line of [
    "AF announced: ipv4 ipv6",
    "Route refresh",
    "Extended next hop",
    "IPv6 nexthop: ipv4",
    "Extended message",
    "Graceful restart",
    "Restart time: 55",
    "AF supported: ipv4 ipv6",
    "4-octet AS numbers",
    "ADD-PATH",
    "RX: ipv4",
    "TX: ipv6",
    "Enhanced refresh",
    "Long-lived graceful restart",
    "LL stale time: 66",
    "Role: peer",
  ]) {
    t.ok(seen.includes(line), `${line} in ${seen}`);
  }
  t.match((await room.bgp.state(pair.theirs)).capability.remote, {
    extended_messages: true,
    role: "peer",
    graceful_restart_state: { restart_time: 44 },
    LLGR: [{ afi_safi: [1, 1] }, { afi_safi: [2, 1] }],
    add_path: [
      { afi_safi: "ipv4", "send/receive": "both" },
      { afi_safi: "ipv6", "send/receive": "both" },
    ],
  });
});

t.test("messages of more than 4096 bytes, both ways (RFC 8654)", async (t) => {
  if (!need.program(t, "bird", "bird2")) return;
  const pair = loopbackPair(2);
  const add = Array.from({ length: 1_500 }, (_, i) => `bgp_community.add((${i + 1},7));`).join("\n");
  const more = `protocol static { ipv4; route 10.1.0.0/16 blackhole; }
filter many { ${add} accept; }`;
  const room = await startRoomOf(t, pair);
  const session = "strict bind on; multihop; enable extended messages on;";
  const config = birdConfig(pair, session, "", more).replace("export where source = RTS_STATIC", "export filter many");
  const bird = await startBird(t, config);
  await room.reaches(pair.theirs, "ESTABLISHED");
  const query = { sent: false, family: "ipv4", items: ["10.1.0.0/16"] };
  const route = await until(async () => (await room.bgp.lookup(pair.theirs, query))[0], { what: "the route" });
  t.equal((route.attr["8"] as string[]).length, 1_500);
  const large = Array.from({ length: 1_200 }, (_, i) => `65001:${i}:7`);
  const attr = { 1: 0, 2: [[2, [65001]]] as [number, number[]][], 3: "192.0.2.9", 32: large };
  await room.bgp.update(pair.theirs, { attr, nlri: ["172.20.1.0/24"] });
  const shown = () => bird.birdc("show", "route", "172.20.1.0/24", "all");
  await until(async () => (await shown()).includes("BGP.large_community"), { what: "our route in BIRD", state: shown });
  const seen = [...(await shown()).matchAll(/\((65001), (\d+), (7)\)/g)].map(([, ...parts]) => parts.join(":"));
  t.same(seen, large, "14,400 octets of large communities");
  t.equal((await room.bgp.state(pair.theirs)).fsm, "ESTABLISHED");
});

t.test("over a link-local IPv6 address, with a key", async (t) => {
  if (!need.program(t, "bird", "bird2") || !need.namespaces(t)) return;
  if (!need.that(t, tcpMd5Supported(), "needs a kernel with TCP MD5 signatures")) return;
  const cable = await makeCable(t);
  const pair = { ours: cable.ourLocal, theirs: cable.theirLocal };
  for (const passive of [false, true]) {
    await t.test(passive ? "BIRD dials" : "we dial", async (t) => {
      const remote = `${cable.theirLocal}%${cable.ifname}`;
      const room = await startRoom(t, {
        listen: { host: `${cable.ourLocal}%${cable.ifname}`, port: BGP_PORT },
        local_as: 65001,
        router_id: "10.0.0.1",
        peer: [
          {
            remote_addr: remote,
            remote_as: 65002,
            port: BGP_PORT,
            afi_safi: ["ipv4", "ipv6"],
            local_addr: cable.ourLocal,
            md5: "local secret",
            passive,
            connect_retry_time: 1,
            idle_hold_time: 1,
          },
        ],
      });
      const session = `interface "${cable.theirIfname}"; password "local secret"; ttl security off; ${passive ? "" : "passive on;"}`;
      const bird = await startBird(t, birdConfig(pair, session), { netns: cable.netns.name });
      await room.reaches(remote, "ESTABLISHED");
      t.equal((await room.bgp.state(remote)).remote_addr, remote);
      await bird.process.stop();
    });
  }
});
