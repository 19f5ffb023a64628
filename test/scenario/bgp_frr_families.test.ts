// FRR's families beyond unicast: bgp_frr.test.ts has the session itself.

import t from "tap";
import { enabled, familiesOf, runRows } from "../helpers/bgp_dialogue.js";
import { BGP_PORT, FRR_BGPD, loopbackPair, startFrr, startRoom } from "../helpers/bgp_peers.js";
import { FRR_FAMILIES, FRR_ROWS } from "../helpers/bgp_rows_frr.js";
import { need } from "../helpers/need.js";

const pair = loopbackPair(15);
const rows = enabled(FRR_ROWS);

t.test("families of FRR", async (t) => {
  if (!need.root(t) || !need.program(t, FRR_BGPD, "frr")) return;
  const afi_safi = familiesOf(rows);
  const peer = { remote_addr: pair.theirs, remote_as: 65002, local_addr: pair.ours, port: BGP_PORT, afi_safi };
  const room = await startRoom(t, { listen: null, local_as: 65001, router_id: "10.0.0.1", peer: [peer] });
  const config = [
    "router bgp 65002",
    ` bgp router-id ${pair.theirs}`,
    " no bgp ebgp-requires-policy",
    " no bgp default ipv4-unicast",
    " no bgp network import-check",
    ` neighbor ${pair.ours} remote-as 65001`,
    ` neighbor ${pair.ours} disable-connected-check`,
    ` neighbor ${pair.ours} passive`,
    ` neighbor ${pair.ours} advertisement-interval 0`,
    ...afi_safi.flatMap((family) => [
      ` address-family ${FRR_FAMILIES[family]}`,
      `  neighbor ${pair.ours} activate`,
      " exit-address-family",
    ]),
    "",
  ];
  const frr = await startFrr(t, pair.theirs, config.join("\n"));
  await room.reaches(pair.theirs, "ESTABLISHED");
  const vtysh = (command: string) => frr.vtysh(...command.split(";"));
  await runRows(t, rows, { room, address: pair.theirs, daemon: { say: vtysh, show: vtysh } });
});
