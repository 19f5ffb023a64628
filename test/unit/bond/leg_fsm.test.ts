import t from "tap";
import {
  carriesData,
  isQuiet,
  type LegInput,
  type LegMachine,
  newLeg,
  QUIET_MS,
  SILENCE_MS,
  step,
} from "../../../src/bond/dataplane/leg_fsm.js";

const fresh: LegInput = {
  linkMode: "active",
  failover: false,
  hasSocket: true,
  carrier: true,
  hasKeys: true,
  heard: 5,
  silentMs: 50,
  peerSilentMs: 50,
};

/** Runs inputs one second apart; returns the states. */
function states(from: LegMachine, ...inputs: Partial<LegInput>[]): string[] {
  let leg = from;
  let now = from.since;
  return inputs.map((input) => {
    now += 1000;
    leg = step(leg, { ...fresh, ...input }, now);
    return leg.state;
  });
}

const start = newLeg(0);

t.test("up after keys and two heartbeats", async (t) => {
  t.same(states(start, { hasKeys: false, heard: 0, silentMs: Number.POSITIVE_INFINITY }, { heard: 1 }, { heard: 2 }), [
    "handshaking",
    "handshaking",
    "up",
  ]);
});

t.test("down after silence in either direction, up again only after new heartbeats", async (t) => {
  t.same(
    states(start, {}, { silentMs: SILENCE_MS }, { heard: 6 }, { heard: 7 }, { heard: 8, peerSilentMs: SILENCE_MS }),
    ["up", "down", "down", "up", "down"],
  );
});

t.test("quiet comes before down, and in either direction", async (t) => {
  t.notOk(isQuiet(fresh));
  t.ok(isQuiet({ ...fresh, silentMs: 250 }));
  t.ok(isQuiet({ ...fresh, peerSilentMs: 250 }));
  t.ok(QUIET_MS < SILENCE_MS);
});

t.test("the mode decides what an alive leg is", async (t) => {
  t.same(states(start, { linkMode: "idle" }, { linkMode: "active" }, { failover: true }, { linkMode: "offline" }), [
    "idle",
    "up",
    "failover",
    "offline",
  ]);
  t.ok(carriesData("up") && carriesData("failover") && !carriesData("idle") && !carriesData("down"));
});

t.test("no interface or no carrier: down at once", async (t) => {
  t.same(states(start, {}, { hasSocket: false }), ["up", "down"]);
  t.same(states(start, {}, { carrier: false }), ["up", "down"]);
  t.same(states(start, { linkMode: "offline" }, { heard: 6 }, { heard: 8 }), ["offline", "handshaking", "up"]);
});

t.test("a leg that keeps falling must be heard for longer", async (t) => {
  const falls = [7, 9, 11].flatMap((heard): Partial<LegInput>[] => [
    { heard: heard - 2, silentMs: SILENCE_MS },
    { heard },
  ]);
  const seen = states(start, {}, ...falls, { heard: 15 }, { heard: 19 });
  t.same(seen, ["up", "down", "up", "down", "up", "down", "down", "down", "up"]);
});

t.test("nothing changed: the same object", async (t) => {
  const up = step(start, fresh, 10);
  t.equal(step(up, fresh, 500), up);
});
