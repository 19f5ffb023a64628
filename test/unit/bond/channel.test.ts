// The node channel: a bonder box in this process dials a manager box in this process.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { CONFIG_PATH, HELLO_PATH, MAC_HEADER, REPORT_PATH } from "../../../src/bond/channel.js";
import { bondPsk, keyId, mac, newNodeKey, newNonce, sameMac } from "../../../src/bond/keys.js";
import { http } from "../../helpers/appliance.js";
import { bondStatus, makeBond, startBox } from "../../helpers/bonding.js";
import { hello, say } from "../../helpers/node_channel.js";
import { freePort } from "../../helpers/ports.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const bonderConfig = (manager: string, node_key: string) => ({ role: "bonder" as const, manager, node_key });

t.test("a bonder takes its configuration, follows changes and reports", async (t) => {
  const manager = await startBox(t);
  const { bond, legs } = await makeBond(manager, ["leg1", "leg2"]);
  const bonder = await startBox(t, { config: bonderConfig(manager.url, bond.bonder.key) });
  const told = await until(() => bonder.dataplane.last?.bonds[0], { what: "the bonder to be told" });
  t.match(told, {
    id: bond.id,
    role: "bonder",
    tunnelIfname: `tun${bond.id}`,
    localIp: bond.tunnel_bonder_ip,
    peerIp: bond.tunnel_aggregator_ip,
    remote: { address: "192.0.2.1", port: 7790 },
    legs: [{ ifname: "leg1", downMbps: 50, upMbps: 20, linkMode: "active" }, { ifname: "leg2" }],
  });
  t.equal(bonder.dataplane.last?.listen, undefined, "a bonder listens for no legs");
  t.equal(told.psk, manager.dataplane.last?.bonds[0]?.psk, "both ends derive the same key");
  t.equal(told.psk, bondPsk(bond.bonder.key, bond.id));

  const at = `/api/v4/bonds/${bond.id}/interface_legs/${legs[0].id}/`;
  const started = Date.now();
  await manager.rest("PATCH", at, { body: { link_mode: "idle" } });
  await until(() => bonder.dataplane.last?.bonds[0]?.legs[0]?.linkMode === "idle", { what: "the change" });
  t.ok(Date.now() - started < 2_000, `a change is there at once (${Date.now() - started} ms)`);

  bonder.dataplane.emit([bondStatus(bond.id, [{ id: legs[0].id, state: "idle", rxRate: 7_000 }])]);
  const shown = await until(
    async () => {
      const leg = (await manager.rest("GET", at)).json();
      return leg.bonder_state === "idle" && leg;
    },
    { what: "the report" },
  );
  t.match(shown, { download_rate: 7_000, overall_state: "idle", aggregator_state: null });
  const node = (await manager.rest("GET", `/api/v4/bonders/${bond.bonder.id}/`)).json();
  t.match(node, { status: "up", version: "0.1.0-test", last_contact: String });
  t.match(bonder.bonding.health(), { status: "up", detail: `served by ${manager.url}` });
  t.match(manager.bonding.health(), { detail: "0 of 1 bonds up, 1 bonders connected" });
});

t.test("a bonder starts from its last configuration while the manager is away, and finds it again", async (t) => {
  const dir = tmpDir(t, "manager");
  const port = await freePort();
  const first = await startBox(t, { dir, port });
  const { bond, legs } = await makeBond(first, ["leg1"]);
  const bonderDir = tmpDir(t, "bonder");
  const config = bonderConfig(first.url, bond.bonder.key);
  const before = await startBox(t, { dir: bonderDir, config });
  const kept = await until(() => before.store.get("node_config", "last"), { what: "the configuration to be kept" });
  t.notMatch(JSON.stringify(kept), bond.bonder.key, "the key is not in it");
  await before.close();
  await first.close();

  const after = await startBox(t, { dir: bonderDir, config });
  const told = await until(() => after.dataplane.last?.bonds[0], { what: "the bonder to start alone" });
  t.equal(told.legs[0]?.ifname, "leg1");
  await until(() => after.bonding.health().status === "failed", { what: "the health to say so" });

  const again = await startBox(t, { dir, port });
  await again.rest("PATCH", `/api/v4/bonds/${bond.id}/interface_legs/${legs[0].id}/`, { body: { up_speed: 7 } });
  await until(() => after.dataplane.last?.bonds[0]?.legs[0]?.upMbps === 7, {
    what: "the manager again",
    timeoutMs: 20_000,
  });
});

