// A peer that stops reading: what waits for it has a bound. Above it sends are refused; far above it the session ends.

import { once } from "node:events";
import { connect } from "node:net";
import t from "tap";
import { LIMITS } from "../../src/base/limits.js";
import { BGP_PORT, loopbackPair, startRoom } from "../helpers/bgp_peers.js";
import { KEEPALIVE, open } from "../helpers/bgp_raw.js";
import { until } from "../helpers/wait.js";

const pair = loopbackPair(22);
const peer = { remote_addr: pair.theirs, remote_as: 65002, passive: true, hold_time: 0, idle_hold_time: 1 };

/** Each gives the queue about 1.4 MB. */
const ROUNDS_MOST = 60;

t.setTimeout(60_000);

t.test("a peer that stops reading", async (t) => {
  const listen = { host: pair.ours, port: BGP_PORT };
  const room = await startRoom(t, { listen, local_as: 65001, router_id: "10.0.0.1", peer: [peer] });
  const socket = connect({ host: pair.ours, port: BGP_PORT, localAddress: pair.theirs });
  t.teardown(() => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(open(65_002, { hold: 0 }));
  await once(socket, "data");
  socket.write(KEEPALIVE);
  await room.reaches(pair.theirs, "ESTABLISHED");
  socket.pause();

  const nlri = Array.from({ length: 30_000 }, (_, i) => `100.${i >> 8}.${i & 255}.0/24`);
  // With many communities an UPDATE has room for few prefixes: much to send for little work.
  const communities = Array.from({ length: 900 }, (_, i) => `65001:${i}`);
  const path = `/v1/peer/${pair.theirs}/send/update`;
  let refused = "";
  let sent = 0;
  for (let round = 0; refused === ""; round++) {
    const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1", 4: round, 8: communities };
    const reply = await room.rest("POST", path, { body: { attr, nlri } });
    if (reply.json().status !== true) refused = `${reply.status} ${reply.text}`;
    else if (sent++ > ROUNDS_MOST) return t.fail("no bound was met");
  }
  t.match(refused, /write queue/, "refused with the reason");
  t.ok(sent > 0);
  const figures = async () => (await room.bgp.figures()).peers[0];
  const queued = (await figures())?.queuedBytes ?? 0;
  t.ok(queued > LIMITS.bgpWriteQueueBytes && queued < LIMITS.bgpWriteQueueBytes * 4, `${queued} bytes wait`);
  t.equal((await room.rest("GET", `/v1/peer/${pair.theirs}/state`)).json().peer.fsm, "ESTABLISHED");

  socket.resume();
  await until(async () => (await figures())?.queuedBytes === 0, { what: "an empty queue" });
  const attr = { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.1" };
  const again = await room.rest("POST", path, { body: { attr, nlri: ["172.20.1.0/24"] } });
  t.same(again.json(), { status: true }, "once it reads again, sending goes on");
});
