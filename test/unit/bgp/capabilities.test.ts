import t from "tap";
import { announcedCapabilities, localJson, negotiate, PLAIN_OPEN, remoteJson } from "../../../src/bgp/capabilities.js";
import { bodyFault, parsePeer } from "../../../src/bgp/config.js";
import { PeerMemory } from "../../../src/bgp/memory.js";
import { openFault } from "../../../src/bgp/open_check.js";
import { BgpModule } from "../../../src/wasm/bgp.js";
import type { OpenMessage } from "../../../src/wasm/bgp_types.js";

const module = new BgpModule();
const peer = (more: Record<string, unknown> = {}) =>
  parsePeer(
    { remote_addr: "10.0.0.2", remote_as: 65002, afi_safi: ["ipv4", "ipv6"], ...more },
    { path: "", localAs: 65001, fault: bodyFault },
  );

/** The OPEN that a speaker with a configuration sends, as its peer reads it. */
function openOf(more: Record<string, unknown>, context = PLAIN_OPEN): OpenMessage {
  const config = peer({ remote_as: 65001, local_as: 65002, ...more });
  const bytes = module.encodeOpen(
    config.local_as,
    config.hold_time,
    0x0a000002,
    announcedCapabilities(config, context),
  );
  const open = module.decodeOpen(bytes);
  if (!open) throw new Error("not an OPEN");
  return open;
}

const bare = (...capabilities: [number, number[]][]): OpenMessage => ({
  version: 4,
  as: 65002,
  holdTime: 90,
  identifier: 0x0a000002,
  capabilities: capabilities.map(([code, value]) => ({ code, value: Uint8Array.from(value) })),
});

t.test("what is announced by default, in yabgp's order", async (t) => {
  const codes = (more: Record<string, unknown>) => openOf(more).capabilities.map(({ code }) => code);
  t.same(codes({}), [1, 1, 128, 2, 65, 70, 6, 64]);
  const off = {
    route_refresh: false,
    cisco_route_refresh: false,
    enhanced_route_refresh: false,
    four_bytes_as: false,
    extended_messages: false,
    graceful_restart: false,
  };
  t.same(codes(off), [1, 1]);
  t.same(codes({ ...off, local_as: 4_200_000_000 }), [1, 1, 65], "an AS number that needs it");
  t.same(codes({ ...off, llgr_stale_time: 9 }), [1, 1], "never long-lived without graceful restart");
  const all = { add_path: ["ipv4_both"], ext_nexthop: ["ipv4"], role: "peer", llgr_stale_time: 9 };
  t.same(codes(all), [1, 1, 128, 2, 65, 5, 69, 70, 6, 9, 64, 71]);
});

t.test("values, byte for byte", async (t) => {
  const value = (more: Record<string, unknown>, code: number, context = PLAIN_OPEN) =>
    Buffer.from(openOf(more, context).capabilities.find((row) => row.code === code)?.value ?? []).toString("hex");
  t.equal(value({ add_path: ["ipv4_send", "ipv6_receive"] }, 69), "0001010200020101");
  t.equal(value({ ext_nexthop: ["ipv4"] }, 5), "000100010002");
  t.equal(value({ role: "customer" }, 9), "03");
  t.equal(value({}, 64), "4000", "a helper: the N bit and nothing else");
  t.equal(value({ graceful_restart: true, restart_time: 300 }, 64), "412c0001010000020100");
  const restarted = { ...PLAIN_OPEN, restarting: true, forwarding: [1] };
  t.equal(value({ graceful_restart: true, restart_time: 300 }, 64, restarted), "c12c0001010000020180");
  t.equal(
    value({ graceful_restart: true, llgr_stale_time: 86_400 }, 71, restarted),
    "00010100015180" + "00020180015180",
  );
});

t.test("JSON of our own", async (t) => {
  t.same(localJson(peer()), {
    four_bytes_as: true,
    route_refresh: true,
    cisco_route_refresh: true,
    enhanced_route_refresh: true,
    graceful_restart: true,
    cisco_multi_session: false,
    extended_messages: true,
    add_path: null,
    afi_safi: [
      [1, 1],
      [2, 1],
    ],
  });
  t.match(localJson(peer({ add_path: "ipv4_send", ext_nexthop: ["ipv4"], role: "rs", graceful_restart: false })), {
    add_path: "ipv4_send",
    ext_nexthop: [{ afi_safi: [1, 1], nexthop_afi: 2 }],
    role: "rs",
    graceful_restart: false,
  });
  t.same(localJson(peer({ add_path: ["ipv4_both", "ipv6_send"] }))["add_path"], ["ipv4_both", "ipv6_send"]);
});

