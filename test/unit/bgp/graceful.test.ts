import t from "tap";
import {
  type Ending,
  type HelperInput,
  type HelperOutput,
  type HelperState,
  isGraceful,
  NOTHING_KEPT,
  nextDeadline,
  stepHelper,
} from "../../../src/bgp/graceful.js";
import { GracefulHelper } from "../../../src/bgp/graceful_driver.js";
import {
  beginRestart,
  isRestarting,
  NOT_RESTARTING,
  type RestarterInput,
  type RestarterState,
  stepRestarter,
} from "../../../src/bgp/graceful_restarter.js";
import type { Negotiated } from "../../../src/bgp/negotiate.js";
import { until } from "../../helpers/wait.js";

const families = [0, 1].map((rib) => ({ afi: rib + 1, safi: 1, rib }));
const both = [0, 1].map((family) => ({ family, forwarding: true }));
const PEER: Negotiated = {
  families,
  fourOctetAs: true,
  addPathIn: [],
  addPathOut: [],
  extendedMessages: false,
  extendedNextHop: [],
  refreshType: 5,
  enhancedRefresh: false,
  gracefulRestart: { restartTime: 120, restarting: false, notification: false, families: both },
  llgr: [],
  role: null,
  theirRole: null,
  holdTime: 90,
};
const gr = (more: Partial<NonNullable<Negotiated["gracefulRestart"]>>): Negotiated => ({
  ...PEER,
  gracefulRestart: { restartTime: 120, restarting: false, notification: false, families: both, ...more },
});

const LOST: Ending = { kind: "lost", notify: 0 };
const down = (negotiated = PEER, ending = LOST): HelperInput => ({ kind: "down", ending, negotiated });
const up = (negotiated = PEER): HelperInput => ({ kind: "up", negotiated });
const eor = (family: number): HelperInput => ({ kind: "endOfRib", family });
const tick: HelperInput = { kind: "tick" };

function run(inputs: [HelperInput, number?][], from: HelperState = NOTHING_KEPT) {
  let state = from;
  const words: string[] = [];
  for (const [input, now = 0] of inputs) {
    const [next, outputs] = stepHelper(state, input, now, { staleMs: 60_000 });
    state = next;
    words.push(...outputs.map((output: HelperOutput) => `${output.kind} ${output.family}`));
  }
  return { state, words };
}

t.test("a restart that goes well", async (t) => {
  const gone = run([[down(), 1_000]]);
  t.same(gone.words, ["keep 0", "keep 1"]);
  t.equal(nextDeadline(gone.state), 121_000, "the restart time that the peer asked for");
  const back = run([[up(), 50_000]], gone.state);
  t.same(back.words, [], "all waits for End-of-RIB");
  t.equal(nextDeadline(back.state), 110_000);
  t.same(run([[eor(0)], [eor(0)], [eor(1)]], back.state).words, ["sweep 0", "sweep 1"]);
  t.same(run([[eor(0)], [eor(1)]], back.state).state, NOTHING_KEPT);
  const late = run([[eor(1)], [tick, 110_000]], back.state);
  t.same(late.words, ["sweep 1", "sweep 0"], "no End-of-RIB in time");
  t.equal(nextDeadline(late.state), Number.POSITIVE_INFINITY);
});

t.test("a peer that does not come back", async (t) => {
  t.same(run([[down()], [tick, 119_999]]).words, ["keep 0", "keep 1"], "too early");
  const over = run([[down()], [tick, 120_000]]);
  t.same(over.words.slice(2), ["clear 0", "clear 1"]);
  t.same(over.state, NOTHING_KEPT);
  t.same(run([[down(gr({ restartTime: 0 }))]]).words, ["keep 0", "keep 1", "clear 0", "clear 1"], "no time at all");
  t.same(run([[down()], [{ kind: "forget" }]]).words.slice(2), ["clear 0", "clear 1"]);
});

t.test("a peer that comes back without what it had", async (t) => {
  const one = run([[down()], [up(gr({ families: [{ family: 0, forwarding: true }] }))]]);
  t.same(one.words.slice(2), ["sweep 1"], "a family that it no longer restarts gracefully");
  const lost = gr({ families: both.map((row) => ({ ...row, forwarding: row.family === 1 })) });
  t.same(run([[down()], [up(lost)]]).words.slice(2), ["sweep 0"], "forwarding state that was not kept");
  t.same(run([[down()], [up({ ...PEER, gracefulRestart: null })]]).words.slice(2), ["sweep 0", "sweep 1"]);
});

t.test("families, and a second loss before all is told", async (t) => {
  t.same(run([[down(gr({ families: [{ family: 1, forwarding: false }] }))]]).words, ["clear 0", "keep 1"]);
  const again = run([[down()], [up()], [eor(1)], [down(), 9_000]]);
  t.same(again.words.slice(2), ["sweep 1", "sweep 0", "keep 0", "keep 1"], "stale twice is removed");
  t.equal(nextDeadline(again.state), 129_000);
});

