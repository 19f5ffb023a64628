// What a speaker under test is to the benches.

import type { Teardown } from "../test/helpers/cleanup.js";
import type { Stream } from "./bgp_stream.js";

export interface Neighbor {
  readonly address: string;
  readonly as: number;
}

export interface Setup {
  /** The target's own address, port BGP_PORT, AS 65002. */
  readonly address: string;
  readonly feeders: readonly Neighbor[];
  /** Null: nothing is exported. */
  readonly sink: Neighbor | null;
}

export interface Target {
  /** The processes whose CPU time and memory count. */
  readonly pids: readonly number[];
  /** True once all of a stream, or its last prefix, can be read from what a feeder has announced. */
  has(feeder: Neighbor, stream: Stream): Promise<boolean>;
}

export interface TargetRow {
  readonly name: string;
  readonly installed: () => boolean;
  /** Rounds, and prefixes at most, of a run that is not told to take `--all` its time. */
  readonly rounds: number;
  readonly prefixesMax: number;
  /** Time between two questions. */
  readonly pollMs: number;
  readonly timeoutMs: number;
  start(t: Teardown, setup: Setup): Promise<Target>;
}
