// The feeds' configuration, and all of them together.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { scrape } from "../../../src/base/metrics.js";
import { publishFeeds } from "../../../src/bgp/feed_figures.js";
import { Feeds } from "../../../src/bgp/feeds.js";
import { parseFeeds } from "../../../src/bgp/feeds_config.js";
import { loadConfig } from "../../../src/config.js";
import { BmpListener } from "../../helpers/bmp_listener.js";
import { mrtVector } from "../../helpers/mrt.js";
import { announce, observedPeer, ribOf, route } from "../../helpers/observed.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

t.test("configuration", async (t) => {
  const dir = tmpDir(t, "feeds");
  const file = join(dir, "toml");
  const load = (text: string) => {
    writeFileSync(file, text);
    return parseFeeds(loadConfig({ config: file }, {}).bgp);
  };
  const off = {
    bmp: [],
    message: { write_disk: false, write_dir: "./var/bgp", write_msg_max_size: 500, write_keepalive: false },
    mrt: { updates: "", updates_interval: 900, updates_max_size: 1024, updates_sent: false, rib: "", rib_interval: 0 },
  };
  t.same(load(""), off);
  t.same(parseFeeds({}), off);
  const some = load('[bgp.message]\nwrite_disk = true\n[[bgp.bmp]]\nhost = "::1"\n[bgp.mrt]\nrib = "/a/%Y"\n');
  t.match(some, {
    message: { write_disk: true },
    mrt: { rib: "/a/%Y" },
    bmp: [{ host: "::1", port: 11_019, retry: 30 }],
  });
  t.throws(() => load('[bgp.mrt]\nupdates = "/a/%q"\n'), { message: /^bgp\.mrt\.updates: "\/a\/%q" is not valid/ });
  t.throws(() => load('[[bgp.bmp]]\nhost = "a b"\n'), { message: /^bgp\.bmp\[0\]\.host: "a b" is not valid/ });
  t.throws(() => load("[[bgp.bmp]]\n"), { message: /bgp\.bmp\[0\]\.host/ }, "a station without host");
  t.throws(() => load('[[bgp.bmp]]\nhost = "a"\n'.repeat(2)), { message: /bgp\.bmp\[1\]\.host: a is not valid/ });
  t.throws(() => load("[bgp.message]\nwrite = true\n"), { message: /bgp\.message\.write: unknown key/ });
  t.throws(() => load('[[bgp.bmp]]\nhost = "a"\n'.repeat(9)), { message: /bgp\.bmp: 9 stations is not valid/ });
});

t.test("all feeds of one session", async (t) => {
  const dir = tmpDir(t, "feeds");
  const listener = new BmpListener(t);
  const port = await listener.listen();
  const config = parseFeeds({
    bmp: [{ host: "127.0.0.1", port, retry: 1, statistics: 0, name: "" }],
    message: { write_disk: true, write_dir: join(dir, "log"), write_msg_max_size: 1, write_keepalive: false },
    mrt: {
      updates: join(dir, "updates"),
      updates_interval: 60,
      updates_max_size: 1,
      updates_sent: false,
      rib: join(dir, "rib"),
      rib_interval: 3_600,
    },
  });
  const host = {
    rib: ribOf([route(1)]),
    description: "Sennit 1.2",
    statistics: () => null,
    note: () => undefined,
    now: Date.now,
    routerId: 9,
  };
  const feeds = new Feeds(config, host);
  t.equal(feeds.observers.length, 3);
  const peer = observedPeer();
  for (const observer of feeds.observers) {
    observer.up(peer);
    if (observer.wantsMessages) observer.messages(peer, false, announce(1));
  }
  await until(() => listener.types().includes(3), { what: "the station to be told" });
  t.match(await feeds.snapshot(), { file: join(dir, "rib"), prefixes: 1, routes: 1 });
  for (const observer of feeds.observers) observer.down(peer, { kind: "lost", notification: null });
  await feeds.close();
  t.ok(existsSync(join(dir, "updates")));
  t.equal(readdirSync(join(dir, "log/192.0.2.1/msg")).length, 1);
  const figures = feeds.figures();
  t.match(figures.files, [
    { feed: "message", records: 4, dropped: 0 },
    { feed: "mrt", records: 4 },
    { feed: "rib", records: 1 },
  ]);
  publishFeeds(structuredClone(figures));
  const { text } = await scrape();
  t.match(text, 'sennit_bgp_feed_records_total{feed="message"} 4');
  t.match(text, `sennit_bgp_bmp_connections_total{station="127.0.0.1:${port}"} 1`);
});

t.test("nothing configured is nothing done", async (t) => {
  const host = {
    rib: ribOf([]),
    description: "Sennit 1.2",
    statistics: () => null,
    note: () => undefined,
    now: Date.now,
    routerId: 9,
  };
  const feeds = new Feeds(parseFeeds({}), host);
  t.same(feeds.observers, []);
  await t.rejects(feeds.snapshot(), { code: "UNAVAILABLE" });
  await feeds.close();
});

/** Runs `sennit mrt` in a shell. */
function shell(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = fileURLToPath(new URL("../../../src/main.js", import.meta.url));
  const script = `set -o pipefail; sennit() { "${process.execPath}" "${main}" "$@"; }; ${line}`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", script], { maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

t.test("the command", async (t) => {
  const file = mrtVector("bview.ipv4_unicast_add_path.gz");
  const all = await shell(`sennit mrt -m '${file}'`);
  t.same([all.code, all.stdout.split("\n").length, all.stderr], [0, 63, ""]);
  const bad = await shell(`sennit mrt /nowhere '${file}'`);
  t.equal(bad.code, 1);
  t.equal(bad.stdout, all.stdout, "the other file is printed");
  t.match(bad.stderr, /^sennit: \/nowhere: offset 0: it cannot be read: ENOENT/);
  const big = mrtVector("updates.20160811.1600.gz");
  const head = await shell(`set +o pipefail; sennit mrt '${big}' '${big}' '${big}' '${big}' | head -n 2`);
  t.same([head.code, head.stdout.split("\n").length, head.stderr], [0, 3, ""], "who stops reading ends it quietly");
});
