import t from "tap";
import {
  type FsmOptions,
  INITIAL,
  type Input,
  nextDeadline,
  type Output,
  type State,
  step,
} from "../../../src/bgp/fsm.js";

const options: FsmOptions = { passive: false, connectRetryMs: 10_000, idleHoldMs: 5_000, openMs: 240_000 };
const content = { notify: 0x0101, data: new Uint8Array() };

/** Runs inputs with their times; returns the last state and all outputs as short words. */
function run(inputs: [Input | Input["kind"], number?][], with_: Partial<FsmOptions> = {}, from: State = INITIAL) {
  let state = from;
  const words: string[] = [];
  for (const [input, now = 0] of inputs) {
    const one = typeof input === "string" ? ({ kind: input } as Input) : input;
    const [next, outputs] = step(state, one, now, { ...options, ...with_ });
    state = next;
    words.push(...outputs.map(word));
  }
  return { state, words };
}

function word(output: Output): string {
  return output.kind === "sendNotification" ? `notify ${output.content.notify.toString(16)}` : output.kind;
}

const opened: [Input | Input["kind"], number?][] = [["start"], ["connected"], [{ kind: "open", holdTime: 90 }, 1_000]];

t.test("the straight way up", async (t) => {
  const { state, words } = run([...opened, ["keepalive", 2_000]]);
  t.equal(state.name, "ESTABLISHED");
  t.same(words, ["connect", "sendOpen", "sendKeepalive", "up"]);
  t.equal(state.holdAt, 92_000);
  t.equal(state.keepaliveAt, 31_000, "a third of the hold time after the last one");
  t.equal(nextDeadline(state), 31_000);
});

t.test("timers", async (t) => {
  const up = run([...opened, ["keepalive", 2_000]]).state;
  t.same(run([["tick", 31_000]], {}, up).words, ["sendKeepalive"]);
  t.same(run([["tick", 30_000]], {}, up).words, [], "too early");
  t.equal(run([["update", 80_000]], {}, up).state.holdAt, 170_000, "an UPDATE is a sign of life");
  const dead = run([["tick", 92_000]], {}, up);
  t.same(dead.words, ["notify 400", "down", "close"]);
  t.match(dead.state, { name: "IDLE", stopped: false, idleHoldAt: 97_000 });
  t.same(run([["tick", 97_000]], {}, dead.state).words, ["connect"]);
  const noOpen = run([["start"], ["connected", 5], ["tick", 240_005]]);
  t.same(noOpen.words.slice(2), ["notify 400", "close"]);
  const zero = run([["start"], ["connected"], [{ kind: "open", holdTime: 0 }], ["keepalive"]]);
  t.equal(nextDeadline(zero.state), Number.POSITIVE_INFINITY, "hold time 0: no timers");
});

t.test("dialling", async (t) => {
  const failed = run([["start"], ["connectFailed", 100]]);
  t.match(failed.state, { name: "ACTIVE", connectRetryAt: 10_000 });
  t.same(run([["tick", 10_000]], {}, failed.state).words, ["connect"]);
  const hangs = run([["start"], ["tick", 10_000]]);
  t.same(hangs.words, ["connect", "abortConnect", "connect"]);
  t.match(run([["start"]], { passive: true }), { state: { name: "ACTIVE" }, words: [] });
  t.same(run([["start"], ["accepted"]]).words, ["connect", "abortConnect", "sendOpen"]);
  t.same(run([["start"], ["accepted"]], { passive: true }).words, ["sendOpen"]);
});

t.test("the idle time doubles with each failure, and starts anew after a session", async (t) => {
  let { state } = run([["start"]]);
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    state = run([["connected"], [{ kind: "error", content }]], {}, state).state;
    waits.push(state.idleHoldAt);
    state = run([["tick", state.idleHoldAt]], {}, state).state;
  }
  t.same(waits, [5_000, 10_000, 20_000, 40_000, 40_000, 40_000, 40_000]);
  const up = run([["connected"], [{ kind: "open", holdTime: 90 }], ["keepalive"], ["closed"]], {}, state).state;
  t.equal(up.idleHoldAt, 5_000);
});

t.test("stop", async (t) => {
  const stop: Input = { kind: "stop", notify: 0x0602 };
  t.same(run([...opened, ["keepalive"], [stop]]).words.slice(4), ["notify 602", "down", "close"]);
  t.same(run([...opened, [stop]]).words.slice(3), ["notify 602", "close"]);
  t.same(run([["start"], [stop]]).words, ["connect", "close"]);
  const stopped = run([["start"], [stop], [stop], ["tick", 1e9]]);
  t.match(stopped.state, { name: "IDLE", stopped: true });
  t.same(run([["start"]], {}, stopped.state).words, ["connect"]);
});

t.test("messages that a state must not get (RFC 6608)", async (t) => {
  t.same(run([["start"], ["connected"], ["keepalive"]]).words.slice(2), ["notify 501", "close"]);
  t.same(run([["start"], ["connected"], ["update"]]).words.slice(2), ["notify 501", "close"]);
  t.same(run([...opened, ["update"]]).words.slice(3), ["notify 502", "close"]);
  t.same(run([...opened, [{ kind: "open", holdTime: 9 }]]).words.slice(3), ["notify 502", "close"]);
  t.same(run([...opened, ["keepalive"], [{ kind: "open", holdTime: 9 }]]).words.slice(4), [
    "notify 503",
    "down",
    "close",
  ]);
});

t.test("no input breaks any state", async (t) => {
  const inputs: (Input | Input["kind"])[] = [
    "start",
    "connected",
    "accepted",
    "connectFailed",
    "closed",
    "keepalive",
    "update",
    "notification",
    "collision",
    "tick",
    { kind: "stop", notify: 0x0602 },
    { kind: "open", holdTime: 90 },
    { kind: "error", content },
  ];
  const states = [INITIAL, run([["start"]]).state, run([["start"], ["connectFailed"]]).state];
  states.push(run([["start"], ["connected"]]).state, run(opened).state, run([...opened, ["keepalive"]]).state);
  for (const state of states) {
    for (const input of inputs) {
      const { state: next, words } = run([[input, 3_000]], {}, state);
      const left = state.name === "ESTABLISHED" && next.name !== "ESTABLISHED";
      t.equal(words.includes("down"), left, `${state.name} ${JSON.stringify(input)}`);
      t.equal(words.includes("up"), state.name !== "ESTABLISHED" && next.name === "ESTABLISHED");
    }
  }
});
