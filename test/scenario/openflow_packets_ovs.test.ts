// Packets through a live Open vSwitch: the controller's own flows, hybrid mode, the learning switch and PACKET_OUT. Frames
// go in at dummy ports; what comes out of each port is in its capture file.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { PACKET_DEFAULTS, type PacketConfig } from "../../src/openflow/packet_config.js";
import type { Teardown } from "../helpers/cleanup.js";
import { type OpenFlowRoom, startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { captured } from "../helpers/pcap_file.js";
import { until } from "../helpers/wait.js";

const PORTS = [1, 2, 3];
const A = "00000000000a";
const B = "00000000000b";
const C = "00000000000c";
const ALL = "ffffffffffff";

interface SetUp {
  readonly room: OpenFlowRoom;
  readonly ovs: OpenVSwitch;
  /** A frame goes into a port. */
  put(port: number, frame: string): Promise<unknown>;
  /** Frames (hex) that have come out of a port. */
  out(port: number): string[];
}

async function setUp(t: Teardown, packets: Partial<PacketConfig>): Promise<SetUp> {
  const room = await startOpenFlowRoom(t, { packets: { ...PACKET_DEFAULTS, ...packets } });
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ ports: PORTS.length });
  const file = (port: number): string => join(ovs.dir, `p${port}.pcap`);
  for (const port of PORTS) await ovs.vsctl("set", "interface", `br0p${port}`, `options:tx_pcap=${file(port)}`);
  await ovs.setController(room.target);
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  return {
    room,
    ovs,
    put: (port, frame) => ovs.appctl("netdev-dummy/receive", `br0p${port}`, frame),
    out: (port) => captured(readFileSync(file(port))).map((bytes) => bytes.toString("hex")),
  };
}

/** An Ethernet frame in hex, 60 bytes long; a tag goes before the type. */
function frame(dst: string, src: string, mark: string, type = "0800", tag = ""): string {
  return `${dst}${src}${tag}${type}${mark}`.padEnd(120, "0");
}

const marked = (frames: readonly string[], mark: string): number => frames.filter((each) => each.includes(mark)).length;

/** Waits until the flows are as wanted. */
async function flowsAre(ovs: OpenVSwitch, wanted: readonly string[]): Promise<void> {
  let flows: string[] = [];
  const same = async (): Promise<boolean> => {
    flows = await ovs.flows();
    return flows.length === wanted.length && flows.every((flow, i) => flow === wanted[i]);
  };
  await until(same, { what: "the flows", state: () => flows });
}

t.test("hybrid: the switch forwards by itself, copies of ARP and DHCP come to the controller", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs, put, out } = await setUp(t, {});
  const own = "cookie=0xffff000000000000, send_flow_rem";
  const flows = [
    `${own} priority=0 actions=NORMAL`,
    `${own} priority=31000,udp,tp_src=67,tp_dst=68 actions=CONTROLLER:65535,NORMAL`,
    `${own} priority=31000,udp,tp_src=68,tp_dst=67 actions=CONTROLLER:65535,NORMAL`,
    `${own} priority=31500,arp actions=CONTROLLER:65535,NORMAL`,
  ];
  await flowsAre(ovs, flows);
  await put(1, frame(ALL, A, "1111", "0806"));
  await until(async () => (await room.handle.packets("0000000000000001")).length === 1, { what: "the ARP's copy" });
  await until(() => marked(out(2), `${A}08061111`) === 1, { what: "the ARP at port 2" });
  await put(2, frame(A, B, "2222"));
  await until(() => marked(out(1), "2222") === 1, { what: "B's packet at A" });
  t.equal(marked(out(3), "2222"), 0, "the switch itself has learnt where A is");
  t.equal((await room.handle.packets("0000000000000001")).length, 1, "what is no ARP or DHCP does not come here");

  await room.call("POST", "/of/datapaths/1/flows", {
    flow: { priority: 5, cookie: "0x5", match: [], instructions: [] },
  });
  await ovs.ofctl("del-flows", "br0", "cookie=0xffff000000000000/-1");
  await ovs.setController("tcp:127.0.0.1:1");
  await until(() => room.handle.health().switches === 0, { what: "the switch to go" });
  await ovs.setController(room.target);
  await flowsAre(ovs, [...flows, "cookie=0x5, priority=5 actions=drop"].sort());
});

