// /v1/events and the reading routes on a session that is up: from the peer's socket to a listener's.

import t from "tap";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { MANDATORY, message, rawPeer, update } from "../../helpers/bgp_raw.js";
import { until } from "../../helpers/wait.js";
import { openSocket } from "../../helpers/ws_client.js";

const { ours, theirs } = loopbackPair(11);
const PORT = 17_911;

t.test("a listener hears of the session and of what goes over it", async (t) => {
  const { rest, reaches, port } = await startRoom(t, {
    listen: { host: ours, port: PORT },
    local_as: 65_001,
    router_id: "10.0.0.1",
    peer: [{ remote_addr: theirs, remote_as: 65_002, passive: true }],
  });
  const authorization = `Basic ${Buffer.from("admin:test-password-1").toString("base64")}`;
  const client = await openSocket(t, port, `/v1/events?peer=${theirs}&direction=both`, { authorization });
  t.equal(client.status, 101);
  const peer = await rawPeer(t, theirs, ours, PORT);
  await peer.establish();
  await reaches(theirs, "ESTABLISHED");
  t.match(await client.next(), { type: "session", peer: theirs, fsm: "ESTABLISHED", reason: null, remote_as: 65_002 });
  peer.send(update({ attributes: MANDATORY, nlri: [24, 198, 51, 100] }));
  const heard = await until(
    () => {
      const texts = client.texts.map((text) => JSON.parse(text));
      return texts.find(({ type, direction, msg }) => type === 2 && direction === "received" && msg.nlri.length > 0);
    },
    { what: "the UPDATE" },
  );
  t.match(heard.msg, {
    attr: { 1: 0, 2: [[2, [65_002]]], 3: "192.0.2.1" },
    nlri: ["198.51.100.0/24"],
    afi_safi: "ipv4",
  });
  const body = { attr: { 1: 0, 2: [[2, [65_001]]], 3: "192.0.2.9" }, nlri: ["172.20.1.0/24"] };
  t.same((await rest("POST", `/v1/peer/${theirs}/send/update`, { body })).json(), { status: true });
  await until(() => client.texts.some((text) => text.includes('"sent"') && text.includes("172.20.1.0/24")), {
    what: "what was sent",
  });
  const { routes } = (await rest("GET", `/v1/peer/${theirs}/adj-rib-in`)).json();
  t.match(routes, [{ prefix: "198.51.100.0/24", peer: theirs, attr: { 3: "192.0.2.1" } }]);
  t.match((await rest("GET", `/v1/peer/${theirs}/adj-rib-out`)).json().routes, [{ prefix: "172.20.1.0/24" }]);
  client.texts.length = 0;
  peer.send(message(3, [6, 2]));
  const down = await until(() => client.texts.map((text) => JSON.parse(text)).find(({ fsm }) => fsm === "IDLE"), {
    what: "the end of the session",
  });
  t.match(down, { type: "session", reason: "remote", code: 6, subcode: 2, sub_error: "Administrative shutdown" });
});
