// Desired state against a live Open vSwitch: what was set over REST comes back when the switch has lost it, what is equal is
// not touched, and ovs-ofctl agrees.

import t, { type Test } from "tap";
import type { Teardown } from "../helpers/cleanup.js";
import { type OpenFlowRoom, startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { until } from "../helpers/wait.js";

const DP = "/of/datapaths/00:00:00:00:00:00:00:2a";
const DPID = "000000000000002a";

const METER = { id: 7, flags: ["kbps", "burst", "stats"], bands: [{ mtype: "drop", rate: 1500, burst_size: 100 }] };
/** Group 1 sends to group 2: the order of ids is not that of dependency. */
const OUTER = { id: 1, type: "all", buckets: [{ actions: [{ group: 2 }] }, { actions: [{ output: 3 }] }] };
const INNER = {
  id: 2,
  type: "select",
  buckets: [
    { weight: 5, actions: [{ output: 1 }] },
    { weight: 1, actions: [{ output: 2 }] },
  ],
};
const FLOWS = [
  { priority: 10, match: [{ in_port: 1 }], instructions: [{ apply_actions: [{ output: 2 }] }] },
  {
    priority: 20,
    cookie: "0xabc",
    flow_mod_flags: ["send_flow_rem"],
    match: [{ eth_type: "ipv4" }, { ip_proto: "tcp" }, { tcp_dst: 80 }, { ipv4_src: "10.1.0.0", mask: "255.255.0.0" }],
    instructions: [{ meter: 7 }, { apply_actions: [{ output: "CONTROLLER" }, { group: 1 }] }, { goto_table: 3 }],
  },
  { priority: 0, table_id: 3, match: [], instructions: [] },
];

async function connected(room: OpenFlowRoom, switches = 1): Promise<void> {
  await until(() => room.handle.health().switches === switches, { what: `${switches} switches` });
}

/** The result of the reconciliation that began after `since`, once it has ended. */
async function reconciled(room: OpenFlowRoom, since: string) {
  return until(
    async () => {
      const { reconciliation } = (await room.call("GET", `${DP}/reconciliation`)).json;
      return reconciliation?.state !== "running" && reconciliation?.started > since && reconciliation;
    },
    { what: "a reconciliation", timeoutMs: 30_000 },
  );
}

async function setUp(t: Teardown, config = {}): Promise<{ room: OpenFlowRoom; ovs: OpenVSwitch }> {
  const room = await startOpenFlowRoom(t, config);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ dpid: DPID, controller: room.target, ports: 4 });
  await connected(room);
  return { room, ovs };
}

async function setAll(t: Test, room: OpenFlowRoom): Promise<void> {
  t.equal((await room.call("POST", `${DP}/meters`, { meter: METER })).status, 201);
  t.equal((await room.call("POST", `${DP}/groups`, { group: INNER })).status, 201);
  t.equal((await room.call("POST", `${DP}/groups`, { group: OUTER })).status, 201);
  t.equal((await room.call("POST", `${DP}/flows`, { flows: FLOWS })).status, 201);
}

/** All that the switch has, as its own tools print it. */
async function all(ovs: OpenVSwitch): Promise<string[]> {
  const lines = (await Promise.all([ovs.ofctl("dump-groups"), ovs.ofctl("dump-meters")])).join("\n").split("\n");
  const kept = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("OFPST"));
  return [...(await ovs.flows()), ...kept.sort()];
}

t.test("a switch that has lost its tables gets them back", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);
  await setAll(t, room);
  const before = await all(ovs);
  t.equal(before.length, FLOWS.length + 4, "the switch has all of it");
  t.same((await room.call("GET", `${DP}/desired`)).json, { desired: { meters: 1, groups: 2, flows: 3 } });
  const since = new Date().toISOString();
  await ovs.restart();
  const run = await reconciled(room, since);
  t.match(run, {
    state: "done",
    meters: { kept: 1, added: 1, failed: 0 },
    groups: { kept: 2, added: 2, failed: 0 },
    flows: { kept: 3, added: 3, modified: 0, failed: 0 },
    errors: [],
  });
  t.same(await all(ovs), before, "ovs-ofctl agrees");
});

/**
 * Cuts the switch's connection and makes it connect again; resolves with the reconciliation that follows. Meanwhile it has a
 * controller that does not answer: without any, Open vSwitch would empty its tables.
 */
