// Every route of yabgp's surface on a session that is up, with every failure that it has a form for: method, status,
// body, the order of checks.

import t from "tap";
import { Accounts } from "../../../src/accounts/accounts.js";
import { bgpSurface } from "../../../src/api/bgp/rows.js";
import { opsSurface } from "../../../src/api/ops/rows.js";
import { startBgp } from "../../../src/bgp/agent.js";
import { startFront } from "../../../src/http/front.js";
import { openStore } from "../../../src/store/open.js";
import { http, type RestOptions } from "../../helpers/appliance.js";
import { BGP_PORT, loopbackPair } from "../../helpers/bgp_peers.js";
import { MANDATORY, rawPeer, update } from "../../helpers/bgp_raw.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { quietLog } from "../../helpers/quiet.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const { ours, theirs } = loopbackPair(9);
const AUTH = { user: "admin", password: "test-password-1" };
const at = `/v1/peer/${theirs}`;
const POST_DATA = { status: false, code: "please check your post data" };
const FAILED = { status: false, code: "failed when send this message out" };
const DONE = { status: true };
const PATHS = ["send/route-refresh", "send/update", "json_to_bin", "send/bin_update", "adj-rib-in", "adj-rib-out"];

/** A room with a session that is up. */
async function start(t: Teardown) {
  const { log } = quietLog();
  const store = await openStore(tmpDir(t, "bgp"), log);
  const bgp = await startBgp({
    config: {
      listen: { host: ours, port: BGP_PORT },
      local_as: 65_001,
      router_id: "10.0.0.1",
      peer: [{ remote_addr: theirs, remote_as: 65_002, passive: true, afi_safi: ["ipv4", "ipv6"] }],
    },
    store,
    log,
  });
  const { accounts } = await Accounts.open(store, AUTH);
  const health = () => ({ ready: true, version: "0", role: "both", rooms: {} });
  const surfaces = [bgpSurface(bgp), opsSurface(health)];
  const front = await startFront({ host: "127.0.0.1", port: 0, adapter: "uws", surfaces, accounts, log });
  t.teardown(async () => {
    await front.close();
    await bgp.close();
    await store.close();
  });
  const rest = (method: string, path: string, options: RestOptions = {}) =>
    http(`127.0.0.1:${front.port}`, method, path, { auth: AUTH, ...options });
  const peer = await rawPeer(t, theirs, ours, BGP_PORT);
  await peer.establish();
  await until(async () => (await bgp.state(theirs)).fsm === "ESTABLISHED", { what: "the session" });
  return { bgp, rest, peer };
}

t.test("reading", async (t) => {
  const { rest, peer } = await start(t);
  const root = (await rest("GET", "/", { auth: false })).json();
  t.match(root.versions.values, [{ id: "v1", links: /^http:\/\/127.0.0.1:\d+\/v1$/, status: "stable" }]);
  const version = { status: "stable", updated: "2015-01-22T00:00:00Z", version: "v1" };
  for (const path of ["/v1", "/v1/"]) t.same((await rest("GET", path, { auth: false })).json(), version);

  const state = (await rest("GET", `${at}/state`)).json().peer;
  t.match(state, { fsm: "ESTABLISHED", local_addr: ours, local_as: 65_001, remote_addr: theirs, remote_as: 65_002 });
  t.ok(state.uptime > 0 && state.uptime < 60, `uptime ${state.uptime}`);
  t.match(state.capability, {
    local: {
      four_bytes_as: true,
      route_refresh: true,
      afi_safi: [
        [1, 1],
        [2, 1],
      ],
    },
    remote: {
      four_bytes_as: true,
      route_refresh: true,
      afi_safi: [
        [1, 1],
        [2, 1],
      ],
    },
  });
  peer.send(update({ attributes: MANDATORY, nlri: [24, 198, 51, 100, 8, 10] }), update({ withdrawn: [8, 10] }));
  const received = async () => (await rest("GET", `${at}/version/received`)).json().version;
  await until(async () => (await received()).ipv4 === 3, { what: "three changes" });
  t.match(await received(), { ipv4: 3, ipv6: 0, flowspec: 0, mpls_vpn: 0, sr_policy: 0, evpn: 0, bgpls: 0 });
  t.match((await rest("GET", `${at}/version/send`)).json().version, { ipv4: 0 });
  t.same((await rest("GET", `${at}/version/receive`)).json(), { status: false, code: " please check action in url" });
  const statistic = (await rest("GET", `${at}/statistic`)).json();
  t.match(statistic.receive, { Opens: 1, Updates: 2, Notifications: 0, "Route Refresh": 0, RouteRefresh: 0 });
  t.ok(statistic.receive.Keepalives >= 1 && statistic.send.Keepalives >= 1);
  // Ends of RIBs may have gone out (RFC 4724 §2).
  t.match(statistic.send, { Opens: 1, Updates: Number, Notifications: 0 });
});

