import t from "tap";
import {
  awaitsOpen,
  type FsmOptions,
  INITIAL,
  type Input,
  isConnected,
  isDamped,
  nextDeadline,
  type Output,
  type State,
  step,
} from "../../../src/bgp/fsm.js";

const options: FsmOptions = {
  passive: false,
  connectRetryMs: 10_000,
  idleHoldMs: 5_000,
  openMs: 240_000,
  delayOpenMs: 0,
  damping: true,
  keepaliveMs: 0,
  sendHoldMs: 0,
  random: () => 0,
};
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
  t.match(step(run([["start"]]).state, { kind: "tick" }, 10_000, options)[1][0], { kind: "abortConnect", late: true });
  t.match(run([["start"]], { passive: true }), { state: { name: "ACTIVE" }, words: [] });
  t.same(run([["start"], ["accepted"]]).words, ["connect", "abortConnect", "sendOpen"]);
  t.same(run([["start"], ["accepted"]], { passive: true }).words, ["sendOpen"]);
});

t.test("the idle time doubles with each failure, and starts anew after a session that has lasted", async (t) => {
  const waits = (with_: Partial<FsmOptions>) => {
    let { state } = run([["start"]]);
    const found: number[] = [];
    for (let i = 0; i < 7; i++) {
      const now = i * 100_000;
      state = run(
        [
          ["connected", now],
          [{ kind: "error", content }, now],
        ],
        with_,
        state,
      ).state;
      found.push(state.idleHoldAt - now);
      state = run([["tick", state.idleHoldAt]], with_, state).state;
    }
    return { found, state };
  };
  const { found, state } = waits({});
  t.same(found, [5_000, 10_000, 20_000, 40_000, 80_000, 80_000, 80_000]);
  t.same(waits({ damping: false }).found, Array(7).fill(5_000));
  const up = (end: number) =>
    run([["connected"], [{ kind: "open", holdTime: 0 }], ["keepalive", 1_000], ["closed", end]], {}, state).state;
  t.match(up(2_000), { failures: 5, idleHoldAt: 82_000 }, "a session that does not last is one more");
  t.match(up(61_000), { failures: 0, idleHoldAt: 66_000 });
  t.equal(isDamped(up(2_000), options, 81_000), true);
  t.equal(isDamped(up(2_000), options, 82_000), false, "the time is over");
  t.equal(isDamped(up(2_000), { ...options, damping: false }, 81_000), false);
  t.equal(isDamped(up(61_000), options, 62_000), false);
});

t.test("DelayOpen (RFC 4271 §8.1.1)", async (t) => {
  const delayed = { delayOpenMs: 20_000 };
  const waiting = run([["start"], ["connected", 1_000]], delayed);
  t.same(waiting.words, ["connect"], "no OPEN yet");
  t.match(waiting.state, { name: "CONNECT", delayOpenAt: 21_000, connectRetryAt: Number.POSITIVE_INFINITY });
  t.ok(isConnected(waiting.state) && awaitsOpen(waiting.state));
  const over = run([["tick", 21_000]], delayed, waiting.state);
  t.same(over.words, ["sendOpen"]);
  t.match(over.state, { name: "OPENSENT", holdAt: 261_000 });
  const first = run([[{ kind: "open", holdTime: 90 }, 2_000]], delayed, waiting.state);
  t.same(first.words, ["sendOpen", "sendKeepalive"], "the peer was first");
  t.match(first.state, { name: "OPENCONFIRM", delayOpenAt: Number.POSITIVE_INFINITY });
  t.same(run([["closed", 2_000]], delayed, waiting.state).words, ["close"]);
  const garbage = run([[{ kind: "error", content }, 2_000]], delayed, waiting.state);
  t.same(garbage.words, ["close"], "no NOTIFICATION before an OPEN");
  t.same(run([["accepted", 2_000]], delayed, waiting.state).words, [], "a second connection is not for this session");
  const accepted = run([["start"], ["accepted", 5]], { ...delayed, passive: true });
  t.match(accepted, { state: { name: "ACTIVE", delayOpenAt: 20_005 }, words: [] });
});

