// Policies and options of peers that change while sessions go on.

import t from "tap";
import { scrape } from "../../../src/base/metrics.js";
import { parseBgpConfig } from "../../../src/bgp/config.js";
import { loopbackPair, type Room, startRoom } from "../../helpers/bgp_peers.js";
import { MANDATORY, type RawPeer, rawPeer, update } from "../../helpers/bgp_raw.js";
import type { Teardown } from "../../helpers/cleanup.js";
import { until } from "../../helpers/wait.js";

const { ours, theirs: sender } = loopbackPair(21);
const receiver = sender.replace(/\.2$/, ".3");
const NETS: readonly (readonly number[])[] = [
  [24, 10, 1, 0],
  [24, 10, 2, 0],
  [16, 10, 3],
];
const TEN_ONE = {
  name: "ten-one",
  rules: [{ name: "one", if: { prefix: "10.1.0.0/24" }, then: { action: "accept" } }],
};

interface Lab {
  readonly room: Room;
  readonly from: RawPeer;
  readonly to: RawPeer;
  /** Prefixes that the receiver has by now. */
  has(): string[];
  patch(address: string, body: object): Promise<void>;
}

interface LabOptions {
  /** AS numbers of sender and receiver. */
  readonly as?: readonly [number, number];
  readonly attributes?: readonly number[];
}

/** What a raw peer has of IPv4 after all UPDATEs so far. */
function tableOf(peer: RawPeer): string[] {
  const table = new Set<string>();
  const prefixes = function* (bytes: Buffer): Iterable<string> {
    for (let at = 0; at < bytes.length; at += 1 + ((bytes[at] as number) + 7) / 8) {
      at = Math.floor(at);
      const length = bytes[at] as number;
      const address = [0, 1, 2, 3].map((i) => (i < length / 8 ? bytes[at + 1 + i] : 0));
      yield `${address.join(".")}/${length}`;
    }
  };
  for (const [type, body] of peer.messages()) {
    if (type !== 2) continue;
    const withdrawn = body.readUInt16BE(0);
    for (const prefix of prefixes(body.subarray(2, 2 + withdrawn))) table.delete(prefix);
    const attributes = body.readUInt16BE(2 + withdrawn);
    for (const prefix of prefixes(body.subarray(4 + withdrawn + attributes))) table.add(prefix);
  }
  return [...table].sort();
}

async function lab(t: Teardown, more: object = {}, options: LabOptions = {}): Promise<Lab> {
  const { as: [fromAs, toAs] = [65_002, 65_003], attributes = MANDATORY } = options;
  const room = await startRoom(t, {
    listen: { host: ours, port: 0 },
    local_as: 65_001,
    router_id: "10.0.0.1",
    policy: [TEN_ONE],
  });
  for (const [remote_addr, remote_as, options] of [
    [sender, fromAs, {}],
    [receiver, toAs, more],
  ] as const) {
    const body = { remote_addr, remote_as, passive: true, ...options };
    const made = await room.rest("POST", "/v1/peers", { body });
    if (made.status !== 201) throw new Error(made.text);
  }
  const port = Number(room.bgp.listening?.split(":").at(-1));
  const from = await (await rawPeer(t, sender, ours, port)).establish(fromAs, { id: 0x0a000002 });
  const to = await (await rawPeer(t, receiver, ours, port)).establish(toAs, { id: 0x0a000003 });
  await room.reaches(sender, "ESTABLISHED");
  await room.reaches(receiver, "ESTABLISHED");
  from.send(update({ attributes, nlri: NETS.flat() }));
  return {
    room,
    from,
    to,
    has: () => tableOf(to),
    async patch(address, body) {
      const reply = await room.rest("PATCH", `/v1/peer/${address}`, { body });
      if (reply.status !== 200) throw new Error(reply.text);
    },
  };
}

const gets = ({ has }: Lab, nets: readonly string[]) =>
  until(() => JSON.stringify(has()) === JSON.stringify(nets), { what: `the receiver to have ${nets}`, state: has });

const ALL = ["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/16"];

