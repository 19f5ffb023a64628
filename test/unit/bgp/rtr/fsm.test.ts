import t from "tap";
import { type FsmOptions, INITIAL, type Input, nextDeadline, type State, step } from "../../../../src/bgp/rtr/fsm.js";
import { decodePdu, type Pdu } from "../../../../src/bgp/rtr/pdu.js";
import { cacheReset, cacheResponse, endOfData, errorReport, serialNotify, vrp } from "../../../helpers/rtr.js";

const OPTIONS: FsmOptions = { refresh: 0, retry: 0, expire: 0, answerMs: 30_000, responseMs: 600_000 };

type Word = Input["kind"] | Input | Buffer;

/** Takes inputs one after another, [input, time], and tells what the driver must do. */
function run(inputs: [Word, number?][], from: State = INITIAL, options = OPTIONS): { state: State; words: string[] } {
  let state = from;
  let now = 0;
  const words: string[] = [];
  for (const [word, at] of inputs) {
    now = at ?? now;
    const input = Buffer.isBuffer(word)
      ? { kind: "pdu" as const, pdu: decodePdu(word) as Pdu }
      : typeof word === "string"
        ? ({ kind: word } as Input)
        : word;
    const [next, outputs] = step(state, input, now, options);
    state = next;
    for (const output of outputs) {
      if (output.kind === "send") words.push(`${output.bytes[1] === 2 ? "reset" : "serial"} v${output.bytes[0]}`);
      else if (output.kind === "begin") words.push(output.delta ? "begin delta" : "begin");
      else if (output.kind === "drop") words.push(output.all ? "drop all" : "drop");
      else if (output.kind === "report") words.push(`report ${output.code}`);
      else if (output.kind !== "note") words.push(output.kind);
    }
  }
  return { state, words };
}

const asked: [Word, number?][] = [["start"], ["connected"]];
const receiving: [Word, number?][] = [...asked, [cacheResponse(9)]];
const ready = run([...receiving, [endOfData(9, 5)]]).state;

t.test("all data, then what has changed", async (t) => {
  const first = run([...receiving, ["progress", 1_000], [endOfData(9, 5)]]);
  t.same(first.words, ["connect", "reset v1", "begin", "commit"]);
  t.match(first.state, { name: "READY", session: 9, serial: 5, data: true });
  t.equal(first.state.queryAt, 1_000 + 3_600_000);
  t.equal(first.state.expireAt, 1_000 + 7_200_000);
  t.equal(nextDeadline(first.state), first.state.queryAt);
  const second = run([["tick", 3_601_000], [cacheResponse(9)], [endOfData(9, 6)]], first.state);
  t.same(second.words, ["serial v1", "begin delta", "commit"]);
  t.equal(second.state.serial, 6);
  t.equal(second.state.expireAt, 3_601_000 + 7_200_000);
});

t.test("the operator's intervals win", async (t) => {
  const { state } = run([...receiving, [endOfData(9, 5)]], INITIAL, { ...OPTIONS, refresh: 10, expire: 100 });
  t.same([state.queryAt, state.expireAt], [10_000, 100_000]);
  const short = run([...receiving, [endOfData(9, 5)]], INITIAL, { ...OPTIONS, expire: 100 }).state;
  t.equal(short.queryAt, 99_000, "asked anew before it expires");
});

t.test("Serial Notify", async (t) => {
  t.same(
    run(
      [
        [serialNotify(9, 6), 500],
        ["tick", 999],
      ],
      ready,
    ).words,
    [],
    "not within a second of the last answer",
  );
  t.same(
    run(
      [
        [serialNotify(9, 6), 500],
        ["tick", 1_000],
      ],
      ready,
    ).words,
    ["serial v1"],
  );
  t.same(
    run(
      [
        [serialNotify(9, 5), 5_000],
        ["tick", 9_000],
      ],
      ready,
    ).words,
    [],
    "of what we have",
  );
  t.same(run([...asked, [serialNotify(7, 6, 0)], [cacheResponse(9)]]).words, ["connect", "reset v1", "begin"]);
  const other = run([[serialNotify(8, 6), 5_000]], ready);
  t.same(other.words, ["report 0", "close", "drop all"], "of another session: all of its data goes (section 5.1)");
  t.match(other.state, { name: "IDLE", data: false, session: null, connectAt: 6_000 });
});

t.test("Cache Reset", async (t) => {
  const { state, words } = run([["tick", 3_600_000], [cacheReset()], [cacheResponse(11)]], ready);
  t.same(words, ["serial v1", "reset v1", "begin"], "another session is fine where all is new");
  t.match(state, { data: true, session: 11 }, "the old data counts until the new is whole");
  const lost = run([["closed", 3_600_000], ["tick", 3_610_000], ["connected"]], state);
  t.same(lost.words, ["close", "drop", "connect", "reset v1"], "half of it is no ground for a Serial Query");
  t.equal(lost.state.data, true);
  t.same(run([...asked, [cacheReset()]]).words.slice(2), ["report 0", "close"], "in answer to a Reset Query");
  t.same(run([[cacheReset()]], ready).words, ["report 0", "close"], "unasked");
});

t.test("another session identifier", async (t) => {
  const response = run([["tick", 3_600_000], [cacheResponse(8)]], ready);
  t.same(response.words, ["serial v1", "report 0", "close", "drop all"]);
  const end = run([...receiving, [endOfData(8, 1)]]);
  t.same(end.words.slice(3), ["report 0", "close", "drop", "drop all"]);
  t.equal(end.state.data, false);
});