t.test("sending", async (t) => {
  const { rest, peer } = await start(t);
  const post = async (path: string, body: unknown) => {
    const reply = await rest("POST", `${at}/${path}`, { body });
    t.equal(reply.status, 200, `${path} ${JSON.stringify(body)}`);
    return reply.json();
  };
  const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };
  for (const body of [
    { afi: 1, safi: 1 },
    { afi: 2, safi: 1, res: 0 },
  ]) {
    t.same(await post("send/route-refresh", body), DONE);
  }
  t.same(await post("send/update", { attr, nlri: ["172.20.1.0/24"] }), DONE);
  const { bin } = await post("json_to_bin", { attr, nlri: ["172.20.2.0/24"] });
  t.match(bin, /^(ff){16}[0-9a-f]{4}02/);
  const human = await post("json_to_bin?format=human", { attr, nlri: ["172.20.2.0/24"] });
  t.equal(human.bin[0], "ff ff ff ff ff ff ff ff ");
  t.equal(human.bin.join("").replaceAll(" ", ""), bin);
  t.same(await post("send/bin_update", { binary_data: bin }), DONE);
  t.same(await post("send/bin_update?format=human", { binary_data: human.bin }), DONE);
  // An end of RIB is an UPDATE, too; these have no prefix.
  const announcements = () =>
    peer.messages().filter(([type, body]) => type === 2 && body.includes(Buffer.of(24, 172, 20)));
  await until(() => announcements().length === 3, { what: "three announcements" });
  t.equal(peer.messages().filter(([type]) => type === 5).length, 2);
  const out = await post("adj-rib-out", { data: ["172.20.1.0/24", "172.20.9.0/24"] });
  t.match(out, { status: true, data: { "172.20.1.0/24": attr, "172.20.9.0/24": null } });
  t.same(await post("send/update", { withdraw: ["172.20.1.0/24"] }), DONE);
  t.same((await post("adj-rib-out", { data: ["172.20.1.0/24"] })).data, { "172.20.1.0/24": null });

  peer.send(update({ attributes: MANDATORY, nlri: [24, 198, 51, 100] }));
  const looked = async () => post("adj-rib-in", { data: ["198.51.100.0/24", "198.51.100.7", "198.51.0.0/16"] });
  const found = await until(async () => (await looked()).data["198.51.100.7"].prefix && looked(), { what: "a route" });
  t.match(found.data["198.51.100.0/24"], { prefix: "198.51.100.0/24", attr: { 1: 0, 3: "192.0.2.1" } });
  t.equal(found.data["198.51.100.7"].prefix, "198.51.100.0/24", "an address: the longest match");
  t.same(found.data["198.51.0.0/16"], {});
});

