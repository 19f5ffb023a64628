// `[bgp.fib]`: routes in the kernel.

import { address, boolean, integer, type Values } from "../../base/config.js";
import { AppError } from "../../base/errors.js";
import { parseAddress } from "../../base/ip.js";

export const FIB_FIELDS = {
  enabled: boolean({ fallback: false }),
  /** Kernel table; 254 is "main". */
  table: integer(1, 4_294_967_295, { fallback: 254 }),
  metric: integer(1, 4_294_967_295, { fallback: 20 }),
  /** Source addresses that the kernel prefers for what it sends along these routes. */
  source: address(),
  source6: address(),
};

export type FibTable = Partial<Values<typeof FIB_FIELDS>>;

export interface FibConfig {
  readonly enabled: boolean;
  readonly table: number;
  readonly metric: number;
  readonly source4: Uint8Array | null;
  readonly source6: Uint8Array | null;
}

const LOCAL_TABLE = 255;

/** The room's form of the table. Faults: CONFIG for the kernel's own table and sources of the wrong family. */
export function parseFibConfig(given: FibTable = {}): FibConfig {
  const fail = (key: string, value: unknown, allowed: string) => {
    throw new AppError("CONFIG", { path: `bgp.fib.${key}`, value: JSON.stringify(value), allowed });
  };
  const source = (key: "source" | "source6", bytes: number): Uint8Array | null => {
    const text = given[key];
    if (text === undefined) return null;
    const parsed = parseAddress(text);
    if (parsed?.length !== bytes) fail(key, text, bytes === 4 ? "an IPv4 address" : "an IPv6 address");
    return parsed;
  };
  const table = given.table ?? 254;
  if (table === LOCAL_TABLE) fail("table", table, "any table but 255, which is the kernel's own");
  return {
    enabled: given.enabled ?? false,
    table,
    metric: given.metric ?? 20,
    source4: source("source", 4),
    source6: source("source6", 16),
  };
}
