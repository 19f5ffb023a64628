import { BOND_COUNTERS } from "./layout";

/** Adds to one of the bond's counters (COUNTER_*). */
export function countBond(bond: usize, counter: u32, by: u64 = 1): void {
  const at = bond + BOND_COUNTERS + (counter << 3);
  store<u64>(at, load<u64>(at) + by);
}

/** Adds to a u64 field of a record. */
export function add64(at: usize, by: u64): void {
  store<u64>(at, load<u64>(at) + by);
}
