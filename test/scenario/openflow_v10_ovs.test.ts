// OpenFlow 1.0 and 1.3 side by side: two bridges of one Open vSwitch, one of each version. After each change through REST
// `ovs-ofctl -O OpenFlow10` must agree.

import t from "tap";
import type { Teardown } from "../helpers/cleanup.js";
import { type OpenFlowRoom, startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { until } from "../helpers/wait.js";

const OLD = "/of/datapaths/00:00:00:00:00:00:00:10";
const NEW = "/of/datapaths/00:00:00:00:00:00:00:13";
const IPV4 = { eth_type: "ipv4" };
const TCP = [IPV4, { ip_proto: "tcp" }];

interface SetUp {
  room: OpenFlowRoom;
  ovs: OpenVSwitch;
}

async function setUp(t: Teardown): Promise<SetUp> {
  const room = await startOpenFlowRoom(t);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({
    name: "old",
    dpid: "0000000000000010",
    controller: room.target,
    protocols: "OpenFlow10",
    ports: 3,
  });
  await ovs.addBridge({ name: "new", dpid: "0000000000000013", controller: room.target, ports: 3 });
  await until(() => room.handle.health().switches === 2, { what: "both switches" });
  return { room, ovs };
}

/** The old bridge's flows as the switch's own tool prints them in 1.0. */
async function flows(ovs: OpenVSwitch): Promise<string[]> {
  return ovs.flows("old", "OpenFlow10");
}

/** What is sent, and what `ovs-ofctl dump-flows` then says. */
const FLOWS: [what: string, flow: Record<string, unknown>, shown: string][] = [
  ["drop", { match: [], actions: [] }, "priority=32768 actions=drop"],
  ["in_port", { match: [{ in_port: 2 }], actions: [{ output: 1 }] }, "in_port=2 actions=output:1"],
  [
    "Ethernet",
    {
      match: [{ eth_dst: "02:00:00:00:00:02" }, { eth_src: "02:00:00:00:00:01" }, { eth_type: "0x88b5" }],
      actions: [{ output: "NORMAL" }],
    },
    "dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_type=0x88b5 actions=NORMAL",
  ],
  [
    "VLAN",
    { match: [{ vlan_vid: 42 }, { vlan_pcp: 5 }], actions: [{ pop_vlan: true }, { output: 3 }] },
    "dl_vlan=42,dl_vlan_pcp=5 actions=strip_vlan,output:3",
  ],
  [
    "no VLAN",
    { match: [{ vlan_vid: "none" }], actions: [{ set_field: { vlan_vid: 9 } }, { output: 3 }] },
    "vlan_tci=0x0000 actions=mod_vlan_vid:9,output:3",
  ],
  [
    "prefixes",
    {
      match: [IPV4, { ipv4_src: "10.0.0.0", mask: "255.0.0.0" }, { ipv4_dst: "10.1.0.0/16" }],
      actions: [{ output: "FLOOD" }],
    },
    "ip,nw_src=10.0.0.0/8,nw_dst=10.1.0.0/16 actions=FLOOD",
  ],
  [
    "DSCP",
    { match: [IPV4, { ip_dscp: 46 }], actions: [{ set_field: { ip_dscp: 10 } }, { output: "IN_PORT" }] },
    "ip,nw_tos=184 actions=mod_nw_tos:40,IN_PORT",
  ],
  [
    "TCP",
    {
      match: [...TCP, { tcp_src: "1" }, { tcp_dst: 80 }],
      actions: [{ set_field: { tcp_dst: 8080 } }, { output: "CONTROLLER" }],
    },
    "tcp,tp_src=1,tp_dst=80 actions=mod_tp_dst:8080,CONTROLLER:65535",
  ],
  [
    "UDP",
    { match: [IPV4, { ip_proto: 17 }, { udp_dst: 53 }], actions: [{ set_field: { udp_src: 54 } }, { output: 1 }] },
    "udp,tp_dst=53 actions=mod_tp_src:54,output:1",
  ],
  [
    "ICMP",
    {
      match: [IPV4, { ip_proto: "icmp" }, { icmpv4_type: "echo_request" }, { icmpv4_code: 0 }],
      actions: [{ output: "ALL" }],
    },
    "icmp,icmp_type=8,icmp_code=0 actions=ALL",
  ],
  [
    "ARP",
    {
      match: [{ eth_type: "arp" }, { arp_op: 2 }, { arp_spa: "10.0.0.0/24" }, { arp_tpa: "10.0.0.1" }],
      actions: [{ output: "LOCAL" }],
    },
    "arp,arp_spa=10.0.0.0/24,arp_tpa=10.0.0.1,arp_op=2 actions=LOCAL",
  ],
  [
    "rewrites",
    {
      match: TCP,
      actions: [
        { set_field: { eth_src: "02:00:00:00:00:03" } },
        { set_field: { eth_dst: "02:00:00:00:00:04" } },
        { set_field: { ipv4_src: "192.0.2.1" } },
        { set_field: { ipv4_dst: "192.0.2.2" } },
        { set_field: { vlan_pcp: 3 } },
        { output: 2 },
      ],
    },
    "tcp actions=mod_dl_src:02:00:00:00:00:03,mod_dl_dst:02:00:00:00:00:04,mod_nw_src:192.0.2.1,mod_nw_dst:192.0.2.2,mod_vlan_pcp:3,output:2",
  ],
  ["a queue", { match: [{ in_port: 1 }], actions: [{ set_queue: 7, port: 2 }] }, "in_port=1 actions=enqueue:2:7"],
];

t.test("flows of a 1.0 switch over REST", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);

  for (const [what, flow, shown] of FLOWS) {
    await t.test(what, async (t) => {
      const added = await room.call("POST", `${OLD}/flows`, { version: "1.0.0", flow });
      t.equal(added.status, 201, added.text);
      t.equal(added.headers.get("location"), `/sdn/v2.0${OLD}/flows`);
      const [line, ...more] = await flows(ovs);
      t.equal(line?.replace(/^ *priority=32768,? ?/, "").trim(), shown.replace(/^priority=32768,? ?/, ""));
      t.same(more, []);
      const { json } = await room.call("GET", `${OLD}/flows`);
      t.equal(json.version, "1.0.0");
      const [listed] = json.flows;
      t.same(
        Object.keys(listed),
        "actions byte_count cookie duration_nsec duration_sec hard_timeout idle_timeout match packet_count priority table_id".split(
          " ",
        ),
      );
      t.same(listed.actions, flow["actions"]);
      t.equal((await room.call("PUT", `${OLD}/flows`, { flow: listed })).status, 204, "a listed flow can be sent back");
      t.same(await flows(ovs), [line]);
      t.equal((await room.call("DELETE", `${OLD}/flows`, { flow: listed })).status, 204);
      t.same(await flows(ovs), []);
    });
  }

  await t.test("heads, cookies, modify and delete", async (t) => {
    const flow = {
      ...{ priority: 100, idle_timeout: 60, hard_timeout: 600, cookie: "0x1234", table_id: 7 },
      ...{ flow_mod_flags: ["send_flow_rem", "check_overlap"], instructions: [] },
      ...{ match: [{ in_port: 1 }], actions: [{ output: 2 }] },
    };
    t.equal((await room.call("POST", `${OLD}/flows`, { flow })).status, 201);
    t.same(
      await flows(ovs),
      ["cookie=0x1234, idle_timeout=60, hard_timeout=600, send_flow_rem priority=100,in_port=1 actions=output:2"].map(
        (line) => line.replace("send_flow_rem ", ""),
      ),
    );
    const [listed] = (await room.call("GET", `${OLD}/flows?cookie=1234`)).json.flows;
    t.match(listed, { cookie: "0x1234", idle_timeout: 60, hard_timeout: 600, priority: 100, table_id: 0 });
    t.same((await room.call("GET", `${OLD}/flows?cookie=1235`)).json.flows, [], "another cookie");
    t.same((await room.call("GET", `${OLD}/flows?table_id=9`)).json.flows, [], "another table");
    const changed = { ...flow, flow_mod_flags: [], actions: [{ output: 3 }] };
    t.equal((await room.call("PUT", `${OLD}/flows`, { flow: { ...changed, priority: 101 } })).status, 404);
    t.equal((await room.call("PUT", `${OLD}/flows`, { flow: { ...changed, match: [] } })).status, 404);
    t.equal((await room.call("PUT", `${OLD}/flows`, { flow: changed })).status, 204);
    t.match((await flows(ovs))[0], /actions=output:3$/);
    const overlap = await room.call("POST", `${OLD}/flows`, { flow: { ...flow, match: [] } });
    t.equal(overlap.status, 500, "the switch's own error");
    t.equal(overlap.json.error, "java.lang.IllegalStateException");
    t.match(
      overlap.json.message,
      /^\{ofm:\[V_1_0,ERROR,\d+,\d+\],FLOW_MOD_FAILED\/OVERLAP,#dataBytes=\d+,OFM-cause:\[V_1_0,FLOW_MOD,\d+,\d+\]\}$/,
    );
    t.equal((await room.call("DELETE", `${OLD}/flows`, { flow: { ...flow, priority: 1 } })).status, 404);
    const all = { match: [], flow_mod_cmd: "delete" };
    t.equal((await room.call("DELETE", `${OLD}/flows`, { flow: all })).status, 204);
    t.same(await flows(ovs), []);
    t.equal((await room.call("DELETE", `${OLD}/flows`, { flow: all })).status, 404);
  });

  await t.test("many flows, and one that the switch refuses", async (t) => {
    const many = Array.from({ length: 2_000 }, (_, i) => ({
      match: [IPV4, { ipv4_dst: `10.0.${i >> 8}.${i & 255}` }],
      actions: [{ output: 1 }],
    }));
    t.equal((await room.call("POST", `${OLD}/flows`, { flows: many })).status, 201);
    t.equal((await flows(ovs)).length, 2_000);
    t.equal((await room.call("GET", `${OLD}/flows`)).json.flows.length, 2_000);
    const bad = { match: [], flow_mod_flags: ["emerg"], actions: [] };
    const refused = await room.call("POST", `${OLD}/flows`, { flows: [many[0], bad] });
    t.equal(refused.status, 500);
    t.match(refused.json.message, /^flow 2 of 2: \{ofm:\[V_1_0,ERROR,/);
    t.equal((await room.call("DELETE", `${OLD}/flows`, { flows: many })).status, 204);
    t.same(await flows(ovs), []);
  });
});

t.test("everything else of a 1.0 switch beside a 1.3 one", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await setUp(t);

  await t.test("datapaths and ports", async (t) => {
    const { datapaths } = (await room.call("GET", "/of/datapaths")).json;
    t.match(datapaths, [
      { dpid: "00:00:00:00:00:00:00:10", negotiated_version: "1.0.0" },
      { dpid: "00:00:00:00:00:00:00:13", negotiated_version: "1.3.0" },
    ]);
    t.same(datapaths[0].capabilities, ["flow_stats", "table_stats", "port_stats", "queue_stats", "arp_match_ip"]);
    t.equal(datapaths[0].num_tables, 254);
    const { json } = await room.call("GET", `${OLD}/ports`);
    t.equal(json.version, "1.0.0");
    t.same(
      json.ports.map(({ id }: { id: unknown }) => id),
      [1, 2, 3, "LOCAL"],
    );
    t.equal((await room.call("GET", `${OLD}/ports/65534`)).json.port.id, "LOCAL", "a reserved port in 16 bits");
    t.equal((await room.call("GET", `${OLD}/ports/70000`)).status, 404);
    t.same((await room.call("GET", `${NEW}/ports/1`)).json.port.state, ["live"], "1.3 says so");
    t.same((await room.call("GET", `${OLD}/ports/1`)).json.port.state, [], "1.0 has no such state");
    t.equal((await room.call("POST", `${OLD}/ports/2/action`, "disable")).status, 202);
    t.match(await ovs.ofctl10("show", "old"), /2\(oldp2\)[^(]*config: +PORT_DOWN/);
    await until(async () => (await room.call("GET", `${OLD}/ports/2`)).json.port.config[0] === "port_down", {
      what: "PORT_STATUS",
    });
    t.equal((await room.call("POST", `${OLD}/ports/2/action`, "enable")).status, 202);
    await ovs.ofctl10("mod-port", "old", "3", "no-flood");
    await until(async () => (await room.call("GET", `${OLD}/ports/3`)).json.port.config[0] === "no_flood", {
      what: "PORT_STATUS",
    });
    await ovs.vsctl("add-port", "old", "late", "--", "set", "interface", "late", "type=dummy", "ofport_request=9");
    await until(async () => (await room.call("GET", `${OLD}/ports/9`)).json?.port?.name === "late", { what: "port 9" });
    await ovs.vsctl("del-port", "old", "late");
    await until(async () => (await room.call("GET", `${OLD}/ports/9`)).status === 404, { what: "port 9 to go" });
  });

  await t.test("port statistics", async (t) => {
    const all = (await room.call("GET", "/of/stats/ports")).json.stats;
    t.same(
      all.map(({ version }: { version: string }) => version),
      ["1.0.0", "1.3.0"],
    );
    t.equal(all[0].port_stats.length, 4);
    await ovs.appctl(
      "netdev-dummy/receive",
      "oldp1",
      "in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x1234)",
    );
    await until(
      async () =>
        (await room.call("GET", "/of/stats/ports?dpid=16&port=1")).json.stats[0].port_stats[0].rx_packets === 1,
      { what: "a packet" },
    );
    const [one] = (await room.call("GET", "/of/stats/ports?dpid=16&port=1")).json.stats[0].port_stats;
    t.match(one, { port_id: 1, tx_packets: 0, duration_sec: 4294967295, duration_nsec: 4294967295 });
  });

  await t.test("what 1.0 does not have", async (t) => {
    const mismatch = { error: "com.hp.of.lib.VersionMismatchException", message: /Not supported before version 1\.3$/ };
    const bodies: Record<string, unknown>[] = [
      { match: [{ eth_type: "ipv6" }, { ipv6_src: "::1" }] },
      { match: [{ metadata: 1 }] },
      { match: [{ eth_dst: "02:00:00:00:00:00", mask: "ff:00:00:00:00:00" }] },
      { match: [IPV4, { ipv4_src: "0.0.0.1", mask: "0.0.0.255" }] },
      { match: [{ vlan_vid: "present" }] },
      { match: [{ oxm: "0x0001000400000001" }] },
      { match: [], instructions: [{ goto_table: 1 }] },
      { match: [], actions: [{ group: 1 }] },
      { match: [], actions: [{ push_vlan: "vlan" }] },
      { match: [], actions: [{ set_field: { ipv6_dst: "::1" } }] },
      { match: [], actions: [{ set_field: { icmpv4_type: 1 } }] },
      { match: [], flow_mod_flags: ["reset_counts"] },
      { match: [], out_group: 1 },
    ];
    for (const flow of bodies) {
      const answer = await room.call("POST", `${OLD}/flows`, { flow });
      t.equal(answer.status, 400, JSON.stringify(flow));
      t.match(answer.json, mismatch);
    }
    const values: [Record<string, unknown>, RegExp][] = [
      [{ match: [{ in_port: 70000 }] }, /in_port: 70000 .*NONE/],
      [{ match: [{ tcp_dst: 80 }] }, /tcp_dst: its prerequisite is missing; match ip_proto "tcp"/],
      [{ match: [{ eth_type: "ipv6" }, { ip_proto: "tcp" }] }, /ip_proto: .*match eth_type "ipv4" too/],
      [{ match: [{ eth_type: "arp" }, { arp_op: 256 }] }, /arp_op: 256/],
      [
        { match: [], actions: [{ set_queue: 3 }] },
        /v1\.0 SET_QUEUE should use createAction\(pv,SET_QUEUE,queueId,port\)/,
      ],
      [{ match: [], actions: [{ output: "ANY " }] }, /output/],
    ];
    for (const [flow, message] of values) {
      const answer = await room.call("POST", `${OLD}/flows`, { flow });
      t.match(answer.json, { error: "java.lang.IllegalArgumentException", message });
    }
    t.match((await room.call("POST", `${OLD}/flows`, { version: "1.3.0", flow: { match: [] } })).json, {
      error: "com.hp.of.lib.VersionMismatchException",
      message: /1\.0$/,
    });
    const group = { id: 1, type: "all", buckets: [] };
    for (const [method, path, body] of [
      ["GET", "/groups"],
      ["GET", "/groups/1"],
      ["POST", "/groups", { group }],
      ["PUT", "/groups/1", { group }],
      ["DELETE", "/groups/1"],
      ["GET", "/features/group"],
    ] as const) {
      t.match((await room.call(method, `${OLD}${path}`, body)).json, mismatch, `${method} ${path}`);
    }
    t.match((await room.call("GET", "/of/stats/groups?dpid=16")).json, mismatch);
    t.equal((await room.call("GET", "/of/stats/groups")).json.stats.length, 1, "of all: those that have groups");
    const missing = { error: "com.hp.api.NotFoundException" };
    t.match((await room.call("GET", `${OLD}/features/meter`)).json, missing);
    t.match((await room.call("GET", "/of/stats/meters?dpid=16&meter=1")).json, missing);
    const meter = { id: 1, flags: ["kbps"], bands: [{ mtype: "drop", rate: 9, burst_size: 0 }] };
    for (const [method, path, body, cause] of [
      ["GET", "/meters", undefined, /BAD_REQUEST\/BAD_STAT,.*MULTIPART_REQUEST/],
      ["POST", "/meters", { meter }, /BAD_REQUEST\/BAD_TYPE/],
      ["DELETE", "/meters/1", undefined, /BAD_REQUEST\/BAD_STAT/],
    ] as const) {
      const answer = await room.call(method, `${OLD}${path}`, body);
      t.match(answer.json, { error: "java.lang.IllegalStateException", message: cause }, `${method} ${path}`);
    }
    t.same(await flows(ovs), [], "nothing has reached the switch");
  });

  await t.test("a bridge that changes its version is served again", async (t) => {
    await ovs.vsctl("set", "bridge", "old", "protocols=OpenFlow10,OpenFlow13");
    const version = async () => (await room.call("GET", OLD)).json?.datapath?.negotiated_version;
    await until(async () => (await version()) === "1.3.0", { what: "1.3" });
    t.equal((await room.call("GET", `${OLD}/groups`)).status, 200);
    await ovs.vsctl("set", "bridge", "old", "protocols=OpenFlow10");
    await until(async () => (await version()) === "1.0.0", { what: "1.0" });
    t.equal((await room.call("GET", `${OLD}/groups`)).status, 400);
  });
});
