// The /sdn/v2.0 surface: one row a URI and method, as HP's VAN SDN Controller answers them.

import { AppError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import { empty, json, type Reply, type Request, type Route, type Surface } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import { GROUP_COMMAND, type Group } from "../../openflow/groups.js";
import { dpidText } from "../../openflow/messages.js";
import { METER_COMMAND, type Meter } from "../../openflow/meters.js";
import { beforeV13, parsePort } from "../../openflow/values.js";
import { VERSION_1_0, VERSION_1_3 } from "../../wasm/openflow.js";
import { RecordWriter } from "../../wasm/openflow_records.js";
import { type Logins, loginRoutes } from "./auth_rows.js";
import { channelRoutes } from "./channel_rows.js";
import { desiredRoutes, persistOf } from "./desired_rows.js";
import { eventRoute } from "./event_rows.js";
import { type FlowMethod, flowFilter, flowQuery, flowsOf, printFlows, writeFlow } from "./flow_view.js";
import { groupFeaturesView, groupView, meterFeaturesView, meterView, parseGroup, parseMeter } from "./group_view.js";
import { netRoutes } from "./net_rows.js";
import { packetRoutes } from "./packet_rows.js";
import { problem } from "./problem.js";
import { queuesRoute, statsRoutes, tableFeaturesRoute } from "./stats_rows.js";
import { switchRoutes } from "./switch_rows.js";
import { systemRoutes } from "./system_rows.js";
import { checkVersion, datapathView, isObject, type Json, parseBody, parseDpid, portOf, versionText } from "./view.js";

const BASE = "/sdn/v2.0";
const OF = `${BASE}/of`;
const DP = `${OF}/datapaths/:dpid`;

/** The `/sdn/v2.0` surface over the OpenFlow room. */
export function openflowSurface(handle: OpenFlowHandle, logins: Logins): Surface {
  return {
    name: "openflow",
    prefix: BASE,
    auth: ["x-auth-token"],
    routes: [
      ...loginRoutes(BASE, logins),
      ...datapathRoutes(handle),
      ...flowRoutes(handle),
      ...groupRoutes(handle),
      ...meterRoutes(handle),
      ...desiredRoutes(DP, handle),
      ...statsRoutes(OF, handle),
      ...channelRoutes(DP, handle),
      ...switchRoutes(DP, handle),
      ...systemRoutes(BASE, handle),
      ...netRoutes(BASE, handle),
      eventRoute(BASE, handle),
      ...packetRoutes(DP, handle),
      tableFeaturesRoute(DP, handle),
      queuesRoute(DP, handle),
    ],
    problem,
  };
}

function dpidOf(request: Request): string {
  return parseDpid(request.params["dpid"] ?? "");
}

/** `{name: value, "version": …}` of a 1.3 switch: clients take exactly one key besides the version. */
function versioned(status: number, name: string, value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return json(status, { [name]: value, version: versionText(VERSION_1_3) }, headers);
}

/** The switch, if it speaks 1.3. Errors: OPENFLOW_BEFORE_1_3. */
function needs13(of: OpenFlowHandle, dpid: string, what: string): string {
  if (of.version(dpid) === VERSION_1_0) throw beforeV13(what);
  return dpid;
}

function portNumber(of: OpenFlowHandle, request: Request): number {
  const port = parsePort(request.params["port"], of.version(dpidOf(request)));
  if (port === null) throw new AppError("PORT_NOT_FOUND", { id: (request.params["port"] ?? "").slice(0, 50) });
  return port;
}

function datapathRoutes(of: OpenFlowHandle): Route[] {
  const ports = async (request: Request): Promise<Reply> => {
    const dpid = dpidOf(request);
    const [{ features }, found] = await Promise.all([of.datapath(dpid), of.ports(dpid)]);
    return json(200, {
      ports: found.map((each) => portOf(each, features)),
      version: versionText(features.version),
    });
  };
  const port = async (request: Request): Promise<Reply> => {
    const dpid = dpidOf(request);
    const number = portNumber(of, request);
    const [{ features }, found] = await Promise.all([of.datapath(dpid), of.ports(dpid)]);
    const one = found.find((each) => each.number === number);
    if (!one) throw new AppError("PORT_NOT_FOUND", { id: number });
    return json(200, { port: portOf(one, features), version: versionText(features.version) });
  };
  const action = async (request: Request): Promise<Reply> => {
    const text = request.body
      .toString("utf8")
      .trim()
      .replace(/^"(.*)"$/, "$1");
    if (text !== "enable" && text !== "disable") {
      throw new AppError("OPENFLOW_VALUE", { reason: "port action: the body must be the text enable or disable" });
    }
    await of.enablePort(dpidOf(request), portNumber(of, request), text === "enable");
    return empty(202, { location: request.path.replace(/\/action\/?$/, "") });
  };
  return [
    {
      method: "GET",
      path: `${OF}/datapaths`,
      handle: async () => json(200, { datapaths: (await of.datapaths()).map(datapathView) }),
    },
    {
      method: "GET",
      path: DP,
      handle: async (request) => json(200, { datapath: datapathView(await of.datapath(dpidOf(request))) }),
    },
    {
      method: "GET",
      path: `${DP}/ports`,
      handle: ports,
    },
    // The guide prints the port's URIs without /of: both are served.
    ...[DP, `${BASE}/datapaths/:dpid`].flatMap((top): Route[] => [
      { method: "GET", path: `${top}/ports/:port`, handle: port },
      { method: "POST", path: `${top}/ports/:port/action`, handle: action },
    ]),
  ];
}

/** Below this many bytes of records a listing is sent whole. */
const WHOLE_LISTING = 64 << 10;

async function listFlows(of: OpenFlowHandle, request: Request): Promise<Reply> {
  const { table, cookie } = flowFilter(request);
  const pieces = await of.flows(dpidOf(request), flowQuery(table, cookie));
  const headers = { "content-type": "application/json" };
  const stream = printFlows(pieces, of.version(dpidOf(request)));
  if (pieces.reduce((sum, piece) => sum + piece.length, 0) > WHOLE_LISTING) return { status: 200, headers, stream };
  let body = "";
  for await (const text of stream) body += text;
  return { status: 200, headers, body };
}

const FLOWS_PER_TURN = 1_000;

/** Sends a body's flows and waits for the barrier. Errors: OPENFLOW_REFUSED, FLOW_NOT_FOUND and the parser's. */
async function changeFlows(of: OpenFlowHandle, dpid: string, request: Request, method: FlowMethod): Promise<void> {
  const keep = persistOf(request);
  const body = parseBody(request.body);
  const version = of.version(dpid);
  checkVersion(body, version);
  const flows = flowsOf(body);
  const writer = new RecordWriter();
  for (const [i, flow] of flows.entries()) {
    // A body of thousands of flows lets other requests in between.
    if (i > 0 && i % FLOWS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    writeFlow(writer, flow, method, version);
  }
  const { count } = writer;
  const { failures, missing } = await of.changeFlows(dpid, writer.take(), count, method !== "POST", keep);
  const where = (index: number): string => (count === 1 ? "" : `flow ${index + 1} of ${count}: `);
  const failure = failures[0];
  if (failure) {
    const more = failures.length > 1 ? ` (and ${failures.length - 1} more failed)` : "";
    throw new AppError("OPENFLOW_REFUSED", { text: `${where(failure.index)}${failure.text}${more}` });
  }
  if (missing[0] !== undefined) {
    const which = `${where(missing[0])}no flow with this table, priority and match`;
    throw new AppError("FLOW_NOT_FOUND", { which });
  }
}

function flowRoutes(of: OpenFlowHandle): Route[] {
  const path = `${DP}/flows`;
  return [
    { method: "GET", path, handle: (request) => listFlows(of, request) },
    {
      method: "POST",
      path,
      bodyBytes: LIMITS.openflowBodyBytes,
      handle: async (request) => {
        const dpid = dpidOf(request);
        await changeFlows(of, dpid, request, "POST");
        return empty(201, { location: `${OF}/datapaths/${dpidText(dpid)}/flows` });
      },
    },
    ...(["PUT", "DELETE"] as const).map(
      (method): Route => ({
        method,
        path,
        bodyBytes: LIMITS.openflowBodyBytes,
        handle: async (request) => {
          await changeFlows(of, dpidOf(request), request, method);
          return empty(204);
        },
      }),
    ),
  ];
}

/** An item's id in the URI, or null when it can be none. */
function itemId(request: Request): number | null {
  const text = request.params["id"] ?? "";
  return /^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff ? Number(text) : null;
}

/** The object under `key`; a client sends it bare. */
function payload(request: Request, key: string, version: number): Json {
  const body = parseBody(request.body);
  checkVersion(body, version);
  const inner = body[key] ?? ("id" in body ? body : undefined);
  if (!isObject(inner)) throw new AppError("OPENFLOW_JSON", { reason: `no "${key}" at the root` });
  return inner;
}

/** What groups and meters have in common: a numbered thing of a switch with list, get, create, update and delete. */
interface Numbered<T extends { readonly id: number }> {
  readonly one: string;
  readonly many: string;
  readonly missing: "GROUP_NOT_FOUND" | "METER_NOT_FOUND";
  /** The switch's version; throws when it is too old for such things. */
  version(dpid: string): number;
  list(dpid: string): Promise<T[]>;
  change(dpid: string, command: number, thing: T, keep: boolean): Promise<void>;
  parse(value: unknown, id?: number): T;
  view(thing: T): Json;
  /** The thing to delete: its id is all that counts. */
  only(id: number): T;
  readonly command: { readonly ADD: number; readonly MODIFY: number; readonly DELETE: number };
}

function numberedRoutes<T extends { readonly id: number }>(kind: Numbered<T>): Route[] {
  const list = `${DP}/${kind.many}`;
  const item = `${list}/:id`;
  const body = (request: Request): Json => payload(request, kind.one, kind.version(dpidOf(request)));
  const notFound = (request: Request): AppError =>
    new AppError(kind.missing, { id: (request.params["id"] ?? "").slice(0, 50) });
  const idOf = (request: Request): number => {
    const id = itemId(request);
    if (id === null) throw notFound(request);
    return id;
  };
  const update = async (request: Request): Promise<Reply> => {
    const thing = kind.parse(body(request), idOf(request));
    await kind.change(dpidOf(request), kind.command.MODIFY, thing, persistOf(request));
    return versioned(200, kind.one, kind.view(thing));
  };
  return [
    {
      method: "GET",
      path: list,
      handle: async (request) => versioned(200, kind.many, (await kind.list(dpidOf(request))).map(kind.view)),
    },
    {
      method: "POST",
      path: list,
      handle: async (request) => {
        const dpid = dpidOf(request);
        const thing = kind.parse(body(request));
        await kind.change(dpid, kind.command.ADD, thing, persistOf(request));
        const location = `${OF}/datapaths/${dpidText(dpid)}/${kind.many}/${thing.id}`;
        return versioned(201, kind.one, kind.view(thing), { location });
      },
    },
    {
      method: "GET",
      path: item,
      handle: async (request) => {
        const id = idOf(request);
        const found = (await kind.list(dpidOf(request))).find((each) => each.id === id);
        if (!found) throw notFound(request);
        return versioned(200, kind.one, kind.view(found));
      },
    },
    { method: "PUT", path: item, handle: update },
    // A known client updates with POST.
    { method: "POST", path: item, handle: update },
    {
      method: "DELETE",
      path: item,
      handle: async (request) => {
        await kind.change(dpidOf(request), kind.command.DELETE, kind.only(idOf(request)), persistOf(request));
        return empty(204);
      },
    },
  ];
}

function groupRoutes(of: OpenFlowHandle): Route[] {
  return [
    {
      method: "GET",
      path: `${DP}/features/group`,
      handle: async (request) => {
        const features = await of.groupFeatures(needs13(of, dpidOf(request), "group features"));
        if (!features) throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: "it is too short" });
        return versioned(200, "group_features", groupFeaturesView(features));
      },
    },
    ...numberedRoutes<Group>({
      one: "group",
      many: "groups",
      missing: "GROUP_NOT_FOUND",
      version: (dpid) => of.version(needs13(of, dpid, "groups")),
      list: async (dpid) => of.groups(needs13(of, dpid, "groups")),
      change: async (dpid, command, group, keep) => of.changeGroup(needs13(of, dpid, "groups"), command, group, keep),
      parse: parseGroup,
      view: groupView,
      only: (id) => ({ id, type: 0, buckets: [] }),
      command: GROUP_COMMAND,
    }),
  ];
}

function meterRoutes(of: OpenFlowHandle): Route[] {
  return [
    {
      method: "GET",
      path: `${DP}/features/meter`,
      handle: async (request) => {
        const dpid = dpidOf(request);
        if (of.version(dpid) === VERSION_1_0) throw new AppError("OPENFLOW_NO_METERS", { what: "meter features" });
        const features = await of.meterFeatures(dpid);
        if (!features) throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: "it is too short" });
        return versioned(200, "meter_features", meterFeaturesView(features));
      },
    },
    ...numberedRoutes<Meter>({
      one: "meter",
      many: "meters",
      missing: "METER_NOT_FOUND",
      // A 1.0 switch is asked all the same: its own error is the answer, as HP's controller has it.
      version: (dpid) => of.version(dpid),
      list: (dpid) => of.meters(dpid),
      change: (dpid, command, meter, keep) => of.changeMeter(dpid, command, meter, keep),
      parse: parseMeter,
      view: meterView,
      only: (id) => ({ id, flags: 0, bands: [] }),
      command: METER_COMMAND,
    }),
  ];
}
