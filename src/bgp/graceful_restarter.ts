// Our own restart (RFC 4724 §4.1) as a pure function: route selection of a family, and with it our End-of-RIB, waits
// until every peer has told what it has, or has shown that it will not. As long as that takes, our OPENs carry the R bit.

import type { Negotiated } from "./negotiate.js";

export interface RestarterState {
  /** Families that each peer, by its address, has still to tell. */
  readonly waiting: ReadonlyMap<string, ReadonlySet<number>>;
  /** Families whose selection has not been made. */
  readonly deferred: ReadonlySet<number>;
  /** The Selection_Deferral_Timer's end, Infinity when nothing is deferred. */
  readonly until: number;
}

export type RestarterInput =
  | { readonly kind: "up"; readonly peer: string; readonly negotiated: Negotiated }
  | { readonly kind: "endOfRib"; readonly peer: string; readonly family: number }
  /** The peer was removed or stopped: nobody waits for it. */
  | { readonly kind: "gone"; readonly peer: string }
  | { readonly kind: "tick" };

/** Families to be selected now; when the last has been, our End-of-RIBs tell the truth and the R bit goes. */
export type RestarterStep = readonly [RestarterState, readonly number[]];

const NEVER = Number.POSITIVE_INFINITY;

/** No restart, or one that is over. */
export const NOT_RESTARTING: RestarterState = { waiting: new Map(), deferred: new Set(), until: NEVER };

/** True while our OPENs carry the R bit. */
export function isRestarting(state: RestarterState): boolean {
  return state.deferred.size > 0;
}

/** Begins after a restart: the peers that there are, with the indices of their families. */
export function beginRestart(
  peers: readonly { readonly address: string; readonly families: readonly number[] }[],
  now: number,
  deferMs: number,
): RestarterState {
  const waiting = new Map(peers.map(({ address, families }) => [address, new Set(families)]));
  const deferred = new Set(peers.flatMap(({ families }) => families));
  return deferred.size === 0 ? NOT_RESTARTING : { waiting, deferred, until: now + deferMs };
}

function settle(waiting: ReadonlyMap<string, ReadonlySet<number>>, state: RestarterState): RestarterStep {
  const ready = [...state.deferred].filter((family) => ![...waiting.values()].some((set) => set.has(family)));
  const deferred = new Set([...state.deferred].filter((family) => !ready.includes(family)));
  return [deferred.size === 0 ? NOT_RESTARTING : { waiting, deferred, until: state.until }, ready];
}

function without(state: RestarterState, peer: string, keeps: (family: number) => boolean): RestarterStep {
  const families = state.waiting.get(peer);
  if (!families) return [state, []];
  const waiting = new Map(state.waiting);
  const left = new Set([...families].filter(keeps));
  if (left.size === 0) waiting.delete(peer);
  else waiting.set(peer, left);
  return settle(waiting, state);
}

/** One step. */
export function stepRestarter(state: RestarterState, input: RestarterInput, now: number): RestarterStep {
  switch (input.kind) {
    case "up": {
      const { gracefulRestart, families } = input.negotiated;
      // §4.1: a peer that has restarted itself waits for us, and one without the capability sends no End-of-RIB.
      const tells = gracefulRestart !== null && !gracefulRestart.restarting;
      return without(state, input.peer, (family) => tells && families.some(({ rib }) => rib === family));
    }
    case "endOfRib":
      return without(state, input.peer, (family) => family !== input.family);
    case "gone":
      return without(state, input.peer, () => false);
    case "tick":
      return now < state.until ? [state, []] : [NOT_RESTARTING, [...state.deferred]];
  }
}