t.test("JSON of the peer's, as yabgp's and more", async (t) => {
  const frr = bare(
    [1, [0, 1, 0, 1]],
    [1, [0, 2, 0, 1]],
    [6, []],
    [73, [3, 102, 114, 114, 0]],
    [69, [0, 1, 1, 1, 0, 2, 1, 3, 0, 99, 1, 2]],
    [64, [0xc0, 120, 0, 1, 1, 0x80]],
    [71, [0, 1, 1, 0, 0, 0, 0]],
    [9, [4]],
    [5, [0, 1, 0, 1, 0, 2]],
    [200, [39, 92]],
  );
  t.same(remoteJson(frr), {
    afi_safi: [
      [1, 1],
      [2, 1],
    ],
    extended_messages: true,
    "6": "b''",
    fqdn: { hostname: "frr", domain: "" },
    "73": "b'\\x03frr\\x00'",
    add_path: [
      { afi_safi: "ipv4", "send/receive": "receive" },
      { afi_safi: "ipv6", "send/receive": "both" },
      { afi_safi: "99/1", "send/receive": "send" },
    ],
    graceful_restart: true,
    graceful_restart_state: {
      restarting: true,
      notification: true,
      restart_time: 120,
      families: [{ afi_safi: [1, 1], forwarding: true }],
    },
    LLGR: [{ afi_safi: [1, 1], time: 0 }],
    role: "peer",
    "9": "b'\\x04'",
    ext_nexthop: [{ afi_safi: [1, 1], nexthop_afi: 2 }],
    "200": "b'\\'\\\\'",
  });
  const broken = remoteJson(bare([1, [0]], [69, [1, 2, 3]], [71, [9]], [5, [1]], [9, []], [73, [9, 1]]));
  t.same(Object.keys(broken), ["1", "5", "9", "69", "71", "73"], "malformed ones by their bytes");
});

t.test("what both allow", async (t) => {
  const of = (ours: Record<string, unknown>, theirs: Record<string, unknown>) => negotiate(peer(ours), openOf(theirs));
  t.match(of({}, {}), {
    families: [{ rib: 0 }, { rib: 1 }],
    fourOctetAs: true,
    addPathIn: [],
    addPathOut: [],
    extendedMessages: true,
    extendedNextHop: [],
    refreshType: 5,
    enhancedRefresh: true,
    gracefulRestart: { restartTime: 0, families: [], notification: true, restarting: false },
    llgr: [],
    holdTime: 180,
  });
  t.match(of({ four_bytes_as: false }, {}), { fourOctetAs: false });
  t.match(of({}, { extended_messages: false, enhanced_route_refresh: false, route_refresh: false, hold_time: 9 }), {
    extendedMessages: false,
    enhancedRefresh: false,
    refreshType: 128,
    holdTime: 9,
  });
  t.match(of({}, { route_refresh: false, cisco_route_refresh: false }), { refreshType: 0 });
  const paths = of({ add_path: ["ipv4_both", "ipv6_receive"] }, { add_path: ["ipv4_send", "ipv6_both"] });
  t.match(paths, { addPathIn: [0, 1], addPathOut: [] });
  t.match(of({ add_path: ["ipv4_send"] }, { add_path: ["ipv4_send"] }), { addPathIn: [], addPathOut: [] });
  t.match(of({ add_path: ["ipv6_both"] }, { add_path: ["ipv6_receive"] }), { addPathIn: [], addPathOut: [1] });
  t.match(of({ ext_nexthop: ["ipv4"] }, { ext_nexthop: ["ipv4"] }), { extendedNextHop: [0] });
  t.match(of({ ext_nexthop: ["ipv4"] }, {}), { extendedNextHop: [] });
  const graceful = { graceful_restart: true, restart_time: 77, llgr_stale_time: 500 };
  t.match(of({ llgr_stale_time: 300 }, graceful), {
    gracefulRestart: { restartTime: 77, families: [{ family: 0, forwarding: false }, { family: 1 }] },
    llgr: [{ family: 0, staleTime: 300 }, { family: 1 }],
  });
  t.match(of({}, graceful), { llgr: [] }, "not where it is off here");
  t.match(of({ graceful_restart: false }, graceful), { gracefulRestart: null, llgr: [] });
  t.match(of({ role: "customer" }, { role: "provider" }), { role: "customer", theirRole: "provider" });
  t.same(
    negotiate(peer(), bare()).families.map(({ rib }) => rib),
    [0],
    "no capability at all: IPv4 unicast",
  );
  t.same(
    negotiate(peer(), bare([1, [0, 2, 0, 1]])).families.map(({ rib }) => rib),
    [1],
  );
});

