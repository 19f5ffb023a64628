// /healthz, /metrics and the front page: what monitoring reads. Open: they tell no secret.

import { scrape } from "../../base/metrics.js";
import { json, type Surface } from "../../http/table.js";

export interface RoomHealth {
  /** `off`: not wanted or not possible here, `detail` says why; that is not a failure. */
  readonly status: "up" | "off" | "failed";
  readonly detail: string;
}

export interface Health {
  readonly ready: boolean;
  readonly version: string;
  readonly role: string;
  readonly rooms: Readonly<Record<string, RoomHealth>>;
}

/** The surface of last resort, at "/". */
export function opsSurface(health: () => Health): Surface {
  const healthz = () => {
    const { ready, ...rest } = health();
    const failed = Object.values(rest.rooms).some((room) => room.status === "failed");
    const status = !ready ? "starting" : failed ? "degraded" : "ok";
    return json(ready ? 200 : 503, { status, ...rest });
  };
  return {
    name: "ops",
    prefix: "/",
    auth: [],
    authBefore: "handler",
    routes: [
      { method: "GET", path: "/healthz", open: true, handle: healthz },
      {
        method: "GET",
        path: "/metrics",
        open: true,
        async handle() {
          const { type, text } = await scrape();
          return { status: 200, headers: { "content-type": type }, body: text };
        },
      },
      {
        method: "GET",
        path: "/",
        open: true,
        handle: (request) =>
          json(200, {
            name: "sennit",
            // What clients of yabgp look for here.
            versions: { values: [{ id: "v1", links: `${request.origin}/v1`, status: "stable" }] },
            surfaces: { bonding: "/api/v4/", bgp: "/v1/", openflow: "/sdn/v2.0/" },
            health: "/healthz",
            metrics: "/metrics",
          }),
      },
    ],
    problem: (error) => json(error.status, { error: error.code, message: error.message }),
  };
}
