// What must hold between records, and that a refused write leaves nothing behind.

import t, { type Test } from "tap";
import { http } from "../../../helpers/appliance.js";
import { ADMIN, type Box, makeBond, startBox } from "../../../helpers/bonding.js";

const TABLES = ["spaces", "nodes", "ethernet_interfaces", "bonds", "legs", "users", "tokens"] as const;
const everything = (box: Box) => JSON.stringify(TABLES.map((table) => box.store.list(table)));

interface Refused {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly is: unknown;
}

async function refusedAll(t: Test, box: Box, rows: readonly Refused[]): Promise<void> {
  for (const { what, method, path, body, is } of rows) {
    const before = everything(box);
    const reply = await box.rest(method, `/api/v4/${path}`, { body });
    t.equal(reply.status, 400, `${what}: ${reply.text}`);
    t.same(reply.json(), is, what);
    t.equal(everything(box), before, `${what}: nothing has changed`);
  }
}

t.test("interfaces and legs", async (t) => {
  const box = await startBox(t);
  const { bond, legs } = await makeBond(box, ["leg1"]);
  const other = await makeBond(box, ["leg1"]);
  const bonder = bond.bonder.id;
  const legPath = `bonds/${bond.id}/interface_legs/`;
  const speeds = { down_speed: 1, up_speed: 1 };
  const [own] = (await box.rest("GET", `/api/v4/bonders/${bonder}/ethernet_interfaces/`)).json();
  const [foreign] = (await box.rest("GET", `/api/v4/nodes/${other.bond.bonder.id}/ethernet_interfaces/`)).json();
  t.match(own, { ifname: "leg1", node: `${box.url}/api/v4/nodes/${bonder}/` });
  t.equal(own.url, `${box.url}/api/v4/bonders/${bonder}/ethernet_interfaces/${own.id}/`);
  const ownPath = `bonders/${bonder}/ethernet_interfaces/${own.id}/`;
  await refusedAll(t, box, [
    {
      what: "a leg over another node's interface",
      method: "POST",
      path: legPath,
      body: { ...speeds, interface: foreign.url },
      is: { interface: ["The interface belongs to another node."] },
    },
    {
      what: "a second leg over one interface",
      method: "POST",
      path: legPath,
      body: { ...speeds, interface: own.url },
      is: { interface: ["The interface already has a leg."] },
    },
    {
      what: "a leg without speeds",
      method: "POST",
      path: legPath,
      body: { interface: own.url },
      is: { down_speed: ["This field is required."], up_speed: ["This field is required."] },
    },
    {
      what: "a negative speed",
      method: "PATCH",
      path: `${legPath}${legs[0].id}/`,
      body: { up_speed: -1 },
      is: { up_speed: ["Ensure this value is greater than or equal to 0."] },
    },
    {
      what: "an unknown mode",
      method: "PATCH",
      path: `${legPath}${legs[0].id}/`,
      body: { link_mode: "on" },
      is: { link_mode: ['"on" is not a valid choice.'] },
    },
    {
      what: "an interface that is in use",
      method: "DELETE",
      path: ownPath,
      is: { detail: "The interface is in use by a leg." },
    },
    {
      what: "another name for an interface",
      method: "PATCH",
      path: ownPath,
      body: { ifname: "wan9" },
      is: { ifname: ["This field cannot be changed."] },
    },
    {
      what: "one name twice",
      method: "POST",
      path: `nodes/${bonder}/ethernet_interfaces/`,
      body: { ifname: "leg1" },
      is: { non_field_errors: ["The fields node, ifname must make a unique set."] },
    },
    {
      what: "no interface name",
      method: "POST",
      path: `nodes/${bonder}/ethernet_interfaces/`,
      body: { ifname: "a/b" },
      is: { ifname: ["Enter a valid interface name: up to 15 characters, no slash, colon or white space."] },
    },
  ]);
  t.equal(
    (await box.rest("PUT", `/api/v4/${ownPath}`, { body: { ...own, note: "n" } })).json().note,
    "n",
    "a whole GET can be PUT",
  );
  t.equal((await box.rest("DELETE", `/api/v4/${legPath}${legs[0].id}/`)).status, 204);
  t.equal((await box.rest("DELETE", `/api/v4/${ownPath}`)).status, 204, "an interface without a leg goes");
});

