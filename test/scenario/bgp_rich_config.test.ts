// The appliance with everything of [bgp] in its file: it starts, says that it is well, and ends in good order.

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { startAppliance } from "../helpers/appliance.js";
import { BGP_PORT, loopbackPair } from "../helpers/bgp_peers.js";
import { KEEPALIVE, MANDATORY, rawPeer, update } from "../helpers/bgp_raw.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

const { ours, theirs } = loopbackPair(24);
const OTHER = theirs.replace(/\.2$/, ".3");
const FILE = (dir: string) => `
[bgp]
local_as = 65001
router_id = "10.0.0.1"

[[bgp.peer]]
remote_addr = "${theirs}"
remote_as = 65002
passive = true
afi_safi = ["ipv4", "ipv6", "vpnv4", "flowspec"]
import = "from-peer"
export = "to-peer"
max_prefix = 1000
role = "provider"

[[bgp.dynamic]]
prefix = "${OTHER}/32"
remote_as = "any"
export = "all"

[[bgp.policy]]
name = "from-peer"
default = "accept"
rules = [
  { if = { prefix = ["0.0.0.0/0 ge 25"] }, then = { action = "reject" } },
  { then = { local_pref = 200, communities = { add = ["65001:1"] } } },
]

[[bgp.policy]]
name = "to-peer"

[[bgp.rpki]]
host = "127.0.0.1"
port = 9

[bgp.fib]
enabled = false

[[bgp.bmp]]
host = "127.0.0.1"
port = 9

[bgp.mrt]
updates = "${dir}/updates"
rib = "${dir}/rib"

[bgp.message]
write_disk = true
write_dir = "${dir}/messages"
`;

t.test("a file with all of [bgp]", async (t) => {
  const dir = tmpDir(t, "rich");
  const file = join(dir, "sennit.toml");
  writeFileSync(file, FILE(dir));
  const box = await startAppliance(t, { bgp: `${ours}:${BGP_PORT}`, args: ["--config", file] });
  const peer = await (await rawPeer(t, theirs, ours, BGP_PORT)).establish(65_002, { id: 0x0a000002 });
  const dynamic = await (await rawPeer(t, OTHER, ours, BGP_PORT)).establish(65_003, { id: 0x0a000003 });
  peer.send(update({ attributes: MANDATORY, nlri: [24, 10, 1, 1, 25, 10, 2, 2, 0] }), KEEPALIVE);
  const announced = () =>
    dynamic.messages().find(([type, body]) => type === 2 && body.includes(Buffer.of(24, 10, 1, 1)));
  await until(announced, { what: "the accepted route at the dynamic neighbour" });
  const get = async (path: string) => (await box.rest("GET", path)).json();
  const { routes } = await get("/v1/rib");
  t.match(routes, [{ prefix: "10.1.1.0/24", attr: { 5: 200, 8: ["65001:1"] }, best: true }]);
  t.equal(routes.length, 1);
  const { peers } = await get("/v1/peers");
  t.match(peers, [
    { remote_addr: theirs, source: "file" },
    { remote_addr: OTHER, remote_as: 65_003, source: "dynamic", export: "all" },
  ]);
  t.match(await get(`/v1/peer/${OTHER}/state`), { peer: { fsm: "ESTABLISHED", remote_as: 65_003 } });
  t.match(await get(`/v1/peer/${OTHER}/adj-rib-out`), { routes: [{ prefix: "10.1.1.0/24", peer: OTHER }] });
  t.equal((await box.rest("DELETE", `/v1/peer/${OTHER}`)).status, 409, "its range makes it");
  const { policies } = await get("/v1/policies");
  t.match(policies, [
    { name: "from-peer", used: { import: [theirs] }, hits: 2 },
    { name: "to-peer", used: { export: [theirs] } },
  ]);
  t.match((await box.rest("POST", "/v1/mrt/snapshot")).json(), { status: true, prefixes: 2, routes: 2 });
  t.match((await box.rest("GET", "/healthz", { auth: false })).json(), { rooms: { bgp: { status: "up" } } });
  t.equal((await box.stop()).code, 0, "it ends in good order");
  t.match(await peer.notified(), /^6\/2/);
  t.ok(existsSync(join(dir, "updates")) && existsSync(join(dir, "rib")));
  t.same(readdirSync(join(dir, "messages")).sort(), [OTHER, theirs].sort());
});
