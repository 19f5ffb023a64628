// What all schedulers ask of a leg.

import {
  BOND_LEG_TABLE,
  BOND_LEGS,
  LEG_FAILOVER,
  LEG_FLAGS,
  LEG_FREE_AT,
  LEG_Q_BYTES,
  LEG_RATE,
  LEG_SESSION,
  LEG_SIZE,
  LEG_TX,
} from "../layout";

/** How much a leg may have waiting, beyond what equalises delays. The rest waits in front, where flows are kept apart. */
export const QUEUE_NS: f64 = 8_000_000;

/** The flags that a leg must carry now: failover legs count only when no other leg is up. */
export function wantedFlags(bond: usize): u32 {
  let wanted: u32 = 0;
  const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) {
    const flags = load<u32>(leg, LEG_FLAGS) & (LEG_TX | LEG_FAILOVER);
    if (!load<u32>(leg, LEG_SESSION)) continue;
    if (flags == LEG_TX) return LEG_TX;
    if (flags == (LEG_TX | LEG_FAILOVER)) wanted = flags;
  }
  return wanted;
}

/** The leg in a place of the bond. */
export function legAt(bond: usize, slot: u32): usize {
  return bond + BOND_LEG_TABLE + slot * LEG_SIZE;
}

export function isEligible(leg: usize, wanted: u32): bool {
  return (load<u32>(leg, LEG_FLAGS) & (LEG_TX | LEG_FAILOVER)) == wanted && load<u32>(leg, LEG_SESSION) != 0;
}

/** Time until the leg's line has sent all that it was given, ns. */
export function backlog(leg: usize, now: i64): f64 {
  const busy = <f64>max<i64>(load<i64>(leg, LEG_FREE_AT) - now, 0);
  return busy + <f64>load<u32>(leg, LEG_Q_BYTES) / load<f64>(leg, LEG_RATE);
}