t.test("the send hold timer (RFC 9687)", async (t) => {
  const at = (hold: number, with_: Partial<FsmOptions> = {}) =>
    run([["start"], ["connected"], [{ kind: "open", holdTime: hold }], ["keepalive"]], with_).state;
  t.equal(at(90).sendHoldAt, 480_000, "eight minutes at least");
  t.equal(at(300).sendHoldAt, 600_000, "twice the hold time");
  t.equal(at(90, { sendHoldMs: 7_000 }).sendHoldAt, 7_000, "as configured");
  t.equal(at(0, { sendHoldMs: 7_000 }).sendHoldAt, Number.POSITIVE_INFINITY, "no hold time, no timers");
  const up = at(90, { sendHoldMs: 7_000 });
  t.equal(run([["tick", 7_000]], {}, up).state.sendHoldAt, 14_000, "nothing was waiting");
  t.equal(run([[{ kind: "tick", progressAt: 3_000 }, 7_000]], {}, up).state.sendHoldAt, 10_000);
  const deaf = run([[{ kind: "tick", progressAt: 0 }, 7_000]], {}, up);
  t.same(deaf.words, ["notify 800", "down", "close"]);
  t.match(deaf.state, { name: "IDLE", stopped: false });
});

t.test("KEEPALIVEs come no later than is asked", async (t) => {
  const next = (keepaliveMs: number) => run(opened, { keepaliveMs }).state.keepaliveAt - 1_000;
  t.same([0, 10_000, 60_000].map(next), [30_000, 10_000, 30_000]);
});

t.test("jitter (RFC 4271 §10)", async (t) => {
  const chances = [0, 0.5, 0.8];
  let at = 0;
  const random = () => chances[at++ % chances.length] as number;
  const up = run([...opened, ["keepalive", 2_000]], { random });
  t.equal(at, 2, "one number a timer that is set");
  t.same([up.state.keepaliveAt, up.state.holdAt], [1_000 + 30_000 * 0.875, 92_000], "the hold time has none");
  const next = run([["tick", 40_000]], { random }, up.state);
  t.same([next.words, next.state.keepaliveAt], [["sendKeepalive"], 40_000 + 30_000 * 0.8], "another each time");
  const bounds = [0, 1 - 2 ** -53].map((chance) => run([["start"]], { random: () => chance }).state.connectRetryAt);
  t.same([bounds[0], Math.round(bounds[1] as number)], [10_000, 7_500]);
  const idle = run([["start"], ["connected"], ["closed", 1_000]], { random: () => 0.9 }).state;
  t.equal(idle.idleHoldAt, 6_000, "nor has the idle time");
});

t.test("the operator or a limit ends the session", async (t) => {
  const end = (idleMs: number): Input => ({ kind: "end", content, idleMs });
  const back = run([...opened, ["keepalive"], [end(30_000), 1_000]]);
  t.same(back.words.slice(4), ["notify 101", "down", "close"]);
  t.match(back.state, { name: "IDLE", stopped: false, idleHoldAt: 31_000, failures: 0 });
  t.equal(isDamped(back.state, { ...options, damping: false }, 30_999), true, "the peer cannot end the wait itself");
  t.equal(isDamped(back.state, options, 31_000), false);
  const again = run([["tick", 31_000]], {}, back.state);
  t.same(again.words, ["connect"]);
  const failed = run(
    [
      ["connected", 32_000],
      ["closed", 33_000],
    ],
    {},
    again.state,
  ).state;
  t.match(failed, { name: "IDLE", failures: 1 });
  t.equal(isDamped(failed, options, 33_500), false, "only the wait after the limit is one");
  const stays = run([...opened, ["keepalive"], [end(Number.POSITIVE_INFINITY), 1_000]]);
  t.match(stays.state, { name: "IDLE", stopped: true });
  t.match(run([["start"], [end(0)]]), { state: { stopped: false, idleHoldAt: 0 }, words: ["connect", "close"] });
  t.match(run([[end(0)]]), { state: { stopped: true }, words: [] }, "one that is stopped is not started by it");
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

t.test("reset", async (t) => {
  const reset: Input = { kind: "reset", data: new Uint8Array() };
  const back = run([...opened, ["keepalive"], [reset, 1_000]]);
  t.same(back.words.slice(4), ["notify 604", "down", "close"]);
  t.match(back.state, { name: "IDLE", stopped: false, held: false, idleHoldAt: 6_000 });
  t.same(run([["tick", 6_000]], {}, back.state).words, ["connect"]);
  t.same(run([["accepted", 2_000]], {}, back.state).words, ["sendOpen"], "the peer may be faster");
  const failed = run([["start"], ["connected"], ["closed"], [reset, 1_000]]);
  t.match(failed.state, { failures: 0, idleHoldAt: 6_000 }, "failures are forgiven");
  t.match(run([[reset]]), { state: { stopped: true }, words: [] }, "one that is stopped is not started by it");
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
    { kind: "end", content, idleMs: 5 },
    { kind: "reset", data: new Uint8Array() },
  ];
  const states = [INITIAL, run([["start"]]).state, run([["start"], ["connectFailed"]]).state];
  states.push(run([["start"], ["connected"]], { delayOpenMs: 9_000 }).state);
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