async function reconnect(room: OpenFlowRoom, ovs: OpenVSwitch) {
  const since = new Date().toISOString();
  await ovs.setController("tcp:127.0.0.1:1");
  await connected(room, 0);
  await ovs.setController(room.target);
  return reconciled(room, since);
}

const FRAME =
  "in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x0800),ipv4(src=10.9.0.1,dst=10.9.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1,dst=2)";

t.test("what is equal is not touched, what has changed is mended, what is foreign stays", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);
  await setAll(t, room);
  const before = await all(ovs);
  for (let i = 0; i < 5; i++) await ovs.appctl("netdev-dummy/receive", "br0p1", FRAME);
  const packets = async (): Promise<boolean> =>
    /n_packets=5,.*priority=10,in_port=/.test(await ovs.ofctl("dump-flows"));
  await until(packets, { what: "five packets in the flow's counter" });

  t.match(await reconnect(room, ovs), {
    state: "done",
    meters: { kept: 1, present: 1, added: 0, modified: 0, foreign: 0 },
    groups: { kept: 2, present: 2, added: 0, modified: 0, foreign: 0 },
    flows: { kept: 3, present: 3, added: 0, modified: 0, foreign: 0 },
  });
  t.ok(await packets(), "counters of equal flows go on");

  await ovs.ofctl("mod-flows", "br0", "priority=10,in_port=1,actions=output:4", "--strict");
  await ovs.ofctl("add-flow", "br0", "table=3,priority=0,cookie=5,actions=drop");
  await ovs.ofctl("mod-group", "br0", "group_id=2,type=select,bucket=weight:1,output:4");
  await ovs.ofctl("mod-meter", "br0", "meter=7,kbps,bands=type=drop,rate=3");
  await ovs.ofctl("add-flow", "br0", "priority=77,in_port=3,actions=output:1");
  await ovs.ofctl("add-group", "br0", "group_id=99,type=all,bucket=output:1");
  t.match(await reconnect(room, ovs), {
    state: "done",
    meters: { kept: 1, present: 1, added: 0, modified: 1, foreign: 0 },
    groups: { kept: 2, present: 3, added: 0, modified: 1, foreign: 1, deleted: 0 },
    flows: { kept: 3, present: 4, added: 0, modified: 2, foreign: 1, deleted: 0 },
  });
  t.ok(await packets(), "counters of a flow whose instructions were mended go on");
  const foreign = ["priority=77,in_port=3 actions=output:1", "group_id=99,type=all,bucket=actions=output:1"];
  t.same((await all(ovs)).sort(), [...before, ...foreign].sort());
});

t.test("foreign = delete", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t, { foreign: "delete" });
  await setAll(t, room);
  await room.call("POST", `${DP}/groups?persist=false`, { group: { id: 50, type: "all", buckets: [] } });
  await room.call("POST", `${DP}/flows`, { flow: { priority: 50, match: [], actions: [{ group: 50 }] } });
  const before = await all(ovs);
  await ovs.ofctl("add-meter", "br0", "meter=9,kbps,bands=type=drop,rate=3");
  await ovs.ofctl("add-group", "br0", "group_id=99,type=all,bucket=output:1");
  await ovs.ofctl("add-flow", "br0", "priority=77,in_port=3,actions=meter:9,group:99");
  await ovs.ofctl("add-flow", "br0", "priority=1,cookie=0xffff000000000000,actions=CONTROLLER:65535");
  await ovs.ofctl("add-flow", "br0", "priority=78,hard_timeout=600,in_port=3,actions=output:2");
  t.match(await reconnect(room, ovs), {
    state: "done",
    meters: { foreign: 1, deleted: 1 },
    groups: { foreign: 2, deleted: 1 },
    flows: { foreign: 2, deleted: 1, added: 0, modified: 0 },
  });
  const stay = [
    "cookie=0xffff000000000000, priority=1 actions=CONTROLLER:65535",
    "hard_timeout=600, priority=78,in_port=3 actions=output:2",
  ];
  t.same(
    (await all(ovs)).sort(),
    [...before, ...stay].sort(),
    "the controller's own, what ends by itself and what is used stay",
  );
});

