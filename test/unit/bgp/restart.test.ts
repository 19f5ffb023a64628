// The worker thread dies: listener, peers and what an operator has stopped come back without a word from anybody.

import t from "tap";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { rawPeer } from "../../helpers/bgp_raw.js";
import { threads } from "../../helpers/threads.js";
import { until } from "../../helpers/wait.js";

t.test("a dead worker thread is replaced", async (t) => {
  const { ours, theirs } = loopbackPair(9);
  const stopped = theirs.replace(/2$/, "3");
  const stored = theirs.replace(/2$/, "4");
  const peer = (remote_addr: string) => ({ remote_addr, remote_as: 65002, passive: true });
  const seen = threads(t);
  const room = await startRoom(t, {
    listen: { host: ours, port: 0 },
    local_as: 65001,
    router_id: "10.0.0.1",
    peer: [peer(theirs), peer(stopped)],
  });
  await room.bgp.addPeer(peer(stored));
  await room.bgp.manualStop(stopped);
  const { listening } = room.bgp;
  const port = Number(listening?.split(":").at(-1));
  const first = await (await rawPeer(t, theirs, ours, port)).establish();
  await room.reaches(theirs, "ESTABLISHED");

  // The room's thread comes before that of the accounts.
  await [...seen][0]?.terminate();
  await until(() => first.closed, { what: "the session to end" });
  await until(() => room.bgp.health().status === "failed" || room.quiet.lines.some(again), { what: "the death" });
  await until(() => room.bgp.health().status === "up", { what: "the next thread" });
  t.equal(room.bgp.listening, listening, "on the same port");
  await (await rawPeer(t, theirs, ours, port)).establish();
  await room.reaches(theirs, "ESTABLISHED");
  t.equal((await room.bgp.state(stopped)).fsm, "IDLE", "what was stopped stays stopped");
  t.equal((await room.bgp.state(stored)).fsm, "ACTIVE", "a peer of the store");
  t.ok(room.quiet.lines.some(again));
});

const again = (line: Record<string, unknown>) => line["msg"] === "the BGP worker was started again";
