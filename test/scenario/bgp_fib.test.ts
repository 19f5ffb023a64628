import { fileURLToPath } from "node:url";
import t from "tap";
import { parsePrefix } from "../../src/base/ip.js";
import type { FibFigures } from "../../src/bgp/fib/installer.js";
import { message, update } from "../helpers/bgp_raw.js";
import { need } from "../helpers/need.js";
import { joinNetns, makeNetns, type Netns } from "../helpers/netns.js";
import type { Running } from "../helpers/processes.js";
import { until } from "../helpers/wait.js";

const CHILD = fileURLToPath(new URL("../helpers/fib_child.js", import.meta.url));
const TABLE = 7_000;

/** Prefixes as NLRI. */
const nlri = (...prefixes: string[]): number[] =>
  prefixes.flatMap((text) => {
    const { bytes, length } = parsePrefix(text) as { bytes: Uint8Array; length: number };
    return [length, ...bytes.subarray(0, (length + 7) >> 3)];
  });
const bytesOf = (address: string) => {
  const { bytes } = parsePrefix(`${address}/${address.includes(":") ? 128 : 32}`) as { bytes: Uint8Array };
  return [...bytes];
};
const attribute = (code: number, value: number[]) => [0x90, code, value.length >> 8, value.length & 255, ...value];

const announce4 = (hop: string, ...prefixes: string[]) =>
  update({ attributes: attribute(3, bytesOf(hop)), nlri: nlri(...prefixes) });
const withdraw4 = (...prefixes: string[]) => update({ withdrawn: nlri(...prefixes) });
const announceMp = (afi: number, hops: string[], ...prefixes: string[]) => {
  const hop = hops.flatMap(bytesOf);
  return update({ attributes: attribute(14, [0, afi, 1, hop.length, ...hop, 0, ...nlri(...prefixes)]) });
};
const withdraw6 = (...prefixes: string[]) => update({ attributes: attribute(15, [0, 2, 1, ...nlri(...prefixes)]) });

interface Fib {
  readonly process: Running;
  apply(...updates: Buffer[]): Promise<FibFigures & { replays: number }>;
  figures(): Promise<FibFigures & { replays: number }>;
  stop(): Promise<void>;
}

async function startFib(net: Netns, config: object = {}): Promise<Fib> {
  const process_ = net.start(process.execPath, [CHILD, JSON.stringify({ table: TABLE, ...config })]);
  await process_.says(/\{"started":true\}\n/);
  let read = process_.stdout.length;
  const ask = async (command: object) => {
    process_.write(`${JSON.stringify(command)}\n`);
    const line = await until(() => /^.*\n/.exec(process_.stdout.slice(read))?.[0], { what: "an answer" });
    read += line.length;
    return JSON.parse(line);
  };
  const figures = () => ask({ figures: true });
  return {
    process: process_,
    figures,
    async apply(...updates) {
      for (const one of updates) await ask({ update: one.toString("hex") });
      return until(
        async () => {
          const now = await figures();
          return now.waiting === 0 && now;
        },
        { what: "an empty queue" },
      );
    },
    async stop() {
      await ask({ stop: true });
      await process_.exited;
    },
  };
}

/** The kernel's routes of our table: `prefix via hop`, sorted. */
async function routes(net: Netns, ...more: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const family of ["-4", "-6"]) {
    const show = await net.run("ip", ["-j", "-N", family, "route", "show", "table", String(TABLE), ...more]);
    // A table that has never had a route is an error to ip.
    const rows = show.code !== 0 || show.stdout.trim() === "" ? [] : JSON.parse(show.stdout);
    for (const row of rows) found.push(`${row.dst} via ${row.gateway ?? row.via?.host} ${row.protocol} ${row.metric}`);
  }
  return found.sort();
}

async function box(t: Parameters<typeof makeNetns>[0]): Promise<Netns> {
  const net = await makeNetns(t, "fib");
  const other = await makeNetns(t, "peer");
  await joinNetns(
    { netns: net, ifname: "up0", addresses: ["192.0.2.1/24", "2001:db8::1/64"] },
    { netns: other, ifname: "up0", addresses: ["192.0.2.2/24", "2001:db8::2/64"] },
  );
  return net;
}

t.test("the kernel's table follows", async (t) => {
  if (!need.namespaces(t)) return;
  const net = await box(t);
  await net.ip("route", "add", "10.9.0.0/16", "via", "192.0.2.9", "table", String(TABLE), "proto", "static");
  const fib = await startFib(net, { metric: 30, source: "192.0.2.1", source6: "2001:db8::1" });
  await fib.apply(
    announce4("192.0.2.2", "10.0.0.0/8", "172.16.0.0/12", "203.0.113.129/32", "0.0.0.0/0"),
    announceMp(2, ["2001:db8::2"], "2001:db8:1::/48", "::/0", "2001:db8:2:3:4:5:6:7/128"),
    announceMp(2, ["2001:db8::2", "fe80::2"], "2001:db8:5::/49"),
    announceMp(1, ["2001:db8::3"], "198.51.100.0/25"),
  );
  const theirs = "10.9.0.0/16 via 192.0.2.9 4 undefined";
  t.same(await routes(net), [
    "10.0.0.0/8 via 192.0.2.2 186 30",
    theirs,
    "172.16.0.0/12 via 192.0.2.2 186 30",
    "198.51.100.0/25 via 2001:db8::3 186 30",
    "2001:db8:1::/48 via 2001:db8::2 186 30",
    "2001:db8:2:3:4:5:6:7 via 2001:db8::2 186 30",
    "2001:db8:5::/49 via 2001:db8::2 186 30",
    "203.0.113.129 via 192.0.2.2 186 30",
    "default via 192.0.2.2 186 30",
    "default via 2001:db8::2 186 30",
  ]);
  t.match(await net.ip("route", "show", "10.0.0.0/8", "table", String(TABLE)), "src 192.0.2.1");
  t.match(await net.ip("-6", "route", "show", "2001:db8:1::/48", "table", String(TABLE)), "src 2001:db8::1");
  await fib.apply(
    announce4("192.0.2.3", "10.0.0.0/8", "10.9.0.0/16"),
    announceMp(2, ["2001:db8::3"], "2001:db8:1::/48"),
    withdraw4("172.16.0.0/12", "0.0.0.0/0", "198.51.100.0/25", "203.0.113.129/32"),
    withdraw6("::/0", "2001:db8:2:3:4:5:6:7/128", "2001:db8:5::/49", "2001:db8:77::/48"),
  );
  const after = [
    "10.0.0.0/8 via 192.0.2.3 186 30",
    "10.9.0.0/16 via 192.0.2.3 186 30",
    theirs,
    "2001:db8:1::/48 via 2001:db8::3 186 30",
  ];
  t.same(await routes(net), after, "changed, withdrawn; another's route stays beside ours");
  t.match(await fib.figures(), { refused: {}, refusals: {}, malformed: 0, stale: 0 });
  await fib.stop();
  t.same(await routes(net), [theirs], "stopped: only ours are gone");
});