t.test("what the switch refuses is told, the rest is installed", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);
  await room.call("POST", `${DP}/groups?persist=false`, { group: { id: 50, type: "all", buckets: [] } });
  const flow = (priority: number, group: number) => ({ priority, match: [{ in_port: 1 }], actions: [{ group }] });
  const some = await room.call("POST", `${DP}/flows`, { flows: [flow(1, 50), flow(2, 51), flow(3, 50)] });
  t.equal(some.status, 500);
  t.match(some.json.message, /^flow 2 of 3: \{ofm:.*BAD_ACTION\/BAD_OUT_GROUP/);
  t.same((await room.call("GET", `${DP}/desired`)).json.desired, { meters: 0, groups: 0, flows: 2 });
  await room.call("POST", `${DP}/flows`, { flow: FLOWS[0] });
  const since = new Date().toISOString();
  await ovs.restart();
  const run = await reconciled(room, since);
  t.match(run, { state: "done", flows: { kept: 3, added: 1, failed: 2 } });
  t.equal(run.errors.length, 2);
  t.match(run.errors[0], /^flow table_id 0, priority 1, match \[\{"in_port":1\}\]: \{ofm:.*BAD_ACTION\/BAD_OUT_GROUP/);
  t.same(await ovs.flows(), ["priority=10,in_port=1 actions=output:2"]);
  await room.call("POST", `${DP}/groups`, { group: { id: 50, type: "all", buckets: [] } });
  const again = await room.call("POST", `${DP}/reconciliation`);
  t.equal(again.status, 200);
  t.match(again.json.reconciliation, {
    state: "done",
    flows: { kept: 3, present: 1, added: 2, failed: 0 },
    errors: [],
  });
  t.equal((await ovs.flows()).length, 3);
});

t.test("what is kept follows what the switch does", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);
  const desired = async () => (await room.call("GET", `${DP}/desired`)).json.desired;
  await setAll(t, room);
  for (const persist of ["maybe", "", "1"]) {
    const bad = await room.call("POST", `${DP}/flows?persist=${persist}`, { flow: FLOWS[0] });
    t.equal(bad.status, 400, `persist=${persist}`);
    t.match(bad.json, { error: "java.lang.IllegalArgumentException", message: /^persist: .*allowed: true, false$/ });
  }
  const apart = { priority: 99, match: [{ in_port: 4 }], actions: [{ output: 1 }] };
  t.equal((await room.call("POST", `${DP}/flows?persist=false`, { flow: apart })).status, 201);
  t.equal(
    (await room.call("POST", `${DP}/flows`, { flow: { ...apart, hard_timeout: 600, priority: 98 } })).status,
    201,
  );
  t.same(await desired(), { meters: 1, groups: 2, flows: 3 }, "neither what is not to be kept nor what ends by itself");
  t.equal((await room.call("DELETE", `${DP}/flows?persist=false`, { flow: FLOWS[0] })).status, 204);
  t.equal((await room.call("POST", `${DP}/reconciliation`)).json.reconciliation.flows.added, 1, "it comes back");

  const loop = { id: 2, type: "all", buckets: [{ actions: [{ group: 1 }] }] };
  const refused = await room.call("PUT", `${DP}/groups/2`, { group: loop });
  t.equal(refused.status, 400);
  t.match(refused.json.message, /^group 2: its buckets lead back to it \(2 to 1 to 2\)/);
  const own = await room.call("POST", `${DP}/groups`, {
    group: { ...loop, id: 3, buckets: [{ actions: [{ group: 3 }] }] },
  });
  t.equal(own.status, 400);
  t.equal((await room.call("POST", `${DP}/meters`, { meter: { ...METER, id: 8, flags: [] } })).status, 500);
  t.same(await desired(), { meters: 1, groups: 2, flows: 3 }, "what is refused is not kept");

  t.equal((await room.call("DELETE", `${DP}/meters/7`)).status, 204);
  t.same(await desired(), { meters: 0, groups: 2, flows: 2 }, "the flow that used the meter went with it");
  await room.call("POST", `${DP}/flows`, { flow: { priority: 5, match: [], actions: [{ group: 2 }] } });
  t.equal((await room.call("DELETE", `${DP}/groups/2`)).status, 204);
  t.same(await desired(), { meters: 0, groups: 1, flows: 2 }, "and that which used the group");
  const loose = { flow_mod_cmd: "modify", match: [{ in_port: 1 }], actions: [{ output: 4 }] };
  t.equal((await room.call("PUT", `${DP}/flows`, { flow: loose })).status, 204);
  await room.call("DELETE", `${DP}/flows?persist=false`, {
    flow: { table_id: 255, flow_mod_cmd: "delete", match: [] },
  });
  t.same(await ovs.flows(), []);
  await room.call("POST", `${DP}/reconciliation`);
  t.same(await ovs.flows(), ["priority=10,in_port=1 actions=output:4", "table=3, priority=0 actions=drop"]);
  t.equal((await room.call("DELETE", `${DP}/flows`, { flow: { table_id: 255, flow_mod_cmd: "delete" } })).status, 204);
  t.same(await desired(), { meters: 0, groups: 1, flows: 0 });
});

