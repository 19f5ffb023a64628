// THE scheduler table: which leg the next packet takes. A row's id is the one in assembly/bond/layout.ts.

import { SCHEDULER_IDS } from "../../wasm/bond.js";

export interface Scheduler {
  readonly name: string;
  readonly id: number;
  readonly help: string;
}

export const schedulers: readonly Scheduler[] = [
  {
    name: "idmpq",
    id: SCHEDULER_IDS.idmpq,
    help: "earliest estimated arrival: queue, rate and one-way delay of each leg; low latency, and all legs under load",
  },
  {
    name: "weighted_round_robin",
    id: SCHEDULER_IDS.weighted,
    help: "shares in proportion to the legs' speeds, whatever their delays",
  },
  {
    name: "flowlet",
    id: SCHEDULER_IDS.flowlet,
    help: "a flow keeps its leg until it pauses for 50 ms: nothing is re-ordered, one flow gets one leg at a time",
  },
];

/** The row of that name, or undefined. */
export function findScheduler(name: string): Scheduler | undefined {
  return schedulers.find((row) => row.name === name);
}
