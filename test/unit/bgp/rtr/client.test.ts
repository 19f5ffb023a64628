import t from "tap";
import { LIMITS } from "../../../../src/base/limits.js";
import { RpkiClient } from "../../../../src/bgp/rtr/client.js";
import { parseRpkiConfig, type RpkiCacheConfig } from "../../../../src/bgp/rtr/config.js";
import { rpkiJson, validationJson, validationQuery } from "../../../../src/bgp/rtr/view.js";
import { BgpModule } from "../../../../src/wasm/bgp.js";
import type { Teardown } from "../../../helpers/cleanup.js";
import {
  type Asked,
  cacheReset,
  cacheResponse,
  endOfData,
  errorReport,
  fakeCache,
  serialNotify,
  vrp,
  vrps,
} from "../../../helpers/rtr.js";
import { until } from "../../../helpers/wait.js";

const cacheConfig = (port: number, more: Partial<RpkiCacheConfig> = {}): RpkiCacheConfig => ({
  host: "127.0.0.1",
  port,
  preference: 100,
  refresh: 0,
  retry: 0,
  expire: 0,
  ...more,
});

function startClient(t: Teardown, ...configs: RpkiCacheConfig[]) {
  const changes: object[] = [];
  const notes: string[] = [];
  const client = new RpkiClient(new BgpModule().roaTable(), configs, {
    changed: (counts) => changes.push(counts),
    note: (cache, text) => notes.push(`${cache} ${text}`),
  });
  client.start();
  t.teardown(() => client.close());
  const state = (prefix: string, asn: number) => client.validate({ prefix, asn }).state;
  const first = () => client.figures().caches[0];
  const reaches = (name: string) => until(() => first()?.state === name, { what: name, state: () => client.figures() });
  return { client, changes, notes, state, first, reaches };
}

const all = (session: number, serial: number, ...texts: string[]) =>
  Buffer.concat([cacheResponse(session), vrps(...texts), endOfData(session, serial)]);

t.test("all data, changes, and a reset", async (t) => {
  const answers: Buffer[] = [
    all(9, 1, "192.0.2.0/24 1", "2001:db8::/32-48 1"),
    Buffer.concat([cacheResponse(9), vrp("192.0.2.0/24 1", false), vrp("192.0.2.0/24 2"), endOfData(9, 2)]),
    cacheReset(),
    all(10, 1, "192.0.2.0/24 3"),
  ];
  const cache = await fakeCache(t, (_, n) => answers[n] ?? cacheReset());
  const { client, changes, state, reaches } = startClient(t, cacheConfig(cache.port));
  await reaches("READY");
  t.equal(state("192.0.2.0/24", 1), "valid");
  t.same(client.figures().vrps, { ipv4: 1, ipv6: 1 });
  t.equal(cache.asked.length, 1);
  cache.say(serialNotify(9, 2));
  await until(() => state("192.0.2.0/24", 2) === "valid", { what: "the change" });
  t.equal(state("192.0.2.0/24", 1), "invalid");
  t.match(cache.asked[1], { type: 1, session: 9 });
  cache.say(serialNotify(9, 3));
  await until(() => state("192.0.2.0/24", 3) === "valid", { what: "the data of the new session" });
  t.same(
    cache.asked.map(({ type }) => type),
    [2, 1, 1, 2],
  );
  t.equal(state("2001:db8::/48", 1), "not-found");
  await until(() => changes.length === 3, { what: "three changes" });
  t.same(changes, [
    { ipv4: 1, ipv6: 1 },
    { ipv4: 2, ipv6: 0 },
    { ipv4: 2, ipv6: 1 },
  ]);
});

