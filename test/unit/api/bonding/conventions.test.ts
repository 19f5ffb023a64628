// The manners of Django REST Framework, pair by pair: what is asked, and status, headers and body of the answer.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { http, type RestOptions, TOP } from "../../../helpers/appliance.js";
import { ADMIN, type Box, startBox } from "../../../helpers/bonding.js";

/** One pair of test/vectors/bonding/conventions.json. A text in `has` and `location` may be a part of what came. */
interface Pair {
  readonly what: string;
  readonly method?: string;
  readonly path: string;
  /** A text is sent as it stands. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: "reader" | "none";
  readonly status: number;
  /** The whole body. */
  readonly is?: unknown;
  /** A part of it. */
  readonly has?: unknown;
  readonly allow?: string | null;
  readonly vary?: string | null;
  readonly type?: string | null;
  readonly location?: string;
}

const required = ["This field is required."];
const aggregator = "/api/v4/aggregators/1/";
const groups = JSON.parse(readFileSync(join(TOP, "test/vectors/bonding/conventions.json"), "utf8")) as Record<
  string,
  Pair[]
>;

async function prepared(box: Box): Promise<void> {
  for (let i = 0; i < 7; i++) {
    const body = {
      name: `b${i}`,
      aggregator,
      note: i < 2 ? "foo" : "",
      reorder_max_hold: i * 10,
      proof_of_concept: i === 3,
    };
    await box.rest("POST", "/api/v4/bonds/", { body });
  }
  await box.rest("POST", "/api/v4/users/", { body: { email: "reader@example.net", password: "reads-only-1" } });
}

async function check(t: Test, box: Box, pair: Pair): Promise<void> {
  const { method = "GET", path, body, headers = {}, status } = pair;
  const reader = { user: "reader@example.net", password: "reads-only-1" };
  const auth = pair.auth === "none" ? undefined : pair.auth === "reader" ? reader : ADMIN;
  const reply = await http(box.address, method, path, { body, headers, auth });
  t.equal(reply.status, status, `${pair.what}: status (${reply.text.slice(0, 200)})`);
  if (pair.is !== undefined) t.same(reply.json(), pair.is, `${pair.what}: body`);
  if (pair.has !== undefined) t.match(reply.json(), pair.has, `${pair.what}: body`);
  if (pair.type !== null) t.equal(reply.headers["content-type"], pair.type ?? "application/json", `${pair.what}: type`);
  if (pair.allow !== undefined) t.equal(reply.headers["allow"] ?? null, pair.allow, `${pair.what}: Allow`);
  const vary = pair.vary === undefined ? (status === 401 ? undefined : "Accept") : pair.vary;
  if (vary !== undefined) t.equal(reply.headers["vary"] ?? null, vary, `${pair.what}: Vary`);
  if (status === 401) t.equal(reply.headers["www-authenticate"], 'Basic realm="api"', `${pair.what}: challenge`);
  if (pair.location) t.match(reply.headers["location"], pair.location, `${pair.what}: Location`);
}

t.test("pairs", async (t) => {
  const box = await startBox(t);
  await prepared(box);
  for (const [name, pairs] of Object.entries(groups)) {
    await t.test(name, async (t) => {
      for (const pair of pairs) await check(t, box, pair);
    });
  }
});

t.test("lists: bare unless a page size is given; filters, order, search, links", async (t) => {
  const box = await startBox(t);
  await prepared(box);
  const get = async (query: string) => (await box.rest("GET", `/api/v4/bonds/${query}`)).json();
  const names = (list: { name: string }[]) => list.map(({ name }) => name).join(" ");
  const all = "b0 b1 b2 b3 b4 b5 b6";
  const base = `${box.url}/api/v4/bonds/`;

  for (const query of [
    "",
    "?page=2",
    "?page_size=0",
    "?page_size=abc",
    "?page_size=-1",
    "?ordering=bogus",
    "?bogus=1",
  ]) {
    t.equal(names(await get(query)), all, `all: ${query}`);
  }
  const first = await get("?page_size=3");
  t.equal(first.count, 7);
  t.equal(first.next, `${base}?page=2&page_size=3`);
  t.equal(first.previous, null);
  t.equal(names(first.results), "b0 b1 b2");
  const second = await get("?page_size=3&page=2");
  t.equal(second.next, `${base}?page=3&page_size=3`);
  t.equal(second.previous, `${base}?page_size=3`);
  const last = await get("?page_size=3&page=last");
  t.match(last, { next: null, previous: `${base}?page=2&page_size=3` });
  t.equal(names(last.results), "b6");
  const ordered = await get("?page=2&page_size=3&ordering=-id");
  t.equal(ordered.next, `${base}?ordering=-id&page=3&page_size=3`);
  t.equal(ordered.previous, `${base}?ordering=-id&page_size=3`);
  t.equal(names(ordered.results), "b3 b2 b1");

  t.equal(names(await get("?ordering=-reorder_max_hold,name")), "b6 b5 b4 b3 b2 b1 b0");
  t.equal(names(await get("?ordering=download_rate,")), all, "a comma at the end is no matter");
  t.equal(names(await get("?proof_of_concept=true")), "b3");
  t.equal(names(await get("?proof_of_concept=bogus")), all);
  t.equal(names(await get("?packet_distribution=idmpq&name=b4")), "b4");
  t.equal(names(await get("?aggregator=1&reorder_max_hold=&circuit_id=")), all, "empty values are no filters");
  t.equal(names(await get("?search=foo")), "b0 b1");
  t.equal(names(await get("?search=FOO,b1")), "b1", "every word counts");
  t.equal(names(await get("?search=root")), all, "by the key of the space");
  t.equal((await get("?search=foo&page_size=1")).next, `${base}?page=2&page_size=1&search=foo`);
  const short = await get("?exclude_fields=legs&exclude_fields=interface_legs&page_size=1");
  t.notOk("legs" in short.results[0] || "interface_legs" in short.results[0]);
  t.equal(names((await box.rest("GET", "/api/v4/aggregators/1/bonds/?ordering=-id")).json()), "b6 b5 b4 b3 b2 b1 b0");
  t.same((await box.rest("GET", "/api/v4/aggregators/1/bonds_secondary/")).json(), []);
  t.equal((await box.rest("GET", "/api/v4/aggregators/1/bonds_current/?page_size=1")).json().count, 7);
  t.equal((await box.rest("GET", "/api/v4/aggregators/9/bonds/")).status, 404);
});