t.test("a connection that is lost is made again, with what we have", async (t) => {
  const lost = run([["closed", 1_000], ["tick", 2_000], ["connected"]], ready);
  t.same(lost.words, ["close", "connect", "serial v1"]);
  const within = run([["tick", 3_600_000], [cacheResponse(9)], ["closed"], ["tick", 3_601_000], ["connected"]], ready);
  t.same(within.words, ["serial v1", "begin delta", "close", "drop", "connect", "serial v1"]);
  let { state } = run([["start"]]);
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    state = run([["closed", 0]], state).state;
    waits.push(state.connectAt / 1000);
    state = run([["tick", state.connectAt]], state).state;
  }
  t.same(waits, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
});

t.test("data expires", async (t) => {
  const { state } = run([["closed", 1_000]], ready);
  const gone = run([["tick", 7_200_000]], { ...state, connectAt: 1e9 });
  t.same(gone.words, ["drop all"]);
  t.match(gone.state, { data: false, session: null });
  const mute = run(
    [
      ["tick", 3_600_000],
      ["tick", 3_630_000],
    ],
    ready,
  );
  t.same(mute.words, ["serial v1", "close"], "no answer within 30 s");
  const slow = run([["tick", 3_600_000], [cacheResponse(9)], ["progress", 4_199_999], ["tick", 4_200_000]], ready);
  t.same(slow.words, ["serial v1", "begin delta", "close", "drop"], "an answer without end");
});

t.test("older protocol versions", async (t) => {
  const told = run([...asked, [errorReport(4, "", 0), 5], ["tick", 5], ["connected"], [cacheResponse(9, 0)]]);
  t.same(told.words, ["connect", "reset v1", "close", "connect", "reset v0", "begin"], "at once");
  const done = run([[endOfData(9, 5, 0)]], told.state).state;
  t.match(done, { name: "READY", version: 0, intervals: { refresh: 3_600 } });
  t.same(run([...asked, [cacheResponse(9, 0)], [endOfData(9, 5, 0)]]).words.at(-1), "commit", "answered in version 0");
  const hung = run([...asked, ["closed"], ["tick", 1_000], ["connected"]]);
  t.same(hung.words.slice(2), ["close", "connect", "reset v0"], "hung up on");
  const both = run([["closed"], ["tick", 9_000], ["connected"]], hung.state);
  t.same(both.words, ["close", "connect", "reset v1"]);
  const back = run([["closed", 10], ["tick", 9_000], ["connected"]], done);
  t.same(back.words, ["close", "connect", "reset v1"], "a new connection begins with the newest");
  t.same(run([[endOfData(9, 6, 0)]], run(receiving).state).words, ["report 8", "close", "drop"]);
  t.same(run([...asked, [cacheResponse(9, 1)]], { ...INITIAL, version: 0 }).words.at(-2), "report 8");
});

t.test("No Data Available is asked again on the same connection", async (t) => {
  const { state, words } = run([...asked, [errorReport(2)]]);
  t.same(words, ["connect", "reset v1"]);
  t.match(state, { name: "EMPTY", queryAt: 600_000 });
  t.same(run([["tick", 600_000]], state).words, ["reset v1"]);
  t.same(
    run(
      [
        [serialNotify(9, 1), 5_000],
        ["tick", 5_000],
      ],
      state,
    ).words,
    ["reset v1"],
  );
  const kept = run([["tick", 3_600_000], [errorReport(2)], ["tick", 4_200_000]], ready);
  t.same(kept.words, ["serial v1", "serial v1"]);
  t.equal(kept.state.data, true);
});

t.test("what is out of place", async (t) => {
  t.same(run([[vrp("10.0.0.0/8 1")]], ready).words, ["report 0", "close"]);
  t.same(run([[endOfData(9, 5)]], ready).words, ["report 0", "close"]);
  t.same(run([[cacheResponse(9)]], ready).words, ["report 0", "close"]);
  const fault = run([[{ kind: "fault", code: 7, text: "" }, 0], ["tick", 1_000], ["connected"]], run(receiving).state);
  t.same(fault.words, ["report 7", "close", "drop", "connect", "reset v1"]);
  t.same(run([[{ kind: "fault", code: 0, text: "", silent: true }]], ready).words, ["close"]);
  t.same(run([[errorReport(3)], ["tick", 1_000], ["connected"]], ready).words, ["close", "connect", "reset v1"]);
});

t.test("stop", async (t) => {
  const { state, words } = run([["stop"], ["tick", 1e9], ["closed"]], ready);
  t.same(words, ["close", "drop all"]);
  t.match(state, { name: "IDLE", stopped: true, data: false });
});

t.test("no input breaks any state", async (t) => {
  const states = [INITIAL, run([["start"]]).state, run(asked).state, run(receiving).state, ready];
  states.push(run([...asked, [errorReport(2)]]).state, run([["tick", 3_600_000]], ready).state);
  const inputs: Word[] = ["start", "stop", "connected", "closed", "progress", "tick"];
  for (const version of [0, 1]) {
    inputs.push(
      cacheReset(version),
      cacheResponse(9, version),
      cacheResponse(8, version),
      vrp("10.0.0.0/8 1", true, version),
    );
    inputs.push(
      endOfData(9, 1, version),
      serialNotify(9, 9, version),
      errorReport(4, "", version),
      errorReport(2, "", version),
    );
  }
  for (const state of states) {
    for (const one of inputs) {
      for (const two of inputs) {
        const { state: next, words } = run(
          [
            [one, 3_600_000],
            [two, 3_700_000],
          ],
          state,
        );
        // Data comes whole or not at all, and nothing waits without a timer.
        if (words.includes("commit"))
          t.ok(words.includes("begin") || words.includes("begin delta") || state.name === "RECEIVE");
        if (!next.stopped && nextDeadline(next) === Number.POSITIVE_INFINITY)
          t.fail(`${state.name} ${words} has no timer`);
      }
    }
  }
});
