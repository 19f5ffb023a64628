// `/of/stats/…`: statistics of ports, queues, tables, groups and meters, of one datapath or of all.

import { AppError } from "../../base/errors.js";
import { json, type Request, type Route } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import { dpidText } from "../../openflow/messages.js";
import { type Queue, queueConfigRequest, readQueueConfig } from "../../openflow/queues.js";
import { type GroupStats, type MeterStats, PORT_COUNTERS, type PortStats, type Traffic } from "../../openflow/stats.js";
import { beforeV13, parsePort, portView } from "../../openflow/values.js";
import { CodecError, MESSAGE, VERSION_1_0 } from "../../wasm/openflow.js";
import { ALL_TABLES, flowFilter, flowQuery } from "./flow_view.js";
import { aggregateView, queueStatsView, queueView, tableFeaturesView, tableStatsView } from "./table_view.js";
import { type Json, parseDpid, versionText } from "./view.js";

const trafficView = ({ packets, bytes }: Traffic): Json => ({ packet_count: packets, byte_count: bytes });
const durationView = (one: { readonly seconds: number; readonly nanoseconds: number }): Json => ({
  duration_nsec: one.nanoseconds,
  duration_sec: one.seconds,
});

function portStatsView(stats: PortStats, version: number): Json {
  const counters = Object.fromEntries(PORT_COUNTERS.map((name, i) => [name, stats.counters[i]]));
  return { port_id: portView(stats.port, version), ...counters, ...durationView(stats) };
}

function groupStatsView(stats: GroupStats): Json {
  const { id, references, buckets } = stats;
  const own = { ...trafficView(stats), ...durationView(stats) };
  return { id, ref_count: references, ...own, bucket_stats: buckets.map(trafficView) };
}

function meterStatsView(stats: MeterStats): Json {
  const { id, flows, bands } = stats;
  return { id, flow_count: flows, ...trafficView(stats), ...durationView(stats), band_stats: bands.map(trafficView) };
}

/** A query value without quotes around it; null when it was not given. */
function query(request: Request, ...names: string[]): string | null {
  const name = names.find((each) => request.query.has(each));
  return name === undefined ? null : (request.query.get(name) ?? "").replace(/^"(.*)"$/, "$1");
}

/** The port, group, meter or queue asked for; null: all. Errors: OPENFLOW_VALUE. */
function wanted(request: Request, ...names: string[]): number | null {
  const text = query(request, ...names);
  if (text === null) return null;
  const number = parsePort(text);
  if (number === null)
    throw new AppError("OPENFLOW_VALUE", { reason: `${names[0]}: ${text.slice(0, 50)} is not valid` });
  return number;
}

export function statsRoutes(top: string, of: OpenFlowHandle): Route[] {
  const route = (
    path: string,
    names: string[],
    key: string,
    ask: (dpid: string, id: number | null, request: Request) => Promise<unknown>,
    /** The error for a switch of OpenFlow 1.0, when that has no such thing. */
    missing10: (() => AppError) | null = null,
  ) => ({
    method: "GET" as const,
    path: `${top}/stats/${path}`,
    handle: async (request: Request) => {
      const id = wanted(request, ...names);
      const one = query(request, "dpid");
      const all = one === null ? (await of.datapaths()).map(({ features }) => features.dpid) : [parseDpid(one)];
      const dpids = all.filter((dpid) => !missing10 || of.version(dpid) !== VERSION_1_0);
      // Who asks for all switches gets those that have it; who asks for this one is told.
      if (one !== null && missing10 && dpids.length === 0) throw missing10();
      const stats = await Promise.all(
        dpids.map(async (dpid) => ({
          dpid: dpidText(dpid),
          version: versionText(of.version(dpid)),
          [key]: await ask(dpid, id, request),
        })),
      );
      return json(200, { stats });
    },
  });
  return [
    route("ports", ["port", "port_id"], "port_stats", async (dpid, id) =>
      (await of.portStats(dpid, id)).map((stats) => portStatsView(stats, of.version(dpid))),
    ),
    route("queues", ["port", "port_id"], "queue_stats", async (dpid, id, request) =>
      (await of.queueStats(dpid, id, wanted(request, "queue_id", "queue"))).map((stats) =>
        queueStatsView(stats, of.version(dpid)),
      ),
    ),
    route("tables", [], "table_stats", async (dpid) => (await of.tableStats(dpid)).map(tableStatsView)),
    route("aggregate", [], "aggregate_stats", async (dpid, _id, request) => {
      const { table, cookie } = flowFilter(request);
      if (cookie !== null && of.version(dpid) === VERSION_1_0) throw beforeV13("cookie");
      return aggregateView(await of.aggregate(dpid, flowQuery(table, cookie)));
    }),
    route(
      "groups",
      ["group_id", "group"],
      "group_stats",
      async (dpid, id) => (await of.groupStats(dpid, id)).map(groupStatsView),
      () => beforeV13("group statistics"),
    ),
    route(
      "meters",
      ["meter", "meter_id"],
      "meter_stats",
      async (dpid, id) => (await of.meterStats(dpid, id)).map(meterStatsView),
      () => new AppError("OPENFLOW_NO_METERS", { what: "meter statistics" }),
    ),
  ];
}

/** `features/table`: what each table can do, or the one of `?table_id=`. */
export function tableFeaturesRoute(datapath: string, of: OpenFlowHandle): Route {
  return {
    method: "GET",
    path: `${datapath}/features/table`,
    handle: async (request) => {
      const dpid = parseDpid(request.params["dpid"] ?? "");
      const version = of.version(dpid);
      if (version === VERSION_1_0) throw beforeV13("table features");
      const { table } = flowFilter(request);
      const found = (await of.tableFeatures(dpid)).filter(({ id }) => table === ALL_TABLES || id === table);
      return json(200, { table_features: found.map(tableFeaturesView), version: versionText(version) });
    },
  };
}

/** `ports/{port}/queues`: the queues of a port and their rates. */
export function queuesRoute(datapath: string, of: OpenFlowHandle): Route {
  return {
    method: "GET",
    path: `${datapath}/ports/:port/queues`,
    handle: async (request) => {
      const dpid = parseDpid(request.params["dpid"] ?? "");
      const version = of.version(dpid);
      const port = parsePort(request.params["port"], version);
      if (port === null) throw new AppError("PORT_NOT_FOUND", { id: (request.params["port"] ?? "").slice(0, 50) });
      const body = queueConfigRequest(port, version);
      const answer = await of.ask(dpid, MESSAGE.QUEUE_GET_CONFIG_REQUEST, MESSAGE.QUEUE_GET_CONFIG_REPLY, body);
      return json(200, { queues: queuesOf(answer).map(queueView), version: versionText(version) });
    },
  };
}

function queuesOf(answer: Uint8Array): readonly Queue[] {
  try {
    return readQueueConfig(answer).queues;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new AppError("UNAVAILABLE", { what: "the switch's answer", reason: error.message });
  }
}