t.test("data in any pieces", async (t) => {
  const bytes = all(9, 1, ...Array.from({ length: 300 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24 ${i + 1}`));
  const cache = await fakeCache(t, () => Buffer.alloc(0));
  const { client, reaches } = startClient(t, cacheConfig(cache.port));
  await until(() => cache.asked.length === 1, { what: "the query" });
  for (let at = 0; at < bytes.length; at += 97) {
    cache.say(bytes.subarray(at, at + 97));
    if (at % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await reaches("READY");
  t.same(client.figures().vrps, { ipv4: 300, ipv6: 0 });
});

t.test("the preferred cache with data counts; equal ones together", async (t) => {
  let alive = true;
  const best = await fakeCache(t, () => (alive ? all(1, 1, "192.0.2.0/24 1") : null));
  const second = await fakeCache(t, () => all(2, 1, "192.0.2.0/24 2", "198.51.100.0/24 2"));
  const third = await fakeCache(t, () => all(3, 1, "192.0.2.0/24 3", "198.51.100.0/24 2"));
  const { client, state } = startClient(
    t,
    cacheConfig(second.port, { preference: 20 }),
    cacheConfig(best.port, { preference: 10, expire: 1 }),
    cacheConfig(third.port, { preference: 20 }),
  );
  const ready = () => client.figures().caches.every((cache) => cache.state === "READY");
  await until(ready, { what: "all caches" });
  t.same(
    client.figures().caches.map(({ used }) => used),
    [false, true, false],
  );
  t.equal(state("192.0.2.0/24", 1), "valid");
  t.equal(state("198.51.100.0/24", 2), "not-found", "the others' data is kept, but does not count");
  t.same(client.figures().caches[0]?.vrps, { ipv4: 2, ipv6: 0 });
  alive = false;
  best.hangUp();
  await until(() => state("192.0.2.0/24", 2) === "valid", { what: "the others, once the best one's data has expired" });
  t.equal(state("192.0.2.0/24", 3), "valid");
  t.same(client.figures().vrps, { ipv4: 3, ipv6: 0 });
  const figures = client.figures();
  const shown = validationJson(client.validate({ prefix: "198.51.100.0/25", asn: 2 }), figures);
  t.same(shown, {
    prefix: "198.51.100.0/25",
    asn: 2,
    state: "invalid",
    vrps: [
      {
        prefix: "198.51.100.0/24",
        max_length: 24,
        asn: 2,
        as_matches: true,
        length_matches: false,
        caches: [`127.0.0.1:${second.port}`, `127.0.0.1:${third.port}`],
      },
    ],
  });
  t.match(rpkiJson(figures), {
    vrps: { ipv4: 3 },
    caches: [
      { port: second.port, used: true, vrps: { ipv4: 2, ipv6: 0 }, serial: 1, session: 2, version: 1, refresh: 3600 },
      { used: false, serial: null, session: null },
      { used: true },
    ],
  });
});

const good = all(9, 1, "192.0.2.0/24 1");
const long = Buffer.from(vrp("10.0.0.0/8 1"));
long.writeUInt32BE(0xffffffff, 4);
const odd = Buffer.from(vrp("10.0.0.0/8 1"));
odd.writeUInt32BE(21, 4);

const HOSTILE = [
  ["garbage", Buffer.from("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"), 0],
  ["zeros", Buffer.alloc(4_096), 0],
  ["a PDU of 4 GiB", Buffer.concat([cacheResponse(9), long]), 0],
  ["a prefix PDU of 21 bytes", Buffer.concat([cacheResponse(9), odd, Buffer.alloc(1)]), 0],
  ["an announcement twice", Buffer.concat([cacheResponse(9), vrps("10.0.0.0/8 1", "10.0.0.0/8 1")]), 7],
  ["a withdrawal of nothing", Buffer.concat([cacheResponse(9), vrp("10.0.0.0/8 1", false)]), 6],
  ["a type that is none", Buffer.from("01630000000000080000", "hex"), 5],
  ["prefixes of another version", Buffer.concat([cacheResponse(9), vrp("10.0.0.0/8 1", true, 0)]), 8],
  ["prefixes without a response", vrps("10.0.0.0/8 1"), 0],
] as const;

t.test("hostile caches", async (t) => {
  // Each takes a few seconds of waiting before the next connection: all of them side by side.
  const one = async (what: string, bytes: Buffer, code: number) => {
    let bad = false;
    const cache = await fakeCache(t, () => (bad ? bytes : good));
    const { first, state, reaches } = startClient(t, cacheConfig(cache.port));
    await reaches("READY");
    bad = true;
    cache.hangUp();
    const reported = () => cache.asked.find((asked: Asked) => asked.type === 10);
    const report = await until(reported, { what: "the report", state: first });
    t.equal(report.session, code, what);
    t.equal(state("192.0.2.0/24", 1), "valid", "what was there before still counts");
    t.equal(state("10.0.0.0/8", 1), "not-found", "none of it has come in");
    bad = false;
    await reaches("READY");
    t.match(first(), { reportsSent: 1 });
  };
  await Promise.all(HOSTILE.map(([what, bytes, code]) => one(what, bytes, code)));
});

t.test("a cache that reports errors, and one with too much", async (t) => {
  const limit = LIMITS.rpkiVrpsPerCache;
  t.teardown(() => Object.assign(LIMITS, { rpkiVrpsPerCache: limit }));
  Object.assign(LIMITS, { rpkiVrpsPerCache: 2 });
  const answers = [errorReport(1, "out of coffee"), all(9, 1, "10.0.0.0/8 1", "11.0.0.0/8 1", "12.0.0.0/8 1"), good];
  const cache = await fakeCache(t, () => answers.shift() ?? good);
  const { first, notes, reaches } = startClient(t, cacheConfig(cache.port));
  await reaches("READY");
  t.match(first(), { reportsReceived: 1, reportsSent: 1, connections: 3, vrps: { ipv4: 1, ipv6: 0 } });
  t.match(notes, [/reports error 1: out of coffee/, /more than/]);
});

t.test("configuration and queries that are refused", async (t) => {
  const code = (run: () => unknown) => {
    try {
      run();
      return "taken";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const cache = cacheConfig(323);
  t.equal(
    code(() => parseRpkiConfig([cache, { ...cache, port: 324 }])),
    "taken",
  );
  t.match(
    code(() => parseRpkiConfig([cache, cache])),
    /bgp.rpki\[1\].host: "127.0.0.1" is not valid/,
  );
  t.match(
    code(() => parseRpkiConfig([{ ...cache, host: undefined as never }])),
    /bgp.rpki\[0\].host: nothing/,
  );
  t.match(
    code(() => parseRpkiConfig([{ ...cache, refresh: 10, expire: 10 }])),
    /expire/,
  );
  t.match(
    code(() => parseRpkiConfig(Array.from({ length: 17 }, (_, i) => cacheConfig(i)))),
    /at most 16/,
  );
  t.same(validationQuery({ prefix: "10.0.0.0/8", asn: "AS64496" }), { prefix: "10.0.0.0/8", asn: 64_496 });
  t.same(validationQuery({ prefix: "10.0.0.0/8" }), { prefix: "10.0.0.0/8", asn: null });
  t.match(
    code(() => validationQuery({ prefix: "10.0.0.0/33" })),
    /prefix/,
  );
  t.match(
    code(() => validationQuery({})),
    /prefix/,
  );
  t.match(
    code(() => validationQuery({ prefix: "::/0", asn: "4294967295" })),
    /asn/,
  );
  t.match(
    code(() => validationQuery({ prefix: "::/0", asn: "-1" })),
    /asn/,
  );
});