t.test("killed and started again", async (t) => {
  if (!need.namespaces(t)) return;
  const net = await box(t);
  const first = await startFib(net);
  const many = Array.from({ length: 3_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  for (let i = 0; i < many.length; i += 1_000) await first.apply(announce4("192.0.2.2", ...many.slice(i, i + 1_000)));
  await first.apply(announceMp(2, ["2001:db8::2"], "2001:db8:1::/48"));
  t.equal((await routes(net)).length, 3_001);
  await first.process.stop("SIGKILL");
  t.equal((await routes(net)).length, 3_001, "a kill leaves them");
  const second = await startFib(net, { metric: 77 });
  t.same(await routes(net), [], "the next start removes them, whatever their metric was");
  t.match(await second.figures(), { stale: 3_001 });
  await second.apply(announce4("192.0.2.2", "10.0.0.0/24"));
  t.same(await routes(net), ["10.0.0.0/24 via 192.0.2.2 186 77"]);
});

t.test("what the kernel refuses is counted, and tried again", async (t) => {
  if (!need.namespaces(t)) return;
  const net = await box(t);
  const fib = await startFib(net);
  await fib.apply(announce4("192.0.2.2", "10.0.0.0/8"));
  const some = await fib.apply(
    announce4("198.51.100.1", "10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8", "13.0.0.0/8"),
    announceMp(2, ["fe80::2"], "2001:db8:1::/48"),
    announce4("192.0.2.2", "12.0.0.0/8"),
    withdraw4("13.0.0.0/8"),
    Buffer.concat([announce4("192.0.2.2", "14.0.0.0/8"), message(2, [0, 9])]),
  );
  t.same(await routes(net), ["12.0.0.0/8 via 192.0.2.2 186 20", "14.0.0.0/8 via 192.0.2.2 186 20"]);
  t.match(some, { refused: { ENETUNREACH: 2 }, refusals: { "link-local next hop": 1 }, malformed: 1 });
  t.equal(fib.process.exit, null, "it goes on");
  await net.ip("address", "add", "198.51.100.2/24", "dev", "up0");
  await until(async () => (await routes(net)).length === 4, { what: "the routes whose next hop can be reached now" });
  t.same((await fib.figures()).refused, { "link-local next hop": 1 });
  t.same(await routes(net), [
    "10.0.0.0/8 via 198.51.100.1 186 20",
    "11.0.0.0/8 via 198.51.100.1 186 20",
    "12.0.0.0/8 via 192.0.2.2 186 20",
    "14.0.0.0/8 via 192.0.2.2 186 20",
  ]);
  const { replays } = await fib.figures();
  await net.link("up0", "down");
  t.same(await routes(net), [], "the kernel drops what goes over a link that is down");
  await net.link("up0", "up");
  await until(async () => (await fib.figures()).replays > replays, { what: "the wish for all routes" });
});

t.test("a next hop with many routes goes and comes back", async (t) => {
  if (!need.namespaces(t)) return;
  const net = await box(t);
  const fib = await startFib(net);
  const many = Array.from({ length: 2_500 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  for (let i = 0; i < many.length; i += 500) await fib.apply(announce4("198.51.100.1", ...many.slice(i, i + 500)));
  t.same((await fib.figures()).refused, { ENETUNREACH: 2_500 });
  await fib.apply(withdraw4(...many.slice(0, 100)), announce4("192.0.2.2", ...many.slice(100, 200)));
  t.same((await fib.figures()).refused, { ENETUNREACH: 2_300 });
  t.equal((await routes(net)).length, 100);
  await net.ip("address", "add", "198.51.100.2/24", "dev", "up0");
  await until(async () => (await routes(net)).length === 2_400, { what: "all that were not withdrawn" });
  const via = (await routes(net)).filter((text) => text.includes("via 198.51.100.1 "));
  t.equal(via.length, 2_300);
  t.same((await fib.figures()).refused, {});
});

t.test("without CAP_NET_ADMIN", async (t) => {
  if (!need.namespaces(t) || !need.program(t, "setpriv", "util-linux")) return;
  const net = await makeNetns(t, "poor");
  const args = ["--bounding-set", "-net_admin", "--inh-caps", "-net_admin", process.execPath, CHILD, "{}"];
  const { code, stdout } = await net.run("setpriv", args);
  t.equal(code, 1);
  t.match(stdout, /not permitted; run as root or grant CAP_NET_ADMIN/);
});
