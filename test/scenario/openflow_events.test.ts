// The events of a live Open vSwitch.

import t from "tap";
import { startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { until } from "../helpers/wait.js";
import { openSocket } from "../helpers/ws_client.js";

t.test("switch, port, flow-removed and error events", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t);
  const client = await openSocket(t, Number(new URL(room.base).port), "/sdn/v2.0/events", {
    "x-auth-token": room.token,
  });
  // biome-ignore lint/suspicious/noExplicitAny: events have many shapes
  const event = (wanted: (event: any) => boolean, what: string): Promise<any> =>
    until(() => client.texts.map((text) => JSON.parse(text)).find(wanted), { what, state: () => client.texts });
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ controller: room.target, dpid: "000000000000002a" });
  const up = await event(({ type, event }) => type === "switch" && event === "up", "the switch");
  t.equal(up.dpid, "00:00:00:00:00:00:00:2a");

  const flow = {
    priority: 9,
    hard_timeout: 1,
    flow_mod_flags: ["send_flow_rem"],
    match: [{ in_port: 1 }, { eth_type: "ipv4" }],
    instructions: [{ apply_actions: [{ output: 2 }] }],
  };
  t.equal((await room.call("POST", "/of/datapaths/42/flows", { flow })).status, 201);
  await ovs.vsctl("del-port", "br0", "br0p3");
  const gone = await event(({ type, event }) => type === "port" && event === "delete", "the port's end");
  t.match(gone, { dpid: "00:00:00:00:00:00:00:2a", port: { id: 3, name: "br0p3" } });
  await ovs.ofctl("mod-port", "br0", "br0p4", "down");
  const down = await event(({ type, event, port }) => type === "port" && event === "modify" && port.id === 4, "port 4");
  t.ok(down.port.config.includes("port_down"));
  const ended = await event(({ type }) => type === "flow_removed", "the flow's end");
  t.match(ended, {
    event: "hard_timeout",
    flow: { priority: 9, match: [{ in_port: 1 }, { eth_type: "ipv4" }], duration_sec: 1, packet_count: 0 },
  });

  const bad = { flow: { priority: 1, match: [], instructions: [{ goto_table: 0 }], table_id: 3 } };
  const refused = await room.call("POST", "/of/datapaths/42/flows", bad);
  t.equal(refused.status, 500);
  const error = await event(({ type }) => type === "error", "the error");
  t.match(error, { dpid: "00:00:00:00:00:00:00:2a", event: /^BAD_INSTRUCTION\// });
  t.ok(refused.json.message.includes(error.message), "the same text as in the answer");
});
