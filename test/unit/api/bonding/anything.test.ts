// Whatever is sent, the answer is the framework's, never a 500.

import fc from "fast-check";
import t from "tap";
import { http } from "../../../helpers/appliance.js";
import { ADMIN, makeBond, startBox } from "../../../helpers/bonding.js";

const NAMES = [
  "name",
  "note",
  "aggregator",
  "secondary_aggregator",
  "space",
  "parent",
  "key",
  "ifname",
  "interface",
  "link_mode",
  "down_speed",
  "up_speed",
  "failover",
  "ip",
  "ipv6",
  "email",
  "username",
  "password",
  "active",
  "superuser",
  "packet_distribution",
  "reorder_max_hold",
  "tunnel_security",
  "id",
  "url",
  "bonder",
  "__proto__",
  "constructor",
];

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    "/api/v4/aggregators/1/",
    "/api/v4/spaces/root/",
    "/api/v4/bonders/2/ethernet_interfaces/1/",
    "/api/v4/bonds/1/",
    { url: "/api/v4/aggregators/1/" },
    { id: 1 },
    { key: "root" },
    { key: "../x" },
    { id: 1e300 },
    1e300,
    -0,
    "٣",
    "\ud800",
    "1e5",
    "0x10",
    " ",
    "192.0.2.7",
    "::ffff:1.2.3.4",
    "1.2.3",
    "a@b",
    "root",
  ),
);
const dictionary = fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 8 })), value, {
  maxKeys: 8,
});

const lists = (bond: { id: number; bonder: { id: number } }) => [
  "bonds/",
  "aggregators/",
  "spaces/",
  "users/",
  `bonders/${bond.bonder.id}/ethernet_interfaces/`,
  `bonds/${bond.id}/interface_legs/`,
  "login/",
];

t.test("any JSON object to any list, or to any item", async (t) => {
  const box = await startBox(t);
  const { bond, legs } = await makeBond(box, ["leg1"]);
  const items = [
    `bonds/${bond.id}/`,
    "aggregators/1/",
    "spaces/root/",
    "users/1/",
    `bonders/${bond.bonder.id}/`,
    `bonds/${bond.id}/interface_legs/${legs[0].id}/`,
  ];
  const target = fc.oneof(
    fc.record({ method: fc.constant("POST"), path: fc.constantFrom(...lists(bond)) }),
    fc.record({ method: fc.constantFrom("PUT", "PATCH"), path: fc.constantFrom(...items) }),
  );
  await fc.assert(
    fc.asyncProperty(target, dictionary, async ({ method, path }, body) => {
      // The administrator stays one, so that the next request is answered too.
      if (path === "users/1/")
        for (const name of ["password", "active", "superuser", "email", "username"]) delete body[name];
      // Its key is part of its path: renamed, it would be found no more.
      if (path === "spaces/root/") delete body["key"];
      const reply = await box.rest(method, `/api/v4/${path}`, { body });
      if (![200, 201, 400, 429].includes(reply.status)) throw new Error(`${reply.status} ${reply.text}`);
      if (reply.status < 300) await box.rest("GET", new URL(String(reply.headers["location"] ?? box.url)).pathname);
    }),
    { numRuns: 250 },
  );
  const all = ["nodes/", "bonds/", "legs/", "spaces/", "users/", "aggregators/", "bonders/", "flat/spaces/"];
  for (const path of all)
    t.equal((await box.rest("GET", `/api/v4/${path}`)).status, 200, `${path} can still be listed`);
  t.same(
    box.lines.filter(({ level }) => Number(level) >= 50),
    [],
    "no error was logged",
  );
});

t.test("a root space that was given another key is the root space still", async (t) => {
  const box = await startBox(t);
  t.equal((await box.rest("PATCH", "/api/v4/spaces/root/", { body: { key: "top" } })).status, 200);
  const { bond } = await makeBond(box, ["leg1"]);
  t.match(bond.space.url ?? bond.space, /spaces\/top\/$/);
  const space = await box.rest("POST", "/api/v4/spaces/", { body: { name: "new", key: "new" } });
  t.match([space.status, space.text], [201, /spaces\/top\//]);
});

t.test("any bytes, any type, any query", async (t) => {
  const box = await startBox(t);
  await makeBond(box, ["leg1"]);
  const types = fc.constantFrom(
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/xml",
    "a/b; c",
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.string({ maxLength: 60 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .string({ maxLength: 20 })
      .map((text) => Buffer.from(`--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n${text}\r\n--x--`)),
  );
  await fc.assert(
    fc.asyncProperty(types, bytes, async (type, body) => {
      const reply = await http(box.address, "POST", "/api/v4/spaces/", {
        body,
        auth: ADMIN,
        headers: { "content-type": type },
      });
      if (![201, 400, 415].includes(reply.status)) throw new Error(`${reply.status} ${reply.text}`);
    }),
    { numRuns: 200 },
  );
  const names = fc.constantFrom(
    "page",
    "page_size",
    "ordering",
    "search",
    "format",
    "space",
    "aggregator",
    "name",
    "reorder_max_hold",
    "exclude_fields",
    "proof_of_concept",
  );
  const queries = fc.array(
    fc.tuple(names, fc.oneof(fc.string({ maxLength: 10 }), fc.constantFrom("1", "-1", "last", "id,-name", "json"))),
    { maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(queries, async (pairs) => {
      const query = pairs.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&");
      const reply = await box.rest("GET", `/api/v4/bonds/?${query}`);
      if (![200, 400, 404].includes(reply.status)) throw new Error(`${reply.status} ${reply.text}`);
    }),
    { numRuns: 200 },
  );
  t.same(
    box.lines.filter(({ level }) => Number(level) >= 50),
    [],
  );
});
