// `/of/stats/…`: statistics of ports, groups and meters, of one datapath or of all.

import { AppError } from "../../base/errors.js";
import { json, type Request, type Route } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import { dpidText } from "../../openflow/messages.js";
import { type GroupStats, type MeterStats, PORT_COUNTERS, type PortStats, type Traffic } from "../../openflow/stats.js";
import { beforeV13, parsePort, portView } from "../../openflow/values.js";
import { VERSION_1_0 } from "../../wasm/openflow.js";
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

/** The port, group or meter asked for; null: all. Errors: OPENFLOW_VALUE. */
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
    ask: (dpid: string, id: number | null) => Promise<Json[]>,
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
          [key]: await ask(dpid, id),
        })),
      );
      return json(200, { stats });
    },
  });
  return [
    route("ports", ["port", "port_id"], "port_stats", async (dpid, id) =>
      (await of.portStats(dpid, id)).map((stats) => portStatsView(stats, of.version(dpid))),
    ),
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
