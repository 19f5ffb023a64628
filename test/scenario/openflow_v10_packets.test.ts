// A 1.0 switch where the packet path, desired state and topology meet it: its own flows, learning, packets sent, links.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { OpenFlowConfig } from "../../src/openflow/config.js";
import { PACKET_DEFAULTS } from "../../src/openflow/packet_config.js";
import type { Teardown } from "../helpers/cleanup.js";
import { startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { captured } from "../helpers/pcap_file.js";
import { until } from "../helpers/wait.js";

const A = "00000000000a";
const B = "00000000000b";
const PORTS = [1, 2, 3];
const DP = "/of/datapaths/1";

async function setUp(t: Teardown, config: Partial<OpenFlowConfig>) {
  const room = await startOpenFlowRoom(t, config);
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ ports: PORTS.length, protocols: "OpenFlow10" });
  const file = (port: number): string => join(ovs.dir, `p${port}.pcap`);
  for (const port of PORTS) await ovs.vsctl("set", "interface", `br0p${port}`, `options:tx_pcap=${file(port)}`);
  await ovs.setController(room.target);
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  const flows = async () => (await ovs.ofctl10("dump-flows")).split("\n").filter((line) => line.includes("actions="));
  return {
    room,
    ovs,
    flows,
    put: (port: number, frame: string) => ovs.appctl("netdev-dummy/receive", `br0p${port}`, frame),
    out: (port: number) => captured(readFileSync(file(port))).map((bytes) => bytes.toString("hex")),
  };
}

const frame = (dst: string, src: string, mark: string) => `${dst}${src}0800${mark}`.padEnd(120, "0");
const marked = (frames: readonly string[], mark: string) => frames.filter((each) => each.includes(mark)).length;

t.test("learning in 1.0, and a packet that is sent", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, flows, put, out } = await setUp(t, { packets: { ...PACKET_DEFAULTS, hybrid: false } });
  t.equal((await room.call("GET", DP)).json.datapath.negotiated_version, "1.0.0");
  await until(async () => (await flows()).some((line) => /priority=0 actions=CONTROLLER/.test(line)), {
    what: "the table-miss flow",
    state: flows,
  });
  await put(1, frame("ffffffffffff", A, "f001"));
  await until(() => marked(out(2), "f001") + marked(out(3), "f001") === 2, { what: "the broadcast at 2 and 3" });
  await put(2, frame(A, B, "f002"));
  await until(() => marked(out(1), "f002") === 1, { what: "B's packet at A" });
  t.equal(marked(out(3), "f002"), 0, "A was learnt");
  await until(async () => (await flows()).some((line) => /dl_dst=00:00:00:00:00:0a actions=output:1/.test(line)), {
    what: "the learnt flow",
    state: flows,
  });
  const packetout = { in_port: 1, actions: [{ output: 3 }], data: frame(B, A, "f003") };
  t.equal((await room.call("POST", `${DP}/packetout`, { packetout })).status, 204);
  await until(() => marked(out(3), "f003") === 1, { what: "the packet at port 3" });
  const group = { packetout: { ...packetout, actions: [{ group: 1 }] } };
  t.match((await room.call("POST", `${DP}/packetout`, group)).json, {
    error: "com.hp.of.lib.VersionMismatchException",
  });
});

t.test("what is kept is compared as 1.0 lists it", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs, flows } = await setUp(t, {});
  const kept = {
    flows: [
      {
        priority: 7,
        cookie: "0x7",
        flow_mod_flags: ["send_flow_rem"],
        match: [{ in_port: 1 }],
        actions: [{ output: 2 }],
      },
      {
        priority: 8,
        match: [{ eth_type: "ipv4" }, { ipv4_dst: "10.0.0.0", mask: "255.0.0.0" }],
        actions: [{ set_field: { eth_dst: "00:00:00:00:00:01" } }, { output: 3 }],
      },
    ],
  };
  t.equal((await room.call("POST", `${DP}/flows`, kept)).status, 201);
  const reconciled = async () => (await room.call("POST", `${DP}/reconciliation`)).json.reconciliation;
  t.match(await reconciled(), { state: "done", flows: { kept: 2, present: 2, added: 0, modified: 0, failed: 0 } });
  await ovs.ofctl10("del-flows", "br0", "in_port=1");
  await ovs.ofctl10("mod-flows", "br0", "ip,nw_dst=10.0.0.0/8,actions=output:1");
  t.match(await reconciled(), { state: "done", flows: { kept: 2, present: 1, added: 1, modified: 1, failed: 0 } });
  const lines = await flows();
  t.equal(lines.filter((line) => /priority=7,in_port=1 actions=output:2$/.test(line)).length, 1, lines.join("\n"));
  t.equal(lines.filter((line) => /nw_dst=10.0.0.0\/8 actions=mod_dl_dst:.*,output:3$/.test(line)).length, 1);
});
