// AIGP (RFC 7311) as who configures it sees it: what is chosen, what is told, and sessions that go on meanwhile.

import t from "tap";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { MANDATORY, rawPeer, update } from "../../helpers/bgp_raw.js";
import { until } from "../../helpers/wait.js";

const { ours, theirs: first } = loopbackPair(24);
const [second, third] = [3, 4].map((octet) => first.replace(/\.2$/, `.${octet}`)) as [string, string];
const LOCAL_PREF = [0x40, 5, 4, 0, 0, 0, 100];
/** ORIGIN and NEXT_HOP as MANDATORY, AS_PATH 65002 65009. */
const LONGER = [0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xf1, ...MANDATORY.slice(-7)];
const metric = (value: number) => [0x80, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, value];
const PREFIX = "10.1.0.0/16";

t.test("the decision, and who is told", async (t) => {
  const room = await startRoom(t, { listen: { host: ours, port: 0 }, local_as: 65_001, router_id: "10.0.0.1" });
  const port = Number(room.bgp.listening?.split(":").at(-1));
  const join = async (remote_addr: string, remote_as: number, last: number) => {
    const body = { remote_addr, remote_as, passive: true, export: "all" };
    t.equal((await room.rest("POST", "/v1/peers", { body })).status, 201);
    const raw = await (await rawPeer(t, remote_addr, ours, port)).establish(remote_as, { id: 0x0a000000 + last });
    await room.reaches(remote_addr, "ESTABLISHED");
    return raw;
  };
  const near = await join(first, 65_001, 2);
  const far = await join(second, 65_001, 3);
  const external = await join(third, 65_002, 4);
  const say = (raw: typeof near, path: readonly number[], aigp: readonly number[]) =>
    raw.send(update({ attributes: [...path, ...LOCAL_PREF, ...aigp], nlri: [16, 10, 1] }));
  const routes = async (path: string) => (await room.rest("GET", path)).json().routes;
  const becomes = async (peer: string, told: unknown) => {
    const seen = async () => [
      (await routes(`/v1/rib?prefix=${PREFIX}`))[0]?.peer,
      (await routes(`/v1/peer/${third}/adj-rib-out`))[0]?.attr["26"],
    ];
    await until(async () => JSON.stringify(await seen()) === JSON.stringify([peer, told]), {
      what: `the route of ${peer}`,
      state: seen,
    });
  };
  const patch = async (address: string, aigp: unknown) => {
    const reply = await room.rest("PATCH", `/v1/peer/${address}`, { body: { aigp } });
    t.equal(reply.status, 200, reply.text);
    t.equal(reply.json().peer.aigp, aigp);
  };

  say(near, MANDATORY, []);
  await becomes(first, undefined);
  say(far, LONGER, metric(20));
  await becomes(second, undefined);
  say(near, MANDATORY, metric(30));
  await room.reaches(first, "ESTABLISHED");
  await patch(third, true);
  await becomes(second, { metric: 20 });
  say(near, MANDATORY, metric(20));
  await becomes(first, { metric: 20 });
  say(near, MANDATORY, []);
  await becomes(second, { metric: 20 });
  await patch(second, false);
  await becomes(first, undefined);
  const [kept] = await routes(`/v1/peer/${second}/adj-rib-in`);
  t.same(kept.attr["26"], { metric: 20 }, "it has come, and is there to be read");
  await patch(second, "internal");
  await becomes(second, { metric: 20 });
  await patch(third, "internal");
  await becomes(second, undefined);

  external.send(update({ attributes: [...MANDATORY, ...metric(1)], nlri: [16, 10, 2] }));
  await until(async () => (await routes("/v1/rib?prefix=10.2.0.0/16"))[0], { what: "an external route" });
  t.equal((await routes("/v1/rib?prefix=10.2.0.0/16"))[0].attr["26"], undefined, "not taken of an external peer");
  t.same([near.closed, far.closed, external.closed], [false, false, false]);
  const bad = await room.rest("PATCH", `/v1/peer/${first}`, { body: { aigp: "always" } });
  t.equal(bad.status, 400);
  t.match(bad.json(), { code: /^aigp: always is not valid; allowed: true, false or internal/ });
});
