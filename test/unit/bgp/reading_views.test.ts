// Routes of live sessions by GET: views, filters, what a prefix and an address find, path identifiers, cursors.

import t from "tap";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { MANDATORY, rawPeer, update } from "../../helpers/bgp_raw.js";
import { until } from "../../helpers/wait.js";

const { ours, theirs: first } = loopbackPair(23);
const second = first.replace(/\.2$/, ".3");
/** Multiprotocol IPv4, four-octet AS, ADD-PATH of IPv4 both ways. */
const ADD_PATH = [1, 4, 0, 1, 0, 1, 65, 4, 0, 0, 0xfd, 0xeb, 69, 4, 0, 1, 1, 3];

t.test("views of what two peers announce", async (t) => {
  const peer = (remote_addr: string, remote_as: number) => ({ remote_addr, remote_as, passive: true });
  const room = await startRoom(t, {
    listen: { host: ours, port: 0 },
    local_as: 65_001,
    router_id: "10.0.0.1",
    peer: [peer(first, 65_002), { ...peer(second, 65_003), add_path: ["ipv4_both"] }],
  });
  const { bgp } = room;
  const port = Number(bgp.listening?.split(":").at(-1));
  const a = await (await rawPeer(t, first, ours, port)).establish(65_002);
  const b = await (await rawPeer(t, second, ours, port)).establish(65_003, { id: 7, capabilities: ADD_PATH });
  await room.reaches(first, "ESTABLISHED");
  await room.reaches(second, "ESTABLISHED");
  const many = Array.from({ length: 500 }, (_, i) => [24, 10, 1 + (i >> 8), i & 255]).flat();
  a.send(update({ attributes: MANDATORY, nlri: [...many, 16, 10, 1, 8, 10] }));
  const from65003 = MANDATORY.map((byte, i) => (i === 12 ? 0xeb : byte));
  const longer = [...from65003.slice(0, 4), 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xeb, 0, 0, 0, 9, ...from65003.slice(13)];
  b.send(update({ attributes: longer, nlri: [0, 0, 0, 7, 24, 10, 1, 5, 0, 0, 0, 8, 24, 10, 1, 5] }));
  const get = async (path: string) => {
    const reply = await room.rest("GET", path);
    return { status: reply.status, ...reply.json() };
  };
  const list = async (path: string) => (await get(path)).routes as Record<string, unknown>[];
  await until(async () => (await list(`/v1/peer/${second}/adj-rib-in`)).length === 2, { what: "both paths" });
  await until(async () => (await bgp.statistic(first)).receive.Updates === 1, { what: "the first peer's routes" });

  const all = await list("/v1/rib?view=all&prefix=10.1.5.0/24");
  t.same(
    all.map(({ peer, path_id, best }) => [peer, path_id ?? 0, best]).sort(),
    [
      [first, 0, true],
      [second, 7, false],
      [second, 8, false],
    ],
    "each path of its own",
  );
  t.equal((await list("/v1/rib?prefix=10.1.5.0/24")).length, 1);
  t.equal((await list("/v1/rib?limit=1000")).length, 502);
  t.equal((await list(`/v1/rib?view=all&peer=${second}`)).length, 2);
  t.equal((await list(`/v1/rib?peer=${second}`)).length, 0, "none of them is the best");
  t.equal((await list(`/v1/rib?view=all&peer=${second}&prefix=10.1.5.9`)).length, 2);
  t.match(await list("/v1/rib?prefix=10.1.5.9"), [{ prefix: "10.1.5.0/24", peer: first }]);
  t.match(await list("/v1/rib?prefix=10.200.0.1"), [{ prefix: "10.0.0.0/8" }], "the longest that covers an address");
  t.same(await list("/v1/rib?prefix=11.0.0.1"), []);
  t.equal((await list("/v1/rib?prefix=10.1.0.0/16&longer=1")).length, 257);
  t.equal((await list(`/v1/peer/${first}/adj-rib-in?prefix=10.2.0.0/16&longer=1&limit=1000`)).length, 244);
  const seen = new Set<unknown>();
  let pages = 0;
  for (let cursor: string | null = ""; cursor !== null; pages++) {
    const page = await get(`/v1/rib?limit=50&cursor=${cursor}`);
    for (const { prefix } of page.routes) seen.add(prefix);
    cursor = page.cursor;
  }
  t.equal(seen.size, 502, "pages show each route");
  t.ok(pages > 10);
  for (const [query, code] of [
    ["cursor=nonsense", "cursor: it is none that an answer gave"],
    ["prefix=2001:db8::/32", /cannot look this up/],
    ["prefix=10.0.0.1&longer=1", /cannot look this up/],
    ["afi_safi=evpn&prefix=10.0.0.0/8", /cannot look this up/],
  ] as const) {
    t.match(await get(`/v1/rib?${query}`), { status: false, code }, query);
  }
  b.destroy();
  await until(async () => (await list("/v1/rib?view=all&prefix=10.1.5.0/24")).length === 1, {
    what: "the second peer's routes to go",
  });
});
