// What sessions with ExaBGP agree on beside families: several paths to a prefix, long messages, short AS numbers.

import t, { type Test } from "tap";
import { routesIn } from "../helpers/bgp_dialogue.js";
import { type ExaBgp, type ExaBgpNeighbor, startExaBgp } from "../helpers/bgp_exabgp.js";
import { BGP_PORT, loopbackPair, type Room, startRoom } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

const EXPORTED = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };

/** An established session; `ours` and `theirs` are options of both ends. */
async function session(
  t: Test,
  index: number,
  ours: Readonly<Record<string, unknown>>,
  theirs: Partial<ExaBgpNeighbor>,
): Promise<{ room: Room; exabgp: ExaBgp; address: string }> {
  const pair = loopbackPair(index);
  const peer = {
    ...{ remote_addr: pair.theirs, remote_as: 65_002, local_addr: pair.ours, port: BGP_PORT },
    ...{ afi_safi: ["ipv4", "ipv6"], connect_retry_time: 1, idle_hold_time: 1, ...ours },
  };
  const listen = { host: pair.ours, port: BGP_PORT };
  const room = await startRoom(t, { listen, local_as: 65_001, router_id: "10.0.0.1", peer: [peer] });
  const neighbor = { address: pair.ours, as: 65_001, families: ["ipv4", "ipv6"], passive: true, ...theirs };
  const exabgp = await startExaBgp(t, pair.theirs, neighbor);
  await room.reaches(pair.theirs, "ESTABLISHED");
  return { room, exabgp, address: pair.theirs };
}

/** All that ExaBGP has heard in UPDATEs with a text in them. */
const heard = (exabgp: ExaBgp, text: string) =>
  exabgp
    .heard()
    .map((event) => event.neighbor?.message?.update)
    .filter((update) => update && JSON.stringify(update).includes(text));

t.test("several paths to a prefix, both ways (RFC 7911)", async (t) => {
  if (!need.program(t, "exabgp")) return;
  const capability = "add-path send/receive; route-refresh enable;";
  const options = { add_path: ["ipv4_both", "ipv6_both"] };
  const { room, exabgp, address } = await session(t, 1, options, { capability });
  const paths = async (family: string) => {
    const { routes } = (await room.rest("GET", `/v1/peer/${address}/adj-rib-in?afi_safi=${family}`)).json();
    const found = routes as { path_id: number; prefix: string; attr: Record<string, unknown> }[];
    return found.sort((a, b) => a.path_id - b.path_id).map(({ path_id, prefix, attr }) => [path_id, prefix, attr]);
  };
  const route = (id: number, hop: string) => `route 198.51.100.0/24 next-hop ${hop} path-information 0.0.0.${id}`;
  exabgp.say(`announce ${route(1, "192.0.2.2")}`);
  exabgp.say(`announce ${route(2, "192.0.2.3")}`);
  exabgp.say("announce route 2001:db8:1::/48 next-hop 2001:db8::2 path-information 0.0.0.7");
  const theirs = { 1: 0, 2: [[2, [65_002]]] };
  await until(async () => (await paths("ipv4")).length === 2, { what: "both paths" });
  t.same(await paths("ipv4"), [
    [1, "198.51.100.0/24", { ...theirs, 3: "192.0.2.2" }],
    [2, "198.51.100.0/24", { ...theirs, 3: "192.0.2.3" }],
  ]);
  await until(async () => (await paths("ipv6")).length === 1, { what: "the IPv6 path" });
  t.match(await paths("ipv6"), [[7, "2001:db8:1::/48", theirs]]);
  exabgp.say(`withdraw ${route(1, "192.0.2.2")}`);
  await until(async () => (await paths("ipv4")).length === 1, { what: "the end of one" });
  t.match(await paths("ipv4"), [[2, "198.51.100.0/24"]]);
  exabgp.say(`withdraw ${route(2, "192.0.2.3")}`);
  await until(async () => (await paths("ipv4")).length === 0, { what: "the end of both" });

  for (const path_id of [5, 6]) {
    const attr = { ...EXPORTED, 4: path_id };
    await room.bgp.update(address, { attr, nlri: [{ prefix: "172.20.1.0/24", path_id }] });
  }
  const seen = (id: number) => heard(exabgp, `"path-information":"0.0.0.${id}"`).at(-1);
  await until(() => seen(5) && seen(6), { what: "both in ExaBGP" });
  t.equal(seen(5).attribute.med, 5);
  t.equal(seen(6).attribute.med, 6);
  await room.bgp.update(address, { withdraw: [{ prefix: "172.20.1.0/24", path_id: 5 }] });
  await until(() => seen(5).withdraw, { what: "the withdrawal of one" });
  t.same(seen(5).withdraw, { "ipv4 unicast": [{ nlri: "172.20.1.0/24", "path-information": "0.0.0.5" }] });
  t.ok(seen(6).announce, "the other one stays");
});

t.test("messages of more than 4096 octets, both ways (RFC 8654)", async (t) => {
  if (!need.program(t, "exabgp")) return;
  const { room, exabgp, address } = await session(t, 2, {}, {});
  const numbers = Array.from({ length: 1_500 }, (_, i) => i);
  const nlri = ["172.20.2.0/24"];
  const sent = numbers.map((i) => `65001:${i}`);
  await room.bgp.update(address, { attr: { ...EXPORTED, 8: sent }, nlri });
  const [update] = await until(
    () => {
      const found = heard(exabgp, "172.20.2.0/24");
      return found.length > 0 && found;
    },
    { what: "the long one in ExaBGP", state: () => exabgp.process.output.slice(-1_000) },
  );
  t.same(
    update.attribute.community,
    numbers.map((i) => [65_001, i]),
  );
  exabgp.say(
    `announce route 198.51.100.0/24 next-hop 192.0.2.2 community [ ${numbers.map((i) => `65002:${i}`).join(" ")} ]`,
  );
  const [route] = await until(
    async () => {
      const found = await routesIn(room, address, "ipv4");
      return found.length > 0 && found;
    },
    { what: "its long one", state: () => exabgp.process.output.slice(-1_000) },
  );
  t.same(
    route?.attr["8"],
    numbers.map((i) => `65002:${i}`),
  );
});

t.test("two-octet AS numbers, both ways (RFC 6793)", async (t) => {
  if (!need.program(t, "exabgp")) return;
  const { room, exabgp, address } = await session(t, 3, {}, { capability: "asn4 disable; route-refresh enable;" });
  const path = [65_002, 4_200_000_000, 7];
  exabgp.say(
    `announce route 198.51.100.0/24 next-hop 192.0.2.2 as-path [ ${path.join(" ")} ] aggregator ( 4200000001:192.0.2.9 )`,
  );
  const [route] = await until(
    async () => {
      const found = await routesIn(room, address, "ipv4");
      return found.length > 0 && found;
    },
    { what: "its route", state: () => exabgp.process.output.slice(-1_000) },
  );
  t.same(route, {
    nlri: "198.51.100.0/24",
    attr: { 1: 0, 2: [[2, path]], 3: "192.0.2.2", 7: [4_200_000_001, "192.0.2.9"] },
  });
  const wide = [65_001, 4_200_000_002, 9];
  await room.bgp.update(address, { attr: { ...EXPORTED, 2: [[2, wide]] }, nlri: ["172.20.3.0/24"] });
  const [update] = await until(
    () => {
      const found = heard(exabgp, "172.20.3.0/24");
      return found.length > 0 && found;
    },
    { what: "ours" },
  );
  t.same(update.attribute["as-path"], wide, "AS4_PATH is put together with AS_PATH");
});