t.test("a bonder with another key starts afresh and is refused", async (t) => {
  const manager = await startBox(t);
  const { bond } = await makeBond(manager, ["leg1"]);
  const dir = tmpDir(t, "bonder");
  const box = await startBox(t, { dir, config: bonderConfig(manager.url, bond.bonder.key) });
  await until(() => box.store.get("node_config", "last"), { what: "the configuration" });
  await box.close();
  const other = await startBox(t, { dir, config: bonderConfig(manager.url, newNodeKey()) });
  await until(() => /refused the node key \(status 401\)/.test(other.bonding.health().detail), { what: "the refusal" });
  t.equal(
    other.dataplane.configs.some((one) => one.bonds.length > 0),
    false,
    "another key's configuration is not used",
  );
});

t.test("a manager that does not have the key is not believed", async (t) => {
  const asked: string[] = [];
  const impostor: Server = createServer((request, response) => {
    asked.push(request.url ?? "");
    request.resume();
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ session: newNonce(), nonce: newNonce(), proof: newNonce(), revision: "x", config: {} }),
    );
  });
  impostor.listen(0, "127.0.0.1");
  t.teardown(() => impostor.close());
  await new Promise((resolve) => impostor.once("listening", resolve));
  const url = `http://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
  const box = await startBox(t, { config: bonderConfig(url, newNodeKey()) });
  await until(() => /could not prove/.test(box.bonding.health().detail), { what: "the doubt" });
  t.ok(
    asked.every((path) => path === HELLO_PATH),
    "nothing more is said to it",
  );
});

t.test("what is not proved is refused; what is proved once cannot be said again", async (t) => {
  const box = await startBox(t);
  const { bond } = await makeBond(box, ["leg1"]);
  const session = await hello(box, bond.bonder.key);
  const ask = '{"revision":"","wait":0,"unknown":[1]}';
  const good = await say(box, session, CONFIG_PATH, 5, ask);
  t.equal(good.status, 200);
  t.match(good.json(), { revision: /^[0-9a-f]{16}$/, config: { node: { id: bond.bonder.id }, bond: { id: bond.id } } });
  t.ok(sameMac(mac(session.keys.manager, CONFIG_PATH, "5", "200", good.text), String(good.headers[MAC_HEADER])));
  t.notMatch(good.text, bond.bonder.key);

  t.equal((await say(box, session, CONFIG_PATH, 5, ask)).status, 401, "the same again");
  t.equal((await say(box, session, CONFIG_PATH, 4, ask)).status, 200, "late, but new");
  t.equal((await say(box, session, CONFIG_PATH, 100, ask)).status, 200);
  t.equal((await say(box, session, CONFIG_PATH, 36, ask)).status, 401, "too late");
  t.equal((await say(box, session, CONFIG_PATH, 101, ask, session.keys.manager)).status, 401, "the manager's own key");
  t.equal((await say(box, session, REPORT_PATH, 102, "{bad")).status, 400);
  t.equal((await say(box, { ...session, id: newNonce() }, CONFIG_PATH, 1, ask)).status, 401, "no such session");
  const big = `{"revision":"","x":"${"x".repeat(70_000)}"}`;
  t.equal((await say(box, session, CONFIG_PATH, 103, big)).status, 413);

  await box.rest("DELETE", `/api/v4/bonds/${bond.id}/`);
  t.equal((await say(box, session, CONFIG_PATH, 104, ask)).status, 401, "its bond is gone");
  t.equal((await http(box.address, "GET", CONFIG_PATH)).status, 405);
  t.equal((await http(box.address, "POST", HELLO_PATH, { body: { v: 2, node: "", nonce: newNonce() } })).status, 400);
});

t.test("a node whose bond is deleted while it waits is told that its key is no more", async (t) => {
  const box = await startBox(t);
  const { bond } = await makeBond(box, ["leg1"]);
  const session = await hello(box, bond.bonder.key);
  const { revision } = (await say(box, session, CONFIG_PATH, 1, '{"revision":"","wait":0}')).json();
  const waiting = say(box, session, CONFIG_PATH, 2, JSON.stringify({ revision, wait: 20 }));
  await say(box, session, CONFIG_PATH, 3, JSON.stringify({ revision, wait: 0 }));
  await box.rest("DELETE", `/api/v4/bonds/${bond.id}/`);
  const told = await waiting;
  t.equal(told.status, 401);
  t.match(told.json(), { error: "key" });
});

t.test("an address that guesses keys is held off", async (t) => {
  const box = await startBox(t);
  const statuses = new Set<number>();
  for (let i = 0; i < 40; i++) {
    const body = { v: 1, node: keyId(newNodeKey()), nonce: newNonce() };
    statuses.add((await http(box.address, "POST", HELLO_PATH, { body })).status);
  }
  t.same([...statuses], [401, 429]);
});
