// The session state machine of RFC 4271 §8 as a pure function: step(state, input, now) gives the next state and what
// the driver must do. Timers are deadlines in the state; the driver sends "tick" when nextDeadline() has come.
// Optional attributes that are always on: AutomaticStart, IdleHoldTimer with DampPeerOscillations. Off: DelayOpen.

import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent } from "../wasm/bgp_types.js";

export type StateName = "IDLE" | "CONNECT" | "ACTIVE" | "OPENSENT" | "OPENCONFIRM" | "ESTABLISHED";

export interface FsmOptions {
  readonly passive: boolean;
  readonly connectRetryMs: number;
  readonly idleHoldMs: number;
  /** The hold timer's value until the OPEN has come. */
  readonly openMs: number;
}

export interface State {
  readonly name: StateName;
  /** An operator has stopped it: only "start" leaves IDLE. */
  readonly stopped: boolean;
  /** Deadlines in ms, Infinity when the timer is off. */
  readonly connectRetryAt: number;
  readonly holdAt: number;
  readonly keepaliveAt: number;
  readonly idleHoldAt: number;
  /** Negotiated values in ms; 0 switches both timers off. */
  readonly holdMs: number;
  readonly keepaliveMs: number;
  /** Sessions lost or refused in a row, without one that was established: each doubles the idle time, up to 16-fold. */
  readonly failures: number;
}

export type Input =
  | { readonly kind: "start" }
  | { readonly kind: "stop"; readonly notify: number }
  | { readonly kind: "connected" }
  | { readonly kind: "accepted" }
  | { readonly kind: "connectFailed" }
  | { readonly kind: "closed" }
  /** A valid OPEN; the lower of both hold times in seconds. */
  | { readonly kind: "open"; readonly holdTime: number }
  | { readonly kind: "keepalive" }
  /** UPDATEs or a ROUTE-REFRESH. */
  | { readonly kind: "update" }
  | { readonly kind: "notification" }
  /** What came cannot be taken: header, OPEN or UPDATE error. */
  | { readonly kind: "error"; readonly content: NotificationContent }
  /** This connection has lost against the other one (§6.8). */
  | { readonly kind: "collision" }
  | { readonly kind: "tick" };

export type Output =
  | { readonly kind: "connect" }
  /** Drops the connection, and an attempt at one. */
  | { readonly kind: "close" }
  /** Drops only the attempt: the peer's own connection has come. */
  | { readonly kind: "abortConnect" }
  | { readonly kind: "sendOpen" }
  | { readonly kind: "sendKeepalive" }
  | { readonly kind: "sendNotification"; readonly content: NotificationContent }
  | { readonly kind: "up" }
  | { readonly kind: "down" };

export type Step = readonly [State, readonly Output[]];

const NEVER = Number.POSITIVE_INFINITY;
const NO_TIMERS = { connectRetryAt: NEVER, holdAt: NEVER, keepaliveAt: NEVER, idleHoldAt: NEVER };
const NO_DATA = new Uint8Array();

/** IDLE, waiting for "start". */
export const INITIAL: State = { name: "IDLE", stopped: true, ...NO_TIMERS, holdMs: 0, keepaliveMs: 0, failures: 0 };

/** When the driver must send "tick"; Infinity for never. */
export function nextDeadline(state: State): number {
  return Math.min(state.connectRetryAt, state.holdAt, state.keepaliveAt, state.idleHoldAt);
}

function dial(state: State, options: FsmOptions, now: number): Step {
  const connectRetryAt = now + options.connectRetryMs;
  if (options.passive) return [{ ...state, ...NO_TIMERS, name: "ACTIVE", stopped: false }, []];
  return [{ ...state, ...NO_TIMERS, name: "CONNECT", stopped: false, connectRetryAt }, [{ kind: "connect" }]];
}

/** Ends a connection: IDLE, and a new try after the idle hold time. */
function fail(state: State, options: FsmOptions, now: number, content?: NotificationContent): Step {
  const outputs: Output[] = [];
  if (content) outputs.push({ kind: "sendNotification", content });
  if (state.name === "ESTABLISHED") outputs.push({ kind: "down" });
  outputs.push({ kind: "close" });
  const failures = state.name === "ESTABLISHED" ? 0 : Math.min(state.failures + 1, 4);
  const idleHoldAt = now + options.idleHoldMs * 2 ** Math.max(failures - 1, 0);
  return [{ ...INITIAL, stopped: false, failures, idleHoldAt }, outputs];
}

