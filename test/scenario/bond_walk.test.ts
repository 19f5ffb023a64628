// A bond from the first REST call to traffic over two lines, and what kills, restarts and changes do to it.

import t from "tap";
import { need } from "../helpers/need.js";
import { bestOf } from "../helpers/tries.js";
import { until } from "../helpers/wait.js";
import { walk } from "../helpers/walk.js";

t.setTimeout(150_000);

/** Slow enough that a busy machine carries them beside other tests. */
const lines = [
  { downMbps: 12, upMbps: 8 },
  { downMbps: 6, upMbps: 4 },
];

/** More than the faster line alone can carry, Mbit/s. */
const BOTH = 12.2;

const mbps = (report: { end: { sum_received: { bits_per_second: number } } }) =>
  report.end.sum_received.bits_per_second / 1e6;

t.test("a bond over REST: ping, both lines, an offline leg, kill -9 of both controls", async (t) => {
  if (!need.namespaces(t) || !need.program(t, "iperf3") || !need.device(t, "/dev/net/tun")) return;
  const box = await walk(t, lines);
  const { bond, legs, aggregator, bonder } = box;
  for (const from of ["bonder", "aggregator"] as const) {
    const { code, stdout, stderr } = await box.ping(from);
    t.equal(code, 0, `the ${from} pings the other end ${code === 0 ? "" : stdout + stderr}`);
  }

  box.aggregatorNetns.start("iperf3", ["-s"]);
  await until(async () => (await box.aggregatorNetns.run("ss", ["-Hltn", "sport = 5201"])).stdout.trim() !== "", {
    what: "iperf3 to listen",
  });
  const running = box.iperf("-R", "-t", "5");
  const shown = await until(
    async () => {
      const now = await box.show();
      return now.legs.every((leg: { download_rate: number }) => leg.download_rate > 1e6) && now;
    },
    { what: "both legs to show a rate", timeoutMs: 5_000, everyMs: 100 },
  );
  t.ok(shown.download_rate > 2e6, `the bond shows ${(shown.download_rate / 1e6).toFixed(1)} Mbit/s`);
  t.equal(shown.state, "up");
  const first = mbps(await running);
  const both = first > BOTH ? first : await bestOf(3, BOTH, async () => mbps(await box.iperf("-R", "-t", "4")));
  t.ok(both > BOTH, `down ${both.toFixed(1)} Mbit/s over lines of 12 and 6`);

  await t.test("a leg that is set offline carries nothing, and comes back", async (t) => {
    const at = `/api/v4/bonds/${bond.id}/interface_legs/${legs[0].id}/`;
    await aggregator.rest("PATCH", at, { body: { link_mode: "offline" } });
    await box.legsAre("offline", "up");
    const one = mbps(await box.iperf("-R", "-t", "3"));
    t.ok(one > 2 && one < 6.5, `down ${one.toFixed(1)} Mbit/s over the line of 6 alone`);
    await aggregator.rest("PATCH", at, { body: { link_mode: "active" } });
    await box.legsAre("up", "up");
    const again = await bestOf(3, BOTH, async () => mbps(await box.iperf("-R", "-t", "4")));
    t.ok(again > BOTH, `down ${again.toFixed(1)} Mbit/s over both again`);
  });

  await t.test("kill -9 of both control processes: the tunnel goes on, and REST shows the same bond", async (t) => {
    const before = await box.show();
    const flow = box.iperf("-R", "-t", "12");
    await until(async () => (await box.show()).download_rate > 4e6, { what: "traffic", everyMs: 100 });
    await Promise.all([aggregator.kill(), bonder.kill()]);
    t.equal((await box.ping("bonder")).code, 0, "no control runs, the tunnel does");
    await Promise.all([aggregator.restart(), bonder.restart()]);
    await box.legsAre("up", "up");
    const after = await box.show();
    for (const name of ["id", "url", "name", "bonder", "tunnel_subnet", "tunnel_bonder_ip", "aggregator", "created"]) {
      t.same(after[name], before[name], name);
    }
    t.same(
      after.legs.map((leg: { id: number }) => leg.id),
      before.legs.map((leg: { id: number }) => leg.id),
    );
    const report = await flow;
    const seconds: number[] = report.intervals.map(
      (one: { sum: { bits_per_second: number } }) => one.sum.bits_per_second,
    );
    t.equal(report.error, undefined);
    t.ok(
      seconds.every((rate) => rate > 1e6),
      `each second of the flow, Mbit/s: ${seconds.map((rate) => (rate / 1e6).toFixed(0)).join(" ")}`,
    );
  });
});
