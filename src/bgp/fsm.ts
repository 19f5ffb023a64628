// The session state machine of RFC 4271 §8 as a pure function: step(state, input, now) gives the next state and what
// the driver must do. Timers are deadlines in the state; the driver sends "tick" when nextDeadline() has come. What is by
// chance comes from the options, so that the function stays one of its arguments.
// Optional attributes: AutomaticStart and IdleHoldTimer always; DelayOpen and DampPeerOscillations by configuration;
// SendHoldTimer (RFC 9687).

import { NOTIFY } from "../wasm/bgp_numbers.js";
import type { NotificationContent } from "../wasm/bgp_types.js";

export type StateName = "IDLE" | "CONNECT" | "ACTIVE" | "OPENSENT" | "OPENCONFIRM" | "ESTABLISHED";

export interface FsmOptions {
  readonly passive: boolean;
  readonly connectRetryMs: number;
  readonly idleHoldMs: number;
  /** The hold timer's value until the OPEN has come. */
  readonly openMs: number;
  /** How long the OPEN waits for the peer's once there is a connection; 0 sends it at once. */
  readonly delayOpenMs: number;
  /** Doubles the idle time of a peer whose sessions fail or do not last. */
  readonly damping: boolean;
  /** Most time between KEEPALIVEs; 0, and above it, a third of the hold time. */
  readonly keepaliveMs: number;
  /** How long the peer may take no bytes; 0: eight minutes or twice the hold time, whichever is more (RFC 9687 §4). */
  readonly sendHoldMs: number;
  /** From 0 to below 1, all alike likely: what jitter is made of. */
  readonly random: () => number;
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
  /** The DelayOpenTimer; while it runs there is a connection in CONNECT or ACTIVE. */
  readonly delayOpenAt: number;
  readonly sendHoldAt: number;
  /** Negotiated values in ms; 0 switches both timers off. */
  readonly holdMs: number;
  readonly keepaliveMs: number;
  /** Negotiated with them: how long the peer may take no bytes, 0 for ever. */
  readonly sendHoldMs: number;
  /** Sessions lost or refused in a row, without one that has lasted: each doubles the idle time, up to 16-fold. */
  readonly failures: number;
  /** The idle time is one that a limit has set: the peer cannot end it by connecting. */
  readonly held: boolean;
  /** When the session came up; Infinity when it is not. */
  readonly upAt: number;
}

export type Input =
  | { readonly kind: "start" }
  | { readonly kind: "stop"; readonly notify: number; readonly data?: Uint8Array }
  /** The operator or a limit ends the session; a new try comes after `idleMs`, Infinity: after "start" only. */
  | { readonly kind: "end"; readonly content: NotificationContent; readonly idleMs: number }
  /** The operator wants a new session instead of this one: earlier failures are forgiven. */
  | { readonly kind: "reset"; readonly data: Uint8Array }
  | { readonly kind: "connected" }
  | { readonly kind: "accepted" }
  | { readonly kind: "connectFailed" }
  | { readonly kind: "closed" }
  /** A valid OPEN, with the lower of both hold times in seconds. */
  | { readonly kind: "open"; readonly holdTime: number }
  | { readonly kind: "keepalive" }
  /** UPDATEs or a ROUTE-REFRESH. */
  | { readonly kind: "update" }
  | { readonly kind: "notification" }
  /** What came cannot be taken: header, OPEN or UPDATE error. */
  | { readonly kind: "error"; readonly content: NotificationContent }
  /** This connection has lost against the other one (§6.8). */
  | { readonly kind: "collision" }
  /** `progressAt`: when the peer last took bytes; Infinity, and without it, when none are waiting. */
  | { readonly kind: "tick"; readonly progressAt?: number };

export type Output =
  | { readonly kind: "connect" }
  /** Drops the connection, and an attempt at one. */
  | { readonly kind: "close" }
  /** Drops only the attempt: the peer's own connection has come, or the attempt has taken too long (`late`). */
  | { readonly kind: "abortConnect"; readonly late: boolean }
  | { readonly kind: "sendOpen" }
  | { readonly kind: "sendKeepalive" }
  | { readonly kind: "sendNotification"; readonly content: NotificationContent }
  | { readonly kind: "up" }
  | { readonly kind: "down" };

export type Step = readonly [State, readonly Output[]];

const NEVER = Number.POSITIVE_INFINITY;
const NO_TIMERS = {
  connectRetryAt: NEVER,
  holdAt: NEVER,
  keepaliveAt: NEVER,
  idleHoldAt: NEVER,
  delayOpenAt: NEVER,
  sendHoldAt: NEVER,
};
const NO_DATA = new Uint8Array();
/** The most that failures count for: 2 ** 4. */
const DOUBLINGS = 5;
/** A session that has lasted this long makes good for those before it. */
const LASTING_MS = 60_000;
/** RFC 9687 §4. */
const SEND_HOLD_LEAST_MS = 8 * 60_000;

