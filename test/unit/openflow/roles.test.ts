// Roles: how generations compare, that they outlive a restart, and what a switch that knows a newer one makes of a claim.

import t from "tap";
import { Identity } from "../../../src/openflow/identity.js";
import { after, isNewer, ROLE, readRole, roleRequest } from "../../../src/openflow/roles.js";
import { openStore } from "../../../src/store/open.js";
import { FakeSwitch, type Message, ofp, TYPE } from "../../helpers/fake_switch.js";
import { startOpenFlowRoom } from "../../helpers/openflow_room.js";
import { quietLog } from "../../helpers/quiet.js";
import { tmpDir } from "../../helpers/tmp.js";
import { until } from "../../helpers/wait.js";

const PATH = "/of/datapaths/1/controllers";
const ALL_ONES = 2n ** 64n - 1n;

t.test("generations compare as a signed distance of 64 bits", async (t) => {
  const cases: [bigint, bigint, boolean][] = [
    [1n, 0n, true],
    [0n, 1n, false],
    [5n, 5n, false],
    [0n, ALL_ONES, true],
    [ALL_ONES, 0n, false],
    [2n ** 63n - 1n, 0n, true],
    [2n ** 63n, 0n, false],
    [3n, 2n ** 63n + 4n, true],
  ];
  for (const [a, b, expected] of cases) t.equal(isNewer(a, b), expected, `${a} after ${b}`);
  t.equal(after(ALL_ONES), 0n);
});

t.test("the generation outlives a restart, and never goes back", async (t) => {
  const dir = tmpDir(t, "roles");
  const { log } = quietLog();
  let store = await openStore(dir, log);
  const first = await Identity.open(store);
  t.match(first.uid, /^[0-9a-f]{32}$/);
  t.equal(await first.nextGeneration(), 1n);
  t.equal(await first.nextGeneration(2n ** 40n), 2n ** 40n + 1n, "beyond what a switch has seen");
  t.equal(await first.nextGeneration(7n), 2n ** 40n + 2n, "an older one does not count");
  t.same(await Promise.all([first.nextGeneration(), first.nextGeneration()]), [2n ** 40n + 3n, 2n ** 40n + 4n]);
  await store.close();
  store = await openStore(dir, log);
  const second = await Identity.open(store);
  t.equal(second.uid, first.uid);
  t.equal(second.generation, 2n ** 40n + 4n);
  t.equal(await second.nextGeneration(second.generation + 2n ** 63n - 1n), 2n ** 40n + 4n + 2n ** 63n);
  await store.close();
});

/** Answers ROLE_REQUESTs as a switch does that has seen `generation`. */
function holdRole(fake: FakeSwitch, generation: bigint): { role: number; generation: bigint } {
  const held = { role: ROLE.EQUAL as number, generation };
  fake.onMessage = ({ type, xid, bytes }: Message) => {
    if (type !== TYPE.ROLE_REQUEST) return;
    const role = bytes.readUInt32BE(8);
    const given = bytes.readBigUInt64BE(16);
    if (role === ROLE.MASTER || role === ROLE.SLAVE) {
      if (held.generation !== ALL_ONES && BigInt.asIntN(64, given - held.generation) < 0n) {
        fake.send(ofp(TYPE.ERROR, xid, Buffer.concat([Buffer.from([0, 11, 0, 0]), bytes])));
        return;
      }
      held.generation = given;
    }
    if (role !== ROLE.NOCHANGE) held.role = role;
    fake.send(ofp(TYPE.ROLE_REPLY, xid, roleRequest(held.role, held.generation)));
  };
  return held;
}

t.test("a claim goes beyond the generation that the switch has", async (t) => {
  const room = await startOpenFlowRoom(t, { role: "master" });
  const fake = new FakeSwitch(t, room.port);
  const held = holdRole(fake, 2n ** 63n - 5n);
  await fake.shakeHands();
  await until(() => held.role === ROLE.MASTER, { what: "the claim on connecting" });
  t.equal(held.generation, 2n ** 63n - 4n);
  const { json } = await room.call("GET", PATH);
  t.match(json, {
    controllers: { master: "127.0.0.1", slaves: [], role: "master", generation_id: "0x7ffffffffffffffc" },
  });

  const slave = await room.call("POST", PATH, { role: "slave" });
  t.equal(slave.status, 200);
  t.same(slave.json.controllers, { slaves: ["127.0.0.1"], role: "slave", generation_id: "0x7ffffffffffffffd" });
  t.equal((await room.call("POST", PATH, { controllers: { role: "equal" } })).json.controllers.role, "equal");

  const again = new FakeSwitch(t, room.port);
  const next = holdRole(again, held.generation);
  await again.shakeHands();
  await until(() => fake.ended, { what: "the new connection to take over" });
  t.equal((await room.call("GET", PATH)).json.controllers.role, "equal", "what was asked for last stays");
  t.equal(next.role, ROLE.EQUAL);
});

t.test("bad claims, and switches that refuse", async (t) => {
  const room = await startOpenFlowRoom(t, { requestSeconds: 0.4 });
  const fake = new FakeSwitch(t, room.port);
  await fake.shakeHands();
  await until(() => room.handle.health().switches === 1, { what: "the switch" });
  for (const [body, error, message] of [
    [
      { role: "boss" },
      "java.lang.IllegalArgumentException",
      /^role: "boss" is not valid; allowed: equal, master, slave/,
    ],
    [{}, "com.hp.api.BadRequestException", /^Invalid JSON format: no "role"/],
    ["nonsense", "com.hp.api.BadRequestException", /^Invalid JSON format/],
  ] as const) {
    const answer = await room.call("POST", PATH, body);
    t.equal(answer.status, 400);
    t.match(answer.json, { error, message });
  }
  t.equal((await room.call("GET", PATH)).status, 503, "no answer");
  fake.onMessage = ({ type, xid, bytes }) => {
    if (type === TYPE.ROLE_REQUEST) fake.send(ofp(TYPE.ERROR, xid, Buffer.concat([Buffer.from([0, 1, 0, 1]), bytes])));
  };
  const refused = await room.call("POST", PATH, { role: "master" });
  t.equal(refused.status, 500);
  t.match(refused.json, { error: "java.lang.IllegalStateException", message: /BAD_REQUEST\/BAD_TYPE/ });
  const same = await room.call("GET", PATH);
  t.same(same.json.controllers, { master: "127.0.0.1", slaves: [], role: "equal" }, "a switch that knows no roles");
  const other = await room.call("PUT", PATH, {});
  t.equal(other.status, 405);
  t.equal(other.headers.get("allow"), "GET, POST, HEAD, OPTIONS");
  t.equal((await room.call("GET", "/of/datapaths/2/controllers")).status, 404);
});

t.test("a role that is none", async (t) => {
  t.equal(readRole(Buffer.concat([ofp(TYPE.ROLE_REPLY, 1), roleRequest(9, 0n)])), null);
});
