// The bonded tunnel between two network namespaces: what it adds up to, and what happens when lines and processes die.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { need } from "../helpers/need.js";
import { bestOf } from "../helpers/tries.js";
import { makeTunnel, startDataplane } from "../helpers/tunnel.js";
import { until } from "../helpers/wait.js";

t.setTimeout(140_000);

type Test = Parameters<typeof need.namespaces>[0];

const needs = (test: Test) =>
  need.namespaces(test) && need.program(test, "iperf3") && need.device(test, "/dev/net/tun");

t.test("two unequal lines carry one TCP flow together", async (t) => {
  if (!needs(t)) return;
  const tunnel = await makeTunnel(t, {
    lines: [
      { upMbps: 30, downMbps: 40 },
      { upMbps: 15, downMbps: 20 },
    ],
  });
  await tunnel.legs("up", "up");
  t.equal((await tunnel.ping("bonder")).answered, 1, "the bonder reaches the aggregator");
  t.equal((await tunnel.ping("aggregator")).answered, 1, "the aggregator reaches the bonder");

  tunnel.aggregator.netns.start("iperf3", ["-s"]);
  await until(async () => (await tunnel.aggregator.netns.run("ss", ["-Hltn", "sport = 5201"])).stdout.trim() !== "", {
    what: "iperf3 to listen",
  });
  const down = await bestOf(3, 44, async () => (await tunnel.iperf(4, "-R")).mbps);
  t.ok(down > 44, `down ${down.toFixed(1)} Mbit/s over lines of 40 and 20`);
  const up = await bestOf(3, 33, async () => (await tunnel.iperf(4)).mbps);
  t.ok(up > 33, `up ${up.toFixed(1)} Mbit/s over lines of 30 and 15`);

  const counters = tunnel.status("bonder")?.counters ?? {};
  t.equal(counters["auth_drops"], 0);
  t.equal(counters["malformed_drops"], 0);
});

t.test("a line dies and comes back while traffic flows", async (t) => {
  if (!needs(t)) return;
  const tunnel = await makeTunnel(t, {
    lines: [
      { upMbps: 30, downMbps: 30 },
      { upMbps: 30, downMbps: 30 },
    ],
  });
  await tunnel.legs("up", "up");
  const ping = tunnel.ping("bonder", 150, 20);
  await tunnel.aggregator.netns.link("line1", "down");
  const took = await tunnel.legs("down", "up");
  t.comment(`both ends saw it after ${took} ms`);
  t.equal((await tunnel.ping("aggregator")).answered, 1);
  await tunnel.aggregator.netns.link("line1", "up");
  await tunnel.legs("up", "up");
  const { answered } = await ping;
  t.ok(answered > 0.75, `${Math.round(answered * 100)} % of the pings were answered meanwhile`);

  await tunnel.bonder.netns.link("leg2", "down");
  await tunnel.legs("up", "down");
  t.equal((await tunnel.ping("bonder")).answered, 1);
});

t.test("an interface vanishes and comes back", async (t) => {
  if (!needs(t)) return;
  const tunnel = await makeTunnel(t, {
    lines: [
      { upMbps: 0, downMbps: 0 },
      { upMbps: 0, downMbps: 0 },
    ],
  });
  await tunnel.legs("up", "up");
  await tunnel.bonder.netns.removeLink("leg1");
  await tunnel.legs("down", "up");
  const peer = ["type", "veth", "peer", "name", "line1", "netns", tunnel.aggregator.netns.name];
  await tunnel.bonder.netns.ip("link", "add", "leg1", ...peer);
  await tunnel.bonder.netns.address("leg1", "192.0.2.1/30");
  await tunnel.aggregator.netns.address("line1", "192.0.2.2/30");
  await tunnel.bonder.netns.ip("route", "add", "198.51.100.1/32", "via", "192.0.2.2", "metric", "100");
  await tunnel.legs("up", "up");
});

t.test("modes of legs: offline, idle, failover", async (t) => {
  if (!needs(t)) return;
  const tunnel = await makeTunnel(t, {
    lines: [
      { upMbps: 0, downMbps: 0 },
      { upMbps: 0, downMbps: 0 },
    ],
  });
  await tunnel.legs("up", "up");
  tunnel.apply([{ linkMode: "offline" }, {}]);
  await tunnel.legs("offline", "up");
  t.equal((await tunnel.ping("bonder")).answered, 1);
  tunnel.apply([{ linkMode: "idle" }, {}]);
  await tunnel.legs("idle", "up");
  const data = () => tunnel.status("aggregator")?.legs[0]?.rxPackets ?? 0;
  t.equal((await tunnel.ping("bonder", 10)).answered, 1);

  tunnel.apply([{}, { failover: true }]);
  await tunnel.legs("up", "failover");
  const before = data();
  t.equal((await tunnel.ping("bonder", 20)).answered, 1);
  await until(() => data() > before + 15, { what: "the pings to pass by the first leg", state: data });
  await tunnel.aggregator.netns.link("line1", "down");
  await tunnel.legs("down", "failover");
  t.equal((await tunnel.ping("bonder")).answered, 1, "the failover leg carries when no other can");
});

