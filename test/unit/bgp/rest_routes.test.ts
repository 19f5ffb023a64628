// Routes by GET and the event socket: pages, cursors, filters, and what is refused.

import t from "tap";
import { LIMITS } from "../../../src/base/limits.js";
import { FAKE_AUTH, route, startFakeBgp } from "../../helpers/fake_bgp.js";
import { until } from "../../helpers/wait.js";
import { openSocket } from "../../helpers/ws_client.js";

const PEER = "192.0.2.2";
const peers = [{ address: PEER, remoteAs: 65_011 }];
const rows = Array.from({ length: 2_500 }, (_, i) => route(`10.${i >> 8}.${i & 255}.0/24`, PEER));

t.test("pages and cursors", async (t) => {
  const bgp = await startFakeBgp(t, { peers, rows });
  const first = (await bgp.get("/v1/rib")).json();
  t.equal(first.status, true);
  t.equal(first.routes.length, 1_000, "the default limit");
  t.same(first.routes[0], {
    prefix: "10.0.0.0/24",
    peer: PEER,
    attr: { 1: 0, 2: [[2, [65_011]]], 3: "192.0.2.2" },
    best: true,
    eligible: true,
    stale: false,
    received: 0,
  });
  t.same(bgp.queries[0], { view: "best", family: "ipv4", cursor: "", limit: LIMITS.bgpRoutesPerCall });
  t.equal(bgp.queries.length, 10, "several bounded answers of the worker make a page");
  const seen = [...first.routes];
  for (let { cursor } = first; cursor !== null; ) {
    const page = (await bgp.get(`/v1/rib?limit=700&cursor=${encodeURIComponent(cursor)}`)).json();
    seen.push(...page.routes);
    cursor = page.cursor;
  }
  t.same(
    seen.map((row) => row.prefix),
    rows.map((row) => row.nlri),
    "each route once, in order",
  );
  t.equal((await bgp.get("/v1/rib?limit=10000")).json().routes.length, 2_500);
  t.equal((await bgp.get("/v1/rib?limit=1")).json().routes.length, 1);
});

t.test("the forms of a route, and an empty table", async (t) => {
  const nlri = { rd: "1:1", prefix: "10.0.0.0/8", label: [3] };
  const odd = [route(nlri, "", { origin_validation: "valid", path_id: 7, best: false })];
  const bgp = await startFakeBgp(t, { peers, rows: odd });
  const { routes } = (await bgp.get("/v1/rib?view=all&afi_safi=vpnv4")).json();
  t.match(routes[0], { nlri, peer: "", origin_validation: "valid", path_id: 7, best: false });
  t.notOk("prefix" in routes[0]);
  const none = await startFakeBgp(t, { peers });
  t.same((await none.get("/v1/rib")).json(), { routes: [], cursor: null, status: true });
});

t.test("what the query says reaches the room", async (t) => {
  const bgp = await startFakeBgp(t, { peers });
  for (const path of [
    `/v1/peer/${PEER}/adj-rib-in?afi_safi=ipv6&prefix=2001:db8::/32&longer=1`,
    `/v1/peer/${PEER}/adj-rib-out?limit=5&cursor=abc`,
    `/v1/rib?view=all&peer=${PEER}&prefix=10.0.0.1`,
  ]) {
    t.equal((await bgp.get(path)).status, 200, path);
  }
  const limit = LIMITS.bgpRoutesPerCall;
  t.same(bgp.queries, [
    { view: "in", address: PEER, family: "ipv6", prefix: "2001:db8::/32", longer: true, cursor: "", limit },
    { view: "out", address: PEER, family: "ipv4", cursor: "abc", limit: 5 },
    { view: "all", address: PEER, family: "ipv4", prefix: "10.0.0.1", longer: false, cursor: "", limit },
  ]);
});

t.test("a filter that matches nothing in a large table ends with a cursor", async (t) => {
  const routes = ({ cursor }: { cursor: string }) => ({ routes: [], cursor: `${Number(cursor) + 1}` });
  const bgp = await startFakeBgp(t, { peers, routes });
  const page = (await bgp.get("/v1/rib")).json();
  t.same(page.routes, []);
  t.ok(Number(page.cursor) > 10, "what was looked at is not looked at again");
});

t.test("bad values are told with what is allowed", async (t) => {
  const bgp = await startFakeBgp(t, { peers });
  for (const [query, code] of [
    ["limit=0", "limit: 0 is not valid; allowed: a whole number from 1 to 10000"],
    ["limit=10001", /^limit: /],
    ["limit=ten", /^limit: /],
    ["afi_safi=ipv5", /^afi_safi: ipv5 is not valid; allowed: ipv4, ipv6, /],
    ["prefix=nonsense", /^prefix: /],
    ["longer=1", /^longer: .*only together with prefix/],
    ["prefix=10.0.0.0/8&longer=maybe", /^longer: /],
    [`cursor=${"x".repeat(600)}`, /^cursor: /],
    ["colour=red", /^colour: there is no such parameter; known: afi_safi, prefix, longer, limit, cursor/],
    ["limit=1&limit=2", /^limit: it is given twice/],
    ["view=worst", /^view: /],
  ] as const) {
    const reply = await bgp.get(`/v1/rib?${query}`);
    t.equal(reply.status, 400, query);
    t.match(reply.json(), { status: false, code });
  }
  t.equal((await bgp.get("/v1/rib?peer=192.0.2.77")).status, 404);
  t.equal((await bgp.get("/v1/peer/192.0.2.77/adj-rib-in")).status, 404);
  t.equal((await bgp.get("/v1/rib", { auth: false })).status, 401);
  t.equal(bgp.queries.length, 0);
});

t.test("/v1/events", async (t) => {
  const bgp = await startFakeBgp(t, { peers });
  const authorization = `Basic ${Buffer.from(`${FAKE_AUTH.user}:${FAKE_AUTH.password}`).toString("base64")}`;
  const ask = (query: string, headers: Record<string, string> = { authorization }) =>
    openSocket(t, bgp.port, `/v1/events${query}`, headers);
  t.equal((await ask("", {})).status, 401);
  t.equal((await bgp.get("/v1/events")).status, 426);
  for (const query of ["?type=session,nonsense", "?family=ipv5", "?direction=up", "?colour=red"]) {
    t.equal((await ask(query)).status, 400, query);
  }
  t.equal((await ask("?peer=192.0.2.77")).status, 404);
  t.equal(bgp.interests.length, 0, "nobody listens yet");
  const client = await ask(`?peer=${PEER}&type=session,update&family=ipv6&direction=both`);
  t.equal(client.status, 101);
  const filter = { types: ["session", "update"], received: true, sent: true, peer: PEER, family: "ipv6" };
  t.same(bgp.filters, [filter]);
  const event = { type: "session", peer: PEER, sent: false, family: null, text: '{"type":"session"}' } as const;
  bgp.hub.take({ events: [event, { ...event, type: "notification" }], dropped: 2 });
  t.match(await client.next(), { type: "dropped", count: 2 });
  t.same(await client.next(), { type: "session" });
  client.socket.destroy();
  await until(() => bgp.interests.at(-1) === null, { what: "the worker to be told that nobody listens" });
});
