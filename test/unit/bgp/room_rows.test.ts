// Routes of the whole speaker, and how a session is ended with a text.

import { existsSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { scrape } from "../../../src/base/metrics.js";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { MANDATORY, rawPeer, update } from "../../helpers/bgp_raw.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const { ours, theirs } = loopbackPair(22);
const peer = { remote_addr: theirs, remote_as: 65_002, passive: true, hold_time: 30 };

t.test("origin validation, kernel, feeds, snapshot", async (t) => {
  const dir = tmpDir(t, "mrt");
  const { rest } = await startRoom(t, {
    listen: null,
    local_as: 65_001,
    peer: [peer],
    rpki: [{ host: "127.0.0.1", port: 9, preference: 100, refresh: 0, retry: 0, expire: 0 }],
    bmp: [{ host: "127.0.0.1", port: 9, retry: 30, statistics: 0, name: "" }],
    mrt: {
      updates: "",
      updates_interval: 900,
      updates_max_size: 1,
      updates_sent: false,
      rib: join(dir, "rib"),
      rib_interval: 0,
    },
  });
  t.match((await rest("GET", "/v1/rpki")).json(), {
    caches: [{ host: "127.0.0.1", port: 9, used: false, updated: null }],
    vrps: { ipv4: 0, ipv6: 0 },
  });
  t.same((await rest("GET", "/v1/rpki/validate?prefix=192.0.2.0/24&asn=64496")).json(), {
    prefix: "192.0.2.0/24",
    asn: 64_496,
    state: "not-found",
    vrps: [],
  });
  for (const query of ["", "?prefix=nonsense", "?prefix=10.0.0.0/8&asn=x", "?prefix=10.0.0.0/8&colour=red"]) {
    t.equal((await rest("GET", `/v1/rpki/validate${query}`)).status, 400, query);
  }
  t.same((await rest("GET", "/v1/fib")).json(), { enabled: false });
  t.match((await rest("GET", "/v1/feeds")).json(), {
    files: [{ feed: "rib", records: 0 }],
    stations: [{ station: "127.0.0.1:9", connected: false }],
  });
  const snapshot = await rest("POST", "/v1/mrt/snapshot");
  t.equal(snapshot.status, 200, snapshot.text);
  t.match(snapshot.json(), { status: true, file: join(dir, "rib"), prefixes: 0, routes: 0 });
  t.ok(existsSync(join(dir, "rib")));
  for (const path of ["/v1/rpki", "/v1/fib", "/v1/feeds", "/v1/policies"]) {
    t.equal((await rest("GET", path, { auth: false })).status, 401, path);
  }
});

t.test("a snapshot without a file to write says why", async (t) => {
  const { rest } = await startRoom(t, { listen: null, local_as: 65_001 });
  const reply = await rest("POST", "/v1/mrt/snapshot");
  t.equal(reply.status, 503);
  t.equal(reply.json().status, false);
});

t.test("figures of a session, and its end with a text", async (t) => {
  const room = await startRoom(t, { listen: { host: ours, port: 0 }, local_as: 65_001, peer: [peer] });
  const { bgp, rest } = room;
  const before = (await bgp.figures()).peers[0];
  t.match(before, { remoteId: "0.0.0.0", changedSeconds: null, holdSeconds: 0, localPort: 0 });
  const port = Number(bgp.listening?.split(":").at(-1));
  const raw = await (await rawPeer(t, theirs, ours, port)).establish(65_002, { id: 0x0a000063 });
  await room.reaches(theirs, "ESTABLISHED");
  raw.send(update({ attributes: MANDATORY, nlri: [24, 10, 1, 1] }));
  await until(async () => ((await bgp.state(theirs)) && (await bgp.statistic(theirs)).receive.Updates === 1) || null, {
    what: "the UPDATE to be counted",
  });
  const figures = (await bgp.figures()).peers[0];
  t.match(figures, { remoteId: "10.0.0.99", holdSeconds: 30, keepaliveSeconds: 10, localPort: port });
  t.ok((figures?.remotePort ?? 0) > 0);
  t.type(figures?.changedSeconds, "number");
  t.same(figures?.routes, [{ family: "ipv4", received: 1, accepted: 1, advertised: 0 }]);
  const { text } = await scrape();
  for (const line of [
    `bgp_routes_received{peer="${theirs}",route_family="ipv4-unicast"} 1`,
    'sennit_bgp_rpki_vrps{family="ipv4"} 0',
    'sennit_bgp_feed_records_total{feed="rib"} 0',
  ]) {
    t.match(text, line);
  }
  const long = await rest("GET", `/v1/peer/${theirs}/manual-stop?reason=${"x".repeat(256)}`);
  t.equal(long.status, 400);
  t.match(long.json(), { status: false, code: /^reason: / });
  t.equal((await rest("GET", `/v1/peer/${theirs}/manual-stop?reason=back%20at%20nine`)).status, 200);
  t.equal(await raw.notified(), `6/2 0c${Buffer.from("back at nine").toString("hex")}`);
  const { peer: state } = (await rest("GET", `/v1/peer/${theirs}/state`)).json();
  t.match(state, { fsm: "IDLE", last_notification: { text: "back at nine", direction: "sent" } });
});

t.test("a session is reset with a text, and comes up again by itself", async (t) => {
  const room = await startRoom(t, {
    listen: { host: ours, port: 0 },
    local_as: 65_001,
    peer: [{ ...peer, idle_hold_time: 1 }],
  });
  const { rest } = room;
  const port = Number(room.bgp.listening?.split(":").at(-1));
  const at = `/v1/peer/${theirs}`;
  t.equal((await rest("POST", `${at}/manual-reset`, { auth: false })).status, 401);
  t.same((await rest("POST", `${at}/manual-reset`)).json(), { status: true }, "also where there is no session");
  for (const [body, ending] of [
    [{ reason: "new línes" }, `6/4 0a${Buffer.from("new línes").toString("hex")}`],
    [undefined, "6/4"],
  ] as const) {
    const raw = await (await rawPeer(t, theirs, ours, port)).establish(65_002);
    await room.reaches(theirs, "ESTABLISHED");
    for (const reason of ["x".repeat(256), 5]) {
      const bad = await rest("POST", `${at}/manual-reset`, { body: { reason } });
      t.equal(bad.status, 400);
      t.match(bad.json(), { status: false, code: /^reason: / });
    }
    t.equal((await rest("POST", `${at}/manual-reset`, { body: "{" })).status, 400);
    const reply = await rest("POST", `${at}/manual-reset`, body ? { body } : {});
    t.same([reply.status, reply.json()], [200, { status: true }]);
    t.equal(await raw.notified(), ending);
    t.match((await rest("GET", `${at}/state`)).json().peer, {
      fsm: "IDLE",
      last_notification: { sub_error: "Administrative reset", text: body?.reason ?? "", direction: "sent" },
    });
    await room.reaches(theirs, "ACTIVE");
  }
});

t.test("what REST has sent comes again with the next session, also where nothing is exported", async (t) => {
  const room = await startRoom(t, { listen: { host: ours, port: 0 }, local_as: 65_001, peer: [peer] });
  const port = Number(room.bgp.listening?.split(":").at(-1));
  const sent = async () => {
    const raw = await (await rawPeer(t, theirs, ours, port)).establish(65_002);
    await room.reaches(theirs, "ESTABLISHED");
    return raw;
  };
  const first = await sent();
  const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };
  const body = { attr, nlri: ["172.20.2.0/24"] };
  t.same((await room.rest("POST", `/v1/peer/${theirs}/send/update`, { body })).json(), { status: true });
  const update1 = (await first.gets(2)).toString("hex");
  await room.rest("GET", `/v1/peer/${theirs}/manual-stop`);
  await room.rest("GET", `/v1/peer/${theirs}/manual-start`);
  const second = await sent();
  t.equal((await second.gets(2)).toString("hex"), update1);
});
