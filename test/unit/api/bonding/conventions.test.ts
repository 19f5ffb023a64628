// The manners of Django REST Framework, pair by pair: what is asked, and status, headers and body of the answer.

import t from "tap";
import { http, type RestOptions } from "../../../helpers/appliance.js";
import { ADMIN, type Box, startBox } from "../../../helpers/bonding.js";

const LIST = "GET, POST, HEAD, OPTIONS";
const ITEM = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS";

interface Pair {
  readonly what: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: RestOptions["auth"] | "reader" | "none";
  readonly status: number;
  /** The whole body. */
  readonly is?: unknown;
  /** A part of it. */
  readonly has?: unknown;
  readonly allow?: string | null;
  readonly vary?: string | null;
  readonly type?: string | null;
  readonly location?: RegExp;
}

const detail = (text: string) => ({ detail: text });
const aggregator = "/api/v4/aggregators/1/";
const json = (text: string) => ({ body: text, headers: { "content-type": "application/json" } });
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

const who: readonly Pair[] = [
  {
    what: "no credentials",
    path: "/api/v4/bonds/1/",
    auth: "none",
    status: 401,
    is: detail("Authentication credentials were not provided."),
    allow: ITEM,
    vary: "Accept, Cookie",
  },
  {
    what: "another scheme",
    path: "/api/v4/bonds/1/",
    auth: "none",
    headers: { authorization: "Bearer x" },
    status: 401,
    is: detail("Authentication credentials were not provided."),
    vary: "Accept, Cookie",
  },
  {
    what: "wrong password",
    path: "/api/v4/bonds/1/",
    auth: "none",
    headers: { authorization: basic("admin:nope") },
    status: 401,
    is: detail("Invalid username/password."),
    vary: "Accept",
  },
  {
    what: "Basic and nothing",
    path: "/api/v4/bonds/1/",
    auth: "none",
    headers: { authorization: "Basic" },
    status: 401,
    is: detail("Invalid basic header. No credentials provided."),
  },
  {
    what: "wrong token",
    path: "/api/v4/bonds/1/",
    auth: "none",
    headers: { authorization: "Token nope" },
    status: 401,
    is: detail("Invalid token."),
  },
  {
    what: "Token and nothing",
    path: "/api/v4/bonds/1/",
    auth: "none",
    headers: { authorization: "Token" },
    status: 401,
    is: detail("Invalid token header. No credentials provided."),
  },
  {
    what: "OPTIONS without credentials",
    method: "OPTIONS",
    path: "/api/v4/bonds/",
    auth: "none",
    status: 401,
    is: detail("Authentication credentials were not provided."),
    allow: LIST,
    vary: "Accept, Cookie",
  },
  {
    what: "no permission",
    method: "POST",
    path: "/api/v4/bonds/",
    auth: "reader",
    body: { aggregator },
    status: 403,
    is: detail("You do not have permission to perform this action."),
    allow: LIST,
  },
  {
    what: "a reader reads",
    path: "/api/v4/bonds/1/",
    auth: "reader",
    status: 200,
    has: { id: 1, bonder: { key: null } },
  },
];

