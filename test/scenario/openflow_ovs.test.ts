// The REST surface against a live Open vSwitch: after each change, the switch's own listing agrees.

import t from "tap";
import { scrape } from "../../src/base/metrics.js";
import type { Teardown } from "../helpers/cleanup.js";
import { type OpenFlowRoom, request, startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { until } from "../helpers/wait.js";

const DP = "/of/datapaths/00:00:00:00:00:00:00:2a";
const DPID = "000000000000002a";

/** Keys that the seed's tables show. */
const DATAPATH_KEYS =
  "capabilities device_ip device_port dpid last_message negotiated_version num_buffers num_tables ready";
const PORT_KEYS = "advertised_features config current_features id mac name peer_features state supported_features";

const http = {
  priority: 30000,
  table_id: 200,
  idle_timeout: 60,
  match: [
    { ipv4_src: "10.0.0.1" },
    { ipv4_dst: "10.0.0.22" },
    { ip_proto: "tcp" },
    { eth_type: "ipv4" },
    { tcp_dst: "80" },
  ],
  instructions: [{ apply_actions: [{ output: 1 }] }],
};
const HTTP_FLOW = "priority=30000,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.22,tp_dst=80";

async function connected(room: OpenFlowRoom, switches = 1): Promise<void> {
  await until(() => room.handle.health().switches === switches, { what: `${switches} switches` });
}

async function setUp(t: Teardown): Promise<{ room: OpenFlowRoom; ovs: OpenVSwitch }> {
  const room = await startOpenFlowRoom(t);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ dpid: DPID, controller: room.target, ports: 4 });
  await connected(room);
  return { room, ovs };
}

