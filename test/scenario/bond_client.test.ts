// Control and data plane as processes: who starts whom, and what survives whom.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import t from "tap";
import { connectDataplane, spawnDataplane } from "../../src/bond/dataplane/client.js";
import { MAIN } from "../helpers/appliance.js";
import { need } from "../helpers/need.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

t.setTimeout(60_000);
const log = pino({ level: "silent" });
const alive = (pid: number) => existsSync(`/proc/${pid}`);

t.test("control starts a data plane that outlives it, adopts it, brings it back, and stops it", async (t) => {
  if (!need.root(t)) return;
  const data = tmpDir(t, "dataplane");
  const spawnIt = () => spawnDataplane(data, MAIN);

  // a control process that is killed
  const script = `
    const { connectDataplane, spawnDataplane } = await import(${JSON.stringify(new URL("../../src/bond/dataplane/client.js", import.meta.url).href)});
    const log = { warn() {}, error() {} };
    const client = connectDataplane({ data: ${JSON.stringify(data)}, spawn: () => spawnDataplane(${JSON.stringify(data)}, ${JSON.stringify(MAIN)}), log });
    client.on("status", (status) => console.log("pid " + status.pid));
    client.apply({ revision: 3, bonds: [] });`;
  const control = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = new Promise<number>((resolve) =>
    control.stdout.on("data", (text: Buffer) => resolve(Number(/pid (\d+)/.exec(text.toString())?.[1]))),
  );
  const first = await said;
  t.teardown(() => alive(first) && process.kill(first, "SIGKILL"));
  control.kill("SIGKILL");
  await new Promise((resolve) => control.once("exit", resolve));
  t.ok(alive(first), "the data plane goes on");
  t.equal(readFileSync(join(data, "dataplane.pid"), "utf8"), `${first}\n`);

  const client = connectDataplane({ data, spawn: spawnIt, log });
  t.teardown(() => client.close());
  const pid = () => client.status()?.pid;
  await until(pid, { what: "a status" });
  t.equal(pid(), first, "the next control adopts it");
  t.equal(client.status()?.revision, 3, "as it is configured");

  client.apply({ revision: 4, bonds: [] });
  await until(() => client.status()?.revision === 4, { what: "revision 4" });
  const since = Date.now();
  process.kill(first, "SIGKILL");
  await until(() => pid() !== undefined && pid() !== first && client.status()?.revision === 4, {
    what: "a new data plane with the same configuration",
  });
  t.ok(Date.now() - since < 3_000, `back after ${Date.now() - since} ms`);
  const second = pid() as number;

  const refused = new Promise<string>((resolve) => client.once("refused", resolve));
  client.apply({ revision: 5, bonds: null as never });
  t.match(await refused, /no configuration/);
  t.ok(alive(second));

  await client.stop();
  await until(() => !alive(second), { what: "the data plane to end" });
  t.notOk(existsSync(join(data, "dataplane.sock")));
});