t.test("what an OPEN is refused for", async (t) => {
  const refused = (
    ours: Record<string, unknown>,
    open: OpenMessage,
    accepts: ((as: number) => boolean) | null = null,
  ) => openFault(peer(ours), open, negotiate(peer(ours), open), 0x0a000001, accepts)?.content.notify.toString(16);
  t.equal(refused({}, openOf({})), undefined);
  t.equal(refused({ remote_as: 65003 }, openOf({})), "202");
  t.equal(
    refused({ remote_as: 65003 }, openOf({}), (as) => as === 65002),
    undefined,
    "a dynamic neighbour",
  );
  t.equal(
    refused({}, openOf({}), () => false),
    "202",
  );
  t.equal(refused({ local_as: 65002 }, { ...openOf({}), identifier: 0x0a000001 }), "203");
  t.equal(refused({ afi_safi: ["ipv6"] }, openOf({ afi_safi: ["ipv4"] })), "207", "no family in common");
  const role = (ours: string, theirs: number[][], strict = false) =>
    refused({ role: ours, role_strict: strict }, bare(...theirs.map((value): [number, number[]] => [9, value])));
  // RFC 9234 §4.2, table 2: provider 0, rs 1, rs-client 2, customer 3, peer 4.
  const pairs: [string, number][] = [
    ["provider", 3],
    ["customer", 0],
    ["rs", 2],
    ["rs-client", 1],
    ["peer", 4],
  ];
  for (const [ours, good] of pairs) {
    for (const theirs of [0, 1, 2, 3, 4, 5]) {
      t.equal(role(ours, [[theirs]]), theirs === good ? undefined : "20b", `${ours} with ${theirs}`);
    }
  }
  t.equal(role("peer", []), undefined, "none is fine");
  t.equal(role("peer", [], true), "20b", "but not when roles are a must");
  t.equal(role("peer", [[4], [4]]), undefined);
  t.equal(role("peer", [[4], [3]]), "20b", "two that differ");
});

t.test("speakers that take no capabilities (RFC 5492)", async (t) => {
  const codes = (memory: PeerMemory) =>
    openOf({ role: "peer" }, { ...PLAIN_OPEN, withheld: memory.withheld }).capabilities.map(({ code }) => code);
  const told = (notify: number, data: number[] = [], toOpen = true) => {
    const memory = new PeerMemory();
    memory.received({ notify, data: Uint8Array.from(data) }, toOpen);
    return memory;
  };
  const everything = codes(new PeerMemory());
  t.same(codes(told(0x0204)), [], "2/4: none at all");
  t.same(codes(told(0x0207, [70, 0, 9, 1, 4])), [1, 1, 128, 2, 65, 6, 64], "2/7: those that it names");
  t.same(codes(told(0x0207)), [1, 1, 65], "2/7 without names: the optional ones");
  t.same(codes(told(0x0207, [1, 4, 0, 1, 0, 1])), everything, "families are not optional");
  t.same(codes(told(0x0206)), everything);
  t.same(codes(told(0x0204, [], false)), everything, "no answer to an OPEN");
  const memory = told(0x0204);
  t.match(negotiate(peer(), bare([65, [0, 0, 0xfd, 0xea]], [70, []], [6, []]), memory.withheld), {
    families: [{ rib: 0 }],
    fourOctetAs: false,
    enhancedRefresh: false,
    extendedMessages: false,
  });
  memory.forget();
  t.same(codes(memory), everything);
});