t.test("switches that are gone, and those that never were", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);
  const none = await room.call("GET", `${DP}/reconciliation`);
  t.equal(none.status, 200);
  t.same(Object.keys(none.json), ["reconciliation"]);
  t.match(none.json.reconciliation, { state: "none", flows: { kept: 0 }, errors: [] });
  await setAll(t, room);
  await room.call("POST", `${DP}/reconciliation`);
  await ovs.kill();
  await connected(room, 0);
  t.match((await room.call("GET", `${DP}/reconciliation`)).json.reconciliation, { state: "done", flows: { kept: 3 } });
  const away = await room.call("POST", `${DP}/reconciliation`);
  t.equal(away.status, 503);
  t.match(away.json.message, /00:00:00:00:00:00:00:2a is not available: it is not connected/);
  t.same((await room.call("GET", `${DP}/desired`)).json.desired, { meters: 1, groups: 2, flows: 3 });
  t.equal((await room.call("DELETE", `${DP}/desired`)).status, 204);
  for (const [method, path] of [
    ["GET", `${DP}/reconciliation`],
    ["POST", `${DP}/reconciliation`],
    ["GET", `${DP}/desired`],
    ["DELETE", `${DP}/desired`],
    ["GET", "/of/datapaths/77/reconciliation"],
  ] as const) {
    const answer = await room.call(method, path);
    t.equal(answer.status, 404, `${method} ${path}`);
    t.match(answer.json, { error: "com.hp.api.NotFoundException", message: /^No such device: / });
  }
});

t.test("changes while a large table is reconciled wait, and none is lost", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);
  const flow = (i: number) => ({
    priority: 100,
    match: [{ eth_type: "ipv4" }, { ipv4_dst: `10.0.${i >> 8}.${i & 255}` }],
    actions: [{ output: 1 }],
  });
  const flows = Array.from({ length: 5_000 }, (_, i) => flow(i));
  t.equal((await room.call("POST", `${DP}/flows`, { flows })).status, 201);
  const since = new Date().toISOString();
  await ovs.kill();
  await connected(room, 0);
  const back = ovs.restart();
  // The switch is asked for again and again, so that some changes come while it is reconciled.
  const wanted = new Set(flows.map((_, i) => i));
  const change = async (i: number): Promise<void> => {
    const method = i < 5_000 ? "DELETE" : "POST";
    const status = await until(
      async () => {
        const answer = await room.call(method, `${DP}/flows`, { flow: flow(i) });
        return answer.status < 300 && answer.status;
      },
      { what: `${method} of flow ${i}`, everyMs: 1 },
    );
    t.equal(status, method === "POST" ? 201 : 204);
    if (method === "POST") wanted.add(i);
    else wanted.delete(i);
  };
  await Promise.all([0, 1_000, 2_500, 4_999, 5_000, 5_001, 5_002, 5_003].map(change));
  await back;
  t.match(await reconciled(room, since), { state: "done", flows: { added: 5_000, failed: 0 } });
  const addresses = (await ovs.flows()).map((line) => /nw_dst=10\.0\.(\d+)\.(\d+) /.exec(line) ?? []);
  const there = addresses.map(([, high, low]) => Number(high) * 256 + Number(low)).sort((a, b) => a - b);
  t.same(
    there,
    [...wanted].sort((a, b) => a - b),
  );
  const again = (await room.call("POST", `${DP}/reconciliation`)).json.reconciliation;
  t.match(again.flows, { kept: wanted.size, present: wanted.size, added: 0, modified: 0 });
});
