// The looking glass beside what OpenBGPD itself prints: the same keys with the same kinds of values, and bgplgd's query.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { covering } from "../../../src/api/looking_glass/rib.js";
import { communityMatches, pathText, timeText } from "../../../src/api/looking_glass/values.js";
import { TOP } from "../../helpers/appliance.js";
import { route, startFakeBgp } from "../../helpers/fake_bgp.js";

const vector = JSON.parse(readFileSync(join(TOP, "test/vectors/bgp/openbgpd_lg.json"), "utf8"));
const PEER = "127.201.7.2";
const peers = [
  {
    address: PEER,
    remoteAs: 65_011,
    description: "peer two",
    figures: {
      remoteId: "10.9.9.8",
      changedSeconds: 62,
      localPort: 17_901,
      remotePort: 4_000,
      holdSeconds: 90,
      keepaliveSeconds: 30,
      routes: [{ family: "ipv4", received: 2, accepted: 2, advertised: 1 }],
    },
  },
  { address: "192.0.2.3", remoteAs: 65_001, fsm: "IDLE" as const },
];
const now = () => Math.floor(Date.now() / 1000);
const attr = { 1: 0, 2: [[2, [65_011]]], 3: PEER, 4: 20, 8: ["65011:77"], 16: ["route-target:65011:5"] };
const first = route("192.0.2.0/24", PEER, {
  attr: { ...attr, 32: ["65011:1:2"] },
  origin_validation: "valid",
  received: now() - 8,
});
const rows = [
  first,
  route("198.51.100.0/24", PEER, {
    best: false,
    attr: {
      1: 2,
      2: [
        [2, [65_011, 65_012]],
        [1, [1, 2]],
      ],
      3: PEER,
    },
  }),
  route("203.0.113.0/24", "", { attr: { 1: 0, 2: [], 3: "0.0.0.0" } }),
];

/** All paths of keys with the kind of what is there: "stats.prefixes.sent number". */
function shape(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => shape(one, `${path}[]`));
  if (typeof value !== "object" || value === null) return [`${path} ${typeof value}`];
  return Object.entries(value).flatMap(([key, one]) => shape(one, `${path}.${key}`));
}

t.test("what is said has OpenBGPD's names and kinds", async (t) => {
  const bgp = await startFakeBgp(t, { peers, rows });
  const strange = (ours: unknown, theirs: unknown) => shape(ours).filter((line) => !shape(theirs).includes(line));
  const { neighbors } = (await bgp.get(`/neighbors?neighbor=${PEER}`)).json();
  t.equal(neighbors.length, 1);
  t.same(strange(neighbors, vector.neighbor.neighbors), []);
  const summary = (await bgp.get("/summary")).json();
  t.same(strange(summary, vector.summary), []);
  t.same(shape(summary.neighbors[0]), shape(vector.summary.neighbors[0]), "the summary is whole");
  t.same(summary.neighbors[0], { ...vector.summary.neighbors[0] });
  const rib = (await bgp.get("/rib?af=ipv4")).json();
  t.same(strange(rib, vector.rib), []);
  const theirs = vector.rib.rib[0];
  // What OpenBGPD finds out about the next hop and its own timers is not ours to tell.
  const { dmetric: _, true_nexthop: __, ...told } = theirs;
  const { true_nexthop: hop, ...ours } = rib.rib[0];
  t.equal(hop, PEER);
  t.match(ours, { ...told, last_update: String, last_update_sec: Number });
  t.match(rib.rib[1], { origin: "incomplete", aspath: "65011 65012 { 1 2 }", localpref: 100, metric: 0 });
  t.notOk("best" in rib.rib[1]);
  t.match(rib.rib[2], { source: "internal", announced: true, neighbor: { description: "LOCAL" } });
});