t.test("what ends a session (RFC 4724 §4.2, RFC 8538 §4)", async (t) => {
  const local = (notify: number): Ending => ({ kind: "local", notify });
  const remote = (notify: number): Ending => ({ kind: "remote", notify });
  const n = gr({ notification: true });
  t.ok(isGraceful(LOST, PEER));
  t.notOk(isGraceful(remote(0x0602), PEER), "a NOTIFICATION ends it for good");
  t.notOk(isGraceful(local(0x0400), PEER));
  t.ok(isGraceful(remote(0x0602), n), "unless both have the N bit");
  t.ok(isGraceful(local(0x0400), n), "an expired hold timer, too");
  t.notOk(isGraceful(remote(0x0609), n), "a hard reset is meant");
  t.notOk(isGraceful(local(0x0609), n));
  t.notOk(isGraceful({ kind: "deconfigured", notify: 0x0603 }, n));
  t.notOk(isGraceful(LOST, { ...PEER, gracefulRestart: null }));
  t.same(run([[down(PEER, remote(0x0602))]]).words, ["clear 0", "clear 1"]);
});

t.test("long-lived (RFC 9494)", async (t) => {
  const llgr = [{ family: 0, staleTime: 3_600, forwarding: true }];
  const long = { ...PEER, llgr };
  const away = run([[down(long)], [tick, 120_000]]);
  t.same(away.words.slice(2), ["longLived 0", "clear 1"]);
  t.equal(nextDeadline(away.state), 3_720_000);
  t.same(run([[tick, 3_720_000]], away.state), { state: NOTHING_KEPT, words: ["sweep 0"] });
  const back = run([[up(long), 200_000]], away.state);
  t.same(back.words, []);
  t.same(run([[eor(0)]], back.state).words, ["sweep 0"]);
  const helper = { ...long, gracefulRestart: { restartTime: 0, restarting: false, notification: true, families: [] } };
  t.same(run([[up(helper), 200_000]], away.state).words, [], "the forwarding bit of the long-lived capability counts");
  const unkept = { ...helper, llgr: [{ family: 0, staleTime: 3_600, forwarding: false }] };
  t.same(run([[up(unkept), 200_000]], away.state).words, ["sweep 0"]);
  t.same(run([[down(helper)]]).words, ["keep 0", "longLived 0", "clear 1"], "no restart time first");
  t.equal(nextDeadline(run([[down(helper), 5]]).state), 3_600_005);
});

function restarter(inputs: [RestarterInput, number?][], from: RestarterState) {
  let state = from;
  const selected: number[] = [];
  for (const [input, now = 0] of inputs) {
    const [next, ready] = stepRestarter(state, input, now);
    state = next;
    selected.push(...ready);
  }
  return { state, selected };
}

t.test("our own restart (RFC 4724 §4.1)", async (t) => {
  const peers = [
    { address: "a", families: [0, 1] },
    { address: "b", families: [0] },
  ];
  const begun = beginRestart(peers, 1_000, 360_000);
  t.ok(isRestarting(begun));
  const comes = (peer: string, negotiated = PEER): [RestarterInput] => [{ kind: "up", peer, negotiated }];
  const told = (peer: string, family: number): [RestarterInput] => [{ kind: "endOfRib", peer, family }];
  const all = restarter([comes("a"), told("a", 1), comes("b"), told("b", 0), told("a", 0)], begun);
  t.same(all.selected, [1, 0], "as soon as all have told");
  t.notOk(isRestarting(all.state));
  t.same(restarter([comes("a"), told("a", 0)], begun).selected, [], "b has not come yet");
  const plain = restarter([comes("b", { ...PEER, gracefulRestart: null }), comes("a"), told("a", 0)], begun);
  t.same(plain.selected, [0], "nobody waits for one that sends no End-of-RIB");
  const twin = restarter([comes("b", gr({ restarting: true })), told("a", 0)], begun);
  t.same(twin.selected, [0], "nor for one that has restarted, too");
  t.same(restarter([[{ kind: "gone", peer: "a" }]], begun).selected, [1]);
  t.same(restarter([[{ kind: "tick" }, 360_999]], begun).selected, []);
  const late = restarter([[{ kind: "tick" }, 361_000]], begun);
  t.same(late, { state: NOT_RESTARTING, selected: [0, 1] });
  t.notOk(isRestarting(beginRestart([], 0, 1)));
});

t.test("the driver has the time kept", async (t) => {
  const words: string[] = [];
  const helper = new GracefulHelper({ staleMs: 30 }, ({ kind, family }) => void words.push(`${kind} ${family}`));
  helper.input(down());
  t.ok(helper.keeps(0));
  helper.input(up());
  t.same(words, ["keep 0", "keep 1"]);
  await until(() => words.length === 4, { what: "the end of the stale time" });
  t.same(words.slice(2), ["sweep 0", "sweep 1"]);
  t.notOk(helper.keeps(0));
  helper.input(down());
  helper.close();
  t.notOk(helper.keeps(0));
  helper.input(eor(0));
  t.equal(words.length, 6, "nothing follows");
});
