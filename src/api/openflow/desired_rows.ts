// What is kept for a switch, and how it became what the switch has.

import { AppError } from "../../base/errors.js";
import { empty, json, type Reply, type Request, type Route } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import type { ReconciliationStatus } from "../../openflow/reconciler.js";
import { type Json, parseDpid } from "./view.js";

/** `?persist=`: whether a change is kept, which it is unless told otherwise. Errors: OPENFLOW_VALUE. */
export function persistOf(request: Request): boolean {
  const given = request.query.get("persist");
  const text = (given ?? "true").replace(/^"(.*)"$/, "$1");
  if (text !== "true" && text !== "false") {
    throw new AppError("OPENFLOW_VALUE", {
      reason: `persist: ${text.slice(0, 50)} is not valid; allowed: true, false`,
    });
  }
  return text === "true";
}

/** Moments that have not come are left out. */
function reconciliationView(status: ReconciliationStatus): Json {
  const { state, started, ended, reason, meters, groups, flows, errors } = status;
  return {
    state,
    ...(started === "" ? {} : { started }),
    ...(ended === "" ? {} : { ended }),
    ...(reason === "" ? {} : { reason }),
    meters,
    groups,
    flows,
    errors,
  };
}

/** The routes of desired state below `datapath`, the path of one datapath. */
export function desiredRoutes(datapath: string, of: OpenFlowHandle): Route[] {
  const dpid = (request: Request): string => parseDpid(request.params["dpid"] ?? "");
  const reconciliation = (status: ReconciliationStatus): Reply =>
    json(200, { reconciliation: reconciliationView(status) });
  return [
    {
      method: "GET",
      path: `${datapath}/reconciliation`,
      handle: async (request) => reconciliation(of.reconciliation(dpid(request))),
    },
    {
      method: "POST",
      path: `${datapath}/reconciliation`,
      handle: async (request) => reconciliation(await of.reconcile(dpid(request))),
    },
    {
      method: "GET",
      path: `${datapath}/desired`,
      handle: async (request) => json(200, { desired: await of.desired(dpid(request)) }),
    },
    {
      method: "DELETE",
      path: `${datapath}/desired`,
      handle: async (request) => {
        await of.forget(dpid(request));
        return empty(204);
      },
    },
  ];
}