t.test("pure: a table-miss flow as in HP's documents, and the learning switch behind it", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, ovs, put, out } = await setUp(t, { hybrid: false });
  const miss = "cookie=0xffff000000000000, send_flow_rem priority=0 actions=CONTROLLER:65535";
  await flowsAre(ovs, [miss]);
  const { json } = await room.call("GET", "/of/datapaths/1/flows");
  t.match(json.flows, [
    {
      cookie: "0xffff000000000000",
      flow_mod_flags: ["send_flow_rem"],
      idle_timeout: 0,
      hard_timeout: 0,
      instructions: [{ apply_actions: [{ output: "CONTROLLER" }] }],
      match: [],
      priority: 0,
      table_id: 0,
    },
  ]);

  await put(1, frame(ALL, A, "f001"));
  await until(() => marked(out(2), "f001") + marked(out(3), "f001") === 2, { what: "the broadcast at 2 and 3" });
  t.equal(marked(out(1), "f001"), 0, "a broadcast does not come back");
  await put(2, frame(A, B, "f002"));
  await until(() => marked(out(1), "f002") === 1, { what: "B's packet at A" });
  t.equal(marked(out(3), "f002"), 0, "A was learnt: nothing for port 3");
  const learnt = (inPort: number, dst: string, to: number, vlan = "vlan_tci=0x0000/0x1fff"): string =>
    `cookie=0xffff000000000001, idle_timeout=60, priority=1,in_port=${inPort},${vlan},dl_dst=${dst} actions=output:${to}`;
  await flowsAre(ovs, [miss, learnt(2, "00:00:00:00:00:0a", 1)].sort());
  await put(2, frame(A, B, "f003"));
  await until(() => marked(out(1), "f003") === 1, { what: "the next packet" });
  t.match(await ovs.ofctl("dump-flows"), /n_packets=1.*dl_dst=00:00:00:00:00:0a/, "it went by the flow");

  await t.test("tagged packets are of another network", async () => {
    await put(3, frame(A, C, "f004", "0800", "8100002a"));
    await until(() => marked(out(1), "f004") + marked(out(2), "f004") === 2, { what: "a flood" });
    await put(1, frame(C, A, "f005", "0800", "8100002a"));
    await until(() => marked(out(3), "f005") === 1, { what: "A's tagged packet at C" });
    await flowsAre(
      ovs,
      [miss, learnt(2, "00:00:00:00:00:0a", 1), learnt(1, "00:00:00:00:00:0c", 3, "dl_vlan=42")].sort(),
    );
  });

  await t.test("LLDP, BDDP and packets for bridges alone go nowhere", async (t) => {
    await put(1, frame("0180c200000e", A, "f006", "88cc"));
    await put(1, frame(ALL, A, "f007", "8999"));
    await put(1, frame("0180c2000000", A, "f008", "0026"));
    await put(1, frame(ALL, A, "f009"));
    await until(() => marked(out(3), "f009") === 1, { what: "the packet after them" });
    for (const mark of ["88ccf006", "8999f007", "0026f008"]) {
      t.equal(marked(out(2), mark) + marked(out(3), mark), 0, mark);
    }
  });

  await t.test("an address that moves takes its flows along", async () => {
    await put(3, frame(ALL, A, "f00a"));
    await until(() => marked(out(1), "f00a") === 1, { what: "A's packet from port 3" });
    await flowsAre(ovs, [miss, learnt(1, "00:00:00:00:00:0c", 3, "dl_vlan=42")].sort());
    await put(2, frame(A, B, "f00b"));
    await until(() => marked(out(3), "f00b") === 1, { what: "B's packet at A's new place" });
  });

  await t.test("a port that goes down takes its addresses along", async () => {
    await room.call("POST", "/of/datapaths/1/ports/3/action", "disable");
    await flowsAre(ovs, [miss]);
    await room.call("POST", "/of/datapaths/1/ports/3/action", "enable");
    await put(2, frame(A, B, "f00c"));
    await until(() => marked(out(1), "f00c") === 1, { what: "a flood again" });
  });
});

