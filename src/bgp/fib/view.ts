// Figures of the kernel's routes for operators: JSON and metrics.

import { clear, gauge, total } from "../../base/metrics.js";
import type { FibFigures } from "./installer.js";

/** What REST shows of `[bgp.fib]`; null when it is off. */
export function fibJson(figures: FibFigures | null): Record<string, unknown> {
  if (!figures) return { enabled: false };
  const { table, metric, added, removed, stale, waiting, refused, refusals, forgotten } = figures;
  return { enabled: true, table, metric, added, removed, stale, queue_bytes: waiting, refused, refusals, forgotten };
}

/** Fills the rows of the metric table, just before a scrape. */
export function publishFib(figures: FibFigures | null): void {
  clear("sennit_bgp_fib_refused");
  clear("sennit_bgp_fib_refusals_total");
  if (!figures) return;
  total("sennit_bgp_fib_changes_total", figures.added, { action: "add" });
  total("sennit_bgp_fib_changes_total", figures.removed, { action: "remove" });
  gauge("sennit_bgp_fib_queue_bytes", figures.waiting);
  for (const [reason, count] of Object.entries(figures.refused)) gauge("sennit_bgp_fib_refused", count, { reason });
  for (const [reason, count] of Object.entries(figures.refusals)) {
    total("sennit_bgp_fib_refusals_total", count, { reason });
  }
}
