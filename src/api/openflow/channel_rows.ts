// What a datapath's row and the channel to its switch have beside HP's documents: this controller's role.

import { AppError } from "../../base/errors.js";
import { json, type Request, type Route } from "../../http/table.js";
import type { OpenFlowHandle } from "../../openflow/agent.js";
import { NO_GENERATION, ROLE_NAMES, type RoleName, type RoleState } from "../../openflow/roles.js";
import { isObject, type Json, parseBody, parseDpid } from "./view.js";

/**
 * HP's `controllers`, with our own role beside it. An equal may do what a master may, so it stands in its place; who else
 * there is, a switch does not tell.
 */
function controllersView(address: string, { role, generation }: RoleState): Json {
  const place = role === "slave" ? { slaves: [address] } : { master: address, slaves: [] };
  return { ...place, role, ...(generation === NO_GENERATION ? {} : { generation_id: `0x${generation.toString(16)}` }) };
}

function wantedRole(request: Request): RoleName {
  const body = parseBody(request.body);
  const inner = isObject(body["controllers"]) ? body["controllers"] : body;
  const found = ROLE_NAMES.find((name) => name === inner["role"]);
  if (found !== undefined) return found;
  if (inner["role"] === undefined) throw new AppError("OPENFLOW_JSON", { reason: 'no "role" in it' });
  const given = JSON.stringify(inner["role"]).slice(0, 50);
  throw new AppError("OPENFLOW_VALUE", { reason: `role: ${given} is not valid; allowed: ${ROLE_NAMES.join(", ")}` });
}

/** Routes under `top`, the path of a datapath. */
export function channelRoutes(top: string, of: OpenFlowHandle): Route[] {
  const dpidOf = (request: Request): string => parseDpid(request.params["dpid"] ?? "");
  const answer = async (dpid: string, state: RoleState) => {
    const { controllerAddress } = await of.datapath(dpid);
    return json(200, { controllers: controllersView(controllerAddress, state) });
  };
  const path = `${top}/controllers`;
  return [
    {
      method: "GET",
      path,
      async handle(request) {
        const dpid = dpidOf(request);
        return answer(dpid, await of.role(dpid));
      },
    },
    {
      method: "POST",
      path,
      async handle(request) {
        const dpid = dpidOf(request);
        return answer(dpid, await of.claimRole(dpid, wantedRole(request)));
      },
    },
  ];
}