t.test("what readers take for granted", async (t) => {
  const bgp = await startFakeBgp(t, { peers, rows });
  const { neighbors } = (await bgp.get("/neighbors")).json();
  for (const neighbor of neighbors) {
    t.type(neighbor.remote_as, "string");
    t.type(neighbor.stats.prefixes.received, "number");
    t.type(neighbor.stats.prefixes.sent, "number");
    t.type(neighbor.last_updown, "string");
  }
  t.match(neighbors[1], { state: "Idle", last_updown: "Never", bgpid: "0.0.0.0" });
  t.notOk(neighbors[1].session, "no session, no word of it");
  for (const row of (await bgp.get("/rib")).json().rib) t.type(row.localpref, "number");
});

t.test("memory, caches and sets as OpenBGPD says them; what there is nothing of is an empty list", async (t) => {
  const cache = {
    ...{
      host: "127.0.0.1",
      port: 40_197,
      preference: 1,
      state: "READY" as const,
      version: 1,
      session: 17_734,
      serial: 0,
    },
    ...{ data: true, used: true, updated: now() - 62, intervals: { refresh: 3_600, retry: 600, expire: 7_200 } },
    ...{ vrps: { ipv4: 1, ipv6: 1 }, connections: 1, reportsSent: 0, reportsReceived: 0, lastError: "" },
  };
  const away = { ...cache, host: "cache.example", state: "IDLE" as const, session: null, serial: null, used: false };
  const rpki = { caches: [cache, away], vrps: { ipv4: 1, ipv6: 1 }, changes: 1 };
  const memory = { heldBytes: 936, sets: 2, totalBytes: 4_096 };
  const bgp = await startFakeBgp(t, { peers, room: { rpki, memory } });
  const get = async (path: string) => (await bgp.get(path)).json();
  for (const path of ["memory", "rtr", "sets"]) {
    const known = shape(vector[path]);
    t.same(
      shape(await get(`/${path}`)).filter((line) => !known.includes(line)),
      [],
      path,
    );
  }
  t.match(await get("/memory"), {
    memory: { prefix: { count: 9 }, rde_aspath: { count: 2 }, total: { size: 936 } },
    sets: {},
  });
  const [{ descr: _, timers: __, ...theirs }] = vector.rtr.rtrs;
  const [first, second] = (await get("/lg/rtr")).rtrs;
  t.same(first, { ...theirs, timers: [] });
  t.match(second, { remote_addr: "cache.example" });
  t.notOk("session_id" in second);
  const [set] = vector.sets.sets;
  t.same((await get("/sets")).sets, [{ ...set, last_change: "00:01:02", last_change_sec: 62 }]);
  t.same(Object.keys(await get("/nexthops")), Object.keys(vector.nexthops));
  t.same(await get("/nexthops"), { nexthops: [] });
  t.same(await get("/interfaces"), { interfaces: [] });
  t.equal((await bgp.get("/sets?name=x")).status, 400);
  const plain = await startFakeBgp(t, { peers });
  t.same([(await plain.get("/rtr")).json(), (await plain.get("/sets")).json()], [{ rtrs: [] }, { sets: [] }]);
});

