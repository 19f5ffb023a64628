// Whatever operators do to a switch: what is kept is what the switch has, and a reconciliation makes it of any other.

import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { writeFlow } from "../../../src/api/openflow/flow_view.js";
import { parseGroup, parseMeter } from "../../../src/api/openflow/group_view.js";
import { AppError } from "../../../src/base/errors.js";
import { Desired } from "../../../src/openflow/desired.js";
import { RecordWriter } from "../../../src/wasm/openflow_records.js";
import { ModelSwitch } from "../../helpers/model_switch.js";
import { startStore } from "../../helpers/openflow_room.js";
import { quietLog } from "../../helpers/quiet.js";

const small = (max: number) => fc.integer({ min: 1, max });
const inPort = small(2).map((in_port) => [{ in_port }]);
const address = fc
  .tuple(fc.constantFrom("10.1.0.1", "10.1.0.2", "10.2.0.1"), fc.constantFrom("255.0.0.0", "255.255.0.0", undefined))
  .map(([ipv4_dst, mask]) => [{ eth_type: "ipv4" }, { ipv4_dst, ...(mask ? { mask } : {}) }]);
const match = fc.oneof(
  fc.constant([]),
  inPort,
  address,
  fc.tuple(inPort, address).map(([a, b]) => [...b, ...a]),
);
const action = fc.oneof(
  small(3).map((output) => ({ output })),
  small(3).map((group) => ({ group })),
);
const instructions = fc
  .tuple(fc.array(action, { maxLength: 2 }), fc.option(small(2)), fc.boolean())
  .map(([apply_actions, meter, written]) => [
    written ? { write_actions: apply_actions } : { apply_actions },
    ...(meter === null ? [] : [{ meter }]),
  ]);
const head = {
  table_id: fc.constantFrom(0, 0, 1),
  priority: small(2),
  cookie: fc.constantFrom("0x1", "0x2", "0x12"),
  match,
};
const flow = fc.record({
  ...head,
  instructions,
  hard_timeout: fc.constantFrom(0, 0, 0, 60),
  flow_mod_flags: fc.constantFrom([], ["send_flow_rem"], ["reset_counts"]),
});
const chosen = { cookie_mask: fc.constantFrom("0x0", "0x0", "0x3", "0xff") };
const modified = fc.record({
  ...head,
  ...chosen,
  instructions,
  flow_mod_cmd: fc.constantFrom("modify", "modify_strict"),
});
const deleted = fc.record(
  {
    ...head,
    ...chosen,
    table_id: fc.constantFrom(0, 1, 255),
    out_port: small(3),
    out_group: small(3),
    flow_mod_cmd: fc.constantFrom("delete", "delete_strict"),
  },
  { requiredKeys: ["table_id", "priority", "cookie", "match", "cookie_mask", "flow_mod_cmd"] },
);
const group = fc.record({
  id: small(3),
  type: fc.constantFrom("all", "select"),
  buckets: fc.array(
    action.map((each) => ({ actions: [each] })),
    { maxLength: 2 },
  ),
});
const meter = fc.record({
  id: small(2),
  flags: fc.constant(["kbps"]),
  bands: fc.constantFrom([{ mtype: "drop", rate: 5 }], []),
});
type State = ReturnType<ModelSwitch["state"]>;
const few = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: 1, maxLength: 4 });
const change = fc.oneof(
  { weight: 4, arbitrary: few(flow).map((body) => ({ what: "POST" as const, body })) },
  few(modified).map((body) => ({ what: "PUT" as const, body })),
  few(deleted).map((body) => ({ what: "DELETE" as const, body })),
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(2), group).map(([command, body]) => ({ what: "group" as const, command, body })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(2), meter).map(([command, body]) => ({ what: "meter" as const, command, body })),
  },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
/** Groups and meters first, so that flows that use them are not all refused. */
const changes = fc.tuple(
  fc.array(group.map((body) => ({ what: "group" as const, command: 0, body }))),
  fc.array(meter.map((body) => ({ what: "meter" as const, command: 0, body }))),
  fc.array(change, { maxLength: 12 }),
);

/** The state without groups that only kept groups name, which a reconciliation must leave. */
function withoutUsed(state: State, wanted: State): State {
  const named = JSON.stringify(wanted.groups);
  const stays = ({ id }: { id: number }): boolean =>
    wanted.groups.some((group) => group.id === id) || !named.includes(`"group":${id}}`);
  return { ...state, groups: state.groups.filter(stays) };
}

async function perform(desired: Desired, dpid: string, each: Change): Promise<void> {
  try {
    if (each.what === "group") await desired.changeGroup(dpid, each.command, parseGroup(each.body), true);
    else if (each.what === "meter") await desired.changeMeter(dpid, each.command, parseMeter(each.body), true);
    else {
      const writer = new RecordWriter();
      for (const body of each.body) writeFlow(writer, body, each.what);
      const { count } = writer;
      await desired.changeFlows(dpid, writer.take(), count, each.what !== "POST", true);
    }
  } catch (error) {
    // The switch, or the check for loops, has refused it.
    if (!(error instanceof AppError)) throw error;
  }
}

t.test("any changes: an empty switch, and one with other things, become what the changed one is", async (t) => {
  const store = await startStore(t);
  const { log } = quietLog();
  let next = 1;
  const desiredOf = (worker: ModelSwitch, deleteForeign: boolean) => new Desired({ worker, store, deleteForeign, log });
  await fc.assert(
    fc.asyncProperty(changes, changes, async (own, others) => {
      const dpid = (next++).toString(16).padStart(16, "0");
      const first = new ModelSwitch();
      const desired = desiredOf(first, false);
      for (const each of own.flat()) await perform(desired, dpid, each as Change);
      const wanted = first.state();

      const empty = new ModelSwitch();
      const { reconciler } = desiredOf(empty, false);
      reconciler.up(dpid);
      await reconciler.run(dpid);
      assert.deepEqual(empty.state(), wanted, "an empty switch");
      const second = await reconciler.run(dpid);
      for (const kind of ["meters", "groups", "flows"] as const) {
        const count = wanted[kind].length;
        const idle = { kept: count, present: count, added: 0, modified: 0, deleted: 0, foreign: 0, failed: 0 };
        assert.deepEqual(second[kind], idle, `nothing to do again for ${kind}`);
      }

      const other = new ModelSwitch();
      const elsewhere = desiredOf(other, false);
      const away = (next++).toString(16).padStart(16, "0");
      for (const each of others.flat()) await perform(elsewhere, away, each as Change);
      const strict = desiredOf(other, true).reconciler;
      strict.up(dpid);
      await strict.run(dpid);
      assert.deepEqual(withoutUsed(other.state(), wanted), wanted, "a switch with other things");
      await strict.forget(dpid);
      assert.equal(strict.status(dpid).state, "none");
      strict.down(dpid);
      assert.throws(() => strict.status(dpid), { code: "DATAPATH_NOT_FOUND" });
    }),
    { numRuns: 40 },
  );
  t.pass("for all changes");
});
