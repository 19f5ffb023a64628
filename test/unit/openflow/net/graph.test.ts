// Clusters, trees and paths: by hand, and against what must hold for any links.

import fc from "fast-check";
import t from "tap";
import { broadcastTree, clusters, shortestPath } from "../../../../src/openflow/net/graph.js";
import type { Link } from "../../../../src/openflow/net/records.js";

const id = (n: number): string => n.toString(16).padStart(16, "0");

function link(src: number, srcPort: number, dst: number, dstPort: number, direct = true): Link {
  return { srcDpid: id(src), srcPort, dstDpid: id(dst), dstPort, direct, madeAt: 0, seenAt: 0 };
}
function both(src: number, srcPort: number, dst: number, dstPort: number): Link[] {
  return [link(src, srcPort, dst, dstPort), link(dst, dstPort, src, srcPort)];
}
const text = (links: readonly Link[]): string[] =>
  links.map((one) => `${Number(one.srcDpid)}:${one.srcPort}>${Number(one.dstDpid)}:${one.dstPort}`);

t.test("a ring", async (t) => {
  const ring = [...both(1, 1, 2, 2), ...both(2, 1, 3, 2), ...both(3, 1, 1, 2)];
  const [one, ...others] = clusters([id(3), id(2), id(1)], ring);
  t.same(others, []);
  t.equal(one?.uid, "1");
  t.equal(one?.links.length, 6);
  if (!one) return;
  t.same(text(broadcastTree(one)), ["1:1>2:2", "1:2>3:1"]);
  const path = shortestPath(id(2), id(3), ring);
  t.same([path?.cost, text(path?.links ?? [])], [1, ["2:1>3:2"]]);
  const cut = ring.filter((each) => each.srcDpid !== id(2) || each.srcPort !== 1);
  t.same(text(shortestPath(id(2), id(3), cut)?.links ?? []), ["2:2>1:1", "1:2>3:1"]);
});

t.test("parts, one-way links, parallel links", async (t) => {
  const links = [...both(1, 1, 2, 1), link(2, 2, 3, 1), ...both(4, 2, 5, 2), ...both(4, 1, 5, 1), link(4, 9, 4, 8)];
  const found = clusters([1, 2, 3, 4, 5, 6].map(id), links);
  t.same(
    found.map(({ uid, dpids }) => [uid, dpids.map(Number)]),
    [
      ["1", [1, 2]],
      ["3", [3]],
      ["4", [4, 5]],
      ["6", [6]],
    ],
  );
  t.same(text(found[0]?.links ?? []), ["1:1>2:1", "2:1>1:1"], "a link to another cluster is in none");
  t.same(
    found.map((each) => text(broadcastTree(each))),
    [["1:1>2:1"], [], ["4:1>5:1"], []],
  );
  t.same(text(shortestPath(id(1), id(3), links)?.links ?? []), ["1:1>2:1", "2:2>3:1"]);
  t.equal(shortestPath(id(3), id(1), links), null);
  t.same(shortestPath(id(6), id(6), links), { cost: 0, links: [] });
  const slow = [link(1, 1, 2, 1, false), link(1, 7, 2, 7)];
  t.same(text(shortestPath(id(1), id(2), slow)?.links ?? []), ["1:7>2:7"], "direct before multihop");
});

t.test("properties", async (t) => {
  const node = fc.integer({ min: 1, max: 8 });
  const edge = fc.tuple(node, fc.integer({ min: 1, max: 4 }), node, fc.integer({ min: 1, max: 4 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 24 }), fc.integer(), (edges, seed) => {
      const links = edges.flatMap(([a, ap, b, bp, isTwoWay]) => (isTwoWay ? both(a, ap, b, bp) : [link(a, ap, b, bp)]));
      const unique = [...new Map(links.map((one) => [text([one])[0], one])).values()];
      const dpids = Array.from({ length: 8 }, (_, i) => id(i + 1));
      const found = clusters(dpids, unique);
      t.same(found.flatMap((each) => each.dpids).sort(), dpids, "each switch in one cluster");
      const shuffled = [...unique].sort((a, b) => ((text([a])[0]?.length ?? 0) * seed - (b.srcPort + seed)) % 7);
      t.same(clusters([...dpids].reverse(), shuffled), found, "whatever the order");
      for (const cluster of found) {
        const tree = broadcastTree(cluster);
        const reached = new Set([cluster.dpids[0]]);
        for (const one of tree) {
          if (!reached.has(one.srcDpid) || reached.has(one.dstDpid)) return false;
          reached.add(one.dstDpid);
        }
        if (reached.size !== cluster.dpids.length) return false;
        for (const dpid of cluster.dpids) {
          const path = shortestPath(cluster.dpids[0] as string, dpid, unique);
          if (!path || path.links.some((one, i) => i > 0 && one.srcDpid !== path.links[i - 1]?.dstDpid)) return false;
        }
      }
      return true;
    }),
    { numRuns: 200 },
  );
});
