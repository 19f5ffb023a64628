// What the worker tells of its caches. All of it survives structured clone.

import type { Covering, FamilyCounts, ValidationState } from "../../wasm/bgp_roa.js";
import type { CacheStateName } from "./fsm.js";
import type { Intervals } from "./pdu.js";

export interface CacheFigures {
  readonly host: string;
  readonly port: number;
  readonly preference: number;
  readonly state: CacheStateName;
  /** Of the connection; null while the cache has not answered on it. */
  readonly version: number | null;
  readonly session: number | null;
  readonly serial: number | null;
  /** It has data that has not expired. */
  readonly data: boolean;
  /** Its data counts: no cache with data is preferred to it. */
  readonly used: boolean;
  /** Epoch seconds of its last End of Data, 0 none. */
  readonly updated: number;
  readonly intervals: Intervals;
  readonly vrps: FamilyCounts;
  readonly connections: number;
  readonly reportsSent: number;
  readonly reportsReceived: number;
  readonly lastError: string;
}

export interface RpkiFigures {
  readonly caches: readonly CacheFigures[];
  /** Distinct VRPs that count. */
  readonly vrps: FamilyCounts;
  /** How often what counts has changed. */
  readonly changes: number;
}

export interface ValidationQuery {
  /** A prefix in CIDR text; null origin: the route has none. */
  readonly prefix: string;
  readonly asn: number | null;
}

export interface Validation {
  readonly prefix: string;
  readonly asn: number | null;
  readonly state: ValidationState;
  readonly covering: readonly Covering[];
}
