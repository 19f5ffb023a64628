// The worker thread dies: the listener comes back on its port, and what waited is told.

import t from "tap";
import { startOpenFlow } from "../../../src/openflow/agent.js";
import { OPENFLOW_DEFAULTS } from "../../../src/openflow/config.js";
import { Identity } from "../../../src/openflow/identity.js";
import { METER_COMMAND } from "../../../src/openflow/meters.js";
import { openStore } from "../../../src/store/open.js";
import { FakeSwitch, TYPE } from "../../helpers/fake_switch.js";
import { quietLog } from "../../helpers/quiet.js";
import { threads } from "../../helpers/threads.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const DPID = "0000000000000001";
const METER = { id: 1, flags: 0, bands: [] };

t.test("a dead worker thread is replaced", async (t) => {
  const quiet = quietLog();
  const again = () => quiet.lines.some(({ msg }) => msg === "the OpenFlow worker was started again");
  const config = { ...OPENFLOW_DEFAULTS, listen: { host: "127.0.0.1", port: 0 } };
  const store = await openStore(tmpDir(t, "openflow"), quiet.log);
  t.teardown(() => store.close());
  // The store's own thread is spoken to before those that count.
  await Identity.open(store);
  const seen = threads(t);
  const of = await startOpenFlow({ config, store, log: quiet.log });
  t.teardown(() => of.close());
  const { listen } = of.health();
  const port = Number(listen.split(":")[1]);
  const first = new FakeSwitch(t, port);
  await first.shakeHands();
  await until(() => of.health().switches === 1, { what: "the switch" });
  first.barriers = false;
  const waiting = t.rejects(of.changeMeter(DPID, METER_COMMAND.MODIFY, METER), { code: "UNAVAILABLE", status: 503 });
  await first.hears(TYPE.BARRIER_REQUEST);

  await [...seen][0]?.terminate();
  await waiting;
  await until(() => first.ended, { what: "the connection to end" });
  await until(() => of.health().state === "failed" || again(), { what: "the death" });
  await until(() => of.health().state === "up" && again(), { what: "the next thread" });
  t.match(of.health(), { listen, switches: 0, reason: "" }, "on the same port");

  const second = new FakeSwitch(t, port);
  await second.shakeHands();
  await until(() => of.health().switches === 1, { what: "the switch to come back" });
  await of.changeMeter(DPID, METER_COMMAND.MODIFY, METER);
  t.equal((await of.datapaths()).length, 1);
});
