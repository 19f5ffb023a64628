// BIRD's families beyond unicast: bgp_bird.test.ts has the session itself.

import t from "tap";
import { enabled, familiesOf, runRows } from "../helpers/bgp_dialogue.js";
import { BGP_PORT, loopbackPair, startBird, startRoom } from "../helpers/bgp_peers.js";
import { BIRD_FAMILIES, BIRD_ROWS, type BirdFamily } from "../helpers/bgp_rows_bird.js";
import { need } from "../helpers/need.js";

const pair = loopbackPair(15);
const rows = enabled(BIRD_ROWS);

/** A table a family, so that what we send is told from what BIRD has; only the static route goes out. */
function config(families: readonly string[]): string {
  const rowsOf = families.map((family) => [family, BIRD_FAMILIES[family] as BirdFamily] as const);
  return [
    "router id 10.0.0.2;",
    "protocol device {}",
    ...rowsOf.map(([family, { table }]) => `${table} table t_${family};`),
    ...rowsOf.map(
      ([family, { table, route }]) =>
        `protocol static s_${family} { disabled; ${table} { table t_${family}; }; route ${route}; }`,
    ),
    "protocol bgp sennit {",
    `  local ${pair.theirs} port ${BGP_PORT} as 65002;`,
    `  neighbor ${pair.ours} port ${BGP_PORT} as 65001;`,
    "  strict bind on; multihop; passive on;",
    ...rowsOf.map(
      ([family, { channel, hop }]) =>
        `  ${channel} { table t_${family}; import all; export where source = RTS_STATIC; ${hop} };`,
    ),
    "}",
    "",
  ].join("\n");
}

t.test("families of BIRD", async (t) => {
  if (!need.program(t, "bird", "bird2")) return;
  const afi_safi = familiesOf(rows);
  const peer = { remote_addr: pair.theirs, remote_as: 65002, local_addr: pair.ours, port: BGP_PORT, afi_safi };
  const room = await startRoom(t, { listen: null, local_as: 65001, router_id: "10.0.0.1", peer: [peer] });
  const { birdc } = await startBird(t, config(afi_safi));
  await room.reaches(pair.theirs, "ESTABLISHED");
  const say = (command: string) => birdc(...command.split(" "));
  await runRows(t, rows, { room, address: pair.theirs, daemon: { say, show: say } });
});