t.test("export changes without a new session", async (t) => {
  const it = await lab(t);
  const { room, to } = it;
  t.same(it.has(), [], "nothing is exported unless told");
  await it.patch(receiver, { export: "all" });
  await gets(it, ALL);
  await it.patch(receiver, { export: "ten-one" });
  await gets(it, ["10.1.0.0/24"]);
  const { policy } = (await room.rest("GET", "/v1/policy/ten-one")).json();
  t.match(policy, { name: "ten-one", source: "file", used: { export: [receiver], import: [] } });
  t.ok(policy.rules[0].hits > 0, "the rule's hits are counted");
  await it.patch(receiver, { export: "none" });
  await gets(it, []);
  await it.patch(receiver, { export: "all", description: "again" });
  await gets(it, ALL);
  const { receive } = (await room.rest("GET", `/v1/peer/${receiver}/statistic`)).json();
  t.equal(receive.Opens, 1);
  t.equal(to.closed, false, "the session has gone on");
  await it.patch(receiver, { hold_time: 60 });
  t.match(await to.notified(), /^6\/6/, "what both ends agree on needs a new one");
});

t.test("import changes without a new session", async (t) => {
  const it = await lab(t, { export: "all" });
  const { room } = it;
  await gets(it, ALL);
  await it.patch(sender, { import: "ten-one" });
  await gets(it, ["10.1.0.0/24"]);
  const { routes } = (await room.rest("GET", `/v1/peer/${sender}/adj-rib-in`)).json();
  t.equal(routes.length, 3, "what was rejected is still there to read");
  const best = (await room.rest("GET", "/v1/rib")).json().routes;
  t.same(
    best.map(({ prefix }: { prefix: string }) => prefix),
    ["10.1.0.0/24"],
  );
  await it.patch(sender, { import: "all" });
  await gets(it, ALL);
  t.equal(it.from.closed, false);
});

t.test("who is a client of the route reflector changes without a new session", async (t) => {
  const LOCAL_PREF = [0x40, 5, 4, 0, 0, 0, 100];
  const it = await lab(t, { export: "all" }, { as: [65_001, 65_001], attributes: [...MANDATORY, ...LOCAL_PREF] });
  await until(async () => (await it.room.bgp.statistic(sender)).receive.Updates === 1, { what: "the routes" });
  t.same(it.has(), [], "between internal peers nothing is reflected");
  for (const client of [sender, receiver]) {
    await it.patch(client, { route_reflector_client: true });
    await gets(it, ALL);
    await it.patch(client, { route_reflector_client: false });
    await gets(it, []);
  }
  t.same([it.from.closed, it.to.closed], [false, false]);
  t.equal((await it.room.bgp.statistic(sender)).receive.Opens, 1);
});

t.test("accepted routes are counted while import changes", async (t) => {
  const it = await lab(t);
  const { room, from } = it;
  const counted = async () => {
    const { routes } = (await room.bgp.figures()).peers.find(({ address }) => address === sender) ?? {};
    const { received = 0, accepted = 0 } = routes?.find(({ family }) => family === "ipv4") ?? {};
    return `${accepted} of ${received}`;
  };
  const become = (seen: string) =>
    until(async () => (await counted()) === seen, { what: `${seen} accepted`, state: counted });
  const put = (rules: readonly object[]) => room.rest("PUT", "/v1/policy/half", { body: { default: "accept", rules } });
  const reject = (prefix: string) => ({ if: { prefix }, then: { action: "reject" } });
  // 10.9.0.0/24 to 10.9.99.0/24, beside the three that are there.
  const hundred = Array.from({ length: 100 }, (_, i) => [24, 10, 9, i]);
  await become("3 of 3");
  from.send(update({ attributes: MANDATORY, nlri: hundred.flat() }));
  await become("103 of 103");
  t.equal((await put([reject("10.9.0.0/18+")])).status, 201);
  await it.patch(sender, { import: "half" });
  await become("39 of 103");
  await put([reject("10.9.0.0/19+")]);
  await become("71 of 103");
  const { text } = await scrape();
  t.match(text, `bgp_routes_received{peer="${sender}",route_family="ipv4-unicast"} 103\n`);
  t.match(text, `bgp_routes_accepted{peer="${sender}",route_family="ipv4-unicast"} 71\n`);
  // Rejected and accepted ones go; rejected ones come again with other attributes.
  from.send(update({ withdrawn: hundred.slice(0, 50).flat() }));
  await become("53 of 53");
  from.send(update({ attributes: [...MANDATORY, 0x80, 4, 4, 0, 0, 0, 9], nlri: hundred.slice(0, 10).flat() }));
  await become("53 of 63");
  // Our own AS in the path: refused by the protocol, whatever the policy says.
  const looped = [0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xe9, 0x40, 3, 4, 192, 0, 2, 1];
  from.send(update({ attributes: looped, nlri: hundred.slice(90).flat() }));
  await become("43 of 63");
  await it.patch(sender, { import: "none" });
  await become("0 of 63");
  await it.patch(sender, { import: "all" });
  await become("53 of 63");
  await it.patch(sender, { allow_own_as: 1 });
  await become("63 of 63");
  from.destroy();
  await become("0 of 0");
});