t.test("what fails, fails in yabgp's form", async (t) => {
  const { rest } = await start(t);
  const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };
  const unsupported = (afi: unknown, safi: unknown) => ({
    status: false,
    code: `address family unsupported, afi=${afi},safi=${safi}`,
  });
  const cases: [string, unknown, Record<string, unknown>][] = [
    ["send/route-refresh", {}, POST_DATA],
    ["send/route-refresh", { afi: 1 }, POST_DATA],
    ["send/route-refresh", [], POST_DATA],
    ["send/route-refresh", { afi: 1, safi: 128 }, unsupported(1, 128)],
    ["send/route-refresh", { afi: "1", safi: 1 }, unsupported(1, 1)],
    ["send/route-refresh", { afi: 1, safi: 1, res: 300 }, FAILED],
    ["send/update", {}, POST_DATA],
    ["send/update", { attr }, POST_DATA],
    ["send/update", { nlri: ["10.0.0.0/8"] }, POST_DATA],
    ["send/update", { attr: [], nlri: [] }, POST_DATA],
    ["send/update", { attr: { ...attr, 1: 7 }, nlri: ["10.0.0.0/8"] }, FAILED],
    ["send/update", { attr: { ...attr, 3: "nonsense" }, nlri: ["10.0.0.0/8"] }, FAILED],
    ["send/update", { attr: { ...attr, 8: ["nonsense"] }, nlri: ["10.0.0.0/8"] }, FAILED],
    ["send/update", { attr: { ...attr, 16: ["nonsense"] }, nlri: ["10.0.0.0/8"] }, FAILED],
    ["send/update", { attr: { ...attr, x: 1 }, nlri: ["10.0.0.0/8"] }, FAILED],
    ["send/update", { attr, nlri: ["10.0.0.0/33"] }, FAILED],
    ["send/update", { attr, nlri: ["10.0.0.0"] }, FAILED],
    ["send/update", { withdraw: ["2001:db8::/32"] }, FAILED],
    ["send/update", { attr: { ...attr, 14: { nlri: ["2001:db8::/32"] } } }, FAILED],
    ["json_to_bin", {}, POST_DATA],
    ["json_to_bin", { attr, nlri: ["10.0.0.0/33"] }, FAILED],
    ["send/bin_update", {}, { status: false, code: "please input some string" }],
    ["send/bin_update", { binary_data: "" }, { status: false, code: "please input some string" }],
    ["send/bin_update", { binary_data: "abc" }, { status: false, code: "please input even length string" }],
    ["send/bin_update", { binary_data: "zz" }, { status: false, code: "please input even length string" }],
    ["send/bin_update", { binary_data: "ff ff" }, { status: false, code: "please input even length string" }],
    ["send/bin_update", { binary_data: 5 }, POST_DATA],
    ["send/bin_update", { binary_data: "0011" }, FAILED],
    ["send/bin_update", { binary_data: `${"ff".repeat(16)}001d01${"00".repeat(10)}` }, FAILED],
    ["adj-rib-in", {}, POST_DATA],
    ["adj-rib-in", { data: "10.0.0.0/8" }, POST_DATA],
    ["adj-rib-out", { data: [1] }, POST_DATA],
    ["adj-rib-in?afi_safi=nonsense", { data: [] }, { status: false, code: /nonsense/ }],
  ];
  for (const [path, body, expected] of cases) {
    const reply = await rest("POST", `${at}/${path}`, { body });
    t.equal(reply.status, 200, `${path} ${JSON.stringify(body)}`);
    t.match(reply.json(), expected, `${path} ${JSON.stringify(body)}`);
  }
  t.match((await rest("GET", `${at}/manual-start`)).json(), { status: false, code: "peer already established" });
  t.match((await rest("GET", `${at}/state`)).json(), { peer: { fsm: "ESTABLISHED" } }, "no failure cost the session");
});

t.test("the order of checks", async (t) => {
  const { rest } = await start(t);
  const wrong = { user: "admin", password: "wrong" };
  for (const path of PATHS) {
    t.equal(
      (await rest("POST", `${at}/${path}/`, { body: "{", auth: wrong })).status,
      404,
      "a path before credentials",
    );
    const method = await rest("PUT", `${at}/${path}`, { body: "{", auth: wrong });
    t.equal(method.status, 405, "a method before credentials");
    t.match(method.headers["allow"], "POST");
    t.equal((await rest("POST", `${at}/${path}`, { body: "{", auth: false })).status, 401, "credentials before JSON");
    for (const body of ["{", "", "{'a': 1}"]) {
      const malformed = await rest("POST", `${at}/${path}`, { body });
      t.equal(malformed.status, 400, "JSON before all else");
      t.match(malformed.json(), { status: false, code: /not JSON/ });
    }
  }
  t.equal((await rest("POST", `${at}/send/update`, { body: "{", auth: wrong })).status, 401);
  for (const path of ["state", "statistic", "version/send", "version/received", "manual-start"]) {
    t.equal((await rest("GET", `${at}/${path}/`, { auth: false })).status, 404);
    t.equal((await rest("GET", `${at}/${path}`, { auth: false })).status, 401);
    t.equal((await rest("HEAD", `${at}/${path}`)).status, 200, `HEAD ${path}`);
    const options = await rest("OPTIONS", `${at}/${path}`, { auth: false });
    t.equal(options.status, 200);
    t.equal(options.text, "");
    t.match(options.headers["allow"], /GET.*HEAD.*OPTIONS/);
    t.equal((await rest("DELETE", `${at}/${path}`)).status, 405);
  }
  t.same((await rest("GET", `${at}/manual-stop`)).json(), DONE);
  t.same((await rest("GET", `${at}/manual-stop`)).json(), DONE, "twice, too");
  t.match((await rest("GET", `${at}/state`)).json(), { peer: { fsm: "IDLE", uptime: 0 } });
  const body = { binary_data: "odd" };
  const down = await rest("POST", `${at}/send/bin_update`, { body });
  t.same(down.json(), { status: false, code: "Please check the peer's state" }, "the state before the body's meaning");
});