t.test("a child is found under its own parent only", async (t) => {
  const box = await startBox(t);
  await makeBond(box, ["leg1"]);
  await makeBond(box, ["leg1"]);
  const made = await box.rest("POST", "/api/v4/nodes/1/ethernet_interfaces/", { body: { ifname: "eth0" } });
  const { id } = made.json();
  const status = async (path: string) => (await box.rest("GET", `/api/v4/${path}`)).status;
  t.equal(await status(`nodes/1/ethernet_interfaces/${id}/`), 200);
  t.equal(await status(`bonders/1/ethernet_interfaces/${id}/`), 404, "an aggregator is no bonder");
  t.equal(await status(`nodes/2/ethernet_interfaces/${id}/`), 404);
  t.equal(await status("bonds/1/interface_legs/1/"), 200);
  t.equal(await status("bonds/2/interface_legs/1/"), 404, "a leg of another bond");
});

t.test("bonds, bonders, aggregators", async (t) => {
  const box = await startBox(t, { config: { tunnel_pool: "198.18.0.0/30" } });
  const { bond } = await makeBond(box, ["leg1"]);
  await makeBond(box);
  const aggregator = new URL(bond.aggregator).pathname;
  await refusedAll(t, box, [
    {
      what: "no subnet left",
      method: "POST",
      path: "bonds/",
      body: { aggregator },
      is: { non_field_errors: ["The tunnel pool 198.18.0.0/30 has no subnet left."] },
    },
    {
      what: "two equal aggregators",
      method: "PATCH",
      path: "bonds/1/",
      body: { secondary_aggregator: aggregator },
      is: { secondary_aggregator: ["The secondary aggregator must be another than the primary."] },
    },
    {
      what: "this box's own aggregator",
      method: "DELETE",
      path: "aggregators/1/",
      is: { detail: "This appliance's own aggregator cannot be deleted." },
    },
    {
      what: "unknown distribution",
      method: "PATCH",
      path: "bonds/1/",
      body: { packet_distribution: "x" },
      is: { packet_distribution: ['"x" is not a valid choice.'] },
    },
    {
      what: "a bonder's name twice",
      method: "PATCH",
      path: `bonders/${bond.bonder.id}/`,
      body: { name: (await box.rest("GET", "/api/v4/bonds/2/")).json().name },
      is: { non_field_errors: ["The fields space, name must make a unique set."] },
    },
  ]);
  const second = (await box.rest("POST", "/api/v4/aggregators/", { body: { name: "agg2", ip: "203.0.113.9" } })).json();
  t.match(second, { key: /^[0-9a-f]{40}$/, status: "unknown", hostname: "agg2.root" });
  const moved = (
    await box.rest("PATCH", "/api/v4/bonds/1/", { body: { aggregator: second.url, name: "moved" } })
  ).json();
  t.match(moved, { current_aggregator: second.url, bonder: { name: "moved", key: bond.bonder.key } });
  await refusedAll(t, box, [
    {
      what: "an aggregator with bonds",
      method: "DELETE",
      path: `aggregators/${second.id}/`,
      is: { detail: "The aggregator is in use by a bond." },
    },
  ]);
  const renamed = await box.rest("PATCH", `/api/v4/bonders/${bond.bonder.id}/`, {
    body: { name: "again", asset_tag: "T1" },
  });
  t.match(renamed.json(), { name: "again", bond: bond.url });
  t.match((await box.rest("GET", "/api/v4/bonds/1/")).json(), { name: "again", bonder: { asset_tag: "T1" } });
  t.equal((await box.rest("DELETE", "/api/v4/bonds/1/")).status, 204);
  t.equal((await box.rest("DELETE", `/api/v4/aggregators/${second.id}/`)).status, 204);
  t.equal((await makeBond(box)).bond.tunnel_subnet, "198.18.0.0/31", "what a bond had is free again");
});