t.test("packetout: what is sent comes out, what is wrong is told", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { room, out } = await setUp(t, { hybrid: false });
  const post = (packetout: unknown, dpid = "00:00:00:00:00:00:00:01"): ReturnType<OpenFlowRoom["call"]> =>
    room.call("POST", `/of/datapaths/${dpid}/packetout`, { packetout });
  const data = frame(B, A, "f00d");
  const sent = await post({ in_port: 1, actions: [{ output: 2 }], data });
  t.same([sent.status, sent.text], [204, ""]);
  await until(() => marked(out(2), "f00d") === 1, { what: "the packet at port 2" });
  t.equal(out(2).at(-1), data, "as it was sent");
  const base64 = Buffer.from(frame(ALL, A, "f64d"), "hex").toString("base64");
  t.equal((await post({ in_port: 1, actions: [{ output: "FLOOD" }], data: base64, encoding: "base64" })).status, 204);
  await until(() => marked(out(2), "f64d") + marked(out(3), "f64d") === 2, { what: "the packet at 2 and 3" });
  t.equal(marked(out(1), "f64d"), 0);
  const tag = [{ push_vlan: "vlan" }, { set_field: { vlan_vid: 42 } }, { output: 3 }];
  t.equal((await post({ actions: tag, data: `0x${frame(B, A, "f4a6")}` })).status, 204);
  await until(() => marked(out(3), `${B}${A}8100002a0800f4a6`) === 1, { what: "the tagged packet at port 3" });
  const large = `${frame(B, A, "fbbb")}${"bb".repeat(8_900)}`;
  t.equal((await post({ actions: [{ output: 3 }], data: large })).status, 204, "a jumbo frame");

  const good = { actions: [{ output: 2 }], data };
  for (const [wrong, message] of [
    [{ ...good, data: "xyz" }, /^data: "xyz" is not valid; allowed: hex text of 14\.\.65000 bytes/],
    [{ ...good, data: "00" }, /^data: /],
    [{ ...good, data: undefined }, /^data: nothing/],
    [{ ...good, data: "00".repeat(65_001) }, /^data: 65001 bytes are too many/],
    [{ ...good, encoding: "rot13" }, /^encoding: "rot13" is not valid; allowed: hex, base64/],
    [{ ...good, encoding: "base64", data: "A" }, /^data: "A"/],
    [{ ...good, actions: undefined }, /^actions: nothing/],
    [{ ...good, actions: [{ explode: 1 }] }, /explode/],
    [{ ...good, in_port: "nowhere" }, /^in_port: "nowhere"/],
    [{ ...good, buffer_id: 5 }, /^data: .* none beside a buffer_id/],
    [{ ...good, buffer_id: -1 }, /^buffer_id: -1/],
  ] as const) {
    const answer = await post(wrong);
    t.match(answer, { status: 400, json: { error: "java.lang.IllegalArgumentException", message } }, String(message));
  }
  t.match(await post(undefined), { status: 400, json: { error: "com.hp.api.BadRequestException" } });
  t.match(await post(good, "99"), { status: 404, json: { error: "com.hp.api.NotFoundException" } });
  const refused = await post({ ...good, actions: [{ group: 7 }] });
  t.match(refused, { status: 500, json: { message: /BAD_ACTION.*PACKET_OUT/ } });
});

t.test("leave: a switch keeps what it has", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const { ovs, room } = await setUp(t, { tableMiss: "leave", hybrid: false });
  await room.call("POST", "/of/datapaths/1/flows", { flow: { priority: 5, match: [], instructions: [] } });
  t.same(await ovs.flows(), ["priority=5 actions=drop"]);
});
