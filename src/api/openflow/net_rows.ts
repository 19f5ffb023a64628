// `/net/…`: links between switches, clusters, paths, hosts. Clusters and paths are computed here from the worker's links.

import { AppError } from "../../base/errors.js";
import { formatAddress, parseAddress } from "../../base/ip.js";
import { LIMITS } from "../../base/limits.js";
import { empty, json, type Request, type Route } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import { dpidText, type Port } from "../../openflow/messages.js";
import { linkFields, linkType, nodeFields } from "../../openflow/net/events.js";
import { broadcastTree, type Cluster, clusters, shortestPath } from "../../openflow/net/graph.js";
import { macText, parseMac } from "../../openflow/net/packets/ethernet.js";
import type { Link, NodeFilter } from "../../openflow/net/records.js";
import type { Suppressed } from "../../openflow/net/suppression.js";
import { parsePort, portView } from "../../openflow/values.js";
import { bitNames, isObject, type Json, PORT_STATE, parseBody, parseDpid, unquote } from "./view.js";

const VID_MAX = 4095;

function invalid(name: string, value: unknown, allowed: string): AppError {
  const given = (JSON.stringify(value) ?? "nothing").slice(0, 60);
  return new AppError("OPENFLOW_VALUE", { reason: `${name}: ${given} is not valid; allowed: ${allowed}` });
}

/** A query value without quotes; undefined when it is not there. */
function asked(request: Request, name: string): string | undefined {
  const text = request.query.get(name);
  return text === null ? undefined : unquote(text);
}

type PortStates = (dpid: string, port: number) => string[];

/** A link with what is known of it; times as everywhere in HP's JSON. */
function linkInfoView(link: Link, states: PortStates): Json {
  return {
    ...linkFields(link),
    info: {
      link_type: linkType(link),
      m_time: new Date(link.madeAt).toISOString(),
      u_time: new Date(link.seenAt).toISOString(),
      s_pt_state: states(link.srcDpid, link.srcPort),
      d_pt_state: states(link.dstDpid, link.dstPort),
    },
  };
}

/** States of the ports that links have; none for a switch that has gone in the meantime. */
async function portStates(of: OpenFlowHandle, links: readonly Link[]): Promise<PortStates> {
  const dpids = [...new Set(links.flatMap(({ srcDpid, dstDpid }) => [srcDpid, dstDpid]))];
  const listed = await Promise.all(
    dpids.map(async (dpid) => {
      const ports: Port[] = await of.ports(dpid).catch(() => []);
      return [dpid, new Map(ports.map((port) => [port.number, port.state]))] as const;
    }),
  );
  const known = new Map(listed);
  return (dpid, port) => bitNames(known.get(dpid)?.get(port) ?? 0, PORT_STATE);
}

function clusterView(cluster: Cluster, links: readonly Link[]): Json {
  return { uid: cluster.uid, links: links.map(linkFields) };
}

async function allClusters(of: OpenFlowHandle): Promise<Cluster[]> {
  const [datapaths, links] = await Promise.all([of.datapaths(), of.net.links(null)]);
  return clusters(
    datapaths.map(({ features }) => features.dpid),
    links,
  );
}

/** What a query narrows a listing to. Errors: OPENFLOW_VALUE. */
function filterOf(request: Request): NodeFilter {
  const [ip, mac, vid, port, dpid] = ["ip", "mac", "vid", "port", "dpid"].map((name) => asked(request, name));
  const address = ip === undefined ? undefined : parseAddress(ip);
  if (address === null) throw invalid("ip", ip, "an IPv4 or IPv6 address");
  const station = mac === undefined ? undefined : parseMac(mac);
  if (station === null) throw invalid("mac", mac, "six hex bytes with colons");
  if (vid !== undefined && (!/^\d{1,4}$/.test(vid) || Number(vid) > VID_MAX)) {
    throw invalid("vid", vid, `0..${VID_MAX}, 0 for none`);
  }
  const number = port === undefined ? undefined : parsePort(port);
  if (number === null) throw invalid("port", port, "a port number");
  if (number !== undefined && dpid === undefined) throw invalid("port", port, "a port number together with dpid");
  return {
    ...(address && { ip: formatAddress(address) }),
    ...(station !== undefined && { mac: macText(station) }),
    ...(vid !== undefined && { vid: Number(vid) }),
    ...(dpid !== undefined && { dpid: parseDpid(dpid) }),
    ...(number !== undefined && { port: number }),
  };
}

