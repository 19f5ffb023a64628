// The surface without a daemon: what it answers while no session is up, and how peers are kept.

import t from "tap";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";

const { theirs } = loopbackPair(7);
const config = {
  listen: null,
  local_as: 65001,
  router_id: "10.0.0.1",
  peer: [{ remote_addr: theirs, remote_as: 65002, passive: true }],
};
const DOWN = { status: false, code: "Please check the peer's state" };

t.test("yabgp's routes while the session is down", async (t) => {
  const { rest } = await startRoom(t, config);
  const version = { status: "stable", updated: "2015-01-22T00:00:00Z", version: "v1" };
  for (const path of ["/v1", "/v1/"]) t.same((await rest("GET", path, { auth: false })).json(), version);
  const at = `/v1/peer/${theirs}`;
  const { peer } = (await rest("GET", `${at}/state`)).json();
  t.match(peer, { fsm: "ACTIVE", uptime: 0, remote_addr: theirs, capability: { remote: {} } });
  const { receive, send } = (await rest("GET", `${at}/statistic`)).json();
  t.same(receive, { Keepalives: 0, Notifications: 0, Opens: 0, "Route Refresh": 0, RouteRefresh: 0, Updates: 0 });
  t.same(send, receive);
  for (const action of ["send", "received"]) {
    t.match((await rest("GET", `${at}/version/${action}`)).json(), {
      version: { flowspec: 0, ipv4: 0, mpls_vpn: 0, sr_policy: 0 },
    });
  }
  t.same((await rest("GET", `${at}/version/receive`)).json(), { status: false, code: " please check action in url" });
  const bodies: Record<string, unknown> = {
    "send/route-refresh": { afi: 1, safi: 1 },
    "send/update": { withdraw: ["10.0.0.0/8"] },
    json_to_bin: { withdraw: ["10.0.0.0/8"] },
    "send/bin_update": { binary_data: "00" },
    "adj-rib-in": { data: ["10.0.0.0/8"] },
    "adj-rib-out": { data: ["10.0.0.0/8"] },
  };
  for (const [path, body] of Object.entries(bodies)) {
    const reply = await rest("POST", `${at}/${path}`, { body });
    t.equal(reply.status, 200);
    t.same(reply.json(), DOWN, path);
    const malformed = await rest("POST", `${at}/${path}`, { body: "{" });
    t.equal(malformed.status, 400, `${path} with malformed JSON`);
    const list = await rest("POST", `${at}/${path}`, { body: [] });
    t.same(list.json(), DOWN, `${path}: the state is looked at before what the body says`);
  }
  t.match((await rest("GET", `${at}/manual-start`)).json(), { status: false, code: "Idle Hold, please wait" });
  t.same((await rest("GET", `${at}/manual-stop`)).json(), { status: true });
  t.match((await rest("GET", `${at}/state`)).json(), { peer: { fsm: "IDLE" } });
  t.same((await rest("POST", `${at}/manual-reset`)).json(), DOWN, "one that is stopped is not started by it");
  t.same((await rest("GET", `${at}/manual-start`)).json(), { status: true });
});

t.test("who is asked, and what is not there", async (t) => {
  const { rest } = await startRoom(t, config);
  const refused = await rest("GET", `/v1/peer/${theirs}/state`, { auth: false });
  t.equal(refused.status, 401);
  t.equal(refused.text, "Unauthorized Access");
  t.equal(refused.headers["www-authenticate"], 'Basic realm="Authentication Required"');
  t.equal((await rest("GET", "/v1/peers", { auth: { user: "admin", password: "wrong" } })).status, 401);
  for (const [method, path] of [
    ["GET", "/v1/peer/203.0.113.99/state"],
    ["GET", "/v1/peer/nonsense/statistic"],
    ["POST", "/v1/peer/203.0.113.99/send/update"],
    ["GET", "/v1/peer/203.0.113.99/manual-start"],
    ["POST", "/v1/peer/203.0.113.99/manual-reset"],
    ["GET", "/v1/peer/203.0.113.99/version/x"],
    ["DELETE", "/v1/peer/203.0.113.99"],
    ["PATCH", "/v1/peer/203.0.113.99"],
  ] as const) {
    const reply = await rest(method, path, method === "GET" ? {} : { body: {} });
    t.equal(reply.status, 404, `${method} ${path}`);
    t.match(reply.json(), { status: false, code: /no BGP peer/ });
  }
  t.equal((await rest("GET", "/v1/nothing")).status, 404);
  const other = await rest("DELETE", `/v1/peer/${theirs}/state`);
  t.equal(other.status, 405);
  t.equal(other.headers["allow"], "GET, HEAD, OPTIONS");
});

t.test("peers over REST", async (t) => {
  const { rest, reaches } = await startRoom(t, config);
  const address = "2001:db8::99";
  const body = { remote_addr: "2001:DB8:0::99", remote_as: 65009, passive: true, md5: "s3cret", afi_safi: ["ipv6"] };
  const made = await rest("POST", "/v1/peers", { body });
  t.equal(made.status, 201);
  t.match(made.json(), { status: true, peer: { remote_addr: address, local_as: 65001, source: "store", md5: "***" } });
  await reaches(address, "ACTIVE");
  t.equal((await rest("POST", "/v1/peers", { body })).status, 409);
  const { peers } = (await rest("GET", "/v1/peers")).json();
  t.same(
    peers.map((peer: { remote_addr: string; source: string }) => [peer.remote_addr, peer.source]),
    [
      [theirs, "file"],
      [address, "store"],
    ],
  );
  const patched = await rest("PATCH", `/v1/peer/${address}`, { body: { hold_time: 30 } });
  t.match(patched.json(), { peer: { hold_time: 30, remote_as: 65009, afi_safi: ["ipv6"] } });
  const put = await rest("PUT", `/v1/peer/${address}`, { body: { remote_as: 65010, passive: true } });
  t.match(put.json(), { peer: { hold_time: 180, remote_as: 65010, md5: "", afi_safi: ["ipv4"] } });
  t.match((await rest("GET", `/v1/peer/${address}/state`)).json(), { peer: { remote_as: 65010 } });
  t.equal((await rest("PUT", "/v1/peer/192.0.2.200", { body: { remote_as: 1, passive: true } })).status, 201);
  for (const [wrong, path] of [
    [{ remote_as: 0 }, "remote_as"],
    [{ remote_as: 1, hold_time: 2 }, "hold_time"],
    [{ remote_as: 1, port: 0 }, "port"],
    [{ remote_as: 1, afi_safi: ["ipv5"] }, "afi_safi"],
    [{ remote_as: 1, local_addr: "::1" }, "local_addr"],
    [{ remote_as: 1, colour: "red" }, "colour"],
    [{ remote_as: 1, remote_addr: "192.0.2.2" }, "remote_addr"],
    [{}, "remote_as"],
  ] as const) {
    const reply = await rest("PUT", "/v1/peer/192.0.2.1", { body: wrong });
    t.equal(reply.status, 400, path);
    t.match(reply.json(), { status: false, code: new RegExp(`^${path}: `) });
  }
  t.equal((await rest("DELETE", `/v1/peer/${address}`)).status, 200);
  t.equal((await rest("GET", `/v1/peer/${address}/state`)).status, 404);
  t.equal((await rest("DELETE", `/v1/peer/${theirs}`)).status, 409, "the file's peer is the file's");
});
