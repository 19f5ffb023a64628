// Topology with live Open vSwitch: links between bridges and daemons, clusters, trees, paths, hosts.

import t from "tap";
import { scrape } from "../../src/base/metrics.js";
import { type OpenFlowRoom, startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { patch, unpatch, wire } from "../helpers/openvswitch_wires.js";
import { until } from "../helpers/wait.js";
import { openSocket } from "../helpers/ws_client.js";

const dpid = (n: number): string => `00:00:00:00:00:00:00:${n.toString(16).padStart(2, "0")}`;

interface Link {
  readonly src_dpid: string;
  readonly src_port: number;
  readonly dst_dpid: string;
  readonly dst_port: number;
  readonly info?: { readonly link_type: string };
}

/** `1:2>2:1`, or with `~` for a link over a bridge of others; sorted. */
function texts(links: readonly Link[]): string[] {
  const short = (id: string): number => Number.parseInt(id.slice(-2), 16);
  const arrow = (link: Link): string => (link.info?.link_type === "multihop" ? "~" : ">");
  return links
    .map((link) => `${short(link.src_dpid)}:${link.src_port}${arrow(link)}${short(link.dst_dpid)}:${link.dst_port}`)
    .sort();
}

async function links(room: OpenFlowRoom, query = ""): Promise<string[]> {
  const { status, json } = await room.call("GET", `/net/links${query}`);
  return status === 200 ? texts(json.links) : [`status ${status}`];
}

async function untilLinks(room: OpenFlowRoom, expected: readonly string[]): Promise<void> {
  let seen: string[] = [];
  const same = async (): Promise<boolean> => {
    seen = await links(room);
    return JSON.stringify(seen) === JSON.stringify(expected);
  };
  await until(same, { what: `links ${expected.join(" ")}`, state: () => seen });
}

async function bridges(ovs: OpenVSwitch, room: OpenFlowRoom, numbers: readonly number[]): Promise<void> {
  for (const n of numbers) {
    const id = n.toString(16).padStart(16, "0");
    await ovs.addBridge({ name: `br${n}`, dpid: id, controller: room.target, ports: 2 });
  }
  await until(() => room.handle.health().switches >= numbers.length, { what: "the switches" });
}

/** Lets a frame come in at a dummy port. */
async function inject(ovs: OpenVSwitch, port: string, flow: string): Promise<void> {
  await ovs.appctl("netdev-dummy/receive", port, flow);
}

/** An ARP request of a host as `ovs-appctl netdev-dummy/receive` takes it. */
function arp(ip: string, mac: string, vlan = ""): string {
  return [
    `in_port(1),eth(src=${mac},dst=ff:ff:ff:ff:ff:ff),`,
    vlan === "" ? "eth_type(0x0806)," : `eth_type(0x8100),vlan(vid=${vlan},pcp=0),encap(eth_type(0x0806),`,
    `arp(sip=${ip},tip=10.0.0.254,op=1,sha=${mac},tha=00:00:00:00:00:00)${vlan === "" ? "" : ")"}`,
  ].join("");
}

const MISS = { flow: { priority: 0, match: [], instructions: [{ apply_actions: [{ output: "CONTROLLER" }] }] } };

t.test("a ring of three bridges", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t, { discoverySeconds: 1 });
  const ovs = await OpenVSwitch.start(t);
  await bridges(ovs, room, [1, 2, 3]);

  await t.test("the flows that it needs are in the switch", async (t) => {
    const flows = async (): Promise<string[]> => ovs.flows("br1");
    await until(async () => (await flows()).length === 2, { what: "two flows" });
    for (const type of ["0x88cc", "0x8999"]) {
      const flow = (await flows()).find((each) => each.includes(`dl_type=${type}`)) ?? "";
      t.match(flow, /cookie=0xffff000000000000.* priority=60000,.*actions=CONTROLLER:65535/, type);
    }
    await ovs.ofctl("del-flows", "br1");
    t.same(await flows(), []);
    await until(async () => (await flows()).length === 2, { what: "the flows to come back" });
  });

  await t.test("links both ways, as soon as the ports are there", async (t) => {
    t.same(await links(room), []);
    await patch(ovs, "br1", 11, "br2", 12);
    await untilLinks(room, ["1:11>2:12", "2:12>1:11"]);
    await patch(ovs, "br2", 11, "br3", 12);
    await patch(ovs, "br3", 11, "br1", 12);
    const ring = ["1:11>2:12", "1:12>3:11", "2:11>3:12", "2:12>1:11", "3:11>1:12", "3:12>2:11"];
    await untilLinks(room, ring);
    t.same(await links(room, `?dpid=${dpid(2)}`), ["1:11>2:12", "2:11>3:12", "2:12>1:11", "3:12>2:11"]);
    const { json } = await room.call("GET", `/net/links?dpid="${dpid(1)}"`);
    t.same(Object.keys(json), ["links"]);
    const [{ info, ...link }] = json.links;
    t.same(Object.keys(link).sort(), ["dst_dpid", "dst_port", "src_dpid", "src_port"]);
    t.equal(info.link_type, "direct");
    t.match(info.m_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.equal(await links(room, "?dpid=00:00:00:00:00:00:00:99").then(([first]) => first), "status 404");
  });

  await t.test("one cluster, a tree without a loop, paths", async (t) => {
    const { json } = await room.call("GET", "/net/clusters");
    t.same(Object.keys(json), ["clusters"]);
    t.equal(json.clusters.length, 1);
    const [{ uid, links: inside }] = json.clusters;
    t.equal(inside.length, 6);
    const tree = await room.call("GET", `/net/clusters/${uid}/tree`);
    t.same(Object.keys(tree.json), ["cluster"]);
    t.equal(tree.json.cluster.uid, uid);
    t.same(texts(tree.json.cluster.links), ["1:11>2:12", "1:12>3:11"]);
    t.match(await room.call("GET", "/net/clusters/99/tree"), {
      status: 404,
      json: { error: "com.hp.api.NotFoundException", message: "No such cluster: 99" },
    });
    const path = await room.call("GET", `/net/paths/forward?src_dpid=${dpid(2)}&dst_dpid=${dpid(3)}`);
    t.same(Object.keys(path.json), ["path"]);
    t.equal(path.json.path.cost, 1);
    t.same(texts(path.json.path.links), ["2:11>3:12"]);
    t.equal((await room.call("GET", `/net/paths/forward?src_dpid=${dpid(2)}`)).status, 400);
    const none = await room.call("GET", `/net/paths/forward?src_dpid=${dpid(2)}&dst_dpid=${dpid(9)}`);
    t.equal(none.status, 404);
  });

  await t.test("a cut takes the link away, and paths go round", async (t) => {
    await unpatch(ovs, "br2", "br3");
    await untilLinks(room, ["1:11>2:12", "1:12>3:11", "2:12>1:11", "3:11>1:12"]);
    const { json } = await room.call("GET", `/net/paths/forward?src_dpid=${dpid(2)}&dst_dpid=${dpid(3)}`);
    t.equal(json.path.cost, 2);
    t.same(texts(json.path.links), ["1:12>3:11", "2:12>1:11"]);
    await unpatch(ovs, "br3", "br1");
    await untilLinks(room, ["1:11>2:12", "2:12>1:11"]);
    const gone = await room.call("GET", `/net/paths/forward?src_dpid=${dpid(2)}&dst_dpid=${dpid(3)}`);
    t.match(gone, { status: 404, json: { error: "com.hp.api.NotFoundException", message: /^No path from / } });
    const { clusters } = (await room.call("GET", "/net/clusters")).json;
    t.same(
      clusters.map((each: { uid: string; links: unknown[] }) => [each.uid, each.links.length]),
      [
        ["1", 2],
        ["3", 0],
      ],
    );
  });

  await t.test("suppressed ports take no part", async (t) => {
    const body = { lldp_suppressed: [{ dpid: dpid(2), ports: [12, 5] }] };
    t.same((await room.call("GET", "/net/lldp")).json, { lldp_suppressed: [] });
    t.match(await room.call("POST", "/net/lldp", body), { status: 204, text: "" });
    const { json } = await room.call("GET", "/net/lldp");
    t.same(json, { lldp_suppressed: [{ dpid: dpid(2), ports: [5, 12] }] });
    t.same(await links(room), []);
    t.equal((await room.call("DELETE", "/net/lldp", body)).status, 204);
    t.same((await room.call("GET", "/net/lldp")).json, { lldp_suppressed: [] });
    await untilLinks(room, ["1:11>2:12", "2:12>1:11"]);
    for (const [bad, word] of [
      [{}, /lldp_suppressed/],
      [{ lldp_suppressed: [{ dpid: dpid(2) }] }, /ports: nothing/],
      [{ lldp_suppressed: [{ dpid: dpid(2), ports: [-1] }] }, /ports: -1/],
    ] as const) {
      t.match(await room.call("POST", "/net/lldp", bad), { status: 400, json: { message: word } });
    }
  });

  await t.test("metrics", async (t) => {
    const { text } = await scrape();
    t.match(text, /^sennit_openflow_links\{type="direct"\} 2$/m);
    t.match(text, /^stack_probes_received_total\{dp_id="0x1",dp_name="[^"]+"\} [1-9]/m);
    t.match(text, /^sennit_openflow_probes_sent_total\{dp_id="0x1",dp_name="[^"]+"\} [1-9]/m);
  });
});

t.test("two daemons joined over a wire, and a bridge of others in between", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t, { discoverySeconds: 1 });
  const [one, two] = [await OpenVSwitch.start(t), await OpenVSwitch.start(t)];
  await bridges(one, room, [1]);
  await two.addBridge({ name: "br2", dpid: "0000000000000002", controller: room.target, ports: 2 });
  await until(() => room.handle.health().switches === 2, { what: "both switches" });
  await wire(one, "br1p1", two, "br2p1");
  await untilLinks(room, ["1:1>2:1", "2:1>1:1"]);

  // A bridge without a controller floods BDDP and keeps LLDP to itself, as 802.1D says.
  await one.addBridge({ name: "other", dpid: "0000000000000099", ports: 1 });
  await one.vsctl("set-fail-mode", "other", "standalone");
  await patch(one, "br1", 11, "other", 12);
  await wire(one, "otherp1", two, "br2p2");
  await untilLinks(room, ["1:11~2:2", "1:1>2:1", "2:1>1:1", "2:2~1:11"]);
  const { json } = await room.call("GET", `/net/paths/forward?src_dpid=${dpid(1)}&dst_dpid=${dpid(2)}`);
  t.same(texts(json.path.links), ["1:1>2:1"], "the direct link first");

  await one.appctl("netdev-dummy/set-admin-state", "br1p1", "down");
  await untilLinks(room, ["1:11~2:2", "2:2~1:11"]);
  two.appctl("exit").catch(() => undefined);
  await untilLinks(room, []);
});

