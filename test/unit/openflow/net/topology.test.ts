// Links and hosts over time: switches without sockets, a clock in the test's hand.

import t from "tap";
import { LIMITS } from "../../../../src/base/limits.js";
import type { NetListener } from "../../../../src/openflow/net/listener.js";
import { ETHER_TYPE, ethernetFrame } from "../../../../src/openflow/net/packets/ethernet.js";
import { checksum } from "../../../../src/openflow/net/packets/ipv4.js";
import { encodeProbe } from "../../../../src/openflow/net/packets/lldp.js";
import { type NetSwitch, NetWorld, port } from "../../../helpers/net_world.js";

const PROBE_TYPE_AT = 12;

/** An ARP request that says who has `ip` (its last byte) and `mac` (the same). */
function arp(mac: number, ip: number, vid = 0): Buffer {
  const payload = Buffer.alloc(28);
  payload.set([0, 1, 8, 0, 6, 4, 0, 1]);
  payload.writeUIntBE(0x020000000000 + mac, 8, 6);
  payload.set([10, 0, ip >> 8, ip & 255], 14);
  payload.set([10, 0, 0, 254], 24);
  if (vid === 0) return ethernetFrame(0xffffffffffff, 0x020000000000 + mac, ETHER_TYPE.ARP, payload);
  const tag = Buffer.from([vid >> 8, vid & 255, ETHER_TYPE.ARP >> 8, ETHER_TYPE.ARP & 255]);
  return ethernetFrame(0xffffffffffff, 0x020000000000 + mac, 0x8100, Buffer.concat([tag, payload]));
}

/** An IPv4 packet from 10.1.x.y and a station of that number. */
function ipv4(mac: number, ip: number): Buffer {
  const payload = Buffer.alloc(20);
  payload.set([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 1, ip >> 8, ip & 255, 10, 0, 0, 1]);
  payload.writeUInt16BE(checksum(payload, 0, 20), 10);
  return ethernetFrame(0x020000000001, 0x020000000000 + mac, ETHER_TYPE.IPV4, payload);
}

/** What a listener was told, a line each. */
function events(world: NetWorld): string[] {
  const lines: string[] = [];
  const listener: NetListener = {
    link: (what, link) => lines.push(`link ${what} ${Number(link.srcDpid)}:${link.srcPort}`),
    node: (what, node) => lines.push(`node ${what} ${node.ip} ${Number(node.dpid)}:${node.port}`),
  };
  world.topology.listen(listener);
  return lines;
}

t.test("links appear both ways, age, and go with their port and switch", async (t) => {
  const world = new NetWorld();
  const one = await world.add(1);
  const told = events(world);
  const cut = world.join([one, 2], [await world.add(2), 1]);
  const start = performance.now();
  world.topology.tick(start + 1);
  t.same(world.links(), [], "not before their turn");
  world.topology.tick(start + 5_100);
  t.same(world.links(), ["1:2>2:1", "2:1>1:2"]);
  t.same(told, ["link up 1:2", "link up 2:1"]);
  t.equal(one.flows, 2);
  // The clock of what is seen is real: the next turns are far in the future for it.
  cut();
  world.topology.tick(performance.now() + 14_000);
  t.equal(world.links().length, 2, "known for three intervals");
  world.topology.tick(performance.now() + 15_001);
  t.same(world.links(), []);
  t.equal(told.length, 4);
});

t.test("a port that comes up is probed at once; one that goes takes its links along", async (t) => {
  const world = new NetWorld();
  const one = await world.add(1);
  const two = await world.add(2);
  world.join([one, 2], [two, 1]);
  world.topology.portChanged(one, port(1, 2), false);
  t.same(world.links(), ["1:2>2:1", "2:1>1:2"]);
  one.ports.set(2, port(1, 2, 1));
  world.topology.portChanged(one, port(1, 2, 1), false);
  t.same(world.links(), []);
  world.topology.portChanged(two, port(2, 1), false);
  t.same(world.links(), [], "nothing over a port that is down");
  one.ports.set(2, port(1, 2));
  world.topology.portChanged(one, port(1, 2), false);
  t.equal(world.links().length, 2);
  world.topology.closed(two);
  t.same(world.links(), []);
});

