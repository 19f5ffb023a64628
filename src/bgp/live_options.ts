// Options of a peer that may change while its session goes on: both ends need not agree on them.

import { PEER_KEYS, type PeerConfig } from "./config.js";

/** What must be judged anew when an option changes: what has come from the peer, or what it gets. */
const LIVE: Partial<Record<keyof PeerConfig, { readonly import: boolean; readonly export: boolean }>> = {
  import: { import: true, export: false },
  allow_own_as: { import: true, export: false },
  enforce_first_as: { import: true, export: false },
  export: { import: false, export: true },
  next_hop_self: { import: false, export: true },
  next_hop_unchanged: { import: false, export: true },
  route_server_client: { import: false, export: true },
  // Both ways: other internal peers get its routes, or lose them.
  route_reflector_client: { import: true, export: true },
  aigp: { import: true, export: true },
  max_prefix: { import: false, export: false },
  max_prefix_warn: { import: false, export: false },
  max_prefix_restart: { import: false, export: false },
  description: { import: false, export: false },
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What becomes of a session when its options change: null, a new one is needed; else what is to be judged anew. */
export function liveChanges(
  before: PeerConfig,
  after: PeerConfig,
): { readonly import: boolean; readonly export: boolean } | null {
  const result = { import: false, export: false };
  for (const key of PEER_KEYS) {
    if (same(before[key], after[key])) continue;
    const live = LIVE[key];
    if (!live) return null;
    result.import ||= live.import;
    result.export ||= live.export;
  }
  return result;
}
