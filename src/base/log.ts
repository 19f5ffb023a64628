// Logging: JSON lines on stdout, as journald and log shippers take them. Secrets are redacted here, once.

import { type Logger, pino } from "pino";

export type { Logger };

/** Names of fields whose values never reach a log line, at any of the depths that the code logs at. */
const SECRET = [
  "password",
  "key",
  "node_key",
  "nodeKey",
  "token",
  "auth_token",
  "secret",
  "psk",
  "md5",
  "authorization",
];

/**
 * The process's root logger. Level from SENNIT_LOG_LEVEL (trace, debug, info, warn, error; default info).
 * Rooms take a child: `log.child({ room: "bgp" })`.
 */
export function createLog(name: string): Logger {
  return pino({
    name,
    level: process.env["SENNIT_LOG_LEVEL"] ?? "info",
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "***" },
  });
}