/** `{"lldp_suppressed": [{"dpid", "ports"}]}`; one object in place of the list is taken, too. */
function suppressedOf(request: Request): Suppressed[] {
  const given = parseBody(request.body)["lldp_suppressed"];
  const list: unknown = isObject(given) ? [given] : given;
  if (!Array.isArray(list)) throw new AppError("OPENFLOW_JSON", { reason: 'no "lldp_suppressed" at the root' });
  return list.map((entry: unknown) => {
    if (!isObject(entry) || typeof entry["dpid"] !== "string") throw invalid("dpid", entry, "a datapath id as text");
    const { ports } = entry;
    if (!Array.isArray(ports) || ports.length > LIMITS.openflowPorts) {
      throw invalid("ports", ports, `a list of at most ${LIMITS.openflowPorts} port numbers`);
    }
    const numbers = ports.map((port: unknown) => {
      const number = typeof port === "number" || typeof port === "string" ? parsePort(port) : null;
      if (number === null) throw invalid("ports", port, "a port number");
      return number;
    });
    return { dpid: parseDpid(entry["dpid"]), ports: numbers };
  });
}

/** The datapath that a parameter names, connected now. Errors: OPENFLOW_VALUE, DATAPATH_NOT_FOUND. */
async function connected(of: OpenFlowHandle, request: Request, name: string): Promise<string> {
  const text = asked(request, name);
  if (text === undefined) throw invalid(name, undefined, "a datapath id");
  const dpid = parseDpid(text);
  await of.datapath(dpid);
  return dpid;
}

/** Routes under `base`, `/sdn/v2.0`. */
export function netRoutes(base: string, of: OpenFlowHandle): Route[] {
  return [...linkRoutes(`${base}/net`, of), ...hostRoutes(`${base}/net`, of)];
}

function linkRoutes(net: string, of: OpenFlowHandle): Route[] {
  return [
    {
      method: "GET",
      path: `${net}/links`,
      async handle(request) {
        const dpid = asked(request, "dpid") === undefined ? null : await connected(of, request, "dpid");
        const links = await of.net.links(dpid);
        const states = await portStates(of, links);
        return json(200, { links: links.map((link) => linkInfoView(link, states)) });
      },
    },
    {
      method: "GET",
      path: `${net}/clusters`,
      handle: async () =>
        json(200, { clusters: (await allClusters(of)).map((cluster) => clusterView(cluster, cluster.links)) }),
    },
    {
      method: "GET",
      path: `${net}/clusters/:uid/tree`,
      async handle(request) {
        const uid = request.params["uid"] ?? "";
        const cluster = (await allClusters(of)).find((each) => each.uid === uid);
        if (!cluster) throw new AppError("CLUSTER_NOT_FOUND", { uid: uid.slice(0, 50) });
        return json(200, { cluster: clusterView(cluster, broadcastTree(cluster)) });
      },
    },
    {
      method: "GET",
      path: `${net}/paths/forward`,
      async handle(request) {
        const src = await connected(of, request, "src_dpid");
        const dst = await connected(of, request, "dst_dpid");
        const path = shortestPath(src, dst, await of.net.links(null));
        if (!path) throw new AppError("PATH_NOT_FOUND", { src: dpidText(src), dst: dpidText(dst) });
        return json(200, { path: { cost: path.cost, links: path.links.map(linkFields) } });
      },
    },
  ];
}

function hostRoutes(net: string, of: OpenFlowHandle): Route[] {
  const change = (isSuppressed: boolean) => async (request: Request) => {
    await of.net.suppress(suppressedOf(request), isSuppressed);
    return empty(204);
  };
  return [
    {
      method: "GET",
      path: `${net}/nodes`,
      handle: async (request) => json(200, { nodes: (await of.net.nodes(filterOf(request))).map(nodeFields) }),
    },
    {
      method: "GET",
      path: `${net}/arps`,
      handle: async (request) => json(200, { arps: await of.net.arps(filterOf(request)) }),
    },
    {
      method: "GET",
      path: `${net}/lldp`,
      handle: () => {
        const suppressed = of.net.suppressed();
        const list = suppressed.map(({ dpid, ports }) => ({ dpid: dpidText(dpid), ports: ports.map(portView) }));
        return json(200, { lldp_suppressed: list });
      },
    },
    { method: "POST", path: `${net}/lldp`, handle: change(true) },
    { method: "DELETE", path: `${net}/lldp`, handle: change(false) },
  ];
}
