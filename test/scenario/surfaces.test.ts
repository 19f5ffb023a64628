// The three surfaces of one running appliance: one set of users, each surface's own manners.

import { request as httpRequest } from "node:http";
import t from "tap";
import { LIMITS } from "../../src/base/limits.js";
import { type Appliance, startAppliance } from "../helpers/appliance.js";

const WRONG = { user: "admin", password: "wrong" };

/** A token of /sdn/v2.0 for the administrator. */
async function sdnToken(box: Appliance): Promise<string> {
  const login = { user: box.user, password: box.password, domain: "sdn" };
  const reply = await box.rest("POST", "/sdn/v2.0/auth", { auth: false, body: { login } });
  return reply.json().record.token as string;
}

const box = await startAppliance(t, { openflow: "127.0.0.1:0" });
const json = { "content-type": "application/json" };

t.test("one set of users opens all three, each in its own way", async (t) => {
  t.equal((await box.rest("GET", "/api/v4/bonds/")).status, 200);
  t.equal((await box.rest("GET", "/v1/peers")).status, 200);
  t.equal((await box.rest("GET", "/v1")).status, 200);
  t.equal((await box.rest("GET", "/v1/")).status, 200);
  const headers = { "x-auth-token": await sdnToken(box) };
  t.equal((await box.rest("GET", "/sdn/v2.0/of/datapaths", { auth: false, headers })).status, 200);
});

t.test("without credentials, and with wrong ones, each refuses in its own form", async (t) => {
  const bonding = await box.rest("GET", "/api/v4/bonds/", { auth: false });
  t.match([bonding.status, bonding.headers["www-authenticate"]], [401, /^Basic realm=/]);
  t.match(bonding.json(), { detail: "Authentication credentials were not provided." });
  t.equal((await box.rest("GET", "/api/v4/bonds/", { auth: WRONG })).status, 401);

  const bgp = await box.rest("GET", "/v1/peers", { auth: false });
  t.match([bgp.status, bgp.headers["www-authenticate"]], [401, /^Basic realm=/]);
  t.equal((await box.rest("GET", "/v1/peers", { auth: WRONG })).status, 401);

  const openflow = await box.rest("GET", "/sdn/v2.0/of/datapaths", { auth: false });
  t.equal(openflow.status, 401);
  t.match(openflow.json(), { error: /./, message: /./ });
  const headers = { "x-auth-token": "0123456789abcdef0123456789abcdef" };
  t.equal((await box.rest("GET", "/sdn/v2.0/of/datapaths", { auth: false, headers })).status, 401);
});

t.test("what is not there, and methods that are not taken", async (t) => {
  const headers = { "x-auth-token": await sdnToken(box) };
  t.match((await box.rest("GET", "/api/v4/bonds/999/")).json(), { detail: /./ });
  t.equal((await box.rest("GET", "/api/v4/bonds/999/")).status, 404);
  const peer = await box.rest("GET", "/v1/peer/203.0.113.9/state");
  t.match([peer.status, peer.json()], [404, { status: false, code: /./ }]);
  const path = "/sdn/v2.0/of/datapaths/00:00:00:00:00:00:00:99";
  const datapath = await box.rest("GET", path, { auth: false, headers });
  t.match([datapath.status, datapath.json()], [404, { error: /./, message: /./ }]);

  const put = await box.rest("PUT", "/api/v4/bonds/", { body: {} });
  t.equal(put.status, 405);
  t.match(put.headers["allow"], /GET, POST, HEAD, OPTIONS/);
  const remove = await box.rest("DELETE", "/v1/peers");
  t.match([remove.status, remove.headers["allow"]], [405, /GET/]);
  const patch = await box.rest("PATCH", "/sdn/v2.0/of/datapaths", { auth: false, headers });
  t.match([patch.status, patch.headers["allow"]], [405, /GET/]);
});

t.test("HEAD is GET without its body; OPTIONS tells what is taken", async (t) => {
  for (const path of ["/api/v4/bonds/", "/v1/peers"]) {
    const get = await box.rest("GET", path);
    const head = await box.rest("HEAD", path);
    t.match([head.status, head.text, head.headers["content-type"]], [200, "", get.headers["content-type"]]);
    const options = await box.rest("OPTIONS", path);
    t.match([options.status, options.headers["allow"]], [200, /GET/]);
  }
});

const basic = `Basic ${Buffer.from(`${box.user}:${box.password}`).toString("base64")}`;

