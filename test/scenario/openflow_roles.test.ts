// Two controllers of one Open vSwitch: who is master, what a slave may do, and what the switch says of it.

import t from "tap";
import { startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { until } from "../helpers/wait.js";

const DP = "/of/datapaths/00:00:00:00:00:00:00:01";
const FLOW = { flow: { priority: 7, match: [{ in_port: 1 }], instructions: [] } };

t.test("master and slave", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const [one, two] = [await startOpenFlowRoom(t), await startOpenFlowRoom(t)];
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge();
  await ovs.vsctl("set-controller", "br0", one.target, two.target);
  for (const room of [one, two]) await until(() => room.handle.health().switches === 1, { what: "the switch" });
  const roleOf = async (target: string): Promise<string> =>
    (await ovs.vsctl("--bare", "--columns=role", "find", "controller", `target="${target}"`)).trim();
  const roles = async (): Promise<string> => `${await roleOf(one.target)} ${await roleOf(two.target)}`;

  t.match((await one.call("GET", `${DP}/controllers`)).json, { controllers: { master: "127.0.0.1", role: "equal" } });
  const claimed = await one.call("POST", `${DP}/controllers`, { role: "master" });
  t.match(claimed.json, { controllers: { role: "master", generation_id: "0x1" } });
  // Its own generation begins at 1, too, and goes beyond what the switch has seen.
  const stronger = await two.call("POST", `${DP}/controllers`, { role: "master" });
  t.match(stronger.json, { controllers: { master: "127.0.0.1", slaves: [], role: "master" } });
  t.same((await one.call("GET", `${DP}/controllers`)).json.controllers, {
    slaves: ["127.0.0.1"],
    role: "slave",
    generation_id: stronger.json.controllers.generation_id,
  });
  await until(async () => (await roles()) === "slave master", { what: "ovs-vsctl to agree" });

  const refused = await one.call("POST", `${DP}/flows`, FLOW);
  t.equal(refused.status, 500);
  t.match(refused.json, { error: "java.lang.IllegalStateException", message: /BAD_REQUEST\/IS_SLAVE,.*FLOW_MOD/ });
  t.equal((await one.call("GET", `${DP}/flows`)).status, 200, "a slave may read");
  t.equal((await two.call("POST", `${DP}/flows`, FLOW)).status, 201);
  t.same(await ovs.flows(), ["priority=7,in_port=1 actions=drop"]);

  const back = await one.call("POST", `${DP}/controllers`, { role: "master" });
  t.equal(back.json.controllers.role, "master");
  const later = BigInt(back.json.controllers.generation_id) > BigInt(stronger.json.controllers.generation_id);
  t.ok(later, "each claim has a newer generation");
  t.equal((await two.call("GET", `${DP}/controllers`)).json.controllers.role, "slave");
});

t.test("statistics of the controller, and itself", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t);
  const stats = async () => (await room.call("GET", "/of/stats")).json.controller_stats[0];
  const empty = await stats();
  t.match(empty, { msg_in: 0, msg_out: 0, lost: { bytes: 0, packets: 0 }, packet_in: { bytes: 0, packets: 0 } });
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ controller: room.target });
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  const before = await stats();
  t.equal((await room.call("POST", `${DP}/flows`, FLOW)).status, 201);
  const punt = { flow: { priority: 0, match: [], instructions: [{ apply_actions: [{ output: "CONTROLLER" }] }] } };
  t.equal((await room.call("POST", `${DP}/flows`, punt)).status, 201);
  await ovs.appctl(
    "netdev-dummy/receive",
    "br0p2",
    "in_port(2),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x1234)",
  );
  await until(async () => (await stats()).packet_in.packets >= 1, { what: "the PACKET_IN" });
  const now = await stats();
  t.ok(now.msg_out >= before.msg_out + 4, "two FLOW_MODs and two barriers");
  t.ok(now.msg_in >= before.msg_in + 3);
  t.ok(now.packet_in.bytes >= 42 + 14);
  t.ok(now.duration_ms > 0);

  const { json } = await room.call("GET", "/systems");
  t.match(json, { systems: [{ uid: now.uid, role: "leader", self: true, status: "active" }] });
  t.match(now.uid, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  t.equal((await room.call("GET", '/systems?ip="127.0.0.1"')).json.systems.length, 1);
  t.same((await room.call("GET", "/systems?ip=192.0.2.1")).json, { systems: [] });
});

t.test("what a switch sends unasked, and how it treats fragments", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ controller: room.target });
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  const { json } = await room.call("GET", `${DP}/async`);
  t.match(json.async, { port_status: { master_equal: ["add", "delete", "modify"] }, packet_in: { slave: [] } });
  const reasons = async (): Promise<string> =>
    (await room.call("GET", `${DP}/async`)).json.async.port_status.master_equal;
  const set = await room.call("PUT", `${DP}/async`, { async: { port_status: { master_equal: ["add"] } } });
  t.same(set.json.async.port_status.master_equal, ["add"]);
  t.same(await reasons(), ["add"]);
  t.same(set.json.async.flow_removed, json.async.flow_removed, "the rest stays");

  t.same((await room.call("GET", `${DP}/config`)).json.config.flags, []);
  t.same((await room.call("PUT", `${DP}/config`, { flags: ["frag_drop"] })).json.config.flags, ["frag_drop"]);
  t.match(await ovs.ofctl("get-frags"), /drop/);
});
