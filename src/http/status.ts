import { STATUS_CODES } from "node:http";

/** `200 OK`: the status line's code and phrase. */
export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? "Unknown"}`;
}
