// The life of a switch's connection as a pure function: HELLO, FEATURES, descriptions, ready, echo liveness.
// Sockets, timers and message bytes are session.ts's; a test is a list of inputs.

export interface ChannelState {
  /** What HELLO has agreed on; 0 before. */
  readonly version: number;
  readonly phase: "hello" | "features" | "describe" | "ready" | "closed";
  /** Monotonic ms. */
  readonly connectedAt: number;
  readonly heardAt: number;
  readonly echoSent: boolean;
  /** Descriptions (DESC, PORT_DESC) that have not been answered. */
  readonly descriptions: number;
}

export type ChannelInput =
  | { readonly kind: "connected" }
  /** `versions`: the bitmap of the peer's HELLO, null without one. */
  | { readonly kind: "hello"; readonly version: number; readonly versions: readonly number[] | null }
  | { readonly kind: "features"; readonly auxiliaryId: number }
  /** A description was answered, be it with an error. */
  | { readonly kind: "described" }
  /** An ERROR that answers nothing that we asked. */
  | { readonly kind: "error"; readonly name: string }
  /** A message that belongs to a later phase. */
  | { readonly kind: "other"; readonly name: string }
  | { readonly kind: "malformed"; readonly reason: string }
  /** Bytes came, whatever they say. */
  | { readonly kind: "heard" }
  | { readonly kind: "tick" };

export type ChannelOutput =
  | { readonly kind: "send-hello" | "send-features-request" | "send-descriptions" | "send-echo" | "ready" }
  /** ERROR HELLO_FAILED in the peer's own version, with this text. */
  | { readonly kind: "send-hello-failed"; readonly version: number; readonly text: string }
  /** ERROR BAD_REQUEST with this code. */
  | { readonly kind: "send-bad-request"; readonly code: "BAD_LEN" | "EPERM" }
  | { readonly kind: "close"; readonly reason: string };

export interface ChannelTimers {
  readonly handshakeMs: number;
  readonly echoMs: number;
  readonly deadMs: number;
}

/** What this controller speaks, the best first. */
export const VERSIONS: readonly number[] = [4, 1];
/** Of 1.3; in 1.0 the ports have come with the features. */
const DESCRIPTIONS = 2;

export function newChannel(now: number): ChannelState {
  return { version: 0, phase: "hello", connectedAt: now, heardAt: now, echoSent: false, descriptions: 0 };
}

type Step = readonly [ChannelState, readonly ChannelOutput[]];

function close(state: ChannelState, reason: string, ...before: ChannelOutput[]): Step {
  return [{ ...state, phase: "closed" }, [...before, { kind: "close", reason }]];
}

/** One step of the channel; `now` in monotonic ms. */
export function step(state: ChannelState, input: ChannelInput, now: number, timers: ChannelTimers): Step {
  if (state.phase === "closed") return [state, []];
  switch (input.kind) {
    case "connected":
      return [state, [{ kind: "send-hello" }]];
    case "hello":
      return onHello(state, input.version, input.versions);
    case "features":
      return onFeatures(state, input.auxiliaryId);
    case "described":
      return onDescribed(state);
    case "error":
      // Once the features are known a refusal (of SET_CONFIG, say) is no reason not to serve the switch.
      return state.phase === "ready" || state.phase === "describe"
        ? [state, []]
        : close(state, `the switch refused the handshake: ${input.name}`);
    case "other":
      // A switch may speak of ports and packets as soon as it knows the version (spec §6.3.1).
      return state.phase === "hello" ? close(state, `${input.name} came before HELLO`) : [state, []];
    case "malformed":
      return state.phase === "hello"
        ? close(state, input.reason)
        : close(state, input.reason, { kind: "send-bad-request", code: "BAD_LEN" });
    case "heard":
      return [{ ...state, heardAt: now, echoSent: false }, []];
    case "tick":
      return onTick(state, now, timers);
  }
}

/** Version negotiation (spec §6.3.1): the highest common bit, or the lower header version without bitmaps. */
function onHello(state: ChannelState, version: number, versions: readonly number[] | null): Step {
  if (state.phase !== "hello") return [state, []];
  const best = VERSIONS[0] as number;
  const common = VERSIONS.find((own) => (versions ? versions.includes(own) : own === Math.min(version, best)));
  if (common !== undefined) {
    return [{ ...state, version: common, phase: "features" }, [{ kind: "send-features-request" }]];
  }
  const text = "this controller speaks OpenFlow 1.3 (version 0x04) and 1.0 (version 0x01) only";
  return close(
    state,
    `no common version: the switch offers ${versions ? `bitmap ${versions.join(", ")}` : `version ${version}`}`,
    { kind: "send-hello-failed", version: Math.max(1, Math.min(version, best)), text },
  );
}

function onFeatures(state: ChannelState, auxiliaryId: number): Step {
  if (state.phase !== "features") return [state, []];
  // Auxiliary connections (spec §6.3.6) are not used: everything goes over the main one.
  if (auxiliaryId !== 0) {
    const refusal = { kind: "send-bad-request", code: "EPERM" } as const;
    return close(state, `auxiliary connection ${auxiliaryId} is not served`, refusal);
  }
  const descriptions = state.version === 1 ? 1 : DESCRIPTIONS;
  return [{ ...state, phase: "describe", descriptions }, [{ kind: "send-descriptions" }]];
}

function onDescribed(state: ChannelState): Step {
  if (state.phase !== "describe") return [state, []];
  if (state.descriptions > 1) return [{ ...state, descriptions: state.descriptions - 1 }, []];
  return [{ ...state, phase: "ready", descriptions: 0 }, [{ kind: "ready" }]];
}

function onTick(state: ChannelState, now: number, timers: ChannelTimers): Step {
  if (state.phase !== "ready") {
    return now - state.connectedAt >= timers.handshakeMs
      ? close(state, `the handshake did not finish within ${timers.handshakeMs / 1000} s (${state.phase})`)
      : [state, []];
  }
  const silent = now - state.heardAt;
  if (silent >= timers.deadMs) return close(state, `no message for ${Math.floor(silent / 1000)} s`);
  if (silent >= timers.echoMs && !state.echoSent) return [{ ...state, echoSent: true }, [{ kind: "send-echo" }]];
  return [state, []];
}
