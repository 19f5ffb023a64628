// Open vSwitch over TLS, with a certificate that we ask for; and over plain TCP beside it.

import t from "tap";
import { loadTls } from "../../src/openflow/tls_config.js";
import { Authority } from "../helpers/certificates.js";
import { startOpenFlowRoom } from "../helpers/openflow_room.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { until } from "../helpers/wait.js";

t.test("a switch with a certificate", async (t) => {
  if (!needOpenVSwitch(t)) return;
  const [ours, strangers] = [await Authority.make(t, "ours"), await Authority.make(t, "strangers")];
  const table = { listen: { host: "127.0.0.1", port: 0 }, ca: ours.cert, require_client_cert: true };
  const room = await startOpenFlowRoom(t, { tls: loadTls({ ...table, ...(await ours.sign("controller")) }) });
  const target = `ssl:${room.handle.health().listenTls}`;

  const ovs = await OpenVSwitch.start(t);
  const certificates = await ours.sign("switch");
  await ovs.vsctl("set-ssl", certificates.key, certificates.cert, ours.cert);
  await ovs.addBridge({ controller: target });
  await until(() => room.handle.health().switches === 1, { what: "the switch over TLS" });
  const flow = { flow: { priority: 3, match: [{ in_port: 2 }], instructions: [{ apply_actions: [{ output: 1 }] }] } };
  t.equal((await room.call("POST", "/of/datapaths/1/flows", flow)).status, 201);
  t.same(await ovs.flows(), ["priority=3,in_port=2 actions=output:1"]);
  const isConnected = async () => (await ovs.vsctl("get", "controller", "br0", "is_connected")).trim();
  await until(async () => (await isConnected()) === "true", { what: "ovs-vsctl to agree" });

  await ovs.addBridge({ name: "br1", dpid: "0000000000000002", controller: room.target });
  await until(() => room.handle.health().switches === 2, { what: "a second bridge over plain TCP" });

  const foreign = await OpenVSwitch.start(t);
  const wrong = await strangers.sign("switch");
  await foreign.vsctl("set-ssl", wrong.key, wrong.cert, ours.cert);
  await foreign.addBridge({ dpid: "0000000000000003", controller: target });
  await until(async () => (await room.refused()) > 0, { what: "the stranger to be refused" });
  t.equal(room.handle.health().switches, 2);
  t.match(await foreign.vsctl("list", "controller"), /is_connected +: false/);
});