const where: readonly Pair[] = [
  {
    what: "root",
    path: "/api/v4/",
    status: 200,
    has: { bonds: /\/api\/v4\/bonds\/$/, spaces: /\/api\/v4\/spaces\/$/ },
    allow: "GET, HEAD, OPTIONS",
  },
  { what: "missing item", path: "/api/v4/bonds/99/", status: 404, is: detail("Not found."), allow: ITEM },
  { what: "text for an id", path: "/api/v4/bonds/abc/", status: 404, is: detail("Not found.") },
  { what: "another bond's child", path: "/api/v4/bonds/2/interface_legs/1/", status: 404, is: detail("Not found.") },
  { what: "no route", path: "/api/v4/nope/", auth: "none", status: 404, type: "text/html", allow: null, vary: null },
  {
    what: "wrong method on a list",
    method: "DELETE",
    path: "/api/v4/bonds/",
    status: 405,
    is: detail('Method "DELETE" not allowed.'),
    allow: LIST,
  },
  {
    what: "PUT on a list",
    method: "PUT",
    path: "/api/v4/bonds/",
    body: {},
    status: 405,
    is: detail('Method "PUT" not allowed.'),
  },
  {
    what: "POST on an item",
    method: "POST",
    path: "/api/v4/bonds/1/",
    body: {},
    status: 405,
    is: detail('Method "POST" not allowed.'),
    allow: ITEM,
  },
  {
    what: "TRACE",
    method: "TRACE",
    path: "/api/v4/bonds/1/",
    status: 405,
    is: detail('Method "TRACE" not allowed.'),
    allow: ITEM,
  },
  {
    what: "bonders are not made",
    method: "POST",
    path: "/api/v4/bonders/",
    body: {},
    status: 405,
    is: detail('Method "POST" not allowed.'),
    allow: "GET, HEAD, OPTIONS",
  },
  {
    what: "bonders are not deleted",
    method: "DELETE",
    path: "/api/v4/bonders/2/",
    status: 405,
    is: detail('Method "DELETE" not allowed.'),
    allow: "GET, PUT, PATCH, HEAD, OPTIONS",
  },
  {
    what: "no slash, GET",
    path: "/api/v4/bonds",
    auth: "none",
    status: 301,
    type: "text/html; charset=utf-8",
    location: /^\/api\/v4\/bonds\/$/,
    allow: null,
    vary: null,
  },
  {
    what: "no slash, POST",
    method: "POST",
    path: "/api/v4/bonds",
    auth: "none",
    body: {},
    status: 301,
    location: /^\/api\/v4\/bonds\/$/,
    type: "text/html; charset=utf-8",
    allow: null,
    vary: null,
  },
  {
    what: "no slash, item with a query",
    path: "/api/v4/bonds/1?a=b",
    status: 301,
    location: /^\/api\/v4\/bonds\/1\/\?a=b$/,
    type: "text/html; charset=utf-8",
    allow: null,
    vary: null,
  },
  { what: "HEAD", method: "HEAD", path: "/api/v4/bonds/", status: 200, allow: LIST },
  {
    what: "?format=json",
    path: "/api/v4/bonds/1/?format=json",
    status: 200,
    has: { url: /\/api\/v4\/bonds\/1\/\?format=json$/ },
  },
  { what: "?format=xml", path: "/api/v4/bonds/1/?format=xml", status: 404, is: detail("Not found."), allow: ITEM },
  {
    what: ".json",
    path: "/api/v4/bonds/1.json",
    status: 200,
    has: { url: /\/api\/v4\/bonds\/1\.json$/, space: { url: /\/spaces\/root\.json$/ } },
    allow: ITEM,
  },
  { what: "list .json", path: "/api/v4/bonds.json", status: 200, allow: LIST },
  {
    what: ".json without credentials",
    path: "/api/v4/bonds/1.json",
    auth: "none",
    status: 401,
    is: detail("Authentication credentials were not provided."),
  },
  {
    what: "not acceptable",
    path: "/api/v4/bonds/1/",
    headers: { accept: "image/png" },
    status: 406,
    is: detail("Could not satisfy the request Accept header."),
    allow: ITEM,
  },
  {
    what: "anything",
    path: "/api/v4/bonds/1/",
    headers: { accept: "image/png, */*;q=0.1" },
    status: 200,
    has: { id: 1 },
  },
  {
    what: "a browser",
    path: "/api/v4/bonds/1/",
    headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" },
    status: 200,
    type: "text/html; charset=utf-8",
    allow: ITEM,
  },
];