t.test("switches of others: multihop links; a wire in their place makes them direct", async (t) => {
  const world = new NetWorld();
  const [one, two, three] = [await world.add(1), await world.add(2), await world.add(3)] as [
    NetSwitch,
    NetSwitch,
    NetSwitch,
  ];
  const cut = world.join([one, 1], [two, 1], [three, 1]);
  world.topology.portChanged(one, port(1, 1), false);
  t.same(world.links(), ["1:1~2:1", "1:1~3:1", "2:1~1:1", "2:1~3:1", "3:1~1:1", "3:1~2:1"]);
  // A host behind the bridge is heard at all three: it stays where it was heard first.
  const told = events(world);
  world.topology.packetIn(two, arp(9, 9), 1);
  world.topology.packetIn(one, arp(9, 9), 1);
  world.topology.packetIn(three, arp(9, 9), 1);
  t.same(told, ["node up 10.0.0.9 2:1"]);
  cut();
  world.join([one, 1], [two, 1]);
  world.topology.portChanged(one, port(1, 1), false);
  t.ok(world.links().includes("1:1>2:1"));
  t.ok(world.links().includes("2:1>1:1"));
  t.ok(told.includes("link changed 1:1"));
  t.ok(told.includes("node gone 10.0.0.9 2:1"), "what was heard there came from beyond the link");
});

t.test("what a host cannot do: make a link", async (t) => {
  const world = new NetWorld();
  const one = await world.add(1);
  await world.add(2);
  const frames = (type: number) => one.sent.find(({ frame }) => frame.readUInt16BE(PROBE_TYPE_AT) === type)?.frame;
  const lldp = frames(ETHER_TYPE.LLDP) as Buffer;
  const foreign = (): number | undefined => world.topology.counters()[0]?.probesForeign;
  const refused = (frame: Buffer, why: string): void => {
    const before = foreign() ?? 0;
    world.topology.packetIn(one, frame, 3);
    t.same(world.links(), [], why);
    t.equal(foreign(), before + 1, why);
  };
  const probe = { dpid: "0000000000000002", port: 1, epoch: 0 };
  refused(ethernetFrame(1, 2, 0x88cc, encodeProbe(probe, 0x88cc, 15, Buffer.alloc(32))), "a key of its own");
  const changed = Buffer.from(lldp);
  const portAt = changed.length - 2 - 16 - 4 - 1;
  changed[portAt] = 3;
  refused(changed, "another port");
  const asBddp = Buffer.from(lldp);
  asBddp.writeUInt16BE(ETHER_TYPE.BDDP, PROBE_TYPE_AT);
  refused(asBddp, "LLDP as BDDP");
  refused(lldp.subarray(0, 40), "cut off");
  world.topology.packetIn(one, lldp, 3);
  t.same(world.links(), ["1:1>1:3"], "two ports of one switch that are wired to one another are a link");
});

t.test("suppressed ports take no part", async (t) => {
  const world = new NetWorld();
  const one = await world.add(1);
  const two = await world.add(2);
  world.join([one, 2], [two, 1]);
  world.topology.portChanged(one, port(1, 2), false);
  t.equal(world.links().length, 2);
  world.topology.suppress(new Map([[two.dpid, new Set([1])]]));
  t.same(world.links(), []);
  world.topology.tick(performance.now() + 6_000);
  t.same(world.links(), []);
  two.sent.length = 0;
  world.topology.tick(performance.now() + 12_000);
  t.notOk(two.sent.some((each) => each.port === 1));
  t.ok(two.sent.some((each) => each.port === 2));
  world.topology.suppress(new Map());
  world.topology.portChanged(one, port(1, 2), false);
  t.equal(world.links().length, 2);
});