t.test("a live switch over REST", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);

  await t.test("datapaths", async (t) => {
    const list = await room.call("GET", "/of/datapaths");
    t.equal(list.status, 200);
    t.equal(list.headers.get("content-type"), "application/json");
    t.same(Object.keys(list.json), ["datapaths"]);
    const [dp] = list.json.datapaths;
    for (const key of DATAPATH_KEYS.split(" ")) t.ok(key in dp, key);
    t.match(dp, { dpid: "00:00:00:00:00:00:00:2a", device_ip: "127.0.0.1", negotiated_version: "1.3.0", sw: /^\d/ });
    t.match(dp.ready, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    for (const id of [
      "00:00:00:00:00:00:00:2a",
      "00:00:00:00:00:00:00:2A",
      "00%3A00%3A00%3A00%3A00%3A00%3A00%3A2a",
      "0x2a",
      "42",
      "000000000000002a",
    ]) {
      const one = await room.call("GET", `/of/datapaths/${id}`);
      t.equal(one.json?.datapath?.dpid, "00:00:00:00:00:00:00:2a", id);
    }
    const { json } = await room.call("GET", `${DP}/controllers`);
    t.same(json, { controllers: { master: "127.0.0.1", slaves: [], role: "equal" } });
    for (const id of ["00:00:00:00:00:00:00:2b", "nonsense", "0x1ffffffffffffffff", "99999999999999999999"]) {
      const none = await room.call("GET", `/of/datapaths/${id}`);
      t.equal(none.status, 404, id);
      t.match(none.json, { error: "com.hp.api.NotFoundException", message: /^No such device: / });
    }
  });

  await t.test("ports follow the switch", async (t) => {
    const { json } = await room.call("GET", `${DP}/ports`);
    t.same(Object.keys(json).sort(), ["ports", "version"]);
    t.same(
      json.ports.map(({ id }: { id: unknown }) => id),
      [1, 2, 3, 4, "LOCAL"],
    );
    t.same(Object.keys(json.ports[0]), PORT_KEYS.split(" "));
    t.equal((await room.call("GET", `${DP}/ports/LOCAL`)).json.port.name, "br0");
    t.equal((await room.call("GET", `${DP}/ports/77`)).status, 404);
    const off = await room.call("POST", "/datapaths/00:00:00:00:00:00:00:2a/ports/2/action", "disable");
    t.equal(off.status, 202);
    t.match(off.headers.get("location"), /\/ports\/2$/);
    t.match(await ovs.ofctl("show"), /2\(br0p2\)[^(]*config: +PORT_DOWN/);
    await until(async () => (await room.call("GET", `${DP}/ports/2`)).json.port.config[0] === "port_down", {
      what: "PORT_STATUS",
    });
    t.equal((await room.call("POST", `${DP}/ports/2/action`, "enable")).status, 202);
    t.equal((await room.call("POST", `${DP}/ports/2/action`, "explode")).status, 400);
    await ovs.vsctl("add-port", "br0", "late", "--", "set", "interface", "late", "type=dummy", "ofport_request=9");
    await until(async () => (await room.call("GET", `${DP}/ports/9`)).json?.port?.name === "late", { what: "port 9" });
    await ovs.vsctl("del-port", "br0", "late");
    await until(async () => (await room.call("GET", `${DP}/ports/9`)).status === 404, { what: "port 9 to go" });
  });

  await t.test("flows: add, list, modify, delete", async (t) => {
    const added = await room.call("POST", `${DP}/flows`, { flow: http });
    t.equal(added.status, 201);
    t.equal(added.text, "");
    t.equal(added.headers.get("location"), `/sdn/v2.0${DP}/flows`);
    t.same(await ovs.flows(), [`table=200, idle_timeout=60, ${HTTP_FLOW} actions=output:1`]);
    const { json } = await room.call("GET", `${DP}/flows?table_id=200`);
    t.same(Object.keys(json).sort(), ["flows", "version"]);
    t.match(json.flows[0], { byte_count: 0, packet_count: 0, cookie: "0x0", priority: 30000, table_id: 200 });
    t.same(json.flows[0].instructions, http.instructions);
    t.equal((await room.call("GET", `${DP}/flows?table_id=1`)).json.flows.length, 0);
    t.equal((await room.call("GET", `${DP}/flows?table_id="200"`)).json.flows.length, 1);
    t.equal((await room.call("GET", `${DP}/flows?table_id=256`)).status, 400);

    const instructions = [
      { write_metadata: "0xab", mask: "0xff" },
      { apply_actions: [{ push_vlan: "vlan" }, { set_field: { vlan_vid: 14 } }, { output: "CONTROLLER" }] },
      { goto_table: 201 },
    ];
    t.equal((await room.call("PUT", `${DP}/flows`, { flow: { ...http, instructions } })).status, 204);
    t.same(await ovs.flows(), [
      `table=200, idle_timeout=60, ${HTTP_FLOW} actions=push_vlan:0x8100,set_field:4110->vlan_vid,CONTROLLER:65535,write_metadata:0xab/0xff,goto_table:201`,
    ]);
    const again = (await room.call("GET", `${DP}/flows`)).json.flows[0];
    t.equal((await room.call("PUT", `${DP}/flows`, { flow: again })).status, 204, "a listed flow can be sent back");

    t.equal((await room.call("PUT", `${DP}/flows`, { flow: { ...http, priority: 1 } })).status, 404);
    const other = { ...http, match: [{ eth_type: "ipv4" }, { ipv4_src: "10.0.0.1" }] };
    const missing = await room.call("DELETE", `${DP}/flows`, { flow: other });
    t.equal(missing.status, 404, "a wider match is another flow");
    t.equal(missing.json.error, "com.hp.api.NotFoundException");
    t.equal((await room.call("DELETE", `${DP}/flows`, { flow: http })).status, 204);
    t.same(await ovs.flows(), []);
    t.equal((await room.call("DELETE", `${DP}/flows`, { flow: http })).status, 404);
  });

  await t.test("bulk, cookies, non-strict delete", async (t) => {
    const flows = Array.from({ length: 3000 }, (_, i) => ({
      cookie: i < 100 ? 1234 : "0xbeef",
      priority: 100 + i,
      match: [{ in_port: (i % 4) + 1 }],
      actions: [{ output: "NORMAL" }],
      instructions: [],
      flow_mod_flags: ["send_flow_rem"],
    }));
    t.equal((await room.call("POST", `${DP}/flows`, { version: "1.3.0", flows })).status, 201);
    t.equal((await ovs.flows()).length, 3000);
    const all3000 = await room.call("GET", `${DP}/flows`);
    t.equal(all3000.headers.get("content-type"), "application/json");
    t.equal(new Set(all3000.json.flows.map((flow: { priority: number }) => flow.priority)).size, 3000);
    const listed = await room.call("GET", `${DP}/flows?cookie=1234`);
    t.equal(listed.json.flows.length, 100);
    t.equal(listed.json.flows[0].cookie, "0x1234");
    const some = [...flows.slice(0, 2), { ...flows[2], priority: 1 }];
    const partly = await room.call("DELETE", `${DP}/flows`, { flows: some });
    t.equal(partly.status, 404);
    t.match(partly.json.message, /flow 3 of 3/);
    t.equal((await ovs.flows()).length, 2998, "those that were there are gone");
    const all = { flow: { table_id: 255, flow_mod_cmd: "delete", match: [] } };
    t.equal((await room.call("DELETE", `${DP}/flows`, all)).status, 204);
    t.same(await ovs.flows(), []);
    t.equal((await room.call("DELETE", `${DP}/flows`, all)).status, 404);
  });

  await t.test("several actions in one object are all taken, in their order", async (t) => {
    const flow = { match: [], actions: [{ set_queue: 1, output: 2 }, { output: 3 }] };
    t.equal((await room.call("POST", `${DP}/flows`, { flow })).status, 201);
    t.same(await ovs.flows(), ["actions=set_queue:1,output:2,output:3"]);
    t.equal((await room.call("DELETE", `${DP}/flows`, { flow })).status, 204);
  });

  await t.test("what is wrong is said, and nothing is installed", async (t) => {
    const bad: [unknown, number, string, RegExp][] = [
      ["{", 400, "com.hp.api.BadRequestException", /^Invalid JSON format: /],
      [{ nothing: 1 }, 400, "com.hp.api.BadRequestException", /^Invalid JSON format: /],
      [{ version: "1.0.0", flow: http }, 400, "com.hp.of.lib.VersionMismatchException", /1\.3$/],
      [{ flow: { match: [{ tcp_dst: 80 }] } }, 400, "java.lang.IllegalArgumentException", /ip_proto "tcp"/],
      [
        { flow: { match: [{ tcp_dts: 80 }] } },
        400,
        "java.lang.IllegalArgumentException",
        /unknown match field: tcp_dts/,
      ],
      [
        { flow: { match: [{ eth_type: "ipv4", ipv4_src: "10.0.0.0", mask: "255.0.0.0" }] } },
        400,
        "java.lang.IllegalArgumentException",
        /^mask: .*exactly one field/,
      ],
      [{ flow: { match: [{ mask: "255.0.0.0" }] } }, 400, "java.lang.IllegalArgumentException", /^mask: /],
      [{ flow: { match: [], actions: [{ output: 4294967281 }] } }, 400, "java.lang.IllegalArgumentException", /output/],
      [
        { flow: { table_id: 5, match: [], instructions: [{ goto_table: 4 }] } },
        500,
        "java.lang.IllegalStateException",
        /^\{ofm:\[V_1_3,ERROR,\d+,\d+\],BAD_INSTRUCTION\/BAD_TABLE_ID,#dataBytes=\d+,OFM-cause:\[V_1_3,FLOW_MOD,\d+,\d+\]\}$/,
      ],
      [
        {
          flows: [
            { priority: 7, match: [] },
            { table_id: 5, match: [], instructions: [{ goto_table: 4 }] },
          ],
        },
        500,
        "java.lang.IllegalStateException",
        /^flow 2 of 2: /,
      ],
    ];
    for (const [body, status, error, message] of bad) {
      const answer = await room.call("POST", `${DP}/flows`, body);
      t.equal(answer.status, status, JSON.stringify(body).slice(0, 80));
      t.equal(answer.headers.get("content-type"), "application/json");
      t.match(answer.json, { error, message });
    }
    t.same(await ovs.flows(), ["priority=7 actions=drop"], "only the good flow of the last body");
    await room.call("DELETE", `${DP}/flows`, { flow: { priority: 7, match: [] } });
  });

  await t.test("groups and meters", async (t) => {
    const group = {
      id: 1,
      type: "all",
      buckets: [{ weight: 0, watch_group: "ANY", watch_port: "ANY", actions: [{ output: 2 }] }],
    };
    const made = await room.call("POST", `${DP}/groups`, { version: "1.3.0", group: { ...group, command: "add" } });
    t.equal(made.status, 201);
    t.same(made.json, { group, version: "1.3.0" });
    t.match(await ovs.ofctl("dump-groups"), /group_id=1,type=all,bucket=.*actions=output:/);
    t.equal((await room.call("POST", `${DP}/groups`, { group })).json.error, "java.lang.IllegalStateException");
    const select = { ...group, type: "select", buckets: [{ ...group.buckets[0], weight: 1 }] };
    t.equal((await room.call("PUT", `${DP}/groups/1`, { group: select })).status, 200);
    t.same((await room.call("GET", `${DP}/groups/1`)).json.group, select);
    t.same((await room.call("GET", `${DP}/groups`)).json.groups, [select]);
    t.equal((await room.call("DELETE", `${DP}/groups/1`)).status, 204);
    for (const method of ["GET", "DELETE"]) t.equal((await room.call(method, `${DP}/groups/1`)).status, 404, method);
    t.equal((await room.call("PUT", `${DP}/groups/1`, { group: select })).status, 404);

    const meter = {
      bands: [{ burst_size: 1000, mtype: "drop", rate: 1500 }],
      flags: ["kbps", "burst", "stats"],
      id: 1,
    };
    const added = await room.call("POST", `${DP}/meters`, { version: "1.3.0", meter: { ...meter, command: "add" } });
    t.equal(added.status, 201);
    t.same(added.json, { meter, version: "1.3.0" });
    t.match(await ovs.ofctl("dump-meters"), /meter=1 kbps burst stats bands=\s*type=drop rate=1500 burst_size=1000/);
    const faster = { ...meter, bands: [{ burst_size: 1, mtype: "drop", rate: 9 }] };
    t.same((await room.call("PUT", `${DP}/meters/1`, { meter: faster })).json.meter, faster);
    t.same((await room.call("GET", `${DP}/meters`)).json.meters, [faster]);
    t.equal((await room.call("DELETE", `${DP}/meters/1`)).status, 204);
    t.equal((await room.call("DELETE", `${DP}/meters/1`)).status, 404);
    t.ok((await room.call("GET", `${DP}/features/meter`)).json.meter_features.types.includes("drop"));
    t.ok((await room.call("GET", `${DP}/features/group`)).json.group_features.types.includes("select"));
  });

  await t.test("statistics of ports, groups and meters", async (t) => {
    const group = { id: 5, type: "indirect", buckets: [{ actions: [{ output: 2 }] }] };
    const meter = { id: 6, flags: ["pktps", "stats"], bands: [{ mtype: "drop", rate: 9, burst_size: 0 }] };
    t.equal((await room.call("POST", `${DP}/groups`, { group })).status, 201);
    t.equal((await room.call("POST", `${DP}/meters`, { meter })).status, 201);
    const ports = (await room.call("GET", "/of/stats/ports")).json;
    t.same(Object.keys(ports), ["stats"]);
    t.equal(ports.stats[0].dpid, "00:00:00:00:00:00:00:2a");
    t.equal(ports.stats[0].port_stats.length, 5);
    for (const query of ["port=1", "port_id=1"]) {
      const one = (await room.call("GET", `/of/stats/ports?dpid="00:00:00:00:00:00:00:2a"&${query}`)).json;
      t.match(one.stats[0].port_stats, [{ port_id: 1, rx_packets: 0, collisions: Number, duration_sec: Number }]);
    }
    const groups = (await room.call("GET", "/of/stats/groups?dpid=42&group_id=5")).json.stats[0].group_stats;
    t.match(groups, [{ id: 5, ref_count: 0, packet_count: 0, bucket_stats: [{ packet_count: 0, byte_count: 0 }] }]);
    t.equal((await room.call("GET", "/of/stats/groups")).json.stats[0].group_stats.length, 1);
    const meters = (await room.call("GET", "/of/stats/meters?meter=6")).json.stats[0].meter_stats;
    t.match(meters, [{ id: 6, flow_count: 0, packet_count: 0, band_stats: [{ packet_count: 0, byte_count: 0 }] }]);
    t.equal((await room.call("GET", "/of/stats/meters?meter=7")).status, 500, "the switch's own error");
    t.equal((await room.call("GET", "/of/stats/ports?dpid=7")).status, 404);
    t.equal((await room.call("GET", "/of/stats/ports?port=x")).status, 400);
    t.equal((await room.call("DELETE", `${DP}/groups/5`)).status, 204);
    t.equal((await room.call("DELETE", `${DP}/meters/6`)).status, 204);
  });

  await t.test("PACKET_IN is counted", async (t) => {
    const miss = { flow: { priority: 0, match: [], instructions: [{ apply_actions: [{ output: "CONTROLLER" }] }] } };
    t.equal((await room.call("POST", `${DP}/flows`, miss)).status, 201);
    await ovs.appctl(
      "netdev-dummy/receive",
      "br0p1",
      "in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x1234)",
    );
    await until(async () => (await room.handle.counters())[0]?.packetIns === 1, { what: "the PACKET_IN" });
    t.equal((await room.handle.packets(DPID))[0]?.[1], 10, "and kept");
    const { text } = await scrape();
    const labels = 'dp_id="0x2a",dp_name="00:00:00:00:00:00:00:2a"';
    t.ok(text.includes(`of_packet_ins_total{${labels}} 1\n`));
    t.ok(text.includes(`dp_status{${labels}} 1\n`));
    t.ok(text.includes(`port_status{${labels},port="1",port_description="br0p1"} 1\n`));
    t.match(text, new RegExp(`of_port_rx_packets\\{${labels},port="1",port_description="br0p1"\\} 1\n`));
    t.match(text, /of_port_tx_bytes\{[^}]*port="2"[^}]*\} \d+\n/);
    t.match(text, /of_port_curr_speed\{[^}]*port="2"[^}]*\} \d+\n/);
    t.match(text, /of_flowmsgs_sent_total\{[^}]*\} 3\d\d\d\n/);
    await room.call("DELETE", `${DP}/flows`, miss);
  });

  await t.test("a switch that goes and comes back", async (t) => {
    await ovs.vsctl("del-controller", "br0");
    await connected(room, 0);
    const gone = await room.call("GET", DP);
    t.equal(gone.status, 404);
    t.same((await room.call("GET", "/of/datapaths")).json, { datapaths: [] });
    await ovs.setController(room.target);
    await connected(room);
    t.equal((await room.call("POST", `${DP}/flows`, { flow: http })).status, 201);
    t.equal((await ovs.flows()).length, 1);
    const [life] = await room.handle.counters();
    t.match(life, { connections: 2, disconnections: 1, up: true });
  });
});

