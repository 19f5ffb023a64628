// In which order groups can be given to a switch: one that others name in their buckets comes before them (spec §6.7.1).

import { collectUses } from "../wasm/flow_identity.js";
import { ANY } from "../wasm/openflow_records.js";
import type { Group } from "./groups.js";

/** The groups that a group's buckets send to or watch. */
export function groupUses(group: Group): Set<number> {
  const uses = new Set<number>();
  for (const { actions, watchGroup } of group.buckets) {
    if (watchGroup !== ANY) uses.add(watchGroup);
    collectUses(
      Buffer.from(actions.buffer, actions.byteOffset, actions.byteLength),
      0,
      actions.length,
      uses,
      new Set(),
    );
  }
  return uses;
}

/** The groups with those first that others use; those of a loop in any order, since there is none for them. */
export function orderGroups(groups: readonly Group[]): Group[] {
  const byId = new Map(groups.map((group) => [group.id, group]));
  const seen = new Set<number>();
  const ordered: Group[] = [];
  for (const group of groups) {
    // A path of groups that wait for what they use; recursion would have no bound.
    const path = [{ group, uses: [...groupUses(group)] }];
    if (seen.has(group.id)) continue;
    seen.add(group.id);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.uses.pop();
      if (next === undefined) {
        ordered.push(top.group);
        path.pop();
        continue;
      }
      const used = byId.get(next);
      if (!used || seen.has(next)) continue;
      seen.add(next);
      path.push({ group: used, uses: [...groupUses(used)] });
    }
  }
  return ordered;
}

/** The ids of a loop that `group` would close among `groups`, from its own to its own; null when there is none. */
export function groupLoop(group: Group, groups: readonly Group[]): number[] | null {
  const byId = new Map(groups.map((each) => [each.id, each]));
  byId.set(group.id, group);
  const from = new Map<number, number>();
  const waiting = [group.id];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const each = byId.get(id);
    if (!each) continue;
    for (const used of groupUses(each)) {
      if (used === group.id) {
        const loop = [used];
        for (let back: number | undefined = id; back !== undefined; back = from.get(back)) loop.unshift(back);
        return loop;
      }
      if (from.has(used)) continue;
      from.set(used, id);
      waiting.push(used);
    }
  }
  return null;
}