t.test("OPTIONS describes the fields to those who may write", async (t) => {
  const box = await startBox(t);
  await prepared(box);
  const ask = async (path: string, options: RestOptions = {}) => (await box.rest("OPTIONS", path, options)).json();
  const list = await ask("/api/v4/bonds/");
  t.match(list, {
    name: "Bond List",
    renders: ["application/json", "text/html"],
    parses: ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
  });
  t.match(list.actions.POST, {
    id: { type: "integer", required: false, read_only: true, label: "ID" },
    name: { type: "string", required: false, read_only: false, label: "Name", max_length: 64 },
    aggregator: { type: "field", required: true, read_only: false, label: "Aggregator" },
    reorder_max_hold: { type: "integer", min_value: 0 },
    created: { type: "datetime", read_only: true },
  });
  t.same(list.actions.POST.packet_distribution.choices[0], { value: "idmpq", display_name: "IDMPQ" });
  t.same(Object.keys(list.actions.POST), Object.keys((await box.rest("GET", "/api/v4/bonds/1/")).json()));
  const item = await ask("/api/v4/bonds/1/");
  t.match(item, { name: "Bond Instance", actions: { PUT: { aggregator: { required: true } } } });
  const reader = { auth: { user: "reader@example.net", password: "reads-only-1" } };
  t.notOk("actions" in (await ask("/api/v4/bonds/", reader)));
  t.notOk("actions" in (await ask("/api/v4/nodes/")), "nodes cannot be written");
});

t.test("every URL answers OPTIONS, and what it allows is what it takes", async (t) => {
  const box = await startBox(t);
  await prepared(box);
  for (const url of Object.values<string>((await box.rest("GET", "/api/v4/")).json())) {
    const path = new URL(url).pathname;
    const { headers, status } = await box.rest("OPTIONS", path);
    t.equal(status, 200, path);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const taken = (await box.rest(method, path, { body: {} })).status !== 405;
      t.equal(taken, String(headers["allow"]).includes(method), `${method} ${path}`);
    }
  }
});

t.test("log in, use the token, log out", async (t) => {
  const box = await startBox(t);
  const post = (path: string, body: unknown, headers = {}) => http(box.address, "POST", path, { body, headers });
  for (const name of ["email", "username"]) {
    const reply = await post("/api/v4/login/", { [name]: "admin", password: ADMIN.password });
    t.equal(reply.status, 200);
    const headers = { authorization: `Token ${reply.json().auth_token}` };
    t.equal((await http(box.address, "GET", "/api/v4/bonds/", { headers })).status, 200);
    t.equal((await post("/api/v4/logout/", undefined, headers)).status, 204);
    t.equal((await http(box.address, "GET", "/api/v4/bonds/", { headers })).status, 401);
  }
  const wrong = await post("/api/v4/login/", { email: "admin", password: "nope" });
  t.equal(wrong.status, 400);
  t.same(wrong.json(), { non_field_errors: ["Unable to log in with provided credentials."] });
  t.same((await post("/api/v4/login/", {})).json(), { password: required, email: required });
  t.same((await post("/api/v4/login/", { email: "", password: null })).json(), {
    password: ["This field may not be null."],
    email: ["This field may not be blank."],
  });
  t.same((await box.rest("GET", "/api/v4/login/")).json(), { detail: 'Method "GET" not allowed.' });
  t.equal((await http(box.address, "POST", "/api/v4/logout/", {})).status, 401);
});