t.test("hosts: learnt, moved, renumbered, aged, gone with their port", async (t) => {
  const world = new NetWorld({ nodeSeconds: 10 });
  const one = await world.add(1);
  const two = await world.add(2);
  const told = events(world);
  const { hosts } = world.topology;
  world.topology.packetIn(one, arp(1, 1), 1);
  world.topology.packetIn(one, arp(1, 1), 1);
  world.topology.packetIn(two, arp(2, 2, 7), 1);
  t.same(hosts.nodes({}), [
    { ip: "10.0.0.1", mac: "02:00:00:00:00:01", vid: 0, dpid: one.dpid, port: 1 },
    { ip: "10.0.0.2", mac: "02:00:00:00:00:02", vid: 7, dpid: two.dpid, port: 1 },
  ]);
  for (const [filter, count] of [
    [{ ip: "10.0.0.1" }, 1],
    [{ vid: 7 }, 1],
    [{ dpid: one.dpid, port: 1 }, 1],
    [{ dpid: one.dpid, port: 2 }, 0],
    [{ mac: "02:00:00:00:00:02", vid: 7 }, 1],
    [{ mac: "02:00:00:00:00:02", vid: 0 }, 0],
  ] as const) {
    t.equal(hosts.nodes(filter).length, count, JSON.stringify(filter));
  }
  world.topology.packetIn(two, arp(1, 1), 3);
  world.topology.packetIn(two, arp(3, 1), 3);
  world.topology.portChanged(two, port(2, 1, 1), false);
  t.same(told, [
    "node up 10.0.0.1 1:1",
    "node up 10.0.0.2 2:1",
    "node moved 10.0.0.1 2:3",
    "node gone 10.0.0.1 2:3",
    "node up 10.0.0.1 2:3",
    "node gone 10.0.0.2 2:1",
  ]);
  t.same(hosts.arps({}), [{ ip: "10.0.0.1", mac: "02:00:00:00:00:03", vid: 0 }]);
  hosts.expire(performance.now() + 9_000);
  t.equal(hosts.size, 1);
  hosts.expire(performance.now() + 10_001);
  t.equal(hosts.size, 0);
  t.same(hosts.perVlan(), []);
});

t.test("hosts have bounds", async (t) => {
  const world = new NetWorld();
  const one = await world.add(1);
  const { hosts } = world.topology;
  for (let n = 1; n <= LIMITS.netAddressesPerStation + 10; n++) world.topology.packetIn(one, arp(1, n), 1);
  t.equal(hosts.size, LIMITS.netAddressesPerStation);
  t.equal(hosts.refused, 10);
  for (let n = 2; n <= LIMITS.netStationsPerPort + 100; n++) world.topology.packetIn(one, arp(n, 1_000 + n), 1);
  t.equal(hosts.nodes({ port: 1 }).length, LIMITS.netAddressesPerStation + LIMITS.netStationsPerPort - 1);
  world.topology.packetIn(one, arp(60_000, 60_000), 2);
  t.equal(hosts.nodes({ port: 2 }).length, 1, "another port has room");
});

t.test("a flood of IP packets is not looked at for long; ARP always is", async (t) => {
  const world = new NetWorld();
  const one = await world.add(1);
  const { hosts } = world.topology;
  for (let n = 0; n < LIMITS.netIpPackets + 50; n++) world.show(one, 1, ipv4(1_000 + n, n));
  t.equal(hosts.size, LIMITS.netIpPackets);
  world.show(one, 2, arp(1, 1));
  t.equal(hosts.nodes({ port: 2 }).length, 1);
  world.topology.tick(performance.now());
  world.show(one, 3, ipv4(2, 60_000));
  t.equal(hosts.nodes({ port: 3 }).length, 1, "with the next tick");
});
