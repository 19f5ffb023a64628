// The pinned walk over REST, up to what the data plane is told.

import t from "tap";
import { bondStatus, makeBond, startBox } from "../../../helpers/bonding.js";
import { until } from "../../../helpers/wait.js";

t.test("an aggregator has made its own record at its first start", async (t) => {
  const box = await startBox(t);
  const reply = await box.rest("GET", "/api/v4/aggregators/");
  t.equal(reply.status, 200);
  const [own, ...others] = reply.json();
  t.match(own, { ip: "192.0.2.1", type: "aggregator", status: "up", version: "0.1.0-test", space: { key: "root" } });
  t.same(others, []);
  const patched = await box.rest("PATCH", new URL(own.url).pathname, { body: { ip: "198.51.100.7" } });
  t.match(patched.json(), { ip: "198.51.100.7", name: own.name });
});

t.test("a bonder box makes no aggregator", async (t) => {
  const box = await startBox(t, { config: { role: "bonder" } });
  t.same((await box.rest("GET", "/api/v4/aggregators/")).json(), []);
});

t.test("bond, interfaces and legs reach the data plane; deletion takes all of it back", async (t) => {
  const box = await startBox(t);
  const { bond, legs } = await makeBond(box, ["leg1", "leg2"]);
  t.match(bond, {
    name: /^default-[0-9a-f]{8}$/,
    bonder: { id: Number, key: /^[0-9a-f]{40}$/, name: bond.name },
    tunnel_subnet: "198.18.0.0/31",
    tunnel_aggregator_ip: "198.18.0.0",
    tunnel_bonder_ip: "198.18.0.1",
    packet_distribution: "idmpq",
    tunnel_security: "encryption",
    space: { key: "root", name: "Root" },
    state: "down",
    legs: [],
  });
  t.equal(bond.current_aggregator, bond.aggregator);
  t.match(legs[1], { type: "interface", ifname: "leg2", down_speed: 50, up_speed: 20, bond_id: bond.id });
  t.equal(legs[0].overall_state, "down", "nobody knows of it yet");

  const told = await until(() => (box.dataplane.last?.bonds[0]?.legs.length === 2 ? box.dataplane.last : null), {
    what: "the data plane to be told",
  });
  t.match(told.listen, { address: "0.0.0.0", port: 7790 });
  t.match(told.bonds[0], {
    id: bond.id,
    role: "aggregator",
    tunnelIfname: `tun${bond.id}`,
    localIp: "198.18.0.0",
    peerIp: "198.18.0.1",
    legs: [{ linkMode: "active", failover: false, downMbps: 50, upMbps: 20 }, {}],
  });
  t.equal(Buffer.from(told.bonds[0]?.psk ?? "", "base64").length, 32);

  box.dataplane.emit([
    bondStatus(bond.id, [
      { id: legs[0].id, state: "up", rxRate: 1_000, txRate: 9_000 },
      { id: legs[1].id, state: "down" },
    ]),
  ]);
  const shown = (await box.rest("GET", `/api/v4/bonds/${bond.id}/`)).json();
  t.match(shown, { state: "up", download_rate: 9_000, upload_rate: 1_000, tunnel_mtu: 1400 });
  t.match(shown.legs[0], { overall_state: "up", aggregator_state: "up", bonder_state: null, download_rate: 9_000 });
  t.match(shown.interface_legs[1], { overall_state: "down", upload_rate: 0, rtt_ms: 20, loss_ratio: 0.01 });
  t.same((await box.rest("GET", "/api/v4/legs/")).json(), shown.legs, "the generic list has the same legs");

  t.equal(
    (
      await box.rest("PATCH", `/api/v4/bonds/${bond.id}/interface_legs/${legs[0].id}/`, {
        body: { link_mode: "offline" },
      })
    ).status,
    200,
  );
  await until(() => box.dataplane.last?.bonds[0]?.legs[0]?.linkMode === "offline", { what: "the leg to go offline" });

  t.equal((await box.rest("DELETE", `/api/v4/bonds/${bond.id}/`)).status, 204);
  await until(() => box.dataplane.last?.bonds.length === 0, { what: "the bond to go" });
  for (const path of ["bonders", "legs", `bonders/${bond.bonder.id}/ethernet_interfaces`]) {
    const reply = await box.rest("GET", `/api/v4/${path}/`);
    t.same(reply.status === 404 ? [] : reply.json(), [], `no ${path} left`);
  }
  t.equal((await makeBond(box)).bond.tunnel_subnet !== "", true, "the pool gives again");
});
