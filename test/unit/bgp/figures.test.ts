// The speaker's figures as metrics with GoBGP's names.

import t from "tap";
import { scrape } from "../../../src/base/metrics.js";
import { noMessages } from "../../../src/bgp/connection.js";
import { FAMILIES } from "../../../src/bgp/families.js";
import { publish } from "../../../src/bgp/figures.js";
import type { PeerFigures } from "../../../src/bgp/protocol.js";

const peer = (routes: PeerFigures["routes"]): PeerFigures => ({
  address: "192.0.2.2",
  fsm: "ESTABLISHED",
  stopped: false,
  remoteAs: 65_002,
  localAs: 65_001,
  uptimeSeconds: 9,
  flops: 2,
  queuedBytes: 0,
  statistic: { receive: { ...noMessages(), Updates: 4, Keepalives: 3 }, send: noMessages() },
  received: { withdrawUpdates: 1, withdrawn: 6, discarded: 5, malformed: 2 },
  sent: { withdrawUpdates: 0, withdrawn: 0 },
  routes,
});
const rest = { listening: null, strangersRefused: 7, memory: { heldBytes: 1, sets: 2, totalBytes: 3 } };

t.test("accepted differs from received; each family has GoBGP's name", async (t) => {
  publish({
    peers: [peer(FAMILIES.map(({ name }, i) => ({ family: name, received: 10 + i, accepted: i, advertised: 1 })))],
    ...rest,
  });
  const { text } = await scrape();
  const value = (name: string, family: string) =>
    Number(new RegExp(`^${name}\\{peer="192.0.2.2",route_family="${family}"\\} (\\d+)$`, "m").exec(text)?.[1] ?? "NaN");
  t.same([value("bgp_routes_received", "ipv4-unicast"), value("bgp_routes_accepted", "ipv4-unicast")], [10, 0]);
  t.equal(value("bgp_routes_received", "l2vpn-evpn"), 10 + FAMILIES.findIndex(({ name }) => name === "evpn"));
  const names = [...text.matchAll(/^bgp_routes_received\{.*route_family="([^"]+)"/gm)].map(([, name]) => name);
  t.equal(new Set(names).size, FAMILIES.length, names.join(" "));
  t.notOk(
    names.some((name) => name?.includes("_")),
    "none is left with our own name",
  );
  t.match(text, 'bgp_received_message_total{peer="192.0.2.2"} 7');
  t.match(text, 'bgp_received_withdraw_prefix_total{peer="192.0.2.2"} 6');
  t.match(text, "sennit_bgp_strangers_refused_total 7");
});

t.test("what is gone does not linger", async (t) => {
  publish({ peers: [peer([{ family: "ipv6", received: 3, accepted: 3, advertised: 0 }])], ...rest });
  const { text } = await scrape();
  t.match(text, 'bgp_routes_accepted{peer="192.0.2.2",route_family="ipv6-unicast"} 3');
  t.notMatch(text, "ipv4-unicast");
  publish({ peers: [], ...rest });
  t.notMatch((await scrape()).text, "192.0.2.2");
});
