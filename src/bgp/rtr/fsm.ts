// The router's end of a session with a cache (RFC 8210 §8) as a pure function: step(state, input, now, options) gives
// the next state and what the driver must do. Timers are deadlines in the state, as in ../fsm.ts.

import {
  DEFAULT_INTERVALS,
  ERROR,
  encodeResetQuery,
  encodeSerialQuery,
  type Intervals,
  type Pdu,
  VERSION_MAX,
} from "./pdu.js";

/** IDLE waits to connect; QUERY has asked; RECEIVE is within a response; READY has data; EMPTY: the cache has none. */
export type CacheStateName = "IDLE" | "CONNECT" | "QUERY" | "RECEIVE" | "READY" | "EMPTY";

export interface FsmOptions {
  /** Seconds that win over the cache's; 0 not. */
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  /** How long a connection, an answer or the next piece of one may take. */
  readonly answerMs: number;
  /** How long a whole response may take. */
  readonly responseMs: number;
}

export interface State {
  readonly name: CacheStateName;
  readonly stopped: boolean;
  /** The protocol version that the connection has, or that the next one begins with. */
  readonly version: number;
  /** The cache has answered on this connection, so that its version stands. */
  readonly spoken: boolean;
  /** The session identifier and serial of the data; session null: the next query is for all. */
  readonly session: number | null;
  readonly serial: number;
  /** What was asked for, or comes, is all data. */
  readonly full: boolean;
  /** Data of this cache counts. */
  readonly data: boolean;
  readonly intervals: Intervals;
  /** Connections that failed in a row: each doubles the wait. */
  readonly failures: number;
  /** Deadlines in ms, Infinity when off. */
  readonly connectAt: number;
  readonly answerAt: number;
  readonly responseAt: number;
  readonly queryAt: number;
  readonly expireAt: number;
  /** No query before this because of a Serial Notify. */
  readonly notifyAt: number;
}

export type Input =
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  | { readonly kind: "connected" }
  /** The connection, or the attempt at one, has failed. */
  | { readonly kind: "closed" }
  /** Prefixes have come. */
  | { readonly kind: "progress" }
  | { readonly kind: "pdu"; readonly pdu: Pdu }
  /** What came cannot be taken. `silent`: it was an Error Report, which is not answered with another (§5.11). */
  | { readonly kind: "fault"; readonly code: number; readonly text: string; readonly silent?: boolean }
  | { readonly kind: "tick" };

export type Output =
  | { readonly kind: "connect" }
  | { readonly kind: "close" }
  | { readonly kind: "send"; readonly bytes: Buffer }
  /** An Error Report is due, about the PDU that the driver is at. */
  | { readonly kind: "report"; readonly code: number; readonly text: string }
  /** New data begins: all of it, or what changes. */
  | { readonly kind: "begin"; readonly delta: boolean }
  /** The new data is whole and takes its place. */
  | { readonly kind: "commit" }
  /** Forgets the new data, with `all` everything. */
  | { readonly kind: "drop"; readonly all: boolean }
  | { readonly kind: "note"; readonly text: string };

type Step = [State, Output[]];

const OFF = Number.POSITIVE_INFINITY;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 64_000;
const NOTIFY_GAP_MS = 1_000;

export const INITIAL: State = {
  name: "IDLE",
  stopped: true,
  version: VERSION_MAX,
  spoken: false,
  session: null,
  serial: 0,
  full: true,
  data: false,
  intervals: DEFAULT_INTERVALS,
  failures: 0,
  connectAt: OFF,
  answerAt: OFF,
  responseAt: OFF,
  queryAt: OFF,
  expireAt: OFF,
  notifyAt: 0,
};

/** When the next tick is due. */
export function nextDeadline(state: State): number {
  return Math.min(state.connectAt, state.answerAt, state.responseAt, state.queryAt, state.expireAt);
}

/** The intervals that hold: the operator's, else the cache's, else RFC 8210's defaults. */
function intervals(given: Intervals | null, options: FsmOptions): Intervals {
  const base = given ?? DEFAULT_INTERVALS;
  const expire = options.expire || base.expire;
  return {
    // Data is asked for anew before it expires.
    refresh: Math.min(options.refresh || base.refresh, Math.max(expire - 1, 1)),
    retry: options.retry || base.retry,
    expire,
  };
}