t.test("bgplgd's query", async (t) => {
  const bgp = await startFakeBgp(t, { peers, rows });
  const prefixes = async (query: string) => [
    ...new Set((await bgp.get(`/lg/rib?af=ipv4&${query}`)).json().rib.map((row: { prefix: string }) => row.prefix)),
  ];
  t.same(await prefixes("community=65011:77"), ["192.0.2.0/24"]);
  t.same(await prefixes("community=*:77"), ["192.0.2.0/24"]);
  t.same(await prefixes("community=65011:78"), []);
  t.same(await prefixes(`ext-community=${encodeURIComponent("rt 65011:5")}`), ["192.0.2.0/24"]);
  t.same(await prefixes("large-community=65011:1:*"), ["192.0.2.0/24"]);
  t.same(await prefixes("ovs=valid"), ["192.0.2.0/24"]);
  t.same(await prefixes("as=65011"), ["192.0.2.0/24"], "the origin, and none for a set");
  t.same(await prefixes("error=1"), []);
  bgp.queries.length = 0;
  const asked = async (path: string) => {
    t.equal((await bgp.get(path)).status, 200, path);
    return bgp.queries.splice(0).map(({ cursor: _, limit: __, ...query }) => query);
  };
  t.same(
    (await asked("/rib")).map(({ view, family }) => `${view} ${family}`),
    ["all ipv4", "all ipv6", "all vpnv4", "all vpnv6"],
  );
  t.same(await asked(`/rib?neighbor=${PEER}&best=1&af=ipv6`), [{ view: "best", family: "ipv6", address: PEER }]);
  t.same(await asked(`/rib?neighbor=${encodeURIComponent("peer two")}&af=ipv4`), [
    { view: "all", family: "ipv4", address: PEER },
  ]);
  t.same(await asked("/rib?neighbor=192.0.2.99"), [], "no such neighbour, no routes");
  t.same(await asked(`/rib/in?neighbor=${PEER}&af=ipv4`), [{ view: "in", family: "ipv4", address: PEER }]);
  t.same(
    (await asked("/rib/out?af=ipv4")).map(({ address }) => address),
    [PEER, "192.0.2.3"],
  );
  t.same(await asked("/rib?prefix=10.0.0.0/8&all=1"), [
    { view: "all", family: "ipv4", prefix: "10.0.0.0/8", longer: true },
  ]);
  t.same(
    (await asked("/rib?prefix=192.0.2.0/2&or-shorter=1")).map(({ prefix }) => prefix),
    ["192.0.0.0/2", "128.0.0.0/1", "0.0.0.0/0"],
  );
  t.equal((await asked("/rib?prefix=2001:db8::1"))[0]?.family, "ipv6");
  for (const query of ["af=ipv5", "ovs=maybe", "as=x", "prefix=x", "group=x", "rib=x", "best=2"]) {
    t.equal((await bgp.get(`/rib?${query}`)).status, 400, query);
  }
});

t.test("who may look", async (t) => {
  const basic = await startFakeBgp(t, { peers });
  for (const path of ["/neighbors", "/summary", "/rib", "/rib/in", "/lg/neighbors", "/lg/rib", "/memory", "/lg/sets"]) {
    const refused = await basic.get(path, { auth: false });
    t.equal(refused.status, 401, path);
    t.match(refused.headers["www-authenticate"], /^Basic/);
    t.equal((await basic.get(path)).status, 200, path);
  }
  t.equal((await basic.get("/lg/nothing")).status, 404);
  const open = await startFakeBgp(t, { peers, mode: "open" });
  t.equal((await open.get("/neighbors", { auth: false })).status, 200);
  t.equal((await open.get("/v1/peers", { auth: false })).status, 401, "nothing else is open");
  const off = await startFakeBgp(t, { peers, mode: "off" });
  t.not((await off.get("/neighbors")).status, 200);
});

t.test("a table larger than what one answer looks through says so", async (t) => {
  const many = Array.from({ length: 500 }, () => first);
  const bgp = await startFakeBgp(t, { peers, routes: () => ({ routes: many, cursor: "1" }) });
  const { rib, truncated } = (await bgp.get("/rib?af=ipv4&community=none:1")).json();
  t.same([rib, truncated], [[], true]);
});

t.test("times, paths, covering prefixes", async (t) => {
  for (const [seconds, text] of [
    [null, "Never"],
    [8, "00:00:08"],
    [3_725, "01:02:05"],
    [93_784, "1d02h03m"],
    [662_400, "01w0d16h"],
  ] as const) {
    t.equal(timeText(seconds), text);
  }
  t.equal(
    pathText([
      [3, [1]],
      [2, [2, 3]],
      [4, [4]],
    ]),
    "( 1 ) 2 3 [ 4 ]",
  );
  t.equal(pathText([]), "");
  t.same(covering("2001:db8::/1"), ["::/1", "::/0"]);
  t.equal(communityMatches("no_export", "NO_EXPORT"), true);
  t.equal(communityMatches("1:2", "1:2:3"), false);
});
