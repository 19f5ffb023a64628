// A log that keeps its lines for the test instead of printing them.

import { type Logger, pino } from "pino";

export interface QuietLog {
  readonly log: Logger;
  readonly lines: Record<string, unknown>[];
}

export function quietLog(): QuietLog {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}