/** IDLE, waiting for "start". */
export const INITIAL: State = {
  name: "IDLE",
  stopped: true,
  ...NO_TIMERS,
  holdMs: 0,
  keepaliveMs: 0,
  sendHoldMs: 0,
  failures: 0,
  held: false,
  upAt: NEVER,
};

/** When the driver must send "tick"; Infinity for never. */
export function nextDeadline(state: State): number {
  const { connectRetryAt, holdAt, keepaliveAt, idleHoldAt, delayOpenAt, sendHoldAt } = state;
  return Math.min(connectRetryAt, holdAt, keepaliveAt, idleHoldAt, delayOpenAt, sendHoldAt);
}

/** True when there is a connection, over which an OPEN was sent or waits to be. */
export function isConnected(state: State): boolean {
  return UNEXPECTED[state.name] !== undefined || state.delayOpenAt !== NEVER;
}

/** True when the peer's OPEN is what must come next. */
export function awaitsOpen(state: State): boolean {
  return state.name === "OPENSENT" || state.delayOpenAt !== NEVER;
}

/** True while a peer is damped in full or held by a limit: its connections are refused until the idle time is over. */
export function isDamped(state: State, options: FsmOptions, now: number): boolean {
  if (state.idleHoldAt === NEVER || now >= state.idleHoldAt) return false;
  return state.held || (options.damping && state.failures >= DOUBLINGS);
}

/** RFC 4271 §10: a timer's value times 0.75 to 1, anew each time that it is set, so that speakers do not fall into step. */
function jittered(ms: number, { random }: FsmOptions): number {
  return ms * (1 - random() / 4);
}

function dial(state: State, options: FsmOptions, now: number): Step {
  const connectRetryAt = now + jittered(options.connectRetryMs, options);
  const next = { ...state, ...NO_TIMERS, stopped: false, held: false };
  if (options.passive) return [{ ...next, name: "ACTIVE" }, []];
  return [{ ...next, name: "CONNECT", connectRetryAt }, [{ kind: "connect" }]];
}

/** What ends a connection in any state. */
function ending(state: State, content?: NotificationContent): Output[] {
  const outputs: Output[] = [];
  // Where the OPEN still waits, nothing is said: RFC 4271 §8.1.1, SendNOTIFICATIONwithoutOPEN is off.
  if (content && UNEXPECTED[state.name] !== undefined) outputs.push({ kind: "sendNotification", content });
  if (state.name === "ESTABLISHED") outputs.push({ kind: "down" });
  if (state.name !== "IDLE") outputs.push({ kind: "close" });
  return outputs;
}

/** Ends a connection: IDLE, and a new try after the idle hold time (RFC 4271 §8.1.1, DampPeerOscillations). */
function fail(state: State, options: FsmOptions, now: number, content?: NotificationContent): Step {
  const lasted = now - state.upAt >= LASTING_MS;
  const failures = lasted ? 0 : Math.min(state.failures + 1, DOUBLINGS);
  const doublings = options.damping ? Math.max(failures - 1, 0) : 0;
  const idleHoldAt = now + options.idleHoldMs * 2 ** doublings;
  return [{ ...INITIAL, stopped: false, failures, idleHoldAt }, ending(state, content)];
}

