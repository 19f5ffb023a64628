// Graceful restart of a peer (RFC 4724, RFC 8538, RFC 9494) as a pure function: what happens to its routes when its
// session goes and comes back. Deadlines are in the state; the driver sends "tick" when nextDeadline() has come, and
// carries out the outputs, in their order, on the peer's routes.

import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { Negotiated } from "./negotiate.js";

/** On routes that are kept for long: to be preferred to nothing only. */
export const LLGR_STALE = 0xffff0006;
/** On routes that must not be. */
export const NO_LLGR = 0xffff0007;

export interface HelperOptions {
  /** How long a peer that is back may take for its End-of-RIB. */
  readonly staleMs: number;
}

interface Kept {
  /** How long it may be kept beyond the restart time (RFC 9494), 0 not. */
  readonly longMs: number;
  /** The end of that time, once it runs. */
  readonly longAt: number;
}

export interface HelperState {
  /** Families with stale routes, by their index. */
  readonly kept: ReadonlyMap<number, Kept>;
  /** The peer must be back by then, Infinity when it is, or nothing is kept. */
  readonly restartAt: number;
  /** The End-of-RIBs must have come by then. */
  readonly staleAt: number;
}

/** How a session ended: as Session.ended. */
export interface Ending {
  readonly kind: "local" | "remote" | "lost" | "deconfigured";
  /** The NOTIFICATION's code, 0 without one. */
  readonly notify: number;
}

export type HelperInput =
  | { readonly kind: "down"; readonly ending: Ending; readonly negotiated: Negotiated }
  | { readonly kind: "up"; readonly negotiated: Negotiated }
  | { readonly kind: "endOfRib"; readonly family: number }
  /** The peer was stopped or removed while its session was down. */
  | { readonly kind: "forget" }
  | { readonly kind: "tick" };

export type HelperOutput =
  /** Marks all routes of the family as stale. */
  | { readonly kind: "keep"; readonly family: number }
  /** Removes all routes of the family. */
  | { readonly kind: "clear"; readonly family: number }
  /** Removes the family's routes that are stale still. */
  | { readonly kind: "sweep"; readonly family: number }
  /** Stale routes with NO_LLGR go, the others get LLGR_STALE and become the least preferred (RFC 9494 §4.2). */
  | { readonly kind: "longLived"; readonly family: number };

export type HelperStep = readonly [HelperState, readonly HelperOutput[]];

const NEVER = Number.POSITIVE_INFINITY;

export const NOTHING_KEPT: HelperState = { kept: new Map(), restartAt: NEVER, staleAt: NEVER };

/** When the driver must send "tick"; Infinity for never. */
export function nextDeadline(state: HelperState): number {
  let at = Math.min(state.restartAt, state.staleAt);
  for (const { longAt } of state.kept.values()) at = Math.min(at, longAt);
  return at;
}

/**
 * True when a session's end leaves its routes: without a word always (RFC 4724 §4.2), with a NOTIFICATION when both
 * have said so and it is no Hard Reset (RFC 8538 §4).
 */
export function isGraceful({ kind, notify }: Ending, { gracefulRestart }: Negotiated): boolean {
  if (!gracefulRestart || kind === "deconfigured") return false;
  return kind === "lost" || (gracefulRestart.notification && notify !== NOTIFY.hardReset);
}

const of = (kind: "keep" | "clear" | "sweep" | "longLived") => (family: number) => ({ kind, family });

function down(state: HelperState, ending: Ending, negotiated: Negotiated, now: number): HelperStep {
  const families = negotiated.families.map(({ rib }) => rib);
  if (!isGraceful(ending, negotiated)) return [NOTHING_KEPT, families.map(of("clear"))];
  const restart = negotiated.gracefulRestart;
  const kept = new Map<number, Kept>();
  // RFC 4724 §4.2: what was stale before this session is not kept a second time.
  const outputs: HelperOutput[] = [...state.kept.keys()].map(of("sweep"));
  for (const family of families) {
    const longMs = (negotiated.llgr.find((row) => row.family === family)?.staleTime ?? 0) * 1000;
    const short = restart?.families.some((row) => row.family === family) ?? false;
    if (!short && longMs === 0) {
      outputs.push({ kind: "clear", family });
      continue;
    }
    outputs.push({ kind: "keep", family });
    // RFC 9494 §4.2: a family without graceful restart is kept for long from the first moment on.
    if (!short) outputs.push({ kind: "longLived", family });
    kept.set(family, { longMs, longAt: short ? NEVER : now + longMs });
  }
  const restartAt = kept.size === 0 ? NEVER : now + (restart?.restartTime ?? 0) * 1000;
  const [next, more] = expire({ kept, restartAt, staleAt: NEVER }, now);
  return [next, [...outputs, ...more]];
}

/** What time has ended. */
function expire(state: HelperState, now: number): HelperStep {
  const outputs: HelperOutput[] = [];
  const kept = new Map(state.kept);
  const late = now >= state.staleAt;
  const away = now >= state.restartAt;
  for (const [family, { longMs, longAt }] of state.kept) {
    if (late || now >= longAt) {
      kept.delete(family);
      outputs.push({ kind: "sweep", family });
    } else if (away && longAt === NEVER) {
      if (longMs > 0) kept.set(family, { longMs, longAt: now + longMs });
      else kept.delete(family);
      outputs.push({ kind: longMs > 0 ? "longLived" : "clear", family });
    }
  }
  return [settled({ kept, restartAt: away ? NEVER : state.restartAt, staleAt: state.staleAt }), outputs];
}

function settled(state: HelperState): HelperState {
  return state.kept.size === 0 ? NOTHING_KEPT : state;
}

/** RFC 4724 §4.2, RFC 9494 §4.2: what the peer has not kept itself is removed at once, the rest waits for End-of-RIB. */
function up(state: HelperState, negotiated: Negotiated, now: number, { staleMs }: HelperOptions): HelperStep {
  const kept = new Map<number, Kept>();
  const outputs: HelperOutput[] = [];
  for (const [family, entry] of state.kept) {
    const rows = [negotiated.gracefulRestart?.families ?? [], entry.longAt === NEVER ? [] : negotiated.llgr].flat();
    // The time for long-lived routes runs on until End-of-RIB.
    if (rows.some((row) => row.family === family && row.forwarding)) kept.set(family, entry);
    else outputs.push({ kind: "sweep", family });
  }
  return [settled({ kept, restartAt: NEVER, staleAt: now + staleMs }), outputs];
}

function endOfRib(state: HelperState, family: number): HelperStep {
  // While the session is down there is none; one that comes twice finds nothing.
  if (!state.kept.has(family)) return [state, []];
  const kept = new Map(state.kept);
  kept.delete(family);
  return [settled({ ...state, kept }), [{ kind: "sweep", family }]];
}

/** One step. */
export function stepHelper(state: HelperState, input: HelperInput, now: number, options: HelperOptions): HelperStep {
  switch (input.kind) {
    case "down":
      return down(state, input.ending, input.negotiated, now);
    case "up":
      return up(state, input.negotiated, now, options);
    case "endOfRib":
      return endOfRib(state, input.family);
    case "forget":
      return [NOTHING_KEPT, [...state.kept.keys()].map(of("clear"))];
    case "tick":
      return expire(state, now);
  }
}
