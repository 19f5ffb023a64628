// Who ends the data plane: it outlives a control that is killed, is adopted by the next one, and ends with a control
// that ends in order.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Appliance } from "../helpers/appliance.js";
import { need } from "../helpers/need.js";
import { until } from "../helpers/wait.js";

function pidOf(appliance: Appliance): number {
  const file = join(appliance.data, "dataplane.pid");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

t.test("killed, adopted, ended", async (t) => {
  if (!need.root(t)) return;
  const appliance = new Appliance(t);
  await appliance.ready();
  const pid = await until(() => pidOf(appliance) || false, { what: "a data plane" });
  await appliance.kill();
  t.ok(alive(pid), "it outlives control");
  await appliance.restart();
  t.equal(pidOf(appliance), pid, "the next control takes the same one");
  t.match((await appliance.rest("GET", "/healthz")).json().rooms.bond, { status: "up" });
  // Not appliance.stop(), which would end the data plane itself.
  await appliance.process.stop();
  await until(() => !alive(pid), { what: "its end" });
  t.pass("it ends with a control that ends in order");
});
