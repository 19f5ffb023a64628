// Starting and ending the room.

import { createServer } from "node:net";
import t from "tap";
import { createLog } from "../../../src/base/log.js";
import { startOpenFlow } from "../../../src/openflow/agent.js";
import { OPENFLOW_DEFAULTS } from "../../../src/openflow/config.js";
import { openStore } from "../../../src/store/open.js";
import { FakeSwitch } from "../../helpers/fake_switch.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

process.env["SENNIT_LOG_LEVEL"] = "fatal";
const log = createLog("test");
const host = "127.0.0.1";
const store = await openStore(tmpDir(t, "openflow"), log);
t.teardown(() => store.close());

t.test("off: answers as a controller without switches", async (t) => {
  const of = await startOpenFlow({ config: { ...OPENFLOW_DEFAULTS, listen: null }, store, log });
  t.match(of.health(), { state: "off", listen: "", switches: 0 });
  t.same(await of.datapaths(), []);
  await t.rejects(of.ports("0000000000000001"), { code: "DATAPATH_NOT_FOUND", status: 404 });
  await t.rejects(of.changeFlows("0000000000000001", new Uint8Array(0), 0, false), { code: "DATAPATH_NOT_FOUND" });
  await of.close();
});

t.test("a port in use is said", async (t) => {
  const server = createServer().listen(0, host);
  await until(() => server.listening, { what: "the other listener" });
  const { port } = server.address() as { port: number };
  await t.rejects(startOpenFlow({ config: { ...OPENFLOW_DEFAULTS, listen: { host, port } }, store, log }), {
    code: "PORT_IN_USE",
    message: /OpenFlow cannot listen on 127\.0\.0\.1:\d+: the port is in use; .*--openflow/,
  });
  server.close();
});

t.test("PACKET_INs: counted, the newest kept; closing hangs up", async (t) => {
  const of = await startOpenFlow({ config: { ...OPENFLOW_DEFAULTS, listen: { host, port: 0 } }, store, log });
  t.match(of.health().listen, /^127\.0\.0\.1:\d+$/);
  const fake = new FakeSwitch(t, Number(of.health().listen.split(":")[1]));
  await fake.shakeHands(9);
  await until(() => of.health().switches === 1, { what: "the switch" });
  const packet = (n: number): Buffer => {
    const bytes = Buffer.alloc(n === 39 ? 3_000 : 50, n);
    Buffer.from([4, 10]).copy(bytes);
    bytes.writeUInt16BE(bytes.length, 2);
    return bytes;
  };
  fake.send(...Array.from({ length: 40 }, (_, n) => packet(n)));
  await until(async () => (await of.counters())[0]?.packetIns === 40, { what: "40 packets" });
  const kept = await of.packets("0000000000000009");
  t.equal(kept.length, 32);
  t.equal(kept[0]?.length, 2_048, "long ones are cut off");
  t.same(Buffer.from(kept[1] as Uint8Array), packet(38));
  t.same(Buffer.from(kept[31] as Uint8Array), packet(8));
  await of.close();
  await until(() => fake.ended, { what: "the end" });
  await t.rejects(of.datapaths(), { code: "UNAVAILABLE", status: 503 });
});
