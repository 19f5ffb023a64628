// What follows from the links: clusters of switches that reach one another, a tree in each for broadcasts, shortest paths.
// Pure functions; all answers are the same for the same links, in whatever order they come.

import type { Link } from "./records.js";

export interface Cluster {
  /** The smallest datapath id among its switches, decimal: it stays while that switch is in it. */
  readonly uid: string;
  /** 16 hex digits each, sorted. */
  readonly dpids: readonly string[];
  /** All links between them. */
  readonly links: readonly Link[];
}

export interface Path {
  /** The number of links. */
  readonly cost: number;
  readonly links: readonly Link[];
}

/** Direct links first, then by ports: which of parallel links is used does not depend on chance. */
function compareLinks(a: Link, b: Link): number {
  return (
    Number(b.direct) - Number(a.direct) ||
    compareText(a.srcDpid, b.srcDpid) ||
    a.srcPort - b.srcPort ||
    compareText(a.dstDpid, b.dstDpid) ||
    a.dstPort - b.dstPort
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The links that begin at each switch, in order; links of a switch to itself are of no use for anything here. */
function outgoing(links: readonly Link[]): Map<string, Link[]> {
  const found = new Map<string, Link[]>();
  for (const link of [...links].sort(compareLinks)) {
    if (link.srcDpid === link.dstDpid) continue;
    const list = found.get(link.srcDpid);
    if (list) list.push(link);
    else found.set(link.srcDpid, [link]);
  }
  return found;
}

/** Those whose other direction was seen, too: only over them can switches talk. */
function twoWay(links: readonly Link[]): Link[] {
  const key = (aDpid: string, aPort: number, bDpid: string, bPort: number): string =>
    `${aDpid}/${aPort}>${bDpid}/${bPort}`;
  const known = new Set(links.map((link) => key(link.srcDpid, link.srcPort, link.dstDpid, link.dstPort)));
  return links.filter((link) => known.has(key(link.dstDpid, link.dstPort, link.srcDpid, link.srcPort)));
}

/** Goes through the switches that `start` reaches, nearest first; returns over which link each was reached. */
function reach(start: string, from: ReadonlyMap<string, readonly Link[]>): Map<string, Link | null> {
  const reached = new Map<string, Link | null>([[start, null]]);
  // A Map is walked in the order of insertion, and what is added during the walk comes last: it is the queue.
  for (const dpid of reached.keys()) {
    for (const link of from.get(dpid) ?? []) if (!reached.has(link.dstDpid)) reached.set(link.dstDpid, link);
  }
  return reached;
}

/** The clusters of all switches, each in one; by their smallest datapath id. */
export function clusters(dpids: readonly string[], links: readonly Link[]): Cluster[] {
  const from = outgoing(twoWay(links));
  const of = new Map<string, number>();
  const members: string[][] = [];
  for (const dpid of [...dpids].sort(compareText)) {
    if (of.has(dpid)) continue;
    const together = [...reach(dpid, from).keys()].sort(compareText);
    for (const one of together) of.set(one, members.length);
    members.push(together);
  }
  const inside: Link[][] = members.map(() => []);
  for (const link of [...links].sort(compareLinks)) {
    const cluster = of.get(link.srcDpid);
    if (cluster !== undefined && cluster === of.get(link.dstDpid)) inside[cluster]?.push(link);
  }
  return members.map((together, i) => ({
    uid: BigInt(`0x${together[0]}`).toString(),
    dpids: together,
    links: inside[i] as Link[],
  }));
}

/** The tree on which a broadcast reaches every switch of the cluster once: one link to each switch but the first. */
export function broadcastTree(cluster: Cluster): Link[] {
  const reached = reach(cluster.dpids[0] as string, outgoing(twoWay(cluster.links)));
  return [...reached.values()].filter((link): link is Link => link !== null);
}

/** A path with the fewest links; null when there is none. */
export function shortestPath(src: string, dst: string, links: readonly Link[]): Path | null {
  const reached = reach(src, outgoing(links));
  if (!reached.has(dst)) return null;
  const path: Link[] = [];
  for (let link = reached.get(dst); link; link = reached.get(link.srcDpid)) path.unshift(link);
  return { cost: path.length, links: path };
}