t.test("spaces", async (t) => {
  const box = await startBox(t);
  const { bond } = await makeBond(box);
  const made = (await box.rest("POST", "/api/v4/spaces/", { body: { name: "A", key: "a" } })).json();
  t.match(made, { level: 1, parent: `${box.url}/api/v4/spaces/root/`, related_object_counts: { bonds: 0 } });
  const inner = (
    await box.rest("POST", "/api/v4/spaces/", { body: { name: "B", key: "b", parent: { key: "a" } } })
  ).json();
  t.match(inner, { level: 2, parent: made.url });
  await box.rest("PATCH", `/api/v4/bonds/${bond.id}/`, { body: { space: inner.url } });
  t.match((await box.rest("GET", "/api/v4/spaces/b/")).json().related_object_counts, { bonds: 1, bonders: 1 });
  await refusedAll(t, box, [
    {
      what: "the root space",
      method: "DELETE",
      path: "spaces/root/",
      is: { detail: "The root space cannot be deleted." },
    },
    { what: "a space with a child", method: "DELETE", path: "spaces/a/", is: { detail: "The space is not empty." } },
    { what: "a space with a bond", method: "DELETE", path: "spaces/b/", is: { detail: "The space is not empty." } },
    {
      what: "another parent",
      method: "PATCH",
      path: "spaces/b/",
      body: { parent: "/api/v4/spaces/root/" },
      is: { parent: ["This field cannot be changed."] },
    },
  ]);
  const root = (await box.rest("GET", "/api/v4/spaces/root/")).json();
  t.match((await box.rest("PUT", "/api/v4/spaces/root/", { body: root })).json(), { parent: null, level: 0 });
  t.equal(
    (await box.rest("PATCH", "/api/v4/spaces/b/", { body: { key: "c" } })).json().url,
    `${box.url}/api/v4/spaces/c/`,
  );
  t.same(Object.keys((await box.rest("GET", "/api/v4/flat/spaces/")).json()[0]), [
    "id",
    "url",
    "name",
    "key",
    "parent",
    "level",
  ]);
});

t.test("users", async (t) => {
  const box = await startBox(t);
  const body = { email: "one@example.net", password: "long enough" };
  const made = (await box.rest("POST", "/api/v4/users/", { body })).json();
  t.match(made, { username: "one@example.net", active: true, superuser: false });
  t.notOk("password" in made);
  const login = await http(box.address, "POST", "/api/v4/login/", { body });
  const headers = { authorization: `Token ${login.json().auth_token}` };
  const own = async () => (await http(box.address, "GET", "/api/v4/users/", { headers })).status;
  t.equal(await own(), 200);
  await refusedAll(t, box, [
    {
      what: "a name that another user has",
      method: "POST",
      path: "users/",
      body: { email: "ADMIN@localhost", password: "long enough" },
      is: { email: ["This field must be unique."] },
    },
    {
      what: "no e-mail",
      method: "POST",
      path: "users/",
      body: { email: "x", password: "short" },
      is: { email: ["Enter a valid email address."], password: ["Ensure this field has at least 8 characters."] },
    },
    {
      what: "the last administrator",
      method: "PATCH",
      path: "users/1/",
      body: { superuser: false },
      is: { detail: "This is the last active superuser." },
    },
    { what: "oneself", method: "DELETE", path: "users/1/", is: { detail: "Users cannot delete themselves." } },
  ]);
  t.equal((await box.rest("PUT", `/api/v4/users/${made.id}/`, { body: { email: "two@example.net" } })).status, 200);
  t.equal(await own(), 200, "another e-mail keeps the token");
  t.equal((await box.rest("PATCH", `/api/v4/users/${made.id}/`, { body: { password: "another one" } })).status, 200);
  t.equal(await own(), 401, "another password ends it");
  const auth = { user: "two@example.net", password: "another one" };
  t.equal((await http(box.address, "GET", "/api/v4/bonds/", { auth })).status, 200);
  await box.rest("PATCH", `/api/v4/users/${made.id}/`, { body: { active: false } });
  t.equal((await http(box.address, "GET", "/api/v4/bonds/", { auth })).status, 401, "not active");
  t.equal((await http(box.address, "GET", "/api/v4/bonds/", { auth: ADMIN })).status, 200);
  t.equal((await box.rest("DELETE", `/api/v4/users/${made.id}/`)).status, 204);
});

t.test("a change to what is there already is no transaction", async (t) => {
  const box = await startBox(t);
  const { bond, legs } = await makeBond(box, ["leg1"]);
  let changes = 0;
  box.store.watch("legs", () => changes++);
  const path = `/api/v4/bonds/${bond.id}/interface_legs/${legs[0].id}/`;
  t.equal((await box.rest("PATCH", path, { body: { link_mode: "active" } })).status, 200);
  t.equal((await box.rest("PUT", path, { body: legs[0] })).status, 200);
  t.equal(changes, 0);
});
