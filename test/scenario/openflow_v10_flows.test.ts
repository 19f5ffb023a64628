// Flows of a 1.0 switch beside a 1.3 one: after each change through REST `ovs-ofctl -O OpenFlow10` must agree.

import t from "tap";
import { needOpenVSwitch } from "../helpers/openvswitch.js";
import { flowsOfOld, OLD, startTwoBridges } from "../helpers/two_bridges.js";

const IPV4 = { eth_type: "ipv4" };
const TCP = [IPV4, { ip_proto: "tcp" }];

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
  const { room, ovs } = await startTwoBridges(t);

  for (const [what, flow, shown] of FLOWS) {
    await t.test(what, async (t) => {
      const added = await room.call("POST", `${OLD}/flows`, { version: "1.0.0", flow });
      t.equal(added.status, 201, added.text);
      t.equal(added.headers.get("location"), `/sdn/v2.0${OLD}/flows`);
      const [line, ...more] = await flowsOfOld(ovs);
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
      t.same(await flowsOfOld(ovs), [line]);
      t.equal((await room.call("DELETE", `${OLD}/flows`, { flow: listed })).status, 204);
      t.same(await flowsOfOld(ovs), []);
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
      await flowsOfOld(ovs),
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
    t.match((await flowsOfOld(ovs))[0], /actions=output:3$/);
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
    t.same(await flowsOfOld(ovs), []);
    t.equal((await room.call("DELETE", `${OLD}/flows`, { flow: all })).status, 404);
  });

  await t.test("many flows, and one that the switch refuses", async (t) => {
    const many = Array.from({ length: 2_000 }, (_, i) => ({
      match: [IPV4, { ipv4_dst: `10.0.${i >> 8}.${i & 255}` }],
      actions: [{ output: 1 }],
    }));
    t.equal((await room.call("POST", `${OLD}/flows`, { flows: many })).status, 201);
    t.equal((await flowsOfOld(ovs)).length, 2_000);
    t.equal((await room.call("GET", `${OLD}/flows`)).json.flows.length, 2_000);
    const bad = { match: [], flow_mod_flags: ["emerg"], actions: [] };
    const refused = await room.call("POST", `${OLD}/flows`, { flows: [many[0], bad] });
    t.equal(refused.status, 500);
    t.match(refused.json.message, /^flow 2 of 2: \{ofm:\[V_1_0,ERROR,/);
    t.equal((await room.call("DELETE", `${OLD}/flows`, { flows: many })).status, 204);
    t.same(await flowsOfOld(ovs), []);
  });
});