/** There is a connection: the OPEN goes out, or waits for the peer's (DelayOpen). */
function connection(state: State, options: FsmOptions, now: number, before: Output[] = []): Step {
  if (options.delayOpenMs === 0) return sendOpen(state, options, now, before);
  return [{ ...state, ...NO_TIMERS, delayOpenAt: now + options.delayOpenMs }, before];
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

function stop(state: State, content: NotificationContent): Step {
  return [INITIAL, ending(state, content)];
}

/** As "stop", but with a new try of its own when that is wanted. */
function end(state: State, now: number, content: NotificationContent, idleMs: number): Step {
  if (state.name === "IDLE" && state.stopped) return [state, []];
  if (idleMs === NEVER) return stop(state, content);
  return [{ ...INITIAL, stopped: false, held: true, idleHoldAt: now + idleMs }, ending(state, content)];
}

/** ManualStop and AutomaticStart in one (RFC 4271 §8.1.2), with the idle time between; one that is stopped stays so. */
function reset(state: State, options: FsmOptions, now: number, content: NotificationContent): Step {
  if (state.stopped) return [state, []];
  return [{ ...INITIAL, stopped: false, idleHoldAt: now + options.idleHoldMs }, ending(state, content)];
}

function tick(state: State, options: FsmOptions, now: number, progressAt: number): Step {
  if (now >= state.holdAt) return fail(state, options, now, notify(NOTIFY.holdExpired));
  if (now >= state.sendHoldAt) return sendHold(state, options, now, progressAt);
  if (now >= state.keepaliveAt) {
    const keepaliveAt = now + jittered(state.keepaliveMs, options);
    return [{ ...state, keepaliveAt }, [{ kind: "sendKeepalive" }]];
  }
  if (now >= state.delayOpenAt) return sendOpen(state, options, now);
  if (now >= state.idleHoldAt) return dial(state, options, now);
  if (now >= state.connectRetryAt) {
    const [next, outputs] = dial(state, options, now);
    return [next, state.name === "CONNECT" ? [{ kind: "abortConnect", late: true }, ...outputs] : outputs];
  }
  return [state, []];
}

/** RFC 9687 §3: the timer is looked at when it ends, instead of being set again by each message that went out. */
function sendHold(state: State, options: FsmOptions, now: number, progressAt: number): Step {
  const sendHoldAt = Math.min(progressAt, now) + state.sendHoldMs;
  if (sendHoldAt > now) return [{ ...state, sendHoldAt }, []];
  return fail(state, options, now, notify(NOTIFY.sendHoldExpired));
}

function holdAgain(state: State, now: number): State {
  return state.holdMs === 0 ? state : { ...state, holdAt: now + state.holdMs };
}

function opened(state: State, options: FsmOptions, holdTime: number, now: number): Step {
  const holdMs = holdTime * 1000;
  const third = Math.floor(holdMs / 3);
  const keepaliveMs = options.keepaliveMs === 0 ? third : Math.min(options.keepaliveMs, third);
  // Without a hold time the peer is never given up for silence, and neither for deafness (RFC 9687 §3.2).
  const sendHoldMs = holdMs === 0 ? 0 : options.sendHoldMs || Math.max(SEND_HOLD_LEAST_MS, 2 * holdMs);
  const keepaliveAt = now + jittered(keepaliveMs, options);
  const timers = holdMs === 0 ? NO_TIMERS : { ...NO_TIMERS, holdAt: now + holdMs, keepaliveAt };
  const next: State = { ...state, ...timers, name: "OPENCONFIRM", holdMs, keepaliveMs, sendHoldMs };
  return [next, [{ kind: "sendKeepalive" }]];
}

/** One step. Inputs that a state has no use for leave it as it is; messages that it must not get end the session. */
export function step(state: State, input: Input, now: number, options: FsmOptions): Step {
  const connected = isConnected(state);
  switch (input.kind) {
    case "start":
      return state.name === "IDLE" ? dial(state, options, now) : [state, []];
    case "stop":
      return stop(state, { notify: input.notify, data: input.data ?? NO_DATA });
    case "end":
      return end(state, now, input.content, input.idleMs);
    case "reset":
      return reset(state, options, now, { notify: NOTIFY.reset, data: input.data });
    case "tick":
      return tick(state, options, now, input.progressAt ?? NEVER);
    case "connected":
      return state.name === "CONNECT" && !connected ? connection(state, options, now) : [state, []];
    case "accepted":
      if (connected) return [state, []];
      return accepted(state, options, now);
    case "connectFailed":
      // §8.2.2, Connect state, event 18: go on listening until the retry timer expires.
      return state.name === "CONNECT" && !connected ? [{ ...state, name: "ACTIVE" }, []] : [state, []];
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

function accepted(state: State, options: FsmOptions, now: number): Step {
  const before: Output[] = state.name === "CONNECT" ? [{ kind: "abortConnect", late: false }] : [];
  // In IDLE, too: the peer is back before our idle time is over, or this is its second connection.
  return connection({ ...state, name: state.name === "IDLE" ? "ACTIVE" : state.name }, options, now, before);
}

function message(state: State, input: Input, now: number, options: FsmOptions): Step {
  if (input.kind === "open" && state.name === "OPENSENT") return opened(state, options, input.holdTime, now);
  if (input.kind === "open" && state.delayOpenAt !== NEVER) {
    // §8.2.2, event 20: the peer was first, so that nothing is waited for any longer.
    const [next, outputs] = opened(state, options, input.holdTime, now);
    return [next, [{ kind: "sendOpen" }, ...outputs]];
  }
  if (input.kind === "keepalive" && state.name === "OPENCONFIRM") {
    const sendHoldAt = state.sendHoldMs === 0 ? NEVER : now + state.sendHoldMs;
    return [{ ...holdAgain(state, now), name: "ESTABLISHED", upAt: now, sendHoldAt }, [{ kind: "up" }]];
  }
  if (state.name === "ESTABLISHED" && (input.kind === "keepalive" || input.kind === "update")) {
    return [holdAgain(state, now), []];
  }
  if (!isConnected(state)) return [state, []];
  return fail(state, options, now, notify(UNEXPECTED[state.name] ?? NOTIFY.fsm));
}
