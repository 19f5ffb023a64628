// The metric table: every metric of the appliance, one row each. Names follow what operators already graph
// (GoBGP's for BGP, Faucet's for OpenFlow); our own are bond_* and sennit_*. Units are in the names.

import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from "prom-client";
import { HistogramMetric, type HistogramSeries } from "./histogram.js";

interface Row {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
}

const rows = {
  sennit_build_info: { type: "gauge", help: "1, labelled with the version", labels: ["version"] },
  sennit_http_requests_total: { type: "counter", help: "HTTP requests answered", labels: ["surface", "code"] },
  sennit_http_request_duration_seconds: {
    type: "histogram",
    help: "Time from the request's head to its answer",
    labels: ["surface"],
    buckets: [0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
  },
  sennit_login_failures_total: { type: "counter", help: "Failed log-ins", labels: ["scheme"] },
  sennit_store_commits_total: { type: "counter", help: "Durable store transactions" },
  sennit_store_commit_duration_seconds: {
    type: "histogram",
    help: "Time from the call to the durable commit",
    buckets: [0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2],
  },
  sennit_store_failures_total: { type: "counter", help: "Store writes refused, by error code", labels: ["code"] },
  sennit_store_writes_waiting: { type: "gauge", help: "Store writes that wait for their commit" },
  sennit_store_records: { type: "gauge", help: "Records in the store", labels: ["table"] },
  sennit_store_bytes: { type: "gauge", help: "Size of the store's file" },

  // bonding
  bond_node_refusals_total: { type: "counter", help: "Requests of nodes that were refused", labels: ["reason"] },
  bond_node_reports_total: { type: "counter", help: "Reports taken from bonders" },
  bond_node_sessions: { type: "gauge", help: "Sessions of nodes that have proved their key" },
  bond_leg_state: { type: "gauge", help: "1 for the state that the leg is in", labels: ["bond", "leg", "state"] },
  bond_leg_receive_bits_per_second: {
    type: "gauge",
    help: "Rate at the receiving end over the last second",
    labels: ["bond", "leg", "direction"],
  },

  // openflow: Faucet's names
  dp_status: { type: "gauge", help: "1 while the switch is connected", labels: ["dp_id", "dp_name"] },
  port_status: {
    type: "gauge",
    help: "1 while the switch's port is up",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_state: {
    type: "gauge",
    help: "OFPPS_* bits of the port",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_curr_speed: {
    type: "gauge",
    help: "Current bit rate, kbit/s",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_max_speed: {
    type: "gauge",
    help: "Highest bit rate, kbit/s",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_rx_packets: {
    type: "gauge",
    help: "Packets received",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_tx_packets: {
    type: "gauge",
    help: "Packets sent",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_rx_bytes: {
    type: "gauge",
    help: "Bytes received",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_tx_bytes: {
    type: "gauge",
    help: "Bytes sent",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_rx_dropped: {
    type: "gauge",
    help: "Packets dropped on the way in",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_tx_dropped: {
    type: "gauge",
    help: "Packets dropped on the way out",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_rx_errors: {
    type: "gauge",
    help: "Errors on the way in",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  of_port_tx_errors: {
    type: "gauge",
    help: "Errors on the way out",
    labels: ["dp_id", "dp_name", "port", "port_description"],
  },
  stack_probes_received_total: {
    type: "counter",
    help: "Probes of this controller that came back over links",
    labels: ["dp_id", "dp_name"],
  },
  vlan_hosts_learned: {
    type: "gauge",
    help: "Stations that are attached to the switch",
    labels: ["dp_id", "dp_name", "vlan"],
  },
  sennit_openflow_probes_sent_total: {
    type: "counter",
    help: "LLDP and BDDP frames sent out of the switch's ports",
    labels: ["dp_id", "dp_name"],
  },
  sennit_openflow_probes_foreign_total: {
    type: "counter",
    help: "LLDP and BDDP frames that are no probes of this controller, or old ones",
    labels: ["dp_id", "dp_name"],
  },
  sennit_openflow_links: { type: "gauge", help: "Links between ports of switches", labels: ["type"] },
  sennit_openflow_net_refused_total: { type: "counter", help: "Links and hosts that there was no room for" },
  of_dp_connections_total: { type: "counter", help: "Connections of the switch", labels: ["dp_id", "dp_name"] },
  of_dp_disconnections_total: { type: "counter", help: "Connections that ended", labels: ["dp_id", "dp_name"] },
  of_packet_ins_total: { type: "counter", help: "PACKET_INs from the switch", labels: ["dp_id", "dp_name"] },
  of_ignored_packet_ins_total: {
    type: "counter",
    help: "PACKET_INs beyond the switch's rate, ignored",
    labels: ["dp_id", "dp_name"],
  },
  sennit_openflow_unanswered_packet_ins_total: {
    type: "counter",
    help: "PACKET_INs not answered, since the switch did not take what it had been sent",
    labels: ["dp_id", "dp_name"],
  },
  of_flowmsgs_sent_total: { type: "counter", help: "FLOW_MODs to the switch", labels: ["dp_id", "dp_name"] },
  of_errors_total: { type: "counter", help: "ERRORs from the switch", labels: ["dp_id", "dp_name"] },
  sennit_openflow_refused_total: { type: "counter", help: "Connections that never became a served switch" },
  sennit_openflow_reconciliations_total: {
    type: "counter",
    help: "Reconciliations of switches with what is kept for them, by how they ended",
    labels: ["state"],
  },
  sennit_openflow_reconciled_total: {
    type: "counter",
    help: "Flows, groups and meters that reconciliations changed, or failed to",
    labels: ["kind", "change"],
  },

  // bgp: GoBGP's names, so that dashboards made for it work
  bgp_peer_state: {
    type: "gauge",
    help: "0 idle, 1 connect, 2 active, 3 opensent, 4 openconfirm, 5 established",
    labels: ["peer", "session_state", "admin_state"],
  },
  bgp_peer_uptime: { type: "gauge", help: "Seconds since the session was established", labels: ["peer"] },
  bgp_peer_asn: { type: "gauge", help: "AS of the peer", labels: ["peer"] },
  bgp_peer_local_asn: { type: "gauge", help: "AS that the peer sees us as", labels: ["peer"] },
  bgp_peer_type: { type: "gauge", help: "0 internal, 1 external", labels: ["peer"] },
  bgp_peer_flop_count: { type: "gauge", help: "Sessions lost after they were established", labels: ["peer"] },
  bgp_peer_out_queue_count: { type: "gauge", help: "Bytes that wait for the peer's socket", labels: ["peer"] },
  bgp_routes_received: { type: "gauge", help: "Prefixes in Adj-RIB-In", labels: ["peer", "route_family"] },
  bgp_routes_accepted: {
    type: "gauge",
    help: "Those of Adj-RIB-In that rules of the protocol and the import policy let through",
    labels: ["peer", "route_family"],
  },
  bgp_routes_advertised: { type: "gauge", help: "Prefixes in Adj-RIB-Out", labels: ["peer", "route_family"] },
  bgp_received_update_total: { type: "counter", help: "UPDATEs received on this connection", labels: ["peer"] },
  bgp_received_notification_total: {
    type: "counter",
    help: "NOTIFICATIONs received on this connection",
    labels: ["peer"],
  },
  bgp_received_open_total: { type: "counter", help: "OPENs received on this connection", labels: ["peer"] },
  bgp_received_refresh_total: {
    type: "counter",
    help: "ROUTE-REFRESHes received on this connection",
    labels: ["peer"],
  },
  bgp_received_keepalive_total: { type: "counter", help: "KEEPALIVEs received on this connection", labels: ["peer"] },
  bgp_received_withdraw_update_total: {
    type: "counter",
    help: "UPDATEs that withdraw received on this connection",
    labels: ["peer"],
  },
  bgp_received_withdraw_prefix_total: {
    type: "counter",
    help: "Withdrawn prefixes received on this connection",
    labels: ["peer"],
  },
  bgp_received_discarded_total: {
    type: "counter",
    help: "UPDATEs or families whose routes were not kept received on this connection",
    labels: ["peer"],
  },
  sennit_bgp_malformed_updates_total: {
    type: "counter",
    help: "UPDATEs with an attribute discarded, treated as withdrawals or ending the session (RFC 7606)",
    labels: ["peer"],
  },
  bgp_received_message_total: { type: "counter", help: "Messages received on this connection", labels: ["peer"] },
  bgp_sent_update_total: { type: "counter", help: "UPDATEs sent on this connection", labels: ["peer"] },
  bgp_sent_notification_total: { type: "counter", help: "NOTIFICATIONs sent on this connection", labels: ["peer"] },
  bgp_sent_open_total: { type: "counter", help: "OPENs sent on this connection", labels: ["peer"] },
  bgp_sent_refresh_total: { type: "counter", help: "ROUTE-REFRESHes sent on this connection", labels: ["peer"] },
  bgp_sent_keepalive_total: { type: "counter", help: "KEEPALIVEs sent on this connection", labels: ["peer"] },
  bgp_sent_withdraw_update_total: {
    type: "counter",
    help: "UPDATEs that withdraw sent on this connection",
    labels: ["peer"],
  },
  bgp_sent_withdraw_prefix_total: {
    type: "counter",
    help: "Withdrawn prefixes sent on this connection",
    labels: ["peer"],
  },
  bgp_sent_message_total: { type: "counter", help: "Messages sent on this connection", labels: ["peer"] },
  sennit_bgp_strangers_refused_total: { type: "counter", help: "Connections from addresses that are no peer's" },
  sennit_bgp_memory_bytes: { type: "gauge", help: "Bytes that BGP tables and attribute sets hold" },
  sennit_bgp_attribute_sets: { type: "gauge", help: "Distinct attribute sets" },
  sennit_bgp_rpki_vrps: { type: "gauge", help: "Distinct VRPs that count", labels: ["family"] },
  sennit_bgp_rpki_cache_up: { type: "gauge", help: "1 while the cache's data is current", labels: ["cache"] },
  sennit_bgp_rpki_cache_used: { type: "gauge", help: "1 while the cache's data counts", labels: ["cache"] },
  sennit_bgp_rpki_cache_vrps: { type: "gauge", help: "VRPs that the cache has", labels: ["cache", "family"] },
  sennit_bgp_rpki_cache_serial: { type: "gauge", help: "Serial of the cache's data", labels: ["cache"] },
  sennit_bgp_rpki_cache_updated_seconds: {
    type: "gauge",
    help: "Time of the cache's last End of Data, epoch seconds",
    labels: ["cache"],
  },
  sennit_bgp_rpki_cache_connections_total: { type: "counter", help: "Connections to the cache", labels: ["cache"] },
  sennit_bgp_rpki_cache_errors_total: {
    type: "counter",
    help: "Error Reports from and to the cache",
    labels: ["cache", "direction"],
  },
  sennit_bgp_fib_changes_total: { type: "counter", help: "Routes given to the kernel", labels: ["action"] },
  sennit_bgp_fib_queue_bytes: { type: "gauge", help: "Bytes of UPDATEs that wait for the kernel" },
  sennit_bgp_fib_refused: { type: "gauge", help: "Routes that the kernel does not take now", labels: ["reason"] },
  sennit_bgp_fib_refusals_total: { type: "counter", help: "Routes that the kernel refused", labels: ["reason"] },
  sennit_bgp_feed_records_total: { type: "counter", help: "Records written to files", labels: ["feed"] },
  sennit_bgp_feed_bytes_total: { type: "counter", help: "Bytes written to files", labels: ["feed"] },
  sennit_bgp_feed_dropped_total: { type: "counter", help: "Records that did not reach their file", labels: ["feed"] },
  sennit_bgp_feed_failures_total: { type: "counter", help: "Failures to write a file", labels: ["feed"] },
  sennit_bgp_bmp_connected: { type: "gauge", help: "1 while the BMP station is connected", labels: ["station"] },
  sennit_bgp_bmp_bytes_total: { type: "counter", help: "Bytes sent to the BMP station", labels: ["station"] },
  sennit_bgp_bmp_connections_total: { type: "counter", help: "Connections to the BMP station", labels: ["station"] },
  sennit_bgp_bmp_dropped_total: {
    type: "counter",
    help: "Connections ended because the BMP station did not read",
    labels: ["station"],
  },
  sennit_bgp_bmp_failures_total: {
    type: "counter",
    help: "Failed attempts to connect to the BMP station",
    labels: ["station"],
  },
} as const satisfies Record<string, Row>;

type Rows = typeof rows;
export type MetricName = keyof Rows;
type Labels = Record<string, string | number>;

const registry = new Registry();
const collectors: (() => void | Promise<void>)[] = [];
const metrics = new Map<string, Counter | Gauge | HistogramMetric>();
const tallies: { readonly name: MetricName; readonly labels: Labels; readonly tally: Tally }[] = [];

for (const [name, row] of Object.entries<Row>(rows)) {
  const options = { name, help: row.help, labelNames: [...(row.labels ?? [])], registers: [registry] };
  if (row.type === "counter") metrics.set(name, new Counter(options));
  else if (row.type === "gauge") metrics.set(name, new Gauge(options));
  else {
    const histogram = new HistogramMetric(name, row.help, row.buckets ?? []);
    // The registry asks of a metric no more than it has: name and get().
    registry.registerMetric(histogram as unknown as Metric);
    metrics.set(name, histogram);
  }
}

/** Adds to a counter. */
export function count(name: MetricName, labels: Labels = {}, by = 1): void {
  (metrics.get(name) as Counter).inc(labels, by);
}

/** What a hot path adds to, instead of `count` at each time. */
export interface Tally {
  count: number;
}

/** A counter's series as a plain number, brought into the table at each scrape. Keep it: each call makes one. */
export function tally(name: MetricName, labels: Labels): Tally {
  const made = { count: 0 };
  tallies.push({ name, labels, tally: made });
  return made;
}

/** A histogram's series, for a hot path to keep. */
export function series(name: MetricName, labels: Labels): HistogramSeries {
  return (metrics.get(name) as HistogramMetric).series(labels);
}

/** Sets a gauge. */
export function gauge(name: MetricName, value: number, labels: Labels = {}): void {
  (metrics.get(name) as Gauge).set(labels, value);
}

/** Sets a counter to a total that is kept elsewhere (in a worker, in Wasm memory). Use inside `onScrape`. */
export function total(name: MetricName, value: number, labels: Labels = {}): void {
  const counter = metrics.get(name) as Counter;
  counter.remove(labels);
  counter.inc(labels, value);
}

/** Forgets all series of a metric, before an `onScrape` fills it anew: what is gone must not linger. */
export function clear(name: MetricName): void {
  metrics.get(name)?.reset();
}

/** Observes one value of a histogram. */
export function observe(name: MetricName, value: number, labels: Labels = {}): void {
  series(name, labels).observe(value);
}

/** Registers a function that fills gauges and totals just before each scrape. */
export function onScrape(collect: () => void | Promise<void>): void {
  collectors.push(collect);
}

/** The text of `GET /metrics` (Prometheus exposition format). */
export async function scrape(): Promise<{ type: string; text: string }> {
  await Promise.all(collectors.map((collect) => collect()));
  for (const { name, labels, tally } of tallies) {
    if (tally.count > 0) count(name, labels, tally.count);
    tally.count = 0;
  }
  return { type: registry.contentType, text: await registry.metrics() };
}

/** Adds Node's own process metrics; called once by the control process. */
export function collectProcessMetrics(): void {
  collectDefaultMetrics({ register: registry });
}
