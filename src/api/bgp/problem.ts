// How the BGP surface tells failures: as yabgp does, which its clients rely on.

import type { AppError, ErrorCode } from "../../base/errors.js";
import { json, type Reply } from "../../http/table.js";

/** Failures of a known peer: HTTP 200 with `status: false`. */
const WITH_200: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BGP_PEER_STATE",
  "BGP_POST_DATA",
  "BGP_SEND_FAILED",
  "BGP_FAMILY_UNSUPPORTED",
  "BGP_ALREADY_ESTABLISHED",
  "BGP_IDLE_HOLD",
  "BGP_ACTION",
  "BGP_HEX_ODD",
  "BGP_HEX_EMPTY",
  "BGP_LOOKUP",
]);

/** `{"status": false, "code": text}`; `reason` says more where there is more to say. */
export function bgpProblem(error: AppError): Reply {
  if (error.code === "UNAUTHENTICATED") {
    return {
      status: 401,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "www-authenticate": 'Basic realm="Authentication Required"',
      },
      body: "Unauthorized Access",
    };
  }
  const reason = error.details["reason"];
  const body = { status: false, code: error.message, ...(reason === undefined ? {} : { reason }) };
  return json(WITH_200.has(error.code) ? 200 : error.status, body);
}
