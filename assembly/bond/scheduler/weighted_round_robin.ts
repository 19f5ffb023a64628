// Shares by rate: each leg has a virtual clock that a packet moves on by its size over the leg's rate, and the clock
// that is furthest behind is next. It is deficit round robin with the smallest possible quantum: shares are exact over
// any span, and bursts to one leg are as short as the rates allow. It looks at no delays.

import { BOND_LEG_TABLE, BOND_LEGS, LEG_DEFICIT, LEG_RATE, LEG_SIZE } from "../layout";
import { backlog, isEligible, QUEUE_NS, wantedFlags } from "./eligible";

/** A leg that carried nothing for longer than this does not make up for it. */
const CATCH_UP_NS: f64 = 20_000_000;

export function pickWeighted(bond: usize, bytes: u32, now: i64): usize {
  const wanted = wantedFlags(bond);
  if (!wanted) return 0;
  const end = bond + BOND_LEG_TABLE + load<u32>(bond, BOND_LEGS) * LEG_SIZE;
  let best: usize = 0;
  let bestClock: f64 = Infinity;
  let newest: f64 = 0;
  for (let leg = bond + BOND_LEG_TABLE; leg < end; leg += LEG_SIZE) {
    if (!isEligible(leg, wanted)) continue;
    const clock = load<f64>(leg, LEG_DEFICIT);
    newest = max(newest, clock);
    if (clock < bestClock) {
      best = leg;
      bestClock = clock;
    }
  }
  if (backlog(best, now) > QUEUE_NS) return 0;
  const start = max(bestClock, newest - CATCH_UP_NS);
  store<f64>(best, start + <f64>bytes / load<f64>(best, LEG_RATE), LEG_DEFICIT);
  return best;
}
