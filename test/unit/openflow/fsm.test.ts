// The channel's state machine: lists of inputs, no sockets.

import t from "tap";
import { type ChannelInput, type ChannelOutput, newChannel, step } from "../../../src/openflow/fsm.js";

const TIMERS = { handshakeMs: 10_000, echoMs: 5_000, deadMs: 15_000 };

/** Runs inputs, each at a time in ms, and returns the last phase and all outputs by name. */
function run(...inputs: [number, ChannelInput][]): { phase: string; out: string[]; last: ChannelOutput | undefined } {
  let state = newChannel(0);
  const all: ChannelOutput[] = [];
  for (const [at, input] of inputs) {
    const [next, outputs] = step(state, input, at, TIMERS);
    state = next;
    all.push(...outputs);
  }
  return { phase: state.phase, out: all.map(({ kind }) => kind), last: all.at(-1) };
}

const connected: [number, ChannelInput] = [0, { kind: "connected" }];
const hello: [number, ChannelInput] = [1, { kind: "hello", version: 4, versions: [4] }];
const features: [number, ChannelInput] = [2, { kind: "features", auxiliaryId: 0 }];
const described: [number, ChannelInput] = [3, { kind: "described" }];
const ready = [connected, hello, features, described, described] as const;

t.test("a switch becomes ready", async (t) => {
  const { phase, out } = run(...ready);
  t.equal(phase, "ready");
  t.same(out, ["send-hello", "send-features-request", "send-descriptions", "ready"]);
});

t.test("version negotiation (spec 6.3.1)", async (t) => {
  const cases: [number, number[] | null, boolean][] = [
    [4, null, true],
    [5, null, true],
    [6, [1, 4, 6], true],
    [1, null, true],
    [2, null, false],
    [3, null, false],
    [6, [1, 5, 6], true],
    [6, [2, 5, 6], false],
    [1, [1, 4], true],
  ];
  for (const [version, versions, agreed] of cases) {
    const { phase, out, last } = run(connected, [1, { kind: "hello", version, versions }]);
    t.equal(phase, agreed ? "features" : "closed", `version ${version}, bitmap ${versions}`);
    if (!agreed) {
      t.same(out, ["send-hello", "send-hello-failed", "close"]);
      t.match((last as { reason: string }).reason, /no common version/);
    }
  }
});

t.test("HELLO_FAILED goes out in the switch's own version", async (t) => {
  const [, outputs] = step(newChannel(0), { kind: "hello", version: 2, versions: null }, 0, TIMERS);
  t.match(outputs[0], { kind: "send-hello-failed", version: 2 });
});

t.test("the best common version is agreed on; in 1.0 the ports come with the features", async (t) => {
  const agreed = (version: number, versions: number[] | null): number =>
    step(newChannel(0), { kind: "hello", version, versions }, 0, TIMERS)[0].version;
  t.equal(agreed(1, [1, 4]), 4);
  t.equal(agreed(6, [1, 5, 6]), 1);
  t.equal(agreed(1, null), 1);
  t.equal(agreed(6, null), 4);
  t.equal(agreed(3, null), 0);
  const old: [number, ChannelInput] = [1, { kind: "hello", version: 1, versions: null }];
  t.equal(run(connected, old, features, described).phase, "ready");
});

t.test("a slow handshake is ended in every phase", async (t) => {
  for (let n = 1; n < ready.length; n++) {
    const { phase, last } = run(...ready.slice(0, n), [10_000, { kind: "tick" }]);
    t.equal(phase, "closed");
    t.match((last as { reason: string }).reason, /handshake did not finish/);
  }
  t.equal(run(...ready, [10_000, { kind: "tick" }]).phase, "ready");
});

t.test("silence: one echo, then the end; any byte resets it", async (t) => {
  t.same(run(...ready, [4_999, { kind: "tick" }]).out.at(-1), "ready");
  const echoed = run(...ready, [5_100, { kind: "tick" }], [6_000, { kind: "tick" }]);
  t.equal(echoed.out.filter((kind) => kind === "send-echo").length, 1);
  t.equal(run(...ready, [5_100, { kind: "tick" }], [15_100, { kind: "tick" }]).phase, "closed");
  const alive = run(...ready, [5_100, { kind: "tick" }], [6_000, { kind: "heard" }], [15_100, { kind: "tick" }]);
  t.equal(alive.phase, "ready");
  t.equal(alive.out.filter((kind) => kind === "send-echo").length, 2);
});

t.test("what does not belong there ends the connection, or is ignored", async (t) => {
  t.equal(run(connected, [1, { kind: "other", name: "PACKET_IN" }]).phase, "closed");
  t.equal(run(connected, hello, [2, { kind: "other", name: "PORT_STATUS" }]).phase, "features");
  t.equal(run(connected, hello, [2, { kind: "error", name: "HELLO_FAILED/EPERM" }]).phase, "closed");
  t.equal(run(...ready, [9, { kind: "error", name: "BAD_REQUEST/BAD_TYPE" }]).phase, "ready");
  const noConfig: [number, ChannelInput] = [3, { kind: "error", name: "SWITCH_CONFIG_FAILED/BAD_LEN" }];
  t.equal(run(connected, hello, features, noConfig, described, described).phase, "ready", "SET_CONFIG refused");
  t.equal(run(connected, hello, [2, { kind: "features", auxiliaryId: 1 }]).phase, "closed");
  t.same(run(...ready, [9, { kind: "malformed", reason: "x" }]).out.slice(-2), ["send-bad-request", "close"]);
  t.equal(
    run(...ready, [9, { kind: "malformed", reason: "x" }], hello, features).phase,
    "closed",
    "closed stays closed",
  );
  t.equal(run(...ready, hello, features, described).phase, "ready", "repeats change nothing");
});