t.test("a data plane that is killed comes back, and one that stops removes its device", async (t) => {
  if (!needs(t)) return;
  const tunnel = await makeTunnel(t, { lines: [{ upMbps: 0, downMbps: 0 }] });
  await tunnel.legs("up");
  t.equal(statSync(join(tunnel.bonder.data, "dataplane.sock")).mode & 0o777, 0o600);

  const second = startDataplane(tunnel.bonder.netns, tunnel.bonder.data);
  t.equal((await second.exited).code, 1);
  t.match(second.stderr, /^sennit: the data plane of .* is running already \(process \d+\).*\n$/);

  for (const box of [tunnel.aggregator, tunnel.bonder]) {
    box.process.kill("SIGKILL");
    await box.process.exited;
    box.process = startDataplane(box.netns, box.data);
    await until(() => box.client.status()?.revision, {
      what: "the data plane to be configured again",
      state: () => box.process.output,
    });
    await tunnel.legs("up");
    t.equal((await tunnel.ping("bonder")).answered, 1);
  }

  tunnel.bonder.client.close();
  t.equal((await tunnel.ping("bonder")).answered, 1, "it forwards without a control");
  await tunnel.bonder.process.stop();
  t.notOk(existsSync(join(tunnel.bonder.data, "dataplane.sock")));
  t.not((await tunnel.bonder.netns.run("ip", ["link", "show", "tun7"])).code, 0);
});

t.test("a link's MTU changes while it is up: both devices follow, other addresses stay", async (t) => {
  if (!needs(t)) return;
  const tunnel = await makeTunnel(t, { lines: [{ upMbps: 0, downMbps: 0 }] });
  await tunnel.legs("up");
  const { bonder, aggregator } = tunnel;
  const mtus = () => [tunnel.status("bonder")?.tunnelMtu, tunnel.status("aggregator")?.tunnelMtu];
  t.same(mtus(), [1440, 1440]);
  await bonder.netns.address("tun7", "2001:db8::1/64");
  await aggregator.netns.address("tun7", "2001:db8::2/64");
  await bonder.netns.ip("link", "set", "leg1", "mtu", "1400");
  await until(() => mtus().join() === "1340,1340", { what: "both ends to follow", state: mtus });
  await until(async () => / mtu 1340 /.test(await aggregator.netns.ip("link", "show", "tun7")), { what: "the device" });
  const ping = (...args: string[]) => bonder.netns.run("ping", ["-c", "1", "-W", "2", "-M", "do", ...args]);
  t.equal((await ping("-s", String(1340 - 28), tunnel.aggregatorIp)).code, 0, "the largest packet passes");
  t.not((await ping("-s", String(1340 - 27), tunnel.aggregatorIp)).code, 0, "one byte more does not");
  t.equal((await ping("-s", String(1340 - 48), "2001:db8::2")).code, 0, "IPv6 likewise");
});

t.test("one end removes the bond and sets it up again: order goes on, no descriptor is left open", async (t) => {
  if (!needs(t)) return;
  const tunnel = await makeTunnel(t, { lines: [{ upMbps: 0, downMbps: 0 }] });
  await tunnel.legs("up");
  const pid = Number(readFileSync(join(tunnel.bonder.data, "dataplane.pid"), "utf8"));
  const open = () => readdirSync(`/proc/${pid}/fd`).length;
  const before = open();
  t.equal((await tunnel.ping("bonder", 20, 10)).answered, 1);
  for (let i = 0; i < 5; i++) {
    tunnel.bonder.client.apply({ revision: 100 + i, bonds: [] });
    await until(() => tunnel.bonder.client.status()?.revision === 100 + i, { what: "no bond" });
    t.not((await tunnel.bonder.netns.run("ip", ["link", "show", "tun7"])).code, 0, "the device is gone");
    tunnel.apply();
    await tunnel.legs("up");
  }
  const late = () => tunnel.status("aggregator")?.counters["late"];
  t.equal((await tunnel.ping("bonder", 20, 10)).answered, 1);
  t.equal(late(), 0, "nothing was taken for late");
  t.equal(open(), before);
});
