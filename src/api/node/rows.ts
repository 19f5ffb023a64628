// The door of the node channel: three rows. It takes no user's credentials; nodes prove their own key.

import { FailureLimiter } from "../../accounts/limiter.js";
import { LIMITS } from "../../base/limits.js";
import { CHANNEL_PREFIX, CONFIG_PATH, HELLO_PATH, REPORT_PATH } from "../../bond/channel.js";
import type { NodeManager, NodeReply } from "../../bond/manager.js";
import { json, type Reply, type Request, type Route, type Surface } from "../../http/table.js";

/** The node channel as a surface. */
export function nodeSurface(manager: NodeManager): Surface {
  const limiter = new FailureLimiter(LIMITS.nodeRefusalsPerMinute);

  function answer(reply: NodeReply, request: Request): Reply {
    if (reply.wrongProof) limiter.failed(request.address);
    const { status, headers, body } = reply;
    return { status, headers: { "content-type": "application/json", ...headers }, body };
  }

  function hello(request: Request): Reply {
    const seconds = limiter.waitSeconds(request.address);
    if (seconds > 0) return json(429, { error: "limited" }, { "retry-after": String(seconds) });
    return answer(manager.hello(request.body), request);
  }

  const row = (path: string, handle: Route["handle"]): Route => ({
    method: "POST",
    path,
    open: true,
    bodyBytes: LIMITS.nodeBodyBytes,
    handle,
  });
  const proved = (path: string): Route =>
    row(path, async (request) =>
      answer(await manager.handle(path, (name) => request.header(name), request.body), request),
    );

  return {
    name: "node",
    prefix: CHANNEL_PREFIX,
    auth: [],
    routes: [row(HELLO_PATH, hello), proved(CONFIG_PATH), proved(REPORT_PATH)],
    problem: (error) => json(error.status, { error: error.message }),
  };
}
