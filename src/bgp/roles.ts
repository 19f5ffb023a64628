// BGP roles (RFC 9234): who a peer says it is, and whether that goes with who we are.

import { CAP, NOTIFY } from "../wasm/bgp_numbers.js";
import type { OpenMessage } from "../wasm/bgp_types.js";
import type { PeerConfig } from "./config.js";

export type Role = Exclude<PeerConfig["role"], "">;

/** By the capability's value. */
export const ROLES: readonly Role[] = ["provider", "rs", "rs-client", "customer", "peer"];

/** RFC 9234 §4.2, table 2: our role, and the only one that the peer may have. */
const COUNTERPART: Readonly<Record<Role, Role>> = {
  provider: "customer",
  customer: "provider",
  rs: "rs-client",
  "rs-client": "rs",
  peer: "peer",
};

/** The roles that an OPEN announces, numbers that are none left out; the same one twice counts once. */
function announced(open: OpenMessage): number[] {
  const values = open.capabilities.filter(({ code, value }) => code === CAP.role && value.length === 1);
  return [...new Set(values.map(({ value }) => value[0] as number))];
}

/** The peer's role, or null. */
export function theirRole(open: OpenMessage): Role | null {
  const [value] = announced(open);
  return value === undefined ? null : (ROLES[value] ?? null);
}

/** Why an OPEN must be refused for its role, as NOTIFICATION code; null when it need not be. */
export function roleFault(config: PeerConfig, open: OpenMessage): number | null {
  if (config.role === "") return null;
  const values = announced(open);
  // RFC 9234 §4.2: several that differ are as bad as a wrong one; none at all is, in strict mode.
  if (values.length === 0) return config.role_strict ? NOTIFY.role : null;
  const fits = values.length === 1 && ROLES[values[0] as number] === COUNTERPART[config.role];
  return fits ? null : NOTIFY.role;
}
