// `/of/stats` and `/systems`: this controller itself. There is one of it; HP's had a team.

import { networkInterfaces } from "node:os";
import { VERSION } from "../../base/version.js";
import { json, type Route } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import { type Json, unquote } from "./view.js";

/** Dashes as in the ids that HP prints: 8-4-4-4-12. */
const uidText = (uid: string): string => uid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some((own) => own?.some((each) => each.address === address));
}

function systemView(of: OpenFlowHandle): Json {
  const now = new Date().toISOString();
  return {
    uid: uidText(of.uid),
    version: VERSION,
    role: "leader",
    core_data_version: 0,
    core_data_version_timestamp: now,
    time: now,
    self: true,
    status: of.health().state === "failed" ? "unreachable" : "active",
  };
}

/** Routes under `base`, `/sdn/v2.0`. */
export function systemRoutes(base: string, of: OpenFlowHandle): Route[] {
  return [
    {
      method: "GET",
      path: `${base}/of/stats`,
      async handle() {
        const totals = await of.totals();
        const stats = {
          uid: uidText(of.uid),
          duration_ms: totals.durationMs,
          msg_in: totals.messagesIn,
          msg_out: totals.messagesOut,
          lost: { bytes: totals.packetBytesLost, packets: totals.packetsLost },
          packet_in: { bytes: totals.packetInBytes, packets: totals.packetIns },
          packet_out: { bytes: totals.packetOutBytes, packets: totals.packetOuts },
        };
        return json(200, { controller_stats: [stats] });
      },
    },
    {
      method: "GET",
      path: `${base}/systems`,
      handle({ query }) {
        const ip = query.get("ip");
        return json(200, { systems: ip === null || isOwn(unquote(ip)) ? [systemView(of)] : [] });
      },
    },
  ];
}