t.test("a switch stays connected while large listings are read", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);
  await ovs.vsctl("set", "controller", "br0", "inactivity_probe=2000");
  await connected(room);
  const total = 20_000;
  const each = 5_000;
  for (let from = 0; from < total; from += each) {
    const flows = Array.from({ length: each }, (_, i) => ({
      match: [{ eth_type: "ipv4" }, { ipv4_dst: `10.${(from + i) >> 8}.${(from + i) & 255}.1` }],
      actions: [{ output: 1 }],
    }));
    t.equal((await room.call("POST", `${DP}/flows`, { flows })).status, 201);
  }
  const since = Date.now();
  // Two probes' time, with a listing always under way.
  while (Date.now() - since < 4_500) {
    const answers = await Promise.all([room.call("GET", `${DP}/flows`), room.call("GET", `${DP}/flows?table_id=0`)]);
    for (const { status, json } of answers) {
      if (status !== 200 || json.flows.length !== total) t.fail(`${status}, ${json?.flows?.length} flows`);
    }
  }
  const [life] = await room.handle.counters();
  t.match(life, { connections: 1, disconnections: 0 });
});

t.test("log-in and log-out", async (t) => {
  const room = await startOpenFlowRoom(t);
  const post = (body: unknown) => request(`${room.base}/auth`, { method: "POST", body: JSON.stringify(body) });
  const good = await post({ login: { user: "sdn", password: "skyline" } });
  t.equal(good.status, 200);
  const { record } = good.json;
  t.match(record.token, /^[0-9a-f]{32}$/);
  t.type(record.expiration, "number");
  t.match(record.expirationDate, /^\d{4}-\d\d-\d\d \d\d-\d\d-\d\d \+0000$/);
  t.match(record, { domainName: "sdn", userName: "sdn" });
  const bad = await post({ login: { user: "sdn", password: "x" } });
  t.equal(bad.status, 401);
  t.ok(bad.json.error && bad.json.message);
  t.equal((await post({})).status, 400);
  t.equal((await request(`${room.base}/of/datapaths`, {})).status, 401);
  const headers = { "X-Auth-Token": record.token };
  t.equal((await request(`${room.base}/of/datapaths`, { headers })).status, 200);
  t.equal((await request(`${room.base}/auth`, { method: "DELETE", headers })).status, 204);
  t.equal((await request(`${room.base}/of/datapaths`, { headers })).status, 401);
  t.equal((await room.call("PATCH", "/of/datapaths")).status, 405);
});

t.test("a switch of another version is told so", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ controller: room.target, protocols: "OpenFlow11" });
  await until(async () => /last_error="?[^"]+/.test(await ovs.vsctl("list", "controller")), { what: "the refusal" });
  t.equal(room.handle.health().switches, 0);
  await ovs.vsctl("set", "bridge", "br0", "protocols=OpenFlow11,OpenFlow13");
  await connected(room);
  t.equal((await room.call("GET", "/of/datapaths")).json.datapaths[0].negotiated_version, "1.3.0");
});
