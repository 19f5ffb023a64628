// The worker's figures to the metric table, just before a scrape.

import { clear, gauge, type MetricName, total } from "../base/metrics.js";
import { publishFeeds } from "./feed_figures.js";
import { publishFib } from "./fib/view.js";
import type { StateName } from "./fsm.js";
import type { PeerFigures, RoomFigures, SpeakerFigures } from "./protocol.js";
import { publishRpki } from "./rtr/view.js";

/** GoBGP's names of families, by ours. */
const ROUTE_FAMILY: Readonly<Record<string, string>> = {
  ipv4: "ipv4-unicast",
  ipv6: "ipv6-unicast",
  ipv4_mcast: "ipv4-multicast",
  ipv6_mcast: "ipv6-multicast",
  ipv4_lu: "ipv4-labelled-unicast",
  ipv6_lu: "ipv6-labelled-unicast",
  vpnv4: "l3vpn-ipv4-unicast",
  vpnv6: "l3vpn-ipv6-unicast",
  flowspec: "ipv4-flowspec",
  ipv6_flowspec: "ipv6-flowspec",
  vpnv4_flowspec: "l3vpn-ipv4-flowspec",
  vpnv6_flowspec: "l3vpn-ipv6-flowspec",
  ipv4_srte: "ipv4-srpolicy",
  ipv6_srte: "ipv6-srpolicy",
  evpn: "l2vpn-evpn",
  rtc: "rtc",
  bgpls: "ls",
};

const STATE_NUMBER: Record<StateName, number> = {
  IDLE: 0,
  CONNECT: 1,
  ACTIVE: 2,
  OPENSENT: 3,
  OPENCONFIRM: 4,
  ESTABLISHED: 5,
};

const PER_PEER: readonly MetricName[] = [
  "bgp_peer_state",
  "bgp_peer_uptime",
  "bgp_peer_asn",
  "bgp_peer_local_asn",
  "bgp_peer_type",
  "bgp_peer_flop_count",
  "bgp_peer_out_queue_count",
  "bgp_routes_received",
  "bgp_routes_accepted",
  "bgp_routes_advertised",
  "bgp_received_update_total",
  "bgp_received_notification_total",
  "bgp_received_open_total",
  "bgp_received_refresh_total",
  "bgp_received_keepalive_total",
  "bgp_received_message_total",
  "bgp_received_withdraw_update_total",
  "bgp_received_withdraw_prefix_total",
  "bgp_received_discarded_total",
  "sennit_bgp_malformed_updates_total",
  "bgp_sent_update_total",
  "bgp_sent_notification_total",
  "bgp_sent_open_total",
  "bgp_sent_refresh_total",
  "bgp_sent_keepalive_total",
  "bgp_sent_message_total",
  "bgp_sent_withdraw_update_total",
  "bgp_sent_withdraw_prefix_total",
];

function messages(peer: PeerFigures, direction: "received" | "sent"): void {
  const labels = { peer: peer.address };
  const counts = direction === "received" ? peer.statistic.receive : peer.statistic.send;
  const set = (kind: "update" | "notification" | "open" | "refresh" | "keepalive" | "message", value: number) =>
    total(`bgp_${direction}_${kind}_total`, value, labels);
  set("update", counts.Updates);
  set("notification", counts.Notifications);
  set("open", counts.Opens);
  set("refresh", counts.RouteRefresh);
  set("keepalive", counts.Keepalives);
  set(
    "message",
    Object.values(counts).reduce((sum, value) => sum + value, 0),
  );
  const withdrawals = peer[direction];
  total(`bgp_${direction}_withdraw_update_total`, withdrawals.withdrawUpdates, labels);
  total(`bgp_${direction}_withdraw_prefix_total`, withdrawals.withdrawn, labels);
}

/** Fills all of the room's rows of the metric table. */
export function publishRoom(figures: RoomFigures): void {
  publish(figures);
  publishRpki(figures.rpki);
  publishFib(figures.fib);
  publishFeeds(figures.feeds);
}

/** Fills the speaker's rows. */
export function publish(figures: SpeakerFigures): void {
  for (const name of PER_PEER) clear(name);
  for (const peer of figures.peers) {
    const labels = { peer: peer.address };
    const admin = peer.stopped ? "down" : "up";
    gauge("bgp_peer_state", STATE_NUMBER[peer.fsm], { ...labels, session_state: peer.fsm, admin_state: admin });
    gauge("bgp_peer_uptime", peer.uptimeSeconds, labels);
    gauge("bgp_peer_asn", peer.remoteAs, labels);
    gauge("bgp_peer_local_asn", peer.localAs, labels);
    gauge("bgp_peer_type", peer.remoteAs === peer.localAs ? 0 : 1, labels);
    gauge("bgp_peer_flop_count", peer.flops, labels);
    gauge("bgp_peer_out_queue_count", peer.queuedBytes, labels);
    messages(peer, "received");
    messages(peer, "sent");
    total("bgp_received_discarded_total", peer.received.discarded, labels);
    total("sennit_bgp_malformed_updates_total", peer.received.malformed, labels);
    for (const { family, received, accepted, advertised } of peer.routes) {
      const route = { ...labels, route_family: ROUTE_FAMILY[family] ?? family };
      gauge("bgp_routes_received", received, route);
      gauge("bgp_routes_accepted", accepted, route);
      gauge("bgp_routes_advertised", advertised, route);
    }
  }
  total("sennit_bgp_strangers_refused_total", figures.strangersRefused);
  gauge("sennit_bgp_memory_bytes", figures.memory.heldBytes);
  gauge("sennit_bgp_attribute_sets", figures.memory.sets);
}