t.test("policies over REST", async (t) => {
  const it = await lab(t, { export: "all" });
  const { room } = it;
  const put = (body: object) => room.rest("PUT", "/v1/policy/mine", { body });
  const rules = [{ if: { prefix: "10.2.0.0/16+" }, then: { action: "accept", communities: { add: ["65001:1"] } } }];
  t.equal((await put({ rules })).status, 201);
  await it.patch(receiver, { export: "mine" });
  await gets(it, ["10.2.0.0/24"]);
  t.equal(
    (await put({ default: "accept", rules: [{ if: { prefix: "10.2.0.0/24" }, then: { action: "reject" } }] })).status,
    200,
  );
  await gets(it, ["10.1.0.0/24", "10.3.0.0/16"]);
  const { policies } = (await room.rest("GET", "/v1/policies")).json();
  t.match(policies, [
    { name: "ten-one", source: "file", rules: 1 },
    { name: "mine", source: "store", default: "accept", rules: 1, used: { export: [receiver] } },
  ]);
  const used = await room.rest("DELETE", "/v1/policy/mine");
  t.equal(used.status, 409);
  t.match(used.json(), { status: false, code: `policy mine is used by ${receiver}` });
  await it.patch(receiver, { export: "ten-one" });
  t.equal((await room.rest("DELETE", "/v1/policy/mine")).status, 200);
  t.equal((await room.rest("GET", "/v1/policy/mine")).status, 404);
  t.equal((await room.rest("DELETE", "/v1/policy/mine")).status, 404);
  for (const [name, body, status, code] of [
    ["ten-one", { rules: [] }, 409, /configuration file/],
    ["mine", { rules: [{ then: { action: "explode" } }] }, 400, /^rules\[0\]\.then\.action: explode/],
    ["mine", { name: "other", rules: [] }, 400, /^name: other/],
    ["none", { rules: [] }, 400, /^name: none/],
  ] as const) {
    const reply = await room.rest("PUT", `/v1/policy/${name}`, { body });
    t.equal(reply.status, status, `${name}: ${reply.text}`);
    t.match(reply.json().code, code);
  }
  for (const key of ["import", "export"]) {
    const reply = await room.rest("PATCH", `/v1/peer/${receiver}`, { body: { [key]: "nobody" } });
    t.equal(reply.status, 400);
    t.match(reply.json(), { code: `${key}: nobody is not valid; allowed: all, none, or the name of a policy` });
  }
});

t.test("an unknown policy stops the start", async (t) => {
  const peer = { remote_addr: sender, remote_as: 1, passive: true, export: "nobody" };
  t.throws(() => parseBgpConfig({ local_as: 65_001, peer: [peer] }), {
    code: "CONFIG",
    message: /bgp\.peer\[0\]\.export: nobody/,
  });
  const range = { prefix: "127.0.0.0/8", remote_as: "any", import: "nobody" };
  t.throws(() => parseBgpConfig({ local_as: 65_001, dynamic: [range] }), {
    message: /bgp\.dynamic\[0\]\.import: nobody/,
  });
  t.equal(
    parseBgpConfig({ local_as: 65_001, peer: [{ ...peer, export: "ten-one" }], policy: [TEN_ONE] }).peers.length,
    1,
  );
});
