// kill -9 of the appliance while flows are being set: what it acknowledged is in its store, and a switch that has lost all of
// it gets it back; one that has lost nothing is left alone.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { type Appliance, startAppliance } from "../helpers/appliance.js";
import { needOpenVSwitch, OpenVSwitch } from "../helpers/openvswitch.js";
import { tmpDir } from "../helpers/tmp.js";
import { until } from "../helpers/wait.js";

const PATH = "/sdn/v2.0/of/datapaths/42";
const LANES = 16;

class Operator {
  readonly #appliance: Appliance;
  #token = "";

  constructor(appliance: Appliance) {
    this.#appliance = appliance;
  }

  /** Logs in anew: tokens of before a restart are good, too, but that is not what is tested here. */
  async login(): Promise<void> {
    const { user, password } = this.#appliance;
    const body = { login: { user, password } };
    this.#token = (await this.#appliance.rest("POST", "/sdn/v2.0/auth", { auth: false, body })).json().record.token;
  }

  call(method: string, path: string, body?: unknown) {
    const headers = { "x-auth-token": this.#token };
    return this.#appliance.rest(method, path, { auth: false, headers, ...(body === undefined ? {} : { body }) });
  }

  /** Where switches connect to. */
  async target(): Promise<string> {
    const { rooms } = (await this.#appliance.rest("GET", "/healthz", { auth: false })).json();
    return `tcp:${/listens on ([0-9.:]+)/.exec(rooms.openflow.detail)?.[1]}`;
  }

  /** The first reconciliation after `since`, once it has ended. */
  reconciled(since: string) {
    return until(
      async () => {
        const answer = await this.call("GET", `${PATH}/reconciliation`);
        const run = answer.status === 200 && answer.json().reconciliation;
        return run && run.state !== "running" && run.started > since && run;
      },
      { what: "a reconciliation", timeoutMs: 30_000 },
    );
  }
}

t.test("acknowledged flows survive kill -9", async (t) => {
  if (!needOpenVSwitch(t)) return;
  // The controller's own flows would be counted, too.
  const file = join(tmpDir(t, "config"), "sennit.toml");
  writeFileSync(file, '[openflow]\ntable_miss = "leave"\ndiscovery_interval = 0\n');
  const appliance = await startAppliance(t, { openflow: "127.0.0.1:0", args: ["--config", file] });
  const operator = new Operator(appliance);
  await operator.login();
  const ovs = await OpenVSwitch.start(t);
  await ovs.addBridge({ dpid: "000000000000002a", controller: await operator.target() });
  await until(async () => (await operator.call("GET", PATH)).status === 200, { what: "the switch" });

  const acknowledged = new Set<number>();
  let next = 1;
  const lane = async (): Promise<void> => {
    for (;;) {
      const priority = next++;
      const flow = { priority, match: [{ in_port: 1 }], actions: [{ output: 2 }] };
      const { status } = await operator.call("POST", `${PATH}/flows`, { flow });
      if (status === 201) acknowledged.add(priority);
    }
  };
  const lanes = Array.from({ length: LANES }, () => lane().catch(() => undefined));
  await until(() => acknowledged.size >= 200, { what: "200 flows", everyMs: 1, timeoutMs: 60_000 });
  await appliance.kill();
  await Promise.all(lanes);
  await ovs.setController("tcp:127.0.0.1:1");
  await ovs.restart();

  const since = new Date().toISOString();
  await appliance.restart();
  await operator.login();
  await ovs.setController(await operator.target());
  const run = await operator.reconciled(since);
  t.match(run, { state: "done", flows: { present: 0, failed: 0 } });
  const there = new Set((await ovs.flows()).map((line) => Number(/priority=(\d+)/.exec(line)?.[1])));
  t.same(
    [...acknowledged].filter((priority) => !there.has(priority)),
    [],
    `${acknowledged.size} acknowledged`,
  );
  t.ok(there.size <= acknowledged.size + LANES, "at most those under way are there beside them");

  await appliance.kill();
  await appliance.restart();
  await operator.login();
  const kept = (await operator.call("GET", `${PATH}/reconciliation`)).json().reconciliation;
  t.same(kept, run, "the last result is known while the switch is away");
  await ovs.setController(await operator.target());
  const again = await operator.reconciled(run.ended);
  t.match(again, {
    state: "done",
    flows: { kept: there.size, present: there.size, added: 0, modified: 0, foreign: 0 },
  });
});
