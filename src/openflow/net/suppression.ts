// Ports that take no part in discovery, as the store keeps them: one record a switch.

import { AppError } from "../../base/errors.js";
import { LIMITS } from "../../base/limits.js";
import type { Engine, Transaction } from "../../store/engine.js";

export interface Suppressed {
  /** 16 hex digits. */
  readonly dpid: string;
  readonly ports: readonly number[];
}

const TABLE = "openflow_suppressed";

/** All of them, by datapath; ports rise. */
export function suppressedPorts(store: Engine): Suppressed[] {
  return store.list(TABLE).map(({ key, value }) => ({ dpid: String(key), ports: value.ports }));
}

/**
 * Adds ports, or takes them out; resolves once that is durable. Errors: OPENFLOW_VALUE when there would be too many
 * switches, STORE_FULL.
 */
export function changeSuppressed(store: Engine, entries: readonly Suppressed[], isSuppressed: boolean): Promise<void> {
  return store.write((tx) => {
    for (const entry of entries) changeOne(tx, entry, isSuppressed);
  });
}

function changeOne(tx: Transaction, { dpid, ports }: Suppressed, isSuppressed: boolean): void {
  const known = tx.get(TABLE, dpid);
  const kept = new Set(known?.ports ?? []);
  for (const port of ports) {
    if (isSuppressed) kept.add(port);
    else kept.delete(port);
  }
  if (kept.size === 0) {
    tx.remove(TABLE, dpid);
    return;
  }
  if (!known && tx.count(TABLE) >= LIMITS.netSuppressed) {
    const reason = `lldp_suppressed: at most ${LIMITS.netSuppressed} datapaths`;
    throw new AppError("OPENFLOW_VALUE", { reason });
  }
  tx.put(TABLE, dpid, { ports: [...kept].sort((a, b) => a - b) });
}