/** Ends the connection; data that counts stays until it expires. The next try comes after a wait, or `soon`. */
function leave(state: State, now: number, soon = false): Step {
  const outputs: Output[] = [{ kind: "close" }];
  if (state.name === "RECEIVE") outputs.push({ kind: "drop", all: false });
  const longest = Math.min(LONGEST_WAIT_MS, state.intervals.retry * 1000);
  const wait = soon ? 0 : Math.min(FIRST_WAIT_MS * 2 ** Math.min(state.failures, 16), longest);
  // The identifier of all data that was coming in does not belong to the data that is there.
  const session = state.name === "RECEIVE" && state.full ? null : state.session;
  const next: State = {
    ...state,
    name: "IDLE",
    spoken: false,
    session,
    failures: soon ? state.failures : state.failures + 1,
    connectAt: state.stopped ? OFF : now + wait,
    answerAt: OFF,
    responseAt: OFF,
    queryAt: OFF,
  };
  return [next, outputs];
}

/** The next connection begins with another version, whose session identifiers are others (§5.1). */
function withVersion(state: State, version: number): State {
  return state.version === version ? state : { ...state, version, session: null };
}

/** Asks for what is new, or for all. */
function query(state: State, now: number, options: FsmOptions): Step {
  const { version, session, serial } = state;
  const full = session === null;
  const bytes = full ? encodeResetQuery(version) : encodeSerialQuery(version, session, serial);
  const next: State = { ...state, name: "QUERY", full, queryAt: OFF, answerAt: now + options.answerMs };
  return [next, [{ kind: "send", bytes }]];
}

function fault(state: State, now: number, code: number, text: string, silent = false): Step {
  // Whatever it was, what the cache says next about changes cannot be built on: all data is asked for anew.
  const [next, outputs] = leave({ ...state, session: null }, now);
  const report: Output[] = silent ? [] : [{ kind: "report", code, text }];
  return [next, [...report, { kind: "note", text }, ...outputs]];
}

/** §5.1: with another session identifier the session ends and all of the cache's data goes. */
function strangerSession(state: State, now: number): Step {
  const [next, outputs] = fault(state, now, ERROR.corrupt, "another session identifier");
  return [{ ...next, data: false, expireAt: OFF }, [...outputs, { kind: "drop", all: true }]];
}

function errorReport(state: State, pdu: Pdu & { kind: "errorReport" }, now: number): Step {
  const note: Output = { kind: "note", text: `reports error ${pdu.code}${pdu.text === "" ? "" : `: ${pdu.text}`}` };
  if (pdu.code === ERROR.noData) {
    // §8.4: not fatal; it is asked again, and other caches may have what this one has not.
    const drop: Output[] = state.name === "RECEIVE" ? [{ kind: "drop", all: false }] : [];
    const queryAt = now + state.intervals.retry * 1000;
    const settled = withVersion(state, Math.min(state.version, pdu.version));
    const session = state.name === "RECEIVE" ? null : settled.session;
    const times = { answerAt: OFF, responseAt: OFF, queryAt };
    return [{ ...settled, ...times, name: "EMPTY", spoken: true, session }, [note, ...drop]];
  }
  const older = pdu.code === ERROR.unsupportedVersion && !state.spoken && state.version > 0;
  const [next, outputs] = leave(
    older ? withVersion(state, state.version - 1) : { ...state, session: null },
    now,
    older,
  );
  return [next, [note, ...outputs]];
}

function cacheResponse(state: State, pdu: Pdu & { kind: "cacheResponse" }, now: number, options: FsmOptions): Step {
  if (state.name !== "QUERY") return fault(state, now, ERROR.corrupt, "a Cache Response that nothing asked for");
  if (!state.full && pdu.session !== state.session) return strangerSession(state, now);
  const next: State = {
    ...state,
    name: "RECEIVE",
    session: pdu.session,
    answerAt: now + options.answerMs,
    responseAt: now + options.responseMs,
  };
  return [next, [{ kind: "begin", delta: !state.full }]];
}

function endOfData(state: State, pdu: Pdu & { kind: "endOfData" }, now: number, options: FsmOptions): Step {
  if (state.name !== "RECEIVE") return fault(state, now, ERROR.corrupt, "an End of Data without a Cache Response");
  if (pdu.session !== state.session) return strangerSession(state, now);
  const times = intervals(pdu.intervals, options);
  const next: State = {
    ...state,
    name: "READY",
    serial: pdu.serial,
    data: true,
    intervals: times,
    failures: 0,
    answerAt: OFF,
    responseAt: OFF,
    queryAt: now + times.refresh * 1000,
    expireAt: now + times.expire * 1000,
    notifyAt: now + NOTIFY_GAP_MS,
  };
  return [next, [{ kind: "commit" }]];
}

