// /memory, /rtr and /sets: what the speaker as a whole holds, as `bgpctl -j show rib mem`, `show rtr` and `show sets`
// print it. Members that it has no figure for are left out.

import type { RoomFigures } from "../../bgp/protocol.js";
import { timeText } from "./values.js";

/** Routes of all peers, the attribute sets that they share, and the bytes of all tables. */
export function memoryView({ peers, memory }: RoomFigures) {
  const routes = peers.flatMap((peer) => peer.routes).reduce((sum, { received }) => sum + received, 0);
  return {
    memory: {
      prefix: { count: routes },
      rde_aspath: { count: memory.sets, references: routes },
      total: { size: memory.heldBytes },
    },
    // Sets of policies stand in the policies and are not counted apart.
    sets: {},
  };
}

/** The caches of origin validation. */
export function rtrView({ rpki }: RoomFigures) {
  return {
    rtrs: rpki.caches.map(({ host, port, session, serial, intervals }) => ({
      remote_addr: host,
      remote_port: port,
      ...(session === null ? {} : { session_id: session, serial: serial ?? 0 }),
      refresh: intervals.refresh,
      retry: intervals.retry,
      expire: intervals.expire,
      timers: [],
    })),
  };
}

/** The VRPs that count, when there are caches; `now` in epoch seconds. They changed when a cache last said that it is done. */
export function setsView({ rpki }: RoomFigures, now: number) {
  if (rpki.caches.length === 0) return { sets: [] };
  const updated = Math.max(...rpki.caches.map((cache) => (cache.used ? cache.updated : 0)));
  const seconds = updated === 0 ? null : Math.max(0, Math.floor(now - updated));
  return {
    sets: [
      {
        name: "RPKI ROA",
        type: "ROA",
        last_change: timeText(seconds),
        last_change_sec: seconds ?? 0,
        num_IPv4: rpki.vrps.ipv4,
        num_IPv6: rpki.vrps.ipv6,
      },
    ],
  };
}