function sendOpen(state: State, options: FsmOptions, now: number, before: Output[] = []): Step {
  const next: State = { ...state, ...NO_TIMERS, name: "OPENSENT", holdAt: now + options.openMs };
  return [next, [...before, { kind: "sendOpen" }]];
}

const notify = (code: number): NotificationContent => ({ notify: code, data: NO_DATA });

/** The FSM error subcode of RFC 6608 for a message that a state does not take. */
const UNEXPECTED: Partial<Record<StateName, number>> = {
  OPENSENT: NOTIFY.fsmOpenSent,
  OPENCONFIRM: NOTIFY.fsmOpenConfirm,
  ESTABLISHED: NOTIFY.fsmEstablished,
};

function stop(state: State, code: number): Step {
  const connected = UNEXPECTED[state.name] !== undefined;
  const outputs: Output[] = [];
  if (connected) outputs.push({ kind: "sendNotification", content: notify(code) });
  if (state.name === "ESTABLISHED") outputs.push({ kind: "down" });
  if (state.name !== "IDLE") outputs.push({ kind: "close" });
  return [INITIAL, outputs];
}

function tick(state: State, options: FsmOptions, now: number): Step {
  if (now >= state.holdAt) return fail(state, options, now, notify(NOTIFY.holdExpired));
  if (now >= state.keepaliveAt) {
    return [{ ...state, keepaliveAt: now + state.keepaliveMs }, [{ kind: "sendKeepalive" }]];
  }
  if (now >= state.idleHoldAt) return dial(state, options, now);
  if (now >= state.connectRetryAt) {
    const [next, outputs] = dial(state, options, now);
    return [next, state.name === "CONNECT" ? [{ kind: "abortConnect" }, ...outputs] : outputs];
  }
  return [state, []];
}

function holdAgain(state: State, now: number): State {
  return state.holdMs === 0 ? state : { ...state, holdAt: now + state.holdMs };
}

function opened(state: State, holdTime: number, now: number): Step {
  const holdMs = holdTime * 1000;
  const keepaliveMs = Math.floor(holdMs / 3);
  const timers = holdMs === 0 ? NO_TIMERS : { ...NO_TIMERS, holdAt: now + holdMs, keepaliveAt: now + keepaliveMs };
  return [{ ...state, ...timers, name: "OPENCONFIRM", holdMs, keepaliveMs }, [{ kind: "sendKeepalive" }]];
}

/** One step. Inputs that a state has no use for leave it as it is; messages that it must not get end the session. */
export function step(state: State, input: Input, now: number, options: FsmOptions): Step {
  const connected = UNEXPECTED[state.name] !== undefined;
  switch (input.kind) {
    case "start":
      return state.name === "IDLE" ? dial(state, options, now) : [state, []];
    case "stop":
      return stop(state, input.notify);
    case "tick":
      return tick(state, options, now);
    case "connected":
      return state.name === "CONNECT" ? sendOpen(state, options, now) : [state, []];
    case "accepted":
      if (connected) return [state, []];
      return sendOpen(state, options, now, state.name === "CONNECT" ? [{ kind: "abortConnect" }] : []);
    case "connectFailed":
      // §8.2.2, Connect state, event 18: go on listening until the retry timer expires.
      return state.name === "CONNECT" ? [{ ...state, name: "ACTIVE" }, []] : [state, []];
    case "closed":
    case "notification":
      return connected ? fail(state, options, now) : [state, []];
    case "error":
      return connected ? fail(state, options, now, input.content) : [state, []];
    case "collision":
      return connected ? fail(state, options, now, notify(NOTIFY.collision)) : [state, []];
    default:
      return message(state, input, now, options);
  }
}

function message(state: State, input: Input, now: number, options: FsmOptions): Step {
  if (input.kind === "open" && state.name === "OPENSENT") return opened(state, input.holdTime, now);
  if (input.kind === "keepalive" && state.name === "OPENCONFIRM") {
    return [{ ...holdAgain(state, now), name: "ESTABLISHED", failures: 0 }, [{ kind: "up" }]];
  }
  if (state.name === "ESTABLISHED" && (input.kind === "keepalive" || input.kind === "update")) {
    return [holdAgain(state, now), []];
  }
  const code = UNEXPECTED[state.name];
  return code === undefined ? [state, []] : fail(state, options, now, notify(code));
}
