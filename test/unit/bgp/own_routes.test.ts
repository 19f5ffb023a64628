// Routes that an operator has sent: the peer gets them again, whatever is exported to it.

import t from "tap";
import { loopbackPair, startRoom } from "../../helpers/bgp_peers.js";
import { KEEPALIVE, message, open, rawPeer } from "../../helpers/bgp_raw.js";
import { until } from "../../helpers/wait.js";

for (const exported of ["none", "all"]) {
  t.test(`own routes with export = "${exported}"`, async (t) => {
    const { ours, theirs } = loopbackPair(exported === "all" ? 10 : 11);
    const room = await startRoom(t, {
      listen: { host: ours, port: 0 },
      local_as: 65001,
      router_id: "10.0.0.1",
      peer: [{ remote_addr: theirs, remote_as: 65002, passive: true, idle_hold_time: 1, export: exported }],
    });
    const port = Number(room.bgp.listening?.split(":").at(-1));
    const updates = (peer: Awaited<ReturnType<typeof rawPeer>>) =>
      peer.messages().filter(([type, body]) => type === 2 && body.toString("hex").endsWith("18ac1401")).length;
    const first = await (await rawPeer(t, theirs, ours, port)).establish();
    await room.reaches(theirs, "ESTABLISHED");
    const attr = { 1: 0, 2: [[2, [65001]]] as [number, number[]][], 3: "192.0.2.9" };
    await room.bgp.update(theirs, { attr, nlri: ["172.20.1.0/24"] });
    await until(() => updates(first) === 1, { what: "the route" });
    first.send(message(5, [0, 1, 0, 1]));
    await until(() => updates(first) === 2, { what: "the route again, after a route refresh" });
    first.destroy();
    await until(async () => (await room.bgp.state(theirs)).fsm !== "ESTABLISHED", { what: "the end" });
    const second = await rawPeer(t, theirs, ours, port);
    second.send(open(65002), KEEPALIVE);
    await until(() => updates(second) === 1, { what: "the route again, in the next session" });
    await room.reaches(theirs, "ESTABLISHED");
    t.equal(updates(second), 1);
  });
}