t.test("hosts", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const room = await startOpenFlowRoom(t, { discoverySeconds: 1, nodeSeconds: 600 });
  const port = Number(new URL(room.base).port);
  const events = await openSocket(t, port, "/sdn/v2.0/events?type=link,node", { "x-auth-token": room.token });
  const ovs = await OpenVSwitch.start(t);
  await bridges(ovs, room, [1, 2]);
  for (const n of [1, 2]) await room.call("POST", `/of/datapaths/${dpid(n)}/flows`, MISS);
  await patch(ovs, "br1", 11, "br2", 12);
  await untilLinks(room, ["1:11>2:12", "2:12>1:11"]);
  const mac = "02:00:00:00:00:0a";
  await inject(ovs, "br1p1", arp("10.0.0.10", mac));
  await inject(ovs, "br2p2", arp("10.0.0.20", "02:00:00:00:00:14", "42"));
  const nodes = async (query = "") => (await room.call("GET", `/net/nodes${query}`)).json.nodes;
  await until(async () => (await nodes()).length === 2, { what: "two nodes" });
  const here = { ip: "10.0.0.10", mac, vid: 0, dpid: dpid(1), port: 1 };
  const there = { ip: "10.0.0.20", mac: "02:00:00:00:00:14", vid: 42, dpid: dpid(2), port: 2 };
  t.same(await nodes(), [here, there]);
  t.same(await nodes("?ip=10.0.0.10"), [here]);
  t.same(await nodes("?ip=10.0.0.20&vid=42"), [there]);
  t.same(await nodes("?vid=42"), [there]);
  t.same(await nodes(`?dpid=${encodeURIComponent(dpid(1))}`), [here]);
  t.same(await nodes(`?dpid=${dpid(1)}&port=1`), [here]);
  t.same(await nodes(`?dpid=${dpid(1)}&port=2`), []);
  t.same(await nodes("?vid=42&mac=02-00-00-00-00-14"), [there]);
  const arps = await room.call("GET", "/net/arps?vid=42&ip=10.0.0.20");
  t.same(arps.json, { arps: [{ ip: "10.0.0.20", mac: "02:00:00:00:00:14", vid: 42 }] });
  for (const [query, word] of [
    ["?ip=10.0.0", /^ip: "10.0.0" is not valid/],
    ["?vid=4096", /^vid: /],
    ["?mac=1", /^mac: /],
    ["?port=1", /^port: .*together with dpid/],
  ] as const) {
    t.match(await room.call("GET", `/net/nodes${query}`), { status: 400, json: { message: word } }, query);
  }
  // What comes over the link between the bridges is no host of that port.
  await room.call("POST", `/of/datapaths/${dpid(1)}/flows`, {
    flow: { priority: 10, match: [{ in_port: 2 }], instructions: [{ apply_actions: [{ output: 11 }] }] },
  });
  await inject(ovs, "br1p2", arp("10.0.0.30", "02:00:00:00:00:1e"));
  await inject(ovs, "br1p1", arp("10.0.0.10", mac));
  await inject(ovs, "br2p1", arp("10.0.0.11", mac));
  await until(async () => (await nodes("?ip=10.0.0.11")).length === 1, { what: "the host that moved" });
  t.same(await nodes("?ip=10.0.0.30"), []);
  t.same(await nodes("?ip=10.0.0.10"), [{ ...here, dpid: dpid(2) }], "moved with its addresses");
  await ovs.appctl("netdev-dummy/set-admin-state", "br2p1", "down");
  await until(async () => (await nodes("?ip=10.0.0.10")).length === 0, { what: "the host of a port that went down" });
  t.same(await nodes(), [there]);
  const told = events.texts.map((text) => JSON.parse(text));
  t.match(
    told.find((each) => each.type === "link" && each.dpid === dpid(1)),
    { event: "up", link: { src_dpid: dpid(1), src_port: 11, dst_dpid: dpid(2), dst_port: 12 } },
  );
  t.same(
    told.filter(({ node }) => node?.ip === here.ip).map(({ event, node }) => [event, node]),
    [
      ["up", here],
      ["moved", { ...here, dpid: dpid(2) }],
      ["gone", { ...here, dpid: dpid(2) }],
    ],
  );
});
