import { connect } from "node:net";
import t from "tap";
import { createLog } from "../../../src/base/log.js";
import type { BondStatus } from "../../../src/bond/dataplane/protocol.js";
import { DataplaneServer, socketPath } from "../../../src/bond/dataplane/server.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const log = createLog("test");
log.level = "silent";

async function serve(t: Tap, state: { spawned: boolean; bonds: unknown[] }) {
  const data = tmpDir(t);
  let stops = 0;
  const status = () => ({ pid: process.pid, revision: 0, ...state, bonds: state.bonds as BondStatus[] });
  const served = { apply: async () => "", status, stop: () => stops++ };
  const server = new DataplaneServer(data, served, log, 1_500);
  await server.listen();
  t.teardown(() => server.close());
  return { data, stops: () => stops };
}
type Tap = Parameters<typeof tmpDir>[0];

t.test("without a bond and without control it ends, and only then", async (t) => {
  const bonds = [{}];
  const [idle, busy, systemd, controlled] = await Promise.all([
    serve(t, { spawned: true, bonds: [] }),
    serve(t, { spawned: true, bonds }),
    serve(t, { spawned: false, bonds: [] }),
    serve(t, { spawned: true, bonds: [] }),
  ]);
  const control = connect(socketPath(controlled.data));
  t.teardown(() => control.destroy());
  await until(() => idle.stops() > 0, { what: "the end of the one that has nothing to do" });
  t.equal(busy.stops(), 0, "one with a bond goes on");
  t.equal(systemd.stops(), 0, "so does one that systemd runs");
  t.equal(controlled.stops(), 0, "and one that control is connected to");
  control.destroy();
  await until(() => controlled.stops() > 0, { what: "the end after control has gone" });
});