function serialNotify(state: State, pdu: Pdu & { kind: "serialNotify" }, now: number): Step {
  if (state.name !== "READY" && state.name !== "EMPTY") return [state, []];
  if (state.session !== null && pdu.session !== state.session) return strangerSession(state, now);
  if (state.session !== null && state.name === "READY" && pdu.serial === state.serial) return [state, []];
  return [{ ...state, queryAt: Math.min(state.queryAt, Math.max(now, state.notifyAt)) }, []];
}

function takePdu(state: State, pdu: Pdu, now: number, options: FsmOptions): Step {
  if (pdu.kind === "errorReport") return errorReport(state, pdu, now);
  // §7: a Serial Notify before the first answer says nothing about the version.
  if (pdu.kind === "serialNotify" && !state.spoken) return [state, []];
  if (pdu.version > state.version || (state.spoken && pdu.version !== state.version)) {
    return fault(state, now, ERROR.unexpectedVersion, `version ${pdu.version} where ${state.version} was agreed on`);
  }
  if (pdu.version < state.version && !state.full) {
    // An older version has other session identifiers: what was asked for cannot be answered.
    return leave(withVersion(state, pdu.version), now, true);
  }
  const heard: State = { ...withVersion(state, pdu.version), spoken: true };
  switch (pdu.kind) {
    case "cacheResponse":
      return cacheResponse(heard, pdu, now, options);
    case "endOfData":
      return endOfData(heard, pdu, now, options);
    case "serialNotify":
      return serialNotify(heard, pdu, now);
    case "cacheReset":
      if (heard.name !== "QUERY" || heard.full) return fault(heard, now, ERROR.corrupt, "a Cache Reset out of place");
      return query({ ...heard, session: null }, now, options);
    default:
      return fault(heard, now, ERROR.corrupt, "a prefix outside of a response");
  }
}

/** A connection has ended that nobody here has ended. */
function closed(state: State, now: number): Step {
  // A cache of before RFC 8210 may hang up on what it does not know; the try after that begins with ours again.
  const mute = state.name === "QUERY" && !state.spoken;
  return leave(withVersion(state, mute && state.version === VERSION_MAX ? 0 : VERSION_MAX), now);
}

function tick(state: State, now: number, options: FsmOptions): Step {
  if (now >= state.expireAt) {
    const next: State = { ...state, data: false, session: null, expireAt: OFF };
    const outputs: Output[] = [
      { kind: "drop", all: true },
      { kind: "note", text: "its data has expired" },
    ];
    // What is coming in was built on the data that goes.
    if (state.name !== "RECEIVE" && state.name !== "QUERY") return [next, outputs];
    const [left, more] = leave(next, now);
    return [left, [...outputs, ...more]];
  }
  if (now >= state.answerAt || now >= state.responseAt) {
    const [next, outputs] = leave(state.name === "RECEIVE" ? { ...state, session: null } : state, now);
    return [next, [{ kind: "note", text: "does not answer" }, ...outputs]];
  }
  if (now >= state.queryAt) return query(state, now, options);
  if (now >= state.connectAt) {
    return [{ ...state, name: "CONNECT", connectAt: OFF, answerAt: now + options.answerMs }, [{ kind: "connect" }]];
  }
  return [state, []];
}

/** The next state and what is to be done, `now` in ms of any steady clock. */
export function step(state: State, input: Input, now: number, options: FsmOptions): Step {
  switch (input.kind) {
    case "start":
      return state.stopped ? tick({ ...state, stopped: false, connectAt: now }, now, options) : [state, []];
    case "stop": {
      const [next, outputs] = leave({ ...state, stopped: true }, now);
      return [{ ...next, data: false, session: null, expireAt: OFF }, [...outputs, { kind: "drop", all: true }]];
    }
    case "tick":
      return tick(state, now, options);
    default:
      break;
  }
  if (state.name === "IDLE") return [state, []];
  switch (input.kind) {
    case "connected":
      return state.name === "CONNECT" ? query({ ...state, spoken: false }, now, options) : [state, []];
    case "closed":
      return closed(state, now);
    case "progress":
      return [state.name === "RECEIVE" ? { ...state, answerAt: now + options.answerMs } : state, []];
    case "pdu":
      return takePdu(state, input.pdu, now, options);
    case "fault":
      return fault(state, now, input.code, input.text, input.silent);
  }
}
