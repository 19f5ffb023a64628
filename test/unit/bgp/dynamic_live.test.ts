// Neighbours out of a range: shown while they are there, gone with their connection.

import t from "tap";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { open, rawPeer } from "../../helpers/bgp_raw.js";
import { until } from "../../helpers/wait.js";

t.test("dynamic neighbours come and go", async (t) => {
  const { ours, theirs } = loopbackPair(12);
  const other = theirs.replace(/2$/, "3");
  const third = theirs.replace(/2$/, "4");
  const room = await startRoom(t, {
    listen: { host: ours, port: 0 },
    local_as: 65001,
    router_id: "10.0.0.1",
    dynamic: [
      {
        prefix: `${ours.replace(/1$/, "0")}/28`,
        remote_as: [65001, 65002],
        max_peers: 2,
        description: "range",
        md5: "",
      },
    ],
  });
  const port = Number(room.bgp.listening?.split(":").at(-1));
  const shown = async () => (await room.rest("GET", "/v1/peers")).json().peers;
  t.same(await shown(), []);
  const first = await (await rawPeer(t, theirs, ours, port)).establish(65002);
  await room.reaches(theirs, "ESTABLISHED");
  t.match(await shown(), [{ remote_addr: theirs, remote_as: 65002, source: "dynamic", description: "range" }]);
  t.match((await room.rest("GET", `/v1/peer/${theirs}/state`)).json(), { peer: { remote_as: 65002 } });
  t.match((await room.bgp.figures()).peers, [{ address: theirs, remoteAs: 65002 }]);
  for (const method of ["PATCH", "DELETE"]) {
    const { status } = await room.rest(method, `/v1/peer/${theirs}`, {
      body: { description: "mine", remote_as: 65002 },
    });
    t.equal(status, 409, `${method} of what the range makes`);
  }

  const second = await (await rawPeer(t, other, ours, port)).establish(65001, { id: 0x0a000064 });
  await room.reaches(other, "ESTABLISHED");
  t.match(room.bgp.peer(other), { remote_as: 65001 }, "one of our own AS");
  const attr = { 1: 0, 2: [] as [number, number[]][], 3: "192.0.2.9" };
  await room.bgp.update(other, { attr, nlri: ["172.20.1.0/24"] });
  t.match((await second.gets(2)).toString("hex"), /400504/, "gets LOCAL_PREF, as an internal peer does");
  t.equal(await (await rawPeer(t, third, ours, port)).notified(), "6/5", "the range is full");

  first.destroy();
  await until(async () => (await shown()).length === 1, { what: "the first to go" });
  t.equal((await room.rest("GET", `/v1/peer/${theirs}/state`)).status, 404);
  const strange = await rawPeer(t, third, ours, port);
  strange.send(open(65009));
  t.match(await strange.notified(), /^2\/2/, "an AS that the range does not have");
  await until(async () => (await shown()).length === 1, { what: "its place to be free" });
  const again = await (await rawPeer(t, third, ours, port)).establish(65002);
  await room.reaches(third, "ESTABLISHED");
  await room.bgp.manualStop(third, "enough");
  t.match(await again.notified(), /^6\/2 06656e6f756768/);
  await until(async () => (await shown()).length === 1, { what: "the stopped one to go" });

  await room.bgp.addPeer({ remote_addr: other, remote_as: 65001, passive: true });
  t.equal(await second.notified(), "6/6", "it is configured now");
  t.match(await shown(), [{ remote_addr: other, source: "store" }]);
  t.equal((await shown()).length, 1);
});
