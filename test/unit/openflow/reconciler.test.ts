// When reconciliations run, and how they end when the switch does not play along.

import t from "tap";
import { writeFlow } from "../../../src/api/openflow/flow_view.js";
import { AppError } from "../../../src/base/errors.js";
import { Desired } from "../../../src/openflow/desired.js";
import { RecordReader, RecordWriter } from "../../../src/wasm/openflow_records.js";
import { ModelSwitch } from "../../helpers/model_switch.js";
import { startStore } from "../../helpers/openflow_room.js";
import { quietLog } from "../../helpers/quiet.js";

const DPID = "0000000000000001";
const METER = { id: 1, flags: 1, bands: [] };
const ADD = 0;

/** A switch that answers some calls only when it is told to. */
class Slow extends ModelSwitch {
  readonly calls: string[] = [];
  /** A flow with this priority spoils the change that it is in. */
  unsaid = 0;
  /** What a listing of flows waits for, before it answers or fails. */
  flowsWait: Promise<void> = Promise.resolve();

  override async call(method: string, params: never) {
    this.calls.push(method);
    const { records } = params as { records?: Uint8Array };
    for (const reader = new RecordReader(records ?? new Uint8Array(0)); reader.next(); ) {
      if (reader.priority === this.unsaid) throw new AppError("OPENFLOW_VALUE", { reason: "there is no such thing" });
    }
    return super.call(method, params);
  }

  override async flows(): Promise<Uint8Array[]> {
    this.calls.push("flows");
    await this.flowsWait;
    return super.flows();
  }
}

async function setUp(t: Parameters<typeof startStore>[0]) {
  const store = await startStore(t);
  const worker = new Slow();
  const desired = new Desired({ worker, store, deleteForeign: false, log: quietLog().log });
  return { store, worker, desired, reconciler: desired.reconciler };
}

t.test("a switch for which nothing is kept is left alone; one that is asked for is not", async (t) => {
  const { worker, reconciler } = await setUp(t);
  t.throws(() => reconciler.status(DPID), { code: "DATAPATH_NOT_FOUND" });
  await t.rejects(reconciler.run(DPID), { code: "DATAPATH_NOT_FOUND" });
  reconciler.up(DPID);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(worker.calls, []);
  t.equal(reconciler.status(DPID).state, "none");
  t.equal((await reconciler.run(DPID)).state, "done");
  t.same(worker.calls, ["meters", "groups", "flows"]);
});

t.test("a slave does not reconcile", async (t) => {
  const { worker, desired, reconciler } = await setUp(t);
  await desired.changeMeter(DPID, ADD, METER, true);
  worker.meters.clear();
  worker.calls.length = 0;
  reconciler.up(DPID, true);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(worker.calls, []);
  t.equal(reconciler.status(DPID).state, "none");
  reconciler.up(DPID);
  while (reconciler.status(DPID).state !== "done") await new Promise((resolve) => setImmediate(resolve));
  t.equal(worker.meters.size, 1, "it does when it is none any more");
});

t.test("changes wait for the reconciliation, and it for changes that are under way", async (t) => {
  const { worker, desired, reconciler } = await setUp(t);
  await desired.changeMeter(DPID, ADD, METER, true);
  worker.meters.clear();
  worker.calls.length = 0;
  let release = (): void => undefined;
  worker.flowsWait = new Promise((resolve) => {
    release = resolve;
  });
  const before = desired.changeMeter(DPID, ADD, { ...METER, id: 2 }, true);
  reconciler.up(DPID);
  const after = desired.changeMeter(DPID, ADD, { ...METER, id: 3 }, true);
  await before;
  while (!worker.calls.includes("flows")) await new Promise((resolve) => setImmediate(resolve));
  t.same(worker.calls, ["changeMeter", "meters", "sendMeters", "groups", "flows"]);
  t.equal(reconciler.status(DPID).state, "running");
  t.match(reconciler.status(DPID).meters, { kept: 2, present: 1, added: 1 }, "the change before it is seen");
  const joined = reconciler.run(DPID);
  release();
  await after;
  t.equal((await joined).state, "done");
  t.equal(worker.calls.at(-1), "changeMeter");
  t.equal(worker.calls.filter((call) => call === "flows").length, 1, "who asks meanwhile joins the one that runs");
});

t.test("a switch that goes away half-way: failed, with what was done; known after a restart, too", async (t) => {
  const { store, worker, desired, reconciler } = await setUp(t);
  await desired.changeMeter(DPID, ADD, METER, true);
  worker.meters.clear();
  worker.flowsWait = Promise.reject(new AppError("UNAVAILABLE", { what: "datapath", reason: "it hung up" }));
  worker.flowsWait.catch(() => undefined);
  reconciler.up(DPID);
  const failed = { state: "failed", reason: "datapath is not available: it hung up", meters: { added: 1 } };
  while (reconciler.status(DPID).state !== "failed") await new Promise((resolve) => setImmediate(resolve));
  t.match(reconciler.status(DPID), failed);
  reconciler.down(DPID);
  await reconciler.close();
  const later = new Desired({ worker, store, deleteForeign: false, log: quietLog().log });
  t.match(later.reconciler.status(DPID), failed);
  t.same(await later.counts(DPID), { meters: 1, groups: 0, flows: 0 });
});

t.test("a flow that its version cannot say does not keep the others away", async (t) => {
  const { worker, desired, reconciler } = await setUp(t);
  const writer = new RecordWriter();
  for (let priority = 1; priority <= 9; priority++) writeFlow(writer, { priority, match: [{ in_port: 1 }] }, "POST");
  await desired.changeFlows(DPID, writer.take(), 9, false, true);
  worker.table.clear();
  worker.unsaid = 4;
  reconciler.up(DPID);
  const run = await reconciler.run(DPID);
  t.match(run, { state: "done", flows: { kept: 9, failed: 1 } });
  t.same(run.errors, ['flow table_id 0, priority 4, match [{"in_port":1}]: there is no such thing']);
  t.equal(worker.table.size, 8);
});

t.test("a store without room: the switch has it, and that is said", async (t) => {
  const { store, worker, desired } = await setUp(t);
  await store.close();
  await t.rejects(desired.changeMeter(DPID, ADD, METER, true), {
    code: "OPENFLOW_NOT_KEPT",
    status: 507,
    message: /^the switch has made the change, but it is not kept/,
  });
  t.equal(worker.meters.size, 1);
  await desired.changeMeter(DPID, ADD, { ...METER, id: 2 }, false);
});
