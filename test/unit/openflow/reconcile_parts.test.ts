// The parts of desired state that need no switch: order of groups, loops, equality of groups and meters, the gate.

import t from "tap";
import { parseGroup, parseMeter } from "../../../src/api/openflow/group_view.js";
import { Gates } from "../../../src/openflow/desired_gate.js";
import {
  decodeGroup,
  decodeMeter,
  encodeGroup,
  encodeMeter,
  sameGroup,
  sameMeter,
} from "../../../src/openflow/desired_record.js";
import type { Group } from "../../../src/openflow/groups.js";
import { groupLoop, orderGroups } from "../../../src/openflow/reconcile_order.js";

function group(id: number, ...to: number[]): Group {
  return parseGroup({ id, type: "all", buckets: to.map((each) => ({ actions: [{ group: each }] })) });
}

t.test("groups that others name come first", async (t) => {
  const ids = (groups: Group[]) => orderGroups(groups).map(({ id }) => id);
  t.same(ids([group(1), group(2)]), [1, 2]);
  t.same(ids([group(1, 2, 3), group(2, 3), group(3)]), [3, 2, 1]);
  t.same(ids([group(1, 77)]), [1], "one that is not to be sent");
  t.same(ids([group(1, 2), group(2, 1)]).sort(), [1, 2], "a loop has no order, but all of its groups");
  const chain = Array.from({ length: 20_000 }, (_, i) => group(i, i + 1));
  t.equal(ids(chain)[0], 19_999, "no recursion");
  const watching = parseGroup({ id: 1, type: "ff", buckets: [{ watch_group: 2, actions: [] }] });
  t.same(ids([watching, group(2)]), [2, 1], "watched groups, too");
});

t.test("loops are found", async (t) => {
  t.equal(groupLoop(group(1, 2), [group(2, 3), group(3)]), null);
  t.same(groupLoop(group(1, 1), []), [1, 1]);
  t.same(groupLoop(group(3, 1), [group(1, 2), group(2, 3), group(3)]), [3, 1, 2, 3]);
  t.equal(groupLoop(group(3, 1), [group(1, 2), group(2, 1)]), null, "a loop of others is not this one's");
});

t.test("groups and meters come back as they were kept; what switches forget does not make them differ", async (t) => {
  const buckets = [
    {
      weight: 3,
      watch_port: 7,
      watch_group: 9,
      actions: [{ output: 1 }, { set_field: { eth_dst: "00:00:00:00:00:01" } }],
    },
    { actions: [] },
  ];
  for (const type of ["all", "select", "indirect", "ff"]) {
    const kept = parseGroup({ id: 5, type, buckets });
    t.same(decodeGroup(5, encodeGroup(kept)), kept, type);
    const lighter = parseGroup({ id: 5, type, buckets: [{ ...buckets[0], weight: 0 }, buckets[1]] });
    t.equal(sameGroup(kept, lighter), type !== "select", `weight of ${type}`);
    const blind = parseGroup({ id: 5, type, buckets: [{ ...buckets[0], watch_port: 8 }, buckets[1]] });
    t.equal(sameGroup(kept, blind), type !== "ff", `watch_port of ${type}`);
    t.notOk(sameGroup(kept, parseGroup({ id: 5, type, buckets: [buckets[0]] })));
    t.notOk(sameGroup(kept, parseGroup({ id: 5, type, buckets: [buckets[1], buckets[0]] })));
  }
  const bands = [
    { mtype: "drop", rate: 1, burst_size: 2 },
    { mtype: "dscp_remark", rate: 3, prec_level: 4 },
  ];
  for (const flags of [["kbps"], ["pktps", "burst", "stats"]]) {
    const kept = parseMeter({ id: 5, flags, bands });
    t.same(decodeMeter(5, encodeMeter(kept)), kept);
    const other = parseMeter({ id: 5, flags, bands: [{ ...bands[0], burst_size: 9 }, bands[1]] });
    t.equal(sameMeter(kept, other), !flags.includes("burst"));
    t.notOk(sameMeter(kept, parseMeter({ id: 5, flags, bands: [bands[0]] })));
    t.notOk(sameMeter(kept, parseMeter({ id: 5, flags: [], bands })));
  }
});

t.test("the gate: many changes or one reconciliation, in the order in which they came", async (t) => {
  const gates = new Gates();
  const order: string[] = [];
  const note = (name: string, entering: Promise<void> | null): void => {
    if (entering) void entering.then(() => order.push(name));
    else order.push(name);
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  note("change 1", gates.enter("a"));
  note("change 2", gates.enter("a"));
  note("alone", gates.enterAlone("a"));
  note("change 3", gates.enter("a"));
  note("other switch", gates.enterAlone("b"));
  t.same(order, ["change 1", "change 2", "other switch"]);
  gates.leave("a");
  await turn();
  t.equal(order.length, 3, "one change is still inside");
  gates.leave("a");
  await turn();
  t.equal(order[3], "alone", "the later change did not pass it");
  note("change 4", gates.enter("a"));
  gates.leave("a");
  await turn();
  t.same(order.slice(4), ["change 3", "change 4"]);
  gates.leave("a");
  gates.leave("a");
  t.throws(() => gates.leave("a"), /nobody has entered/);
});
