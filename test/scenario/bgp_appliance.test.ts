// The whole appliance with a configuration file, FRR on the other side, a restart in between.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { startAppliance } from "../helpers/appliance.js";
import { BGP_PORT, FRR_BGPD, frrConfig, loopbackPair, startFrr } from "../helpers/bgp_peers.js";
import { need } from "../helpers/need.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

t.test("a peer of the file and one over REST", async (t) => {
  if (!need.root(t) || !need.program(t, FRR_BGPD, "frr")) return;
  const pair = loopbackPair(8);
  const file = join(tmpDir(t, "config"), "sennit.toml");
  writeFileSync(
    file,
    `[bgp]
local_as = 65001
router_id = "10.0.0.1"
[[bgp.peer]]
remote_addr = "${pair.theirs}"
remote_as = 65002
local_addr = "${pair.ours}"
port = ${BGP_PORT}
passive = false
afi_safi = ["ipv4", "ipv6", "vpnv4"]
md5 = ""
`,
  );
  const box = await startAppliance(t, { bgp: `${pair.ours}:${BGP_PORT}`, args: ["--config", file] });
  await startFrr(t, pair.theirs, frrConfig(pair));
  const state = async () => (await box.rest("GET", `/v1/peer/${pair.theirs}/state`)).json().peer;
  const up = () => until(async () => (await state()).fsm === "ESTABLISHED", { what: "the session", timeoutMs: 30_000 });
  await up();
  t.same((await state()).capability.local.afi_safi, [
    [1, 1],
    [2, 1],
    [1, 128],
  ]);
  const made = await box.rest("POST", "/v1/peers", {
    body: { remote_addr: "192.0.2.200", remote_as: 7, passive: true },
  });
  t.equal(made.status, 201);
  const family = `peer="${pair.theirs}",route_family="ipv4-unicast"`;
  const metrics = async () => (await box.rest("GET", "/metrics", { auth: false })).text;
  await until(async () => (await metrics()).includes(`bgp_routes_received{${family}} 2`), {
    what: "two routes in the metrics",
  });
  const text = await metrics();
  t.match(text, `bgp_peer_state{peer="${pair.theirs}",session_state="ESTABLISHED",admin_state="up"} 5`);
  t.match(text, `bgp_received_open_total{peer="${pair.theirs}"} 1`);
  t.match((await box.rest("GET", "/healthz", { auth: false })).json(), { rooms: { bgp: { status: "up" } } });
  await box.kill();
  await box.restart();
  await up();
  const { peers } = (await box.rest("GET", "/v1/peers")).json();
  t.same(
    peers.map((peer: { remote_addr: string }) => peer.remote_addr),
    [pair.theirs, "192.0.2.200"],
    "the acknowledged peer is still there",
  );
});