/** Announces a body of so many bytes, sends none of it, and resolves with the answer's status. */
function announce(path: string, bytes: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = { ...headers, "content-length": String(bytes) };
    const request = httpRequest(`http://${box.address}${path}`, { method: "POST", headers: sent, agent: false });
    request.on("response", (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on("error", reject);
    request.flushHeaders();
  });
}

t.test("bodies that are too large, no JSON, or of another type", async (t) => {
  const headers = { "x-auth-token": await sdnToken(box) };
  const flows = "/sdn/v2.0/of/datapaths/00:00:00:00:00:00:00:99/flows";
  const cases: [string, number, Parameters<Appliance["rest"]>[2]][] = [
    ["/api/v4/bonds/", LIMITS.bodyBytes, {}],
    ["/v1/peers", LIMITS.bodyBytes, {}],
    [flows, LIMITS.openflowBodyBytes, { auth: false, headers }],
  ];
  for (const [path, limit, options] of cases) {
    const sent = { ...options, headers: { ...json, ...options?.headers } };
    const auth: Record<string, string> = options?.auth === false ? {} : { authorization: basic };
    t.equal(await announce(path, limit + 1, { ...sent.headers, ...auth }), 413, `${path}: too large`);
    for (const body of ["{", "", "null", "[]", '"text"', "\xff\xfe", `${"[".repeat(50_000)}`]) {
      const { status } = await box.rest("POST", path, { ...sent, body });
      t.ok(
        status === 404 || status === 400 || status === 415 || status === 200,
        `${path}: ${body.slice(0, 10)}: ${status}`,
      );
    }
  }
  t.match((await box.rest("POST", "/api/v4/bonds/", { headers: json, body: "{" })).json(), {
    detail: /^JSON parse error/,
  });
  t.equal(
    (await box.rest("POST", "/api/v4/bonds/", { headers: { "content-type": "text/csv" }, body: "a" })).status,
    415,
  );
  t.equal((await box.rest("GET", "/healthz", { auth: false })).status, 200, "it goes on");
});

t.test("what is written is there after a kill and a restart", async (t) => {
  const aggregator = (await box.rest("GET", "/api/v4/aggregators/")).json()[0].url;
  const made = await box.rest("POST", "/api/v4/bonds/", { body: { name: "kept", aggregator } });
  t.equal(made.status, 201, made.text);
  const { id } = made.json();
  const peer = { remote_addr: "203.0.113.77", remote_as: 65_077, local_addr: "127.0.0.1", passive: true };
  t.equal((await box.rest("POST", "/v1/peers", { body: peer })).status, 201);
  const token = await sdnToken(box);
  await box.kill();
  await box.restart();
  t.match((await box.rest("GET", `/api/v4/bonds/${id}/`)).json(), { id, name: "kept" });
  t.match((await box.rest("GET", "/v1/peer/203.0.113.77")).json(), { peer: { remote_addr: "203.0.113.77" } });
  const again = await box.rest("GET", "/sdn/v2.0/of/datapaths", { auth: false, headers: { "x-auth-token": token } });
  t.equal(again.status, 200, "a token outlives the process");
  t.equal((await box.rest("DELETE", `/api/v4/bonds/${id}/`)).status, 204);
  t.equal((await box.rest("DELETE", "/v1/peer/203.0.113.77")).status < 300, true);
});

t.test("many requests at once are all answered", async (t) => {
  const replies = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      i % 3 === 0
        ? box.rest("POST", "/api/v4/spaces/", { body: { name: `space-${i}`, key: `space-${i}` } })
        : box.rest("GET", i % 3 === 1 ? "/api/v4/spaces/?page_size=5" : "/v1/peers"),
    ),
  );
  t.same([...new Set(replies.map(({ status }) => status))].sort(), [200, 201]);
});

t.test("failed log-ins are limited on all three together, and only for whoever fails", async (t) => {
  let status = 401;
  for (let i = 0; i < 5 * LIMITS.failedLoginsPerMinute && status === 401; i++) {
    status = (
      await box.rest("GET", i % 2 ? "/api/v4/bonds/" : "/v1/peers", { auth: { user: "admin", password: `no${i}` } })
    ).status;
  }
  t.equal(status, 429);
  const login = { user: "admin", password: "no" };
  t.equal((await box.rest("POST", "/sdn/v2.0/auth", { auth: false, body: { login } })).status, 429);
  const metrics = await box.rest("GET", "/metrics", { auth: false });
  t.match(metrics.text, /^sennit_login_failures_total\{scheme="basic"\} [1-9]/m);
});
