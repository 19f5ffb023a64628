// What a 1.0 switch has beside flows, and what it has not, beside a 1.3 switch on the same controller.

import t from "tap";
import { needOpenVSwitch } from "../helpers/openvswitch.js";
import { flowsOfOld, NEW, OLD, startTwoBridges } from "../helpers/two_bridges.js";
import { until } from "../helpers/wait.js";
import { openSocket } from "../helpers/ws_client.js";

const IPV4 = { eth_type: "ipv4" };

t.test("everything else of a 1.0 switch beside a 1.3 one", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs } = await startTwoBridges(t);

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

  await t.test("the switch's configuration", async (t) => {
    const { json } = await room.call("GET", `${OLD}/config`);
    t.same(json, { config: { flags: [], miss_send_len: 65_535 }, version: "1.0.0" });
    const set = await room.call("PUT", `${OLD}/config`, { config: { miss_send_len: 200 } });
    t.match(set.json, { config: { miss_send_len: 200 } });
  });

  await t.test("events", async (t) => {
    const { port } = new URL(room.base);
    const client = await openSocket(t, Number(port), "/sdn/v2.0/events?dpid=16", { "x-auth-token": room.token });
    const events = (type: string) =>
      client.texts.map((text) => JSON.parse(text)).filter((event) => event.type === type);
    await ovs.ofctl10("mod-port", "old", "1", "no-flood");
    await until(() => events("port").length > 0, { what: "the port's event" });
    t.match(events("port"), [{ dpid: "00:00:00:00:00:00:00:10", event: "modify", port: { config: ["no_flood"] } }]);
    const flow = { match: [{ vlan_vid: 7 }], flow_mod_flags: ["send_flow_rem"], actions: [{ output: 1 }] };
    t.equal((await room.call("POST", `${OLD}/flows`, { flow })).status, 201);
    t.equal((await room.call("DELETE", `${OLD}/flows`, { flow })).status, 204);
    await until(() => events("flow_removed").length > 0, { what: "the flow's event" });
    const [removed] = events("flow_removed");
    t.match(removed, { event: "delete", flow: { match: [{ vlan_vid: 7 }], packet_count: 0 } });
    t.notOk("flow_mod_flags" in removed.flow, "in 1.0's own form");
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

  await t.test("tables, aggregates and queues", async (t) => {
    const stats = async (path: string) => (await room.call("GET", `/of/stats/${path}`)).json.stats;
    const flow = { match: [IPV4, { ipv4_dst: "10.0.0.1" }], actions: [{ output: 1 }] };
    t.equal((await room.call("POST", `${OLD}/flows`, { flow })).status, 201);
    t.equal((await room.call("POST", `${NEW}/flows`, { flows: [flow, { ...flow, table_id: 3 }] })).status, 201);
    const packet = "eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x0800)";
    const ip = "ipv4(src=10.0.0.9,dst=10.0.0.1,proto=17,tos=0,ttl=64,frag=no),udp(src=1,dst=2)";
    await ovs.appctl("netdev-dummy/receive", "oldp2", `in_port(2),${packet},${ip}`);
    await until(async () => (await stats("aggregate?dpid=16"))[0].aggregate_stats.packet_count === 1, {
      what: "a packet",
    });
    const [aggregate] = await stats("aggregate?dpid=16");
    t.equal(aggregate.version, "1.0.0");
    const said = await ovs.ofctl10("dump-aggregate", "old");
    const { packet_count, byte_count, flow_count } = aggregate.aggregate_stats;
    t.match(said, `packet_count=${packet_count} byte_count=${byte_count} flow_count=${flow_count}`);
    const all = await stats("aggregate");
    t.equal(all[1].aggregate_stats.flow_count, 2);
    t.equal((await stats("aggregate?dpid=19&table_id=3"))[0].aggregate_stats.flow_count, 1);
    t.equal((await stats("aggregate?dpid=19&cookie=5"))[0].aggregate_stats.flow_count, 0);
    t.match((await room.call("GET", "/of/stats/aggregate?dpid=16&cookie=5")).json, { message: /^cookie: .*1\.3$/ });

    const [old, newer] = await stats("tables");
    t.equal(old.table_stats.length, 254);
    const [table] = old.table_stats;
    t.match(table, { table_id: 0, name: String, active_count: 1, matched_count: 1 });
    t.match(newer.table_stats[3], { table_id: 3, active_count: 1, lookup_count: 0, matched_count: 0 });
    t.notOk("name" in newer.table_stats[3]);
    const shown = await ovs.ofctl10("dump-tables", "old");
    t.match(shown, `active=1, lookup=${table.lookup_count}, matched=1`);
    t.match(shown, `max_entries=${table.max_entries}`);

    const { status, json } = await room.call("GET", `${NEW}/features/table`);
    t.equal(status, 200);
    t.equal(json.version, "1.3.0");
    t.equal(json.table_features.length, 254);
    const [first] = json.table_features;
    t.match(first, { table_id: 0, metadata_match: "0xffffffffffffffff", max_entries: Number });
    for (const name of ["goto_table", "apply_actions", "meter"]) t.ok(first.instructions.includes(name), name);
    for (const name of ["output", "set_field", "group"]) t.ok(first.apply_actions.includes(name), name);
    for (const name of ["in_port", "eth_dst", "ipv6_src"]) t.ok(first.match.includes(name), name);
    t.ok(first.match_masks.includes("eth_dst") && !first.match_masks.includes("in_port"));
    t.ok(first.next_tables.includes(1) && !first.next_tables.includes(0));
    t.same(
      (await room.call("GET", `${NEW}/features/table?table_id=7`)).json.table_features.map(
        ({ table_id }: { table_id: number }) => table_id,
      ),
      [7],
    );
    t.match((await room.call("GET", `${OLD}/features/table`)).json, { message: /^table features: .*1\.3$/ });

    for (const dpid of [16, 19]) {
      const queues = (await stats(`queues?dpid=${dpid}`))[0].queue_stats;
      const ports = queues.map(({ port_id, queue_id }: Record<string, unknown>) => `${port_id}:${queue_id}`);
      t.same(ports.sort(), ["1:0", "2:0", "3:0", "LOCAL:0"], "the queue that each port has");
      const configured = await room.call("GET", `/of/datapaths/${dpid}/ports/1/queues`);
      t.same(configured.json.queues, [{ queue_id: 0 }], `${dpid}: the one that each port has`);
      t.match((await room.call("GET", `/of/datapaths/${dpid}/ports/77/queues`)).json, {
        message: /QUEUE_OP_FAILED\/BAD_PORT/,
      });
      const none = await room.call("GET", `/of/stats/queues?dpid=${dpid}&port=1&queue_id=5`);
      t.equal(none.status, 500);
      t.match(none.json.message, /QUEUE_OP_FAILED\/BAD_QUEUE/);
    }
    for (const [path, body] of [
      [OLD, { flow }],
      [NEW, { flows: [flow, { ...flow, table_id: 3 }] }],
    ] as const) {
      t.equal((await room.call("DELETE", `${path}/flows`, body)).status, 204);
    }
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
    const queue = { match: [], actions: [{ set_queue: 3, port: 1 }] };
    t.match((await room.call("POST", `${NEW}/flows`, { flow: queue })).json, {
      error: "java.lang.IllegalArgumentException",
      message: /^port: 1 .*in OpenFlow 1\.3 add an output/,
    });
    t.match((await room.call("POST", `${NEW}/flows`, { flow: { match: [], out_port: "NONE" } })).json, {
      message: /^out_port: "NONE" is not valid; allowed: .*ANY$/,
    });
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
    for (const [method, path, body] of [
      ["GET", "/async"],
      ["PUT", "/async", { async: {} }],
      ["POST", "/controllers", { role: "master" }],
    ] as const) {
      t.match((await room.call(method, `${OLD}${path}`, body)).json, mismatch, `${method} ${path}`);
    }
    const equal = { controllers: { role: "equal" } };
    t.match((await room.call("GET", `${OLD}/controllers`)).json, equal);
    t.match((await room.call("POST", `${OLD}/controllers`, { role: "equal" })).json, equal);
    t.same(await flowsOfOld(ovs), [], "nothing has reached the switch");
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
