// State of one leg as step(state, input, now). Pure: the driver (worker.ts) gathers the facts and acts on the outputs.

import type { LegState, LinkMode } from "./protocol.js";

/** No authentic frame for this long and the leg is down: four heartbeats. */
export const SILENCE_MS = 400;
/**
 * After this silence, two heartbeats, an alive leg gets no data as long as another one is heard: what is sent on a leg that
 * has died is lost, and what is sent again for it must not be lost again.
 */
export const QUIET_MS = 220;
/** Heartbeats that must be heard since the leg went down before it is used again. */
export const HEARD_TO_RISE = 2;
/** A leg that fell this often within the window must be heard for longer before it is used again. */
const FLAPS = 3;
const FLAP_WINDOW_MS = 30_000;
const FLAPPING_HEARD = 10;

export interface LegMachine {
  readonly state: LegState;
  /** When the state was entered, same clock as `now`. */
  readonly since: number;
  /** Heartbeats heard when the leg last went down. */
  readonly heardAtFall: number;
  /** When it fell, the last few times. */
  readonly falls: readonly number[];
}

export interface LegInput {
  readonly linkMode: LinkMode;
  readonly failover: boolean;
  /** The leg has a socket: its interface exists. */
  readonly hasSocket: boolean;
  /** The interface is up and has carrier (bonder; always true on an aggregator). */
  readonly carrier: boolean;
  readonly hasKeys: boolean;
  /** Heartbeats heard so far. */
  readonly heard: number;
  readonly silentMs: number;
  /** How long the other end had not heard us when it last said so. */
  readonly peerSilentMs: number;
}

export const newLeg = (now: number): LegMachine => ({ state: "handshaking", since: now, heardAtFall: 0, falls: [] });

/** Whether the leg is alive: frames pass both ways. */
export function isAlive(state: LegState): boolean {
  return state === "up" || state === "idle" || state === "failover";
}

/** Whether data may be sent on a leg in this state. */
export function carriesData(state: LegState): boolean {
  return state === "up" || state === "failover";
}

/** Whether nothing was heard on a leg for so long that data had better go elsewhere. */
export function isQuiet(input: Pick<LegInput, "silentMs" | "peerSilentMs">): boolean {
  return input.silentMs > QUIET_MS || input.peerSilentMs > QUIET_MS;
}

function aliveState(input: LegInput): LegState {
  if (input.linkMode === "idle") return "idle";
  return input.failover ? "failover" : "up";
}

/** The next state. The same object comes back when nothing changed. */
export function step(leg: LegMachine, input: LegInput, now: number): LegMachine {
  const to = (state: LegState): LegMachine => {
    if (state === leg.state) return leg;
    const falls = leg.falls.filter((at) => now - at < FLAP_WINDOW_MS);
    const fell = isAlive(leg.state) && !isAlive(state);
    const dead = !isAlive(state) && (fell || state === "offline" || leg.state === "offline");
    return {
      state,
      since: now,
      heardAtFall: dead ? input.heard : leg.heardAtFall,
      falls: fell && state !== "offline" ? [...falls, now].slice(-FLAPS) : falls,
    };
  };
  if (input.linkMode === "offline") return to("offline");
  if (!input.hasSocket || !input.carrier) return to("down");
  const heardBothWays = input.silentMs < SILENCE_MS && input.peerSilentMs < SILENCE_MS;
  if (isAlive(leg.state)) {
    return to(input.hasKeys && heardBothWays ? aliveState(input) : "down");
  }
  if (input.hasKeys && heardBothWays) {
    const flapping = leg.falls.filter((at) => now - at < FLAP_WINDOW_MS).length >= FLAPS;
    if (input.heard - leg.heardAtFall >= (flapping ? FLAPPING_HEARD : HEARD_TO_RISE)) return to(aliveState(input));
  }
  return to(leg.state === "down" ? "down" : "handshaking");
}