const bodies: readonly Pair[] = [
  {
    what: "broken JSON",
    method: "POST",
    path: "/api/v4/bonds/",
    ...json("{bad"),
    status: 400,
    is: detail("JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    allow: LIST,
  },
  {
    what: "NaN",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    ...json('{"reorder_max_hold":NaN}'),
    status: 400,
    is: detail("JSON parse error - Out of range float values are not JSON compliant: 'NaN'"),
  },
  {
    what: "plain text",
    method: "POST",
    path: "/api/v4/bonds/",
    body: "a",
    headers: { "content-type": "text/plain" },
    status: 415,
    is: detail('Unsupported media type "text/plain" in request.'),
    allow: LIST,
  },
  {
    what: "a list",
    method: "POST",
    path: "/api/v4/bonds/",
    ...json("[]"),
    status: 400,
    is: { non_field_errors: ["Invalid data. Expected a dictionary, but got list."] },
  },
  {
    what: "a string",
    method: "POST",
    path: "/api/v4/bonds/",
    ...json('"x"'),
    status: 400,
    is: { non_field_errors: ["Invalid data. Expected a dictionary, but got str."] },
  },
  {
    what: "null",
    method: "POST",
    path: "/api/v4/bonds/",
    ...json("null"),
    status: 400,
    is: { non_field_errors: ["No data provided"] },
  },
  {
    what: "nothing, POST",
    method: "POST",
    path: "/api/v4/spaces/",
    status: 400,
    is: { name: ["This field is required."], key: ["This field is required."] },
  },
  { what: "nothing, PATCH", method: "PATCH", path: "/api/v4/bonds/1/", status: 200, has: { id: 1 } },
  {
    what: "charset",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: '{"product":"x"}',
    headers: { "content-type": "application/json; charset=utf-8" },
    status: 200,
    has: { product: "x" },
  },
  {
    what: "the last of two",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    ...json('{"product":"a","product":"b"}'),
    status: 200,
    has: { product: "b" },
  },
  {
    what: "a form",
    method: "POST",
    path: "/api/v4/spaces/",
    body: "name=F&key=f",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    status: 201,
    has: { name: "F", key: "f" },
    location: /\/api\/v4\/spaces\/f\/$/,
    allow: LIST,
  },
  {
    what: "a multipart form",
    method: "POST",
    path: "/api/v4/spaces/",
    body: '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nÜ\r\n--b\r\nContent-Disposition: form-data; name="key"\r\n\r\ng\r\n--b--\r\n',
    headers: { "content-type": "multipart/form-data; boundary=b" },
    status: 201,
    has: { name: "Ü", key: "g", parent: /spaces\/root\/$/, level: 1 },
  },
];

const required = ["This field is required."];
const fields: readonly Pair[] = [
  { what: "missing", method: "POST", path: "/api/v4/bonds/", body: {}, status: 400, is: { aggregator: required } },
  {
    what: "types",
    method: "POST",
    path: "/api/v4/bonds/",
    body: {
      name: "",
      aggregator: "/api/v4/aggregators/99/",
      packet_distribution: "zzz",
      reorder_max_hold: -1,
      proof_of_concept: "maybe",
    },
    status: 400,
    is: {
      name: ["This field may not be blank."],
      aggregator: ["Invalid hyperlink - Object does not exist."],
      proof_of_concept: ["Must be a valid boolean."],
      packet_distribution: ['"zzz" is not a valid choice.'],
      reorder_max_hold: ["Ensure this value is greater than or equal to 0."],
    },
  },
  {
    what: "more types",
    method: "POST",
    path: "/api/v4/bonds/",
    body: { name: null, note: ["x"], aggregator: 5, reorder_max_hold: "abc", packet_distribution: ["idmpq"] },
    status: 400,
    is: {
      name: ["This field may not be null."],
      note: ["Not a valid string."],
      aggregator: ["Incorrect type. Expected URL string, received int."],
      reorder_max_hold: ["A valid integer is required."],
      packet_distribution: ["\"['idmpq']\" is not a valid choice."],
    },
  },
  {
    what: "no URL",
    method: "POST",
    path: "/api/v4/bonds/",
    body: { aggregator: "/nope/" },
    status: 400,
    is: { aggregator: ["Invalid hyperlink - No URL match."] },
  },
  {
    what: "another resource's URL",
    method: "POST",
    path: "/api/v4/bonds/",
    body: { aggregator: "http://x/api/v4/bonds/1/" },
    status: 400,
    is: { aggregator: ["Invalid hyperlink - Incorrect URL match."] },
  },
  {
    what: "address",
    method: "POST",
    path: "/api/v4/aggregators/",
    body: { name: "a", ip: "1.2.3" },
    status: 400,
    is: { ip: ["Enter a valid IPv4 address."] },
  },
  {
    what: "IPv6 is made short",
    method: "PATCH",
    path: aggregator,
    body: { ipv6: "2001:DB8:0::1" },
    status: 200,
    has: { ipv6: "2001:db8::1" },
  },
  {
    what: "unique together",
    method: "POST",
    path: "/api/v4/bonds/",
    body: { name: "b1", aggregator },
    status: 400,
    is: { non_field_errors: ["The fields space, name must make a unique set."] },
  },
  {
    what: "key twice",
    method: "POST",
    path: "/api/v4/spaces/",
    body: { name: "q", key: "root" },
    status: 400,
    is: { key: ["Key must be unique."] },
  },
  {
    what: "slug",
    method: "POST",
    path: "/api/v4/spaces/",
    body: { name: "q", key: "a b" },
    status: 400,
    is: { key: ['Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.'] },
  },
  {
    what: "create",
    method: "POST",
    path: "/api/v4/bonds/",
    body: { name: "new", space: "/api/v4/spaces/root/", aggregator, bogus: 1, id: 55, reorder_max_hold: "40" },
    status: 201,
    has: { id: 8, name: "new", note: "", reorder_max_hold: 40 },
    location: /\/api\/v4\/bonds\/8\/$/,
  },
  {
    what: "a relation as an object",
    method: "POST",
    path: "/api/v4/bonds/",
    body: { name: "obj", space: { key: "root", name: "any" }, aggregator: { id: 1 } },
    status: 201,
    has: { space: { key: "root" } },
  },
  {
    what: "PUT without what is required",
    method: "PUT",
    path: "/api/v4/bonds/1/",
    body: { note: "hi" },
    status: 400,
    is: { aggregator: required },
  },
  {
    what: "PUT keeps what is left out",
    method: "PUT",
    path: "/api/v4/bonds/1/",
    body: { aggregator },
    status: 200,
    has: { name: "b0", note: "foo" },
  },
  {
    what: "PATCH of read-only fields",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { id: 9, created: "x", tunnel_subnet: "y" },
    status: 200,
    has: { id: 1, tunnel_subnet: "198.18.0.0/31" },
  },
  {
    what: "a boolean in words",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { proof_of_concept: "True" },
    status: 200,
    has: { proof_of_concept: true },
  },
  {
    what: "4.0",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    ...json('{"reorder_max_hold": 4.0}'),
    status: 200,
    has: { reorder_max_hold: 4 },
  },
  {
    what: "4.5",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { reorder_max_hold: 4.5 },
    status: 400,
    is: { reorder_max_hold: ["A valid integer is required."] },
  },
  {
    what: "true is no integer",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { reorder_max_hold: true },
    status: 400,
    is: { reorder_max_hold: ["A valid integer is required."] },
  },
  {
    what: "null for an integer",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { reorder_max_hold: null },
    status: 400,
    is: { reorder_max_hold: ["This field may not be null."] },
  },
  {
    what: "a number for a text",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { product: 12 },
    status: 200,
    has: { product: "12" },
  },
  {
    what: "a boolean for a text",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { name: true },
    status: 400,
    is: { name: ["Not a valid string."] },
  },
  {
    what: "too long",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { name: "x".repeat(65) },
    status: 400,
    is: { name: ["Ensure this field has no more than 64 characters."] },
  },
  {
    what: "trimmed",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { name: "  pad  " },
    status: 200,
    has: { name: "pad", bonder: { name: "pad" } },
  },
  {
    what: "NUL",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    body: { name: "a\0b" },
    status: 400,
    is: { name: ["Null characters are not allowed."] },
  },
  {
    what: "UTF-8",
    method: "PATCH",
    path: "/api/v4/bonds/1/",
    ...json('{"product": "\\u00e9\\u2603"}'),
    status: 200,
    has: { product: "é☃" },
  },
];

const lists: readonly Pair[] = [
  {
    what: "bad choice",
    path: "/api/v4/bonds/?packet_distribution=zzz",
    status: 400,
    is: { packet_distribution: ["Select a valid choice. zzz is not one of the available choices."] },
  },
  {
    what: "bad relation",
    path: "/api/v4/bonds/?space=99",
    status: 400,
    is: { space: ["Select a valid choice. That choice is not one of the available choices."] },
  },
  { what: "page 0", path: "/api/v4/bonds/?page_size=3&page=0", status: 404, is: detail("Invalid page.") },
  { what: "page 99", path: "/api/v4/bonds/?page_size=3&page=99", status: 404, is: detail("Invalid page.") },
  { what: "page abc", path: "/api/v4/bonds/?page_size=3&page=abc", status: 404, is: detail("Invalid page.") },
];

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

async function check(t: Tap.Test, box: Box, pair: Pair): Promise<void> {
  const { method = "GET", path, body, headers = {}, status } = pair;
  const auth =
    pair.auth === "none"
      ? false
      : pair.auth === "reader"
        ? { user: "reader@example.net", password: "reads-only-1" }
        : (pair.auth ?? ADMIN);
  const reply = await http(box.address, method, path, { body, headers, auth: auth || undefined });
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

declare namespace Tap {
  type Test = typeof t;
}

t.test("pairs", async (t) => {
  const box = await startBox(t);
  await prepared(box);
  for (const [name, pairs] of Object.entries({ who, where, lists, bodies, fields })) {
    await t.test(name, async (t) => {
      for (const pair of pairs) await check(t as unknown as Tap.Test, box, pair);
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
